# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Elastic Compute Service 2014-05-26: the fields that are read of its answers (docs/facts.md, 3)."""

from __future__ import annotations

from typing import Any, Final

from .reader import TAGS, Field, Table, each, flag, items, mapping, objects, required


def _snapshot_ids(value: Any) -> list[str]:
    """Return the snapshots of an image's disks; a disk without one has none yet."""
    found: list[str] = each(lambda disk: Field("SnapshotId").value(mapping(disk)))(value)
    return [snapshot for snapshot in found if snapshot]


ECS_IMAGE: Final = Table(
    "ecs.DescribeImages",
    {
        "image_id": required("ImageId"),
        "image_name": Field("ImageName"),
        "status": required("Status"),
        "creation_time": Field("CreationTime"),
        "owner": Field("ImageOwnerAlias"),
        "product_code": Field("ProductCode"),
    },
    {"snapshot_ids": Field("DiskDeviceMappings.DiskDeviceMapping", _snapshot_ids, [], inner=True), "tags": TAGS},
    page=100,
    rows="Images.Image",
    key="ImageId",
)

EXPORT: Final = Table("ecs.ExportImage", {"task_id": required("TaskId || ExportTaskId")})
"""Documents show ExportTaskId, the SDKs say TaskId."""

TASK: Final = Table(
    "ecs.DescribeTasks",
    {
        "task_id": required("TaskId"),
        "image_id": required("ResourceId"),
        "status": required("TaskStatus"),
        "creation_time": Field("CreationTime"),
        "end_time": Field("FinishedTime"),
    },
    page=100,
    rows="TaskSet.Task",
    key="TaskId",
)

TASK_DETAIL: Final = Table(
    "ecs.DescribeTaskAttribute",
    {
        "steps": objects(
            "OperationProgressSet.OperationProgress",
            code=Field("ErrorCode"),
            message=Field("ErrorMsg"),
            items=objects("RelatedItemSet.RelatedItem", name=Field("Name"), value=Field("Value")),
        )
    },
)

INSTANCE: Final = Table(
    "ecs.DescribeInstances",
    {
        "instance_id": required("InstanceId"),
        "instance_name": Field("InstanceName"),
        "status": required("Status"),
        "instance_type": Field("InstanceType"),
        "charge_type": Field("InstanceChargeType"),
        "zone_id": Field("ZoneId"),
        "creation_time": Field("CreationTime"),
        "public_ip": items("PublicIpAddress.IpAddress"),
        "private_ip": items("VpcAttributes.PrivateIpAddress.IpAddress"),
        "security_group_ids": items("SecurityGroupIds.SecurityGroupId"),
    },
    {
        "vpc_id": Field("VpcAttributes.VpcId"),
        "vswitch_id": Field("VpcAttributes.VSwitchId"),
        "protected": Field("DeletionProtection", flag, False),
        "tags": TAGS,
    },
    page=100,
    rows="Instances.Instance",
    key="InstanceId",
)

DISK: Final = Table(
    "ecs.DescribeDisks",
    {"disk_id": required("DiskId"), "creation_time": Field("CreationTime"), "instance_id": Field("InstanceId")},
    {"tags": TAGS},
    rows="Disks.Disk",
    key="DiskId",
    page=100,
)

SNAPSHOT: Final = Table(
    "ecs.DescribeSnapshots",
    {
        "snapshot_id": required("SnapshotId"),
        "disk_id": Field("SourceDiskId"),
        "creation_time": Field("CreationTime"),
    },
    {"tags": TAGS},
    page=100,
    rows="Snapshots.Snapshot",
    key="SnapshotId",
)

SECURITY_GROUP: Final = Table(
    "ecs.DescribeSecurityGroups",
    {"security_group_id": required("SecurityGroupId"), "creation_time": Field("CreationTime")},
    {"tags": TAGS},
    rows="SecurityGroups.SecurityGroup",
    key="SecurityGroupId",
    page=100,
)

SECURITY_GROUP_RULES: Final = Table(
    "ecs.DescribeSecurityGroupAttribute",
    {
        "rules": objects(
            "Permissions.Permission",
            port_range=Field("PortRange"),
            protocol=Field("IpProtocol"),
            direction=Field("Direction", default="ingress"),
            policy=Field("Policy", default="Accept"),
        )
    },
)

ZONE: Final = Table("ecs.DescribeZones", {"zone_id": required("ZoneId")}, rows="Zones.Zone", key="ZoneId")

REGION: Final = Table("ecs.DescribeRegions", {"region_id": required("RegionId")}, rows="Regions.Region", key="RegionId")

ACCOUNT_ATTRIBUTE: Final = Table(
    "ecs.DescribeAccountAttributes",
    {
        "name": required("AttributeName"),
        "values": objects("AttributeValues.ValueItem", value=Field("Value")),
    },
    rows="AccountAttributeItems.AccountAttributeItem",
    key="AttributeName",
)
