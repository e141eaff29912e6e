# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS instances, disks and snapshots: the actions that list and release leftover resources (facts 3.3)."""

from __future__ import annotations

from typing import Any

from sandbox.effects.intermediate import drop_instance
from sandbox.state.clock import iso, iso_minutes
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .call import Call, Handler, ecs_tag_list, has_tags, listed, named, token_page


def describe_instances(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the instances that match; InstanceName takes ``*``."""
    params = call.params
    columns = (("state", "Status"), ("vpc_id", "VpcId"), ("vswitch_id", "VSwitchId"), ("image_id", "ImageId"),
               ("security_group_id", "SecurityGroupId"))
    wanted = {column: params[name] for column, name in columns if name in params}
    rows = listed(cloud.instances.where(region=call.region, **wanted), "id", params.get("InstanceIds"))
    rows = [row for row in named(rows, params.get("InstanceName")) if has_tags(row, params)]
    shown, keys = token_page(rows, params)
    return {**keys, "Instances": {"Instance": [_instance(cloud, row) for row in shown]}}


def delete_instance(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Releases an instance with its disks; one that runs needs Force."""
    instance_id = call.params["InstanceId"]
    _refuse_delete(cloud, call, instance_id)
    drop_instance(cloud, instance_id)
    return {}


def stop_instance(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Stops a running instance; it stays billed (StoppedMode KeepCharging is the default)."""
    instance = _find(cloud, call, call.params["InstanceId"])
    if instance["state"] == "Pending":
        raise cloud.error("IncorrectInstanceStatus.Initializing")
    if instance["state"] != "Running":
        raise cloud.error("IncorrectInstanceStatus")
    if call.params.get("DryRun"):
        raise cloud.error("DryRunOperation")
    cloud.instances.update(instance["id"], state="Stopping", since=cloud.clock.time())
    return {}


def delete_instances(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Releases instances as DeleteInstance does, all of them or, when one is refused, none."""
    wanted = call.params["InstanceId"]
    for instance_id in wanted:
        _refuse_delete(cloud, call, instance_id)
    if call.params.get("DryRun"):
        raise cloud.error("DRYRUN.SUCCESS")
    for instance_id in wanted:
        drop_instance(cloud, instance_id)
    return {}


def describe_disks(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the disks that match; ``DiskIds=[]`` matches nothing (facts 3.3)."""
    params = call.params
    columns = (("instance_id", "InstanceId"), ("zone", "ZoneId"), ("status", "Status"), ("kind", "DiskType"))
    wanted = {column: params[name] for column, name in columns if params.get(name, "all").lower() != "all"}
    rows = listed(cloud.disks.where(region=call.region, **wanted), "id", params.get("DiskIds"))
    rows = [row for row in named(rows, params.get("DiskName")) if has_tags(row, params)]
    shown, keys = token_page(rows, params)
    return {**keys, "Disks": {"Disk": [_disk(row) for row in shown]}}


def delete_disk(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes a disk that is not attached; an unknown id is ignored."""
    disk = cloud.disks.get(call.params["DiskId"])
    if disk is None:
        return {}
    if disk["instance_id"] in cloud.instances:
        raise cloud.error("DiskStillAttached")
    cloud.disks.delete(disk["id"])
    cloud.meter.stop("disk", disk["id"])
    cloud.disk_store.delete(disk["id"])
    return {}


def describe_snapshots(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the snapshots that match."""
    params = call.params
    wanted = {"source_disk_id": params["DiskId"]} if "DiskId" in params else {}
    rows = cloud.snapshots.where(region=call.region, **wanted)
    rows = named(listed(rows, "id", params.get("SnapshotIds")), params.get("SnapshotName"))
    rows = [row for row in rows if params.get("Status", "all") in ("all", row["status"])]
    # Snapshots are made from disks that go with their instance.
    if "InstanceId" in params:
        rows = []
    shown, keys = token_page([row for row in rows if has_tags(row, params)], params)
    return {**keys, "Snapshots": {"Snapshot": [_snapshot(cloud, row) for row in shown]}}


def delete_snapshot(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes a snapshot that no image uses; an unknown id is ignored."""
    snapshot = cloud.snapshots.get(call.params["SnapshotId"])
    if snapshot is None:
        return {}
    if _users(cloud, snapshot):
        raise cloud.error("SnapshotCreatedImage")
    cloud.snapshots.delete(snapshot["id"])
    cloud.meter.stop("snapshot", snapshot["id"])
    cloud.disk_store.delete(snapshot["id"])
    return {}


def _find(cloud: Cloud, call: Call, instance_id: str) -> Row:
    instance = cloud.instances.get(instance_id)
    if instance is None or instance["region"] != (call.region or instance["region"]):
        raise cloud.error("InvalidInstanceId.NotFound", f"The specified InstanceId {instance_id} does not exist.")
    return instance


def _refuse_delete(cloud: Cloud, call: Call, instance_id: str) -> None:
    instance = _find(cloud, call, instance_id)
    if instance["state"] == "Pending":
        raise cloud.error("IncorrectInstanceStatus.Initializing")
    if instance["protected"]:
        raise cloud.error("InvalidOperation.DeletionProtection")
    if instance["state"] != "Stopped" and not call.params.get("Force"):
        raise cloud.error("IncorrectInstanceStatus")


def _users(cloud: Cloud, snapshot: Row) -> list[str]:
    return [
        image["id"] for image in cloud.images if snapshot["id"] in [disk["snapshot_id"] for disk in image["disks"]]
    ]


def _instance(cloud: Cloud, row: Row) -> dict[str, Any]:
    return {
        "InstanceId": row["id"],
        "InstanceName": row["name"],
        "Description": "",
        "HostName": row["id"],
        "Status": row["state"],
        "RegionId": row["region"],
        "ZoneId": row["zone"],
        "ImageId": row["image_id"],
        "InstanceType": row["instance_type"],
        "InstanceChargeType": "PostPaid",
        "InstanceNetworkType": "vpc",
        "OSType": "linux",
        "Cpu": 1,
        "Memory": 2048,
        "DeletionProtection": row["protected"],
        "CreationTime": iso_minutes(row["created"]),
        # An instance of the world file is in no group of this cloud.
        "SecurityGroupIds": {"SecurityGroupId": [row["security_group_id"]] if row["security_group_id"] else []},
        "PublicIpAddress": {"IpAddress": [cloud.receivers.host]},
        "VpcAttributes": {
            "VpcId": row["vpc_id"],
            "VSwitchId": row["vswitch_id"],
            "PrivateIpAddress": {"IpAddress": [row["private_ip"]]},
        },
        "Tags": ecs_tag_list(row),
    }


def _disk(row: Row) -> dict[str, Any]:
    return {
        "DiskId": row["id"],
        "DiskName": row["name"],
        "Description": "",
        "RegionId": row["region"],
        "ZoneId": row["zone"],
        "Type": row["kind"],
        "Category": "cloud_efficiency",
        "Size": row["size"],
        "Status": row["status"],
        "InstanceId": row["instance_id"],
        "Device": row["device"],
        "DeleteWithInstance": True,
        "Portable": row["kind"] == "data",
        "Encrypted": False,
        "DiskChargeType": "PostPaid",
        "CreationTime": iso(row["created"]),
        "Tags": ecs_tag_list(row),
    }


def _snapshot(cloud: Cloud, row: Row) -> dict[str, Any]:
    return {
        "SnapshotId": row["id"],
        "SnapshotName": row["name"],
        "Description": "",
        "RegionId": row["region"],
        "Status": row["status"],
        "Progress": "100%" if row["status"] == "accomplished" else "0%",
        "Available": row["status"] == "accomplished",
        "SourceDiskId": row["source_disk_id"],
        "SourceDiskSize": str(row["size"]),
        "SourceDiskType": row["kind"],
        "Encrypted": False,
        "Usage": "image" if _users(cloud, row) else "none",
        "CreationTime": iso(row["created"]),
        "Tags": ecs_tag_list(row),
    }


HANDLERS: dict[str, Handler] = {
    "DescribeInstances": describe_instances,
    "StopInstance": stop_instance,
    "DeleteInstance": delete_instance,
    "DeleteInstances": delete_instances,
    "DescribeDisks": describe_disks,
    "DeleteDisk": delete_disk,
    "DescribeSnapshots": describe_snapshots,
    "DeleteSnapshot": delete_snapshot,
}
