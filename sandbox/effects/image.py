# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ECS custom image of a finished transfer: one snapshot per disk, made from the bytes received."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row
from sandbox.state.work import work_key

from . import runs
from .job_disks import drop_frozen, job_disks


def start(cloud: Cloud, job: Row) -> None:
    """Stop receiving and clone every received disk under a snapshot's id, in the background."""
    instance_id = job["transition_instance_id"]
    disks = [disk for disk in cloud.disks.where(instance_id=instance_id) if disk["index"] >= 0]
    plan = [(disk["id"], cloud.new_id("s-", of=disk["id"]), disk["index"]) for disk in disks]
    drop_frozen(cloud, job)
    runs.note_bytes(cloud, job)
    frozen = [snapshot_id for _disk, snapshot_id, _index in plan]
    cloud.jobs.update(job["id"], received=True, last_step="Syncing", frozen=frozen)

    async def freeze() -> Any:
        await cloud.receivers.close(instance_id)
        for disk_id, snapshot_id, _index in plan:
            await asyncio.to_thread(cloud.disk_store.clone, disk_id, snapshot_id)
        return plan

    cloud.work.start(work_key("image", job), freeze)


def tell_failure(cloud: Cloud, job: Row) -> None:
    """Note why the image could not be made."""
    reason = cloud.work.failure(work_key("image", job)) or ""
    cloud.jobs.update(job["id"], error_code="InternalError", status_info=reason, last_step="Processing")


def create(cloud: Cloud, job: Row) -> None:
    """Add the image and its snapshots; the snapshots bill from now on, the image is free (facts 7.4)."""
    source = cloud.sources.get(job["source_id"])
    sizes = dict(job_disks(job))
    frozen = [
        (snapshot_id, index, sizes[index], disk_id)
        for disk_id, snapshot_id, index in cloud.work.result(work_key("image", job))
    ]
    image = add_image(
        cloud, _free_name(cloud, job), job["region"], frozen,
        platform=source["platform"] if source else "Others Linux",
        architecture=source["architecture"] if source else "x86_64", status="Creating", tags=job["tags"],
    )
    cloud.jobs.update(job["id"], image_id=image["id"], last_step="Processing", frozen=[])
    runs.made(cloud, job, image["id"])


def _free_name(cloud: Cloud, job: Row) -> str:
    """The name of the next image: the job id is appended to one that exists, then the number of the run."""
    name, run = job["image_name"], len(job["history"])
    names = (name, f"{name}_{job['id']}", f"{name}_{job['id']}_{run}")
    taken = {image["name"] for image in cloud.images.where(region=job["region"])} if run > 1 else set()
    return next((free for free in names if free not in taken), names[-1])


def add_image(
    cloud: Cloud, name: str, region: str, disks: list[tuple[str, int, int, str]], *, image_id: str | None = None,
    platform: str = "Ubuntu", architecture: str = "x86_64", os_type: str = "linux", status: str = "Available",
    tags: dict[str, str] | None = None,
) -> Row:
    """An ECS image over snapshots; ``disks``: (snapshot id, disk index, GiB, id of the disk it was made from).

    Without such disks, from a world file, it keeps its status.
    """
    now = cloud.clock.time()
    mappings = []
    for snapshot_id, index, gib, disk_id in disks:
        device = f"/dev/xvd{'abcdefghijklmnopqrstuvwxyz'[index]}"
        cloud.snapshots.add(
            {"id": snapshot_id, "name": f"{name}_{index}", "region": region, "size": gib, "source_disk_id": disk_id,
             "kind": "data" if index else "system", "device": device, "created": now, "tags": {}, "since": now,
             "status": "progressing" if disk_id else "accomplished"}
        )
        cloud.meter.start("snapshot", snapshot_id, gib)
        mappings.append({"device": device, "index": index, "size": gib, "snapshot_id": snapshot_id})
    return cloud.images.add(
        {"id": image_id or cloud.new_id("m-", of=name),
         "name": name, "region": region, "status": status, "platform": platform,
         "architecture": architecture, "os_type": os_type, "disks": mappings, "shared": False, "public": False,
         "encrypted": False, "owner": "self",
         "created": now, "since": now, "held": not disks[0][3], "tags": dict(tags or {})}
    )
