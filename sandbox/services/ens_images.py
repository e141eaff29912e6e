# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS images (facts 4)."""

from __future__ import annotations

from typing import Any

from sandbox.contracts.check import missing
from sandbox.contracts.regions import IMPORT_REGIONS
from sandbox.effects import ens_import
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row

from .call import Call, Handler, fuzzy, page


def import_image(cloud: Cloud, call: Call) -> dict[str, Any]:
    """An image in Creating; the objects are read later. Without ClientToken, a second call needs another name."""
    params, rules = call.params, cloud.settings.ens_imports
    if not rules.duplicate_names and cloud.ens_images.where(name=params["ImageName"]):
        raise cloud.error("InvalidParameter.ImageName.Duplicate", f"The image name {params['ImageName']} exists.")
    objects = _objects(cloud, params)
    if rules.oss_region != "any":
        _refuse_regions(params, objects, rules.oss_region, cloud)
    if params["ImageFormat"] not in cloud.settings.ens_accept_formats:
        allowed = ", ".join(cloud.settings.ens_accept_formats)
        raise cloud.error("InvalidParameter.ImageFormat", f"ImageFormat {params['ImageFormat']}: allowed is {allowed}.")
    for item in objects:
        _refuse_object(cloud, item)
    now = cloud.clock.time()
    image = cloud.ens_images.add(
        {"id": cloud.new_id("m-", of=params["ImageName"]),
         "name": params["ImageName"], "state": "Creating", "since": now, "created": now,
         "region": params.get("TargetOSSRegionId", objects[0]["region"]), "format": params["ImageFormat"],
         "platform": params.get("Platform", ""), "os_version": params.get("OSVersion", ""), "objects": objects,
         "disks": [], "error_code": "", "status_info": ""}
    )
    return {"ImageId": image["id"]}


def describe_self(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the account's images; ImageId and ImageName are fuzzy, paging numbers are strings (facts 4.2)."""
    rows = fuzzy(fuzzy(_listed(cloud), "id", call.params.get("ImageId")), "name", call.params.get("ImageName"))
    if "SnapshotId" in call.params:
        rows = []
    shown, keys = page(rows, call.params)
    return {
        "Code": 0,
        **{key: str(value) for key, value in keys.items()},
        "Images": {"Image": [_own_view(cloud, row) for row in shown]},
    }


def describe(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the usable images, without Status."""
    usable = [row for row in _listed(cloud) if row["state"] == "Available"]
    rows = [] if call.params.get("Status") == "unavailable" else usable
    rows = fuzzy(fuzzy(rows, "id", call.params.get("ImageId")), "name", call.params.get("ImageName"))
    shown, keys = page(rows, call.params)
    return {"Code": 0, **keys, "Images": {"Image": [_view(cloud, row) for row in shown]}}


def delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes an image; ENS has no 404, an unknown id, and one in use, is refused with 400."""
    image = cloud.ens_images.get(call.params["ImageId"])
    if image is None:
        raise cloud.error("Error.DeleteImage", f"The image {call.params['ImageId']} does not exist.")
    if cloud.ens_instances.where(image_id=image["id"]):
        raise cloud.error("Forbidden.DelerrorteImage")
    ens_import.drop(cloud, image)
    return {"Code": 0}


def _listed(cloud: Cloud) -> list[Row]:
    """The images that ENS shows by now: an imported one after its delay."""
    delay = cloud.settings.ens_imports.listing_delay
    return [row for row in cloud.ens_images if not row["objects"] or row["created"] + delay <= cloud.clock.time()]


def _objects(cloud: Cloud, params: dict[str, Any]) -> list[dict[str, str]]:
    """The objects of an import, system disk first: DiskDeviceMapping or OSSBucket + OSSObject."""
    region = params.get("OSSRegion", "")
    if "DiskDeviceMapping" in params:
        found = []
        for position, item in enumerate(params["DiskDeviceMapping"], 1):
            if not isinstance(item, dict) or not {"OSSBucket", "OSSObject"} <= set(item):
                raise cloud.error(
                    "InvalidParameter.DiskDeviceMapping", f"DiskDeviceMapping {position} needs OSSBucket and OSSObject."
                )
            unknown = set(item) - {"OSSBucket", "OSSObject", "OSSRegion"}
            if unknown:
                raise cloud.error("InvalidParameter.DiskDeviceMapping", f"unknown key {sorted(unknown)[0]}")
            found.append({"bucket": str(item["OSSBucket"]), "object": str(item["OSSObject"]),
                          "region": str(item.get("OSSRegion", region))})
        if not found:
            raise cloud.error("InvalidParameter.DiskDeviceMapping", "DiskDeviceMapping is empty.")
        if cloud.settings.ens_imports.mapping_order == "system_last":
            found = [found[-1], *found[:-1]]
        return found
    if not cloud.settings.ens_imports.single_object:
        raise missing("DiskDeviceMapping")
    for name in ("OSSBucket", "OSSObject"):
        if name not in params:
            raise missing(name)
    return [{"bucket": params["OSSBucket"], "object": params["OSSObject"], "region": region}]


def _refuse_regions(params: dict[str, Any], objects: list[dict[str, str]], only: str, cloud: Cloud) -> None:
    """Refuse each region that is given and is not the only one that ENS takes here."""
    for name, given in [("OSSRegion", item["region"]) for item in objects] + [
        ("TargetOSSRegionId", params.get("TargetOSSRegionId", ""))
    ]:
        if given and given != only:
            raise cloud.error(f"InvalidParameter.{name}", f"{name} {given}: allowed is {only}.")


def _refuse_object(cloud: Cloud, item: dict[str, str]) -> None:
    bucket = cloud.buckets.bucket(item["bucket"])
    if bucket is None:
        raise cloud.error("InvalidParameter.OSSBucket", f"The bucket {item['bucket']} does not exist.")
    # How ENS reads a bucket is not documented (facts 9.2): within the account it may, elsewhere it may not.
    if bucket["owner"] != cloud.settings.account.id or not cloud.settings.ens_imports.bucket_access:
        raise cloud.error("NoPermission", f"ENS may not read the bucket {item['bucket']}.")
    item["region"] = item["region"] or bucket["region"]
    if item["region"] != bucket["region"] or bucket["region"] not in IMPORT_REGIONS:
        raise cloud.error(
            "InvalidParameter.OSSRegion",
            f"The bucket {item['bucket']} is in {bucket['region']}, OSSRegion says {item['region']}; "
            f"images are imported from {' and '.join(IMPORT_REGIONS)} only.",
        )


def _gib(cloud: Cloud, size: int) -> str:
    """A size in GiB as ENS writes it."""
    rule = cloud.settings.ens_imports.sizes
    if rule == "rounded":
        return str(-(-size // (10 * GIB)) * 10)
    return f"{size / GIB:.1f}" if rule == "decimal" else str(size // GIB)


def _view(cloud: Cloud, image: Row) -> dict[str, Any]:
    shown = image["disks"][:1] if cloud.settings.ens_imports.sizes == "system_only" else image["disks"]
    return {
        "ImageId": image["id"],
        "ImageName": image["name"],
        "Architecture": "x86_64",
        "Platform": image["platform"],
        "ImageOwnerAlias": "self",
        "ImageSize": _gib(cloud, sum(disk["virtual_size"] for disk in image["disks"][:1])),
        "SnapshotId": "",
        "RegionId": image["region"],
        "CreationTime": iso(image["created"]),
        "DiskDeviceMappings": {
            "DiskDeviceMapping": [
                {"Format": disk["format"], "Size": _gib(cloud, disk["virtual_size"]),
                 "Type": "data" if disk["index"] else "system", "imageId": image["id"]}
                for disk in shown
            ]
        },
    }


def _own_view(cloud: Cloud, image: Row) -> dict[str, Any]:
    return {
        **_view(cloud, image),
        "Status": image["state"],
        "ComputeType": "ens_vm",
        "OsVersion": image["os_version"],
        "ImageStorageSize": _gib(cloud, sum(disk["virtual_size"] for disk in image["disks"])),
        "InstanceId": "",
    }


HANDLERS: dict[str, Handler] = {
    "ImportImage": import_image,
    "DescribeSelfImages": describe_self,
    "DescribeImages": describe,
    "DeleteImage": delete,
}
