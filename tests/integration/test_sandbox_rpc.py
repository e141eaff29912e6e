# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a process, spoken to by the vendor's v1 SDK as it comes from PyPI."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import Any

import oss2
import pytest
import requests
from aliyunsdkcore.acs_exception.exceptions import ServerException
from support import PATIENCE
from support.documented_codes import BY_FAULT_ONLY, pairs
from support.oss_client import bucket

from sandbox.contracts import CONTRACTS, VERSIONS
from sandbox.state.clock import iso

pytestmark = pytest.mark.any_core

DAY = 86400


def refused(call: Any, *args: Any, **kwargs: Any) -> tuple[int, str]:
    """(HTTP status, code) of a call that the sandbox refuses."""
    with pytest.raises(ServerException) as caught:
        call(*args, **kwargs)
    return caught.value.get_http_status(), caught.value.get_error_code()


def job(sandbox: Any, source_id: str, name: str, **params: Any) -> str:
    """A started job for a source."""
    made = sandbox.call(
        "smc", "CreateReplicationJob", SourceId=source_id, Name=name, ImageName=f"{name}-image", SystemDiskSize=20,
        TargetType="Image", RunOnce=True, ClientToken=name, **params,
    )
    sandbox.call("smc", "StartReplicationJob", JobId=made["JobId"])
    return str(made["JobId"])


def shown_job(sandbox: Any, job_id: str) -> dict[str, Any]:
    """The job as the API shows it, {} when it is gone."""
    found = sandbox.call("smc", "DescribeReplicationJobs", JobIds=[job_id])["ReplicationJobs"]["ReplicationJob"]
    return found[0] if found else {}


def ended_job(sandbox: Any, job_id: str) -> dict[str, Any]:
    """The job once it does not run any more."""

    def look() -> dict[str, Any] | None:
        shown = shown_job(sandbox, job_id)
        return shown if shown["Status"] != "Running" else None

    return sandbox.until(look)


def exported(sandbox: Any, image_id: str, **params: Any) -> dict[str, Any]:
    """The export task of an image once it has ended."""
    task = sandbox.call("ecs", "ExportImage", ImageId=image_id, OSSBucket=sandbox.bucket, OSSPrefix="el1", **params)

    def look() -> dict[str, Any] | None:
        shown = sandbox.call("ecs", "DescribeTaskAttribute", TaskId=task["TaskId"])
        return shown if shown["TaskStatus"] != "Processing" else None

    return sandbox.until(look)


def object_keys(task: dict[str, Any]) -> list[str]:
    """The objects that an export task names."""
    related = task["OperationProgressSet"]["OperationProgress"][0]["RelatedItemSet"]["RelatedItem"]
    return [item["Value"] for item in related if item["Name"] == "OSSObject"]


def imported(sandbox: Any, keys: list[str], name: str = "web-01") -> dict[str, Any]:
    """The ENS image of some objects once its import has ended."""
    mapping = [{"OSSRegion": sandbox.region, "OSSBucket": sandbox.bucket, "OSSObject": key} for key in keys]
    made = sandbox.call(
        "ens", "ImportImage", ImageName=name, ComputeType="ens_vm", OSType="linux", Architecture="x86_64",
        ImageFormat="qcow2", TargetOSSRegionId=sandbox.region, DiskDeviceMapping=json.dumps(mapping),
    )

    def look() -> dict[str, Any] | None:
        found = sandbox.call("ens", "DescribeSelfImages", ImageId=made["ImageId"])["Images"]["Image"]
        return found[0] if found[0]["Status"] not in ("Creating", "Uploading") else None

    return sandbox.until(look)


# ---- who calls ----
def test_the_caller_is_told_who_it_is(sandbox):
    identity = sandbox.call("sts", "GetCallerIdentity")
    assert (identity["AccountId"], identity["IdentityType"]) == ("1234567890123456", "Account")


def test_an_unknown_key(sandbox):
    client = sandbox.client("LTAInobody", "secret")
    assert refused(sandbox.call, "smc", "DescribeSourceServers", client=client) == (404, "InvalidAccessKeyId.NotFound")


def test_a_wrong_secret_is_recognised_by_the_sdk_itself(sandbox):
    """The SDK only says InvalidAccessKeySecret when our string to sign equals its own."""
    client = sandbox.client(secret_key="wrong")
    for product, action in (("smc", "DescribeSourceServers"), ("ens", "DescribeSelfImages"), ("ecs", "DeleteDisk")):
        params = {"DiskId": "d-ü ~*"} if action == "DeleteDisk" else {}
        assert refused(sandbox.call, product, action, client=client, **params) == (400, "InvalidAccessKeySecret")


def test_strange_characters_survive_the_signature(sandbox):
    sandbox.call("vpc", "CreateVpc", CidrBlock="10.0.0.0/8", VpcName="ü ~*'()+/&= %41")
    assert sandbox.call("vpc", "DescribeVpcs")["Vpcs"]["Vpc"][0]["VpcName"] == "ü ~*'()+/&= %41"


@pytest.mark.sandbox_world({"credentials": {"STS.x": {"secret": "t", "token": "tok", "ttl": 60}}})
def test_sts_credentials(sandbox):
    good = sandbox.client("STS.x", "t", "tok")
    assert sandbox.call("sts", "GetCallerIdentity", client=good)["IdentityType"] == "AssumedRoleUser"
    wrong = sandbox.client("STS.x", "t", "another")
    assert refused(sandbox.call, "sts", "GetCallerIdentity", client=wrong)[1] == "InvalidSecurityToken.Malformed"
    sandbox.advance(61)
    assert refused(sandbox.call, "sts", "GetCallerIdentity", client=good) == (400, "InvalidSecurityToken.Expired")


def test_a_request_sent_twice_has_one_effect(sandbox):
    from aliyunsdkcore.auth.credentials import AccessKeyCredential
    from aliyunsdkcore.auth.signers.access_key_signer import AccessKeySigner

    request = sandbox.request("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")
    request.add_query_param("RegionId", sandbox.region)
    request.set_accept_format("JSON")
    signer = AccessKeySigner(AccessKeyCredential(sandbox.access_key, sandbox.secret_key))
    _headers, url = signer.sign(sandbox.region, request)
    answers = [requests.post(sandbox.endpoint + url, timeout=PATIENCE) for _turn in range(2)]
    assert [(answer.status_code, answer.json().get("Code")) for answer in answers] == [
        (200, None), (400, "SignatureNonceUsed")
    ]
    assert sandbox.call("vpc", "DescribeVpcs")["TotalCount"] == 1


# ---- contracts ----
def not_served(product: str) -> str:
    """An action that the vendor's SDK has and the sandbox has not."""
    version = next(version for version, name in VERSIONS.items() if name == product).replace("-", "")
    package = importlib.import_module(f"aliyunsdk{product}.request.v{version}")
    names = sorted(row.name.removesuffix("Request") for row in pkgutil.iter_modules(package.__path__))
    return next(name for name in names if name.startswith("Describe") and name not in CONTRACTS[product])


def test_unknown_parameters_and_actions_are_refused_with_their_own_mark(sandbox):
    unknown = refused(sandbox.call, "smc", "DescribeSourceServers", Colour="red")
    assert unknown == (501, "Sandbox.NotEmulated")
    for product in ("smc", "ecs"):
        assert refused(sandbox.call, product, not_served(product)) == (501, "Sandbox.NotEmulated")


@pytest.mark.sandbox_world({"sources": [{"name": f"web{n}", "disks": [{"gib": 20}]} for n in range(23)]})
def test_lists_come_in_pages_of_ten(sandbox):
    names: list[str] = []
    for number in (1, 2, 3):
        answer = sandbox.call("smc", "DescribeSourceServers", PageNumber=number)
        names += [source["Name"] for source in answer["SourceServers"]["SourceServer"]]
        assert len(names) == min(10 * number, answer["TotalCount"])
    assert len(set(names)) == 23


def test_the_location_service_names_the_sandbox(sandbox):
    """The SDK asks it for ENS, which has no endpoint data in its package (facts 6.1)."""
    from aliyunsdkcore.endpoint.location.DescribeEndpointsRequest import DescribeEndpointsRequest

    request = DescribeEndpointsRequest()
    request.set_Id(sandbox.region)
    request.set_ServiceCode("ens")
    request.set_Type("openAPI")
    request.set_endpoint(sandbox.endpoint.removeprefix("http://"))
    answer = json.loads(sandbox.client().do_action_with_exception(request))
    assert answer["Endpoints"]["Endpoint"][0]["Endpoint"] == sandbox.endpoint.removeprefix("http://")


# ---- lifecycles ----
def test_from_source_to_ens_image_and_nothing_left(sandbox):
    job_id = job(sandbox, "s-sandboxdb01", "db-01", DataDisks=[{"Index": 1, "Size": 30}, {"Index": 2, "Size": 40}])
    done = ended_job(sandbox, job_id)
    assert (done["Status"], done["Progress"], done["ErrorCode"]) == ("Finished", 100.0, "")
    task = exported(sandbox, done["ImageId"], ImageFormat="qcow2")
    keys = object_keys(task)
    assert [key.rsplit("_", 1)[1] for key in keys] == ["system.qcow2", "xvdb.qcow2", "xvdc.qcow2"]
    oss = bucket(sandbox)
    listed = [item.key for item in oss2.ObjectIteratorV2(oss, prefix=f"el1_{done['ImageId']}")]
    assert sorted(listed) == sorted(keys)
    assert oss.get_object(keys[0], byte_range=(0, 3)).read() == b"QFI\xfb"
    image = imported(sandbox, keys)
    assert (image["Status"], image["ImageSize"]) == ("Available", "20")
    disks = sandbox.get(f"images/{image['ImageId']}")["disks"]
    assert [disk["virtual_size"] // 2**30 for disk in disks] == [20, 30, 40]

    running = {entry["kind"] for entry in sandbox.get("meter")["running"]}
    assert running == {"snapshot", "oss_object"}
    snapshots = sandbox.call("ecs", "DescribeSnapshots")["Snapshots"]["Snapshot"]
    sandbox.call("ecs", "DeleteImage", ImageId=done["ImageId"])
    for snapshot in snapshots:
        sandbox.call("ecs", "DeleteSnapshot", SnapshotId=snapshot["SnapshotId"])
    oss.batch_delete_objects(keys)
    sandbox.call("smc", "DeleteReplicationJob", JobId=job_id)
    sandbox.until(lambda: not shown_job(sandbox, job_id))
    before = sandbox.get("meter")
    sandbox.advance(3600)
    after = sandbox.get("meter")
    assert before["running"] == after["running"] == []
    assert before["total_seconds"] == after["total_seconds"] > 0


def test_instance_seconds_equal_the_instances_lifetime(sandbox):
    job_id = job(sandbox, "s-sandboxweb01", "web-01")
    sandbox.until(lambda: shown_job(sandbox, job_id)["TransitionInstanceId"])
    ended_job(sandbox, job_id)
    seconds = sandbox.get("meter")["seconds"]
    # One instance; its boot disk and the one received disk live as long as it does.
    assert seconds["disk"] == pytest.approx(2 * seconds["instance"], abs=0.01)
    assert 0.5 < seconds["instance"] < 10


def test_an_object_that_was_damaged_is_not_imported(sandbox):
    done = ended_job(sandbox, job(sandbox, "s-sandboxweb01", "web-01"))
    keys = object_keys(exported(sandbox, done["ImageId"], ImageFormat="qcow2"))
    oss = bucket(sandbox)
    whole = oss.get_object(keys[0]).read()
    oss.put_object("truncated.qcow2", whole[: len(whole) // 2])
    oss.put_object("raw.qcow2", b"\0" * 1024**2)
    statuses = {name: imported(sandbox, [key], name)["Status"] for name, key in
                (("im-truncated", "truncated.qcow2"), ("im-raw", "raw.qcow2"), ("im-missing", "missing.qcow2"),
                 ("im-whole", keys[0]))}
    assert statuses == {"im-truncated": "Upload_failed", "im-raw": "Upload_failed", "im-missing": "Upload_failed",
                        "im-whole": "Available"}


def test_beijing_exports_raw_archives(sandbox):
    made = sandbox.call("smc", "CreateReplicationJob", SourceId="s-sandboxweb01", ImageName="bj-image",
                        SystemDiskSize=20, RegionId="cn-beijing")
    sandbox.call("smc", "StartReplicationJob", JobId=made["JobId"])

    def look() -> dict[str, Any] | None:
        answer = sandbox.call("smc", "DescribeReplicationJobs", JobIds=[made["JobId"]], RegionId="cn-beijing")
        found = answer["ReplicationJobs"]["ReplicationJob"][0]
        return found if found["Status"] == "Finished" else None

    assert not shown_job(sandbox, made["JobId"]), "the client's region is a filter"
    image_id = sandbox.until(look)["ImageId"]
    here = {"ImageId": image_id, "OSSBucket": "migration-images-beijing", "RegionId": "cn-beijing"}
    code = refused(sandbox.call, "ecs", "ExportImage", ImageFormat="qcow2", **here)[1]
    assert code == "InvalidImageFormat.RegionNotSupported"
    task_id = sandbox.call("ecs", "ExportImage", **here)["TaskId"]

    def export_done() -> dict[str, Any] | None:
        shown = sandbox.call("ecs", "DescribeTaskAttribute", TaskId=task_id, RegionId="cn-beijing")
        return shown if shown["TaskStatus"] == "Finished" else None

    assert [key.endswith("_system.raw.tar.gz") for key in object_keys(sandbox.until(export_done))] == [True]


@pytest.mark.sandbox_world({"job_errors": {"web-01": "Do Grub Failed"}})
def test_a_job_in_error_keeps_and_bills_its_instance_until_it_is_deleted(sandbox):
    job_id = job(sandbox, "s-sandboxweb01", "web-01")
    failed = ended_job(sandbox, job_id)
    assert (failed["Status"], failed["ErrorCode"]) == ("InError", "Do Grub Failed")
    assert "instance" in {entry["kind"] for entry in sandbox.get("meter")["running"]}
    sandbox.call("smc", "DeleteReplicationJob", JobId=job_id)
    sandbox.until(lambda: not shown_job(sandbox, job_id))
    assert sandbox.get("meter")["running"] == []


def test_an_instance_released_manually_ends_the_job(sandbox):
    sandbox.post("seed", {"sources": [{"name": "slow", "id": "s-sandboxslow1", "disks": [{"gib": 20}],
                                       "bandwidth_mbps": 0.01}]})
    job_id = job(sandbox, "s-sandboxslow1", "slow")
    sandbox.until(lambda: shown_job(sandbox, job_id)["BusinessStatus"] == "Syncing")
    instance_id = shown_job(sandbox, job_id)["TransitionInstanceId"]
    sandbox.advance(1)
    sandbox.call("ecs", "DeleteInstance", InstanceId=instance_id, Force=True)
    assert ended_job(sandbox, job_id)["ErrorCode"] == "TransitionInstance.NotFound"


@pytest.mark.sandbox_world({"profile": "realistic", "clock_rate": 0, "start": 1_800_000_000, "jitter": 0})
def test_a_frozen_clock_moves_only_on_request(sandbox):
    job_id = job(sandbox, "s-sandboxweb01", "web-01")
    assert shown_job(sandbox, job_id)["StartTime"] == iso(1_800_000_000)
    for step, seconds in (("Preparing", 179), ("Syncing", 1), ("Processing", 60)):
        sandbox.advance(seconds)
        assert shown_job(sandbox, job_id)["BusinessStatus"] == step
    sandbox.advance(600)
    sandbox.until(lambda: shown_job(sandbox, job_id)["BusinessStatus"] == "Cleaning")
    sandbox.advance(60)
    assert shown_job(sandbox, job_id)["Status"] == "Finished"


def test_a_job_expires_on_the_virtual_clock(sandbox):
    made = sandbox.call("smc", "CreateReplicationJob", SourceId="s-sandboxweb01", ImageName="web", SystemDiskSize=20,
                        Name="web")
    sandbox.advance(30 * DAY + 1)
    assert shown_job(sandbox, made["JobId"])["Status"] == "Expired"
    sandbox.advance(7 * DAY + 1)
    assert shown_job(sandbox, made["JobId"]) == {}


# ---- control ----
def test_the_request_log_tells_what_happened_and_no_secret(sandbox):
    made = sandbox.call("smc", "CreateAccessToken", Name="wave-1")
    refused(sandbox.call, "ecs", "DescribeTaskAttribute", TaskId="t-none")
    bucket(sandbox).put_object("hello", b"x")
    log = sandbox.get("requests")
    entries = [(entry["product"], entry["action"], entry["status"], entry["code"]) for entry in log["requests"]]
    assert ("smc", "CreateAccessToken", 200, "") in entries
    assert ("ecs", "DescribeTaskAttribute", 400, "InvalidTaskId.NotFound") in entries
    assert "oss" in {product for product, *_rest in entries}
    text = json.dumps(log) + json.dumps(sandbox.get("state"))
    for secret in (made["AccessTokenCode"], sandbox.secret_key, "Signature="):
        assert secret not in text
    assert sandbox.get(f"requests?since={log['next']}")["requests"] == []


def test_seed_adds_and_reset_returns_to_the_start(sandbox):
    sandbox.post("seed", "sources: [{name: extra, disks: [{gib: 20}]}]")
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 3
    sandbox.call("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")
    sandbox.post("reset")
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 2
    assert sandbox.call("vpc", "DescribeVpcs")["TotalCount"] == 0


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("seed", "sources: [{name: x}]", "the body: line 1: sources[0].disks: Field required"),
        ("seed", "[1]", "the body: line 1: the top level must be a mapping"),
        ("seed", "a: [", "the body: line 1, column 5: not valid YAML"),
        ("clock", "{}", "the body must be"),
        ("clock", '{"advance": -1}', "never goes backwards"),
        ("clock", '{"rate": "fast"}', "could not convert"),
    ],
)
def test_control_calls_say_what_is_wrong(sandbox, path, body, message):
    answer = requests.post(f"{sandbox.endpoint}/_sandbox/{path}", data=body, timeout=PATIENCE)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_calls_per_second_can_be_limited_while_it_runs(sandbox):
    sandbox.post("throttling", {"smc:DescribeSourceServers": 0})
    assert refused(sandbox.call, "smc", "DescribeSourceServers") == (400, "Throttling.User")
    assert sandbox.call("smc", "DescribeReplicationJobs")["TotalCount"] == 0
    sandbox.post("seed", {"buckets": []})
    assert sandbox.get("throttling") == {"throttling": {"smc:DescribeSourceServers": 0}}
    sandbox.post("throttling", {})
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 2
    with pytest.raises(AssertionError, match=r"account\.throttling"):
        sandbox.post("throttling", {"smc:*": "many"})


@pytest.mark.parametrize(("called", "refusal"), sorted(pairs(BY_FAULT_ONLY)))
def test_documented_refusals_that_only_a_fault_rule_produces(sandbox, called, refusal):
    (product, action), (status, code) = called.split(":"), refusal
    rule = {"match": {"product": product, "action": action}, "kind": "error", "status": status, "code": code}
    sandbox.post("faults", {"meaning": "a refusal that is documented", "faults": [rule]})
    params = {"TaskId": "t-1"} if action == "CancelTask" else {}
    assert refused(sandbox.call, product, action, **params) == refusal
