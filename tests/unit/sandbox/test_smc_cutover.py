# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incremental jobs: a run per interval, Waiting between them, then the cutover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.local_cloud import LocalCloud

AGAIN = {"RunOnce": False, "Frequency": 12, "MaxNumberOfImageToKeep": 2}
INTERVAL = 12 * 3600


def waiting(local: LocalCloud) -> str:
    job_id = local.started(1, **AGAIN)
    local.finish()
    assert local.show(job_id)["Status"] == "Waiting"
    return job_id


def runs(local: LocalCloud, job_id: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = local.show(job_id)["ReplicationJobRuns"]["ReplicationJobRun"]
    return shown


def billed(local: LocalCloud) -> tuple[int, int, int]:
    """How many instances, images and snapshots there are."""
    counts = [local.ok("ecs", f"Describe{kind}s")["TotalCount"] for kind in ("Instance", "Image", "Snapshot")]
    return counts[0], counts[1], counts[2]


def test_an_incremental_job_waits_with_its_instance(local: LocalCloud) -> None:
    job_id = waiting(local)
    shown = local.show(job_id)
    assert (shown["RunOnce"], shown["Frequency"], shown["MaxNumberOfImageToKeep"]) == (False, 12, 2)
    assert [run["ImageId"] for run in runs(local, job_id)] == [shown["ImageId"]]
    assert billed(local) == (1, 1, 2)
    another = local.code("smc", "CreateReplicationJob", **local.job_params(1, Name="other", ImageName="other"))
    assert another == (400, "SourceServerState.Invalid"), "Waiting is unfinished"


@pytest.mark.parametrize("seed", range(8))
def test_an_incremental_job_waits_whatever_the_jitter(tmp_path: Path, seed: int) -> None:
    local = LocalCloud(tmp_path, {"jitter": 1, "seed": seed})
    job_id = local.started(1, **AGAIN)
    for _look in range(2000):
        # In short steps, so that the edge whose time ends first is alone for a moment.
        local.advance(0.02)
        if (local.cloud.jobs.get(job_id) or {})["state"] in ("Waiting", "Finished"):
            break
    assert local.show(job_id)["Status"] == "Waiting"


def test_each_interval_is_a_run_with_an_image_and_the_oldest_go(local: LocalCloud) -> None:
    job_id = waiting(local)
    first = runs(local, job_id)[0]["ImageId"]
    local.advance(INTERVAL - 4200)
    assert local.show(job_id)["Status"] == "Waiting"
    local.advance(4200)
    assert (local.show(job_id)["Status"], len(runs(local, job_id))) == ("Running", 2)
    local.finish()
    assert (local.show(job_id)["Status"], billed(local)) == ("Waiting", (1, 2, 4))
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    local.finish()
    shown = runs(local, job_id)
    assert [run["Type"] for run in shown] == ["Manual", "Schedule", "Manual"]
    assert all(run["StartTime"] < run["EndTime"] for run in shown)
    assert billed(local) == (1, 2, 4), "the images of the two newest runs"
    images = {row["ImageId"]: row["ImageName"] for row in local.ok("ecs", "DescribeImages")["Images"]["Image"]}
    assert first not in images
    assert local.show(job_id)["ImageId"] == shown[-1]["ImageId"]
    assert len(set(images.values())) == 2


@pytest.mark.parametrize("last_run", [True, False])
def test_a_cutover_ends_the_job_and_releases_its_instance(local: LocalCloud, last_run: bool) -> None:
    job_id = waiting(local)
    before = local.show(job_id)["ImageId"]
    local.ok("smc", "CutOverReplicationJob", JobId=job_id, SyncData=last_run)
    assert local.show(job_id)["Status"] == "Running"
    local.finish()
    shown = local.show(job_id)
    assert (shown["Status"], shown["ImageId"] != before) == ("Finished", last_run)
    assert len(runs(local, job_id)) == 1 + last_run
    assert billed(local)[0] == 0
    local.advance(2 * INTERVAL)
    assert local.show(job_id)["Status"] == "Finished"
    assert local.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")


def test_a_last_run_that_fails_is_started_again_and_stays_the_last(local: LocalCloud) -> None:
    job_id = waiting(local)
    local.ok("smc", "CutOverReplicationJob", JobId=job_id, SyncData=True)
    local.cloud.sources.update("s-unitweb00001", online=False)
    local.finish()
    assert (local.show(job_id)["Status"], local.show(job_id)["ErrorCode"]) == ("InError", "SourceServer.Offline")
    assert billed(local)[:2] == (1, 1), "what was copied stays"
    local.cloud.sources.update("s-unitweb00001", online=True)
    local.advance(1)
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    local.finish()
    assert (local.show(job_id)["Status"], len(runs(local, job_id))) == ("Finished", 2)


def test_when_a_cutover_is_refused(local: LocalCloud) -> None:
    assert local.code("smc", "CutOverReplicationJob") == (400, "MissingParameter")
    assert local.code("smc", "CutOverReplicationJob", JobId="j-nothing")[1] == "JobId.NotFound"
    job_id = local.job(1, **AGAIN)
    assert local.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    assert local.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidBusinessStatus")
    local.finish()
    local.cloud.sources.update("s-unitweb00001", online=False)
    local.advance(1)
    assert local.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "SourceServerState.Invalid")


@pytest.mark.parametrize("name", ["Frequency", "MaxNumberOfImageToKeep"])
def test_a_job_that_repeats_says_how(local: LocalCloud, name: str) -> None:
    assert local.code("smc", "CreateReplicationJob", **local.job_params(1, **{**AGAIN, name: ""})) \
        == (400, "MissingParameter")
    job_id = local.started(1, **AGAIN)
    assert local.code("smc", "ModifyReplicationJobAttribute", JobId=job_id, **{name: 3}) \
        == (400, "ReplicationJob.InvalidStatus")
    local.finish()
    local.ok("smc", "ModifyReplicationJobAttribute", JobId=job_id, **{name: 3})
    assert local.show(job_id)[name] == 3
