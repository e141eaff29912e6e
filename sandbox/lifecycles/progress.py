# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of a job in per cent: the float that DescribeReplicationJobs shows."""

from __future__ import annotations

from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .timing import state_seconds, stream_seconds

# Per cent at the start and end of each step (local-cloud 11).
_RANGE = {
    "Running/Preparing": (0.0, 5.0),
    "Running/Syncing": (5.0, 80.0),
    "Running/Processing": (80.0, 98.0),
    "Running/Cleaning": (98.0, 100.0),
}


def job_progress(cloud: Cloud, job: Row) -> float:
    """Return the job's progress, 0 to 100, and store it in the row. It never falls; a stopped job keeps it."""
    if job["state"] == "Finished":
        share = 100.0
    elif job["state"] in _RANGE:
        low, high = _RANGE[job["state"]]
        share = low + (high - low) * _within(cloud, job)
    else:
        share = float(job["progress"])
    progress = round(max(float(job["progress"]), share), 2)
    cloud.jobs.update(job["id"], progress=progress)
    return progress


def _within(cloud: Cloud, job: Row) -> float:
    elapsed = cloud.clock.time() - float(job["since"])
    if job["state"] == "Running/Syncing":
        source = cloud.sources.get(job["source_id"])
        if source is not None and source["simulated"]:
            return min(1.0, elapsed / max(stream_seconds(cloud, job), 0.001))
        return cloud.receivers.progress(job["transition_instance_id"])
    return min(0.99, elapsed / max(state_seconds(cloud, "smc.job", job, job["state"]), 0.001))
