# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from support.local_cloud import START, LocalCloud

from sandbox.bytes import formats
from sandbox.state.clock import iso

IMAGE = {"ImageId": "m-unitimage0", "OSSBucket": "images-sg", "OSSPrefix": "el1234"}
ONE = {"ecs_images": [{"name": "one", "id": "m-unitimage0", "region": "ap-southeast-1", "disks": [{"gib": 20}]}]}
BEIJING = {"ecs_images": [{"name": "one", "id": "m-unitimage0", "region": "cn-beijing", "disks": [{"gib": 20}]}]}


def with_image(**changes: Any) -> dict[str, Any]:
    return {"ecs_images": [{**ONE["ecs_images"][0], **changes}]}


@pytest.fixture(autouse=True)
def quick_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """No qemu-img in unit tests: an object is its disk's format and name."""
    async def export(disk_path: Any, fmt: str, out_path: Any) -> None:
        out_path.write_text(f"{fmt} of {disk_path.name}")

    monkeypatch.setattr(formats, "export", export)


def attribute(local: LocalCloud, task_id: str, **params: Any) -> dict[str, Any]:
    return local.ok("ecs", "DescribeTaskAttribute", TaskId=task_id, **params)


def objects(answer: dict[str, Any]) -> list[str]:
    (progress,) = answer["OperationProgressSet"]["OperationProgress"]
    return [item["Value"] for item in progress["RelatedItemSet"]["RelatedItem"] if item["Name"] == "OSSObject"]


@pytest.mark.sandbox_world(with_image(disks=[{"gib": 20}, {"gib": 30}]))
def test_an_export_writes_one_object_per_disk_and_tells_their_names(local: LocalCloud) -> None:
    task_id = local.ok("ecs", "ExportImage", **IMAGE, ImageFormat="qcow2")["TaskId"]
    running = attribute(local, task_id)
    assert (running["TaskStatus"], running["SupportCancel"], running["TaskProcess"]) == ("Processing", "true", "0%")
    assert objects(running) == []
    local.advance(1)
    done = attribute(local, task_id)
    assert (done["TaskStatus"], done["TaskProcess"], done["SuccessCount"]) == ("Finished", "100%", 1)
    assert len(done["CreationTime"]) == len("2015-11-23T02:13Z")
    names = objects(done)
    assert [name.split("_", 3)[3] for name in names] == ["system.qcow2", "data_xvdb.qcow2"]
    assert all(name.startswith("el1234_m-unitimage0_") for name in names)
    assert all(local.cloud.buckets.exists("images-sg", name) for name in names)
    assert [entry["id"] for entry in local.cloud.meter.report()["running"] if entry["kind"] == "oss_object"] == [
        f"images-sg/{name}" for name in names
    ]


@pytest.mark.sandbox_world(ONE)
def test_two_exports_of_one_image_do_not_share_names(local: LocalCloud) -> None:
    first = local.ok("ecs", "ExportImage", **IMAGE)["TaskId"]
    local.advance(1)
    second = local.ok("ecs", "ExportImage", **IMAGE)["TaskId"]
    local.advance(1)
    assert not set(objects(attribute(local, first))) & set(objects(attribute(local, second)))


@pytest.mark.sandbox_world(BEIJING)
def test_beijing_exports_raw_and_nothing_else(local: LocalCloud) -> None:
    here = {**IMAGE, "OSSBucket": "images-bj", "RegionId": "cn-beijing"}
    refused = local.code("ecs", "ExportImage", **here, ImageFormat="qcow2")
    assert refused == (400, "InvalidImageFormat.RegionNotSupported")
    task_id = local.ok("ecs", "ExportImage", **here)["TaskId"]
    local.advance(1)
    assert objects(attribute(local, task_id, RegionId="cn-beijing"))[0].endswith("_system.raw.tar.gz")
    assert local.code("ecs", "DescribeTaskAttribute", TaskId=task_id) == (400, "InvalidTaskId.NotFound")


@pytest.mark.sandbox_world(
    {**ONE, "buckets": [{"name": "images-sg", "region": "ap-southeast-1"},
                        {"name": "images-bj", "region": "cn-beijing"},
                        {"name": "foreign", "region": "ap-southeast-1", "owner": "1" * 16},
                        {"name": "frozen", "region": "ap-southeast-1", "storage_class": "Archive"},
                        {"name": "colder", "region": "ap-southeast-1", "storage_class": "ColdArchive"},
                        {"name": "coldest", "region": "ap-southeast-1", "storage_class": "DeepColdArchive"},
                        {"name": "encrypted", "region": "ap-southeast-1", "encryption": "AES256"}]}
)
@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"ImageId": "m-none"}, 404, "InvalidImageId.NotFound"),
        ({"OSSPrefix": "with-dash"}, 400, "InvalidOSSPrefix.Malformed"),
        ({"OSSPrefix": "x" * 31}, 400, "InvalidOSSPrefix.Malformed"),
        ({"ImageFormat": "iso"}, 400, "InvalidImageFormat.Malformed"),
        ({"OSSBucket": "nowhere"}, 400, "InvalidOSSBucket.NotFound"),
        ({"OSSBucket": "foreign"}, 400, "InvalidOSSBucket.NotFound"),
        ({"OSSBucket": "images-bj"}, 400, "InvalidOSSBucket.NotMatched"),
        ({"OSSBucket": "frozen"}, 400, "InvalidOSSObject.NeedRestore"),
        ({"OSSBucket": "colder"}, 400, "InvalidOSSObject.NeedRestore"),
        ({"OSSBucket": "coldest"}, 400, "InvalidOSSObject.NeedRestore"),
        ({"OSSBucket": "encrypted"}, 403, "InvalidOSSBucket.EncryptUnsupported"),
        ({"RoleName": "MyRole"}, 403, "NoSetRoletoECSServiceAcount"),
        ({"DryRun": "true"}, 400, "DryRunOperation"),
        ({"OSSBucket": ""}, 400, "MissingParameter"),
    ],
)
def test_what_an_export_is_refused_for(local: LocalCloud, params: dict[str, Any], status: int, code: str) -> None:
    assert local.code("ecs", "ExportImage", **{**IMAGE, **params}) == (status, code)
    assert local.ok("ecs", "DescribeTasks")["TotalCount"] == 0


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(("IncorrectImageStatus", 400), marks=pytest.mark.sandbox_world(with_image(status="Creating"))),
        pytest.param(
            ("InvalidImageLicense.NotSupported", 403), marks=pytest.mark.sandbox_world(with_image(os_type="windows"))
        ),
        pytest.param(("ImageNotSupported", 400), marks=pytest.mark.sandbox_world(with_image(encrypted=True))),
        pytest.param(("ImageNotSupported", 403), marks=pytest.mark.sandbox_world(with_image(owner="marketplace"))),
        pytest.param(
            ("InvalidImageCategory.NotSupported", 403), marks=pytest.mark.sandbox_world(with_image(owner="others"))
        ),
        pytest.param(
            ("OperationDenied", 400),
            marks=pytest.mark.sandbox_world({**with_image(disks=[{"gib": 1}] * 2),
                                             "account": {"export_data_disks": False}}),
        ),
        pytest.param(
            ("UserNotInTheWhiteList", 403),
            marks=pytest.mark.sandbox_world({**ONE, "account": {"export_allowed": False}}),
        ),
        pytest.param(
            ("InvalidRegion.NotSupport", 400),
            marks=pytest.mark.sandbox_world({**ONE, "account": {"export_refused_regions": ["ap-southeast-1"]}}),
        ),
        pytest.param(
            ("InvalidImage.DiskAmountOrSize", 400),
            marks=pytest.mark.sandbox_world(with_image(disks=[{"gib": 20}, {"gib": 501, "content_mib": 0}])),
        ),
        pytest.param(
            ("InvalidImage.DiskAmountOrSize", 400),
            marks=pytest.mark.sandbox_world(with_image(disks=[{"gib": 20, "content_mib": 0}] * 6)),
        ),
        pytest.param(
            ("NoSetRoletoECSServiceAcount", 403), marks=pytest.mark.sandbox_world({**ONE, "account": {"roles": []}})
        ),
        pytest.param(
            ("ConcurrentQuotaExceed.ExportImage", 403),
            marks=pytest.mark.sandbox_world({**ONE, "account": {"quotas": {"export_concurrent": 0}}}),
        ),
        pytest.param(
            ("WeeklyQuotaExceed.ExportImage", 403),
            marks=pytest.mark.sandbox_world({**ONE, "account": {"quotas": {"export_weekly": 0}}}),
        ),
    ],
)
def test_images_and_accounts_that_cannot_export(local: LocalCloud, case: tuple[str, int]) -> None:
    code, status = case
    assert local.code("ecs", "ExportImage", **IMAGE) == (status, code)


@pytest.mark.sandbox_world(with_image(disks=[{"gib": 20, "content_mib": 0}] + [{"gib": 500, "content_mib": 0}] * 4))
def test_four_data_disks_of_500_gib_are_the_most(local: LocalCloud) -> None:
    local.ok("ecs", "ExportImage", **IMAGE)


@pytest.mark.sandbox_world(ONE)
def test_an_image_is_locked_while_it_is_exported_and_the_task_can_be_found(local: LocalCloud) -> None:
    task_id = local.ok("ecs", "ExportImage", **IMAGE)["TaskId"]
    assert local.code("ecs", "ExportImage", **IMAGE) == (403, "ImageIsExporting")
    assert local.code("ecs", "DeleteImage", ImageId="m-unitimage0") == (403, "ImageIsExporting")
    found = local.ok("ecs", "DescribeTasks", TaskAction="ExportImage", TaskStatus="Processing")["TaskSet"]["Task"]
    assert [(task["TaskId"], task["ResourceId"]) for task in found] == [(task_id, "m-unitimage0")]
    local.advance(1)
    local.ok("ecs", "DeleteImage", ImageId="m-unitimage0")


@pytest.mark.sandbox_world(ONE)
def test_cancel_ends_a_running_task_only(local: LocalCloud) -> None:
    task_id = local.ok("ecs", "ExportImage", **IMAGE)["TaskId"]
    local.ok("ecs", "CancelTask", TaskId=task_id)
    failed = attribute(local, task_id)
    assert (failed["TaskStatus"], failed["FailedCount"]) == ("Failed", 1)
    assert local.code("ecs", "CancelTask", TaskId=task_id) == (403, "InvalidTaskId.IncorrectTaskStatus")
    assert local.code("ecs", "CancelTask", TaskId="t-none") == (404, "InvalidTaskId.NotFound")
    local.ok("ecs", "ExportImage", **IMAGE)


@pytest.mark.sandbox_world(ONE)
def test_a_bucket_that_goes_away_fails_the_task(local: LocalCloud) -> None:
    local.work.later = True
    task_id = local.ok("ecs", "ExportImage", **IMAGE)["TaskId"]
    rows: Any = local.cloud.buckets
    del rows.rows["images-sg"]
    failed = attribute(local, task_id)
    assert failed["TaskStatus"] == "Failed"
    assert failed["OperationProgressSet"]["OperationProgress"][0]["ErrorCode"] == "InvalidOSSBucket.NotFound"


@pytest.mark.sandbox_world(
    {**ONE, "failures": [{"lifecycle": "ecs.task", "at": "Processing", "name": "one", "code": "ExportImageFailed"}]}
)
def test_a_failure_of_the_world_fails_one_export(local: LocalCloud) -> None:
    for expected in ("Failed", "Finished"):
        task_id = local.ok("ecs", "ExportImage", **IMAGE)["TaskId"]
        local.advance(1)
        ended = attribute(local, task_id)
        assert ended["TaskStatus"] == expected
        assert ended["FinishedTime"]


@pytest.mark.sandbox_world(
    {"ecs_images": [{"name": f"img-{n}", "region": "ap-southeast-1", "disks": [{"gib": 1, "content_mib": 0}],
                     "status": "Creating" if n == 0 else "Available"} for n in range(13)]}
)
def test_images_page_filter_and_show_available_ones_only(local: LocalCloud) -> None:
    answer = local.ok("ecs", "DescribeImages")
    assert (len(answer["Images"]["Image"]), answer["TotalCount"]) == (10, 12)
    assert local.ok("ecs", "DescribeImages", Status="Creating,Available")["TotalCount"] == 13
    fuzzy = local.ok("ecs", "DescribeImages", ImageName="img-1")["Images"]["Image"]
    assert [image["ImageName"] for image in fuzzy] == ["img-1", "img-10", "img-11", "img-12"]
    assert local.ok("ecs", "DescribeImages", RegionId="cn-beijing")["TotalCount"] == 0
    assert local.ok("ecs", "DescribeImages", ImageOwnerAlias="system")["TotalCount"] == 0
    assert local.code("ecs", "DescribeImages", PageSize=101) == (400, "InvalidParameter.PageSize")


@pytest.mark.sandbox_world(ONE)
def test_snapshots_outlive_their_image_and_bill(local: LocalCloud) -> None:
    (snapshot,) = local.ok("ecs", "DescribeSnapshots")["Snapshots"]["Snapshot"]
    snapshot_id = snapshot["SnapshotId"]
    assert snapshot["Usage"] == "image"
    assert local.code("ecs", "DeleteSnapshot", SnapshotId=snapshot_id) == (403, "SnapshotCreatedImage")
    local.ok("ecs", "DeleteImage", ImageId="m-unitimage0")
    local.ok("ecs", "DeleteImage", ImageId="m-unitimage0")
    assert [entry["kind"] for entry in local.cloud.meter.report()["running"]] == ["snapshot"]
    assert local.ok("ecs", "DescribeSnapshots", SnapshotIds=f'["{snapshot_id}"]')["TotalCount"] == 1
    local.ok("ecs", "DeleteSnapshot", SnapshotId=snapshot_id)
    assert local.cloud.meter.report()["running"] == []
    assert local.cloud.disk_store.ids() == []


def running_job(local: LocalCloud) -> dict[str, Any]:
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = local.started()
    local.advance(0.35)
    return local.show(job_id)


def test_an_initialising_instance_cannot_be_deleted(local: LocalCloud) -> None:
    instance_id = running_job(local)["TransitionInstanceId"]
    initialising = local.code("ecs", "DeleteInstance", InstanceId=instance_id, Force=True)
    assert initialising == (403, "IncorrectInstanceStatus.Initializing")
    local.advance(1)
    local.ok("ecs", "DeleteInstance", InstanceId=instance_id, Force=True)
    assert local.code("ecs", "DeleteInstance", InstanceId=instance_id) == (404, "InvalidInstanceId.NotFound")
    assert local.cloud.meter.report()["running"] == []


def test_an_instance_is_deleted_without_force_once_it_has_stopped(local: LocalCloud) -> None:
    instance_id = running_job(local)["TransitionInstanceId"]
    initialising = local.code("ecs", "StopInstance", InstanceId=instance_id, ForceStop=True)
    assert initialising == (403, "IncorrectInstanceStatus.Initializing")
    local.advance(1)
    assert local.code("ecs", "DeleteInstance", InstanceId=instance_id) == (403, "IncorrectInstanceStatus")
    assert local.code("ecs", "StopInstance", InstanceId=instance_id, DryRun=True) == (400, "DryRunOperation")
    local.ok("ecs", "StopInstance", InstanceId=instance_id, ForceStop=True)
    assert local.code("ecs", "StopInstance", InstanceId=instance_id) == (403, "IncorrectInstanceStatus")
    assert local.code("ecs", "DeleteInstance", InstanceId=instance_id) == (403, "IncorrectInstanceStatus")
    assert "instance" in {entry["kind"] for entry in local.cloud.meter.report()["running"]}
    local.advance(30)
    local.ok("ecs", "DeleteInstance", InstanceId=instance_id)
    assert local.code("ecs", "StopInstance", InstanceId=instance_id) == (404, "InvalidInstanceId.NotFound")


@pytest.mark.sandbox_world({"ecs_instances": [
    {"name": "db", "id": "i-unitguard01", "region": "ap-southeast-1", "deletion_protection": True},
]})
def test_a_protected_instance_can_be_stopped_and_never_deleted(local: LocalCloud) -> None:
    local.ok("ecs", "StopInstance", InstanceId="i-unitguard01")
    local.advance(30)
    for force in (False, True):
        refused = local.code("ecs", "DeleteInstance", InstanceId="i-unitguard01", Force=force)
        assert refused == (403, "InvalidOperation.DeletionProtection")


def test_every_kind_takes_tags_and_is_listed_by_them(local: LocalCloud) -> None:
    instance_id = running_job(local)["TransitionInstanceId"]
    (group,) = local.ok("ecs", "DescribeSecurityGroups")["SecurityGroups"]["SecurityGroup"]
    disk = local.ok("ecs", "DescribeDisks", InstanceId=instance_id)["Disks"]["Disk"][0]["DiskId"]
    tag = {"Tag__1__Key": "edgelift:wave", "Tag__1__Value": "w1"}
    for kind, action, rows, row, identity in (
        ("instance", "DescribeInstances", "Instances", "Instance", instance_id),
        ("disk", "DescribeDisks", "Disks", "Disk", disk),
        ("securitygroup", "DescribeSecurityGroups", "SecurityGroups", "SecurityGroup", group["SecurityGroupId"]),
    ):
        assert local.ok("ecs", action, **tag)["TotalCount"] == 0
        local.ok("ecs", "TagResources", ResourceType=kind, ResourceId__1=identity, **tag)
        (shown,) = local.ok("ecs", action, **tag)[rows][row]
        assert shown["Tags"]["Tag"] == [{"TagKey": "edgelift:wave", "TagValue": "w1"}]
    unknown = local.code("ecs", "TagResources", ResourceType="image", ResourceId__1="m-none", **tag)
    assert unknown == (400, "InvalidResourceId.NotFound")
    assert local.code("ecs", "TagResources", ResourceType="disk", ResourceId__1=disk) == (400, "MissingParameter")


def test_instances_and_disks_are_found_by_ids_and_names(local: LocalCloud) -> None:
    instance_id = running_job(local)["TransitionInstanceId"]
    assert local.ok("ecs", "DescribeInstances", InstanceName="No_Delete*")["TotalCount"] == 1
    assert local.ok("ecs", "DescribeInstances", InstanceName="No_Delete")["TotalCount"] == 0
    assert local.ok("ecs", "DescribeInstances", InstanceIds=f'["{instance_id}"]')["TotalCount"] == 1
    assert local.ok("ecs", "DescribeInstances", InstanceIds='["i-none"]')["TotalCount"] == 0
    assert local.ok("ecs", "DescribeDisks", DiskIds="[]")["TotalCount"] == 0
    assert local.ok("ecs", "DescribeDisks", DiskIds="")["TotalCount"] == 3
    assert local.ok("ecs", "DescribeDisks", DiskType="data", Status="All")["TotalCount"] == 2
    first = local.ok("ecs", "DescribeDisks", MaxResults=10)["Disks"]["Disk"][0]["DiskId"]
    assert local.code("ecs", "DeleteDisk", DiskId=first) == (403, "DiskStillAttached")
    local.ok("ecs", "DeleteDisk", DiskId="d-none")


def test_token_paging(local: LocalCloud) -> None:
    running_job(local)
    first = local.ok("ecs", "DescribeInstances", MaxResults=1)
    assert first["NextToken"] == ""
    for _turn in range(11):
        local.cloud.disks.add({**next(iter(local.cloud.disks)), "id": local.cloud.new_id("d-")})
    answer = local.ok("ecs", "DescribeDisks", MaxResults=10)
    rest = local.ok("ecs", "DescribeDisks", MaxResults=10, NextToken=answer["NextToken"])
    assert (len(answer["Disks"]["Disk"]), len(rest["Disks"]["Disk"]), rest["NextToken"]) == (10, 4, "")
    assert local.code("ecs", "DescribeDisks", NextToken="guess") == (400, "InvalidParameter.NextToken")


def test_security_groups_of_instances_stay(local: LocalCloud) -> None:
    vpc_id = running_job(local)["VpcId"]
    (group,) = local.ok("ecs", "DescribeSecurityGroups", VpcId=vpc_id)["SecurityGroups"]["SecurityGroup"]
    group_id = group["SecurityGroupId"]
    assert local.code("ecs", "DeleteSecurityGroup", SecurityGroupId=group_id) == (403, "DependencyViolation")
    assert local.code("vpc", "DeleteVpc", VpcId=vpc_id) == (403, "DependencyViolation")
    (instance,) = local.ok("ecs", "DescribeInstances")["Instances"]["Instance"]
    local.advance(100)
    local.ok("ecs", "DeleteInstance", InstanceId=instance["InstanceId"], Force="true")
    local.ok("ecs", "DeleteSecurityGroup", SecurityGroupId=group_id)
    missing = local.code("ecs", "DescribeSecurityGroupAttribute", SecurityGroupId="sg-none")
    assert missing == (404, "InvalidSecurityGroupId.NotFound")


def test_regions_and_zones(local: LocalCloud) -> None:
    regions = [region["RegionId"] for region in local.ok("ecs", "DescribeRegions")["Regions"]["Region"]]
    assert {"cn-beijing", "ap-southeast-1"} <= set(regions)
    zones = local.ok("ecs", "DescribeZones", RegionId="cn-beijing")["Zones"]["Zone"]
    assert [zone["ZoneId"] for zone in zones] == ["cn-beijing-a", "cn-beijing-b", "cn-beijing-c"]


def test_instances_are_deleted_together_or_not_at_all(local: LocalCloud) -> None:
    jobs = [local.started(number) for number in (1, 2)]
    local.advance(1)
    first, second = (local.show(job_id)["TransitionInstanceId"] for job_id in jobs)
    pair = {"InstanceId__1": first, "InstanceId__2": second}
    assert local.code("ecs", "DeleteInstances") == (400, "MissingParameter")
    assert local.code("ecs", "DeleteInstances", **pair) == (403, "IncorrectInstanceStatus")
    wrong = {**pair, "InstanceId__2": "i-nothing", "Force": True}
    assert local.code("ecs", "DeleteInstances", **wrong) == (404, "InvalidInstanceId.NotFound")
    assert local.code("ecs", "DeleteInstances", **pair, Force=True, DryRun=True) == (400, "DRYRUN.SUCCESS")
    assert local.ok("ecs", "DescribeInstances")["TotalCount"] == 2
    local.ok("ecs", "DeleteInstances", **pair, Force=True)
    assert local.ok("ecs", "DescribeInstances")["TotalCount"] == 0


def test_actions_without_region_in_the_vendors_models_need_none(local: LocalCloud) -> None:
    local.started(1)
    local.advance(1)
    (instance,) = local.ok("ecs", "DescribeInstances")["Instances"]["Instance"]
    local.ok("ecs", "DeleteInstance", InstanceId=instance["InstanceId"], Force=True, RegionId="")
    local.ok("ecs", "DeleteDisk", DiskId="d-nothing", RegionId="")
    local.ok("ecs", "DeleteSnapshot", SnapshotId="s-nothing", RegionId="")
    assert local.ok("ecs", "DescribeRegions", RegionId="")


@pytest.mark.sandbox_world({"ecs_images": [
    {"name": "web", "id": "m-unitimage00001", "region": "ap-southeast-1", "disks": [{"gib": 1}]}]})
def test_images_are_filtered_by_the_time_of_their_creation(local: LocalCloud) -> None:
    def found(key: str, value: str) -> int:
        return int(local.ok("ecs", "DescribeImages", Filter__1__Key=key, Filter__1__Value=value)["TotalCount"])

    assert (found("CreationStartTime", iso(START)), found("CreationStartTime", iso(START + 60))) == (1, 0)
    assert (found("CreationEndTime", iso(START)), found("CreationEndTime", iso(START - 60))) == (1, 0)
    for key, value, code in (("CreationEndTime", "soon", "InvalidParameter.Filter"),
                             ("Colour", "red", "InvalidParameter.Key"), ("NetworkType", "vpc", "Sandbox.NotEmulated")):
        assert local.code("ecs", "DescribeImages", Filter__1__Key=key, Filter__1__Value=value)[1] == code
