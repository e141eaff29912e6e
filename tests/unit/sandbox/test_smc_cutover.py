# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incremental jobs: one run, then Waiting, then the cutover."""

from __future__ import annotations

import pytest
from support.local_cloud import Bench

AGAIN = {"RunOnce": False, "Frequency": 12, "MaxNumberOfImageToKeep": 2}


def waiting(bench: Bench) -> str:
    job_id = bench.started(1, **AGAIN)
    bench.finish()
    assert bench.show(job_id)["Status"] == "Waiting"
    return job_id


def test_an_incremental_job_waits_and_is_cut_over(bench: Bench) -> None:
    job_id = waiting(bench)
    shown = bench.show(job_id)
    assert (shown["RunOnce"], shown["Frequency"], shown["MaxNumberOfImageToKeep"]) == (False, 12, 2)
    assert shown["ImageId"]
    assert bench.ok("ecs", "DescribeInstances")["TotalCount"] == 0
    another = bench.code("smc", "CreateReplicationJob", **bench.job_params(1, Name="other", ImageName="other"))
    assert another == (400, "SourceServerState.Invalid"), "Waiting is unfinished"
    bench.ok("smc", "CutOverReplicationJob", JobId=job_id)
    assert bench.show(job_id)["Status"] == "Finished"
    assert bench.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")


def test_when_a_cutover_is_refused(bench: Bench) -> None:
    assert bench.code("smc", "CutOverReplicationJob") == (400, "MissingParameter")
    assert bench.code("smc", "CutOverReplicationJob", JobId="j-nothing")[1] == "JobId.NotFound"
    job_id = bench.job(1, **AGAIN)
    assert bench.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    bench.ok("smc", "StartReplicationJob", JobId=job_id)
    assert bench.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidBusinessStatus")
    bench.finish()
    bench.cloud.sources.update("s-unitweb00001", online=False)
    bench.advance(1)
    assert bench.code("smc", "CutOverReplicationJob", JobId=job_id) == (400, "SourceServerState.Invalid")


def test_what_of_incremental_jobs_is_not_emulated(bench: Bench) -> None:
    job_id = waiting(bench)
    assert bench.code("smc", "StartReplicationJob", JobId=job_id) == (501, "Sandbox.NotEmulated")
    assert bench.code("smc", "CutOverReplicationJob", JobId=job_id, SyncData=True) == (501, "Sandbox.NotEmulated")


@pytest.mark.parametrize("name", ["Frequency", "MaxNumberOfImageToKeep"])
def test_a_job_that_repeats_says_how(bench: Bench, name: str) -> None:
    assert bench.code("smc", "CreateReplicationJob", **bench.job_params(1, **{**AGAIN, name: ""})) \
        == (400, "MissingParameter")
    job_id = bench.started(1, **AGAIN)
    assert bench.code("smc", "ModifyReplicationJobAttribute", JobId=job_id, **{name: 3}) \
        == (400, "ReplicationJob.InvalidStatus")
    bench.finish()
    bench.ok("smc", "ModifyReplicationJobAttribute", JobId=job_id, **{name: 3})
    assert bench.show(job_id)[name] == 3
