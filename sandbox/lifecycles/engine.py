# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks every lifecycle up to virtual now, one step at a time in the order of their moments.

Steps that only wait for time happen at their due moment, even when the clock jumped past it; steps that wait for the
world (bytes, a heartbeat) happen now.
"""

from __future__ import annotations

from collections import defaultdict

from sandbox.cloud import Cloud
from sandbox.faults import states
from sandbox.lifecycles.effects import EFFECTS
from sandbox.lifecycles.failures import failure_edge, spend
from sandbox.lifecycles.guards import GUARDS, MOMENTS
from sandbox.lifecycles.tables import GONE, LIFECYCLES, Edge
from sandbox.store import Row

_LIMIT = 100000


def _by_origin() -> dict[str, dict[str, list[Edge]]]:
    index: dict[str, dict[str, list[Edge]]] = {}
    for name, lifecycle in LIFECYCLES.items():
        index[name] = defaultdict(list)
        for edge in lifecycle.edges:
            index[name][edge.origin].append(edge)
    return index


_EDGES = _by_origin()


def tick(cloud: Cloud) -> int:
    """Let everything happen that is due by now; returns how many steps were taken."""
    steps = 0
    while steps < _LIMIT:
        due = _next(cloud)
        if states.edit(cloud, cloud.clock.time() if due is None else due[0]):
            continue
        if due is None:
            return steps
        _step(cloud, *due)
        steps += 1
    raise RuntimeError(f"lifecycles do not come to rest within {_LIMIT} steps")


def _next(cloud: Cloud) -> tuple[float, str, Row, Edge] | None:
    now = cloud.clock.time()
    best: tuple[float, str, Row, Edge] | None = None
    for name, lifecycle in LIFECYCLES.items():
        for row in cloud.store.table(lifecycle.table):
            if row["state"] not in _EDGES[name]:
                continue
            found = _due(cloud, name, row, now)
            if found is not None and (best is None or found[0] < best[0]):
                best = (found[0], name, row, found[1])
    return best


def _due(cloud: Cloud, name: str, row: Row, now: float) -> tuple[float, Edge] | None:
    forced = failure_edge(cloud, name, row)
    # A failure that was asked for is the only way out of its state.
    for edge in [forced] if forced else _EDGES[name][row["state"]]:
        moment = row["since"] + edge.delay[0 if cloud.settings.profile == "fast" else 1]
        if moment <= now and (not edge.guard or GUARDS[edge.guard](cloud, row)):
            return _moment(cloud, row, edge, moment, now), edge
    return None


def _moment(cloud: Cloud, row: Row, edge: Edge, due: float, now: float) -> float:
    if not edge.guard:
        return due
    known = MOMENTS[edge.guard](cloud, row) if edge.guard in MOMENTS else None
    return now if known is None else min(now, max(due, known))


def _step(cloud: Cloud, moment: float, name: str, row: Row, edge: Edge) -> None:
    table = cloud.store.table(LIFECYCLES[name].table)
    with cloud.clock.pinned(moment):
        if edge.code:
            message = spend(cloud, edge.failure_id) if edge.failure_id else ""
            table.update(row["id"], error_code=edge.code, status_info=message)
        if edge.effect:
            EFFECTS[edge.effect](cloud, row)
        if edge.to == GONE:
            table.delete(row["id"])
        else:
            table.update(row["id"], state=edge.to, since=moment)
            if name == "smc.source" and not edge.code:
                table.update(row["id"], error_code="", status_info="")
