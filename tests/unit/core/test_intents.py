# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intents: the first writer may make the call, everybody else looks first."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import INTENT_SETTLE_SECONDS
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import intents

from .cloud import Cloud
from .kit import START, context, refused

ID = "el3fa2b19c0d1e2f"
KEY = f"edgelift/{ID}/export.json"


def at(seconds: float) -> dict[str, str]:
    return {"at": (START + timedelta(seconds=seconds)).isoformat()}


def claim(cloud: Cloud, stage: str = "export", after: float = 0, identity: str = ID, run: str = "run-1") -> str:
    return intents.claim(cloud.oss("images"), identity, stage, run, START + timedelta(seconds=after), image_id="m-1")


def test_the_first_writer_wins_and_the_second_learns_of_the_first() -> None:
    cloud = Cloud()
    assert claim(cloud) == KEY
    assert claim(cloud, run="run-2") == ""
    assert intents.read(cloud.oss("images"), ID, "export") == {
        "run": "run-1",
        "at": "2026-11-24T08:00:00+00:00",
        "image_id": "m-1",
    }


def test_stages_and_servers_have_intents_of_their_own() -> None:
    cloud = Cloud()
    assert claim(cloud, "export")
    assert claim(cloud, "import")
    assert claim(cloud, identity=ID[:-1] + "0")
    assert intents.read(cloud.oss("images"), ID[:-1] + "1", "export") is None


def test_the_time_is_written_in_utc() -> None:
    cloud = Cloud()
    intents.claim(cloud.oss("images"), ID, "export", "run", START.astimezone(timezone(timedelta(hours=8))))
    assert json.loads(cloud.objects[KEY])["at"] == "2026-11-24T08:00:00+00:00"


def test_a_withdrawn_intent_can_be_written_again() -> None:
    cloud = Cloud()
    intents.withdraw(cloud.oss("images"), claim(cloud))
    assert claim(cloud, run="run-2") == KEY


def test_an_intent_that_cannot_be_withdrawn_grows_old_instead() -> None:
    cloud = Cloud()
    key = claim(cloud)
    cloud.fail("oss.DeleteKeys", refused("AccessDenied"))
    intents.withdraw(cloud.oss("images"), key)
    assert claim(cloud, after=60) == ""
    assert claim(cloud, after=121)


def test_of_two_that_find_the_same_old_intent_one_goes_on() -> None:
    cloud = Cloud()
    claim(cloud)
    # Both have seen the old one; the first has written the next one before the second does.
    assert claim(cloud, after=300, run="run-2") == f"edgelift/{ID}/export.2.json"
    assert claim(cloud, after=300, run="run-3") == ""
    assert (intents.read(cloud.oss("images"), ID, "export") or {})["run"] == "run-2"
    assert claim(cloud, after=600, run="run-3") == f"edgelift/{ID}/export.3.json"


def test_the_last_intent_counts_by_number_and_not_by_name() -> None:
    cloud = Cloud()
    for attempt in range(12):
        assert claim(cloud, after=300 * attempt, run=f"run-{attempt}")
    assert (intents.read(cloud.oss("images"), ID, "export") or {})["run"] == "run-11"


def test_other_files_beside_the_intents_do_not_matter() -> None:
    cloud = Cloud(objects={f"edgelift/{ID}/export.old.json": b"", f"edgelift/{ID}/export.json.bak": b""})
    assert intents.read(cloud.oss("images"), ID, "export") is None
    assert claim(cloud) == KEY


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe"])
def test_an_unreadable_intent_is_an_intent_all_the_same(body: bytes) -> None:
    cloud = Cloud(objects={KEY: body})
    intent = intents.read(cloud.oss("images"), ID, "export")
    assert intent == {}
    # Nobody can say how old it is: it does not hold up the migration for ever.
    assert intents.settled(intent, START)


def of_run(cloud: Cloud) -> Any:
    """Return the announcements of a run, as the stages have them."""
    return context(cloud).announcements


def test_without_an_intent_nothing_may_appear() -> None:
    assert of_run(Cloud()).last(ID, "export") is None


@pytest.mark.parametrize(
    ("age", "settled"), [(0, False), (INTENT_SETTLE_SECONDS, False), (INTENT_SETTLE_SECONDS + 1, True), (-30, False)]
)
def test_an_intent_holds_until_its_result_would_have_shown(age: float, settled: bool) -> None:
    now = START + timedelta(seconds=age)
    assert intents.settled(at(0), now) is settled
    known = of_run(Cloud(objects={KEY: json.dumps(at(0)).encode()})).last(ID, "export")
    assert known is not None
    assert known.may_appear(now) is not settled


@pytest.mark.parametrize("text", ["2026-11-24T08:00:00Z", "2026-11-24T08:00:00", "2026-11-24T16:00:00+08:00"])
def test_every_way_to_write_the_time_is_understood(text: str) -> None:
    assert not intents.settled({"at": text}, START + timedelta(seconds=1))
    assert intents.settled({"at": text}, START + timedelta(hours=1))


@pytest.mark.parametrize("intent", [{}, {"at": ""}, {"at": None}, {"at": 5}, {"at": "yesterday"}])
def test_an_intent_without_a_time_does_not_hold(intent: dict[str, object]) -> None:
    assert intents.settled(intent, START)
