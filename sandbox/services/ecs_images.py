# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS images and their export (facts 3.1, 3.3)."""

from __future__ import annotations

from typing import Any

from sandbox.effects import export
from sandbox.ram.decide import allows
from sandbox.state.clock import iso, parse_iso
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .call import Call, Handler, ecs_tag_list, fuzzy, has_tags, page
from .ram import EXPORT_ACTIONS, EXPORT_ROLE, role_statements, trusted_service

# Where ImageFormat may be set; elsewhere ECS exports RAW and nothing else (facts 3.1).
FORMAT_REGIONS = frozenset(
    {"ap-northeast-1", "ap-southeast-5", "eu-central-1", "me-east-1", "us-east-1", "eu-west-1", "ap-southeast-1",
     "ap-southeast-3", "us-west-1"}
)
# Objects of the other classes must be restored before they can be read.
_EXPORTED_CLASSES = ("Standard", "IA")
_WEEK = 7 * 86400


def describe(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of images; without Status only those that are Available (trap 19). ImageName is fuzzy."""
    params = call.params
    states = params.get("Status", ["Available"])
    wanted = {
        column: params[name]
        for column, name in (("id", "ImageId"), ("os_type", "OSType"), ("architecture", "Architecture"))
        if name in params
    }
    rows = [image for image in cloud.images.where(region=call.region, **wanted) if image["status"] in states]
    rows = fuzzy(rows, "name", params.get("ImageName"))
    if "SnapshotId" in params:
        rows = [row for row in rows if params["SnapshotId"] in [disk["snapshot_id"] for disk in row["disks"]]]
    if params.get("ImageOwnerAlias", "self") != "self" or params.get("Usage") == "instance":
        rows = []
    rows = [row for row in rows if has_tags(row, params) and _within(cloud, row, params.get("Filter", []))]
    shown, keys = page(rows, params)
    return {**keys, "RegionId": call.region, "Images": {"Image": [_view(row) for row in shown]}}


def export_image(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Starts an export task. Without ClientToken: a second call is refused while the first runs (ImageIsExporting)."""
    params = call.params
    image = cloud.images.get(params["ImageId"])
    if image is None or image["region"] != call.region:
        raise cloud.error("InvalidImageId.NotFound")
    _refuse_account(cloud, call.region)
    _refuse_image(cloud, image)
    fmt = params.get("ImageFormat", "raw")
    if fmt != "raw" and call.region not in FORMAT_REGIONS:
        raise cloud.error("InvalidImageFormat.RegionNotSupported")
    _refuse_bucket(cloud, params["OSSBucket"], call.region)
    if params.get("RoleName", EXPORT_ROLE) != EXPORT_ROLE or not _assumable(cloud):
        raise cloud.error("NoSetRoletoECSServiceAcount")
    _refuse_policy(cloud, params["OSSBucket"], call.region)
    _refuse_quota(cloud)
    if params.get("DryRun"):
        raise cloud.error("DryRunOperation")
    now = cloud.clock.time()
    task = cloud.tasks.add(
        {"id": cloud.new_id("t-", of=image["id"]),
         "action": "ExportImage", "image_id": image["id"], "region": call.region,
         "state": "Processing", "since": now, "created": now, "finished": None, "error_code": "", "status_info": "",
         "bucket": params["OSSBucket"], "prefix": params.get("OSSPrefix", ""), "format": fmt, "objects": []}
    )
    cloud.tasks.update(task["id"], objects=export.object_names(cloud, task, image))
    export.start(cloud, task, image)
    return {"RegionId": call.region, "TaskId": task["id"]}


def delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes an image; its snapshots stay and are billed. An unknown id is ignored, Force ignores who uses it."""
    image = cloud.images.get(call.params["ImageId"])
    if image is None or image["region"] != call.region:
        return {}
    if exporting(cloud, image["id"]):
        raise cloud.error("ImageIsExporting")
    if cloud.instances.where(image_id=image["id"]) and not call.params.get("Force"):
        raise cloud.error("ImageUsingByInstance")
    if image["shared"]:
        raise cloud.error("ImageUseShared")
    if image["public"]:
        raise cloud.error("ImageIsPublic")
    cloud.images.delete(image["id"])
    return {}


def exporting(cloud: Cloud, image_id: str) -> bool:
    """True while an export task of this image runs."""
    return bool(cloud.tasks.where(image_id=image_id, state="Processing"))


def _within(cloud: Cloud, image: Row, filters: list[dict[str, str]]) -> bool:
    for item in filters:
        try:
            moment = parse_iso(item["Value"])
        except ValueError as failed:
            raise cloud.error("InvalidParameter.Filter", f"Filter {item['Key']}: {failed}.") from None
        if image["created"] < moment if item["Key"] == "CreationStartTime" else image["created"] > moment:
            return False
    return True


def _refuse_account(cloud: Cloud, region: str) -> None:
    account = cloud.settings.account
    if region in account.export_refused_regions:
        raise cloud.error("InvalidRegion.NotSupport")
    if not account.export_allowed:
        raise cloud.error("UserNotInTheWhiteList")


def _refuse_image(cloud: Cloud, image: Row) -> None:
    # The vendor exports no Windows and names no separate code for it; the licence is the nearest.
    if image["os_type"] == "windows":
        raise cloud.error("InvalidImageLicense.NotSupported")
    if image["owner"] == "marketplace":
        raise cloud.error("ImageNotSupported", "An image of the Marketplace cannot be exported.")
    if image["owner"] != "self":
        raise cloud.error("InvalidImageCategory.NotSupported")
    if image["status"] != "Available":
        raise cloud.error("IncorrectImageStatus")
    if exporting(cloud, image["id"]):
        raise cloud.error("ImageIsExporting")
    if image["encrypted"]:
        raise cloud.error("ImageNotSupported", "An image with encrypted snapshots cannot be exported.", 400)
    data = [disk for disk in image["disks"] if disk["index"] > 0]
    if data and not cloud.settings.account.export_data_disks:
        raise cloud.error("OperationDenied")
    if len(data) > 4 or any(disk["size"] > 500 for disk in data):
        raise cloud.error("InvalidImage.DiskAmountOrSize")


def _refuse_bucket(cloud: Cloud, name: str, region: str) -> None:
    bucket = cloud.buckets.bucket(name)
    if bucket is None or bucket["owner"] != cloud.settings.account.id:
        raise cloud.error("InvalidOSSBucket.NotFound", f"The specified bucket {name} does not exist.")
    if bucket["region"] != region:
        raise cloud.error(
            "InvalidOSSBucket.NotMatched", f"The bucket {name} is in {bucket['region']}, the image in {region}."
        )
    if bucket["storage_class"] not in _EXPORTED_CLASSES:
        raise cloud.error(
            "InvalidOSSObject.NeedRestore", f"The bucket {name} is of storage class {bucket['storage_class']}."
        )
    if bucket["encrypted"]:
        raise cloud.error("InvalidOSSBucket.EncryptUnsupported", f"The bucket {name} encrypts its objects.")


def _refuse_policy(cloud: Cloud, bucket: str, region: str) -> None:
    """The policies of the role must allow all that an export does in the bucket."""
    statements = role_statements(cloud, EXPORT_ROLE)
    place = f"acs:oss:{region}:{cloud.settings.account.id}:{bucket}"
    needs = [(f"oss:{action}", place if action.startswith("GetBucket") else f"{place}/*") for action in EXPORT_ACTIONS]
    lacks = next((action for action, resource in needs if not allows(statements, action, resource)), None)
    if lacks is not None:
        raise cloud.error("InvalidOSS.NotAuthorized", f"The role {EXPORT_ROLE} has no {lacks} on {bucket}.")


def _assumable(cloud: Cloud) -> bool:
    return EXPORT_ROLE in cloud.settings.account.roles and trusted_service(cloud, EXPORT_ROLE) == "ecs.aliyuncs.com"


def _refuse_quota(cloud: Cloud) -> None:
    quotas, now = cloud.settings.account.quotas, cloud.clock.time()
    tasks = cloud.tasks.where(action="ExportImage")
    if sum(task["state"] == "Processing" for task in tasks) >= quotas.export_concurrent:
        raise cloud.error("ConcurrentQuotaExceed.ExportImage")
    if sum(now - task["created"] < _WEEK for task in tasks) >= quotas.export_weekly:
        raise cloud.error("WeeklyQuotaExceed.ExportImage")


def _view(image: Row) -> dict[str, Any]:
    return {
        "ImageId": image["id"],
        "ImageName": image["name"],
        "Description": "",
        "Status": image["status"],
        "Progress": "100%" if image["status"] == "Available" else "0%",
        "Size": max(disk["size"] for disk in image["disks"] if disk["index"] == 0),
        "ImageOwnerAlias": "self",
        "OSType": image["os_type"],
        "Platform": image["platform"],
        "OSName": image["platform"],
        "Architecture": image["architecture"],
        "Usage": "none",
        "IsSupportCloudinit": True,
        "IsSupportIoOptimized": True,
        "CreationTime": iso(image["created"]),
        "DiskDeviceMappings": {
            "DiskDeviceMapping": [
                {"Device": disk["device"], "Type": "data" if disk["index"] else "system", "Size": str(disk["size"]),
                 "SnapshotId": disk["snapshot_id"], "Format": "", "Progress": "", "RemainTime": 0}
                for disk in image["disks"]
            ]
        },
        "Tags": ecs_tag_list(image),
    }


HANDLERS: dict[str, Handler] = {"DescribeImages": describe, "ExportImage": export_image, "DeleteImage": delete}
