# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook waves as pure functions: which waves a run has, what is refused, and which hosts are next."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._waves import steps

GROUPS = {"all": ["a", "b", "c", "d", "e"], "wave_10": ["e"], "wave_2": ["c", "d"], "wave_1": ["a", "b"]}
OPTIONS: dict[str, Any] = {"list": [], "partial": False, "gate": "auto", "max_failed": 0, "retry": False}


def hostvars(**more: dict[str, Any]) -> dict[str, dict[str, Any]]:
    shared = {"alicloud_region": "ap-southeast-1", "migration_bucket": "images", "migration_name": "fleet"}
    return {host: {**shared, **more.get(host, {})} for host in GROUPS["all"]}


def plan(*hosts: str, given: Any = (), **more: dict[str, Any]) -> dict[str, Any]:
    return steps.plan(hosts or GROUPS["all"], hostvars(**more), GROUPS, {**OPTIONS, "list": list(given)})


def seen(**statuses: str) -> dict[str, Any]:
    return {"servers": [{"host": host, "status": status} for host, status in statuses.items()]}


class Fleet:
    """Plays waves.yml: each step ends as ``ends`` says, migrated where it says nothing."""

    def __init__(self, waves: dict[str, Any], **options: Any) -> None:
        self.waves, self.options = waves, {**OPTIONS, **options}
        self.cloud: dict[str, str] = {}

    def run(self, **ends: str) -> tuple[list[list[str]], dict[str, Any]]:
        """Return the hosts of each step of one run, and how it ends."""
        before, done, found = seen(**self.cloud), dict[str, Any](), list[list[str]]()
        while True:
            step = steps.next_step(self.waves, before, done, self.options)
            if step["state"] != "run":
                return found, step
            hosts = list(step["members"])
            found.append(hosts)
            rows = [{"host": host, "status": ends.get(host, "migrated")} for host in hosts]
            done = steps.results(done, hosts, {host: {"report_wave": {"servers": rows}} for host in hosts})
            words = {"migrated": "migrated", "pending": "running"}
            self.cloud.update({host: words[done[host]] for host in hosts if done[host] in words})


def test_groups_are_waves_in_the_order_of_their_numbers_and_a_limit_selects_hosts() -> None:
    assert [(wave["name"], wave["hosts"]) for wave in plan()["waves"]] == [
        ("wave_1", ["a", "b"]), ("wave_2", ["c", "d"]), ("wave_10", ["e"])
    ]
    limited = plan("b", "e")
    assert [(wave["name"], wave["hosts"], wave["others"]) for wave in limited["waves"]] == [
        ("wave_1", ["b"], 1), ("wave_10", ["e"], 0)
    ]
    own = plan(given=[{"name": "first", "hosts": ["e"]}, "wave_1"])
    assert [(wave["name"], wave["hosts"]) for wave in own["waves"]] == [("first", ["e"]), ("wave_1", ["a", "b"])]
    assert own["without"] == ["c", "d"]


def test_a_fleet_is_migrated_in_one_run_and_a_second_run_does_nothing() -> None:
    fleet = Fleet(plan())
    found, end = fleet.run()
    assert (found, end["state"]) == ([["a", "b"], ["c", "d"], ["e"]], "done")
    assert end["text"] == "all waves of this run are settled: 5 migrated"
    assert fleet.run()[0] == []


def test_too_many_failures_stop_before_the_next_wave_and_the_next_run_tries_again() -> None:
    fleet = Fleet(plan())
    found, end = fleet.run(b="failed")
    assert (found, end["state"]) == ([["a", "b"]], "failed")
    assert "1 hosts are not migrated (b), migration_gate_max_failed is 0" in end["text"]
    assert fleet.run()[0] == [["b"], ["c", "d"], ["e"]]

    tolerant = Fleet(plan(), max_failed=1)
    found, end = tolerant.run(b="blocked")
    assert (found, end["state"]) == ([["a", "b"], ["c", "d"], ["e"]], "done")
    found, end = tolerant.run()
    assert found == []
    assert "Not migrated in waves that have passed their gates: b" in end["text"]
    tolerant.options["retry"] = True
    assert tolerant.run()[0] == [["b"]]


def test_a_manual_gate_ends_the_run_and_the_next_run_goes_on() -> None:
    fleet = Fleet(plan(), gate="manual", max_failed=1)
    found, end = fleet.run(b="failed")
    assert (found, end["state"]) == ([["a", "b"]], "gate")
    assert "run the same command again to continue with wave_2" in end["text"]
    found, end = fleet.run(b="failed")
    assert (found, end["state"]) == ([["b"], ["c", "d"]], "gate"), "the failed host is tried again first"
    found, end = fleet.run(b="failed")
    assert (found, end["state"]) == ([["e"]], "done")


def test_ticks_continue_a_wave_until_it_is_settled() -> None:
    fleet = Fleet(plan())
    assert [fleet.run(a="pending")[1]["state"] for _tick in range(3)] == ["pending"] * 3
    found, end = fleet.run(c="pending")
    assert (found, end["state"]) == ([["a"], ["c", "d"]], "pending")
    assert fleet.run()[0] == [["c"], ["e"]]


def test_hosts_wait_for_what_they_need_and_are_held_where_that_fails() -> None:
    chain = {"a": {"migration_after": ["b"]}, "c": {"migration_after": "a,d"}}
    fleet = Fleet(plan(**chain))
    assert fleet.run()[0] == [["b"], ["a"], ["d"], ["c"], ["e"]]
    broken = Fleet(plan(**chain), max_failed=2)
    found, end = broken.run(b="failed")
    assert found == [["b"], ["d"], ["e"]]
    assert "held (b not migrated)" in end["text"]
    assert "held (a not migrated)" in end["text"]


def test_a_host_outside_of_the_run_is_looked_up_in_the_cloud() -> None:
    waves = plan("c", c={"migration_after": ["a"]})
    assert waves["hosts"] == ["a", "c"]
    assert Fleet(waves).run()[1]["state"] == "failed"
    fleet = Fleet(waves)
    fleet.cloud["a"] = "migrated"
    assert fleet.run()[0] == [["c"]]


def test_a_host_that_joins_the_current_wave_is_migrated_by_the_next_run() -> None:
    fleet = Fleet(plan("a", "c"))
    fleet.run(c="failed")
    fleet.waves = plan("a", "c", "d")
    assert fleet.run()[0] == [["c", "d"]]


def test_check_mode_takes_what_it_has_planned_for_migrated() -> None:
    waves = plan()
    first = steps.next_step(waves, seen(), {}, OPTIONS, True)
    second = steps.next_step(waves, seen(), {"a": "pending", "b": "pending"}, {**OPTIONS, "gate": "manual"}, True)
    assert (list(first["members"]), list(second["members"])) == (["a", "b"], ["c", "d"])


def test_a_wave_has_its_own_gate() -> None:
    first = {"name": "wave_1", "gate": "manual", "max_failed": 1}
    found, end = Fleet(plan(given=[first, "wave_2"])).run(a="failed")
    assert (found, end["state"]) == ([["a", "b"]], "gate")


@pytest.mark.parametrize(
    ("given", "more", "words"),
    [
        (["wave_3"], {}, ["'wave_3', which is no group of the inventory. Its groups: wave_1, wave_10, wave_2"]),
        ([{"name": "x", "hosts": ["a"]}, {"name": "y", "hosts": ["a"]}], {}, ["host 'a' is in the waves 'x' and 'y'"]),
        ([{"name": "x", "hosts": ["a", "a"]}], {}, ["host 'a' is twice in the wave 'x'"]),
        ([{"name": "x", "hosts": ["z"]}], {}, ["wave 'x' names host 'z', which the inventory lacks"]),
        ([{"name": "x", "hosts": ["a", "localhost"]}], {}, ["names localhost"]),
        ([{"name": "x", "hosts": ["a"]}, {"name": "x", "hosts": ["b"]}], {}, ["two waves named 'x'"]),
        ([{"hosts": ["b"]}, {"name": "x", "hosts": ["a"], "gate": "maybe", "max_failed": -1}], {},
         ["has no name", "gate is 'maybe', allowed: auto, manual", "max_failed is -1"]),
        ([], {"a": {"migration_after": ["c"]}}, ["'c', which is in the later wave 'wave_2'"]),
        ([], {"a": {"migration_after": ["b"]}, "b": {"migration_after": ["a"]}, "c": {"migration_after": ["no-01"]}},
         ["migration_after is a cycle: a after b after a", "'no-01', which the inventory lacks"]),
        ([], {"b": {"alicloud_region": "cn-beijing"}, "d": {"migration_bucket": "other"}, "e": {"migration_name": "x"}},
         ["alicloud_region contradicts: 'ap-southeast-1' for a (wave_1), 'cn-beijing' for b (wave_1)",
          "migration_bucket contradicts", "migration_name contradicts"]),
    ],
)
def test_all_findings_are_refused_at_once(given: Any, more: dict[str, Any], words: list[str]) -> None:
    found = plan(given=given, **more)["problems"]
    assert len(found) == len(words), found
    for text in words:
        assert text in " ".join(found)


def test_slices_may_lack_hosts_and_a_run_needs_one() -> None:
    waves = [{"name": "x", "hosts": ["a", "z"]}]
    assert steps.plan(["a"], hostvars(), GROUPS, {**OPTIONS, "list": waves, "partial": True})["waves"][0]["others"] == 1
    (alone,) = plan("b", given=[{"name": "x", "hosts": ["a"]}])["problems"]
    assert "no host of this run is in a wave" in alone
    (nothing,) = steps.plan(["a"], hostvars(), {"all": ["a"]}, OPTIONS)["problems"]
    assert "no group whose name begins with wave_" in nothing
    assert plan()["problems"] == []
