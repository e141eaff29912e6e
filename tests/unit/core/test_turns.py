# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn it is in a large wave, what a run does that does not wait, and how long it takes."""

from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.rhythm import (
    AFTER_ACT_SECONDS,
    CALLS_SECONDS,
    LEAST_SECONDS,
    MOST_HURRIED,
    PASS_PAUSE_SECONDS,
    PASS_SECONDS,
    Rhythm,
)

from .kit import policy, refused, server
from .waves import cloud_with, fleet, run, verdicts

COUNT = 2 * limits.CONCURRENT_JOBS + 20
WAVE = [server(number) for number in range(1, COUNT + 1)]
SHARED = policy(shared_network=True)


def test_one_pass_makes_the_network_and_starts_as_many_copies_as_there_are_slots() -> None:
    cloud = cloud_with(*WAVE)
    made = fleet(cloud, *WAVE, using=SHARED)
    run(made, wait=False)
    slots = limits.CONCURRENT_JOBS
    assert made.acts == {"transfer.network": 2, "transfer.create": slots, "transfer.start": slots}
    assert len(cloud.jobs) == slots
    waiting = [row for row in made.rows if row.limited]
    assert len(waiting) == COUNT - slots
    assert {row.state for row in waiting} == {"50 jobs are running, SMC runs 50 at once"}
    assert {row.state.partition("; ")[2] for row in made.rows if not row.limited} == {"start was called"}
    # Two requests for 50 servers each show that the others have no job; nothing is asked about them again.
    assert cloud.calls["smc.DescribeSourceServers"] <= 2 * 3 + 3


def test_a_pass_does_not_follow_a_cloud_that_is_faster_than_its_ticks() -> None:
    cloud = cloud_with(*WAVE[:3], copy_seconds=0, export_seconds=0, import_seconds=0)
    for phase in ("transfer", "export", "import"):
        made = fleet(cloud, *WAVE[:3])
        run(made, wait=False)
        assert {(row.phase, row.verdict) for row in made.rows} == {(phase, "pending")}
    run(made, wait=False)
    assert verdicts(made.rows) == ["migrated"] * 3


@pytest.mark.parametrize("seconds", [0.025, 0.2])
def test_a_pass_begins_no_call_after_its_time_however_slow_the_calls_are(seconds: float) -> None:
    # 0.025 s are 200 ms with eight calls at the same time.
    cloud = cloud_with(*WAVE, call_seconds=seconds)
    made = fleet(cloud, *WAVE[:60], using=SHARED)
    run(made, wait=False)
    looks = 12 * seconds
    assert cloud.clock().monotonic() <= PASS_SECONDS + looks
    for _run in range(100):
        cloud.sleep(60)
        made = fleet(cloud, *WAVE[:60], using=SHARED)
        if set(verdicts(run(made, wait=False))) == {"migrated"}:
            break
    assert cloud.calls["smc.CreateReplicationJob"] == cloud.calls["ens.ImportImage"] == 60


def test_what_a_tick_has_no_time_for_is_made_by_the_next_one_and_announced_again() -> None:
    cloud = cloud_with(*WAVE[:4], copy_seconds=0)
    made = fleet(cloud, *WAVE[:4])
    for _tick in range(2):
        made.tick()
    # The line that announces the calls and the first of them take the time of the tick.
    cloud.call_seconds = CALLS_SECONDS / 2
    made.tick()
    assert cloud.calls["ecs.ExportImage"] == 1
    held = "the export.export waits for the next look at the cloud: others were first"
    assert [row.state for row in made.rows].count(held) == 3
    cloud.call_seconds = 0
    made.tick()
    assert cloud.calls["ecs.ExportImage"] == 4
    assert verdicts(run(made)) == ["migrated"] * 4
    assert cloud.calls["ecs.ExportImage"] == cloud.calls["ens.ImportImage"] == 4


def test_a_tick_with_all_slots_taken_costs_as_many_calls_as_one_without_others_that_wait() -> None:
    costs = []
    for count in (limits.CONCURRENT_JOBS, COUNT):
        cloud = cloud_with(*WAVE[:count], copy_seconds=10_000)
        made = fleet(cloud, *WAVE[:count])
        for _tick in range(4):
            made.tick()
        cloud.calls.clear()
        made.tick()
        costs.append(cloud.calls.total())
    assert costs[0] == costs[1] <= 4


def test_a_server_is_looked_at_again_when_its_turn_comes() -> None:
    few = WAVE[: limits.CONCURRENT_JOBS + 3]
    cloud = cloud_with(*few, copy_seconds=100)
    made = fleet(cloud, *few)
    for _tick in range(3):
        made.tick()
    last = next(row for row in made.rows if row.limited)
    cloud.sources[last.server.source_id]["State"] = "Unavailable"
    rows = run(made, timeout=600)
    assert [row.server.host for row in rows if row.verdict != "migrated"] == [last.server.host]
    assert "is Unavailable" in last.reasons[0]
    assert len(cloud.jobs) == len(few) - 1


def test_a_service_with_fewer_slots_than_documented_is_asked_once_in_a_while() -> None:
    cloud = cloud_with(*WAVE[:10], copy_seconds=50)
    made = fleet(cloud, *WAVE[:10])
    made.tick()
    cloud.fail("smc.StartReplicationJob", refused("QuotaExceeded.ConcurrentJobs"), times=1)
    made.tick()
    assert verdicts(run(made)) == ["migrated"] * 10


def test_the_pauses_of_a_run() -> None:
    waits = Rhythm(True, 100, 15, 0)
    assert [waits.pause(0, True, False), waits.pause(0, False, False)] == [AFTER_ACT_SECONDS, 15]
    assert [waits.pause(at, False, False) for at in (85, 86)] == [15, None]
    assert waits.until(0) == CALLS_SECONDS
    passes = Rhythm(False, 100, 15, 0)
    assert [passes.pause(0, True, True), passes.pause(0, True, False)] == [PASS_PAUSE_SECONDS, None]
    assert passes.pause(PASS_SECONDS, True, True) is None
    assert [passes.until(0), passes.until(5)] == [CALLS_SECONDS, PASS_SECONDS]
    # Also when the looks have taken all the time: otherwise no pass would ever make a call.
    assert passes.until(PASS_SECONDS + 60) == PASS_SECONDS + 60 + LEAST_SECONDS
    assert Rhythm(True, 0, 15, 0).waits is False


def test_what_should_end_within_seconds_and_does_not_is_looked_at_like_the_rest() -> None:
    rhythm = Rhythm(True, 10_000, 15, 0)
    pauses = [rhythm.pause(0, False, True) for _tick in range(MOST_HURRIED + 1)]
    assert pauses == [AFTER_ACT_SECONDS] * MOST_HURRIED + [15]
    passes = Rhythm(False, 0, 15, 0)
    assert [passes.pause(0, False, True) for _tick in range(MOST_HURRIED + 1)][-1] is None


def test_a_look_that_fails_ends_a_pass() -> None:
    cloud = cloud_with(*WAVE[:2])
    cloud.fail("ens.DescribeSelfImages", refused("ServiceUnavailable", retryable=True))
    with pytest.raises(CloudError, match="ServiceUnavailable"):
        run(fleet(cloud, *WAVE[:2]), wait=False)
