# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each scenario file has the effect that its meaning says, seen through the vendor's own clients."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import oss2
import pytest
import requests
from support.oss_client import bucket
from support.scenario import (
    DB_SOURCE,
    create,
    ended,
    ens_images,
    export_params,
    exported,
    hits,
    image,
    images,
    import_params,
    imported,
    job_params,
    jobs,
    keys_of,
    lost,
    oss_refusal,
    play,
    refusal,
    started,
    task,
    timeline,
)

from sandbox.faults.edits import DO
from sandbox.world.fault_rules import EDITS
from sandbox.world.scenario import FOLDER

pytestmark = pytest.mark.any_core

Check = Callable[[Any], None]
CHECKS: dict[str, Check] = {}
FAST = {"clock_rate": 20}


def shows(stem: str) -> Callable[[Check], Check]:
    """Register what a scenario file must show at the wire."""
    def keep(check: Check) -> Check:
        CHECKS[stem] = check
        return check

    return keep


@pytest.mark.sandbox_world(FAST)
@pytest.mark.parametrize("stem", sorted(path.stem for path in FOLDER.glob("*.yml")))
def test_the_fault_shows_at_the_wire(sandbox: Any, stem: str) -> None:
    play(sandbox, stem)
    CHECKS[stem](sandbox)


def test_every_row_of_the_catalogue_has_a_file_and_every_file_a_check() -> None:
    stems = [path.stem for path in FOLDER.glob("*.yml")]
    assert {int(stem[:2]) for stem in stems} == set(range(1, 25))
    assert sorted(CHECKS) == sorted(stems)
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert set(DO) == set(EDITS)
    assert [name for name in EDITS if f"`{name}`" not in readme] == []


@shows("01-throttling")
def throttling_ends_after_the_burst(sandbox: Any) -> None:
    seen = [refusal(sandbox, "smc", "DescribeSourceServers") for _turn in range(4)]
    assert seen == [(400, "Throttling.User")] * 3 + [(429, "Throttling")]
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 2


@shows("02-server-errors")
def server_errors_come_before_the_effect(sandbox: Any) -> None:
    seen = [refusal(sandbox, "smc", "DescribeSourceServers") for _turn in range(3)]
    assert seen == [(500, "InternalError"), (503, "ServiceUnavailable"), (502, "SDK.UnknownServerError")]
    assert oss_refusal(sandbox, "head_object", "k")[0] == 503
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 2


@shows("03-lost-answers")
def a_lost_answer_leaves_the_effect_and_the_token_finds_it(sandbox: Any) -> None:
    lost(sandbox, "smc", "CreateReplicationJob", **job_params())
    assert [job["JobId"] for job in jobs(sandbox)] == [create(sandbox)]


LATE_SECONDS = 15
"""By how much the answers of this scenario are late."""


@shows("04-late-answers")
def an_answer_after_the_read_timeout_leaves_the_effect(sandbox: Any) -> None:
    begun = time.monotonic()
    lost(sandbox, "smc", "CreateReplicationJob", **job_params())
    assert time.monotonic() - begun < LATE_SECONDS
    assert len(jobs(sandbox)) == 1


@shows("05-stale-answers")
def describes_lag_and_pages_go_wrong(sandbox: Any) -> None:
    job_id = create(sandbox)
    assert [len(jobs(sandbox)) for _turn in range(5)] == [0, 0, 0, 0, 1]
    sources = [sandbox.call("smc", "DescribeSourceServers") for _turn in range(3)]
    ids = [[row["SourceId"] for row in page["SourceServers"]["SourceServer"]] for page in sources]
    assert ids[1] == [ids[0][0], *ids[0]]
    assert ids[2] == ids[0]
    sandbox.call("smc", "StartReplicationJob", JobId=job_id)
    assert ended(sandbox)["Status"] == "Finished"
    assert [len(images(sandbox)) for _turn in range(3)] == [0, 0, 1]


@shows("06-status-goes-backwards")
def progress_drops_once(sandbox: Any) -> None:
    job_id = started(sandbox)
    assert ended(sandbox)["Status"] == "Finished"
    steps = [step["state"] for step in timeline(sandbox, job_id)]
    assert steps.count("Running/Syncing") == 2
    assert steps.index("Running/Processing") < len(steps) - 1 - steps[::-1].index("Running/Syncing")
    assert len(images(sandbox)) == 1


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


@shows("13-export-refused")
def the_third_export_is_taken(sandbox: Any) -> None:
    params = export_params(image(sandbox))
    seen = [refusal(sandbox, "ecs", "ExportImage", **params) for _turn in range(2)]
    assert seen == [(403, "ConcurrentQuotaExceed.ExportImage")] * 2
    assert sandbox.call("ecs", "ExportImage", **params)["TaskId"]


@shows("13-export-quota-of-the-week")
def the_week_is_used_up(sandbox: Any) -> None:
    assert refusal(sandbox, "ecs", "ExportImage", **export_params("m-x")) == (403, "WeeklyQuotaExceed.ExportImage")


@shows("14-export-fails")
def a_task_fails_with_its_code(sandbox: Any) -> None:
    shown = exported(sandbox)
    assert shown["TaskStatus"] == "Failed"
    assert shown["OperationProgressSet"]["OperationProgress"][0]["ErrorCode"] == "ExportImageFailed"


@shows("14-export-stuck")
def a_task_is_unknown_then_stays_at_87(sandbox: Any) -> None:
    task_id = sandbox.call("ecs", "ExportImage", **export_params(image(sandbox)))["TaskId"]
    seen = [refusal(sandbox, "ecs", "DescribeTaskAttribute", TaskId=task_id) for _turn in range(2)]
    assert seen == [(404, "InvalidTaskId.NotFound")] * 2
    sandbox.until(lambda: task(sandbox, task_id)["TaskProcess"] == "87%")
    sandbox.advance(30)
    assert task(sandbox, task_id)["TaskStatus"] == "Processing"
    sandbox.advance(60)
    sandbox.until(lambda: task(sandbox, task_id)["TaskStatus"] == "Finished")


@shows("15-object-missing")
def a_named_object_is_missing(sandbox: Any) -> None:
    assert oss_refusal(sandbox, "get_object", keys_of(exported(sandbox))[0]) == (404, "NoSuchKey")


@shows("15-object-empty")
def a_named_object_is_empty(sandbox: Any) -> None:
    assert bucket(sandbox).head_object(keys_of(exported(sandbox))[0]).content_length == 0


@shows("15-object-cut-off")
def an_import_of_half_an_object_fails(sandbox: Any) -> None:
    assert imported(sandbox)["Status"] == "Upload_failed"


@shows("15-object-of-another-format")
def a_named_object_is_a_vhd(sandbox: Any) -> None:
    assert bucket(sandbox).get_object(keys_of(exported(sandbox))[0]).read()[:8] == b"conectix"


@shows("15-disk-not-exported")
def two_of_three_disks(sandbox: Any) -> None:
    shown = exported(sandbox, DB_SOURCE)
    assert len(keys_of(shown)) == 2
    assert [row.key for row in oss2.ObjectIterator(bucket(sandbox))] == sorted(keys_of(shown))


@shows("16-oss-trouble")
def oss_hiccups(sandbox: Any) -> None:
    oss = bucket(sandbox)
    with pytest.raises(oss2.exceptions.RequestError):
        oss.put_object("k", b"content" * 1000)
    assert oss_refusal(sandbox, "list_objects_v2") == (503, "ServiceUnavailable")
    with pytest.raises(oss2.exceptions.ServerError) as page_2:
        oss.list_objects_v2(continuation_token="aw==")
    assert (page_2.value.status, page_2.value.code) == (503, "InternalError")
    with pytest.raises(Exception, match=r"no element found|unclosed token|mismatched"):
        oss.list_objects_v2()
    with pytest.raises(oss2.exceptions.InconsistentError):
        oss.get_object_to_file("k", os.devnull)
    with pytest.raises((requests.RequestException, oss2.exceptions.RequestError, oss2.exceptions.InconsistentError)):
        oss.get_object("k").read()
    assert oss_refusal(sandbox, "head_object", "k")[0] == 502
    assert oss.get_object("k").read() == b"content" * 1000
    with pytest.raises(oss2.exceptions.RequestError):
        oss.batch_delete_objects(["k"])
    assert not oss.object_exists("k")


@shows("16-oss-no-such-bucket")
def the_bucket_is_gone(sandbox: Any) -> None:
    assert oss_refusal(sandbox, "put_object", "k", b"") == (404, "NoSuchBucket")


@shows("16-oss-access-denied")
def objects_may_not_be_looked_at(sandbox: Any) -> None:
    bucket(sandbox).put_object("k", b"")
    assert oss_refusal(sandbox, "head_object", "k") == (403, "AccessDenied")


@shows("16-oss-signature")
def no_signature_is_right(sandbox: Any) -> None:
    assert oss_refusal(sandbox, "list_objects_v2") == (403, "SignatureDoesNotMatch")


@shows("16-oss-token-expired")
def the_token_of_oss_has_expired(sandbox: Any) -> None:
    assert oss_refusal(sandbox, "put_object", "k", b"") == (403, "SecurityTokenExpired")


@shows("17-deleting-objects")
def half_a_deletion_and_a_crowd(sandbox: Any) -> None:
    oss = bucket(sandbox)
    assert exported(sandbox)["TaskStatus"] == "Finished"
    page = oss.list_objects_v2("el1", max_keys=1000)
    assert (len(page.object_list), page.is_truncated) == (1000, True)
    for key in "abc":
        oss.put_object(key, b"")
    assert oss.batch_delete_objects(["a", "b", "c"]).deleted_keys == ["a", "b"]
    assert oss.object_exists("c")


@shows("18-import-refused")
def no_import_is_taken(sandbox: Any) -> None:
    assert refusal(sandbox, "ens", "ImportImage", **import_params("k")) == (400, "CallInterface")
    assert ens_images(sandbox) == []


@shows("18-import-name-taken")
def the_name_exists(sandbox: Any) -> None:
    assert refusal(sandbox, "ens", "ImportImage", **import_params("k")) == (
        400, "InvalidParameter.ImageName.Duplicate")


@shows("18-import-fails")
def an_import_ends_upload_failed(sandbox: Any) -> None:
    assert imported(sandbox)["Status"] == "Upload_failed"


@shows("18-import-unavailable")
def an_image_becomes_unavailable(sandbox: Any) -> None:
    assert imported(sandbox)["Status"] == "Unavailable"


@shows("18-import-stuck")
def an_image_with_a_similar_name_comes_first(sandbox: Any) -> None:
    key = keys_of(exported(sandbox))[0]
    sandbox.call("ens", "ImportImage", **import_params(key))
    found = sandbox.call("ens", "DescribeSelfImages", ImageName="ens-image")["Images"]["Image"]
    assert [row["ImageName"] for row in found] == ["ens-image-2", "ens-image"]
    sandbox.advance(30)
    assert ens_images(sandbox)[1]["Status"] == "Creating"
    sandbox.advance(60)
    sandbox.until(lambda: ens_images(sandbox)[1]["Status"] == "Available")


@shows("19-token-expires")
def a_token_that_was_good_is_not(sandbox: Any) -> None:
    role = "acs:ram::1234567890123456:role/AliyunServiceRoleForSMC"
    keys = sandbox.call("sts", "AssumeRole", RoleArn=role, RoleSessionName="session")["Credentials"]
    client = sandbox.client(keys["AccessKeyId"], keys["AccessKeySecret"], keys["SecurityToken"])
    sandbox.call("smc", "DescribeSourceServers", client=client)
    started(sandbox)
    assert ended(sandbox)["Status"] == "Finished"
    assert refusal(sandbox, "smc", "DescribeSourceServers", client=client) == (400, "InvalidSecurityToken.Expired")


@shows("20-clock-skew")
def the_clock_is_wrong(sandbox: Any) -> None:
    assert refusal(sandbox, "smc", "DescribeSourceServers") == (400, "InvalidTimeStamp.Expired")
    assert oss_refusal(sandbox, "list_objects_v2") == (403, "RequestTimeTooSkewed")


@shows("21-controller-killed")
def an_answer_is_held_after_its_effect(sandbox: Any) -> None:
    lost(sandbox, "smc", "CreateReplicationJob", **job_params())
    assert len(jobs(sandbox)) == 1


@shows("22-two-controllers")
def a_call_is_held_before_its_effect(sandbox: Any) -> None:
    begun = time.monotonic()
    create(sandbox)
    assert time.monotonic() - begun >= 0.05


@shows("23-cleanup-fails")
def deletions_fail_or_their_answers_are_lost(sandbox: Any) -> None:
    assert refusal(sandbox, "ecs", "DeleteImage", ImageId=image(sandbox)) == (403, "Forbidden.RAM")
    assert len(images(sandbox)) == 1
    oss = bucket(sandbox)
    oss.put_object("k", b"")
    with pytest.raises(oss2.exceptions.RequestError):
        oss.delete_object("k")
    assert not oss.object_exists("k")


@shows("24-delivered-twice")
def the_second_delivery_is_refused_and_has_no_effect(sandbox: Any) -> None:
    params = job_params()
    params.pop("ClientToken")
    assert refusal(sandbox, "smc", "CreateReplicationJob", **params) == (400, "SignatureNonceUsed")
    assert len(jobs(sandbox)) == 1
