# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a billed resource is: the migration that it came into being for, found when it begins to be billed."""

from __future__ import annotations

from typing import Any

from .tables import Row, Store


def owner_of(store: Store, kind: str, resource_id: str) -> dict[str, Any]:
    """{"job", "migration", "names"} of a resource; all empty when it belongs to no migration.

    An object belongs to the job whose image was exported as it; one that the exporting client put itself is found by
    its key alone.
    """
    job = _FINDERS[kind](store, resource_id)
    if job is None:
        return {"job": "", "migration": "", "names": []}
    source = store.table("sources").get(job["source_id"])
    tags: dict[str, str] = job["tags"]
    names = [job["name"], job["image_name"], *([source["name"]] if source else []), *tags.values(),
             *(f"{key}={value}" for key, value in tags.items())]
    return {"job": job["id"], "migration": job["name"], "names": names}


def _instance(store: Store, resource_id: str) -> Row | None:
    row = store.table("instances").get(resource_id)
    return None if row is None else store.table("jobs").get(row["job_id"])


def _disk(store: Store, resource_id: str) -> Row | None:
    row = store.table("disks").get(resource_id)
    return None if row is None else _instance(store, row["instance_id"])


def _snapshot(store: Store, resource_id: str) -> Row | None:
    row = store.table("snapshots").get(resource_id)
    return None if row is None else _disk(store, row["source_disk_id"])


def _object(store: Store, resource_id: str) -> Row | None:
    bucket, _slash, name = resource_id.partition("/")
    key = name.partition("?versionId=")[0]
    for task in store.table("tasks").where(bucket=bucket):
        if key in task["objects"]:
            return next(iter(store.table("jobs").where(image_id=task["image_id"])), None)
    return None


def _part(store: Store, resource_id: str) -> Row | None:
    return _object(store, resource_id.rpartition("?uploadId=")[0])


def _nothing(_store: Store, _resource_id: str) -> Row | None:
    return None


_FINDERS = {"instance": _instance, "disk": _disk, "snapshot": _snapshot, "oss_object": _object, "oss_part": _part,
            "ens_instance": _nothing}
