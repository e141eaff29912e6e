# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS instances, booted from the account's images or from public ones (facts 4.3)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from sandbox.contracts.check import missing
from sandbox.effects import ens_guest, ens_instance
from sandbox.guests.machine import NoAddressError, public_ip
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row

from .call import Call, Handler, add_tags, listed, named, page, tags_of
from .ens_catalog import PUBLIC_IMAGES, checked_node, checked_type, room

_LOGINS = ("Password", "KeyPairName", "PasswordInherit")
_SPECIAL = frozenset("()`~!@#$%^&*-_+=|{}[]:;\\\"<>,.?/")
"""The special characters of a password (ENS, CreateInstance)."""
_DISK_KEYS = {"Size", "Category", "Encrypted", "KMSKeyId"}
_EARLIEST = 3600.0
"""AutoReleaseTime is at least an hour after the call (ENS, RunInstances)."""


def run(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Create instances. Without ClientToken, a second call creates more of them (trap 4)."""
    params = call.params
    node = checked_node(cloud, params["EnsRegionId"])
    cpu, memory = checked_type(cloud, params["InstanceType"])
    _check_login(cloud, params)
    disk, data_disks = _disk_size(cloud, params), _data_disks(cloud, params)
    release_at = _release_at(cloud, params)
    if params["Amount"] > room(cloud, node):
        # Which code says this is not documented.
        raise cloud.error("ens.interface.error", f"The node {node} has no stock of {params['InstanceType']}.")
    if len(cloud.ens_instances) + params["Amount"] > cloud.settings.account.quotas.ens_instances:
        raise cloud.error("QuotaExceed", "The quota of instances is used up.")
    tags, now, boots = tags_of(params), cloud.clock.time(), ens_guest.boots(cloud, params["ImageId"])
    made = []
    for number in range(1, params["Amount"] + 1):
        instance_id = cloud.new_id("i-", of=params["ImageId"])
        name = params.get("InstanceName", instance_id)
        if params.get("UniqueSuffix"):
            name = f"{name}{number:03}"
        place = _free_place(cloud, boots)
        address = public_ip(place) if boots else f"203.0.113.{place % 250 + 1}"
        cloud.ens_instances.add(
            {"id": instance_id, "name": name, "host_name": params.get("HostName", instance_id), "state": "Creating",
             "since": now, "created": now, "node": node, "image_id": params["ImageId"],
             "instance_type": params["InstanceType"], "cpu": cpu, "memory": memory, "disk": disk,
             "data_disks": data_disks, "protected": params.get("DeletionProtection", False), "tags": tags,
             "key_pair": params.get("KeyPairName", ""), "bandwidth": params.get("InternetMaxBandwidthOut", 0),
             "place": place, "inner_ip": f"10.0.{place // 250}.{place % 250 + 1}",
             "public_ip": address if params.get("InternetMaxBandwidthOut") else "",
             "release_at": release_at, "boots": int(boots), "forced": False}
        )
        cloud.meter.start("ens_instance", instance_id)
        made.append(instance_id)
    return {"InstanceIds": made, "OrderId": ""}


def _free_place(cloud: Cloud, boots: bool) -> int:
    """Return the lowest number from 1 on that no instance has: its addresses follow from it. That of a guest must be
    free on this machine too."""
    taken = {row["place"] for row in cloud.ens_instances}
    if not boots or cloud.guests is None:
        return next(place for place in range(1, len(taken) + 2) if place not in taken)
    try:
        return cloud.guests.place(taken, len(cloud.ens_instances.where(state="Creating")))
    except NoAddressError as failed:
        # The node of the real service has no stock then.
        raise cloud.error("ens.interface.error", f"The sandbox cannot boot another instance: {failed}.") from failed


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


def start(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Start an instance that is Stopped."""
    _step(cloud, call, "Stopped", "Starting")
    return {"Code": 0}


def reboot(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Stop an instance that is Running, and start it again; it is Starting meanwhile."""
    _step(cloud, call, "Running", "Starting")
    return {"Code": 0}


def stop(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Stop an instance that is Running; it is billed as before."""
    _step(cloud, call, "Running", "Stopping")
    return {"Code": 0}


def _step(cloud: Cloud, call: Call, origin: str, to: str) -> None:
    """Bring an instance into its next state. A guest boots again after Starting; forced, its power is switched off."""
    instance = _known(cloud, call.params["InstanceId"])
    if instance["state"] != origin:
        # Which code says this is not documented.
        raise cloud.error("ens.interface.error", f"The instance {instance['id']} is {instance['state']}.")
    boots = instance["boots"] + 1 if instance["boots"] and to == "Starting" else instance["boots"]
    cloud.ens_instances.update(instance["id"], state=to, since=cloud.clock.time(), boots=boots,
                               forced=call.params.get("ForceStop") == "true")


def release(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Releases an instance and stops its billing."""
    instance = _known(cloud, call.params["InstanceId"])
    if instance["protected"]:
        raise cloud.error("InvalidOperation.DeletionProtection", status=400)
    cloud.ens_instances.delete(instance["id"])
    ens_instance.stop_billing(cloud, instance)
    return {}


def vnc_url(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Return the address of the console of an instance: its form is documented, here nothing answers there."""
    instance = _known(cloud, call.params["InstanceId"])
    if instance["state"] != "Running":
        raise cloud.error("IncorrectInstanceStatus", status=400)
    address = f"wss://vnc.invalid/websockify/?s={cloud.draws.hexadecimal(32, 'vnc', instance['id'])}"
    return {"VncUrl": quote(address, safe="")}


def tag(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Add tags to instances, or change their values."""
    return add_tags(cloud.ens_instances, call.params)


def _known(cloud: Cloud, instance_id: str) -> Row:
    """Return an instance; ENS has no 404, an unknown id is refused with 400."""
    instance = cloud.ens_instances.get(instance_id)
    if instance is None:
        raise cloud.error("InvalidParameter.InstanceId", f"The instance {instance_id} does not exist.")
    return instance


def _check_login(cloud: Cloud, params: dict[str, Any]) -> None:
    if not any(params.get(name) for name in _LOGINS):
        raise missing("Password")
    word = params.get("Password")
    if word is None:
        return
    kinds = (any("a" <= one <= "z" for one in word), any("A" <= one <= "Z" for one in word),
             any("0" <= one <= "9" for one in word), any(one in _SPECIAL for one in word))
    if not 8 <= len(word) <= 30 or sum(kinds) < 3:
        raise cloud.error("InvalidParameter.Password", "The password must have 8 to 30 characters of at least three "
                          "kinds: uppercase letters, lowercase letters, digits and special characters.")


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


def _data_disks(cloud: Cloud, params: dict[str, Any]) -> list[int]:
    """GiB of the data disks: those of the image, then empty ones. That an instance gets the data disks of its image
    without a parameter is an assumption (facts 4.3)."""
    given = params.get("DataDisk", [])
    fits = isinstance(given, list) and len(given) <= 16 and all(
        isinstance(disk, dict) and set(disk) <= _DISK_KEYS and isinstance(disk.get("Size"), int) and disk["Size"] >= 20
        for disk in given)
    if not fits:
        raise cloud.error("InvalidParameter.DataDisk", 'DataDisk must be JSON such as [{"Size": 20}].')
    own = cloud.ens_images.get(params["ImageId"])
    of_image = [-(-disk["virtual_size"] // GIB) for disk in own["disks"][1:]] if own else []
    return [*of_image, *(disk["Size"] for disk in given)]


def _release_at(cloud: Cloud, params: dict[str, Any]) -> float | None:
    """Return when ENS releases the instance, in whole minutes, None for never."""
    text = params.get("AutoReleaseTime")
    if text is None:
        return None
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ"):
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=timezone.utc, second=0).timestamp()
        except ValueError:
            continue
        # The seconds of the hour are dropped too.
        if moment >= (cloud.clock.time() + _EARLIEST) // 60 * 60:
            return moment
    raise cloud.error("InvalidParameter.AutoReleaseTime", f"AutoReleaseTime {text}: allowed is a time in UTC such as "
                      "2026-11-24T08:00:00Z, an hour from now or later.")


def _view(row: Row) -> dict[str, Any]:
    inner, public = row["inner_ip"], row["public_ip"]
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
        # Sizes of disks are in MiB, DiskSize is in GiB (facts 4.3).
        "SystemDisk": {"Size": row["disk"] * 1024, "Category": "cloud_efficiency"},
        "DataDisk": {"DataDisk": [{"Size": size * 1024, "DiskSize": size, "Category": "cloud_efficiency"}
                                  for size in row["data_disks"]]},
        "InnerIpAddress": {"IpAddress": [inner]},
        "PrivateIpAddresses": {"PrivateIpAddress": [{"Ip": inner, "GateWay": "10.0.0.253", "Isp": ""}]},
        "PublicIpAddress": {"IpAddress": [public] if public else []},
        "PublicIpAddresses": {"PublicIpAddress": [{"Ip": public, "GateWay": "203.0.113.253", "Isp": "unicom"}]
                              if public else []},
        "InternetMaxBandwidthOut": row["bandwidth"],
        "InstanceResourceType": "EnsPostPaidInstance",
        "KeyPairName": row["key_pair"],
        "AutoReleaseTime": iso(row["release_at"]) if row["release_at"] else "",
        "DeletionProtection": row["protected"],
        "CreationTime": iso(row["created"]),
        "Tags": {"Tags": [{"TagKey": key, "TagValue": value} for key, value in row["tags"].items()]},
    }


HANDLERS: dict[str, Handler] = {
    "RunInstances": run, "DescribeInstances": describe, "StartInstance": start, "StopInstance": stop,
    "RebootInstance": reboot, "ReleasePostPaidInstance": release,
    "DescribeInstanceVncUrl": vnc_url, "TagResources": tag,
}
