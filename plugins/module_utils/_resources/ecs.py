# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Resources of ECS: intermediate instance, disks, security groups, custom images, snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ecs import INSTANCE as INSTANCE_ROW
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import states

from .resource import Resource, busy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row

INTERMEDIATE_NAME = "No_Delete_SMC_Transition_Instance"
"""Every intermediate instance of every account has this name (facts 3.3, trap 15). The name proves nothing, but an
instance without it is not an intermediate instance."""


PROTECTED = "InvalidOperation.DeletionProtection"
"""The code with which ECS refuses to delete an instance that its owner has protected."""


def _instances(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [*clients.ecs.describe_instances(instance_ids=list(ids))]


def _look_at_instances(clients: Clients, ids: Iterable[str]) -> dict[str, Row]:
    return {row["InstanceId"]: row for row in _instances(clients, ids)}


def _ready_instance(clients: Clients, identity: str, row: Row | None) -> bool:
    """Stop an instance that runs: DeleteInstance is sent without Force. One that is protected against deletion is not
    touched."""
    if row is None:
        return False
    if INSTANCE_ROW.value(row, "protected"):
        raise CloudError(
            "ecs.DeleteInstance",
            PROTECTED,
            f"deletion protection of instance {identity} is switched on",
            hint="Switch it off in ECS if the instance is not needed, and run the cleanup again. It is billed.",
        )
    if row["Status"] == "Running":
        clients.ecs.stop_instance(identity)
        raise busy("ecs.DeleteInstance", f"instance {identity} is being stopped")
    if row["Status"] != "Stopped":
        raise busy("ecs.DeleteInstance", f"instance {identity} is {row['Status']}")
    return True


def _send_instance(clients: Clients, identity: str) -> None:
    clients.ecs.delete_instance(identity)


def _disks(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [*clients.ecs.describe_disks(disk_ids=list(ids))]


def _send_disk(clients: Clients, identity: str) -> None:
    clients.ecs.delete_disk(identity)


def _groups(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [*clients.ecs.describe_security_groups(ids=list(ids))]


def _send_group(clients: Clients, identity: str) -> None:
    clients.ecs.delete_security_group(identity)


def _images(clients: Clients, ids: Iterable[str]) -> list[Row]:
    wanted = set(ids)
    return [image for image in clients.ecs.describe_images() if image.get("ImageId") in wanted]


def _look_at_exports(clients: Clients, ids: Iterable[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for task in clients.ecs.describe_tasks(action="ExportImage", resource_ids=list(ids)):
        found.setdefault(task.get("ResourceId", ""), []).append(task)
    return found


def _ready_image(clients: Clients, identity: str, tasks: list[Row] | None) -> bool:
    """Cancel an export of the image: an image that is being exported cannot be deleted (facts 3.3)."""
    for task in tasks or []:
        if states.outcome(states.EXPORT_TASK, task.get("TaskStatus", "")) == "pending":
            clients.ecs.cancel_task(task["TaskId"])
            raise busy("ecs.DeleteImage", f"export task {task['TaskId']} of image {identity} is being cancelled")
    return True


def _send_image(clients: Clients, identity: str) -> None:
    clients.ecs.delete_image(identity)


def _snapshots(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [*clients.ecs.describe_snapshots(snapshot_ids=list(ids))]


def _send_snapshot(clients: Clients, identity: str) -> None:
    clients.ecs.delete_snapshot(identity)


INSTANCE = Resource(
    "ecs_instance",
    "ecs.DescribeInstances",
    "InstanceId",
    _instances,
    _send_instance,
    look=_look_at_instances,
    ready=_ready_instance,
)
DISK = Resource("ecs_disk", "ecs.DescribeDisks", "DiskId", _disks, _send_disk)
SECURITY_GROUP = Resource("security_group", "ecs.DescribeSecurityGroups", "SecurityGroupId", _groups, _send_group)
IMAGE = Resource(
    "ecs_image", "ecs.DescribeImages", "ImageId", _images, _send_image, look=_look_at_exports, ready=_ready_image
)
SNAPSHOT = Resource("ecs_snapshot", "ecs.DescribeSnapshots", "SnapshotId", _snapshots, _send_snapshot)
