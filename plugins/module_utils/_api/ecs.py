# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Elastic Compute Service 2014-05-26: one method per action. Dicts carry the API's own names (facts 3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import ecs as tables
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Table

from .paging import asked, by_number, by_token, chunks, one, rows_of, together
from .pool import Pool

if TYPE_CHECKING:
    from .transport import Call

Row = dict[str, Any]
Tags = Sequence[Mapping[str, str]]

# DescribeImages shows only Available images unless it is asked for the others too (trap 19).
IMAGE_STATUSES = "Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated"
# facts 3.2, 3.3: ids per call.
MAX_IDS = 100
# TagResources takes half of that.
MAX_TAGGED = 50


class EcsApi:
    """The ECS actions that a migration needs, in our region. An empty list of ids asks nothing and returns nothing."""

    def __init__(self, call: Call, pool: Pool | None = None) -> None:
        self._call = call
        self._pool = pool or Pool()

    def describe_images(self, image_id: str | None = None, image_name: str | None = None) -> list[Row]:
        """Returns our own images in every status. The name filter is fuzzy: callers compare (facts 3.3)."""
        params = {
            "ImageId": image_id,
            "ImageName": image_name,
            "ImageOwnerAlias": "self",
            "Status": IMAGE_STATUSES,
        }
        return by_number(self._call, tables.ECS_IMAGE, params, self._pool)

    def describe_image(self, image_id: str) -> Row | None:
        """Returns the image with this id whoever owns it, None when it is not shown to us."""
        params = {"ImageId": image_id, "Status": IMAGE_STATUSES}
        rows = rows_of(self._call, tables.ECS_IMAGE, params)
        return next((row for row in rows if row.get("ImageId") == image_id), None)

    def account_attributes(self, names: Iterable[str]) -> dict[str, str]:
        """Returns the attributes of the account in our region by name; of several values the first counts."""
        shown = rows_of(self._call, tables.ACCOUNT_ATTRIBUTE, {"AttributeNames": list(names)})
        found = map(tables.ACCOUNT_ATTRIBUTE.facts, shown)
        return {item["name"]: item["values"][0]["value"] for item in found if item["values"]}

    def export_image(
        self, image_id: str, bucket: str, prefix: str, image_format: str | None = None, role_name: str | None = None
    ) -> Row:
        """Returns the answer with TaskId. Not repeatable: look for the task before calling again (law 2)."""
        params = {
            "ImageId": image_id,
            "OSSBucket": bucket,
            "OSSPrefix": prefix,
            "ImageFormat": image_format,
            "RoleName": role_name,
        }
        answer = one(self._call, tables.EXPORT, params, repeatable=False)
        return {**answer, "TaskId": tables.EXPORT.value(answer, "task_id")}

    def describe_tasks(
        self,
        task_ids: Iterable[str] | None = None,
        action: str | None = "ExportImage",
        resource_ids: Iterable[str] | None = None,
    ) -> list[Row]:
        """Returns the tasks that match; ids are asked for in calls of at most 100, joined by commas (facts 3.2)."""
        filters: Row = {"TaskAction": action}
        if task_ids is not None:

            def by_id(ids: list[str]) -> list[Row]:
                return asked(self._tasks({**filters, "TaskIds": ",".join(ids)}), "TaskId", ids)

            return together(self._pool, by_id, task_ids, MAX_IDS)
        if resource_ids is not None:

            def by_resource(ids: list[str]) -> list[Row]:
                return asked(self._tasks({**filters, "ResourceIdss": ids}), "ResourceId", ids)

            return together(self._pool, by_resource, resource_ids, MAX_IDS)
        return self._tasks(filters)

    def _tasks(self, params: Row) -> list[Row]:
        return by_number(self._call, tables.TASK, params, self._pool)

    def describe_task_attribute(self, task_id: str) -> Row:
        """Returns a task with TaskStatus, TaskProcess ("87%") and what it made in OperationProgressSet (facts 3.2)."""
        return one(self._call, tables.TASK_DETAIL, {"TaskId": task_id})

    def cancel_task(self, task_id: str) -> None:
        """Cancels a task whose SupportCancel is "true"."""
        self._call("CancelTask", {"TaskId": task_id})

    def delete_image(self, image_id: str) -> None:
        """Deletes an image; its snapshots stay and are deleted by their own ids (facts 3.3)."""
        self._call("DeleteImage", {"ImageId": image_id}, repeatable=True)

    def describe_instances(
        self, instance_ids: Iterable[str] | None = None, name: str | None = None, tags: Tags | None = None
    ) -> list[Row]:
        """Returns the instances with these ids, with this name (which may hold "*"), or with these tags."""
        return self._by_json_ids(tables.INSTANCE, "InstanceIds", instance_ids, {"InstanceName": name, "Tags": tags})

    def stop_instance(self, instance_id: str) -> None:
        """Stops an instance by switching it off: an intermediate instance contains only a copy."""
        self._call("StopInstance", {"InstanceId": instance_id, "ForceStop": True}, repeatable=True)

    def delete_instance(self, instance_id: str) -> None:
        """Releases a stopped instance; disks that go with it go too (facts 3.3). Without Force: an instance that runs,
        or that is protected against deletion, is refused."""
        self._call("DeleteInstance", {"InstanceId": instance_id}, repeatable=True)

    def describe_disks(
        self, disk_ids: Iterable[str] | None = None, instance_id: str | None = None, tags: Tags | None = None
    ) -> list[Row]:
        """Returns the disks with these ids, of this instance, or with these tags."""
        return self._by_json_ids(tables.DISK, "DiskIds", disk_ids, {"InstanceId": instance_id, "Tags": tags})

    def delete_disk(self, disk_id: str) -> None:
        """Deletes a disk that is Available; an unknown id is ignored by the service (facts 3.3)."""
        self._call("DeleteDisk", {"DiskId": disk_id}, repeatable=True)

    def describe_snapshots(self, snapshot_ids: Iterable[str] | None = None, tags: Tags | None = None) -> list[Row]:
        """Returns the snapshots with these ids, with these tags, or all of the region."""
        return self._by_json_ids(tables.SNAPSHOT, "SnapshotIds", snapshot_ids, {"Tags": tags})

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Deletes a snapshot that no image uses any more."""
        self._call("DeleteSnapshot", {"SnapshotId": snapshot_id}, repeatable=True)

    def describe_security_groups(self, ids: Iterable[str] | None = None, tags: Tags | None = None) -> list[Row]:
        """Returns the security groups with these ids, or with these tags."""
        return self._by_json_ids(tables.SECURITY_GROUP, "SecurityGroupIds", ids, {"Tags": tags})

    def describe_security_group_attribute(self, group_id: str) -> Row:
        """Returns a security group with its Permissions, where port ranges read "8080/8080" (facts 3.3)."""
        return one(self._call, tables.SECURITY_GROUP_RULES, {"SecurityGroupId": group_id})

    def delete_security_group(self, group_id: str) -> None:
        """Deletes a security group that no instance uses any more."""
        self._call("DeleteSecurityGroup", {"SecurityGroupId": group_id}, repeatable=True)

    def tag_resources(self, kind: str, ids: Iterable[str], tags: Tags) -> None:
        """Adds tags to resources of one kind (instance, disk, snapshot, image, securitygroup), 50 ids per call."""
        for some in chunks(ids, MAX_TAGGED):
            params = {"ResourceType": kind, "ResourceIds": some, "Tags": list(tags)}
            self._call("TagResources", params, repeatable=True)

    def describe_regions(self) -> list[Row]:
        """Returns the regions that the account sees."""
        return rows_of(self._call, tables.REGION)

    def describe_zones(self) -> list[Row]:
        """Returns the zones of our region."""
        return rows_of(self._call, tables.ZONE)

    def _by_json_ids(self, table: Table, parameter: str, ids: Iterable[str] | None, filters: Row) -> list[Row]:
        """Returns the rows of a call whose ids are one JSON string, where "[]" would match nothing (trap 26)."""
        if ids is None:
            return by_token(self._call, table, filters)

        def by_id(some: list[str]) -> list[Row]:
            return asked(by_token(self._call, table, {**filters, parameter: json.dumps(some)}), table.key, some)

        return together(self._pool, by_id, ids, MAX_IDS)
