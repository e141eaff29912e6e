# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy that a run needs, printed and put in force."""

from __future__ import annotations

import re
from typing import Any

import oss2
import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from conftest import WORLD

from sandbox.contracts import CONTRACTS
from sandbox.ram.decide import allows
from sandbox.ram.statements import Identity

pytestmark = pytest.mark.any_core


def test_a_run_tells_the_policy_that_it_needs(sandbox):
    before = sandbox.get("requests")["next"]
    sandbox.call("smc", "DescribeSourceServers")
    sandbox.call("ens", "DescribeSelfImages")
    (statement,) = sandbox.get(f"policy?since={before}")["Statement"]
    assert statement == {
        "Effect": "Allow", "Action": ["ens:DescribeSelfImages", "smc:DescribeSourceServers"], "Resource": ["*"],
    }


def bucket_of(sandbox: Any, access_key: str, secret_key: str) -> oss2.Bucket:
    auth = oss2.make_auth(access_key, secret_key, oss2.AUTH_VERSION_4)
    return oss2.Bucket(auth, sandbox.endpoint, "migration-images", region="ap-southeast-1")


def migrate(sandbox: Any, access_key: str, secret_key: str) -> str:
    """A server from SMC over ECS and OSS to ENS, and everything on the way cleaned up; the ENS image's id."""
    client = sandbox.client(access_key, secret_key)

    def call(product: str, action: str, **params: Any) -> dict[str, Any]:
        return dict(sandbox.call(product, action, client=client, **params))

    def job() -> dict[str, Any]:
        return dict(call("smc", "DescribeReplicationJobs", JobIds=[job_id])["ReplicationJobs"]["ReplicationJob"][0])

    def task() -> dict[str, Any]:
        return call("ecs", "DescribeTaskAttribute", TaskId=task_id)

    def image() -> dict[str, Any]:
        return dict(call("ens", "DescribeSelfImages", ImageId=ens_id)["Images"]["Image"][0])

    call("sts", "GetCallerIdentity")
    assert call("smc", "DescribeSourceServers")["TotalCount"] == 2
    job_id = call("smc", "CreateReplicationJob", SourceId="s-sandboxweb01", Name="web-01", ImageName="web-01",
                  SystemDiskSize=20, TargetType="Image")["JobId"]
    call("smc", "StartReplicationJob", JobId=job_id)
    sandbox.until(lambda: job()["Status"] == "Finished")
    image_id = job()["ImageId"]
    task_id = call("ecs", "ExportImage", ImageId=image_id, OSSBucket="migration-images", OSSPrefix="run",
                   ImageFormat="qcow2")["TaskId"]
    sandbox.until(lambda: task()["TaskStatus"] == "Finished")
    bucket = bucket_of(sandbox, access_key, secret_key)
    (key,) = [item.key for item in oss2.ObjectIteratorV2(bucket, prefix="run")]
    assert bucket.head_object(key).content_length > 0
    ens_id = call("ens", "ImportImage", ImageName="web-01", ComputeType="ens_vm", OSType="linux", ImageFormat="qcow2",
                  Architecture="x86_64", OSSRegion="ap-southeast-1", OSSBucket="migration-images",
                  OSSObject=key)["ImageId"]
    sandbox.until(lambda: image()["Status"] == "Available")
    bucket.batch_delete_objects([key])
    call("ecs", "DeleteImage", ImageId=image_id)
    call("smc", "DeleteReplicationJob", JobId=job_id)
    return str(ens_id)


def test_the_policy_of_a_run_lets_the_same_run_pass_and_nothing_else(sandbox):
    before = sandbox.get("requests")["next"]
    migrate(sandbox, sandbox.access_key, sandbox.secret_key)
    policy = sandbox.get(f"policy?since={before}")
    sandbox.reset({**WORLD, "identities": {"deploy": policy}, "credentials": {
        "LTAI5tSandboxAccessKey": {"secret": "SandboxAccessKeySecret0123456"},
        "LTAI5tDeploy": {"secret": "deploy-secret", "user": "deploy"},
    }})
    # Every run chooses other keys of objects; the first one cannot know them.
    names = [resource for entry in policy["Statement"] for resource in entry["Resource"] if "/run_" in resource]
    assert names, policy
    for entry in policy["Statement"]:
        entry["Resource"] = [re.sub(r"/run_.*", "/run*", resource) for resource in entry["Resource"]]
    sandbox.post("seed", {"identities": {"deploy": policy}})
    ens_id = migrate(sandbox, "LTAI5tDeploy", "deploy-secret")

    granted = {action for entry in policy["Statement"] for action in entry["Action"]}
    statements = Identity.model_validate(policy).statements
    others = [f"{product}:{name}" for product, actions in CONTRACTS.items() for name in actions
              if f"{product}:{name}" not in granted]
    assert len(others) > 30
    assert not [action for action in others if allows(statements, action, "*")]
    client = sandbox.client("LTAI5tDeploy", "deploy-secret")
    for product, action, params in (
        ("smc", "CreateAccessToken", {}), ("ecs", "DescribeInstances", {}),
        ("ecs", "DeleteInstance", {"InstanceId": "i-1"}), ("vpc", "DescribeVpcs", {}),
        ("ens", "DeleteImage", {"ImageId": ens_id}),
    ):
        with pytest.raises(ServerException) as refused:
            sandbox.call(product, action, client=client, **params)
        assert refused.value.get_error_code() in ("Forbidden.RAM", "NoPermission"), action
    bucket = bucket_of(sandbox, "LTAI5tDeploy", "deploy-secret")
    for attempt in (lambda: bucket.put_object("run-1", b"x"), lambda: bucket.head_object("another"),
                    bucket.delete_bucket, bucket.get_bucket_acl):
        with pytest.raises(oss2.exceptions.OssError) as denied:
            attempt()
        assert (denied.value.status, denied.value.code) == (403, "AccessDenied")


@pytest.mark.sandbox_world({
    "credentials": {"LTAI5tSandboxAccessKey": {"secret": "SandboxAccessKeySecret0123456", "user": "deploy"}},
    "identities": {"deploy": {"statements": [
        {"effect": "allow", "action": "oss:*", "resource": ["acs:oss:*:*:migration-images/wave-1/*"]},
        {"effect": "deny", "action": "oss:DeleteObject", "resource": "acs:oss:*:*:*/keep-*"},
    ]}},
})
def test_objects_are_told_apart_by_their_keys(sandbox):
    bucket = bucket_of(sandbox, sandbox.access_key, sandbox.secret_key)
    for key in ("wave-1/a", "wave-1/b", "wave-1/keep-c"):
        bucket.put_object(key, b"x")

    def code(attempt: Any) -> str:
        with pytest.raises(oss2.exceptions.OssError) as refused:
            attempt()
        assert refused.value.status == 403
        return str(refused.value.code)

    assert code(lambda: bucket.put_object("wave-2/a", b"x")) == "AccessDenied"
    assert code(lambda: bucket.list_objects_v2(prefix="wave-1/")) == "AccessDenied"
    assert code(lambda: bucket.copy_object("migration-images", "wave-2/a", "wave-1/d")) == "AccessDenied"
    assert code(lambda: bucket.delete_object("wave-1/keep-c")) == "AccessDenied"
    assert code(lambda: bucket.batch_delete_objects(["wave-1/a", "wave-1/keep-c"])) == "AccessDenied"
    assert bucket.batch_delete_objects(["wave-1/a", "wave-1/b"]).deleted_keys == ["wave-1/a", "wave-1/b"]
    assert bucket.get_object("wave-1/keep-c").read() == b"x"


@pytest.mark.sandbox_world({
    "credentials": {"LTAI5tSandboxAccessKey": {"secret": "SandboxAccessKeySecret0123456", "user": "deploy"}},
    "identities": {"deploy": {"statements": [
        {"effect": "allow", "action": "oss:*"}, {"effect": "deny", "action": "oss:*ObjectVersion"},
    ]}},
})
def test_a_version_is_not_its_object(sandbox):
    bucket = bucket_of(sandbox, sandbox.access_key, sandbox.secret_key)
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    version = bucket.put_object("a", b"x").versionid
    versions = oss2.models.BatchDeleteObjectVersionList([oss2.models.BatchDeleteObjectVersion("a", version)])
    for attempt in (lambda: bucket.get_object("a", params={"versionId": version}),
                    lambda: bucket.delete_object("a", params={"versionId": version}),
                    lambda: bucket.delete_object_versions(versions)):
        with pytest.raises(oss2.exceptions.AccessDenied):
            attempt()
    assert bucket.get_object("a").read() == b"x"
    bucket.batch_delete_objects(["a"])
    assert [item.versionid for item in bucket.list_object_versions().versions] == [version]
