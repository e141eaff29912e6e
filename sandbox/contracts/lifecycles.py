# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycles as data: from, guard, delay and jitter per profile, effect, to (local-cloud 11).

Edges of one state are tried in order, failures first. An edge fires once its delay has passed since the state was
entered and its guard is true. The delay is ``delay`` virtual seconds, up to ``jitter`` more, and the time for ``size``
(see ``sandbox.lifecycles.timing``). ``code`` is the ErrorCode that the edge sets in the row.
``GONE`` deletes the row.
"""

from __future__ import annotations

from dataclasses import dataclass

GONE = "(gone)"
DAY = 86400.0

# HeartbeatRate shown by the API, seconds (30 in the vendor's sample, facts 1.5).
HEARTBEAT = {"fast": 2, "realistic": 30, "frozen": 30}

# Which of an edge's two delays a profile takes. ``frozen`` has the realistic ones, on a frozen clock.
PROFILES = {"fast": 0, "realistic": 1, "frozen": 1}


@dataclass(frozen=True)
class Edge:
    """One possible step. ``delay`` and ``jitter``: virtual seconds (fast, realistic).

    ``size`` names what makes it longer the more bytes there are, ``failure_id`` the failure of the world file that this
    edge represents.
    """

    origin: str
    to: str
    delay: tuple[float, float] = (0.0, 0.0)
    guard: str = ""
    effect: str = ""
    code: str = ""
    failure_id: str = ""
    jitter: tuple[float, float] = (0.0, 0.0)
    size: str = ""


@dataclass(frozen=True)
class Lifecycle:
    """The edges of one kind of row, whose state is in ``column``.

    ``failed`` is the state that a failure of the world file leads to, ``failed_effect`` what it does on the way.
    """

    table: str
    edges: tuple[Edge, ...]
    failed: str = ""
    failed_effect: str = ""
    column: str = "state"


SMC_SOURCE = Lifecycle(
    "sources",
    (
        Edge("Unavailable", "Available", (0.0, 5.0), "source_online", jitter=(0.0, 3.0)),
        Edge("Available", "Unavailable", guard="source_offline", code="SourceServer.Offline"),
        Edge("Available", "InUse", guard="source_has_running_job"),
        Edge("InUse", "Unavailable", guard="source_offline", code="SourceServer.Offline"),
        Edge("InUse", "Available", guard="source_has_no_running_job"),
        Edge("Deleting", GONE, (0.3, 60.0), jitter=(0.1, 20.0)),
    ),
)

SMC_JOB = Lifecycle(
    "jobs",
    (
        Edge(
            "Running/Preparing", "InError", (0.1, 60.0), "balance_used_up", code="InvalidAccountStatus.NotEnoughBalance"
        ),
        Edge("Running/Preparing", "InError", (0.1, 30.0), "vpc_quota_used_up", code="QuotaExceeded.Vpc"),
        Edge("Running/Preparing", "InError", (0.1, 30.0), "vcpu_quota_used_up", code="QuotaExceed.ElasticQuota"),
        Edge("Running/Preparing", "InError", (0.1, 30.0), "instance_lost", code="TransitionInstance.NotFound"),
        Edge("Running/Preparing", "Running/Syncing", (0.3, 180.0), effect="create_intermediate", jitter=(0.1, 60.0)),
        Edge("Running/Syncing", "InError", (0.0, 30.0), "instance_lost", code="TransitionInstance.NotFound"),
        Edge("Running/Syncing", "InError", (0.0, 90.0), "source_unavailable", code="SourceServer.Offline"),
        Edge("Running/Syncing", "InError", guard="transfer_failed", effect="tell_transfer_failure"),
        Edge(
            "Running/Syncing", "Running/Processing", guard="all_bytes_received", effect="start_image", size="stream"
        ),
        Edge("Running/Processing", "InError", guard="instance_lost", code="TransitionInstance.NotFound"),
        Edge("Running/Processing", "InError", (0.1, 30.0), "snapshots_unavailable",
             code="InvalidAccountStatus.SnapshotServiceUnavailable"),
        Edge("Running/Processing", "InError", (0.1, 30.0), "image_quota_used_up", code="QuotaExceed.Image"),
        Edge("Running/Processing", "InError", guard="image_work_failed", effect="tell_image_failure"),
        Edge(
            "Running/Processing", "Running/Cleaning", (0.4, 600.0), "image_work_done", "create_image",
            jitter=(0.1, 120.0),
        ),
        Edge("Running/Cleaning", "Waiting", (0.3, 60.0), "job_repeats", "end_run", jitter=(0.1, 20.0)),
        Edge("Running/Cleaning", "Finished", (0.3, 60.0), "job_is_over", "finish_job", jitter=(0.1, 20.0)),
        Edge("Waiting", "Running/Preparing", guard="next_run_due", effect="begin_run"),
        Edge("Ready", "Expired", guard="job_expired"),
        Edge("Stopped", "Expired", guard="job_expired"),
        Edge("InError", "Expired", guard="job_expired"),
        Edge("Expired", GONE, (7 * DAY, 7 * DAY), effect="release_intermediate"),
        Edge("Deleting", GONE, (0.4, 60.0), effect="release_intermediate", jitter=(0.1, 20.0)),
    ),
    failed="InError",
)

ECS_INSTANCE = Lifecycle(
    "instances",
    (
        Edge("Pending", "Running", (0.1, 20.0), jitter=(0.05, 10.0)),
        Edge("Stopping", "Stopped", (0.1, 20.0), jitter=(0.05, 10.0)),
    ),
)

ECS_DISK = Lifecycle("disks", (Edge("Attaching", "In_use", (0.05, 8.0), jitter=(0.02, 4.0)),), column="status")

# Snapshots and their image exist when the job enters Cleaning, and are usable before it ends.
ECS_SNAPSHOT = Lifecycle(
    "snapshots", (Edge("progressing", "accomplished", (0.05, 15.0), jitter=(0.02, 10.0)),), column="status"
)
ECS_IMAGE = Lifecycle(
    "images", (Edge("Creating", "Available", (0.1, 20.0), "snapshots_are_ready", jitter=(0.05, 10.0)),), column="status"
)

ECS_TASK = Lifecycle(
    "tasks",
    (
        Edge("Processing", "Failed", (0.0, 0.0), "export_bucket_gone", "drop_export", code="InvalidOSSBucket.NotFound"),
        Edge("Processing", "Failed", guard="disk_export_failed", effect="drop_export", code="ExportImageFailed"),
        Edge(
            "Processing", "Finished", (0.4, 30.0), "all_disks_exported", "finish_export", jitter=(0.1, 30.0),
            size="export",
        ),
    ),
    failed="Failed",
    failed_effect="drop_export",
)

# One disk of an export; its task looks at these.
ECS_EXPORT = Lifecycle(
    "exports",
    (
        Edge("Waiting", "Uploading", guard="disk_is_next", effect="open_upload"),
        Edge("Uploading", "Failed", guard="conversion_failed", effect="tell_export_failure"),
        Edge("Uploading", "Failed", guard="upload_taken_away", effect="tell_export_failure"),
        Edge("Uploading", "Uploading", guard="part_is_missing", effect="add_part", size="export_part"),
        Edge("Uploading", "Stored", guard="parts_are_there", effect="complete_upload", size="export_part"),
    ),
)

ENS_IMAGE = Lifecycle(
    "ens_images",
    (
        Edge("Creating", "Uploading", (0.2, 60.0), effect="start_ingest", jitter=(0.05, 20.0)),
        Edge("Uploading", "Upload_failed", guard="ingest_failed", effect="tell_ingest_failure"),
        Edge("Uploading", "Available", (0.4, 30.0), "ingest_done", "finish_ingest", jitter=(0.1, 30.0), size="ingest"),
    ),
    failed="Upload_failed",
)

# Creating is an assumption; Starting and Stopping are in the pages of RebootInstance and StopInstance (facts 4.3).
ENS_INSTANCE = Lifecycle(
    "ens_instances",
    (
        Edge("Creating", "Running", (0.2, 60.0), jitter=(0.05, 20.0)),
        Edge("Starting", "Running", (0.1, 20.0), "guest_is_off", jitter=(0.05, 10.0)),
        Edge("Stopping", "Stopped", (0.1, 20.0), "guest_is_off", jitter=(0.05, 10.0)),
        Edge("Running", "Stopped", guard="guest_powered_off"),
        Edge("Running", GONE, (0.1, 1.0), "auto_release_due", "release_ens_instance"),
        Edge("Stopped", GONE, (0.1, 1.0), "auto_release_due", "release_ens_instance"),
    ),
)

LIFECYCLES: dict[str, Lifecycle] = {
    "smc.source": SMC_SOURCE,
    "smc.job": SMC_JOB,
    "ecs.instance": ECS_INSTANCE,
    "ecs.disk": ECS_DISK,
    "ecs.snapshot": ECS_SNAPSHOT,
    "ecs.image": ECS_IMAGE,
    "ecs.task": ECS_TASK,
    "ecs.export": ECS_EXPORT,
    "ens.image": ENS_IMAGE,
    "ens.instance": ENS_INSTANCE,
}

# A failure that the world file asks for comes this long after its state was entered.
FAILURE_DELAY = (0.2, 30.0)
