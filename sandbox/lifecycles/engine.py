# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the due steps of every lifecycle up to virtual now, one at a time in the order of their moments.

Steps that only wait for time happen at their due moment, even when the clock jumped past it; steps that wait for an
event (bytes, a heartbeat) happen now.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.contracts.lifecycles import GONE, LIFECYCLES, Edge
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .agenda import Agenda
from .effects import EFFECTS
from .failures import spend

_LIMIT = 100000


class Engine:
    """The lifecycles of one cloud.

    ``before_step`` is called with the virtual moment of the next step and returns True when it has changed a row: the
    engine then looks again at what is due. Fault rules over states make their edits this way between two steps.
    """

    def __init__(self, cloud: Cloud, before_step: Callable[[float], bool] = lambda _moment: False) -> None:
        self.cloud = cloud
        self.agenda = Agenda(cloud)
        self._before_step = before_step

    def tick(self) -> int:
        """Take every step that is due by now and return how many were taken.

        RuntimeError when 100,000 steps do not suffice: the tables have a loop then.
        """
        steps = 0
        while steps < _LIMIT:
            now = self.cloud.clock.time()
            due = self.agenda.next(now)
            if self._before_step(now if due is None else due.moment):
                if due is not None:
                    self.agenda.put_back(due)
                continue
            if due is None:
                return steps
            _step(self.cloud, *due)
            steps += 1
        raise RuntimeError(f"lifecycle steps are still due after {_LIMIT} steps")


def _step(cloud: Cloud, moment: float, name: str, row: Row, edge: Edge) -> None:
    lifecycle = LIFECYCLES[name]
    table = cloud.tables.table(lifecycle.table)
    with cloud.clock.pinned(moment), cloud.tables.whole():
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
