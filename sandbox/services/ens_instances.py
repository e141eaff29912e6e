# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS instances, booted from the account's images or from public ones (facts 4.3)."""

from __future__ import annotations

from typing import Any

from sandbox.contracts.check import missing
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row

from .call import Call, Handler, listed, named, page, tags_of
from .ens_catalog import PUBLIC_IMAGES, checked_node, checked_type

_LOGINS = ("Password", "KeyPairName", "PasswordInherit")


def run(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Create instances. Without ClientToken, a second call creates more of them (trap 4)."""
    params = call.params
    node = checked_node(cloud, params["EnsRegionId"])
    cpu, memory = checked_type(cloud, params["InstanceType"])
    if not any(params.get(name) for name in _LOGINS):
        raise missing("Password")
    disk = _disk_size(cloud, params)
    tags, now = tags_of(params), cloud.clock.time()
    made = []
    for number in range(1, params["Amount"] + 1):
        instance_id = cloud.new_id("i-", of=params["ImageId"])
        name = params.get("InstanceName", instance_id)
        if params.get("UniqueSuffix"):
            name = f"{name}{number:03}"
        cloud.ens_instances.add(
            {"id": instance_id, "name": name, "host_name": params.get("HostName", instance_id), "state": "Creating",
             "since": now, "created": now, "node": node, "image_id": params["ImageId"],
             "instance_type": params["InstanceType"], "cpu": cpu, "memory": memory, "disk": disk,
             "protected": params.get("DeletionProtection", False), "tags": tags}
        )
        cloud.meter.start("ens_instance", instance_id)
        made.append(instance_id)
    return {"InstanceIds": made, "OrderId": ""}


def describe(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the instances that match."""
    params = call.params
    columns = (("state", "Status"), ("node", "EnsRegionId"), ("image_id", "ImageId"), ("id", "InstanceId"),
               ("instance_type", "InstanceType"))
    wanted = {column: params[name] for column, name in columns if name in params}
    rows = listed(cloud.ens_instances.where(**wanted), "id", params.get("InstanceIds"))
    rows = named(listed(rows, "node", params.get("EnsRegionIds")), params.get("InstanceName"))
    shown, keys = page(rows, params)
    return {"Code": 0, **keys, "Instances": {"Instance": [_view(row) for row in shown]}}


def release(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Releases an instance and stops its billing; ENS has no 404, an unknown id is refused with 400."""
    instance = cloud.ens_instances.get(call.params["InstanceId"])
    if instance is None:
        raise cloud.error("InvalidParameter.InstanceId", f"The instance {call.params['InstanceId']} does not exist.")
    if instance["protected"]:
        raise cloud.error("InvalidOperation.DeletionProtection", status=400)
    cloud.ens_instances.delete(instance["id"])
    cloud.meter.stop("ens_instance", instance["id"])
    return {}


def _disk_size(cloud: Cloud, params: dict[str, Any]) -> int:
    """GiB of the system disk: a multiple of 10 that the image fits on."""
    image_id = params["ImageId"]
    own = cloud.ens_images.get(image_id)
    if image_id not in PUBLIC_IMAGES and (own is None or own["state"] != "Available"):
        raise cloud.error("InvalidParameter.ImageId", f"There is no usable image {image_id}.")
    least = sum(disk["virtual_size"] for disk in own["disks"][:1]) / GIB if own else PUBLIC_IMAGES[image_id][1]
    given = params.get("SystemDisk", {})
    if not isinstance(given, dict) or not set(given) <= {"Size", "Category"}:
        raise cloud.error("InvalidParameter.SystemDisk", 'SystemDisk must be JSON such as {"Size": 20}.')
    size = given.get("Size", max(20, -int(-least // 10) * 10))
    if not isinstance(size, int) or size % 10 or size < least:
        raise cloud.error("InvalidParameter.SystemDisk", f"SystemDisk.Size {size}: allowed is a multiple of 10 of at "
                          f"least {least:g} GiB, the size of the image.")
    return size


def _view(row: Row) -> dict[str, Any]:
    return {
        "InstanceId": row["id"],
        "InstanceName": row["name"],
        "HostName": row["host_name"],
        "Status": row["state"],
        "EnsRegionId": row["node"],
        "ImageId": row["image_id"],
        "SpecName": row["instance_type"],
        "Cpu": str(row["cpu"]),
        "Memory": row["memory"] * 1024,
        "Disk": row["disk"],
        "SystemDisk": {"Size": row["disk"], "Category": "cloud_efficiency"},
        "DataDisk": {"DataDisk": []},
        "InnerIpAddress": {"IpAddress": []},
        "PublicIpAddress": {"IpAddress": []},
        "DeletionProtection": row["protected"],
        "CreationTime": iso(row["created"]),
        "Tags": {"Tags": [{"TagKey": key, "TagValue": value} for key, value in row["tags"].items()]},
    }


HANDLERS: dict[str, Handler] = {
    "RunInstances": run, "DescribeInstances": describe, "ReleasePostPaidInstance": release,
}
