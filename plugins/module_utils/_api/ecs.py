# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Elastic Compute Service 2014-05-26: one method per action. Dicts carry the API's own names (facts 3)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .paging import by_number, by_token, chunks, rows_at

if TYPE_CHECKING:
    from .transport import Call

Row = dict[str, Any]

# DescribeImages shows only Available images unless it is asked for the others too (trap 19).
IMAGE_STATUSES = "Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated"
# facts 3.2, 3.3: ids per call, and rows per page.
MAX_IDS = 100


class EcsApi:
    """The ECS actions that a migration needs, in our region. An empty list of ids asks nothing and returns nothing."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def _read(self, action: str, params: Row | None = None) -> Row:
        return self._call(action, params, repeatable=True)

    def describe_images(self, image_id: str | None = None, image_name: str | None = None) -> list[Row]:
        """Returns our own images in every status. The name filter is fuzzy: callers compare (facts 3.3)."""
        params = {
            "ImageId": image_id,
            "ImageName": image_name,
            "ImageOwnerAlias": "self",
            "Status": IMAGE_STATUSES,
        }
        return by_number(
            lambda page: self._read("DescribeImages", page), params, ("Images", "Image"), "ImageId", MAX_IDS
        )

    def describe_image(self, image_id: str) -> Row | None:
        """Returns the image with this id whoever owns it, None when it is not shown to us."""
        params = {"ImageId": image_id, "Status": IMAGE_STATUSES}
        rows = rows_at(self._read("DescribeImages", params), ("Images", "Image"))
        return next((row for row in rows if row.get("ImageId") == image_id), None)

    def account_attributes(self, names: Iterable[str]) -> dict[str, str]:
        """Returns the attributes of the account in our region by name; of several values the first counts."""
        answer = self._read("DescribeAccountAttributes", {"AttributeNames": list(names)})
        found = {}
        for item in rows_at(answer, ("AccountAttributeItems", "AccountAttributeItem")):
            for value in rows_at(item, ("AttributeValues", "ValueItem"))[:1]:
                found[str(item.get("AttributeName"))] = str(value.get("Value", ""))
        return found

    def export_image(
        self, image_id: str, bucket: str, prefix: str, image_format: str | None = None, role_name: str | None = None
    ) -> Row:
        """Returns the answer with TaskId. Not repeatable: look for the task before calling again (law 2)."""
        answer = self._call(
            "ExportImage",
            {
                "ImageId": image_id,
                "OSSBucket": bucket,
                "OSSPrefix": prefix,
                "ImageFormat": image_format,
                "RoleName": role_name,
            },
        )
        # Documents show ExportTaskId, the SDKs say TaskId (trap 28).
        return {**answer, "TaskId": answer.get("TaskId") or answer.get("ExportTaskId")}

    def describe_tasks(
        self,
        task_ids: Iterable[str] | None = None,
        action: str | None = "ExportImage",
        resource_ids: Iterable[str] | None = None,
    ) -> list[Row]:
        """Returns the tasks that match; ids are asked for in calls of at most 100, joined by commas (facts 3.2)."""
        filters: Row = {"TaskAction": action}
        if task_ids is not None:
            asked = [{**filters, "TaskIds": ",".join(ids)} for ids in chunks(task_ids, MAX_IDS)]
        elif resource_ids is not None:
            asked = [{**filters, "ResourceIdss": ids} for ids in chunks(resource_ids, MAX_IDS)]
        else:
            asked = [filters]
        return [row for params in asked for row in self._tasks(params)]

    def _tasks(self, params: Row) -> list[Row]:
        return by_number(lambda page: self._read("DescribeTasks", page), params, ("TaskSet", "Task"), "TaskId", MAX_IDS)

    def describe_task_attribute(self, task_id: str) -> Row:
        """Returns a task with TaskStatus, TaskProcess ("87%") and what it made in OperationProgressSet (facts 3.2)."""
        return self._read("DescribeTaskAttribute", {"TaskId": task_id})

    def cancel_task(self, task_id: str) -> None:
        """Cancels a task whose SupportCancel is "true"."""
        self._call("CancelTask", {"TaskId": task_id})

    def delete_image(self, image_id: str) -> None:
        """Deletes an image; its snapshots stay and are deleted by their own ids (facts 3.3)."""
        self._call("DeleteImage", {"ImageId": image_id}, repeatable=True)

    def describe_instances(self, instance_ids: Iterable[str] | None = None, name: str | None = None) -> list[Row]:
        """Returns the instances with these ids, or with this name (which may hold "*")."""
        return self._by_json_ids("DescribeInstances", "InstanceIds", instance_ids, {"InstanceName": name}, "Instance")

    def delete_instance(self, instance_id: str) -> None:
        """Releases an instance, running or not (Force); disks that go with it go too (facts 3.3)."""
        self._call("DeleteInstance", {"InstanceId": instance_id, "Force": True}, repeatable=True)

    def describe_disks(self, disk_ids: Iterable[str] | None = None, instance_id: str | None = None) -> list[Row]:
        """Returns the disks with these ids, or of this instance."""
        return self._by_json_ids("DescribeDisks", "DiskIds", disk_ids, {"InstanceId": instance_id}, "Disk")

    def delete_disk(self, disk_id: str) -> None:
        """Deletes a disk that is Available; an unknown id is ignored by the service (facts 3.3)."""
        self._call("DeleteDisk", {"DiskId": disk_id}, repeatable=True)

    def describe_snapshots(self, snapshot_ids: Iterable[str] | None = None) -> list[Row]:
        """Returns the snapshots with these ids, or all of the region."""
        return self._by_json_ids("DescribeSnapshots", "SnapshotIds", snapshot_ids, {}, "Snapshot")

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Deletes a snapshot that no image uses any more."""
        self._call("DeleteSnapshot", {"SnapshotId": snapshot_id}, repeatable=True)

    def describe_security_groups(self, ids: Iterable[str] | None = None) -> list[Row]:
        """Returns the security groups with these ids, or all of the region."""
        return self._by_json_ids("DescribeSecurityGroups", "SecurityGroupIds", ids, {}, "SecurityGroup")

    def describe_security_group_attribute(self, group_id: str) -> Row:
        """Returns a security group with its Permissions, where port ranges read "8080/8080" (facts 3.3)."""
        return self._read("DescribeSecurityGroupAttribute", {"SecurityGroupId": group_id})

    def delete_security_group(self, group_id: str) -> None:
        """Deletes a security group that no instance uses any more."""
        self._call("DeleteSecurityGroup", {"SecurityGroupId": group_id}, repeatable=True)

    def describe_regions(self) -> list[Row]:
        """Returns the regions that the account sees."""
        return rows_at(self._read("DescribeRegions"), ("Regions", "Region"))

    def describe_zones(self) -> list[Row]:
        """Returns the zones of our region."""
        return rows_at(self._read("DescribeZones"), ("Zones", "Zone"))

    def _by_json_ids(
        self, action: str, parameter: str, ids: Iterable[str] | None, filters: Row, kind: str
    ) -> list[Row]:
        """Returns the rows of a call whose ids are one JSON string, where "[]" would match nothing (trap 26)."""

        def read(params: Row) -> list[Row]:
            return by_token(lambda page: self._read(action, page), params, (f"{kind}s", kind), f"{kind}Id", MAX_IDS)

        if ids is None:
            return read(filters)
        return [row for some in chunks(ids, MAX_IDS) for row in read({**filters, parameter: json.dumps(some)})]
