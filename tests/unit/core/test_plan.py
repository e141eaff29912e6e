# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a run: simulated times, what bounds them, calls and resources."""

from __future__ import annotations

import json
import random
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, limits, windows
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _role_limits
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan import plan, simulate, text
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.simulate import Assumptions, Load

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
"""A Monday."""
MB = limits.MEGABYTE
FAST = Assumptions(10 * MB, 10**15, 10**15, image_seconds=0)
OPTIONS: dict[str, Any] = {
    "name": "wave", "network": "shared", "vpc_id": "", "replication_parameters": {}, "plan_copy_rate": 10.0,
    "plan_export_rate": 10.0, "plan_import_rate": 10.0, "plan_exports": 0, "poll_interval": 15.0, "wait": True,
}


def load(host: str, megabytes: int, **more: Any) -> Load:
    of_load = {name: more.pop(name) for name in ("stage", "running") if name in more}
    return Load(Copy(host, megabytes * MB, **more), megabytes * MB, **of_load)


def seconds(times: simulate.Times, name: str) -> float:
    return round((getattr(times, name) - NOW).total_seconds())


# ---- windows ----
@pytest.mark.parametrize(
    ("texts", "when", "opens"),
    [
        ([], "2026-11-23T08:00", "2026-11-23T08:00"),
        (["20:00-04:00"], "2026-11-23T08:00", "2026-11-23T20:00"),
        (["20:00-04:00"], "2026-11-23T03:59", "2026-11-23T03:59"),
        (["20:00-04:00"], "2026-11-23T04:00", "2026-11-23T20:00"),
        (["Sat-Sun 22:00-06:00"], "2026-11-23T05:00", "2026-11-23T05:00"),
        (["Sat-Sun 22:00-06:00"], "2026-11-23T06:00", "2026-11-28T22:00"),
        (["mon 09:00-10:00", "Tue 00:00-24:00"], "2026-11-23T10:30", "2026-11-24T00:00"),
        (["00:00-24:00"], "2026-11-23T10:30", "2026-11-23T10:30"),
    ],
)
def test_a_window_opens_in_utc_also_over_midnight_and_the_week(texts: list[str], when: str, opens: str) -> None:
    moments = [datetime.fromisoformat(f"{value}:00+00:00") for value in (when, opens)]
    assert windows.problems(texts) == []
    assert windows.next_open(windows.spans(texts), moments[0]) == moments[1]


@pytest.mark.parametrize("wrong", ["", "always", "25:00-26:00", "20:00-24:30", "Xyz 20:00-21:00", "20:00", 7, None])
def test_what_is_no_window_is_named_with_its_rule(wrong: Any) -> None:
    assert windows.problems([wrong]) == [f"{wrong!r} is no window: {windows.RULE}"]
    assert dict(_role_limits.problems({"migration_windows": [str(wrong)]}, {})).keys() == {"migration_windows"}


# ---- the simulation ----
def test_one_server_takes_the_time_of_its_bytes_in_every_stage() -> None:
    given = Assumptions(10 * MB, 20 * MB, 50 * MB, image_seconds=60)
    times = simulate.simulate([load("a", 1000)], given, NOW)["a"]
    assert [seconds(times, name) for name in ("begins", "copied", "exported", "ends")] == [0, 100, 210, 230]
    assert times.bound == "size"


def test_the_largest_copy_comes_first_and_the_others_wait_for_a_slot() -> None:
    given = Assumptions(10 * MB, 10**15, 10**15, slots=2, image_seconds=0)
    times = simulate.simulate([load("small", 1000), load("large", 4000), load("middle", 2000)], given, NOW)
    assert {host: seconds(row, "begins") for host, row in times.items()} == {"small": 200, "large": 0, "middle": 0}
    assert times["small"].bound == "slots"
    assert simulate.lower_bound([load("large", 4000), load("small", 1000)], given) == 400


def test_the_copies_of_a_site_share_its_uplink_and_the_next_ones_get_what_one_leaves() -> None:
    given = Assumptions(10 * MB, 10**15, 10**15, image_seconds=0, uplinks={"munich": 10 * MB})
    loads = [load("a", 1000, site="munich"), load("b", 500, site="munich"), load("c", 1000, site="frankfurt")]
    times = simulate.simulate(loads, given, NOW)
    assert {host: seconds(row, "copied") for host, row in times.items()} == {"a": 150, "b": 150, "c": 100}
    assert {host: row.bound for host, row in times.items()} == {"a": "size", "b": "uplink", "c": "size"}
    five = simulate.simulate([load(str(number), 1000, site="munich") for number in range(5)], given, NOW)
    assert sorted(seconds(row, "copied") for row in five.values()) == [400] * 4 + [500]
    slow = simulate.simulate([load(str(number), 6000, site="munich") for number in range(4)], given, NOW)
    assert {row.bound for row in slow.values()} == {"uplink"}


def test_a_copy_begins_in_a_window_and_a_running_one_goes_on() -> None:
    night = windows.spans(["20:00-04:00"])
    loads = [load("a", 1000, windows=night), load("b", 1000, windows=night, running=True)]
    times = simulate.simulate(loads, FAST, NOW)
    assert (seconds(times["a"], "begins"), times["a"].bound) == (12 * 3600, "window")
    assert seconds(times["b"], "copied") == 100


def test_exports_wait_for_each_other_when_their_number_is_limited() -> None:
    given = Assumptions(10**15, MB, 10**15, exports=1, image_seconds=0)
    times = simulate.simulate([load("a", 100), load("b", 100), load("c", 100, stage="import")], given, NOW)
    assert sorted(seconds(row, "exported") for row in times.values()) == [0, 100, 200]
    assert times["b"].bound == "exports"


@pytest.mark.parametrize("seed", range(60))
def test_no_plan_is_faster_than_its_bounds_or_slower_than_one_after_the_other(seed: int) -> None:
    chance = random.Random(seed)
    sizes = [chance.randint(1, 5000) for _server in range(chance.randint(1, 60))]
    slots, uplink = chance.randint(1, 8), chance.choice([0, 5, 80])
    uplinks = {"": float(uplink * MB)} if uplink else {}
    given = Assumptions(10 * MB, 10**15, 10**15, slots=slots, image_seconds=0, uplinks=uplinks)
    loads = [load(f"h{number:03d}", size) for number, size in enumerate(sizes)]
    times = simulate.simulate(loads, given, NOW)
    last = max((row.copied - NOW).total_seconds() for row in times.values())
    rate = min(10, uplink) if uplink else 10
    assert simulate.lower_bound(loads, given) - 0.1 <= last <= sum(sizes) / rate + 0.1
    if not uplink:
        # List scheduling with the largest first: Graham's bound.
        assert last <= simulate.lower_bound(loads, given) * (4 / 3) + max(sizes) / 10 + 0.1
    running = sorted([(row.begins, 1) for row in times.values()] + [(row.copied, -1) for row in times.values()])
    here = most = 0
    for _when, change in running:
        here += change
        most = max(most, here)
    assert most <= slots


def test_a_plan_of_a_thousand_servers_takes_seconds() -> None:
    sizes = [(number * 7919) % 4000 + 100 for number in range(1000)]
    loads = [load(f"h{number:04d}", size, site=f"s{number % 5}") for number, size in enumerate(sizes)]
    began = time.process_time()
    simulate.simulate(loads, Assumptions(10 * MB, 40 * MB, 40 * MB, uplinks={"s1": 20 * MB}), NOW)
    assert time.process_time() - began < 10


# ---- the plan ----
def facts(*sizes: int, used: int = 2, **more: Any) -> dict[str, Any]:
    """The facts of a host with disks of these GiB, each with one file system with ``used`` GB in use."""
    rows = [
        {"name": f"vd{'abcd'[place]}", "bytes": size * 1024**3, "system": not place, "mounts": [f"/{place or ''}"]}
        for place, size in enumerate(sizes)
    ]
    mounts = [{"device": f"{row['name']}1", "disks": [row["name"]], "used_bytes": used * 10**9} for row in rows]
    return {"preflight_verdict": "clear", "preflight_probe": {"disks": rows, "mounts": mounts}, **more}


def row(host: str, phase: str = "transfer", verdict: str = "pending", **more: Any) -> dict[str, Any]:
    return {"host": host, "phase": phase, "verdict": verdict, "reasons": [], "source_id": "", "progress": None, **more}


HOSTVARS = {
    "web-01": facts(20),
    "db-01": facts(20, 40, used=5, migration_site="munich", migration_uplink=40),
    "half-01": facts(20, used=10),
    "copied-01": facts(20),
    "done-01": facts(20, preflight_verdict="migrated"),
    "bad-01": facts(20, preflight_verdict="blocked", preflight_reasons=["no virtio drivers"]),
}
WAVES = {"wave_01": ["web-01", "db-01"], "wave_02": ["half-01", "copied-01", "done-01", "bad-01"]}
GROUPS = {"all": list(HOSTVARS), **WAVES}
MIGRATION = {
    "servers": [
        row("web-01"),
        row("db-01", source_id="s-1"),
        row("half-01", source_id="s-2", job_id="j-2", progress=50.0),
        row("copied-01", "export", source_id="s-3", job_id="j-3", image_id="m-3"),
    ]
}


def test_a_short_window_is_shown_where_runs_do_not_wait() -> None:
    hosts = {"a": facts(20, migration_windows=["20:00-04:00", "Sat 12:00-12:20"]), "b": facts(20)}

    def lines(wait: bool) -> str:
        rows = {"servers": [row(host) for host in hosts]}
        return " ".join(text.lines(plan.wave_plan(list(hosts), hosts, {}, {**OPTIONS, "wait": wait}, rows, NOW)))

    assert "the shortest maintenance window is open for 20 minutes, and migration_wait is false" in lines(False)
    assert "shortest maintenance window" not in lines(True)


def planned(**options: Any) -> dict[str, Any]:
    return plan.wave_plan(list(HOSTVARS), HOSTVARS, GROUPS, {**OPTIONS, **options}, MIGRATION, NOW)


def test_used_space_is_copied_and_not_the_size_of_the_disks() -> None:
    assert disks.used_bytes(facts(20, 40)["preflight_probe"]) == 4 * 10**9
    spanned = facts(20, 40)["preflight_probe"]
    spanned["mounts"] = [{"device": "vg-root", "disks": ["vda", "vdb"], "used_bytes": 7}] * 2
    assert disks.used_bytes(spanned) == 7
    assert disks.used_bytes({**spanned, "mounts": []}) == 60 * 1024**3
    assert disks.used_bytes({}) == 0


def test_the_plan_knows_what_is_finished_and_what_goes_on() -> None:
    found = planned()
    rows = {item["host"]: item for item in found["servers"]}
    assert {host: item["status"] for host, item in rows.items()} == {
        "web-01": "new", "db-01": "new", "half-01": "continues", "copied-01": "continues", "done-01": "migrated",
        "bad-01": "blocked",
    }
    assert {host: item["bytes"] for host, item in rows.items()} == {
        "web-01": 2 * 10**9, "db-01": 10 * 10**9, "half-01": 5 * 10**9, "copied-01": 0, "done-01": 0, "bad-01": 0,
    }
    assert rows["db-01"]["bound"] == "uplink"
    assert rows["db-01"]["copied"] == plan.stamp(NOW + timedelta(seconds=10 * 10**9 / (5 * MB)))
    assert rows["bad-01"]["reasons"] == ["no virtio drivers"]
    assert {item["wave"]: item["to_migrate"] for item in found["waves"]} == {"wave_01": 2, "wave_02": 2}
    assert found["summary"]["ends"] == max(item["ends"] for item in found["servers"])


def test_a_host_without_the_uplink_of_its_site_shares_it_and_windows_may_be_one_text() -> None:
    hosts = {"a": facts(20, migration_site="x", migration_uplink=40), "b": facts(20, migration_site="x"),
             "c": facts(20, migration_windows="20:00-22:00")}
    found = plan.wave_plan(list(hosts), hosts, {}, OPTIONS, {"servers": [row(host) for host in hosts]}, NOW)
    assert found["assumptions"]["uplink_megabits_per_second"] == {"x": 40}
    assert {item["host"]: item["bound"] for item in found["servers"]} == {"a": "uplink", "b": "uplink", "c": "window"}
    assert found["summary"]["copies_at_least_seconds"] == 800


def test_a_limit_of_a_group_bounds_its_copies_and_no_others() -> None:
    hosts = {name: facts(20, used=5, group_names=["rack"] if name != "free" else []) for name in ("a", "b", "free")}
    options = {**OPTIONS, "max_parallel": {"rack": 1}}
    found = plan.wave_plan(list(hosts), hosts, {}, options, {"servers": [row(host) for host in hosts]}, NOW)
    assert found["assumptions"]["copies_at_once_by_group"] == {"rack": 1}
    assert {item["host"]: item["bound"] for item in found["servers"]} == {"a": "size", "b": "group", "free": "size"}
    assert any("the number of copies of a group at once" in line for line in text.lines(found))


def test_the_calls_are_those_that_are_left() -> None:
    found = planned()["calls"]
    assert {action: found[action] for action in (
        "smc.CreateAccessToken", "vpc.CreateVpc", "smc.CreateReplicationJob", "smc.StartReplicationJob",
        "ecs.ExportImage", "ens.ImportImage", "ecs.DeleteSnapshot")
    } == {
        "smc.CreateAccessToken": 1, "vpc.CreateVpc": 1, "smc.CreateReplicationJob": 2, "smc.StartReplicationJob": 2,
        "ecs.ExportImage": 4, "ens.ImportImage": 4, "ecs.DeleteSnapshot": 5,
    }
    assert "vpc.CreateVpc" not in planned(vpc_id="vpc-1")["calls"]
    nothing = plan.wave_plan(["done-01"], HOSTVARS, GROUPS, OPTIONS, {}, NOW)
    assert (nothing["calls"], nothing["resources"], nothing["queries_about"]) == ({}, [], 0)


def test_resources_last_from_their_making_to_the_cleanup() -> None:
    rows = {item["kind"]: item for item in planned()["resources"]}
    assert (rows["ecs_instance"]["count"], rows["ecs_instance"]["most_at_once"]) == (3, 3)
    assert (rows["ecs_image"]["count"], rows["ecs_snapshot"]["count"], rows["vpc"]["count"]) == (4, 5, 1)
    assert rows["ens_image"]["kept"]
    assert {item["kind"]: item["count"] for item in planned(network="job")["resources"]}["vpc"] == 3


def test_the_plan_is_json_and_its_lines_say_the_same() -> None:
    found = planned(replication_parameters={"bandwidth_limit": 1000})
    assert found["assumptions"]["copy_megabytes_per_second"] == 1.024
    assert json.loads(json.dumps(found)) == found
    shown = "\n".join(text.lines(found))
    for words in ("wave_01  web-01     new", "no virtio drivers", "call: 4 x ens.ImportImage",
                  "resource: 4 x ecs_image", "wave_02: 2 servers", "migration wave: 4 servers",
                  "assumed: 1.024 MB/s per copy"):
        assert words in shown
    assert "nothing to migrate" in text.lines(plan.wave_plan(["done-01"], HOSTVARS, GROUPS, OPTIONS, {}, NOW))[-2]


def test_a_run_of_incremental_jobs_ends_when_they_are_synced() -> None:
    found = planned(mode="incremental", cutover=False)
    once = planned()
    rows = {item["host"]: item for item in found["servers"]}
    # A job that was cut over before is exported. The others are not.
    assert {host for host, item in rows.items() if item["exported"]} == {"copied-01"}
    ended = NOW + timedelta(seconds=200 + 300)
    assert (rows["web-01"]["copied"], rows["web-01"]["ends"]) == (stamp(ended, -300), stamp(ended))
    assert found["summary"]["seconds"] < once["summary"]["seconds"]
    assert {action: found["calls"].get(action, 0) for action in (
        "smc.CreateReplicationJob", "ecs.ExportImage", "ens.ImportImage", "smc.DeleteReplicationJob", "vpc.DeleteVpc",
        "smc.DeleteAccessToken")
    } == {"smc.CreateReplicationJob": 2, "ecs.ExportImage": 1, "ens.ImportImage": 1, "smc.DeleteReplicationJob": 1,
          "vpc.DeleteVpc": 0, "smc.DeleteAccessToken": 0}  # fmt: skip
    shown = {(item["kind"], item["until_cutover"]): item["count"] for item in found["resources"]}
    assert (shown["ecs_image", False], shown["ecs_image", True]) == (1, 3)
    assert (shown["vpc", True], shown["oss_object", False], shown["ens_image", False]) == (1, 1, 1)
    assert {("vpc", False), ("oss_object", True), ("ens_image", True)}.isdisjoint(shown)
    lines = text.lines(found)
    assert any("the run ends when each server is synced" in line for line in lines)
    assert any(line.startswith("resource: 3 x ecs_instance") and "until the cutover" in line for line in lines)


def stamp(when: datetime, seconds: int = 0) -> str:
    return plan.stamp(when + timedelta(seconds=seconds))


def test_a_synced_server_has_nothing_to_do_until_its_cutover() -> None:
    synced = row("web-01", verdict="synced", source_id="s-1", job_id="j-1") | {"reasons": ["job j-1 is Waiting"]}
    found = plan.wave_plan(["web-01"], HOSTVARS, {}, {**OPTIONS, "mode": "incremental"}, {"servers": [synced]}, NOW)
    assert (found["summary"]["synced"], found["calls"], found["resources"]) == (1, {}, [])
    assert found["servers"][0]["reasons"] == ["job j-1 is Waiting"]
    cut = {"servers": [row("web-01", source_id="s-1", job_id="j-1")]}
    options = {**OPTIONS, "mode": "incremental", "cutover": True}
    calls = plan.wave_plan(["web-01"], HOSTVARS, {}, options, cut, NOW)["calls"]
    assert (calls["smc.CutOverReplicationJob"], calls["ens.ImportImage"]) == (1, 1)
    assert "smc.StartReplicationJob" not in calls
