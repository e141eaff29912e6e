# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from testbed import judge
from testbed.fleet import KNOWN

HOSTS = list(KNOWN.values())
REASONS = ["it has 5 data disks, ENS takes 4", "vdf has 600 GiB, ENS takes 500 GiB"]


def server(name: str, status: str = "migrated", reasons: list[str] | None = None) -> dict[str, Any]:
    disks = [
        {"index": index, "source_digest": f"{name}{index}", "image_digest": f"{name}{index}"}
        for index in range(len(KNOWN[name].disks))
    ]
    return {"host": name, "status": status, "reasons": reasons or [], "disks": disks if status == "migrated" else []}


def receipt(*others: dict[str, Any]) -> dict[str, Any]:
    servers = {name: server(name) for name in KNOWN} | {"huge-01": server("huge-01", "blocked", REASONS)}
    servers.update({other["host"]: other for other in others})
    return {"wave": "demo", "servers": list(servers.values()), "resources": [], "residual": []}


def meter(seconds: float = 12.5, running: tuple[dict[str, str], ...] = (), amount: float = 0.1) -> dict[str, Any]:
    return {"total_seconds": seconds, "amount": amount, "running": list(running)}


def test_a_good_wave_has_nothing_against_it() -> None:
    assert judge.verdicts(receipt(), HOSTS) == []
    assert judge.contents(receipt(), HOSTS) == []
    assert judge.nothing_billed(receipt(), meter(), meter()) == []


def test_a_failed_a_missing_and_a_wrongly_accepted_host_are_named() -> None:
    told = receipt(server("web-01", "failed", ["the job ended InError"]), server("huge-01"))
    told["servers"] = [row for row in told["servers"] if row["host"] != "db-01"]
    wrong = judge.verdicts(told, HOSTS)
    assert "web-01 is failed, expected migrated: the job ended InError" in wrong
    assert "db-01 is missing, expected migrated: no reason given" in wrong
    assert "huge-01 is migrated, expected blocked: no reason given" in wrong


def test_a_refusal_needs_both_reasons() -> None:
    (wrong,) = judge.verdicts(receipt(server("huge-01", "blocked", REASONS[:1])), HOSTS)
    assert "without the reason '500 GiB'" in wrong


def test_different_missing_and_uncompared_contents_are_named() -> None:
    web, db, legacy = server("web-01"), server("db-01"), server("legacy-01")
    web["disks"][0]["image_digest"] = "other"
    db["disks"].pop()
    legacy["disks"][0].update(source_digest="", image_digest="")
    assert judge.contents(receipt(web, db, legacy), HOSTS) == [
        "web-01 disk 0: the image's content differs from the source's",
        "db-01: 2 image disks, 3 expected",
        "legacy-01 disk 0: the image's content differs from the source's",
    ]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (meter(), meter(3612.5), "total_seconds went from 12.5 to 3612.5"),
        (meter(), meter(amount=0.2), "amount went from 0.1 to 0.2"),
        (meter(), meter(running=({"kind": "disk", "id": "d-1"},)), "still billed: disk d-1"),
        (meter(0.0), meter(0.0), "the meter never ran"),
    ],
)
def test_a_meter_that_runs_or_never_ran_is_named(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    (wrong,) = judge.nothing_billed(receipt(), before, after)
    assert words in wrong


def test_what_the_receipt_calls_left_is_named() -> None:
    assert judge.nothing_billed({**receipt(), "residual": ["snapshot s-1"]}, meter(), meter()) == [
        "left behind: snapshot s-1"
    ]


def test_a_resource_without_deletion_or_proof_is_named() -> None:
    gone = {"kind": "ecs_image", "id": "m-1", "deleted": "2026-01-01T00:00:00Z", "proof": "not listed"}
    assert judge.proved({**receipt(), "resources": [gone]}) == []
    kept = [{**gone, "id": "m-2", "deleted": None}, {**gone, "id": "m-3", "proof": ""}]
    assert judge.proved({**receipt(), "resources": [gone, *kept]}) == [
        "no proof that ecs_image m-2 is gone",
        "no proof that ecs_image m-3 is gone",
    ]
    assert judge.proved(receipt()) == ["the receipt names no resource"]


def test_the_clouds_own_list_is_asked_too() -> None:
    state: dict[str, Any] = {"now": "t", "ens_images": [1, 2, 3], "tasks": [1], "sources": [], "tokens": []}
    assert judge.cloud_is_empty(state, receipt()) == []
    assert judge.cloud_is_empty({**state, "sources": [1, 2], "ens_images": []}, receipt()) == [
        "2 sources left in the cloud",
        "0 ENS images for 3 migrated servers",
    ]


def test_a_call_for_a_refused_host_is_found_in_any_parameter() -> None:
    calls = [
        {"action": "CreateReplicationJob", "params": {"Name": "huge-01-el0"}},
        {"action": "ImportImage", "params": {"Nested": {"Name": "web-01-el0"}}},
    ]
    assert judge.untouched(calls, "huge-01") == [
        "huge-01 was refused, but the cloud was called for it: CreateReplicationJob"
    ]
    assert judge.untouched(calls[1:], "huge-01") == []


def test_only_looking_is_allowed_the_second_time() -> None:
    looks = [
        {"product": "ens", "action": name} for name in ("DescribeImages", "ListObjects", "GetObject", "HeadObject")
    ]
    assert judge.only_looked(looks) == []
    acts = [*looks, {"product": "oss", "action": "PutObject"}, {"product": "smc", "action": "StartReplicationJob"}]
    assert judge.only_looked(acts) == ["the second run did more than look: oss PutObject, smc StartReplicationJob"]


def test_the_second_run_must_see_every_host_and_change_none() -> None:
    good = {name: {"ok": 3, "changed": 0, "failed": 0, "unreachable": 0} for name in KNOWN}
    assert judge.unchanged(good, HOSTS) == []
    bad = {**good, "web-01": {"ok": 3, "changed": 2, "failed": 0, "unreachable": 1}}
    del bad["db-01"]
    assert judge.unchanged(bad, HOSTS) == [
        "the second run did not come to db-01",
        "the second run reports changed=2 for web-01",
        "the second run reports unreachable=1 for web-01",
    ]
