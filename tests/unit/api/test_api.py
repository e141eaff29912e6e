# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

PAGE = {"PageNumber": "1", "PageSize": "50"}
PAGE_ECS = {"PageNumber": "1", "PageSize": "100"}
TOKENS = {"MaxResults": "100"}
ALL_STATUSES = "Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated"
STANDARD = {
    "Version", "Action", "Format", "RegionId", "Timestamp", "SignatureMethod", "SignatureType", "SignatureVersion",
    "SignatureNonce", "AccessKeyId", "Signature",
}  # fmt: skip

# What is called, the action that arrives, and exactly the parameters that arrive with it.
CALLS: list[tuple[Callable[[Any], Any], str, dict[str, str]]] = [
    (lambda c: c.smc.describe_source_servers(["s-1", "s-2"], "n", "Available"), "DescribeSourceServers",
     {"SourceId.1": "s-1", "SourceId.2": "s-2", "Name": "n", "State": "Available", **PAGE}),
    (lambda c: c.smc.describe_source_servers(), "DescribeSourceServers", PAGE),
    (lambda c: c.smc.describe_replication_jobs(job_ids=["j-1"], status="Ready"), "DescribeReplicationJobs",
     {"JobId.1": "j-1", "Status": "Ready", **PAGE}),
    (lambda c: c.smc.describe_replication_jobs(source_ids=["s-1"], name="n"), "DescribeReplicationJobs",
     {"SourceId.1": "s-1", "Name": "n", **PAGE}),
    (lambda c: c.smc.create_replication_job(
        {"SourceId": "s-1", "TargetType": "Image", "SystemDiskSize": 20, "DataDisks": [{"Index": 1, "Size": 40}],
         "Tags": [{"Key": "k", "Value": "v"}], "VpcId": None}, "token"), "CreateReplicationJob",
     {"SourceId": "s-1", "TargetType": "Image", "SystemDiskSize": "20", "DataDisk.1.Index": "1",
      "DataDisk.1.Size": "40", "Tag.1.Key": "k", "Tag.1.Value": "v", "ClientToken": "token"}),
    (lambda c: c.smc.start_replication_job("j-1"), "StartReplicationJob", {"JobId": "j-1"}),
    (lambda c: c.smc.stop_replication_job("j-1"), "StopReplicationJob", {"JobId": "j-1"}),
    (lambda c: c.smc.delete_replication_job("j-1"), "DeleteReplicationJob", {"JobId": "j-1"}),
    (lambda c: c.smc.delete_source_server("s-1", force=True), "DeleteSourceServer",
     {"SourceId": "s-1", "Force": "true"}),
    (lambda c: c.smc.modify_source_server_attribute("s-1", description="d"), "ModifySourceServerAttribute",
     {"SourceId": "s-1", "Description": "d"}),
    (lambda c: c.smc.create_access_token("n", "d", 5, 7), "CreateAccessToken",
     {"Name": "n", "Description": "d", "Count": "5", "TimeToLiveInDays": "7"}),
    (lambda c: c.smc.list_access_tokens("n"), "ListAccessTokens", {"Name": "n"}),
    (lambda c: c.smc.disable_access_token("at-1"), "DisableAccessToken", {"AccessTokenId": "at-1"}),
    (lambda c: c.smc.delete_access_token("at-1"), "DeleteAccessToken", {"AccessTokenId": "at-1"}),
    (lambda c: c.ecs.describe_images("m-1", "n"), "DescribeImages",
     {"ImageId": "m-1", "ImageName": "n", "ImageOwnerAlias": "self", "Status": ALL_STATUSES, **PAGE_ECS}),
    (lambda c: c.ecs.export_image("m-1", "b", "p", "qcow2", "r"), "ExportImage",
     {"ImageId": "m-1", "OSSBucket": "b", "OSSPrefix": "p", "ImageFormat": "qcow2", "RoleName": "r"}),
    (lambda c: c.ecs.export_image("m-1", "b", "p"), "ExportImage",
     {"ImageId": "m-1", "OSSBucket": "b", "OSSPrefix": "p"}),
    (lambda c: c.ecs.describe_tasks(["t-1", "t-2"]), "DescribeTasks",
     {"TaskIds": "t-1,t-2", "TaskAction": "ExportImage", **PAGE_ECS}),
    (lambda c: c.ecs.describe_tasks(resource_ids=["m-1"]), "DescribeTasks",
     {"ResourceIds.1": "m-1", "TaskAction": "ExportImage", **PAGE_ECS}),
    (lambda c: c.ecs.describe_task_attribute("t-1"), "DescribeTaskAttribute", {"TaskId": "t-1"}),
    (lambda c: c.ecs.cancel_task("t-1"), "CancelTask", {"TaskId": "t-1"}),
    (lambda c: c.ecs.delete_image("m-1"), "DeleteImage", {"ImageId": "m-1"}),
    (lambda c: c.ecs.describe_instances(["i-1", "i-2"]), "DescribeInstances",
     {"InstanceIds": '["i-1", "i-2"]', **TOKENS}),
    (lambda c: c.ecs.describe_instances(name="x*"), "DescribeInstances", {"InstanceName": "x*", **TOKENS}),
    (lambda c: c.ecs.stop_instance("i-1"), "StopInstance", {"InstanceId": "i-1", "ForceStop": "true"}),
    (lambda c: c.ecs.delete_instance("i-1"), "DeleteInstance", {"InstanceId": "i-1"}),
    (lambda c: c.ecs.tag_resources("disk", ["d-1", "d-2"], [{"Key": "a", "Value": "1"}]), "TagResources",
     {"ResourceType": "disk", "ResourceId.1": "d-1", "ResourceId.2": "d-2", "Tag.1.Key": "a", "Tag.1.Value": "1"}),
    (lambda c: c.ecs.describe_disks(["d-1"]), "DescribeDisks", {"DiskIds": '["d-1"]', **TOKENS}),
    (lambda c: c.ecs.describe_disks(instance_id="i-1"), "DescribeDisks", {"InstanceId": "i-1", **TOKENS}),
    (lambda c: c.ecs.delete_disk("d-1"), "DeleteDisk", {"DiskId": "d-1"}),
    (lambda c: c.ecs.describe_snapshots(["s-1"]), "DescribeSnapshots", {"SnapshotIds": '["s-1"]', **TOKENS}),
    (lambda c: c.ecs.delete_snapshot("s-1"), "DeleteSnapshot", {"SnapshotId": "s-1"}),
    (lambda c: c.ecs.describe_security_groups(["sg-1"]), "DescribeSecurityGroups",
     {"SecurityGroupIds": '["sg-1"]', **TOKENS}),
    (lambda c: c.ecs.describe_security_group_attribute("sg-1"), "DescribeSecurityGroupAttribute",
     {"SecurityGroupId": "sg-1"}),
    (lambda c: c.ecs.delete_security_group("sg-1"), "DeleteSecurityGroup", {"SecurityGroupId": "sg-1"}),
    (lambda c: c.ecs.describe_regions(), "DescribeRegions", {}),
    (lambda c: c.ecs.describe_zones(), "DescribeZones", {}),
    (lambda c: c.ens.import_image({"ImageName": "n", "DiskDeviceMapping": [{"OSSBucket": "b"}]}), "ImportImage",
     {"ImageName": "n", "DiskDeviceMapping": '[{"OSSBucket": "b"}]'}),
    (lambda c: c.ens.describe_self_images("m-1"), "DescribeSelfImages", {"ImageId": "m-1", **PAGE}),
    (lambda c: c.ens.delete_image("m-1"), "DeleteImage", {"ImageId": "m-1"}),
    (lambda c: c.ens.run_instances({"Amount": 1, "SystemDisk": {"Size": 20}, "PasswordInherit": True, "UserData": None,
                                    "DeletionProtection": False, "Tags": [{"Key": "k", "Value": "v"}]}), "RunInstances",
     {"Amount": "1", "SystemDisk": '{"Size": 20}', "PasswordInherit": "true", "DeletionProtection": "false",
      "Tag.1.Key": "k", "Tag.1.Value": "v"}),
    (lambda c: c.ens.describe_instances(["i-1"]), "DescribeInstances", {"InstanceIds": '["i-1"]', **PAGE_ECS}),
    (lambda c: c.ens.start_instance("i-1"), "StartInstance", {"InstanceId": "i-1"}),
    (lambda c: c.ens.stop_instance("i-1"), "StopInstance", {"InstanceId": "i-1", "ForceStop": "false"}),
    (lambda c: c.ens.release_instance("i-1"), "ReleasePostPaidInstance", {"InstanceId": "i-1"}),
    (lambda c: c.ens.tag_instance("i-1", [{"Key": "a", "Value": "1"}]), "TagResources",
     {"ResourceType": "instance", "ResourceId.1": "i-1", "Tag.1.Key": "a", "Tag.1.Value": "1"}),
    (lambda c: c.ens.describe_available_resource(), "DescribeAvailableResource", {}),
    (lambda c: c.ens.describe_ens_regions(), "DescribeEnsRegions", {}),
    (lambda c: c.ens.describe_price({"EnsRegionId": "n", "SystemDiskSize": 20}), "DescribePrice",
     {"EnsRegionId": "n", "SystemDisk.Size": "20"}),
    (lambda c: c.vpc.create_vpc("n", "192.168.0.0/16", "t", [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]),
     "CreateVpc", {"VpcName": "n", "CidrBlock": "192.168.0.0/16", "ClientToken": "t", "Tag.1.Key": "a",
                   "Tag.1.Value": "1", "Tag.2.Key": "b", "Tag.2.Value": "2"}),
    (lambda c: c.vpc.describe_vpcs(["vpc-1"]), "DescribeVpcs", {"VpcId": "vpc-1", **PAGE}),
    (lambda c: c.vpc.describe_vpcs(name="n"), "DescribeVpcs", {"VpcName": "n", **PAGE}),
    (lambda c: c.vpc.delete_vpc("vpc-1"), "DeleteVpc", {"VpcId": "vpc-1"}),
    (lambda c: c.vpc.create_vswitch("vpc-1", "z", "192.168.0.0/20", "n", "t"), "CreateVSwitch",
     {"VpcId": "vpc-1", "ZoneId": "z", "CidrBlock": "192.168.0.0/20", "VSwitchName": "n", "ClientToken": "t"}),
    (lambda c: c.vpc.describe_vswitches("vpc-1"), "DescribeVSwitches", {"VpcId": "vpc-1", **PAGE}),
    (lambda c: c.vpc.describe_vswitches(vswitch_ids=["vsw-1"]), "DescribeVSwitches", {"VSwitchId": "vsw-1", **PAGE}),
    (lambda c: c.vpc.delete_vswitch("vsw-1"), "DeleteVSwitch", {"VSwitchId": "vsw-1"}),
    (lambda c: c.sts.get_caller_identity(), "GetCallerIdentity", {}),
    (lambda c: c.sts.assume_role("arn", "me", 900), "AssumeRole",
     {"RoleArn": "arn", "RoleSessionName": "me", "DurationSeconds": "900"}),
    (lambda c: c.sts.assume_role("arn", "me", 900, "their-id"), "AssumeRole",
     {"RoleArn": "arn", "RoleSessionName": "me", "DurationSeconds": "900", "ExternalId": "their-id"}),
]  # fmt: skip


@pytest.mark.parametrize(("call", "action", "params"), CALLS, ids=[f"{n}-{row[1]}" for n, row in enumerate(CALLS)])
def test_every_method_makes_exactly_this_call(
    clients: Any, wire: Any, call: Callable[[Any], Any], action: str, params: dict[str, str]
) -> None:
    wire.expect(action)
    call(clients)
    sent = {name: value for name, value in wire.received[0].params.items() if name not in STANDARD}
    assert sent == params


EMPTY: list[Callable[[Any], Any]] = [
    lambda c: c.smc.describe_source_servers([]),
    lambda c: c.smc.describe_replication_jobs(job_ids=[]),
    lambda c: c.smc.describe_replication_jobs(source_ids=[]),
    lambda c: c.ecs.describe_tasks([]),
    lambda c: c.ecs.describe_tasks(resource_ids=[]),
    lambda c: c.ecs.describe_instances([]),
    lambda c: c.ecs.describe_disks([]),
    lambda c: c.ecs.describe_snapshots([]),
    lambda c: c.ecs.describe_security_groups([]),
    lambda c: c.vpc.describe_vpcs([]),
    lambda c: c.vpc.describe_vswitches(vswitch_ids=[]),
]


@pytest.mark.parametrize("call", EMPTY, ids=range(len(EMPTY)))
def test_no_ids_means_nothing_and_never_everything(clients: Any, wire: Any, call: Callable[[Any], Any]) -> None:
    assert call(clients) == []
    assert wire.names == []


def test_jobs_are_asked_for_in_lots_of_fifty_and_every_page_is_read(clients: Any, wire: Any) -> None:
    ids = [f"j-{n}" for n in range(120)]
    for start in (0, 50, 100):
        lot = [{"JobId": job, "SourceId": "s-1", "Status": "Ready"} for job in ids[start : start + 50]]
        wire.expect(
            "DescribeReplicationJobs",
            {"TotalCount": len(lot), "ReplicationJobs": {"ReplicationJob": lot}},
            **{"JobId.1": f"j-{start}", "PageNumber": "1"},
        )
    assert [row["JobId"] for row in clients.smc.describe_replication_jobs(job_ids=ids)] == ids
    assert all("JobId.51" not in request.params for request in wire.received)


def test_more_sources_than_fit_on_a_page(clients: Any, wire: Any) -> None:
    rows = [{"SourceId": f"s-{n}", "State": "Available"} for n in range(62)]
    for number, lot in ((1, rows[:50]), (2, rows[50:])):
        answer = {"TotalCount": 62, "SourceServers": {"SourceServer": lot}}
        wire.expect("DescribeSourceServers", answer, PageNumber=str(number))
    assert clients.smc.describe_source_servers() == rows


def test_instances_follow_the_next_token(clients: Any, wire: Any) -> None:
    first, second = ({"Instance": [{"InstanceId": name, "Status": "Running"}]} for name in ("i-1", "i-2"))
    wire.expect("DescribeInstances", {"NextToken": "t", "Instances": first})
    wire.expect("DescribeInstances", {"NextToken": "", "Instances": second}, NextToken="t")
    assert [row["InstanceId"] for row in clients.ecs.describe_instances(["i-1", "i-2"])] == ["i-1", "i-2"]


@pytest.mark.parametrize("key", ["TaskId", "ExportTaskId"])
def test_both_names_of_the_export_task_are_read(clients: Any, wire: Any, key: str) -> None:
    wire.expect("ExportImage", {key: "t-1"})
    assert clients.ecs.export_image("m-1", "b", "p")["TaskId"] == "t-1"


def test_ens_totals_are_strings(clients: Any, wire: Any) -> None:
    image = {"ImageId": "m-1", "Status": "Available"}
    wire.expect("DescribeSelfImages", {"Code": 0, "TotalCount": "1", "Images": {"Image": [image]}})
    assert clients.ens.describe_self_images() == [image]


ALL_ROWS: list[tuple[str, Callable[[Any], Any], tuple[str, str], dict[str, str]]] = [
    ("DescribeSourceServers", lambda c: c.smc.describe_source_servers(["s-1"]), ("SourceServers", "SourceServer"),
     {"SourceId": "s-1", "State": "Available"}),
    ("DescribeReplicationJobs", lambda c: c.smc.describe_replication_jobs(job_ids=["j-1"]),
     ("ReplicationJobs", "ReplicationJob"), {"JobId": "j-1", "SourceId": "s-1", "Status": "Ready"}),
    ("DescribeReplicationJobs", lambda c: c.smc.describe_replication_jobs(source_ids=["s-1"]),
     ("ReplicationJobs", "ReplicationJob"), {"SourceId": "s-1", "JobId": "j-1", "Status": "Ready"}),
    ("DescribeTasks", lambda c: c.ecs.describe_tasks(["t-1"]), ("TaskSet", "Task"),
     {"TaskId": "t-1", "ResourceId": "m-1", "TaskStatus": "Finished"}),
    ("DescribeTasks", lambda c: c.ecs.describe_tasks(resource_ids=["m-1"]), ("TaskSet", "Task"),
     {"ResourceId": "m-1", "TaskId": "t-1", "TaskStatus": "Finished"}),
    ("DescribeDisks", lambda c: c.ecs.describe_disks(["d-1"]), ("Disks", "Disk"), {"DiskId": "d-1"}),
    ("DescribeVpcs", lambda c: c.vpc.describe_vpcs(["vpc-1"]), ("Vpcs", "Vpc"), {"VpcId": "vpc-1"}),
    ("DescribeVSwitches", lambda c: c.vpc.describe_vswitches(vswitch_ids=["vsw-1"]), ("VSwitches", "VSwitch"),
     {"VSwitchId": "vsw-1"}),
]  # fmt: skip


@pytest.mark.parametrize(("action", "call", "path", "row"), ALL_ROWS, ids=range(len(ALL_ROWS)))
def test_rows_that_were_not_asked_for_are_left_out(
    clients: Any, wire: Any, action: str, call: Callable[[Any], Any], path: tuple[str, str], row: dict[str, str]
) -> None:
    asked = next(iter(row))
    other = {name: f"{value}-other" if name.endswith("Id") else value for name, value in row.items()}
    wire.expect(action, {"TotalCount": 2, path[0]: {path[1]: [other, row]}})
    assert call(clients) == [row]
    assert other[asked] != row[asked]


def test_the_mapping_may_be_a_json_string_already(clients: Any, wire: Any) -> None:
    text = json.dumps([{"OSSObject": "o"}])
    wire.expect("ImportImage", DiskDeviceMapping=text)
    clients.ens.import_image({"DiskDeviceMapping": text})
