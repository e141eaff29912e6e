# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a billed resource is: the migration that it came into being for, found when it begins to be billed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .tables import Row

if TYPE_CHECKING:
    from .cloud import Cloud


def owner_of(cloud: Cloud, kind: str, resource_id: str) -> dict[str, Any]:
    """{"job", "migration", "names"} of a resource; all empty when it belongs to no migration.

    An object belongs to the job whose image was exported as it; one that the exporting client put itself is found by
    its key alone.
    """
    job = _FINDERS[kind](cloud, resource_id)
    if job is None:
        return {"job": "", "migration": "", "names": []}
    source = cloud.sources.get(job["source_id"])
    tags: dict[str, str] = job["tags"]
    names = [job["name"], job["image_name"], *([source["name"]] if source else []), *tags.values(),
             *(f"{key}={value}" for key, value in tags.items())]
    return {"job": job["id"], "migration": job["name"], "names": names}


def _instance(cloud: Cloud, resource_id: str) -> Row | None:
    row = cloud.instances.get(resource_id)
    return None if row is None else cloud.jobs.get(row["job_id"])


def _disk(cloud: Cloud, resource_id: str) -> Row | None:
    row = cloud.disks.get(resource_id)
    return None if row is None else _instance(cloud, row["instance_id"])


def _snapshot(cloud: Cloud, resource_id: str) -> Row | None:
    row = cloud.snapshots.get(resource_id)
    return None if row is None else _disk(cloud, row["source_disk_id"])


def _object(cloud: Cloud, resource_id: str) -> Row | None:
    bucket, _slash, name = resource_id.partition("/")
    key = name.partition("?versionId=")[0]
    for task in cloud.tasks.where(bucket=bucket):
        if key in task["objects"]:
            return next(iter(cloud.jobs.where(image_id=task["image_id"])), None)
    return None


def _part(cloud: Cloud, resource_id: str) -> Row | None:
    return _object(cloud, resource_id.rpartition("?uploadId=")[0])


def _nothing(_cloud: Cloud, _resource_id: str) -> Row | None:
    return None


_FINDERS = {"instance": _instance, "disk": _disk, "snapshot": _snapshot, "oss_object": _object, "oss_part": _part,
            "ens_instance": _nothing}
