# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS ImportImage: the objects' real bytes are read into the ENS image's disks."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

from sandbox.bytes import formats
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row

# Limits of an ENS image (facts 4.1): compressed bytes of all objects together, and the size of a data disk.
TIB = 1024**4
_DATA_DISK_GIB = 500


class Refused(Exception):
    """An object that cannot become a disk; the text says which and why."""


def folder(cloud: Cloud, image_id: str) -> Path:
    """Return the folder with the disks of an ENS image."""
    return cloud.root / "ens" / image_id


def start(cloud: Cloud, image: Row) -> None:
    """Read every object of the import in the background."""

    async def read() -> Any:
        return [await _disk(cloud, image, index, item) for index, item in enumerate(image["objects"])]

    cloud.work.start(f"ingest/{image['id']}", read)


def tell_failure(cloud: Cloud, image: Row) -> None:
    """Note why the import failed: the API has no field for it (facts 4.2), the control call ``state`` shows it."""
    cloud.ens_images.update(image["id"], status_info=cloud.work.failure(f"ingest/{image['id']}") or "")
    shutil.rmtree(folder(cloud, image["id"]), ignore_errors=True)


def finish(cloud: Cloud, image: Row) -> None:
    """Attach the disks that were read."""
    cloud.ens_images.update(image["id"], disks=cloud.work.result(f"ingest/{image['id']}"))


def drop(cloud: Cloud, image: Row) -> None:
    """Delete an ENS image and its disks."""
    cloud.work.forget(f"ingest/{image['id']}")
    cloud.ens_images.delete(image["id"])
    shutil.rmtree(folder(cloud, image["id"]), ignore_errors=True)


async def _disk(cloud: Cloud, image: Row, index: int, item: dict[str, str]) -> dict[str, Any]:
    bucket, key = item["bucket"], item["object"]
    if not cloud.buckets.exists(bucket, key):
        raise Refused(f"oss://{bucket}/{key} does not exist")
    path = cloud.buckets.object_path(bucket, key)
    total = sum(
        cloud.buckets.object_path(other["bucket"], other["object"]).stat().st_size
        for other in image["objects"]
        if cloud.buckets.exists(other["bucket"], other["object"])
    )
    if total > TIB:
        raise Refused(f"the objects have {total} bytes together; at most 1 TiB can be imported")
    target = folder(cloud, image["id"]) / f"{index}.img"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        virtual_size = await formats.ingest(path, image["format"], target)
    except formats.FormatError as failed:
        raise Refused(f"oss://{bucket}/{key}: {failed}") from failed
    if index and virtual_size > _DATA_DISK_GIB * GIB:
        raise Refused(f"oss://{bucket}/{key}: the data disk has {math.ceil(virtual_size / GIB)} GiB; at most "
                      f"{_DATA_DISK_GIB} GiB can be imported")
    return {"index": index, "format": formats.stored_format(image["format"]), "path": str(target),
            "virtual_size": virtual_size}
