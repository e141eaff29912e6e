# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What earlier runs have done for a server, by the times of the resources that the services show.

A receipt has the timeline of one run. A migration in many short runs, or one that was continued, began earlier: its
job, ECS image and objects have the times at which the services have made them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from . import timeline, words

STATE: Final = "an earlier run; by the times of the services"
_EXACT: Final = 120.0
"""Seconds by which the times of two services, and that of the controller, may differ."""
_MADE: Final = {"smc_job": "transfer", "ecs_image": "export", "oss_object": "import"}
"""Kinds of resources, and the stage that begins when they exist."""


@dataclass(frozen=True)
class History:
    """The begin of the run, the seconds between the first resource and that, and the stages of the hosts before it."""

    began: datetime | None
    offset: float
    hosts: Mapping[str, Mapping[str, datetime]]

    def parts(self, row: Mapping[str, Any], run_seconds: float) -> list[timeline.Part]:
        """Return the parts of a server in all runs. Times are seconds since the first begin."""
        own = timeline.parts(row, run_seconds)
        if not self.began or not self.offset:
            return own
        known = self.hosts.get(str(row.get("host")), {})
        begins = {stage: (at - self.began).total_seconds() for stage, at in known.items()}
        earlier = sorted((begin, stage) for stage, begin in begins.items() if begin < -_EXACT)
        ends = [*(begin for begin, _stage in earlier), own[0].begin if own else 0.0][1:]
        before = [
            timeline.Part(stage, STATE, begin, end, limited=False, copies=False)
            for (begin, stage), end in zip(earlier, ends, strict=True)
        ]
        return [replace(part, begin=part.begin + self.offset, end=part.end + self.offset) for part in [*before, *own]]


def of(receipt: Mapping[str, Any]) -> History:
    """Return the history of a receipt. Without a time of the run, or without earlier resources, it is empty."""
    began = words.time((receipt.get("run") or {}).get("began"))
    hosts = _begins(receipt.get("resources") or [])
    first = min((at for stages in hosts.values() for at in stages.values()), default=None)
    offset = (began - first).total_seconds() if began and first else 0.0
    return History(began, offset if offset > _EXACT else 0.0, hosts)


def _begins(resources: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, datetime]]:
    """Return when each stage of a host began: the copy with its job, the export with the last image, the import with
    the last object."""
    found: dict[str, dict[str, datetime]] = defaultdict(dict)
    for row in resources:
        stage, at = _MADE.get(str(row.get("kind"))), words.time(row.get("created"))
        if not stage or not at or not row.get("host"):
            continue
        known = found[str(row["host"])]
        choose = min if stage == "transfer" else max
        known[stage] = choose(known.get(stage, at), at)
    return found
