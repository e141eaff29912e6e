# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The states of everything a migration waits for, as tables: code only interprets them.

Sources: SMC DescribeReplicationJobs, ECS DescribeTasks and DescribeImages, ENS DescribeSelfImages.
"""

from __future__ import annotations

from typing import Final, Literal

Outcome = Literal["pending", "success", "failure"]

EXPORT_TASK: Final[dict[str, Outcome]] = {
    "Waiting": "pending",
    "Processing": "pending",
    "Finished": "success",
    "Failed": "failure",
    "Cancelled": "failure",
    "Deleted": "failure",
}

ENS_IMAGE: Final[dict[str, Outcome]] = {
    "Creating": "pending",
    "Packing": "pending",
    "Uploading": "pending",
    "Copying": "pending",
    "Available": "success",
    "Pack_failed": "failure",
    "Upload_failed": "failure",
    "Unavailable": "failure",
}

ENS_INSTANCE: Final[dict[str, Outcome]] = {
    "Running": "success",
    "Stopped": "success",
    "Expired": "failure",
}
"""Those that ENS documents (DescribeInstances). Every other word is a step between them."""

ECS_IMAGE: Final[dict[str, Outcome]] = {
    "Creating": "pending",
    "Waiting": "pending",
    "Available": "success",
    "UnAvailable": "failure",
    "CreateFailed": "failure",
    "Deprecated": "failure",
}

JOB_DELETABLE: Final = frozenset({"Ready", "Stopped", "InError", "Finished", "Waiting", "Expired"})
"""DeleteReplicationJob refuses Running; Deleting is already under way (SMC FAQ)."""

SMC_LOOK_AGAIN: Final = frozenset(
    {
        "ReplicationJobName.Duplicate",
        "ReplicationJob.InvalidStatus",
        "ReplicationJob.InvalidBusinessStatus",
        "SourceServerState.Invalid",
    }
)
"""SMC refuses a step because source or job is not, or no longer, in the state that the last describe showed: it lagged
behind, or another controller was faster. The next look tells (codes: facts 1.7)."""

ECS_LOOK_AGAIN: Final = frozenset({"InvalidTaskId.NotFound"})
"""ECS does not know a task yet that its own list has just shown: the list was ahead (local-cloud 6, row 14)."""

JOB_UNFINISHED: Final = frozenset({"Ready", "Running", "Stopped", "Waiting", "InError", "Expired", "Deleting"})
"""While one of these exists SMC makes no second job for the source."""


def queued(code: str) -> bool:
    """Return whether a refusal only means that as many of the kind run as may: ConcurrentQuotaExceed.ExportImage and
    ImageIsExporting of ExportImage (facts 3.1). The word that StartReplicationJob has for it is not documented."""
    return code == "ImageIsExporting" or "concurrent" in code.lower()


_START_QUEUED: Final = ("concurren", "quota", "limitexceed", "exceedlimit", "exceedslimit", "toomany", "overlimit")


def start_queued(code: str) -> bool:
    """Return whether SMC refuses to start a job only because of what others use at this time. No document names the
    codes, so each that speaks of a quota, a limit or concurrency counts; the end of the wait makes an error of it."""
    plain = "".join(character for character in code.lower() if character.isalnum())
    return any(word in plain for word in _START_QUEUED)


def outcome(table: dict[str, Outcome], state: str) -> Outcome:
    """Return what ``state`` means; a word that no document lists counts as pending, so that a timeout ends it."""
    return table.get(state, "pending")


INTERMEDIATE_GONE: Final = frozenset({"TransitionInstance.NotFound", "InvalidInstanceId.NotFound"})
"""The intermediate instance was released manually: the job cannot be resumed, only deleted and created again (SMC FAQ).
The exact code is not documented, so the instance itself is looked up as well."""
