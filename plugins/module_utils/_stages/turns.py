# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Which servers may start in a stage whose service handles only some of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks

if TYPE_CHECKING:
    from .batch import Act
    from .row import Progress
    from .stage import Outcome, Slots, Stage

FULL_SECONDS = 60.0
"""For how long a refusal because of a service's limit of what it handles at once counts."""

Decided = tuple["Progress", Decision]


class Turns:
    """The limits of the services, as far as they are documented or a refusal has shown them."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._full: dict[str, tuple[int, float]] = {}
        """By stage: how many servers its service handled when it refused one more, and when that was."""

    def grant(self, stage: Stage, rows: Sequence[Progress], decided: Sequence[Decided]) -> list[Decided]:
        """Let as many servers start as the service handles at once, and the others wait. ``rows`` are all servers that
        may take a slot, ``decided`` what the stage has decided for those that were looked at."""
        slots = stage.slots
        if slots is None:
            return list(decided)
        running = sum(1 for row in rows if _takes(stage, slots, row))
        most = self._room(stage, slots)
        granted = []
        for row, decision in sorted(decided, key=lambda pair: _turn(stage, *pair)):
            outcome = decision
            if decision.action in stage.starts:
                if most is not None and running >= most:
                    row.seen.rests = slots.rests(row.seen)
                    outcome = Decision("wait", slots.text.format(running=running), limited=True)
                else:
                    running += 1
                    if row.seen.rests:
                        row.seen.rests = False
                        outcome = Decision("wait", "its turn has come, it is looked at before it starts", brief=True)
            granted.append((row, outcome))
        return granted

    def refused(self, outcomes: Sequence[tuple[Act, Outcome]], rows: Sequence[Progress]) -> None:
        """Note how many servers a service handles that has refused one more."""
        for stage in {act.stage.name: act.stage for act, outcome in outcomes if outcome.full}.values():
            slots = stage.slots
            taken = sum(1 for row in rows if slots and _takes(stage, slots, row))
            self._full[stage.name] = (taken, self._monotonic())

    def _room(self, stage: Stage, slots: Slots) -> int | None:
        """Return how many servers a service handles at once, None where no refusal has shown it. A refusal counts for
        some time: others use the same quota."""
        known, at = self._full.get(stage.name, (0, 0.0))
        if stage.name not in self._full or self._monotonic() - at > FULL_SECONDS:
            return slots.most
        return max(1, known) if slots.most is None else min(slots.most, max(1, known))


def _takes(stage: Stage, slots: Slots, row: Progress) -> bool:
    """Return whether a server takes a slot: it is seen to run, or this run has started it since the last look."""
    return row.open and not row.elsewhere and (row.started == stage.name or slots.taken(row.seen))


def _turn(stage: Stage, row: Progress, decision: Decision) -> tuple[bool, tuple[int, str]]:
    """Return the sort key of a server: what needs one more call first, then the largest disks."""
    return decision.action not in stage.lasting, disks.start_order(
        (disk.bytes for disk in row.server.disks), row.server.host
    )
