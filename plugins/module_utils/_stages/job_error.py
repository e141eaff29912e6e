# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What follows a job that is InError: a retry, a new job, or a human (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import (
    error_codes,
    job_errors,
    limits,
    states,
)

from . import cures, incremental

if TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Row, Seen


def decide(job: Row, seen: Seen, policy: Policy, now: datetime) -> Decision:
    """Return the next step of a job that is InError."""
    code, info = job.get("ErrorCode") or "", job.get("StatusInfo") or ""
    known, name = error_codes.find_job(code, info), f"job {job['JobId']} is InError ({code or 'no code'})"
    gone = bool(states.INTERMEDIATE_GONE.intersection(job_errors.codes_in(code, info)))
    gone = gone or bool(job.get("TransitionInstanceId") and not seen.instance)
    if incremental.last(job) and (gone or known.larger):
        return incremental.ended(job, f"is InError ({code or 'no code'}) and cannot be resumed")
    if gone and seen.cures < policy.job_retries:
        return Decision.act("delete", f"job {job['JobId']} lost its intermediate instance and cannot be resumed")
    if known.larger and not gone and seen.enlarged < limits.ENLARGED_GIB:
        return Decision.act("enlarge", f"{name}: it is created again with disks that are 1 GiB larger")
    again = known.passing and seen.queued < limits.QUOTA_RETRIES
    if not gone and (again or (known.retry and seen.cures < policy.job_retries)):
        if (seen.source or {}).get("State") == "Unavailable":
            # SMC starts no job of a source whose client is away: a reboot of it may take longer than a few refusals.
            return Decision.wait(f"{name}, source {job.get('SourceId')} is Unavailable")
        if seen.cured and (now - seen.cured).total_seconds() < cures.pause(seen):
            return Decision.wait(f"{name}, it is started again after a pause. {known.remedy}")
        return Decision.act("start", f"{name}, which {'passes when there is room' if again else 'a retry can cure'}")
    kept = job.get("TransitionInstanceId") and not gone
    billed = " Its intermediate instance is kept and billed until the job is deleted." if kept else ""
    often = seen.cures + seen.queued
    tried = f" It was started again {often} times." if often else ""
    reason = f"{code or 'no code'} {job_errors.said(info)}".strip().rstrip(".")
    account = f"{reason}. {known.remedy}" if known.account else ""
    text, keep = f"job {job['JobId']} is InError: {reason}.{tried} {known.remedy}{billed}", bool(incremental.last(job))
    return Decision.fail(text, keep, account)
