# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of calls, credentials, clocks and controllers: rows 1 to 6, 16 and 19 to 24 of the catalogue."""

from __future__ import annotations

import os
import time
from typing import Any

import oss2
import pytest
import requests
from support.oss_client import bucket
from support.scenario import (
    create,
    ended,
    image,
    images,
    job_params,
    jobs,
    lost,
    oss_refusal,
    refusal,
    started,
    timeline,
)

from . import Checks

CHECKS = Checks()
shows = CHECKS.shows


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


@shows("16-oss-trouble")
def oss_hiccups(sandbox: Any) -> None:
    oss = bucket(sandbox)
    with pytest.raises(oss2.exceptions.RequestError):
        oss.append_object("k", 0, b"content" * 1000)
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
    assert oss_refusal(sandbox, "append_object", "k", 0, b"x") == (404, "NoSuchBucket")


@shows("16-oss-access-denied")
def objects_may_not_be_looked_at(sandbox: Any) -> None:
    bucket(sandbox).put_object("k", b"")
    assert oss_refusal(sandbox, "head_object", "k") == (403, "AccessDenied")


@shows("16-oss-signature")
def no_signature_is_right(sandbox: Any) -> None:
    assert oss_refusal(sandbox, "list_objects_v2") == (403, "SignatureDoesNotMatch")


@shows("16-oss-token-expired")
def the_token_of_oss_has_expired(sandbox: Any) -> None:
    assert oss_refusal(sandbox, "append_object", "k", 0, b"x") == (403, "SecurityTokenExpired")


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
