# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incremental jobs: one run, then Waiting, then the cutover."""

from __future__ import annotations

import pytest
from support.local_cloud import LocalCloud

AGAIN = {"RunOnce": False, "Frequency": 12, "MaxNumberOfImageToKeep": 2}


def waiting(local: LocalCloud) -> str:
    job_id = local.started(1, **AGAIN)
    local.finish()
    assert local.show(job_id)["Status"] == "Waiting"
    return job_id


def test_an_incremental_job_waits_and_is_cut_over(local: LocalCloud) -> None:
    job_id = waiting(local)
    shown = local.show(job_id)
    assert (shown["RunOnce"], shown["Frequency"], shown["MaxNumberOfImageToKeep"]) == (False, 12, 2)
    assert shown["ImageId"]
    assert local.ok("ecs", "DescribeInstances")["TotalCount"] == 0
    another = local.code("smc", "CreateReplicationJob", **local.job_params(1, Name="other", ImageName="other"))
    assert another == (400, "SourceServerState.Invalid"), "Waiting is unfinished"
    local.ok("smc", "CutOverReplicationJob", JobId=job_id)
    assert local.show(job_id)["Status"] == "Finished"
    assert local.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")


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


def test_what_of_incremental_jobs_is_not_emulated(local: LocalCloud) -> None:
    job_id = waiting(local)
    assert local.code("smc", "StartReplicationJob", JobId=job_id) == (501, "Sandbox.NotEmulated")
    assert local.code("smc", "CutOverReplicationJob", JobId=job_id, SyncData=True) == (501, "Sandbox.NotEmulated")


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
