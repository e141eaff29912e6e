# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""From the rows of the APIs to the facts that modules return: one name for one thing, numbers as numbers. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]
Facts = dict[str, Any]

# Facts name: API name. Order is the order in which people read them.
_SOURCE = {
    "source_id": "SourceId",
    "name": "Name",
    "description": "Description",
    "state": "State",
    "state_info": "StatusInfo",
    "error_code": "ErrorCode",
    "job_id": "JobId",
    "platform": "Platform",
    "architecture": "Architecture",
    "agent_version": "AgentVersion",
    "replication_driver": "ReplicationDriver",
    "system_disk_size": "SystemDiskSize",
    "creation_time": "CreationTime",
}
_TRANSFER = {
    "job_id": "JobId",
    "name": "Name",
    "description": "Description",
    "source_id": "SourceId",
    "region": "RegionId",
    "status": "Status",
    "business_status": "BusinessStatus",
    "progress": "Progress",
    "status_info": "StatusInfo",
    "error_code": "ErrorCode",
    "target_type": "TargetType",
    "image_id": "ImageId",
    "image_name": "ImageName",
    "instance_id": "TransitionInstanceId",
    "instance_type": "InstanceType",
    "vpc_id": "VpcId",
    "vswitch_id": "VSwitchId",
    "run_once": "RunOnce",
    "system_disk_size": "SystemDiskSize",
    "creation_time": "CreationTime",
    "start_time": "StartTime",
    "end_time": "EndTime",
    "valid_time": "ValidTime",
}
_ENS_IMAGE = {
    "image_id": "ImageId",
    "image_name": "ImageName",
    "status": "Status",
    "architecture": "Architecture",
    "platform": "Platform",
    "os_version": "OsVersion",
    "compute_type": "ComputeType",
    "region": "RegionId",
    "creation_time": "CreationTime",
}
_TOKEN = {
    "id": "AccessTokenId",
    "name": "Name",
    "description": "Description",
    "status": "Status",
    "creation_time": "CreationTime",
}
_INSTANCE = {
    "instance_id": "InstanceId",
    "instance_name": "InstanceName",
    "status": "Status",
    "instance_type": "InstanceType",
    "charge_type": "InstanceChargeType",
    "zone_id": "ZoneId",
    "creation_time": "CreationTime",
}


def _pick(row: Row, names: Mapping[str, str]) -> Facts:
    return {fact: row.get(name, "") for fact, name in names.items()}


def nested(row: Row, plural: str, singular: str) -> list[Row]:
    """Returns the rows of a double-nested list such as DataDisks.DataDisk (local cloud 3.2)."""
    return list((row.get(plural) or {}).get(singular) or [])


def number(value: Any) -> int:
    """Returns a whole number that an API gives as number or string (facts 1.6, 4.2); 0 for nothing."""
    return int(value or 0)


def tags(row: Row) -> dict[str, str]:
    """Returns the tags as a dict; ECS and VPC name the parts TagKey and TagValue in some answers."""
    rows = nested(row, "Tags", "Tag")
    return {
        str(tag.get("Key", tag.get("TagKey", ""))): str(tag.get("Value", tag.get("TagValue", "")) or "") for tag in rows
    }


def system_info(row: Row) -> Facts:
    """Returns SystemInfo, a JSON string with hostname, ipv4 and more (facts 1.5); empty when it is not readable."""
    try:
        info = json.loads(row.get("SystemInfo") or "{}")
    except ValueError:
        return {}
    return info if isinstance(info, dict) else {}


def source(row: Row) -> Facts:
    """Returns the facts of a source server; sizes in GiB."""
    info = system_info(row)
    disks = nested(row, "DataDisks", "DataDisk")
    return {
        **_pick(row, _SOURCE),
        "hostname": str(info.get("hostname", "")),
        "ipv4": str(info.get("ipv4", "")),
        "system_info": info,
        "data_disks": [
            {"index": disk.get("Index"), "path": disk.get("Path", ""), "size": disk.get("Size")} for disk in disks
        ],
        "tags": tags(row),
    }


def transfer(row: Row) -> Facts:
    """Returns the facts of a replication job; sizes in GiB, progress from 0 to 100."""
    disks = nested(row, "DataDisks", "DataDisk")
    return {
        **_pick(row, _TRANSFER),
        "progress": float(row.get("Progress") or 0),
        "data_disks": [{"index": disk.get("Index"), "size": disk.get("Size")} for disk in disks],
        "tags": tags(row),
    }


def ens_image(row: Row) -> Facts:
    """Returns the facts of an ENS image; sizes in GiB."""
    disks = nested(row, "DiskDeviceMappings", "DiskDeviceMapping")
    return {
        **_pick(row, _ENS_IMAGE),
        "size": number(row.get("ImageSize")),
        "disks": [
            {"type": disk.get("Type", ""), "format": disk.get("Format", ""), "size": number(disk.get("Size"))}
            for disk in disks
        ],
    }


def access_token(row: Row) -> Facts:
    """Returns the facts of an activation code without the code, which no call shows again (facts 1.6)."""
    return {
        **_pick(row, _TOKEN),
        "count": number(row.get("Count")),
        "registered_count": number(row.get("RegisteredCount")),
        "ttl_days": number(row.get("TimeToLiveInDays")),
    }


def instance(row: Row) -> Facts:
    """Returns the facts of an ECS instance."""
    return {
        **_pick(row, _INSTANCE),
        "public_ip": [str(ip) for ip in nested(row, "PublicIpAddress", "IpAddress")],
        "private_ip": [str(ip) for ip in nested(row.get("VpcAttributes") or {}, "PrivateIpAddress", "IpAddress")],
        "security_group_ids": [str(group) for group in nested(row, "SecurityGroupIds", "SecurityGroupId")],
    }
