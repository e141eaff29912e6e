# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters between inventory and wave: which host continues, what is written into the receipt, what people read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.filter.wave import FilterModule

FILTERS = FilterModule().filters()
GIB = 1024**3
PROBE = {
    "os": {"id": "debian"},
    "disks": [
        {"name": "nvme0n1", "bytes": 40 * GIB, "mounts": ["/data"]},
        {"name": "sdb", "bytes": 20 * GIB, "system": True, "mounts": ["/"]},
        {"name": "sda", "bytes": 30 * GIB, "system": False, "mounts": ["/home"]},
    ],
}
CLEAR = {"preflight_verdict": "clear", "preflight_probe": PROBE, "preflight_fingerprint": "fp"}
DISKS = [{"index": 0, "bytes": 20 * GIB}, {"index": 1, "bytes": 30 * GIB}, {"index": 2, "bytes": 40 * GIB}]


def done(host: str = "web-01", verdict: str = "migrated", **more: Any) -> dict[str, Any]:
    return {
        "host": host, "verdict": verdict, "reasons": [], "ens_image_id": "m-1", "image_name": "web-01-el",
        "migration_id": "el", "seconds": 7.5, "exported_bytes": 5, "timeline": [], **more,
    }


# ---- wave_servers ----
def test_a_server_is_what_its_roles_have_found() -> None:
    told = {"hostname": "web-01", "addresses": ["10.0.0.5"], "agent": {"source_ids": ["s-2"]}}
    facts = {
        **CLEAR, "agent_source_id": "s-1", "migration_image_name": "shop", "preflight_probe": {**PROBE, **told},
        "migration_site": "munich", "migration_uplink": 100, "migration_windows": ["20:00-04:00"],
        "group_names": ["rack"],
    }
    assert FILTERS["wave_servers"](["web-01"], {"web-01": facts}) == [
        {
            "host": "web-01",
            "fingerprint": "fp",
            "source_id": "s-1",
            "keep_source": False,
            "image_name": "shop",
            "platform": "debian",
            "claim": {"hostname": "web-01", "addresses": ["10.0.0.5"], "source_ids": ["s-2"]},
            "copy": {
                "bytes": 90 * GIB, "site": "munich", "uplink": 100, "windows": ["20:00-04:00"], "groups": ["rack"],
            },
            "disks": DISKS,
        }
    ]


@pytest.mark.parametrize(
    ("agent", "source_id"),
    [({"ours": True, "source_id": "s-2"}, "s-2"), ({"ours": False, "source_id": "s-2"}, ""), ({"ours": True}, "")],
)
def test_a_client_that_was_left_on_the_host_says_which_source_it_is(agent: dict[str, Any], source_id: str) -> None:
    facts = {**CLEAR, "agent_source_id": "", "preflight_probe": {**PROBE, "agent": {"source_id": None, **agent}}}
    assert FILTERS["wave_servers"](["h"], {"h": facts})[0]["source_id"] == source_id
    assert FILTERS["wave_servers"](["h"], {"h": {**facts, "agent_source_id": "s-1"}})[0]["source_id"] == "s-1"


@pytest.mark.parametrize(
    ("agent", "kept"),
    [
        ({"installed": False, "ours": False}, False),
        ({"installed": True, "ours": True}, False),
        ({"installed": True, "ours": False}, True),
    ],
)
def test_the_source_of_a_client_that_was_there_before_is_kept(agent: dict[str, bool], kept: bool) -> None:
    facts = {**CLEAR, "preflight_probe": {**PROBE, "agent": agent}}
    assert FILTERS["wave_servers"](["h"], {"h": facts})[0]["keep_source"] is kept


@pytest.mark.parametrize("probe", [None, {}, {"os": None, "disks": None}])
def test_what_is_not_known_is_empty(probe: Any) -> None:
    facts = {"preflight_verdict": "migrated", "preflight_probe": probe}
    assert FILTERS["wave_servers"](["h"], {"h": facts}) == [
        {
            "host": "h",
            "fingerprint": "",
            "source_id": "",
            "keep_source": False,
            "image_name": "",
            "platform": "",
            "claim": {"hostname": "", "addresses": [], "source_ids": []},
            "copy": {"bytes": 0, "site": "", "uplink": 0, "windows": [], "groups": []},
            "disks": [],
        }
    ]


@pytest.mark.parametrize(
    ("facts", "goes_on"),
    [
        ({"preflight_verdict": "clear"}, True),
        ({"preflight_verdict": "migrated"}, True),
        ({"preflight_verdict": "blocked"}, False),
        ({"preflight_verdict": "clear", "agent_error": "no rsync"}, False),
        ({"preflight_verdict": "clear", "agent_error": ""}, True),
        ({}, False),
    ],
)
def test_only_servers_that_can_continue_are_in_the_wave(facts: dict[str, Any], goes_on: bool) -> None:
    found = FILTERS["wave_servers"](["a", "b"], {"a": facts, "b": CLEAR})
    assert [row["host"] for row in found] == (["a", "b"] if goes_on else ["b"])


# ---- wave_settled ----
def settled(**hosts: dict[str, Any]) -> list[str]:
    return [row["host"] for row in FILTERS["wave_settled"](hosts, hosts)]


def test_only_what_this_play_has_migrated_or_failed_in_a_stage_is_settled() -> None:
    rows = [
        {"host": "done", "verdict": "migrated", "settled": True},
        {"host": "failed", "verdict": "failed", "settled": True},
        {"host": "copying", "verdict": "pending", "settled": False},
        {"host": "interrupted", "verdict": "failed", "settled": False},
        {"host": "elsewhere", "verdict": "migrated", "settled": True},
    ]
    run = {**CLEAR, "migration_run": {"migration": {"servers": rows}}}
    names = ("done", "failed", "copying", "interrupted")
    others = {
        "unreachable": {"__preflight_seen": {"unreachable": True}},
        "blocked": {"preflight_verdict": "blocked"},
        "unready": {**CLEAR, "agent_error": "no space", "migration_run": {"skipped": True}},
        "untouched": CLEAR,
    }
    assert settled(**dict.fromkeys(names, run), **others) == ["done", "failed"]


def test_what_an_ended_migration_has_left_goes_with_its_clients() -> None:
    findings = [{"id": "migration-ended", "severity": "blocker"}]
    blocked = {**CLEAR, "preflight_verdict": "blocked", "preflight_findings": findings}
    twin = {**blocked, "preflight_findings": [*findings, {"id": "same-machine", "severity": "blocker"}]}
    other = {**blocked, "preflight_findings": [{"id": "same-machine", "severity": "blocker"}]}
    assert settled(ended=blocked, twin=twin, other=other) == ["ended"]


def test_a_server_that_was_migrated_earlier_is_settled() -> None:
    assert settled(old={**CLEAR, "preflight_verdict": "migrated"}) == ["old"]


def test_a_role_of_one_stage_settles_a_host_by_its_image_or_by_a_failed_stage() -> None:
    assert settled(
        done={**CLEAR, "transfer_run": {}, "ens_import_run": {"image": {"status": "Available"}}},
        broken={**CLEAR, "transfer_run": {"failed": True, "settled": True}},
        lost={**CLEAR, "transfer_run": {"failed": True, "msg": "no answer"}},
        copied={**CLEAR, "transfer_run": {"transfer": {"status": "Finished"}}},
    ) == ["done", "broken"]


MINE = {"dry_run": True, "last_run": "yesterday", "test_run": {"resources": [{}], "settled": True}}
"""Variables of the user whose names end like those that the roles register."""


def test_variables_of_the_user_are_not_taken_for_results_of_the_roles() -> None:
    facts = {"web-01": {**CLEAR, **MINE}}
    assert settled(**facts) == []
    assert FILTERS["wave_resources"](facts, facts) == []
    receipt = FILTERS["wave_receipt"](["web-01"], facts, "w")
    assert receipt["servers"][0]["status"] == "pending"


# ---- wave_resources ----
def resource(identity: str, host: str = "web-01", **more: str) -> dict[str, str]:
    return {"kind": "smc_job", "id": identity, "host": host, **more}


def test_resources_of_all_results_are_listed_once_and_in_order() -> None:
    wave = {"migration": {"resources": [resource("j-1"), resource("j-2", "web-02")]}}
    hostvars = {
        "web-01": {"migration_run": wave},
        "web-02": {"migration_run": wave, "transfer_run": {"resources": [resource("j-3"), resource("j-1", "other")]}},
        "web-03": {"export_run": {"resources": [{**resource("j-1"), "kind": "ecs_image"}]}, "ens_import_run": {}},
        "web-04": {},
        "web-05": {"migration_run": {"failed": True}, "transfer_run": None, "export_run": {"resources": None}},
    }
    found = FILTERS["wave_resources"](hostvars, hostvars)
    assert [(row["kind"], row["id"], row["host"]) for row in found] == [
        ("smc_job", "j-1", "web-01"),
        ("smc_job", "j-2", "web-02"),
        ("smc_job", "j-3", "web-01"),
        ("ecs_image", "j-1", "web-01"),
    ]
    found[0]["deleted"] = "now"
    assert "deleted" not in wave["migration"]["resources"][0]


# ---- wave_receipt ----
def row(facts: dict[str, Any], *servers: dict[str, Any]) -> dict[str, Any]:
    return FILTERS["wave_receipt"](["web-01"], {"web-01": facts}, "wave_01", {"servers": list(servers)})["servers"][0]


IMAGE = {"status": "Available", "image_id": "m-2", "image_name": "n", "migration_id": "i"}
IMPORTED = {"ens_import_run": {"image": IMAGE}}


@pytest.mark.parametrize(
    ("facts", "servers", "status", "reasons"),
    [
        (CLEAR, [done()], "migrated", []),
        (CLEAR, [done(verdict="failed", reasons=["no disk"])], "failed", ["no disk"]),
        (CLEAR, [done(verdict="pending")], "pending", []),
        (CLEAR, [done(verdict="blocked", reasons=["twin"])], "blocked", ["twin"]),
        ({**CLEAR, "preflight_verdict": "blocked", "preflight_reasons": ["arm64"]}, [], "blocked", ["arm64"]),
        ({"preflight_verdict": "blocked", "preflight_reasons": None}, [done()], "blocked", []),
        ({**CLEAR, "agent_error": "no rsync"}, [], "failed", ["no rsync"]),
        ({**CLEAR, "agent_error": "a", "migration_error": "m"}, [], "failed", ["a", "m"]),
        ({**CLEAR, "migration_error": "the wave broke"}, [done(verdict="failed")], "failed", ["the wave broke"]),
        # Who was through before the wave broke has his image.
        ({**CLEAR, "migration_error": "the wave broke"}, [done()], "migrated", []),
        ({**CLEAR, **IMPORTED}, [], "migrated", []),
        ({**CLEAR, "ens_import_run": {"image": {"status": "Creating"}}}, [], "failed", ["before this server had"]),
        ({**CLEAR, "ens_import_run": {"skipped": True}}, [], "failed", ["before this server had a result"]),
        ({**CLEAR, "preflight_verdict": "migrated", "preflight_server": {"ens_image_id": "m-3"}}, [], "migrated", []),
        ({**CLEAR, "preflight_verdict": "migrated"}, [], "migrated", []),
        ({}, [], "failed", ["could not be probed"]),
        ({**CLEAR, "migration_run": {"failed": True}}, [], "failed", ["run the same command again"]),
        ({**CLEAR, "migration_run": {}}, [done("web-02")], "failed", ["run the same command again"]),
        # With tags a run may end before anything is migrated, and nothing has failed.
        (CLEAR, [], "pending", ["run without tags"]),
    ],
)
def test_every_host_has_a_status_with_its_reasons(
    facts: dict[str, Any], servers: list[dict[str, Any]], status: str, reasons: list[str]
) -> None:
    found = row(facts, *servers)
    assert found["status"] == status
    assert len(found["reasons"]) == len(reasons)
    for words, reason in zip(reasons, found["reasons"], strict=True):
        assert words in reason
    identity = ["ens_image_id", "image_name", "migration_id"]
    told = ["used_bytes", "exported_bytes", "timeline", "findings", "verification", "digests", "sync", "cutover"]
    known = ["host", "status", "reasons", "warnings", *identity, "seconds", "disks", *told, "billed", "retry"]
    assert list(found) == known


@pytest.mark.parametrize(
    ("facts", "status", "reasons", "retry"),
    [
        ({"verify_result": {"verdict": "verified", "reasons": []}}, "migrated", [], ""),
        ({"verify_result": {"verdict": "failed", "reasons": ["x"]}}, "failed", ["not verified: x"], "continue"),
        ({"verify_error": "no node"}, "failed", ["not verified: no node"], "continue"),
        ({"verify_result": {}}, "migrated", [], ""),
    ],
)
def test_a_migrated_server_that_is_not_verified_has_failed(
    facts: dict[str, Any], status: str, reasons: list[str], retry: str
) -> None:
    found = row({**CLEAR, **facts}, done())
    assert (found["status"], found["reasons"], found["retry"]) == (status, reasons, retry)
    assert (found["ens_image_id"], found["verification"]) == ("m-1", facts.get("verify_result") or {})
    # A server that has failed before has its own reason.
    assert row({**CLEAR, **facts}, done(verdict="failed", reasons=["no disk"]))["reasons"] == ["no disk"]


def test_a_hook_that_fails_after_a_failure_is_a_warning() -> None:
    found = row({**CLEAR, "hooks_after_failure_error": "no shell"}, done(verdict="failed", reasons=["no disk"]))
    assert (found["status"], found["reasons"], found["warnings"]) == ("failed", ["no disk"], ["no shell"])


def test_the_sample_of_the_receipt_has_the_fields_of_the_code() -> None:
    readme = (Path(__file__).resolve().parents[3] / "roles" / "report" / "README.md").read_text(encoding="utf-8")
    sample = json.loads(readme.split("```json\n", 1)[1].split("```", 1)[0])
    made = FILTERS["wave_receipt"](["web-01"], {"web-01": CLEAR}, "wave_01", {"servers": [done()]})
    assert list(sample) == list(made)
    assert list(sample["servers"][0]) == list(made["servers"][0])


def test_the_digests_of_a_run_are_in_the_rows_of_their_hosts() -> None:
    def told(run: dict[str, Any]) -> list[Any]:
        facts = {"web-01": {**CLEAR, "migration_digest_run": run}, "web-02": CLEAR}
        made = FILTERS["wave_receipt"](list(facts), facts, "wave_01", {"servers": [done(), done("web-02")]})
        return [(row["digests"], row["warnings"]) for row in made["servers"]]

    good = {"index": 0, "object": "b/k", "problem": "", "sha256": "a"}
    bad = {"index": 1, "object": "b/l", "problem": "is missing"}
    rows = [{"host": "web-01", **good}, {"host": "web-02", **bad}]
    warning = "disk 1 has no digest: oss://b/l is missing"
    assert told({"digests": rows}) == [([good], []), ([bad], [warning])]
    assert told({"failed": True, "msg": "no key"}) == [([], ["its disks have no digest: no key"])] * 2
    assert told({"skipped": True}) == [([], [])] * 2


def test_the_image_is_named_wherever_it_is_known() -> None:
    def identity(found: dict[str, Any]) -> tuple[str, str, str]:
        return found["ens_image_id"], found["image_name"], found["migration_id"]

    assert identity(row(CLEAR, done())) == ("m-1", "web-01-el", "el")
    assert identity(row({**CLEAR, **IMPORTED})) == ("m-2", "n", "i")
    seen = {"ens_image_id": "m-3", "image_name": "n", "migration_id": "i"}
    assert identity(row({**CLEAR, "preflight_verdict": "migrated", "preflight_server": seen})) == ("m-3", "n", "i")
    assert identity(row({})) == ("", "", "")


def test_disks_are_those_of_the_probe_with_the_system_disk_first() -> None:
    assert row(CLEAR, done())["disks"] == DISKS
    assert row({}, done())["disks"] == []


def test_the_cleanup_has_the_last_word_on_resources() -> None:
    migration = {"servers": [], "resources": [resource("j-1")]}
    cleanup = {"resources": [resource("j-1", deleted="now")], "residual": [{"kind": "vpc"}, {"kind": "ecs_disk"}]}
    cleanup["kept"] = [{"kind": "ledger", "id": "oss://b/k", "reason": "another run"}]
    both = FILTERS["wave_receipt"]([], {}, "wave_01", migration, cleanup)
    assert both == {
        "wave": "wave_01",
        "run": {"began": "", "seconds": 0.0},
        "servers": [],
        "resources": cleanup["resources"],
        "residual": [{"kind": "vpc", "billed_by": ""}, {"kind": "ecs_disk", "billed_by": "ECS"}],
        "kept": cleanup["kept"],
        "prices": {"currency": "", "per_hour": {}},
    }
    alone = FILTERS["wave_receipt"]([], {}, "wave_01", migration, {})
    assert (alone["resources"], alone["residual"]) == (migration["resources"], [])
    assert FILTERS["wave_receipt"]([], {}, "wave_01")["resources"] == []


def test_a_cleanup_that_broke_leaves_what_the_wave_had_seen() -> None:
    seen = [resource("j-1"), resource("j-2", deleted="now")]
    facts = {"migration_run": {"migration": {"resources": seen}}, "cleanup_error": "expired"}
    made = FILTERS["wave_receipt"](["web-01"], {"web-01": facts}, "wave_01", {}, {})
    assert made["resources"] == seen
    assert made["residual"] == [{**resource("j-1"), "reason": "expired", "billed_by": ""}]
    calm = {**facts, "cleanup_error": ""}
    assert FILTERS["wave_receipt"](["web-01"], {"web-01": calm}, "wave_01", {}, {})["residual"] == []


# ---- wave_table ----
def test_the_table_has_a_line_for_every_host_and_its_reasons_below() -> None:
    rows = [
        {**row(CLEAR, done()), "host": "web-01.example.com"},
        row({"preflight_verdict": "blocked", "preflight_reasons": ["arm64", "Windows"]}),
    ]
    assert FILTERS["wave_table"](rows) == [
        "host                status    disks  ENS image  seconds",
        "------------------  --------  -----  ---------  -------",
        "web-01.example.com  migrated  3      m-1        7.5",
        "web-01              blocked   0      -          -",
        "    arm64",
        "    Windows",
    ]


def test_a_table_of_nothing_is_its_head() -> None:
    assert FILTERS["wave_table"](iter([])) == [
        "host  status  disks  ENS image  seconds",
        "----  ------  -----  ---------  -------",
    ]
