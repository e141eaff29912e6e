# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module, with every field of every answer removed or of another type: a result or a failure, never a traceback.

The answers are those of the API references, with all fields that this collection reads. One field is changed at a time.
"""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.gate import Gate
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import defect, ens_canary, runner
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.naming import WAVE_TAG

from .bucket import Oss
from .cloud import Cloud
from .kit import BUCKET, MIGRATION, REGION, qcow2, server

SERVER = server(1, disks=(20, 40))
MODULES = "ansible_collections.edgelift.ens_migration.plugins.modules"
REMOVED = object()
WRONG: list[Any] = [None, "many", 7, ["x"], {"x": 1}, True, ""]
WHEN = "2026-11-24T08:00:00Z"
TAGS = {"Tag": [{"Key": WAVE_TAG, "Value": MIGRATION}]}
DISKS = {"DataDisk": [{"Index": 1, "Size": 40, "Path": "/mnt"}]}


def listed(path: str, *rows: dict[str, Any]) -> dict[str, Any]:
    plural, singular = path.split(".")
    return {"RequestId": "R-1", "TotalCount": len(rows), "PageNumber": 1, plural: {singular: list(rows)}}


ANSWERS: dict[str, dict[str, Any]] = {
    "smc.DescribeSourceServers": listed("SourceServers.SourceServer", {
        "SourceId": SERVER.source_id, "Name": "web", "Description": "", "State": "Available", "StatusInfo": "",
        "ErrorCode": "", "JobId": "j-1", "Platform": "Ubuntu", "Architecture": "x86_64", "AgentVersion": "2",
        "ReplicationDriver": "SMT", "SystemDiskSize": 20, "CreationTime": WHEN, "DataDisks": DISKS, "Tags": TAGS,
        "SystemInfo": json.dumps({"hostname": "web", "ipv4": "192.0.2.1"}),
    }),
    "smc.DescribeReplicationJobs": listed("ReplicationJobs.ReplicationJob", {
        "JobId": "j-1", "Name": SERVER.job_name, "Description": "", "SourceId": SERVER.source_id, "RegionId": REGION,
        "Status": "Running", "BusinessStatus": "Syncing", "Progress": 42.5, "StatusInfo": "", "ErrorCode": "",
        "TargetType": "Image", "ImageId": "", "ImageName": SERVER.image_name, "TransitionInstanceId": "i-1",
        "InstanceType": "", "VpcId": "", "VSwitchId": "", "RunOnce": True, "SystemDiskSize": 20, "DataDisks": DISKS,
        "CreationTime": WHEN, "StartTime": WHEN, "EndTime": "", "ValidTime": WHEN, "Tags": TAGS,
    }),
    "smc.ListAccessTokens": listed("AccessTokens.AccessToken", {
        "AccessTokenId": "at-1", "Name": "code", "Description": "", "Status": "activated", "CreationTime": WHEN,
        "Count": "100", "RegisteredCount": "3", "TimeToLiveInDays": "7",
    }),
    "smc.CreateReplicationJob": {"RequestId": "R-1", "JobId": "j-1"},
    "smc.CreateAccessToken": {"RequestId": "R-1", "AccessTokenId": "at-2", "AccessTokenCode": "unit-code"},
    "ecs.DescribeImages": listed("Images.Image", {
        "ImageId": "m-1", "ImageName": SERVER.image_name, "Status": "Available", "CreationTime": WHEN,
        "ImageOwnerAlias": "self", "ProductCode": "",
        "DiskDeviceMappings": {"DiskDeviceMapping": [{"SnapshotId": "s-snap1"}, {"SnapshotId": "s-snap2"}]},
    }),
    "ecs.ExportImage": {"RequestId": "R-1", "TaskId": "t-2"},
    "ecs.DescribeTasks": listed("TaskSet.Task", {
        "TaskId": "t-1", "ResourceId": "m-1", "TaskStatus": "Finished", "CreationTime": WHEN, "FinishedTime": WHEN,
    }),
    "ecs.DescribeTaskAttribute": {
        "RequestId": "R-1", "TaskId": "t-1", "TaskStatus": "Finished",
        "OperationProgressSet": {"OperationProgress": [{
            "ErrorCode": "", "ErrorMsg": "", "RelatedItemSet": {"RelatedItem": [
                {"Name": "OSSObject", "Value": f"{SERVER.id}_m-1_system.qcow2"},
                {"Name": "OSSObject", "Value": f"{SERVER.id}_m-1_data_xvdb.qcow2"},
            ]},
        }]},
    },
    "ecs.DescribeInstances": listed("Instances.Instance", {
        "InstanceId": "i-1", "InstanceName": "No_Delete_SMC_Transition_Instance", "Status": "Running",
        "InstanceType": "ecs.t6", "InstanceChargeType": "PostPaid", "ZoneId": "z-a", "CreationTime": WHEN,
        "PublicIpAddress": {"IpAddress": ["198.51.100.1"]}, "SecurityGroupIds": {"SecurityGroupId": ["sg-1"]},
        "VpcAttributes": {
            "VpcId": "vpc-1", "VSwitchId": "vsw-1", "PrivateIpAddress": {"IpAddress": ["192.168.0.2"]},
        },
    }),
    "ecs.DescribeDisks": listed("Disks.Disk", {"DiskId": "d-1", "CreationTime": WHEN}),
    "ecs.DescribeSnapshots": listed(
        "Snapshots.Snapshot", {"SnapshotId": "s-snap1", "SourceDiskId": "d-1", "CreationTime": WHEN}
    ),
    "ecs.DescribeSecurityGroups": listed("SecurityGroups.SecurityGroup", {"SecurityGroupId": "sg-1"}),
    "ecs.DescribeSecurityGroupAttribute": {
        "RequestId": "R-1", "SecurityGroupId": "sg-1", "Permissions": {"Permission": [
            {"PortRange": "8080/8080", "IpProtocol": "TCP", "Direction": "ingress", "Policy": "Accept"},
        ]},
    },
    "ecs.DescribeZones": listed("Zones.Zone", {"ZoneId": "z-a"}),
    "ecs.DescribeAccountAttributes": listed("AccountAttributeItems.AccountAttributeItem", {
        "AttributeName": "real-name-authentication", "AttributeValues": {"ValueItem": [{"Value": "yes"}]},
    }),
    "ens.DescribeSelfImages": {**listed("Images.Image", {
        "ImageId": "m-9", "ImageName": SERVER.image_name, "Status": "Available", "Architecture": "x86_64",
        "Platform": "ubuntu", "OsVersion": "", "ComputeType": "ens_vm", "RegionId": "", "CreationTime": WHEN,
        "ImageSize": "20", "DiskDeviceMappings": {"DiskDeviceMapping": [
            {"Type": "system", "Format": "qcow2", "Size": "20"}, {"Type": "data", "Format": "qcow2", "Size": "40"},
        ]},
    }), "Code": 0},
    "ens.ImportImage": {"RequestId": "R-1", "ImageId": "m-9"},
    "vpc.DescribeVpcs": listed("Vpcs.Vpc", {
        "VpcId": "vpc-1", "VpcName": "edgelift", "CidrBlock": "192.168.0.0/16", "Status": "Available",
        "CreationTime": WHEN, "Tags": TAGS,
    }),
    "vpc.DescribeVSwitches": listed("VSwitches.VSwitch", {
        "VSwitchId": "vsw-1", "VSwitchName": "edgelift", "CidrBlock": "192.168.0.0/20", "ZoneId": "z-a",
        "Status": "Available", "CreationTime": WHEN,
    }),
    "ens.DescribeInstances": listed("Instances.Instance", {
        "InstanceId": "i-1", "InstanceName": SERVER.image_name, "Status": "Running", "ImageId": "m-1", "Cpu": "2",
        "EnsRegionId": "node", "SpecName": "ens.sn1.tiny", "Memory": 4096, "SystemDisk": {"Size": 20480},
        "DataDisk": {"DataDisk": [{"Size": 40960}]}, "InnerIpAddress": {"IpAddress": ["10.0.0.2"]},
        "PublicIpAddress": {"IpAddress": ["203.0.113.2"]}, "DeletionProtection": False, "CreationTime": WHEN,
        "Tags": {"Tags": [{"TagKey": tag["Key"], "TagValue": tag["Value"]}
                          for tag in instances.tags(MIGRATION, SERVER.host, SERVER.id, "manual", {})]},
    }),
    "ens.RunInstances": {"RequestId": "R-1", "InstanceIds": ["i-1"], "OrderId": ""},
    "ens.DescribeEnsRegions": {"RequestId": "R-1", "Code": 0, "EnsRegions": {"EnsRegions": [{"EnsRegionId": "node"}]}},
    "ens.DescribePrice": {"RequestId": "R-1", "PriceInfo": {"Price": {"Currency": "USD", "TradePrice": 14.4}}},
    "ens.DescribeAvailableResource": {"RequestId": "R-1", "Code": 0, "SupportResources": {"SupportResource": [
        {"EnsRegionId": "node", "InstanceSpec": "ens.sn1.tiny", "SupportResourcesCount": "50"}]}},
    "vpc.CreateVpc": {"RequestId": "R-1", "VpcId": "vpc-1"},
    "vpc.CreateVSwitch": {"RequestId": "R-1", "VSwitchId": "vsw-1"},
    "sts.GetCallerIdentity": {"RequestId": "R-1", "AccountId": "1234567890123456"},
    "ram.GetRole": {"RequestId": "R-1", "Role": {"AssumeRolePolicyDocument": json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com"]}}]})}},
    "ram.ListPoliciesForRole": listed("Policies.Policy", {"PolicyName": "Export", "PolicyType": "System"}),
    "ram.GetPolicy": {"RequestId": "R-1", "DefaultPolicyVersion": {"PolicyDocument": json.dumps(
        {"Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}], "Version": "1"})}},
    "bss.QueryAccountBalance": {"RequestId": "R-1", "Data": {"AvailableAmount": "10,000.00"}},
}  # fmt: skip


def changed(action: str, **values: Any) -> dict[str, dict[str, Any]]:
    """Return the answer of an action with other values in its first row."""
    answer = deepcopy(ANSWERS[action])
    rows = next(value for value in answer.values() if isinstance(value, dict))
    next(iter(rows.values()))[0].update(values)
    return {action: answer}


def none(*actions: str) -> dict[str, dict[str, Any]]:
    """Return the answers of actions that list nothing."""
    return {action: {"RequestId": "R-1", "TotalCount": 0, "NextToken": ""} for action in actions}


IDENTITY = {
    "name": MIGRATION, "host": SERVER.host, "fingerprint": SERVER.fingerprint, "source_id": SERVER.source_id,
    "disks": [{"index": disk.index, "bytes": disk.bytes} for disk in SERVER.disks],
}  # fmt: skip
WAVE = {
    "name": MIGRATION, "bucket": BUCKET,
    "servers": [{name: value for name, value in IDENTITY.items() if name != "name"}],
}  # fmt: skip
FINISHED = changed("smc.DescribeReplicationJobs", Status="Finished", ImageId="m-1", EndTime=WHEN)
IN_ERROR = changed("smc.DescribeReplicationJobs", Status="InError", ErrorCode="S-1", StatusInfo="no")
LAUNCH = {"name": MIGRATION, "host": SERVER.host, "bucket": BUCKET, "ens_region_id": "node",
          "instance_type": "ens.sn1.tiny", "password_inherit": True}  # fmt: skip
NO_IMAGE = none("ens.DescribeSelfImages")
NO_NETWORK = none("vpc.DescribeVpcs", "vpc.DescribeVSwitches")
FAILED_TASK = changed("ecs.DescribeTasks", TaskStatus="Failed")

CASES: list[tuple[str, str, dict[str, Any], dict[str, dict[str, Any]]]] = [
    ("sources", "smc_source_info", {}, {}),
    ("transfers", "smc_transfer_info", {}, {}),
    ("images", "ens_image_info", {}, {}),
    ("instances", "ens_instance_info", {"stock": True}, {}),
    ("instance, created", "ens_instance", {**LAUNCH, "state": "running"}, none("ens.DescribeInstances")),
    ("instance, stopped at the edge", "ens_instance", {**LAUNCH, "state": "stopped"}, {}),
    ("instance, released at the edge", "ens_instance", {**LAUNCH, "state": "absent"}, {}),
    ("a migration", "ens_migration_info", {"name": "wave_01", "bucket": "bucket"}, {}),
    ("account", "ens_account_info", {**WAVE, "source_images": {SERVER.host: "m-1"}}, {}),
    ("account, strict", "ens_account_info", {**WAVE, "strict": True}, {}),
    ("code, kept", "smc_access_token", {"name": "code"}, {}),
    ("code, rotated", "smc_access_token", {"name": "code", "rotate": True}, {}),
    ("code, deleted", "smc_access_token", {"name": "code", "state": "absent"}, {}),
    ("source, changed", "smc_source", {"source_id": SERVER.source_id, "name": "web-2"}, {}),
    ("source, deleted", "smc_source", {"source_id": SERVER.source_id, "state": "absent"}, FINISHED),
    ("instance", "smc_intermediate", {"job_id": "j-1"}, {}),
    ("instance, released", "smc_intermediate", {"instance_id": "i-1", "state": "absent"},
     none("smc.DescribeReplicationJobs")),
    ("network, made", "vpc_wave_network", {"name": MIGRATION, "state": "present"}, NO_NETWORK),
    ("network, given", "vpc_wave_network",
     {"name": MIGRATION, "state": "present", "vpc_id": "vpc-1", "vswitch_id": "vsw-1"}, {}),
    ("network, deleted", "vpc_wave_network", {"name": MIGRATION, "state": "absent"}, {}),
    ("copy, running", "smc_transfer", {**IDENTITY, "bucket": BUCKET}, {}),
    ("copy, created", "smc_transfer", {**IDENTITY, "bucket": BUCKET}, none("smc.DescribeReplicationJobs")),
    ("copy, failed", "smc_transfer", {**IDENTITY, "bucket": BUCKET}, IN_ERROR),
    ("export", "ecs_image_export", {**IDENTITY, "bucket": BUCKET, "image_id": "m-1"}, {}),
    ("export, failed", "ecs_image_export", {**IDENTITY, "bucket": BUCKET, "image_id": "m-1"}, FAILED_TASK),
    ("export, asked", "ecs_image_export", {**IDENTITY, "bucket": BUCKET, "image_id": "m-1"},
     none("ecs.DescribeTasks")),
    ("canary", "ens_canary", {"name": "canary", "bucket": BUCKET}, {}),
    ("import, done", "ens_image_import", {**IDENTITY, "bucket": BUCKET}, {}),
    ("wave, checked", "ens_migration", {**WAVE, "state": "checked"}, {}),
    ("wave, done", "ens_migration", WAVE, {}),
    ("wave, running", "ens_migration", WAVE, NO_IMAGE),
    ("wave, exported", "ens_migration", WAVE, {**NO_IMAGE, **FINISHED}),
    ("leftovers", "smc_cleanup", {"name": MIGRATION, "bucket": BUCKET, "state": "reported"}, IN_ERROR),
    ("cleanup", "smc_cleanup", {"name": MIGRATION, "bucket": BUCKET},
     {**IN_ERROR, **changed("ens.DescribeSelfImages", Status="Unavailable")}),
]  # fmt: skip


PLAIN = {"encryption": "", "encryption_key": ""}


class Bucket(Oss):
    """The bucket of the FAKE, with what the account check reads of it."""

    def retention(self) -> dict[str, Any]:
        return {}

    def bucket_info(self) -> dict[str, Any]:
        return {"name": BUCKET, "location": REGION, "storage_class": "Standard", "versioning": "", **PLAIN}

    def delete_key(self, key: str) -> None:
        self.delete_keys([key])

    def put_file(self, key: str, path: str, _progress: Any) -> None:
        self.put_text(key, Path(path).name)

    def overwrite_rules(self) -> list[dict[str, Any]]:
        return []


class Account:
    """A stand-in for the transport: every action has one answer, whatever it is asked for."""

    region = REGION

    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        self.answers = answers
        self.calls: Counter[str] = Counter()
        self.gate = Gate()
        self.http = SimpleNamespace(request_seconds=80.0)

    def bound(self, product: str) -> Any:
        def call(action: str, params: Any = None, repeatable: bool = False) -> dict[str, Any]:
            self.calls[f"{product}.{action}"] += 1
            assert self.calls[f"{product}.{action}"] < 50, "this loop has no end"
            return self.answers.get(f"{product}.{action}", {"RequestId": "R-1"})

        return call


class Ended(Exception):
    """What exit_json and fail_json end a module with."""


class Module:
    """A stand-in for AnsibleModule, with its defaults; ``options`` are set by the test."""

    options: dict[str, Any] = {}
    check_mode = False
    _diff = True

    def __init__(self, argument_spec: dict[str, Any], supports_check_mode: bool, **rules: Any) -> None:
        given = {name: value for name, value in self.options.items() if name in argument_spec}
        checked = ArgumentSpecValidator(argument_spec, **rules).validate({"region": REGION, **given})
        assert not checked.error_messages
        self.params, self.argument_spec = checked.validated_parameters, argument_spec

    def warn(self, text: str) -> None:
        assert text

    def exit_json(self, **result: Any) -> None:
        raise Ended(result)

    def fail_json(self, **result: Any) -> None:
        raise Ended({"failed": True, **result})


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a module on answers, and returns its result and the actions that were called."""

    def end(name: str, options: dict[str, Any], answers: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
        account, cloud = Account(answers), Cloud()
        for key, size in (("system", 20), ("data_xvdb", 40)):
            cloud.objects[f"{SERVER.id}_m-1_{key}.qcow2"] = qcow2(size)
        clients = Clients(account)  # type: ignore[arg-type]  # a test class
        bucket = Bucket(cloud)
        monkeypatch.setattr(clients, "oss", lambda _name: bucket)
        monkeypatch.setattr(runner.parent, "watch", lambda: None)
        for room in (runner, ens_canary):
            monkeypatch.setattr(room, "make_clients", lambda params: clients)
        monkeypatch.setattr(Module, "_name", name, raising=False)
        waits = {"wait": False, "wait_timeout": 0, "poll_interval": 0}
        monkeypatch.setattr(Module, "options", {**waits, **options})
        module = importlib.import_module(f"{MODULES}.{name}")
        monkeypatch.setattr(module, "AnsibleModule", Module)
        with pytest.raises(Ended) as ended:
            module.main()
        return ended.value.args[0], list(account.calls)

    return end


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every member and item."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield (*path, name)
        yield from paths(child, (*path, name))


def broken(answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the answer with one field removed or replaced, and what was done to it."""
    for number, path in enumerate(paths(answer)):
        # Each field is removed, and gets one of the other values in turn.
        for wrong in (REMOVED, WRONG[number % len(WRONG)]):
            copy = deepcopy(answer)
            parent: Any = copy
            for name in path[:-1]:
                parent = parent[name]
            if wrong is REMOVED:
                del parent[path[-1]]
            else:
                parent[path[-1]] = wrong
            yield f"{'.'.join(map(str, path))} {'removed' if wrong is REMOVED else repr(wrong)}", copy


def test_every_module_that_calls_the_cloud_is_here() -> None:
    folder = Path(runner.__file__).parents[2] / "modules"
    calling = {path.stem for path in folder.glob("*.py") if "run_module(" in path.read_text(encoding="utf-8")}
    # The module that reads objects and no answers has its hostile objects in test_digest.py.
    assert {case[1] for case in CASES} == calling - {"ecs_export_digest"}


@pytest.mark.parametrize(("name", "options", "answers"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_no_answer_ends_in_a_traceback(
    run: Any, name: str, options: dict[str, Any], answers: dict[str, dict[str, Any]]
) -> None:
    documented = {**ANSWERS, **answers}
    result, called = run(name, options, documented)
    assert result.get("error", {}).get("code") not in (defect.CODE, "Answer.Malformed"), result["msg"]
    assert called
    problems = []
    for action in called:
        for what, answer in broken(documented.get(action, {"RequestId": "R-1"})):
            result, _called = run(name, options, {**documented, action: answer})
            error = result.get("error") or {}
            if error.get("code") == defect.CODE:
                problems.append(f"{action}, {what}: {result['msg'][:200]}")
            elif error.get("code") == "Answer.Malformed":
                assert f"{action} failed: the answer does not have its documented form: " in result["msg"]
    assert not problems, "\n".join(problems[:20])
