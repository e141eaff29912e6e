# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet: looks that fail, how a run ends, quotas, and one stage alone."""

from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import KEPT, TRANSIENT_LIMIT

from .kit import policy, refused, server
from .waves import cloud_with, fleet, run, verdicts


# ---- looks that fail ----
def test_looks_that_fail_now_and_then_are_made_again() -> None:
    cloud = cloud_with()
    cloud.fail("smc.DescribeReplicationJobs", refused("ServiceUnavailable", retryable=True), times=TRANSIENT_LIMIT - 1)
    assert verdicts(run(fleet(cloud))) == ["migrated"]


@pytest.mark.parametrize(
    ("wait", "check_mode", "retryable", "looks"),
    [(True, False, True, TRANSIENT_LIMIT), (True, False, False, 1), (False, False, True, 1), (True, True, True, 1)],
)
def test_a_wave_that_cannot_be_seen_is_an_error_and_not_pending(
    wait: bool, check_mode: bool, retryable: bool, looks: int
) -> None:
    cloud = cloud_with()
    cloud.fail("ens.DescribeSelfImages", refused("ServiceUnavailable", retryable=retryable), times=99)
    with pytest.raises(CloudError, match="ServiceUnavailable"):
        run(fleet(cloud, check_mode=check_mode), wait)
    assert cloud.calls["ens.DescribeSelfImages"] == looks


def test_objects_of_one_server_that_cannot_be_read_leave_the_others() -> None:
    wave = server(1), server(2)
    cloud = cloud_with(*wave)
    cloud.fail("oss.ReadStart", refused("AccessDenied", http_status=403), only=wave[0].id)
    rows = run(fleet(cloud, *wave))
    assert verdicts(rows) == ["failed", "migrated"]
    assert "AccessDenied" in rows[0].reasons[0]


def test_a_look_at_one_server_that_fails_now_and_then_is_made_again() -> None:
    cloud = cloud_with()
    cloud.fail("ecs.DescribeTaskAttribute", refused("ServiceUnavailable", retryable=True), times=TRANSIENT_LIMIT - 1)
    assert verdicts(run(fleet(cloud))) == ["migrated"]


def test_a_task_that_is_listed_and_not_known_yet_is_looked_at_again() -> None:
    cloud = cloud_with()
    cloud.fail("ecs.DescribeTaskAttribute", refused("InvalidTaskId.NotFound"), times=TRANSIENT_LIMIT - 1)
    assert verdicts(run(fleet(cloud))) == ["migrated"]


@pytest.mark.parametrize("end", ["Failed", "cut off"])
def test_an_export_that_fails_is_made_again(end: str) -> None:
    cloud = cloud_with()
    cloud.export_ends = [end]
    made = fleet(cloud)
    rows = run(made)
    assert verdicts(rows) == ["migrated"]
    assert made.acts["export.export"] == cloud.calls["ecs.ExportImage"] == 2
    assert cloud.uploads == []
    assert rows[0].seconds > limits.LIST_SETTLE_SECONDS


@pytest.mark.parametrize("end", ["Failed", "cut off"])
def test_exports_that_come_to_nothing_again_and_again_end_the_server_in_every_run(end: str) -> None:
    cloud = cloud_with()
    cloud.export_ends = [end] * 9
    rows = run(fleet(cloud, using=policy(export_retries=2)))
    assert verdicts(rows) == ["failed"]
    assert "was exported 3 times" in rows[0].reasons[0]
    assert verdicts(run(fleet(cloud, using=policy(export_retries=2)))) == ["failed"]
    assert cloud.calls["ecs.ExportImage"] == 3
    # Who has mended the cause may say that it is worth another one.
    cloud.export_ends = []
    assert verdicts(run(fleet(cloud, using=policy(export_retries=3)))) == ["migrated"]


def test_a_look_at_one_server_that_keeps_failing_ends_that_server() -> None:
    cloud = cloud_with()
    cloud.fail("ecs.DescribeTaskAttribute", refused("ServiceUnavailable", retryable=True), times=99)
    rows = run(fleet(cloud))
    assert verdicts(rows) == ["failed"]
    assert cloud.calls["ecs.DescribeTaskAttribute"] == TRANSIENT_LIMIT


# ---- the three exits, and none ----
def test_a_timeout_gives_phase_and_last_state() -> None:
    cloud = cloud_with(copy_seconds=10_000)
    rows = run(fleet(cloud), timeout=100)
    assert verdicts(rows) == ["failed"]
    assert rows[0].reasons == [f"timeout after 100 s in phase transfer; last state: job j-0001 is Syncing. {KEPT}"]
    assert not rows[0].settled, "no stage has given the verdict: the cleanup of this run must not delete the copy"
    assert rows[0].percent == pytest.approx(0.9, abs=0.3)
    assert rows[0].seconds == pytest.approx(100, abs=11)


def test_without_time_to_wait_it_is_one_tick() -> None:
    rows = run(fleet(cloud_with(copy_seconds=10_000)), timeout=0)
    assert verdicts(rows) == ["pending"]
    assert rows[0].reasons == []


def test_without_waiting_a_wave_goes_as_far_as_it_can_and_stays_pending() -> None:
    cloud = cloud_with()
    made = fleet(cloud)
    rows = run(made, wait=False)
    assert verdicts(rows) == ["pending"]
    assert rows[0].reasons == []
    assert made.acts == {"transfer.create": 1, "transfer.start": 1}
    assert cloud.clock().monotonic() < 10


def test_check_mode_says_the_next_step_and_changes_nothing() -> None:
    wave = server(1), server(2), server(3), server(4, source_id="")
    cloud = cloud_with(*wave[:3])
    cloud.add_job(wave[1], "Ready")
    cloud.add_ens_image(wave[2].image_name)
    made = fleet(cloud, *wave, check_mode=True)
    rows = run(made)
    assert cloud.mutations() == []
    assert made.acts == {"transfer.create": 2, "transfer.start": 1}
    assert made.changed
    assert verdicts(rows) == ["pending", "pending", "migrated", "pending"]
    assert cloud.clock().monotonic() == 0


def test_check_mode_of_a_finished_wave_is_unchanged() -> None:
    cloud = cloud_with()
    cloud.add_ens_image(server().image_name)
    made = fleet(cloud, check_mode=True)
    run(made)
    assert not made.changed


def test_one_server_that_fails_leaves_the_others() -> None:
    wave = server(1), server(2), server(3)
    cloud = cloud_with(*wave[1:])
    cloud.job_errors["s-02"] = ["Forbidden.RAM"]
    rows = run(fleet(cloud, *wave))
    assert verdicts(rows) == ["failed", "failed", "migrated"]
    assert "s-01 is not registered" in rows[0].reasons[0]
    assert "Forbidden.RAM" in rows[1].reasons[0]


# ---- quotas ----
def test_fifty_jobs_run_at_once_and_the_largest_servers_go_first() -> None:
    wave = [server(number, (20 + number,)) for number in range(1, 61)]
    cloud = cloud_with(*wave)
    made = fleet(cloud, *wave)
    made.tick()
    made.tick()
    started = [args for name, args in cloud.log if name == "smc.StartReplicationJob"]
    assert len(started) == limits.CONCURRENT_JOBS
    sizes = [cloud.jobs[job]["SystemDiskSize"] for job in started]
    assert sizes == list(range(80, 30, -1))
    waiting = [row for row in made.rows if "SMC runs 50 at once" in row.state]
    assert waiting == [row for row in made.rows if row.limited]
    assert len(waiting) == 10
    assert verdicts(run(made)) == ["migrated"] * 60


def test_the_quota_counts_jobs_that_run_already() -> None:
    wave = [server(number) for number in range(1, 53)]
    cloud = cloud_with(*wave)
    for item in wave[:49]:
        cloud.add_job(item, "Running", TransitionInstanceId="", BusinessStatus="Syncing")
    for item in wave[49:]:
        cloud.add_job(item, "Ready")
    fleet(cloud, *wave).tick()
    assert cloud.calls["smc.StartReplicationJob"] == 1


def test_jobs_of_others_that_fill_the_quota_are_waited_for() -> None:
    cloud = cloud_with()
    cloud.fail("smc.StartReplicationJob", refused("QuotaExceeded.ConcurrentJobs"), times=30)
    made = fleet(cloud)
    assert verdicts(run(made)) == ["migrated"]
    assert made.acts["transfer.start"] == 1


# ---- one stage alone ----
def test_one_stage_alone_ends_with_its_own_result() -> None:
    cloud = cloud_with()
    made = fleet(cloud, only="transfer")
    assert verdicts(run(made)) == ["migrated"]
    assert made.rows[0].phase == "transfer"
    assert not cloud.calls["ecs.ExportImage"]
    job = next(iter(cloud.jobs.values()))
    made = fleet(cloud, only="export")
    made.rows[0].seen.job = {"ImageId": job["ImageId"]}
    assert verdicts(run(made)) == ["migrated"]
    assert not cloud.calls["ens.ImportImage"]
    assert not cloud.calls["ens.DescribeSelfImages"]
    objects = made.rows[0].seen.objects
    made = fleet(cloud, only="import")
    made.rows[0].seen.objects = objects
    assert verdicts(run(made)) == ["migrated"]
    assert made.rows[0].phase == "done"


def test_everything_that_was_seen_is_in_the_ledger_with_its_host() -> None:
    cloud = cloud_with(server(1, (20, 30)))
    made = fleet(cloud, server(1, (20, 30)))
    run(made)
    kinds = [row["kind"] for row in made.resources.rows()]
    assert sorted(set(kinds)) == [
        "ecs_disk", "ecs_image", "ecs_instance", "ecs_snapshot", "oss_object", "security_group", "smc_job",
        "smc_source", "vpc", "vswitch",
    ]
    assert kinds.count("ecs_snapshot") == kinds.count("oss_object") == 2
    assert {row["host"] for row in made.resources.rows()} == {"web-01"}
