# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The kinds of things that a migration can leave behind: how each is found, deleted, and proved to be gone.

Only what carries a migration id, or hangs on something that does, is ever found here (laws 1 and 7 of the design).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils import _naming, _states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import export

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages._model import Row

INTERMEDIATE_NAME = "No_Delete_SMC_Transition_Instance"
"""Every intermediate instance on earth bears this name, so it proves nothing."""


@dataclass
class Scope:
    """What a cleanup may look at: one migration, of it some servers (all when ``identities`` is None)."""

    clients: Clients
    migration: str
    bucket: str
    identities: frozenset[str] | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    source_ids: Mapping[str, str] = field(default_factory=dict)
    delete_sources: bool = True
    _cache: dict[str, Any] = field(default_factory=dict)

    def look(self) -> None:
        """Forget what was listed, so that the next question is asked of the cloud again."""
        self._cache.clear()

    def jobs(self) -> list[Row]:
        """Return the replication jobs of this scope."""
        if "jobs" not in self._cache:
            shown = self.clients.smc.describe_replication_jobs()
            self._cache["jobs"] = [job for job in shown if self.owner(job.get("Name", ""))]
        jobs: list[Row] = self._cache["jobs"]
        return jobs

    def images(self) -> list[tuple[Row, str]]:
        """Return the ECS images of this scope, each with the migration id that it belongs to."""
        if "images" not in self._cache:
            by_job = {job["ImageId"]: self.owner(job["Name"]) for job in self.jobs() if job.get("ImageId")}
            shown = [
                (image, by_job.get(image["ImageId"]) or self.owner(image.get("ImageName", "")))
                for image in self.clients.ecs.describe_images()
            ]
            self._cache["images"] = [(image, owner) for image, owner in shown if owner]
        images: list[tuple[Row, str]] = self._cache["images"]
        return images

    def owner(self, name: str) -> str | None:
        """Return the migration id in ``name`` when it belongs to this scope."""
        return self.admits(_naming.owner_of(name))

    def admits(self, identity: str | None) -> str | None:
        """Return ``identity`` when it belongs to this scope."""
        if identity is None or not identity.startswith(_naming.wave_id(self.migration)):
            return None
        return identity if self.identities is None or identity in self.identities else None

    def prefixes(self) -> list[str]:
        """Return the beginnings of every migration id in this scope."""
        return sorted(self.identities) if self.identities is not None else [_naming.wave_id(self.migration)]

    @property
    def whole(self) -> bool:
        """Return whether what the servers of the migration share is in scope too."""
        return self.identities is None


@dataclass(frozen=True)
class Found:
    """One thing found: its id, the migration id it belongs to, when it was made, and whether it may be deleted now."""

    id: str
    identity: str
    created: str = ""
    busy: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of thing: ``find`` lists what is there, ``delete`` asks for its removal (raising while it is busy),
    ``remaining`` says which ids a describe call still shows, ``call`` names that describe call."""

    name: str
    call: str
    find: Callable[[Scope], list[Found]]
    delete: Callable[[Scope, str], None]
    remaining: Callable[[Scope, Iterable[str]], set[str]]
    grace: float = 0.0
    """Seconds that SMC is given to release it by itself, once the job is deleted, before it is deleted by hand."""
    late: bool = False
    """Whether the deletion of the kinds before it can make new ones, so that it is looked for once more."""


def _find_jobs(scope: Scope) -> list[Found]:
    return [Found(job["JobId"], scope.owner(job["Name"]) or "", job.get("CreationTime", "")) for job in scope.jobs()]


def _delete_job(scope: Scope, identity: str) -> None:
    for job in scope.clients.smc.describe_replication_jobs(job_ids=[identity]):
        if job["Status"] == "Running" and job.get("BusinessStatus") == "Syncing":
            # Only a Syncing job can be stopped, and a Running one cannot be deleted (facts 1.2).
            scope.clients.smc.stop_replication_job(identity)
            raise busy("smc.DeleteReplicationJob", f"job {identity} is being stopped")
        if job["Status"] == "Running":
            raise busy("smc.DeleteReplicationJob", f"job {identity} is {job.get('BusinessStatus') or 'Running'}")
        if job["Status"] in _states.JOB_DELETABLE:
            scope.clients.smc.delete_replication_job(identity)


def _remaining_jobs(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {job["JobId"] for job in scope.clients.smc.describe_replication_jobs(job_ids=list(ids))}


def _find_instances(scope: Scope) -> list[Found]:
    owners = {
        job["TransitionInstanceId"]: scope.owner(job["Name"]) or ""
        for job in scope.jobs()
        if job.get("TransitionInstanceId")
    }
    if not owners:
        return []
    shown = scope.clients.ecs.describe_instances(instance_ids=list(owners))
    return [Found(row["InstanceId"], owners[row["InstanceId"]], row.get("CreationTime", "")) for row in shown]


def _delete_instance(scope: Scope, identity: str) -> None:
    """Deleting the job releases its instance; only one that outlived its job is deleted by hand."""
    scope.clients.ecs.delete_instance(identity)


def _remaining_instances(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {row["InstanceId"] for row in scope.clients.ecs.describe_instances(instance_ids=list(ids))}


def _find_images(scope: Scope) -> list[Found]:
    return [Found(image["ImageId"], owner, image.get("CreationTime", "")) for image, owner in scope.images()]


def _delete_image(scope: Scope, identity: str) -> None:
    for task in scope.clients.ecs.describe_tasks(action="ExportImage", resource_ids=[identity]):
        if _states.outcome(_states.EXPORT_TASK, task.get("TaskStatus", "")) == "pending":
            scope.clients.ecs.cancel_task(task["TaskId"])
            raise busy("ecs.DeleteImage", f"export task {task['TaskId']} of image {identity} is being cancelled")
    for image, owner in scope.images():
        snapshots = export.snapshot_ids(image)
        if image["ImageId"] == identity and snapshots:
            # A snapshot does not say which image it came from: once the image is gone, only this note finds it.
            note = json.dumps({"snapshots": snapshots})
            scope.clients.oss(scope.bucket).put_text(_naming.intent_key(owner, "release"), note)
    scope.clients.ecs.delete_image(identity)


def _remaining_images(scope: Scope, ids: Iterable[str]) -> set[str]:
    wanted = set(ids)
    return {image["ImageId"] for image in scope.clients.ecs.describe_images() if image["ImageId"] in wanted}


def _find_snapshots(scope: Scope) -> list[Found]:
    owners = {snapshot: owner for image, owner in scope.images() for snapshot in export.snapshot_ids(image)}
    oss = scope.clients.oss(scope.bucket)
    for item in _keys(scope):
        if item.id.endswith("/release.json"):
            note = json.loads(oss.get_text(item.id) or "{}")
            owners.update(dict.fromkeys(note.get("snapshots", []), item.identity))
    if not owners:
        return []
    shown = scope.clients.ecs.describe_snapshots(snapshot_ids=list(owners))
    return [Found(row["SnapshotId"], owners[row["SnapshotId"]], row.get("CreationTime", "")) for row in shown]


def _delete_snapshot(scope: Scope, identity: str) -> None:
    scope.clients.ecs.delete_snapshot(identity)


def _remaining_snapshots(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {row["SnapshotId"] for row in scope.clients.ecs.describe_snapshots(snapshot_ids=list(ids))}


def _find_ens_images(scope: Scope) -> list[Found]:
    found = []
    for image in scope.clients.ens.describe_self_images():
        owner = scope.owner(image.get("ImageName", ""))
        state = _states.outcome(_states.ENS_IMAGE, image.get("Status", ""))
        if owner and state != "success":
            busy_text = f"ENS is still importing it ({image.get('Status')})" if state == "pending" else ""
            found.append(Found(image["ImageId"], owner, image.get("CreationTime", ""), busy_text))
    return found


def _delete_ens_image(scope: Scope, identity: str) -> None:
    scope.clients.ens.delete_image(identity)


def _remaining_ens_images(scope: Scope, ids: Iterable[str]) -> set[str]:
    wanted = set(ids)
    return {image["ImageId"] for image in scope.clients.ens.describe_self_images() if image["ImageId"] in wanted}


def _keys(scope: Scope) -> list[Found]:
    oss = scope.clients.oss(scope.bucket)
    found = []
    for prefix in scope.prefixes():
        for item in oss.list_keys(_naming.intents_prefix(prefix)):
            owner = scope.admits(item["key"].split("/")[1][: _naming.ID_LENGTH])
            if owner:
                found.append(Found(item["key"], owner))
        for item in oss.list_keys(_naming.objects_prefix(prefix)):
            owner = scope.admits(item["key"].split("_")[0])
            if owner:
                found.append(Found(item["key"], owner))
    return found


def _find_objects(scope: Scope) -> list[Found]:
    return [Found(f"{scope.bucket}/{item.id}", item.identity) for item in _keys(scope)]


def _delete_object(scope: Scope, identity: str) -> None:
    bucket, key = identity.split("/", 1)
    scope.clients.oss(bucket).delete_keys([key])


def _remaining_objects(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {item.id for item in _find_objects(scope)} & set(ids)


def _find_uploads(scope: Scope) -> list[Found]:
    found = []
    for prefix in scope.prefixes():
        for item in scope.clients.oss(scope.bucket).list_uploads(_naming.objects_prefix(prefix)):
            owner = scope.admits(item["key"].split("_")[0])
            if owner:
                found.append(Found(f"{scope.bucket}/{item['key']}?uploadId={item['upload_id']}", owner))
    return found


def _delete_upload(scope: Scope, identity: str) -> None:
    bucket, rest = identity.split("/", 1)
    key, upload = rest.rsplit("?uploadId=", 1)
    scope.clients.oss(bucket).abort_upload(key, upload)


def _remaining_uploads(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {item.id for item in _find_uploads(scope)} & set(ids)


def _find_sources(scope: Scope) -> list[Found]:
    owners = {source: owner for source, owner in scope.source_ids.items() if scope.admits(owner)}
    owners.update({job["SourceId"]: scope.owner(job["Name"]) or "" for job in scope.jobs()})
    if not (owners and scope.delete_sources):
        return []
    shown = scope.clients.smc.describe_source_servers(source_ids=list(owners))
    return [Found(row["SourceId"], owners[row["SourceId"]], row.get("CreationTime", "")) for row in shown]


def _delete_source(scope: Scope, identity: str) -> None:
    scope.clients.smc.delete_source_server(identity)


def _remaining_sources(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {row["SourceId"] for row in scope.clients.smc.describe_source_servers(source_ids=list(ids))}


def _find_tokens(scope: Scope) -> list[Found]:
    if not scope.whole:
        return []
    wave = _naming.wave_id(scope.migration)
    tokens = scope.clients.smc.list_access_tokens(name=_naming.token_name(scope.migration))
    return [Found(row["AccessTokenId"], wave, row.get("CreationTime", "")) for row in tokens]


def _delete_token(scope: Scope, identity: str) -> None:
    scope.clients.smc.disable_access_token(identity)
    scope.clients.smc.delete_access_token(identity)


def _remaining_tokens(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {item.id for item in _find_tokens(scope)} & set(ids)


def _networks(scope: Scope) -> list[Row]:
    name = _naming.network_name(scope.migration)
    shown = scope.clients.vpc.describe_vpcs(name=name) if scope.whole else []
    return [row for row in shown if row.get("VpcName") == name]


def _find_vswitches(scope: Scope) -> list[Found]:
    wave = _naming.wave_id(scope.migration)
    return [
        Found(row["VSwitchId"], wave, row.get("CreationTime", ""))
        for network in _networks(scope)
        for row in scope.clients.vpc.describe_vswitches(vpc_id=network["VpcId"])
    ]


def _delete_vswitch(scope: Scope, identity: str) -> None:
    scope.clients.vpc.delete_vswitch(identity)


def _remaining_vswitches(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {row["VSwitchId"] for row in scope.clients.vpc.describe_vswitches(vswitch_ids=list(ids))}


def _find_vpcs(scope: Scope) -> list[Found]:
    wave = _naming.wave_id(scope.migration)
    return [Found(row["VpcId"], wave, row.get("CreationTime", "")) for row in _networks(scope)]


def _delete_vpc(scope: Scope, identity: str) -> None:
    scope.clients.vpc.delete_vpc(identity)


def _remaining_vpcs(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {row["VpcId"] for row in scope.clients.vpc.describe_vpcs(vpc_ids=list(ids))}


def busy(action: str, text: str) -> CloudError:
    """Return the error that says: not yet, ask again."""
    return CloudError(action, "Busy", text, retryable=True)


ORDER = (
    Kind("ens_image", "ens.DescribeSelfImages", _find_ens_images, _delete_ens_image, _remaining_ens_images),
    Kind("smc_job", "smc.DescribeReplicationJobs", _find_jobs, _delete_job, _remaining_jobs),
    Kind("ecs_instance", "ecs.DescribeInstances", _find_instances, _delete_instance, _remaining_instances, 90.0),
    Kind("ecs_image", "ecs.DescribeImages", _find_images, _delete_image, _remaining_images),
    Kind("ecs_snapshot", "ecs.DescribeSnapshots", _find_snapshots, _delete_snapshot, _remaining_snapshots),
    Kind("oss_upload", "oss.ListMultipartUploads", _find_uploads, _delete_upload, _remaining_uploads, late=True),
    Kind("smc_source", "smc.DescribeSourceServers", _find_sources, _delete_source, _remaining_sources),
    Kind("oss_object", "oss.ListObjects", _find_objects, _delete_object, _remaining_objects, late=True),
    Kind("smc_access_token", "smc.ListAccessTokens", _find_tokens, _delete_token, _remaining_tokens),
    Kind("vswitch", "vpc.DescribeVSwitches", _find_vswitches, _delete_vswitch, _remaining_vswitches),
    Kind("vpc", "vpc.DescribeVpcs", _find_vpcs, _delete_vpc, _remaining_vpcs),
)
"""The order of deletion: what holds others goes first, the OSS notes that lead to the rest go late."""
