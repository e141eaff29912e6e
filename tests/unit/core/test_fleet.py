# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet: a wave from registered sources to ENS images, through lost answers, stale reads and full queues."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import TRANSIENT_LIMIT

from .kit import lost, policy, refused, server
from .waves import cloud_with, fleet, run, verdicts


# ---- the way to the images ----
def test_a_wave_becomes_ens_images_with_one_changing_call_per_step() -> None:
    wave = server(1, (20,)), server(2, (20, 30, 40)), server(3, (50,))
    cloud = cloud_with(*wave)
    made = fleet(cloud, *wave)
    rows = run(made)
    assert verdicts(rows) == ["migrated"] * 3
    assert made.acts == {"transfer.create": 3, "transfer.start": 3, "export.export": 3, "import.import": 3}
    calls = {name: cloud.calls[name] for name in cloud.calls if name in set(cloud.mutations())}
    assert calls == {
        "smc.CreateReplicationJob": 3,
        "smc.StartReplicationJob": 3,
        "ecs.ExportImage": 3,
        "ens.ImportImage": 3,
    }
    assert [row.phase for row in rows] == ["done"] * 3
    assert all(row.seconds > 0 for row in rows)
    sizes = {
        image["ImageName"]: len(image["DiskDeviceMappings"]["DiskDeviceMapping"]) for image in cloud.ens_images.values()
    }
    assert sizes == {wave[0].image_name: 1, wave[1].image_name: 3, wave[2].image_name: 1}


def test_describes_are_batched_so_that_a_tick_of_30_servers_costs_no_more_than_of_one() -> None:
    costs = []
    for count in (1, 30):
        wave = [server(number) for number in range(1, count + 1)]
        cloud = cloud_with(*wave)
        made = fleet(cloud, *wave)
        made.tick()
        made.tick()
        cloud.calls.clear()
        made.tick()
        assert all(row.state.endswith("Syncing") for row in made.rows)
        costs.append(cloud.calls.total() - cloud.calls["ecs.DescribeDisks"])
    assert costs[0] == costs[1] == 2


def test_running_again_changes_nothing_and_looks_once() -> None:
    wave = server(1), server(2)
    cloud = cloud_with(*wave)
    run(fleet(cloud, *wave))
    cloud.calls.clear()
    cloud.log.clear()
    again = fleet(cloud, *wave)
    assert verdicts(run(again)) == ["migrated"] * 2
    assert not again.changed
    assert all(row.existed for row in again.rows)
    assert dict(cloud.calls) == {"ens.DescribeSelfImages": 1}


def test_another_controller_continues_with_the_state_of_the_cloud() -> None:
    cloud = cloud_with()
    for _controller in range(40):
        made = fleet(cloud)
        made.run(wait=False, timeout=0, interval=1)
        cloud.sleep(10)
        if made.rows[0].verdict != "pending":
            break
    assert made.rows[0].verdict == "migrated"
    assert cloud.calls["smc.CreateReplicationJob"] == cloud.calls["smc.StartReplicationJob"] == 1
    assert cloud.calls["ecs.ExportImage"] == cloud.calls["ens.ImportImage"] == 1


def test_a_server_that_is_copied_is_exported_while_others_still_wait() -> None:
    early, late = server(1), server(2)
    cloud = cloud_with(early, late)
    cloud.sources["s-02"]["State"] = "Unavailable"
    made = fleet(cloud, early, late)
    run(made, timeout=300)
    assert verdicts(made.rows) == ["migrated", "failed"]
    assert "source s-02 is Unavailable" in made.rows[1].reasons[0]


# ---- answers that are lost ----
@pytest.mark.parametrize(
    "call", ["ecs.ExportImage", "ens.ImportImage", "smc.CreateReplicationJob", "smc.StartReplicationJob"]
)
@pytest.mark.parametrize("wait", [True, False])
def test_a_call_whose_answer_was_lost_after_its_effect_is_not_made_again(call: str, wait: bool) -> None:
    cloud = cloud_with()
    cloud.fail(call, lost(), after=True)
    made = fleet(cloud)
    for _tick in range(60):
        run(made, wait)
        cloud.sleep(10)
    assert verdicts(made.rows) == ["migrated"]
    assert cloud.calls[call] == 1
    # It counts as a change, since it may have been one.
    assert sum(made.acts.values()) == 4


@pytest.mark.parametrize("call", ["ecs.ExportImage", "ens.ImportImage"])
def test_a_call_that_was_lost_before_its_effect_is_made_again_when_its_result_would_have_shown(call: str) -> None:
    cloud = cloud_with()
    cloud.fail(call, lost())
    assert verdicts(run(fleet(cloud))) == ["migrated"]
    assert cloud.calls[call] == 2
    times = [index for index, (name, _args) in enumerate(cloud.log) if name == call]
    looks = {"ecs.ExportImage": "ecs.DescribeTasks", "ens.ImportImage": "ens.DescribeSelfImages"}
    between = [name for name, _args in cloud.log[times[0] : times[1]]]
    assert between.count(looks[call]) >= limits.LIST_SETTLE_SECONDS / 10


@pytest.mark.parametrize("call", ["ecs.ExportImage", "ens.ImportImage"])
def test_a_call_that_is_always_lost_ends_after_some_tries(call: str) -> None:
    cloud = cloud_with()
    cloud.fail(call, lost(), times=1000)
    rows = run(fleet(cloud), timeout=100_000)
    assert verdicts(rows) == ["failed"]
    assert "Connection.Lost" in rows[0].reasons[0]
    assert cloud.calls[call] == TRANSIENT_LIMIT


@pytest.mark.parametrize("call", ["ecs.ExportImage", "ens.ImportImage"])
def test_a_result_that_shows_late_is_waited_for(call: str) -> None:
    shown_by = {"ecs.ExportImage": "ecs.DescribeTasks", "ens.ImportImage": "ens.DescribeSelfImages"}[call]
    cloud = cloud_with()
    made = fleet(cloud)
    while not cloud.calls[call]:
        made.tick()
        cloud.sleep(5)
    cloud.edit(shown_by, lambda rows: [], times=5)
    assert verdicts(run(made)) == ["migrated"]
    assert cloud.calls[call] == 1


@pytest.mark.parametrize("after", ["smc.CreateReplicationJob", "smc.StartReplicationJob"])
def test_jobs_that_a_describe_leaves_out_or_shows_as_they_were_do_no_harm(after: str) -> None:
    cloud = cloud_with()
    made = fleet(cloud)
    before: list[Any] = []
    while not cloud.calls[after]:
        before = [dict(job) for job in cloud.jobs.values()]
        made.tick()
    # The next looks show the world as it was before the call, the source included.
    cloud.edit("smc.DescribeReplicationJobs", lambda rows: before, times=2)
    cloud.edit("smc.DescribeSourceServers", lambda rows: [{**row, "State": "Available"} for row in rows], times=2)
    rows = run(made)
    assert verdicts(rows) == ["migrated"]
    assert len(cloud.jobs) == 1
    assert cloud.calls["smc.CreateReplicationJob"] == 1


def test_a_controller_that_does_not_see_the_job_of_another_looks_again() -> None:
    cloud = cloud_with()
    cloud.add_job(server(), "Ready")
    cloud.edit("smc.DescribeReplicationJobs", lambda rows: [])
    rows = run(fleet(cloud))
    assert verdicts(rows) == ["migrated"]
    assert len(cloud.jobs) == 1


def test_an_image_that_does_not_show_at_once_after_the_copy_is_waited_for() -> None:
    cloud = cloud_with()
    cloud.edit("ecs.DescribeImages", lambda rows: [], times=4)
    assert verdicts(run(fleet(cloud))) == ["migrated"]


# ---- refusals and queues ----
@pytest.mark.parametrize("call", ["ecs.ExportImage", "ens.ImportImage"])
def test_a_refused_call_ends_the_server(call: str) -> None:
    cloud = cloud_with()
    cloud.fail(call, refused("NoPermission"))
    made = fleet(cloud)
    rows = run(made)
    assert verdicts(rows) == ["failed"]
    assert "NoPermission" in rows[0].reasons[0]
    assert (rows[0].error or {})["code"] == "NoPermission"
    assert not [key for key in cloud.objects if key.endswith(f"{rows[0].phase}.json")]
    assert f"{rows[0].phase}.{rows[0].phase}" not in made.acts


def test_a_throttled_call_is_made_again_without_waiting_for_a_result() -> None:
    cloud = cloud_with()
    cloud.fail("ecs.ExportImage", refused("Throttling.User", retryable=True), times=2)
    assert verdicts(run(fleet(cloud))) == ["migrated"]
    # Copy, export and import take 120 s; a call that is looked for would have added as much again.
    assert cloud.clock().monotonic() < 120 + limits.LIST_SETTLE_SECONDS


def test_a_full_export_queue_is_waited_for_at_the_pace_of_the_poll() -> None:
    cloud = cloud_with()
    cloud.fail("ecs.ExportImage", refused("ConcurrentQuotaExceed.ExportImage", http_status=403), times=20)
    made = fleet(cloud)
    assert verdicts(run(made)) == ["migrated"]
    assert cloud.calls["ecs.ExportImage"] == 21
    assert cloud.clock().monotonic() > 20 * 10
    assert made.acts["export.export"] == 1


def test_a_full_queue_ends_a_tick() -> None:
    # Without wait a run repeats ticks only while they get something done: it must not stay in a queue without limit.
    cloud = cloud_with()
    cloud.fail("ecs.ExportImage", refused("ConcurrentQuotaExceed.ExportImage"), times=10_000)
    made = fleet(cloud)
    while not cloud.calls["ecs.ExportImage"]:
        run(made, wait=False)
        cloud.sleep(30)
    assert verdicts(made.rows) == ["pending"]
    assert "queued by ECS" in made.rows[0].state
    assert cloud.calls["ecs.ExportImage"] == 1


@pytest.mark.parametrize("wait", [True, False])
def test_a_job_is_retried_as_often_as_asked_in_one_run(wait: bool) -> None:
    for errors, verdict in ((2, "migrated"), (3, "failed")):
        cloud = cloud_with()
        cloud.job_errors["s-01"] = ["SourceServer.Offline"] * errors
        made = fleet(cloud, using=policy(job_retries=2))
        for _tick in range(60):
            run(made, wait)
            cloud.sleep(10)
        assert verdicts(made.rows) == [verdict]
        assert cloud.calls["smc.StartReplicationJob"] == 3


def test_a_job_whose_instance_was_released_manually_is_made_again() -> None:
    cloud = cloud_with()
    made = fleet(cloud)
    while not cloud.instances:
        made.tick()
    cloud.instances.clear()
    cloud.job_errors["s-01"] = ["TransitionInstance.NotFound"]
    assert verdicts(run(made)) == ["migrated"]
    assert cloud.calls["smc.DeleteReplicationJob"] == 1
    assert cloud.calls["smc.CreateReplicationJob"] == 2
