# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over states: compares the steps of the timeline with the rules and makes the edits that are due."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from sandbox.contracts.lifecycles import LIFECYCLES
from sandbox.lifecycles.failures import name_of
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .edits import DO
from .rules import Faults

_TABLES = {lifecycle.table: name for name, lifecycle in LIFECYCLES.items()}


def edit(cloud: Cloud, faults: Faults, until: float) -> bool:
    """Make the edits that are due by the virtual moment ``until``; return True when there was one.

    The engine calls it before each step, so that the edits of an edge come before the next edge.
    """
    _notice(cloud, faults)
    due = [item for item in faults.waiting if item[0] <= until]
    for item in due:
        faults.waiting.remove(item)
        moment, rule, row_id = item
        row = cloud.tables.table(LIFECYCLES[rule.fault.state.lifecycle].table).get(row_id)
        if row is not None:
            with cloud.clock.pinned(moment):
                DO[rule.fault.do](cloud, row, rule.fault)
            rule.hits += 1
    return bool(due)


def _notice(cloud: Cloud, faults: Faults) -> None:
    timeline = cloud.tables.timeline
    if timeline.last == faults.noted:
        return
    for step in _since(timeline.steps, faults.noted) if any(rule.live for rule in faults.states) else ():
        lifecycle = _TABLES.get(step["table"])
        row = cloud.tables.table(step["table"]).get(step["id"])
        for rule in faults.states:
            state = rule.fault.state
            if row is not None and rule.live and (state.lifecycle, state.at) == (lifecycle, step["state"]) \
                    and fnmatchcase(name_of(cloud, state.lifecycle, row), state.name):
                rule.seen += 1
                faults.waiting.append((step["at"] + rule.fault.after, rule, step["id"]))
    faults.noted = timeline.last
    if faults.stale:
        faults.history.note(cloud, write=False)


def _since(steps: list[Row], number: int) -> Iterator[Row]:
    """The steps after ``number``, oldest first."""
    first = len(steps)
    while first and steps[first - 1]["n"] > number:
        first -= 1
    return iter(steps[first:])
