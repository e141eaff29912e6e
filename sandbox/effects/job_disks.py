# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a job: those that it copies, and the clones for its image."""

from __future__ import annotations

from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row


def job_disks(job: Row) -> list[tuple[int, int]]:
    """Return (index, GiB) of every disk that the job copies; 0 is the system disk."""
    return [(0, job["system_disk_size"])] + [(disk["index"], disk["size"]) for disk in job["data_disks"]]


def drop_frozen(cloud: Cloud, job: Row) -> None:
    """Delete the clones for an image that was not created."""
    for snapshot_id in job["frozen"]:
        cloud.disk_store.delete(snapshot_id)
    cloud.jobs.update(job["id"], frozen=[])
