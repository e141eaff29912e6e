# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which source a host may have: a host can name any of the account, and its probe can say anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.claims import CHECKS, READY, claims

GIB = 1024**3
SINCE = "2026-11-29T08:00:00Z"
PROBE: dict[str, Any] = {
    "hostname": "web-01",
    "addresses": ["127.0.0.1", "10.0.0.5"],
    "disks": [
        {"name": "vda", "bytes": 20 * GIB, "system": True, "mounts": ["/"]},
        {"name": "vdb", "bytes": 40 * GIB, "system": False, "mounts": ["/data"]},
    ],
    "agent": {"source_ids": []},
}
ROW: dict[str, Any] = {
    "source_id": "s-1",
    "hostname": "web-01.example.com",
    "ipv4": "10.0.0.5",
    "system_disk_size": 20,
    "data_disks": [{"index": 1, "size": 40}],
    "state": "Available",
    "creation_time": "2026-11-29T08:01:00Z",
    "tags": {},
}


NEW = ("install", "register", "wait")


def facts(source_id: str = "s-1", steps: tuple[str, ...] = NEW, **probe: Any) -> dict[str, Any]:
    return {"agent_source_id": source_id, "__agent_steps": list(steps), "preflight_probe": {**PROBE, **probe}}


def judge(hosts: dict[str, dict[str, Any]], *rows: dict[str, Any], since: str = SINCE, **more: Any) -> dict[str, Any]:
    known = {host: {"__agent_since": since, **told} for host, told in hosts.items()}
    return claims([*hosts], known, {"sources": list(rows or [ROW])}, "wave_01", **more)


def accepted(*, keep: bool = False, tags: dict[str, str] | None = None) -> dict[str, Any]:
    return {"source_id": "s-1", "error": "", "shared": False, "keep": keep, "tags": tags or {}}


def test_the_role_waits_for_the_states_that_are_accepted() -> None:
    role = Path(__file__).resolve().parents[3] / "roles/agent/vars/main.yml"
    assert tuple(yaml.safe_load(role.read_text(encoding="utf-8"))["__agent_ready_states"]) == READY


def test_a_source_that_fits_is_accepted_and_marked_as_registered() -> None:
    found = judge({"web-01": facts()})["web-01"]
    tags = {"edgelift:wave": "wave_01", "edgelift:host": "web-01"}
    assert found == accepted(tags=tags)
    again = judge({"web-01": facts(steps=())}, {**ROW, "tags": tags}, since="")["web-01"]
    assert again == accepted()
    known = judge({"web-01": {**facts(), "preflight_fingerprint": "fp"}})["web-01"]
    identity = naming.migration_id("wave_01", "web-01", "fp")
    assert known["tags"] == {**tags, "edgelift:migration": identity}


@pytest.mark.parametrize(
    ("shown", "check", "reason"),
    [
        ({"hostname": "db-01"}, "hostname", "SMC shows the host name 'db-01', the host has 'web-01'"),
        ({"ipv4": "10.0.0.6"}, "address", "SMC shows the address '10.0.0.6', the host has 127.0.0.1, 10.0.0.5"),
        ({"system_disk_size": 40}, "disks", "SMC shows disks of 40, 40 GiB, the host has 20, 40 GiB"),
        ({"data_disks": []}, "disks", "SMC shows disks of 20 GiB, the host has 20, 40 GiB"),
        ({"creation_time": "2026-11-28T08:00:00Z"}, "time", "it registered at 2026-11-28T08:00:00Z, before this run"),
        ({"creation_time": ""}, "time", "it registered at an unknown time, before this run"),
    ],
)
def test_each_difference_refuses_the_source_and_it_is_never_deleted(
    shown: dict[str, Any], check: str, reason: str
) -> None:
    found = judge({"web-01": facts()}, {**ROW, **shown})["web-01"]
    assert reason in found["error"]
    assert (found["keep"], found["source_id"]) == (True, "")
    assert judge({"web-01": facts()}, {**ROW, **shown}, checks=set(CHECKS) - {check})["web-01"]["error"] == ""


@pytest.mark.parametrize(
    "shown", [{"hostname": ""}, {"ipv4": ""}, {"system_disk_size": 0}, {"hostname": "WEB-01"}, {"system_disk_size": 21}]
)
def test_what_smc_does_not_show_or_rounds_is_no_difference(shown: dict[str, Any]) -> None:
    assert judge({"web-01": facts()}, {**ROW, **shown})["web-01"]["error"] == ""


def test_two_hosts_with_one_source_are_an_error_of_both_that_names_both() -> None:
    found = judge({"web-01": facts(), "liar": facts(hostname="web-01")})
    assert "source s-1 is claimed by web-01 and by liar" in found["web-01"]["error"]
    assert "source s-1 is claimed by liar and by web-01" in found["liar"]["error"]
    assert [row["keep"] for row in found.values()] == [True, True]


LIES: dict[str, dict[str, Any]] = {
    "hostname": {"hostname": "web-99"},
    "address": {"addresses": ["10.0.0.99"]},
    "disks": {"disks": [{"name": "vda", "bytes": 80 * GIB, "system": True, "mounts": ["/"]}]},
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("steps", [NEW, ("wait",), ()], ids=["registers", "starts", "runs"])
def test_a_liar_that_names_the_source_of_another_host_is_refused_alone(lie: str, steps: tuple[str, ...]) -> None:
    """What SMC shows of the source fits one of the two: that one continues, however the other one came to name it."""
    liar = facts(steps=steps, **LIES[lie])
    for hosts in ({"web-01": facts(), "liar": liar}, {"liar": liar, "web-01": facts()}):
        found = judge(hosts)
        assert (found["web-01"]["error"], found["web-01"]["keep"]) == ("", False)
        assert "source s-1 is claimed by liar and by web-01" in found["liar"]["error"]
        assert (found["liar"]["keep"], found["liar"]["shared"]) == (True, True)


def test_a_liar_is_refused_alone_because_of_the_time_of_registration() -> None:
    """It says that it has registered in this run; SMC shows that the source is older."""
    old = {**ROW, "creation_time": "2026-11-01T00:00:00Z"}
    found = judge({"web-01": facts(steps=("wait",)), "liar": facts(steps=NEW)}, old)
    assert found["web-01"]["error"] == ""
    assert "claimed by liar and by web-01" in found["liar"]["error"]


def test_two_liars_do_not_block_the_host_that_the_source_fits() -> None:
    found = judge({"one": facts(**LIES["hostname"]), "web-01": facts(), "two": facts(**LIES["address"])})
    assert [bool(found[host]["error"]) for host in ("one", "web-01", "two")] == [True, False, True]


def test_a_source_that_fits_none_of_its_claimants_is_an_error_of_each() -> None:
    found = judge({"one": facts(**LIES["hostname"]), "two": facts(**LIES["address"])})
    assert "claimed by one and by two" in found["one"]["error"]
    assert "claimed by two and by one" in found["two"]["error"]


def test_what_is_not_compared_does_not_decide() -> None:
    found = judge({"web-01": facts(), "liar": facts(**LIES["hostname"])}, checks=["address", "disks", "time"])
    assert all("claimed by" in row["error"] for row in found.values())


def test_a_host_that_only_named_it_in_the_preflight_is_a_candidate_too() -> None:
    other = facts("s-2", ("start", "wait"), agent={"source_ids": ["s-1"]})
    assert "claimed by web-01 and by other" in judge({"web-01": facts(), "other": other})["web-01"]["error"]
    liar = facts("s-2", ("start", "wait"), agent={"source_ids": ["s-1"]}, hostname="web-99")
    found = judge({"web-01": facts(), "liar": liar}, ROW, {**ROW, "source_id": "s-2", "hostname": "web-99"})
    assert found["web-01"]["error"] == ""
    assert "by web-01" in found["liar"]["error"]
    assert judge({"web-01": facts(), "other": facts("s-2", agent={"source_ids": ["s-1"]})})["web-01"]["error"] == ""


def test_a_source_whose_tag_names_another_host_is_refused() -> None:
    tagged = {**ROW, "tags": {"edgelift:wave": "wave_01", "edgelift:host": "db-01"}}
    assert "claimed by web-01 and by db-01" in judge({"web-01": facts(steps=("wait",))}, tagged)["web-01"]["error"]


def test_whoever_else_names_the_source_of_a_host_that_registered_it_harms_only_itself() -> None:
    tagged = {**ROW, "tags": {"edgelift:wave": "wave_01", "edgelift:host": "web-01"}}
    found = judge({"web-01": facts(steps=("wait",)), "liar": facts(steps=())}, tagged)
    assert found["web-01"]["error"] == ""
    assert "claimed by liar and by web-01" in found["liar"]["error"]


def test_a_host_that_changes_its_answer_between_probe_and_start_is_an_error_with_both() -> None:
    changed = facts("s-1", ("start", "wait"), agent={"source_ids": ["s-9"]})
    error = judge({"web-01": changed})["web-01"]["error"]
    assert "named source s-9 in the preflight and source s-1 afterwards" in error


def test_a_source_that_was_registered_before_is_used_and_never_deleted() -> None:
    there = facts(steps=(), agent={"source_ids": ["s-1"]})
    found = judge({"web-01": there}, since="")["web-01"]
    assert found == accepted(keep=True, tags={"edgelift:keep": "wave_01"})
    earlier = {**ROW, "tags": {"edgelift:wave": "wave_01", "edgelift:host": "web-01"}}
    assert judge({"web-01": there}, earlier, since="")["web-01"]["keep"] is False
    for tags in ({"edgelift:wave": "wave_02"}, {"edgelift:wave": "wave_01", "edgelift:keep": "true"}):
        assert judge({"web-01": there}, {**ROW, "tags": tags}, since="")["web-01"]["keep"] is True


CODES = [{"id": "at-1", "creation_time": SINCE}]


def resumed(*, ours: bool = True, code_ids: tuple[str, ...] = ("at-1",), **more: Any) -> dict[str, Any]:
    """Return a host whose client an earlier run has started."""
    agent = {"source_ids": ["s-1"], "ours": ours, "code_ids": [*code_ids]}
    return {**facts(steps=(), agent=agent), "__agent_since": "", **more}


def test_a_source_of_a_run_that_was_killed_before_it_tagged_the_source_is_tagged_by_the_next_one() -> None:
    row = {**ROW, "creation_time": "2026-11-29T08:30:00Z"}
    found = claims(["web-01"], {"web-01": resumed()}, {"sources": [row], "codes": CODES}, "wave_01")["web-01"]
    assert found == accepted(tags={"edgelift:wave": "wave_01", "edgelift:host": "web-01"})


@pytest.mark.parametrize(
    ("host", "row", "codes"),
    [
        (resumed(), {}, []),
        (resumed(), {}, [{"id": "at-2", "creation_time": SINCE}]),
        (resumed(code_ids=()), {}, CODES),
        (resumed(ours=False), {}, CODES),
        (resumed(), {"creation_time": "2026-11-29T08:30:01Z"}, CODES),
        (resumed(), {"creation_time": "2026-11-29T07:59:59Z"}, CODES),
        (resumed(), {"creation_time": ""}, CODES),
        (resumed(), {"tags": {"edgelift:wave": "wave_02"}}, CODES),
        (resumed(), {"tags": {"edgelift:keep": "wave_02"}}, CODES),
    ],
    ids=[
        "no code is left", "a code that the host does not name", "the host names none", "another installer",
        "after the time in which a run uses a code", "before the code", "no time", "another migration", "kept before",
    ],
)  # fmt: skip
def test_a_source_that_no_code_of_its_host_shows_is_kept(
    host: dict[str, Any], row: dict[str, Any], codes: list[dict[str, str]]
) -> None:
    answer = {"sources": [{**ROW, **row}], "codes": codes}
    found = claims(["web-01"], {"web-01": host}, answer, "wave_01")["web-01"]
    # The first migration that kept it stays in its tag, and so does the one that has registered it.
    tags = {} if row.get("tags") else {"edgelift:keep": "wave_01"}
    assert (found["keep"], found["tags"]) == (True, tags)


def test_a_code_does_not_give_a_host_the_source_of_another_machine() -> None:
    liar = resumed(preflight_probe={**PROBE, "hostname": "db-07", "agent": {"ours": True, "code_ids": ["at-1"]}})
    found = claims(["liar"], {"liar": liar}, {"sources": [ROW], "codes": CODES}, "wave_01")["liar"]
    assert "s-1 is not this host" in found["error"]
    assert (found["keep"], found["source_id"], found["tags"]) == (True, "", {})


def test_without_a_time_of_the_code_a_source_is_kept() -> None:
    found = judge({"web-01": facts()}, since="")["web-01"]
    assert found == accepted(keep=True, tags={"edgelift:keep": "wave_01"})


def test_a_liar_that_reports_another_machine_in_every_field_gets_none_of_its_sources() -> None:
    """It knows all of the victim: what it cannot choose is when the victim registered, and that the victim names it."""
    liar = facts("s-7", hostname="db-07", addresses=["10.0.0.7"])
    known = {"source_id": "s-7", "hostname": "db-07", "ipv4": "10.0.0.7"}
    victim = {**ROW, **known, "creation_time": "2026-11-01T00:00:00Z"}
    assert "before this run had an activation code" in judge({"liar": liar}, victim)["liar"]["error"]
    quiet = facts("s-7", (), hostname="db-07", addresses=["10.0.0.7"], agent={"source_ids": ["s-7"]})
    assert judge({"liar": quiet}, victim)["liar"]["keep"] is True


def test_each_host_is_compared_with_the_time_of_the_code_that_it_used() -> None:
    """With strategy free, every host has a separate code, and may see the one of another host."""
    later = {**facts("s-2", hostname="db-01"), "__agent_since": "2026-11-29T09:00:00Z"}
    newer = {**ROW, "source_id": "s-2", "hostname": "db-01", "creation_time": "2026-11-29T09:00:01Z"}
    found = judge({"web-01": facts(), "db-01": later}, ROW, newer)
    assert [(row["error"], row["keep"]) for row in found.values()] == [("", False), ("", False)]


def test_a_source_that_is_not_ready_is_named_with_its_state_and_is_not_kept() -> None:
    late = {**ROW, "state": "Unavailable", "state_info": "the client is offline"}
    found = judge({"web-01": facts()}, late, timeout=300)["web-01"]
    assert found["error"] == "source s-1 is Unavailable after 300 s the client is offline"
    assert (found["source_id"], found["keep"]) == ("s-1", False)
    earlier = judge({"web-01": facts(steps=("start", "wait"))}, late)["web-01"]
    assert (earlier["source_id"], earlier["keep"]) == ("s-1", True)


def test_a_source_that_smc_does_not_show_is_an_error_only_if_smc_was_asked_for_it() -> None:
    hosts = {"a": facts(""), "b": facts("s-404"), "c": {}}
    assert claims([*hosts], hosts, {"sources": [ROW]}, "wave_01") == {}
    found = claims([*hosts], hosts, {"sources": [ROW], "missing": ["s-404"]}, "wave_01")
    assert [*found] == ["b"]
    assert "SMC does not know source s-404 in this account" in found["b"]["error"]


def test_a_call_that_failed_is_the_reason_of_every_host_with_a_source() -> None:
    hosts = {"a": facts(""), "b": facts("s-1")}
    found = claims([*hosts], hosts, {"msg": "Forbidden.Unauthorized"}, "wave_01")
    assert [(host, row["error"], row["source_id"]) for host, row in found.items()] == [
        ("b", "Forbidden.Unauthorized", "s-1")
    ]
