# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""How often a failed job was started again, here and by earlier runs: the ledger counts it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import (
    error_codes,
    limits,
)

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row, Seen, Server

    from .stage import Context

_STARTED: Final = "started"
_ENLARGED: Final = "enlarged"
_COUNTS: Final = re.compile(r"(j-[^/]+)/(\d{1,3})/(\d{1,3})")
"""What the ledger keeps of a failed job: its id, how often it was started again, and how often of these for a quota."""


def remember(context: Context, server: Server, seen: Seen, job: Row, action: str) -> None:
    """Count a cure of a failed job, here and in the ledger, so that runs on a schedule end too."""
    if action == "enlarge":
        seen.enlarged += 1
        context.driver.note(server.id, _ENLARGED, str(seen.enlarged))
        return
    if error_codes.find_job(job.get("ErrorCode") or "", job.get("StatusInfo") or "").passing:
        seen.queued += 1
    else:
        seen.cures += 1
    seen.cured = context.now
    context.driver.note(server.id, _STARTED, f"{job['JobId']}/{seen.cures}/{seen.queued}")


def recall(context: Context, server: Server, seen: Seen) -> None:
    """Take over how often earlier runs have tried to cure the failed job."""
    text, ago = context.driver.noted(server.id, _STARTED)
    known = _COUNTS.fullmatch(text)
    if known and known[1] == (seen.job or {}).get("JobId"):
        seen.cures, seen.queued = max(seen.cures, int(known[2])), max(seen.queued, int(known[3]))
        seen.cured = seen.cured or context.now - timedelta(seconds=ago)
    text, _ago = context.driver.noted(server.id, _ENLARGED)
    if text.isdecimal() and len(text) == 1:
        seen.enlarged = max(seen.enlarged, min(int(text), limits.ENLARGED_GIB))


def pause(seen: Seen) -> float:
    """Return the seconds between the last start of a failed job and the next one."""
    return float(min(limits.LONGEST_PAUSE, limits.RETRY_PAUSE * 2 ** (seen.cures + seen.queued - 1)))
