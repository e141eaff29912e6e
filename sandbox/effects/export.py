# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ExportImage: the image's disks become objects in the bucket, one each."""

from __future__ import annotations

from typing import Any

from sandbox.bytes import formats
from sandbox.cloud import Cloud
from sandbox.store import Row


def start(cloud: Cloud, task: Row, image: Row) -> None:
    """Convert and store every disk of the image in the background; objects appear one after the other."""
    scratch = cloud.root / "export"
    scratch.mkdir(parents=True, exist_ok=True)

    async def write() -> Any:
        for disk, key in zip(image["disks"], task["objects"], strict=True):
            target = scratch / f"{task['id']}-{disk['index']}"
            await formats.export(cloud.disk_store.path(disk["snapshot_id"]), task["format"], target)
            size = target.stat().st_size
            cloud.buckets.put_file(task["bucket"], key, target)
            cloud.object_stored(task["bucket"], key, size)

    cloud.work.start(f"export/{task['id']}", write)


def object_names(cloud: Cloud, task: Row, image: Row) -> list[str]:
    """The object keys of an export: the documented words plus a random part, since the exact pattern is unknown.

    Clients have to read them from RelatedItem OSSObject (facts 3.1).
    """
    stem = "_".join(filter(None, (task["prefix"], image["id"], cloud.new_id("", 6, of=task["id"]))))
    ends = ["system" if disk["index"] == 0 else f"data_{disk['device'][5:]}" for disk in image["disks"]]
    return [f"{stem}_{end}.{formats.suffix(task['format'])}" for end in ends]


def drop(cloud: Cloud, task: Row) -> None:
    """Give an export up: stop writing; what was finished stays, as a real failed export leaves things behind."""
    if not task["status_info"]:
        reason = cloud.work.failure(f"export/{task['id']}") or "The export was given up."
        cloud.tasks.update(task["id"], status_info=reason)
    cloud.work.forget(f"export/{task['id']}")
    cloud.tasks.update(task["id"], finished=cloud.clock.time())


def finish(cloud: Cloud, task: Row) -> None:
    """Note when the export ended."""
    cloud.tasks.update(task["id"], finished=cloud.clock.time())
