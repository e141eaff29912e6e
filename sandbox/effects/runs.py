# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs of an incremental job. Each copies what has changed into the disks of the run before and makes an image.

The intermediate instance stays between two runs: CutOverReplicationJob releases it (facts 1.2). The next run begins one
interval after the end of the last one, and each run keeps the newest images only (facts 1.3).
"""

from __future__ import annotations

import math

from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row
from sandbox.state.work import work_key

HOUR = 3600.0


def begin(cloud: Cloud, job: Row, kind: str = "Schedule") -> None:
    """Begin a run: everything is read again, and what the disks hold already is not sent again."""
    now = cloud.clock.time()
    run = {"image_id": "", "started": now, "ended": None, "type": kind}
    cloud.jobs.update(
        job["id"], history=[*job["history"], run], received=False, progress=0.0, error_code="", status_info="",
        started=job["started"] or now, ended=None, runs=job["runs"] + 1,
    )


def note_bytes(cloud: Cloud, job: Row) -> None:
    """Log how many bytes of content the present run of an incremental job has received from a real client."""
    received = cloud.receivers.received_bytes(job["transition_instance_id"])
    if job["history"]:
        cloud.log("agent", "Received", {"job": job["id"], "run": len(job["history"]), "bytes": received}, 200)


def made(cloud: Cloud, job: Row, image_id: str) -> None:
    """Note the image of the present run."""
    if job["history"]:
        cloud.jobs.update(job["id"], history=[*job["history"][:-1], {**job["history"][-1], "image_id": image_id}])


def has_image(job: Row) -> bool:
    """Return whether the present run has made its image."""
    return bool(job["history"][-1]["image_id"] if job["history"] else job["image_id"])


def end(cloud: Cloud, job: Row) -> None:
    """Note that a run has ended, and delete the oldest images beyond those to keep; one that is exported stays."""
    now, history = cloud.clock.time(), job["history"]
    cloud.work.forget(work_key("receiver", job))
    cloud.work.forget(work_key("image", job))
    cloud.jobs.update(job["id"], ended=now, last_step="Cleaning", progress=100.0)
    if not history or history[-1]["ended"]:
        return
    cloud.jobs.update(job["id"], history=[*history[:-1], {**history[-1], "ended": now}])
    images = [run["image_id"] for run in history if run["image_id"] in cloud.images]
    for image_id in images[: max(0, len(images) - job["images_to_keep"])]:
        if not cloud.tasks.where(image_id=image_id, state="Processing"):
            _drop(cloud, image_id)


def due_at(job: Row) -> float:
    """Return when the next run begins, infinity for a job that runs once."""
    return math.inf if job["run_once"] else float(job["since"]) + float(job["frequency"]) * HOUR


def _drop(cloud: Cloud, image_id: str) -> None:
    image = cloud.images.delete(image_id)
    for disk in image["disks"] if image else ():
        if cloud.snapshots.delete(disk["snapshot_id"]) is not None:
            cloud.meter.stop("snapshot", disk["snapshot_id"])
            cloud.disk_store.delete(disk["snapshot_id"])
