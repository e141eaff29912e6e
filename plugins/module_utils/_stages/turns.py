# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Which servers may start in a stage whose service handles only some of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment, stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import schedule, windows

from . import incremental

if TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server

    from .batch import Act
    from .row import Progress
    from .stage import Clock, Outcome, Slots, Stage

FULL_SECONDS = 60.0
"""For how long a refusal because of a service's limit of what it handles at once counts."""

Decided = tuple["Progress", Decision]


class Turns:
    """The limits of the services, as far as they are documented or a refusal has shown them, and those of the user."""

    def __init__(self, servers: Sequence[Server], policy: Policy, clock: Clock) -> None:
        self._clock = clock
        self._groups = policy.max_parallel
        own = schedule.limit_bytes(policy.replication_parameters)
        self._copy_rate = min(own or policy.copy_rate, policy.copy_rate)
        """What one copy is expected to reach: no more than the limit that the user has chosen for each of them."""
        self._uplinks = schedule.uplinks((server.copy.site, server.uplink) for server in servers)
        self._full: dict[str, tuple[int, float]] = {}
        """By stage: how many servers its service handled when it refused one more, and when that was."""

    def grant(self, stage: Stage, rows: Sequence[Progress], decided: Sequence[Decided]) -> list[Decided]:
        """Let those servers start whose turn it is, and the others wait. ``rows`` are all servers that may take a slot,
        ``decided`` what the stage has decided for those that were looked at."""
        slots = stage.slots
        if slots is None or not any(decision.action in stage.starts for _row, decision in decided):
            return list(decided)
        now = self._clock.now()
        running = [slots.copy(row.server, row.seen) for row in rows if _takes(stage, slots, row)]
        copies = {
            row.server.host: slots.copy(row.server, row.seen)
            for row, decision in decided
            if decision.action in stage.starts
        }
        room, uplinks = self._room(stage, slots), self._uplinks if slots.shares_uplink else {}
        quotas = schedule.Quotas(room, self._groups, uplinks, self._copy_rate, _rates(rows))
        ordered = schedule.order(copies.values(), quotas)
        turns = schedule.turns(ordered, running, quotas, now)
        place = {copy.host: number for number, copy in enumerate(ordered)}

        def turn(row: Progress, decision: Decision) -> Decision:
            copy = copies.get(row.server.host)
            if copy is None:
                return decision
            if copy.host not in turns.starts:
                row.seen.rests = slots.rests(row.seen)
                return self._waits(slots, copy, turns.cause(copy.host), len(running) + len(turns.starts), now)
            row.seen.limit = turns.starts[copy.host]
            if row.seen.rests:
                row.seen.rests = False
                return Decision("wait", "its turn has come, it is looked at before it starts", brief=True)
            return decision

        found = [(row, turn(row, decision)) for row, decision in decided]
        return sorted(found, key=lambda pair: place.get(pair[0].server.host, -1))

    def _waits(
        self, slots: Slots, copy: schedule.Copy, cause: schedule.Cause, running: int, now: datetime
    ) -> Decision:
        if cause == "window":
            opens = windows.next_open(copy.windows, now)
            minutes = windows.open_minutes(copy.windows, opens)
            return Decision.wait(f"its maintenance window opens at {stamp(opens)} for {minutes} minutes")
        if cause == "uplink":
            of_site = f" of the site {copy.site}" if copy.site else ""
            text = f"the uplink{of_site} is in use by other copies"
        elif cause == "group":
            most = {group: self._groups[group] for group in copy.groups if group in self._groups}
            shown = " and ".join(f"{group} {count}" for group, count in sorted(most.items()))
            text = f"so many servers of its group are copied as max_parallel allows ({shown})"
        else:
            text = slots.text.format(running=running)
        return Decision("wait", text, limited=True)

    def refused(self, outcomes: Sequence[tuple[Act, Outcome]], rows: Sequence[Progress]) -> None:
        """Note how many servers a service handles that has refused one more."""
        for stage in {act.stage.name: act.stage for act, outcome in outcomes if outcome.full}.values():
            slots = stage.slots
            taken = sum(1 for row in rows if slots and _takes(stage, slots, row))
            self._full[stage.name] = (taken, self._clock.monotonic())

    def _room(self, stage: Stage, slots: Slots) -> float:
        """Return how many servers a service handles at once, as far as it is known. A refusal counts for some time:
        others use the same quota."""
        most = inf if slots.most is None else slots.most
        known, at = self._full.get(stage.name, (inf, 0.0))
        return most if self._clock.monotonic() - at > FULL_SECONDS else min(most, max(1, known))


def _takes(stage: Stage, slots: Slots, row: Progress) -> bool:
    """Return whether a server takes a slot: it is seen to run, or this run has started it since the last look."""
    return row.open and not row.elsewhere and (row.started == stage.name or slots.taken(row.seen))


def _rates(rows: Sequence[Progress]) -> dict[str, float]:
    """Return the rates of the copies without a limit that this run has seen to be finished, by site."""
    jobs = [(row.server.copy, row.seen.job) for row in rows if row.seen.job and row.seen.job.get("ImageId")]
    # The times of an incremental job are not those of one copy.
    jobs = [(copy, job) for copy, job in jobs if not incremental.repeats(job)]
    jobs = [(copy, job) for copy, job in jobs if not schedule.limit_bytes(job.get("ReplicationParameters"))]
    times = [(copy, moment(job.get("StartTime")), moment(job.get("EndTime"))) for copy, job in jobs]
    return schedule.measured(
        (copy.site, copy.bytes, (end - start).total_seconds()) for copy, start, end in times if start and end
    )
