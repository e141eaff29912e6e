# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The migration that a billed resource belongs to; it is found when billing of the resource starts."""

from __future__ import annotations

from typing import Any

from .tables import Row, Tables


def owner_of(tables: Tables, kind: str, resource_id: str) -> dict[str, Any]:
    """Return {"job", "migration", "names"} of a resource; all empty when it belongs to no migration.

    An object belongs to the job whose image was exported as it; one that the exporting client put itself is found by
    its key alone.
    """
    job = _FINDERS[kind](tables, resource_id)
    if job is None:
        return {"job": "", "migration": "", "names": []}
    source = tables.table("sources").get(job["source_id"])
    tags: dict[str, str] = job["tags"]
    names = [job["name"], job["image_name"], *([source["name"]] if source else []), *tags.values(),
             *(f"{key}={value}" for key, value in tags.items())]
    return {"job": job["id"], "migration": job["name"], "names": names}


def _instance(tables: Tables, resource_id: str) -> Row | None:
    row = tables.table("instances").get(resource_id)
    return None if row is None else tables.table("jobs").get(row["job_id"])


def _disk(tables: Tables, resource_id: str) -> Row | None:
    row = tables.table("disks").get(resource_id)
    return None if row is None else _instance(tables, row["instance_id"])


def _snapshot(tables: Tables, resource_id: str) -> Row | None:
    row = tables.table("snapshots").get(resource_id)
    return None if row is None else _disk(tables, row["source_disk_id"])


def _object(tables: Tables, resource_id: str) -> Row | None:
    bucket, _slash, name = resource_id.partition("/")
    key = name.partition("?versionId=")[0]
    for task in tables.table("tasks").where(bucket=bucket):
        if key in task["objects"]:
            return next(iter(tables.table("jobs").where(image_id=task["image_id"])), None)
    return None


def _part(tables: Tables, resource_id: str) -> Row | None:
    return _object(tables, resource_id.rpartition("?uploadId=")[0])


def _nothing(_tables: Tables, _resource_id: str) -> Row | None:
    return None


_FINDERS = {"instance": _instance, "disk": _disk, "snapshot": _snapshot, "oss_object": _object, "oss_part": _part,
            "ens_instance": _nothing}
