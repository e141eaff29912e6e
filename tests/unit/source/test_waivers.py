# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers: what they change, and which of them are errors."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import verdict
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes, waivers

DAY = datetime.date(2026, 11, 24)


def waiver(name: str = "virtio-missing", reason: str = "ops: built in", expires: str = "2026-12-31") -> dict[str, Any]:
    return {"id": name, "reason": reason, "expires": expires}


def finding(name: str) -> dict[str, Any]:
    return classes.ALL[name].finding("seen")


def test_a_waived_blocker_is_a_risk_that_says_who_answers_for_it() -> None:
    items = [finding("virtio-missing"), finding("no-egress"), finding("rsync-missing")]
    found = waivers.apply(items, [waiver()])
    assert [(item["id"], item["severity"]) for item in found] == [
        ("no-egress", "blocker"),
        ("virtio-missing", "risk"),
        ("rsync-missing", "risk"),
    ]
    assert found[1]["waived"] == {"reason": "ops: built in", "expires": "2026-12-31"}
    assert "Waived until 2026-12-31: ops: built in." in verdict.lines(found)[1]
    assert verdict.verdict(found) == "blocked"
    assert verdict.verdict(waivers.apply(items, [waiver(), waiver("no-egress")])) == "clear"
    assert items[0]["severity"] == "blocker"


def test_a_waived_risk_stays_one_and_is_marked() -> None:
    [found] = waivers.apply([finding("rsync-missing")], [waiver("rsync-missing")])
    assert (found["severity"], found["waived"]["expires"]) == ("risk", "2026-12-31")


def test_a_waiver_of_what_was_not_found_changes_nothing() -> None:
    assert waivers.apply([finding("rsync-missing")], [waiver()]) == [finding("rsync-missing")]


@pytest.mark.parametrize("expires", ["2026-11-24", "2030-01-01"])
def test_a_waiver_applies_through_its_last_day(expires: str) -> None:
    assert waivers.problem("web-01", [waiver(expires=expires)], DAY) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (waiver(expires="2026-11-23"), "expired on 2026-11-23. Set a date from 2026-11-24 on"),
        (waiver(expires="soon"), "expires on 'soon', which is not a date such as 2026-12-31"),
        (waiver(expires=""), "expires on ''"),
        (waiver("no-such"), "the unknown finding 'no-such'. Allowed: balance-empty, "),
        (waiver("not-x86-64"), "cannot be waived: the services always reject such a server. Allowed: "),
        (waiver("too-many-data-disks"), "cannot be waived: the services always reject such a server"),
        (waiver("lvm-root"), "cannot be waived: it is a note"),
        (waiver(reason=" "), "has no reason"),
    ],
)
def test_a_waiver_that_cannot_be_taken_names_host_finding_and_what_is_allowed(
    given: dict[str, Any], words: str
) -> None:
    text = waivers.problem("web-01", [waiver(), given], DAY) or ""
    assert text.startswith("web-01: ")
    assert words in text
    assert given["id"] in text
