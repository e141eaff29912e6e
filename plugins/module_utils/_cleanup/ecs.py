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
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import ecs as tables
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.export import snapshot_ids
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.transfer import group_ids

from .scope import Found, Kind, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Table

RELEASE_SECONDS = 90.0
"""Time for SMC to release an intermediate instance, its disks and its security group after its job is deleted."""

_NOT_OWNED = "it has the name of every intermediate instance, and no job and no tag of this migration names it"
_NO_JOB = "its name ends in a migration id, but no job of this migration made it"


def _tagged(scope: Scope, table: Table, rows: Iterable[Row]) -> list[tuple[Row, str]]:
    """Return the rows whose tags name this migration and a server in scope, each with its migration id."""
    found = [(row, scope.tagged(table.value(row, "tags"))) for row in rows]
    return [(row, owner) for row, owner in found if owner]


def _named_instances(scope: Scope) -> list[tuple[Row, str, str]]:
    """Return the instances that a proven job or a tag of this migration names, and those that only have the name of
    every intermediate instance; each with its migration id, and why it is not ours ('' when it is)."""

    def ask() -> list[tuple[Row, str, str]]:
        known = scope.known_jobs()
        by_job = {job["TransitionInstanceId"]: scope.owner(job["Name"]) or "" for job in known if _instance_of(job)}
        describe = scope.clients.ecs.describe_instances
        by_tag = _tagged(scope, tables.INSTANCE, describe(tags=scope.tags()))
        owners = {**{row["InstanceId"]: owner for row, owner in by_tag}, **by_job}
        rows = {row["InstanceId"]: row for row in describe(name=ecs.INTERMEDIATE_NAME)}
        rows.update({row["InstanceId"]: row for row in describe(instance_ids=list(owners))})
        elsewhere = scope.other_jobs("TransitionInstanceId")
        ours = {_instance_of(job) for job in scope.migration_jobs()}

        def doubt(row: Row) -> str:
            identity = row["InstanceId"]
            if identity not in owners:
                return _NOT_OWNED
            if identity in elsewhere:
                return f"SMC job {elsewhere[identity]}, which is not of this migration, names it"
            name = row.get("InstanceName")
            return "" if name == ecs.INTERMEDIATE_NAME else f"its name is {name}, not {ecs.INTERMEDIATE_NAME}"

        # Those of other servers of this migration are not similar, only out of scope.
        return [
            (row, owners.get(identity, ""), doubt(row))
            for identity, row in rows.items()
            if identity in owners or identity not in ours
        ]

    return scope.once("instances", ask)


def _instance_of(job: Row) -> str:
    return job.get("TransitionInstanceId") or ""


def _instances(scope: Scope) -> list[tuple[Row, str]]:
    """Return the intermediate instances of this scope, each with its migration id."""
    return [(row, owner) for row, owner, doubt in _named_instances(scope) if not doubt]


def mark(scope: Scope, job: Row) -> None:
    """Tag what belongs to a job that is about to be deleted: its intermediate instance with disks and security groups,
    and its image. SMC releases the former; when it does not, or this cleanup is stopped, the tags prove whose they
    are. When they cannot be set, this cleanup deletes what it has found nevertheless."""
    owner = scope.owner(job.get("Name", "")) or ""

    def tag(kind: str, ids: Sequence[str]) -> None:
        with suppress(CloudError):
            scope.clients.ecs.tag_resources(kind, ids, scope.tags(owner))

    with suppress(CloudError):
        for row, _owner in _instances(scope):
            if row["InstanceId"] == job.get("TransitionInstanceId"):
                tag("instance", [row["InstanceId"]])
                tag("disk", [disk["DiskId"] for disk, doubt in _disks_of(scope, row) if not doubt])
                tag("securitygroup", [group["SecurityGroupId"] for group, doubt in _groups_of(scope, row) if not doubt])
    with suppress(CloudError):
        made = {row["ImageId"] for row, image_owner in scope.known_images() if image_owner == owner}
        for image in scope.image_rows():
            if image["ImageId"] in made:
                _mark_image(scope, image, owner)


def _mark_image(scope: Scope, image: Row, owner: str) -> None:
    """Tag the snapshots of an image, or an image that has none. The name of an image and the tags of all its snapshots
    prove whose it is. A snapshot does not name its image: once the image is deleted, only its tags prove whose it is.
    """
    api, tags = scope.clients.ecs, scope.tags(owner)
    ids = [identity for identity in snapshot_ids(image) if identity not in scope.marked]
    if not snapshot_ids(image):
        api.tag_resources("image", [image["ImageId"]], tags)
    try:
        api.tag_resources("snapshot", ids, tags)
    except CloudError as error:
        if error.code != "InvalidResourceId.NotFound":
            raise
        # One of them is deleted already.
        api.tag_resources("snapshot", [row["SnapshotId"] for row in api.describe_snapshots(snapshot_ids=ids)], tags)
    scope.marked.update(ids)


def _released(scope: Scope) -> set[str]:
    """Return the instances that SMC releases with their job. Without the job they stay."""
    return {_instance_of(job) for job in scope.known_jobs()}


def _find_instances(scope: Scope) -> list[Found]:
    by_smc = _released(scope)
    return [
        Found(identity, owner, row.get("CreationTime", ""), released=identity in by_smc, foreign=doubt)
        for row, owner, doubt in _named_instances(scope)
        for identity in [row["InstanceId"]]
    ]


def _earlier_instance(scope: Scope, identity: str) -> str:
    row = ecs.INSTANCE.find(scope.clients, identity) or {}
    if row and row.get("InstanceName") != ecs.INTERMEDIATE_NAME:
        return f"its name is {row.get('InstanceName')}, not {ecs.INTERMEDIATE_NAME}"
    job = scope.other_jobs("TransitionInstanceId").get(identity)
    return f"SMC job {job}, which is not of this migration, names it" if job else ""


def _disks_of(scope: Scope, instance: Row) -> list[tuple[Row, str]]:
    """Return the disks of a proven instance, each with why it was not made with the instance, or ''."""
    rows = scope.clients.ecs.describe_disks(instance_id=instance["InstanceId"])
    began = instance.get("CreationTime", "")
    return [
        (row, "" if not_before(row.get("CreationTime", ""), began) else "it is older than its instance")
        for row in rows
    ]


def _find_disks(scope: Scope) -> list[Found]:
    instances = {row["InstanceId"]: (row, owner) for row, owner in _instances(scope)}
    shown = {
        disk["DiskId"]: (disk, owner, doubt)
        for row, owner in instances.values()
        for disk, doubt in _disks_of(scope, row)
    }
    for disk, owner in _tagged(scope, tables.DISK, scope.clients.ecs.describe_disks(tags=scope.tags())):
        held = disk.get("InstanceId")
        doubt = f"it is attached to instance {held}" if held and held not in instances else ""
        shown.setdefault(disk["DiskId"], (disk, owner, doubt))
    by_smc = _released(scope)
    return [
        Found(identity, owner, disk.get("CreationTime", ""), released=disk.get("InstanceId") in by_smc, foreign=doubt)
        for identity, (disk, owner, doubt) in shown.items()
    ]


def _earlier_disk(scope: Scope, identity: str) -> str:
    row = ecs.DISK.find(scope.clients, identity) or {}
    held = row.get("InstanceId")
    if held and held not in scope.proven.get(INSTANCE.name, ()):
        return f"it is attached to instance {held}"
    return _too_old(scope, DISK.name, identity, row)


def _too_old(scope: Scope, kind: str, identity: str, row: Row) -> str:
    """Return why what an earlier result lists was not made for a job, or '': one that is gone is no question."""
    if not row or scope.made_for_job(kind, identity, row.get("CreationTime") or ""):
        return ""
    return "it was made before the job of its server, or nothing shows when"


def _groups_of(scope: Scope, instance: Row) -> list[tuple[Row, str]]:
    """Return the security groups of a proven instance, each with why SMC did not make it for that, or ''."""
    began = {_instance_of(job): job.get("CreationTime") or "" for job in scope.known_jobs()}
    start = began.get(instance["InstanceId"]) or instance.get("CreationTime") or ""
    rows = scope.clients.ecs.describe_security_groups(ids=group_ids(instance))
    old = "it is older than the job of its instance"
    return [(row, "" if not_before(row.get("CreationTime") or "", start) else old) for row in rows]


def _find_groups(scope: Scope) -> list[Found]:
    by_smc = _released(scope)
    shown = {
        group["SecurityGroupId"]: (group, owner, doubt, row["InstanceId"] in by_smc)
        for row, owner in _instances(scope)
        for group, doubt in _groups_of(scope, row)
    }
    listed = scope.clients.ecs.describe_security_groups(tags=scope.tags())
    for group, owner in _tagged(scope, tables.SECURITY_GROUP, listed):
        shown.setdefault(group["SecurityGroupId"], (group, owner, "", False))
    return [
        Found(identity, owner, group.get("CreationTime", ""), released=released, foreign=doubt)
        for identity, (group, owner, doubt, released) in shown.items()
    ]


def _earlier_group(scope: Scope, identity: str) -> str:
    return _too_old(scope, SECURITY_GROUP.name, identity, ecs.SECURITY_GROUP.find(scope.clients, identity) or {})


def _proven_disks(scope: Scope) -> dict[str, str]:
    """Return the disks of proven instances, and those that an earlier result lists, each with its migration id."""
    by_host = {host: identity for identity, host in scope.hosts.items()}
    refused = scope.refused.get(DISK.name, ())
    disks = {
        row["id"]: by_host.get(row.get("host") or "", "")
        for row in scope.listed
        if row["kind"] == DISK.name
        and row["id"] not in refused
        and scope.made_for_job(DISK.name, row["id"], row.get("created") or "")
    }
    with suppress(CloudError):
        # The search for instances reports when they cannot be listed.
        for instance, owner in _instances(scope):
            disks.update({disk["DiskId"]: owner for disk, doubt in _disks_of(scope, instance) if not doubt})
    return disks


def _learn_images(scope: Scope) -> None:
    """Let the scope know the images that no proven job names: the job is deleted, or it failed before it named the
    image. ECS keeps of which disk a snapshot is, which tags it has, and of which snapshots an image consists."""
    ours = {row["ImageId"] for row, _owner in scope.known_images()}
    named = [(row, scope.owner(row.get("ImageName", ""))) for row in scope.image_rows() if row["ImageId"] not in ours]
    open_rows = [(row, owner) for row, owner in named if owner and snapshot_ids(row)]
    if not open_rows:
        return
    disks = _proven_disks(scope)
    wanted = [snapshot for row, _owner in open_rows for snapshot in snapshot_ids(row)]
    shown = scope.clients.ecs.describe_snapshots(snapshot_ids=wanted)
    snapshots = {row["SnapshotId"]: row for row in shown}

    def made_for(snapshot: str, owner: str) -> bool:
        row = snapshots[snapshot]
        of_disk = disks.get(row.get("SourceDiskId") or "")
        return owner in (scope.tagged(tables.SNAPSHOT.value(row, "tags")), of_disk)

    for row, owner in open_rows:
        present = [snapshot for snapshot in snapshot_ids(row) if snapshot in snapshots]
        if owner and present and all(made_for(snapshot, owner) for snapshot in present):
            scope.learn_image(row, owner)


def _find_images(scope: Scope) -> list[Found]:
    _learn_images(scope)
    ours = {row["ImageId"]: owner for row, owner in scope.known_images()}
    found = [(row, ours.get(row["ImageId"]) or scope.owner(row.get("ImageName", ""))) for row in scope.image_rows()]
    return [
        Found(row["ImageId"], owner, row.get("CreationTime", ""), foreign="" if row["ImageId"] in ours else _NO_JOB)
        for row, owner in found
        if owner
    ]


def _earlier_image(scope: Scope, identity: str) -> str:
    named = {row["ImageId"]: row.get("ImageName", "") for row in scope.image_rows()}
    return "" if scope.owner(named.get(identity, "")) else _NO_JOB


def _mark_snapshots(scope: Scope, identity: str) -> None:
    """Tag the snapshots of an image. An image whose snapshots cannot be tagged stays."""
    for image, owner in scope.known_images():
        if image["ImageId"] == identity and snapshot_ids(image):
            _mark_image(scope, image, owner)


def _find_snapshots(scope: Scope) -> list[Found]:
    describe = scope.clients.ecs.describe_snapshots
    by_tag = _tagged(scope, tables.SNAPSHOT, describe(tags=scope.tags()))
    owners = {row["SnapshotId"]: owner for row, owner in by_tag}
    owners.update({snapshot: owner for image, owner in scope.known_images() for snapshot in snapshot_ids(image)})
    shown = describe(snapshot_ids=list(owners))
    disks = _proven_disks(scope)
    if disks:
        # Without its image, the source disk of a snapshot still shows that it belongs here.
        for row in describe():
            if row.get("SourceDiskId") in disks and row["SnapshotId"] not in owners:
                owners[row["SnapshotId"]] = disks[row["SourceDiskId"]]
                shown.append(row)
    ours = {image["ImageId"] for image, _owner in scope.known_images()}
    users = {
        snapshot: image["ImageId"]
        for image in scope.image_rows()
        if image["ImageId"] not in ours
        for snapshot in snapshot_ids(image)
    }
    return [
        Found(
            row["SnapshotId"],
            owners[row["SnapshotId"]],
            row.get("CreationTime", ""),
            foreign=f"image {users[row['SnapshotId']]}, which is not proven to be ours, consists of it"
            if row["SnapshotId"] in users
            else "",
        )
        for row in shown
    ]


def _earlier_snapshot(scope: Scope, identity: str) -> str:
    users = [row["ImageId"] for row in scope.image_rows() if identity in snapshot_ids(row)]
    return f"image {users[0]} consists of it" if users else ""


INSTANCE = Kind(ecs.INSTANCE, _find_instances, earlier=_earlier_instance, grace=RELEASE_SECONDS)
DISK = Kind(ecs.DISK, _find_disks, earlier=_earlier_disk, grace=RELEASE_SECONDS)
SECURITY_GROUP = Kind(ecs.SECURITY_GROUP, _find_groups, earlier=_earlier_group, grace=RELEASE_SECONDS)
IMAGE = Kind(ecs.IMAGE, _find_images, before=_mark_snapshots, earlier=_earlier_image)
SNAPSHOT = Kind(ecs.SNAPSHOT, _find_snapshots, earlier=_earlier_snapshot)
