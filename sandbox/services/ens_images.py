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
    params = call.params
    if cloud.ens_images.where(name=params["ImageName"]):
        raise cloud.error("InvalidParameter.ImageName.Duplicate", f"The image name {params['ImageName']} exists.")
    objects = _objects(cloud, params)
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
    rows = fuzzy(fuzzy(cloud.ens_images, "id", call.params.get("ImageId")), "name", call.params.get("ImageName"))
    if "SnapshotId" in call.params:
        rows = []
    shown, keys = page(rows, call.params)
    return {
        "Code": 0,
        **{key: str(value) for key, value in keys.items()},
        "Images": {"Image": [_own_view(row) for row in shown]},
    }


def describe(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the usable images, without Status."""
    rows = [] if call.params.get("Status") == "unavailable" else cloud.ens_images.where(state="Available")
    rows = fuzzy(fuzzy(rows, "id", call.params.get("ImageId")), "name", call.params.get("ImageName"))
    shown, keys = page(rows, call.params)
    return {"Code": 0, **keys, "Images": {"Image": [_view(row) for row in shown]}}


def delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes an image; ENS has no 404, an unknown id, and one in use, is refused with 400."""
    image = cloud.ens_images.get(call.params["ImageId"])
    if image is None:
        raise cloud.error("Error.DeleteImage", f"The image {call.params['ImageId']} does not exist.")
    if cloud.ens_instances.where(image_id=image["id"]):
        raise cloud.error("Forbidden.DelerrorteImage")
    ens_import.drop(cloud, image)
    return {"Code": 0}


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
        return found
    for name in ("OSSBucket", "OSSObject"):
        if name not in params:
            raise missing(name)
    return [{"bucket": params["OSSBucket"], "object": params["OSSObject"], "region": region}]


def _refuse_object(cloud: Cloud, item: dict[str, str]) -> None:
    bucket = cloud.buckets.bucket(item["bucket"])
    if bucket is None:
        raise cloud.error("InvalidParameter.OSSBucket", f"The bucket {item['bucket']} does not exist.")
    # How ENS reads a bucket is not documented (facts 9.2): within the account it may, elsewhere it may not.
    if bucket["owner"] != cloud.settings.account.id:
        raise cloud.error("NoPermission", f"ENS may not read the bucket {item['bucket']}.")
    item["region"] = item["region"] or bucket["region"]
    if item["region"] != bucket["region"] or bucket["region"] not in IMPORT_REGIONS:
        raise cloud.error(
            "InvalidParameter.OSSRegion",
            f"The bucket {item['bucket']} is in {bucket['region']}, OSSRegion says {item['region']}; "
            f"images are imported from {' and '.join(IMPORT_REGIONS)} only.",
        )


def _view(image: Row) -> dict[str, Any]:
    return {
        "ImageId": image["id"],
        "ImageName": image["name"],
        "Architecture": "x86_64",
        "Platform": image["platform"],
        "ImageOwnerAlias": "self",
        "ImageSize": str(sum(disk["virtual_size"] for disk in image["disks"][:1]) // GIB),
        "SnapshotId": "",
        "RegionId": image["region"],
        "CreationTime": iso(image["created"]),
        "DiskDeviceMappings": {
            "DiskDeviceMapping": [
                {"Format": disk["format"], "Size": str(disk["virtual_size"] // GIB),
                 "Type": "data" if disk["index"] else "system", "imageId": image["id"]}
                for disk in image["disks"]
            ]
        },
    }


def _own_view(image: Row) -> dict[str, Any]:
    return {
        **_view(image),
        "Status": image["state"],
        "ComputeType": "ens_vm",
        "OsVersion": image["os_version"],
        "ImageStorageSize": str(sum(disk["virtual_size"] for disk in image["disks"]) // GIB),
        "InstanceId": "",
    }


HANDLERS: dict[str, Handler] = {
    "ImportImage": import_image,
    "DescribeSelfImages": describe_self,
    "DescribeImages": describe,
    "DeleteImage": delete,
}
