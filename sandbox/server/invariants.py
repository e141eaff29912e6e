# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold after every request (local-cloud 11); a violation is a bug of the sandbox.

Only rows that were touched since the last check are checked. What the account's owner may do manually, such as
releasing an intermediate instance, is no violation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.contracts.lifecycles import LIFECYCLES
from sandbox.effects.job_disks import job_disks
from sandbox.lifecycles.agenda import outlook
from sandbox.lifecycles.engine import Engine
from sandbox.lifecycles.guards import REAL_MOMENTS
from sandbox.services.smc_job_rules import unfinished_jobs
from sandbox.state.tables import Row

_BEFORE_IMAGE = ("Ready", "Stopped", "Running/Preparing", "Running/Syncing", "Running/Processing")
_WITH_INSTANCE = ("Running/Syncing", "Running/Processing", "Running/Cleaning", "Stopped")
_WITHOUT_INSTANCE = ("Ready", "Finished")
# Virtual seconds by which two sums of the same moments may differ.
_ROUNDING = 1e-3


class Invariants:
    """The rules over one cloud, and the values that they compare with the next check."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cloud = engine.cloud
        self._touched = self._cloud.tables.subscribe()
        self._progress: dict[str, tuple[int, float]] = {}
        self._rules: dict[str, Callable[[str, Row | None], Iterator[str]]] = {
            "jobs": self._job, "tasks": self._task, "exports": self._export, "instances": self._instance,
            "ledger": self._ledger,
        }

    def check(self) -> list[str]:
        """Return the violations, one sentence each."""
        broken = list(self._left_behind())
        for table, row_id in list(self._touched):
            if table in self._rules:
                broken += self._rules[table](row_id, self._cloud.tables.table(table).get(row_id))
        self._touched.clear()
        return broken

    def restart(self) -> None:
        """Start again after a reset or restore."""
        self._touched.clear()
        self._progress.clear()

    def _job(self, job_id: str, job: Row | None) -> Iterator[str]:
        if job is None:
            self._progress.pop(job_id, None)
            return
        state, cloud = job["state"], self._cloud
        # Progress may restart with each run; a scenario that lowers it starts a run.
        turn = job["runs"]
        last, before = self._progress.get(job_id, (turn, 0.0))
        if state.startswith("Running/") and last == turn and job["progress"] < before:
            yield f"job {job_id}: its progress fell from {before} to {job['progress']}"
        self._progress[job_id] = turn, job["progress"]
        if job["image_id"] and job["run_once"] and state in _BEFORE_IMAGE:
            yield f"job {job_id}: it has the image {job['image_id']} in {state}, before the end of Processing"
        instance_id = job["transition_instance_id"]
        released = self._released(instance_id)
        if state in _WITH_INSTANCE and instance_id not in cloud.instances and not released:
            yield f"job {job_id}: in {state} it has no intermediate instance, and none was released"
        kept = cloud.instances.where(job_id=job_id)
        if state in _WITHOUT_INSTANCE and kept:
            yield f"job {job_id}: in {state} it holds the instance {kept[0]['id']}"
        others = unfinished_jobs(cloud, job["source_id"])
        if len(others) > 1:
            yield f"source {job['source_id']}: it has {len(others)} unfinished jobs"
        if state == "Finished":
            yield from self._provenance(job)

    def _provenance(self, job: Row) -> Iterator[str]:
        """Check that the image of a finished job consists of the disks that the job received from its source."""
        image = self._cloud.images.get(job["image_id"])
        if image is None:
            return
        disks = [(disk["index"], disk["size"]) for disk in image["disks"]]
        if disks != job_disks(job):
            yield f"image {image['id']}: its disks {disks} are not those of job {job['id']}, {job_disks(job)}"
        book = self._cloud.tables.table("ledger")
        for disk in image["disks"]:
            snapshot = self._cloud.snapshots.get(disk["snapshot_id"])
            received = None if snapshot is None else book.get(f"disk/{snapshot['source_disk_id']}")
            if received is not None and received["job"] != job["id"]:
                yield f"image {image['id']}: disk {disk['index']} came with job {received['job']}, not {job['id']}"

    def _task(self, task_id: str, task: Row | None) -> Iterator[str]:
        if task is not None and task["state"] == "Processing":
            count = len(self._cloud.tasks.where(image_id=task["image_id"], state="Processing"))
            if count != 1:
                yield f"image {task['image_id']}: {count} tasks export it, {task_id} among them"
        elif queued := self._cloud.exports.where(task_id=task_id):
            yield f"export {queued[0]['id']}: its task is {task['state'] if task else 'deleted'}"

    def _export(self, row_id: str, row: Row | None) -> Iterator[str]:
        task = None if row is None else self._cloud.tasks.get(row["task_id"])
        if row is not None and (task is None or task["state"] != "Processing"):
            yield f"export {row_id}: its task is {task['state'] if task else 'deleted'}"

    def _instance(self, instance_id: str, instance: Row | None) -> Iterator[str]:
        billed = self._cloud.tables.table("ledger").get(f"instance/{instance_id}")
        if instance is None:
            if billed is not None and billed["since"] is not None:
                yield f"instance {instance_id}: it is deleted and still billed"
            return
        if billed is None or billed["since"] != instance["created"] or billed["ended"] is not None:
            yield f"instance {instance_id}: it is not billed from its creation on"
        if instance["job_id"] and instance["job_id"] not in self._cloud.jobs:
            yield f"instance {instance_id}: its job {instance['job_id']} is deleted"

    def _ledger(self, row_id: str, row: Row | None) -> Iterator[str]:
        if row is None or row["kind"] != "instance":
            return
        if row["since"] is not None and row["resource"] not in self._cloud.instances:
            yield f"{row_id}: billed, but the instance does not exist"
        if row["since"] is None and abs(row["seconds"] - (row["ended"] - row["begun"])) > _ROUNDING:
            yield f"{row_id}: {row['seconds']} seconds are billed, but it existed for {row['ended'] - row['begun']}"

    def _released(self, instance_id: str) -> bool:
        billed = self._cloud.tables.table("ledger").get(f"instance/{instance_id}")
        return billed is not None and billed["ended"] is not None

    def _left_behind(self) -> Iterator[str]:
        """Check that no step is due on a frozen clock once every due step was taken; this looks at all rows."""
        cloud = self._cloud
        if cloud.clock.rate or cloud.work.under_way():
            return
        self._engine.tick()
        now = cloud.clock.time()
        for name, lifecycle in LIFECYCLES.items():
            for row in cloud.tables.table(lifecycle.table):
                due = outlook(cloud, name, row, now).due
                # A client may stop between the two checks, since it lives in real time.
                if due is not None and due.edge.guard not in REAL_MOMENTS and not cloud.work.under_way():
                    yield f"{name} {row['id']}: {due.edge.origin} to {due.edge.to} is due and was not taken"
