# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover resources in ECS: the intermediate instance with its disks and security group, image and snapshots."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import ecs
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.export import snapshot_ids
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.transfer import group_ids

from . import notes
from .scope import Found, Kind, Scope

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row

RELEASE_SECONDS = 90.0
"""Time for SMC to release an intermediate instance, its disks and its security group after its job is deleted."""


_NO_PROOF = "a note in the bucket names it, but it is no intermediate instance of a deleted job"


def _named_instances(scope: Scope) -> list[tuple[Row, str, str]]:
    """Return the instances that a job of this scope, or a note that was written before its job was deleted, names; each
    with its migration id, and why it is not ours ('' when it is).

    Whoever may write to the bucket may write notes: a note is no proof. An instance that only a note names must have
    the name that SMC gives, and no job of the account may have it.
    """

    def ask() -> list[tuple[Row, str, str]]:
        by_job = {
            job["TransitionInstanceId"]: scope.owner(job["Name"]) or ""
            for job in scope.jobs()
            if job.get("TransitionInstanceId")
        }
        taken = {job.get("TransitionInstanceId") for job in scope.all_jobs()}
        owners = {**notes.owners(scope, INSTANCE.name), **by_job}
        shown = scope.clients.ecs.describe_instances(instance_ids=list(owners)) if owners else []

        def doubt(row: Row) -> str:
            alone = row.get("InstanceName") == ecs.INTERMEDIATE_NAME and row["InstanceId"] not in taken
            return "" if row["InstanceId"] in by_job or alone else _NO_PROOF

        return [(row, owners[row["InstanceId"]], doubt(row)) for row in shown if row.get("InstanceId") in owners]

    return scope.once("instances", ask)


def _instances(scope: Scope) -> list[tuple[Row, str]]:
    """Return the intermediate instances of this scope, each with its migration id."""
    return [(row, owner) for row, owner, doubt in _named_instances(scope) if not doubt]


def note_instance(scope: Scope, job: Row) -> None:
    """Note the intermediate instance of a job that is about to be deleted, with its disks and security group. SMC
    releases them; when it does not, only the note refers to them."""
    wanted, owner = job.get("TransitionInstanceId"), scope.owner(job.get("Name", ""))
    if not (wanted and owner):
        return
    found = {INSTANCE.name: [wanted]}
    with suppress(CloudError):
        # When ECS cannot be read, at least the instance id of the job is noted.
        shown = [row for row, _owner in _instances(scope) if row["InstanceId"] == wanted]
        if not shown:
            return
        found[SECURITY_GROUP.name] = group_ids(shown[0])
        found[DISK.name] = [disk["DiskId"] for disk in scope.clients.ecs.describe_disks(instance_id=wanted)]
    notes.add(scope, owner, found)


def _find_instances(scope: Scope) -> list[Found]:
    return [
        Found(row["InstanceId"], owner, row.get("CreationTime", ""), released=True, foreign=doubt)
        for row, owner, doubt in _named_instances(scope)
    ]


def _find_disks(scope: Scope) -> list[Found]:
    shown = [
        (disk, owner)
        for row, owner in _instances(scope)
        for disk in scope.clients.ecs.describe_disks(instance_id=row["InstanceId"])
    ]
    noted = notes.owners(scope, DISK.name)
    if noted:
        shown += [(disk, noted[disk["DiskId"]]) for disk in scope.clients.ecs.describe_disks(disk_ids=list(noted))]
    rows = {disk["DiskId"]: (disk, owner) for disk, owner in shown}
    return [
        Found(identity, owner, disk.get("CreationTime", ""), released=True) for identity, (disk, owner) in rows.items()
    ]


def _find_groups(scope: Scope) -> list[Found]:
    owners = {group: owner for row, owner in _instances(scope) for group in group_ids(row)}
    noted = notes.owners(scope, SECURITY_GROUP.name)
    if noted:
        shown = scope.clients.ecs.describe_security_groups(ids=list(noted))
        owners.update({row["SecurityGroupId"]: noted[row["SecurityGroupId"]] for row in shown})
    return [Found(group, owner, released=True) for group, owner in owners.items()]


def _find_images(scope: Scope) -> list[Found]:
    return [Found(image["ImageId"], owner, image.get("CreationTime", "")) for image, owner in scope.images()]


def _note_snapshots(scope: Scope, identity: str) -> None:
    """Note the snapshots of an image. A snapshot does not name its image: once the image is deleted, only the note
    refers to it."""
    for image, owner in scope.images():
        if image["ImageId"] == identity and snapshot_ids(image):
            notes.add(scope, owner, {SNAPSHOT.name: snapshot_ids(image)})


def _find_snapshots(scope: Scope) -> list[Found]:
    owners = notes.owners(scope, SNAPSHOT.name)
    owners.update({snapshot: owner for image, owner in scope.images() for snapshot in snapshot_ids(image)})
    shown = scope.clients.ecs.describe_snapshots(snapshot_ids=list(owners)) if owners else []
    if scope.disks:
        # When the image was deleted by hand, the source disk of a snapshot still shows that it belongs here.
        for row in scope.clients.ecs.describe_snapshots():
            if row.get("SourceDiskId") in scope.disks and row["SnapshotId"] not in owners:
                owners[row["SnapshotId"]] = scope.disks[row["SourceDiskId"]]
                shown.append(row)
    return [Found(row["SnapshotId"], owners[row["SnapshotId"]], row.get("CreationTime", "")) for row in shown]


INSTANCE = Kind(ecs.INSTANCE, _find_instances, grace=RELEASE_SECONDS)
DISK = Kind(ecs.DISK, _find_disks, grace=RELEASE_SECONDS)
SECURITY_GROUP = Kind(ecs.SECURITY_GROUP, _find_groups, grace=RELEASE_SECONDS)
IMAGE = Kind(ecs.IMAGE, _find_images, before=_note_snapshots)
SNAPSHOT = Kind(ecs.SNAPSHOT, _find_snapshots)
