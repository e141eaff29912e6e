# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of replication jobs and sources: rows 7 to 12 of the catalogue."""

from __future__ import annotations

from typing import Any

from support.scenario import (
    create,
    ended,
    export_params,
    exported,
    hits,
    image,
    images,
    jobs,
    refusal,
    started,
)

from . import Checks

CHECKS = Checks()
shows = CHECKS.shows


@shows("07-job-fails-retry-helps")
def a_second_start_succeeds(sandbox: Any) -> None:
    job_id = started(sandbox)
    assert ended(sandbox)["ErrorCode"] == "SourceServer.Offline"
    sandbox.call("smc", "StartReplicationJob", JobId=job_id)
    assert ended(sandbox)["Status"] == "Finished"


@shows("08-job-fails-for-good")
def a_second_start_fails_too(sandbox: Any) -> None:
    job_id = started(sandbox)
    for _turn in range(2):
        assert ended(sandbox)["ErrorCode"] == "InvalidAccountStatus.NotEnoughBalance"
        sandbox.call("smc", "StartReplicationJob", JobId=job_id)


@shows("08-balance-used-up")
def no_money_no_instance(sandbox: Any) -> None:
    started(sandbox)
    shown = ended(sandbox)
    assert (shown["ErrorCode"], shown["TransitionInstanceId"]) == ("InvalidAccountStatus.NotEnoughBalance", "")
    assert sandbox.get("meter")["running"] == []


@shows("09-instance-released")
def the_instance_is_gone_and_the_job_notices(sandbox: Any) -> None:
    job_id = started(sandbox)
    shown = ended(sandbox)
    assert (shown["Status"], shown["ErrorCode"]) == ("InError", "TransitionInstance.NotFound")
    assert sandbox.call("ecs", "DescribeInstances")["Instances"]["Instance"] == []
    sandbox.call("smc", "DeleteReplicationJob", JobId=job_id)
    sandbox.until(lambda: not jobs(sandbox))
    sandbox.call("smc", "StartReplicationJob", JobId=create(sandbox, ClientToken="another"))
    assert (ended(sandbox)["BusinessStatus"], hits(sandbox)) == ("Syncing", [1, 1])


@shows("10-image-deleted-before-export")
def the_image_of_a_finished_job_is_gone(sandbox: Any) -> None:
    image_id = image(sandbox)
    assert images(sandbox) == []
    assert refusal(sandbox, "ecs", "ExportImage", **export_params(image_id)) == (404, "InvalidImageId.NotFound")


@shows("10-image-deleted-while-exporting")
def the_export_of_a_deleted_image_fails(sandbox: Any) -> None:
    assert exported(sandbox)["TaskStatus"] == "Failed"
    assert images(sandbox) == []


@shows("11-source-offline")
def the_source_goes_and_comes_back(sandbox: Any) -> None:
    started(sandbox)
    assert ended(sandbox)["ErrorCode"] == "SourceServer.Offline"
    assert refusal(sandbox, "smc", "StartReplicationJob", JobId=jobs(sandbox)[0]["JobId"]) == (
        400, "SourceServerState.Invalid")
    sandbox.advance(1200)
    sandbox.call("smc", "StartReplicationJob", JobId=jobs(sandbox)[0]["JobId"])
    assert ended(sandbox)["Status"] == "Finished"


@shows("12-job-expires")
def an_expired_job_lingers_in_deleting(sandbox: Any) -> None:
    job_id = create(sandbox)
    assert jobs(sandbox)[0]["Status"] == "Expired"
    assert refusal(sandbox, "smc", "StartReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    sandbox.call("smc", "DeleteReplicationJob", JobId=job_id)
    sandbox.advance(30)
    assert jobs(sandbox)[0]["Status"] == "Deleting"
    sandbox.advance(60)
    assert jobs(sandbox) == []
