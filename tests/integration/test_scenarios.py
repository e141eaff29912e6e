# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each scenario file has the effect that its meaning says, seen through the vendor's own client."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException

from sandbox.faults.scenario import FOLDER, load_scenario, parse_scenario
from sandbox.world import WorldError

SOURCE = "s-sandboxweb01"


def play(sandbox: Any, name: str) -> None:
    """Put a scenario file in force."""
    sandbox.post("faults", (FOLDER / name).read_text(encoding="utf-8"))


def create(sandbox: Any, **options: Any) -> dict[str, Any]:
    """A replication job that is not started."""
    return sandbox.call("smc", "CreateReplicationJob", SourceId=SOURCE, Name="web-job", ImageName="web-image",
                        SystemDiskSize=20, TargetType="Image", RunOnce=True, ClientToken="t", **options)


def jobs(sandbox: Any) -> list[dict[str, Any]]:
    """All jobs as the API shows them."""
    return sandbox.call("smc", "DescribeReplicationJobs")["ReplicationJobs"]["ReplicationJob"]


def refusal(sandbox: Any, product: str, action: str, **params: Any) -> tuple[int, str]:
    """(HTTP status, code) of a refused call."""
    with pytest.raises(ServerException) as caught:
        sandbox.call(product, action, **params)
    return caught.value.get_http_status(), caught.value.get_error_code()


def test_01_throttling_ends_after_the_burst(sandbox: Any) -> None:
    play(sandbox, "01-throttling.yml")
    seen = [refusal(sandbox, "smc", "DescribeSourceServers") for _turn in range(4)]
    assert seen == [(400, "Throttling.User")] * 3 + [(429, "Throttling")]
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 2


def test_02_server_errors_come_before_the_effect(sandbox: Any) -> None:
    play(sandbox, "02-server-errors.yml")
    seen = [refusal(sandbox, "smc", "DescribeSourceServers") for _turn in range(3)]
    assert seen == [(500, "InternalError"), (503, "ServiceUnavailable"), (502, "SDK.UnknownServerError")]
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 2


def test_03_a_lost_answer_leaves_the_effect_and_the_token_finds_it(sandbox: Any) -> None:
    play(sandbox, "03-lost-answers.yml")
    with pytest.raises(ClientException) as caught:
        create(sandbox)
    assert caught.value.get_error_code() == "SDK.HttpError"
    assert [job["JobId"] for job in jobs(sandbox)] == [create(sandbox)["JobId"]]


def test_04_an_answer_after_the_read_timeout_leaves_the_effect(sandbox: Any) -> None:
    play(sandbox, "04-late-answers.yml")
    begun = time.monotonic()
    with pytest.raises(ClientException) as caught:
        create(sandbox)
    assert caught.value.get_error_code() == "SDK.HttpError"
    assert time.monotonic() - begun < 14
    assert len(jobs(sandbox)) == 1


@pytest.mark.parametrize(("name", "code", "again"), [
    ("07-job-fails-retry-helps.yml", "SourceServer.Offline", "Finished"),
    ("08-job-fails-for-good.yml", "InvalidAccountStatus.NotEnoughBalance", "InError"),
])
def test_07_08_failed_jobs_and_a_second_start(sandbox: Any, name: str, code: str, again: str) -> None:
    play(sandbox, name)
    job_id = create(sandbox)["JobId"]
    sandbox.call("smc", "StartReplicationJob", JobId=job_id)
    sandbox.until(lambda: jobs(sandbox)[0]["Status"] == "InError")
    assert jobs(sandbox)[0]["ErrorCode"] == code
    sandbox.call("smc", "StartReplicationJob", JobId=job_id)
    assert sandbox.until(lambda: jobs(sandbox)[0]["Status"] in ("Finished", "InError") and jobs(sandbox)[0])["Status"] \
        == again


@pytest.mark.parametrize(("name", "product", "action", "params", "expected"), [
    ("13-export-refused.yml", "ecs", "ExportImage", {"ImageId": "m-x", "OSSBucket": "migration-images"},
     (403, "ConcurrentQuotaExceed.ExportImage")),
    ("20-clock-skew.yml", "smc", "DescribeSourceServers", {}, (400, "InvalidTimeStamp.Expired")),
    ("23-cleanup-fails.yml", "ecs", "DeleteImage", {"ImageId": "m-x"}, (403, "Forbidden.RAM")),
])
def test_13_20_23_refusals(sandbox: Any, name: str, product: str, action: str, params: dict[str, Any],
                           expected: tuple[int, str]) -> None:
    play(sandbox, name)
    assert refusal(sandbox, product, action, **params) == expected


def test_nth_and_params_choose_the_call(sandbox: Any) -> None:
    sandbox.post("faults", {"meaning": "m", "faults": [
        {"match": {"params": {"PageSize": "7"}, "nth": 2}, "kind": "error", "code": "InternalError", "status": 500}]})
    sandbox.call("smc", "DescribeSourceServers")
    sandbox.call("smc", "DescribeSourceServers", PageSize=7)
    assert refusal(sandbox, "smc", "DescribeSourceServers", PageSize=7) == (500, "InternalError")
    assert [(rule["seen"], rule["hits"]) for rule in sandbox.get("faults")["faults"]] == [(2, 1)]
    sandbox.reset()
    assert sandbox.get("faults")["faults"] == []


def test_every_file_is_valid_and_a_wrong_one_names_line_and_field(sandbox: Any) -> None:
    for path in FOLDER.glob("*.yml"):
        assert load_scenario(path).meaning
    wrong = "meaning: m\nfaults:\n  - kind: error\n    code: A\n    times: none\n"
    with pytest.raises(WorldError, match=r"^x\.yml: line 5: faults\[0\]\.times: "):
        parse_scenario(wrong, "x.yml")
    answer = requests.post(f"{sandbox.endpoint}/_sandbox/faults", data=wrong, timeout=10)
    assert (answer.status_code, "line 5: faults[0].times" in answer.json()["error"]) == (400, True)
