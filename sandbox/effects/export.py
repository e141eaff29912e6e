# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ExportImage: the image's disks become objects in the bucket, one after the other, each as a multipart upload.

While an export runs its open upload can be listed and bills; when it is cancelled or fails, finished objects and the
open upload stay in the bucket, as documented (facts 5).
"""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

from sandbox.bytes import formats
from sandbox.state.buckets import Part, Sums
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

# An object is uploaded in this many parts, unless they became smaller than the smallest part that OSS takes.
PARTS = 4
_SMALLEST = 100 * 1024
_CHUNK = 1 << 20


def start(cloud: Cloud, task: Row, image: Row) -> None:
    """Queue every disk of the image; the lifecycle of the queue does the rest."""
    now = cloud.clock.time()
    for position, (disk, key) in enumerate(zip(image["disks"], task["objects"], strict=True)):
        cloud.exports.add(
            {"id": f"{task['id']}-{position}", "task_id": task["id"], "position": position, "state": "Waiting",
             "since": now, "created": now, "snapshot_id": disk["snapshot_id"], "size": disk["size"],
             "format": task["format"], "bucket": task["bucket"], "object": key, "upload_id": "", "parts": 0,
             "status_info": ""}
        )


def object_names(cloud: Cloud, task: Row, image: Row) -> list[str]:
    """The object keys of an export: the documented words plus a random part, since the exact pattern is unknown.

    Clients have to read them from RelatedItem OSSObject (facts 3.1).
    """
    stem = "_".join(filter(None, (task["prefix"], image["id"], cloud.new_id("", 6, of=task["id"]))))
    ends = ["system" if disk["index"] == 0 else f"data_{disk['device'][5:]}" for disk in image["disks"]]
    return [f"{stem}_{end}.{formats.suffix(task['format'])}" for end in ends]


def open_upload(cloud: Cloud, row: Row) -> None:
    """Open the upload of one disk; its parts follow with the bytes."""
    upload_id = cloud.draws.hexadecimal(32, "upload", row["id"])
    cloud.buckets.open_upload(row["bucket"], row["object"], upload_id)
    cloud.exports.update(row["id"], upload_id=upload_id)
    convert(cloud, row)


def convert(cloud: Cloud, row: Row) -> None:
    """Convert one disk and cut it into parts in the background."""
    target = _file(cloud, row)
    target.parent.mkdir(parents=True, exist_ok=True)

    async def write() -> Any:
        await formats.export(cloud.disk_store.path(row["snapshot_id"]), row["format"], target)
        return await asyncio.to_thread(_cut, target)

    cloud.work.start(f"export/{row['id']}", write)


def add_part(cloud: Cloud, row: Row) -> None:
    """Add the next part to the upload; it is billed from now on."""
    part = cloud.work.result(f"export/{row['id']}")[row["parts"]]
    size = cloud.buckets.add_part(row["bucket"], row["upload_id"], part)
    cloud.part_stored(row["bucket"], row["object"], row["upload_id"], size)
    cloud.exports.update(row["id"], parts=row["parts"] + 1)


def complete_upload(cloud: Cloud, row: Row) -> None:
    """Complete the upload: its object is the converted file."""
    target = _file(cloud, row)
    size = target.stat().st_size
    cloud.buckets.end_upload(row["bucket"], row["upload_id"])
    cloud.part_removed(row["bucket"], row["object"], row["upload_id"])
    cloud.buckets.put_file(row["bucket"], row["object"], target)
    cloud.object_stored(row["bucket"], row["object"], size)
    _sweep(cloud, row)


def tell_failure(cloud: Cloud, row: Row) -> None:
    """Note why a disk could not be written."""
    reason = cloud.work.failure(f"export/{row['id']}") or f"The upload of {row['object']} was taken away."
    cloud.exports.update(row["id"], status_info=reason)


def drop(cloud: Cloud, task: Row) -> None:
    """Stop an export; what is in the bucket stays there."""
    rows = cloud.exports.where(task_id=task["id"])
    if not task["status_info"]:
        reasons = [row["status_info"] for row in rows if row["status_info"]]
        cloud.tasks.update(task["id"], status_info=(reasons or ["The export was cancelled."])[0])
    for row in rows:
        _sweep(cloud, row)
    finish(cloud, task)


def finish(cloud: Cloud, task: Row) -> None:
    """Note when the export ended, and delete its queue."""
    for row in cloud.exports.where(task_id=task["id"]):
        cloud.exports.delete(row["id"])
    cloud.tasks.update(task["id"], finished=cloud.clock.time())


def _file(cloud: Cloud, row: Row) -> Path:
    return cloud.root / "export" / str(row["id"])


def _sweep(cloud: Cloud, row: Row) -> None:
    """Delete the conversion of a disk; after a restart its upload may have some of the parts already."""
    cloud.work.forget(f"export/{row['id']}")
    for path in (_file(cloud, row), *_file(cloud, row).parent.glob(f"{row['id']}.*")):
        path.unlink(missing_ok=True)


def _cut(path: Path) -> list[Part]:
    size = path.stat().st_size
    length = max(_SMALLEST, math.ceil(size / PARTS))
    parts = []
    with path.open("rb") as reader:
        for number in range(1, max(1, math.ceil(size / length)) + 1):
            piece, sums = path.with_name(f"{path.name}.{number}"), Sums()
            with piece.open("wb") as writer:
                while data := reader.read(min(_CHUNK, length - sums.size)):
                    sums.update(data)
                    writer.write(data)
            parts.append(Part(number, piece, sums.size, sums.etag, sums.crc, 0.0))
    return parts
