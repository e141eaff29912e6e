# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule of the copies: its rules one by one, and simulated waves of random servers, limits and windows."""

from __future__ import annotations

import heapq
import json
import random
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, schedule, windows
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy, Quotas
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _role_limits
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.plan import assumptions
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.simulate import (
    Assumptions,
    Load,
    lower_bound,
    simulate,
)

from .kit import policy, refused, server
from .waves import cloud_with, fleet, run, verdicts

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
"""A Monday."""
MB = float(limits.MEGABYTE)
PLAN = {"plan_copy_rate": 20, "plan_export_rate": 40, "plan_import_rate": 40, "plan_exports": 0}


def starts(copies: list[Copy], quotas: Quotas, running: tuple[Copy, ...] = ()) -> dict[str, float]:
    return dict(schedule.turns(schedule.order(copies, quotas), running, quotas, NOW).starts)


# ---- the rules ----
def test_the_longest_expected_copy_starts_first_what_exists_before_it_and_what_failed_last() -> None:
    copies = [
        Copy("small", 1), Copy("large", 9), Copy("failed", 99, begun=True, tries=1), Copy("made", 2, begun=True),
        Copy("slow", 5, site="far"), Copy("billed", 1, begun=True, tries=2, billed=True),
    ]
    quotas = Quotas(measured={"far": limits.COPY_RATE / 2})
    assert [copy.host for copy in schedule.order(copies, quotas)] == [
        "billed", "made", "slow", "large", "small", "failed",
    ]
    assert list(starts(copies, Quotas(3))) == ["billed", "made", "large"]


def test_a_group_a_window_and_the_slots_are_different_causes() -> None:
    night = windows.spans(["20:00-04:00"])
    copies = [Copy("b", 3, groups=("rack",)), Copy("c", 2, windows=night), Copy("d", 1)]
    quotas = Quotas(2, {"rack": 1})
    turns = schedule.turns(copies, [Copy("a", 4, groups=("rack",))], quotas, NOW)
    assert (list(turns.starts), turns.waits, turns.cause("e")) == (["d"], {"b": "group", "c": "window"}, "slots")


def test_the_copies_that_start_divide_what_is_left_of_an_uplink_by_their_bytes() -> None:
    quotas = Quotas(uplinks={"x": 8 * MB})
    assert starts([Copy("a", 30, site="x"), Copy("b", 10, site="x")], quotas) == {"a": 6 * MB, "b": 2 * MB}
    running = Copy("r", 1, site="x", rate=5 * MB)
    assert starts([Copy("a", 30, site="x")], quotas, (running,)) == {"a": 3 * MB}
    assert starts([Copy("a", 30, site="x")], quotas, (Copy("r", 1, site="x", rate=7.5 * MB),)) == {}
    assert starts([Copy("a", 30, site="x"), Copy("b", 1)], quotas, (Copy("r", 1, site="x"),)) == {"b": 0.0}
    # A copy whose bytes are not known gets as much as the others do on average.
    unknown = [Copy("a", 30, site="x"), Copy("b", 10, site="x"), Copy("c", 0, site="x"), Copy("d", 0, site="x")]
    assert starts(unknown, quotas) == {"a": 3 * MB, "b": MB, "c": 2 * MB, "d": 2 * MB}
    assert starts(unknown[2:], quotas) == {"c": 4 * MB, "d": 4 * MB}
    many = [Copy(f"h{number}", 1, site="x") for number in range(9)]
    assert starts(many, quotas) == {f"h{number}": 2 * MB for number in range(limits.SITE_COPIES)}
    # As many as are needed to use an uplink.
    wide = starts(many, Quotas(uplinks={"x": 8 * limits.COPY_RATE}))
    assert wide == {f"h{number}": limits.COPY_RATE for number in range(8)}


def test_a_job_keeps_its_limit_and_runs_alone_where_that_is_more_than_the_uplink() -> None:
    quotas = Quotas(uplinks={"x": 8 * MB})
    made = Copy("made", 1, begun=True, site="x", rate=9 * MB)
    assert list(starts([made, Copy("b", 1, site="x")], quotas)) == ["made"]
    assert starts([made], quotas, (Copy("r", 1, site="x", rate=MB),)) == {}


@pytest.mark.parametrize(
    ("text", "rate"),
    [('{"bandwidth_limit": "100"}', 102400.0), ("", 0.0), (None, 0.0), ("[]", 0.0), ("{", 0.0), ("null", 0.0),
     ('{"bandwidth_limit": -1}', 0.0), ('{"bandwidth_limit": NaN}', 0.0), ("[" * 100_000, 0.0),
     (f'{{"bandwidth_limit": 1{"0" * 400}}}', 0.0)],
)
def test_a_limit_of_a_job_is_read_whatever_its_parameters_are(text: Any, rate: float) -> None:
    assert schedule.limit_bytes(text) == rate


# ---- simulated waves ----
def wave(chance: random.Random) -> tuple[list[Copy], Quotas]:
    groups = {"a": chance.randint(1, 3), "b": chance.randint(1, 9)}
    uplinks = {site: chance.choice([1, 10, 200]) * MB for site in "xy" if chance.random() < 0.6}
    spans = [(), (), windows.spans(["20:00-04:00"]), windows.spans(["Sat-Sun 22:00-06:00", "Tue 00:00-24:00"])]
    copies = [
        Copy(
            f"h{number:02d}",
            chance.lognormvariate(2, 1.5) * 1000 * MB,
            tries=chance.choice([0, 0, 0, 1]),
            site=chance.choice(["", "x", "y"]),
            groups=tuple(group for group in "ab" if chance.random() < 0.3),
            windows=chance.choice(spans),
        )
        for number in range(chance.randint(1, 40))
    ]
    return copies, Quotas(chance.randint(1, 8), groups, uplinks, chance.choice([5, 50]) * MB)


@pytest.mark.parametrize("seed", range(40))
def test_no_limit_is_ever_exceeded_and_every_copy_starts(seed: int) -> None:
    copies, quotas = wave(random.Random(seed))
    now, waiting, running, ended = NOW, schedule.order(copies, quotas), list[tuple[datetime, str, Copy]](), 0
    while waiting or running:
        turns = schedule.turns(waiting, [copy for _end, _host, copy in running], quotas, now)
        same = schedule.turns(waiting, [copy for _end, _host, copy in reversed(running)], quotas, now)
        assert (list(turns.starts), turns.waits) == (list(same.starts), same.waits)
        for copy in [copy for copy in waiting if copy.host in turns.starts]:
            assert windows.next_open(copy.windows, now) == now
            rate = turns.starts[copy.host]
            begun = Copy(**{**copy.__dict__, "rate": rate, "begun": True})
            took = copy.bytes / min(rate or quotas.copy_rate, quotas.copy_rate)
            heapq.heappush(running, (now + timedelta(seconds=took), copy.host, begun))
        waiting = [copy for copy in waiting if copy.host not in turns.starts]
        active = [copy for _end, _host, copy in running]
        assert len(active) <= quotas.slots
        for group, most in quotas.groups.items():
            assert sum(group in copy.groups for copy in active) <= most
        for site, uplink in quotas.uplinks.items():
            rates = [copy.rate for copy in active if copy.site == site]
            assert all(rates)
            assert sum(rates) <= uplink * (1 + 1e-3)
        opens = [windows.next_open(copy.windows, now) for copy in waiting if turns.cause(copy.host) == "window"]
        assert running or opens, "nothing runs and nothing will start"
        if running and (not opens or running[0][0] <= min(opens)):
            now, ended = heapq.heappop(running)[0], ended + 1
        else:
            now = min(opens)
    assert ended == len(copies)


@pytest.mark.parametrize(("spread", "most"), [(0.5, 1.08), (1.0, 1.05)])
@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_servers_take_hardly_longer_than_they_must_and_leave_no_slot_idle(
    seed: int, spread: float, most: float
) -> None:
    chance = random.Random(seed)
    given = Assumptions(20 * MB, 10**15, 10**15, image_seconds=0)
    loads = [Load(Copy(f"h{number}", chance.lognormvariate(3, spread) * 1000 * MB), 1) for number in range(200)]
    times = simulate(loads, given, NOW)
    last = max(row.copied for row in times.values())
    assert (last - NOW).total_seconds() <= most * lower_bound(loads, given)
    queued = max(row.begins for row in times.values())
    busy = sum((min(row.copied, queued) - row.begins).total_seconds() for row in times.values())
    assert busy >= 0.98 * given.slots * (queued - NOW).total_seconds()


# ---- the fleet ----
def test_the_fleet_keeps_windows_groups_and_uplinks_and_says_what_a_server_waits_for() -> None:
    def terms(number: int, **more: Any) -> Any:
        item = server(number)
        return server(number, terms=Copy(item.host, 10**9, **more), uplink=MB if more.get("site") else 0.0)

    hosts = [
        terms(1, groups=("rack",)), terms(2, groups=("rack",)), terms(3, windows=windows.spans(["20:00-04:00"])),
        *(terms(number, site="x") for number in range(4, 10)), terms(10),
    ]
    cloud = cloud_with(*hosts, copy_seconds=600)
    made = fleet(cloud, *hosts, using=policy(max_parallel={"rack": 1}, replication_parameters='{"checksum": true}'))
    run(made, wait=False)
    states = {row.server.host: row.state for row in made.rows}
    started = [number for number in range(1, 11) if "start was called" in states[f"web-{number:02d}"]]
    assert started == [1, 4, 5, 6, 7, 10]
    assert states["web-02"] == "so many servers of its group are copied as max_parallel allows (rack 1)"
    assert states["web-03"] == "its maintenance window opens at 2026-11-24T20:00:00Z for 480 minutes"
    assert states["web-08"] == "the uplink of the site x is in use by other copies"
    shared = {job["SourceId"]: json.loads(job["ReplicationParameters"]) for job in cloud.jobs.values()}
    assert shared["s-01"] == {"checksum": True}
    assert {key: shared[f"s-0{key}"]["bandwidth_limit"] for key in (4, 5, 6, 7)} == dict.fromkeys((4, 5, 6, 7), 244)
    # The next ones get what is left when these end, and the window opens in the evening.
    rows = run(made, timeout=86_400, interval=60)
    assert verdicts(rows) == ["migrated"] * 10
    last = {job["SourceId"]: json.loads(job["ReplicationParameters"]) for job in cloud.jobs.values()}
    assert [last[key]["bandwidth_limit"] for key in ("s-08", "s-09")] == [488, 488]
    assert min(job["StartTime"] for job in cloud.jobs.values() if job["SourceId"] == "s-03") >= "2026-11-24T20:00"


def test_as_many_copies_use_an_uplink_as_the_plan_assumes_if_the_user_limits_each_of_them() -> None:
    limit = 1024 * 1024
    hosts = [
        server(number, terms=Copy(server(number).host, 10**9, site="x"), uplink=6.0 * limit) for number in range(1, 10)
    ]
    cloud = cloud_with(*hosts, copy_seconds=600)
    made = fleet(cloud, *hosts, using=policy(replication_parameters='{"bandwidth_limit": 1024}'))
    run(made, wait=False)
    assert [job["Status"] for job in cloud.jobs.values()] == ["Running"] * 6
    given = assumptions({"replication_parameters": {"bandwidth_limit": 1024}, **PLAN}, [
        {"migration_site": "x", "migration_uplink": 6.0 * limit / limits.MEGABIT}
    ])
    times = simulate([Load(item.copy, 1) for item in hosts], given, NOW)
    assert sum(row.begins == NOW for row in times.values()) == 6


def test_a_run_and_its_plan_divide_an_uplink_by_the_rate_that_a_copy_is_expected_to_reach() -> None:
    hosts = [server(number, terms=Copy(server(number).host, 10**9, site="x"), uplink=800 * MB) for number in range(9)]
    cloud = cloud_with(*hosts, copy_seconds=600)
    run(fleet(cloud, *hosts, using=policy(copy_rate=160 * MB)), wait=False)
    shared = [json.loads(job["ReplicationParameters"])["bandwidth_limit"] for job in cloud.jobs.values()]
    assert shared == [schedule.limit_kilobytes(160 * MB)] * 5
    given = assumptions({**PLAN, "plan_copy_rate": 160}, [{"migration_site": "x", "migration_uplink": 6400}])
    times = simulate([Load(item.copy, 1) for item in hosts], given, NOW)
    assert sum(row.begins == NOW for row in times.values()) == 5


def test_a_failed_copy_whose_instance_is_billed_continues_before_the_others_begin() -> None:
    hosts = [server(number) for number in range(1, limits.CONCURRENT_JOBS + 3)]
    cloud = cloud_with(*hosts, copy_seconds=300)
    cloud.job_errors["s-01"] = ["InternalError"]
    rows = run(fleet(cloud, *hosts, using=policy(job_retries=2)), timeout=7200, interval=15)
    assert set(verdicts(rows)) == {"migrated"}
    begun = [args for name, args in cloud.log if name == "smc.StartReplicationJob"]
    first = next(job["JobId"] for job in cloud.jobs.values() if job["SourceId"] == "s-01")
    assert begun.count(first) == 2


def test_an_uplink_without_a_site_is_shared_by_copies_and_not_by_exports() -> None:
    hosts = [server(number, uplink=MB) for number in range(1, 8)]
    cloud = cloud_with(*hosts, copy_seconds=1000)
    made = fleet(cloud, *hosts)
    run(made, wait=False)
    assert [row.state for row in made.rows].count("the uplink is in use by other copies") == 3
    cloud = cloud_with(*hosts)
    for item in hosts:
        image_id = cloud.new_id("m-")
        cloud.add_image(image_id, item.image_name, (20,))
        cloud.add_job(item, "Finished", ImageId=image_id)
    run(fleet(cloud, *hosts), wait=False)
    assert cloud.calls["ecs.ExportImage"] == 7


def test_a_server_does_not_wait_for_a_turn_in_a_stage_that_starts_no_further_server() -> None:
    night = Copy(server(2).host, 10**9, windows=windows.spans(["20:00-04:00"]))
    hosts = [server(1), server(2, terms=night)]
    cloud = cloud_with(*hosts)
    cloud.fail("smc.CreateReplicationJob", refused("Forbidden.Unauthorized", http_status=403), times=9)
    rows = run(fleet(cloud, *hosts), timeout=600)
    assert verdicts(rows) == ["failed", "failed"]
    assert rows[1].reasons[0].startswith("its transfer was not started: see web-01")


# ---- what cannot be kept is refused before anything starts ----
@pytest.mark.parametrize("most", [0, -1, "0", "-2", True, 1.5, "two", None, [1]])
def test_a_limit_of_a_group_is_at_least_one(most: Any) -> None:
    problem = schedule.groups_problem({"rack": most})
    assert problem == f"has {most!r} for the group 'rack', it must be a whole number, at least 1"
    assert dict(_role_limits.problems({"migration_max_parallel": {"rack": most}}, {})) == {
        "migration_max_parallel": problem
    }


def test_unknown_groups_and_servers_that_no_schedule_can_keep_are_refused() -> None:
    values = {"migration_max_parallel": {"rack": "2", "rock": 1}}
    assert dict(_role_limits.unknown_groups(values, {"rack": []})) == {
        "migration_max_parallel": "names groups that the inventory does not have: rock"
    }
    assert dict(_role_limits.unknown_groups(values, {"rack": [], "rock": []})) == {}
    assert dict(_role_limits.unknown_groups({"migration_max_parallel": {7: 1}}, {"7": []})) == {}
    wrong: list[tuple[dict[str, Any], str]] = [
        *(({"windows": [text]}, "is no window") for text in ("25:00-26:00", "")), ({"bytes": -1}, "bytes is -1"),
        *(({"uplink": uplink}, "uplink is .*at least 0") for uplink in (-1.0, float("nan"), float("inf"))),
    ]
    for copy, words in wrong:
        with pytest.raises(CloudError, match=words):
            options.server("wave", {"host": "web-01", "source_id": "s-1", "copy": copy})
