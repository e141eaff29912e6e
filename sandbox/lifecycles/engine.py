# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks every lifecycle up to virtual now, one step at a time in the order of their moments.

Steps that only wait for time happen at their due moment, even when the clock jumped past it; steps that wait for the
world (bytes, a heartbeat) happen now.
"""

from __future__ import annotations

from sandbox.contracts.lifecycles import GONE, LIFECYCLES, Edge
from sandbox.faults import state_rules
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .agenda import Agenda
from .effects import EFFECTS
from .failures import spend

_LIMIT = 100000


def tick(cloud: Cloud) -> int:
    """Let everything happen that is due by now; returns how many steps were taken."""
    agenda, steps = agenda_of(cloud), 0
    while steps < _LIMIT:
        now = cloud.clock.time()
        due = agenda.next(now)
        if state_rules.edit(cloud, now if due is None else due.moment):
            if due is not None:
                agenda.put_back(due)
            continue
        if due is None:
            return steps
        _step(cloud, *due)
        steps += 1
    raise RuntimeError(f"lifecycles do not come to rest within {_LIMIT} steps")


def agenda_of(cloud: Cloud) -> Agenda:
    """The cloud's index of what is due, made on first use."""
    if cloud.agenda is None:
        cloud.agenda = Agenda(cloud)
    return cloud.agenda


def _step(cloud: Cloud, moment: float, name: str, row: Row, edge: Edge) -> None:
    lifecycle = LIFECYCLES[name]
    table = cloud.store.table(lifecycle.table)
    with cloud.clock.pinned(moment):
        if edge.code:
            message = spend(cloud, edge.failure_id) if edge.failure_id else ""
            table.update(row["id"], error_code=edge.code, status_info=message)
        if edge.effect:
            EFFECTS[edge.effect](cloud, row)
        if edge.to == GONE:
            table.delete(row["id"])
        else:
            table.update(row["id"], **{lifecycle.column: edge.to}, since=moment)
            if name == "smc.source" and not edge.code:
                table.update(row["id"], error_code="", status_info="")
