# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of due rows by time: it is updated from the rows that change, without a look at all rows.

A row is checked when it, or a row that its guards read, was changed; when background work for it has ended; when its
next delay has passed; and every time while a guard of it reads something that does not notify the index (sockets,
buckets, the account).
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from typing import NamedTuple

from sandbox.contracts.lifecycles import LIFECYCLES, Edge
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row
from sandbox.world.schema import World

from .failures import failure_edge
from .guards import GUARDS, MOMENTS, REAL_MOMENTS, is_told
from .timing import edge_seconds

_NAMES = list(LIFECYCLES)
_TABLES: dict[str, int] = {lifecycle.table: number for number, lifecycle in enumerate(LIFECYCLES.values())}

Key = tuple[int, str]
"""(number of the lifecycle, row id)."""


class Due(NamedTuple):
    """A step that can be taken now."""

    moment: float
    lifecycle: str
    row: Row
    edge: Edge


class _Outlook(NamedTuple):
    due: Due | None
    wake: float
    real_wake: float
    poll: bool


def _by_origin() -> dict[str, dict[str, list[Edge]]]:
    index: dict[str, dict[str, list[Edge]]] = {}
    for name, lifecycle in LIFECYCLES.items():
        index[name] = defaultdict(list)
        for edge in lifecycle.edges:
            index[name][edge.origin].append(edge)
    return index


_EDGES = _by_origin()


class Agenda:
    """The index of one cloud; it subscribes to the changes of the cloud's store."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._changed = cloud.tables.subscribe()
        self._settings: World | None = None
        self._rate = 0.0
        self._due: list[tuple[float, int, int, str]] = []
        self._wakes: list[tuple[float, Key]] = []
        self._real_wakes: list[tuple[float, Key]] = []
        self._wake: dict[Key, float] = {}
        self._polled: dict[Key, None] = {}

    def next(self, now: float) -> Due | None:
        """Return the step with the earliest moment that can be taken by ``now``; equal moments
        in the order of the tables."""
        for key in self._to_look_at(now):
            self._file(key, now)
        while self._due:
            moment, number, position, row_id = heapq.heappop(self._due)
            found = self._look((number, row_id), now)
            if found is not None and found.due is not None:
                if found.due.moment <= moment:
                    return found.due
                heapq.heappush(self._due, (found.due.moment, number, position, row_id))
            else:
                self._file((number, row_id), now)
        return None

    def put_back(self, due: Due) -> None:
        """Return a step of ``next`` to the index: an edit came before it."""
        number, row_id = _NAMES.index(due.lifecycle), due.row["id"]
        table = self._cloud.tables.table(LIFECYCLES[due.lifecycle].table)
        if row_id in table:
            heapq.heappush(self._due, (due.moment, number, table.position(row_id), row_id))

    def next_moment(self) -> float:
        """Return when the next delay ends, in virtual time; infinite when no row waits for time.

        Only after ``next``."""
        while self._wakes and self._wake.get(self._wakes[0][1]) != self._wakes[0][0]:
            heapq.heappop(self._wakes)
        return self._wakes[0][0] if self._wakes else math.inf

    def _to_look_at(self, now: float) -> list[Key]:
        cloud = self._cloud
        if cloud.settings is not self._settings or cloud.clock.rate != self._rate:
            self._settings, self._rate = cloud.settings, cloud.clock.rate
            keys = self._everything()
        else:
            keys = dict(self._polled)
        for table, row_id in self._changed:
            if table == "failures":
                keys = self._everything()
                break
            keys.update(self._touched_by(table, row_id))
        self._changed.clear()
        for work in cloud.work.ended():
            keys.update(self._of_id(work.split("/")[1]))
        for heap, moment in ((self._wakes, now), (self._real_wakes, cloud.clock.real())):
            while heap and heap[0][0] <= moment:
                keys[heapq.heappop(heap)[1]] = None
        return list(keys)

    def _everything(self) -> dict[Key, None]:
        self._due, self._wakes, self._real_wakes, self._wake, self._polled = [], [], [], {}, {}
        return {(number, row["id"]): None for table, number in _TABLES.items()
                for row in self._cloud.tables.table(table)}

    def _of_id(self, row_id: str) -> dict[Key, None]:
        return {(number, row_id): None for table, number in _TABLES.items()
                if row_id in self._cloud.tables.table(table)}

    def _touched_by(self, table: str, row_id: str) -> dict[Key, None]:
        """Return the row itself, and those whose guards read it."""
        number = _TABLES.get(table)
        if number is None:
            return {}
        cloud, keys, row = self._cloud, {(number, row_id): None}, self._cloud.tables.table(table).get(row_id)
        related: list[tuple[str, str]] = []
        if table == "jobs":
            related = [("sources", row["source_id"])] if row else [("sources", source["id"]) for source in
                                                                   cloud.sources.where(job_id=row_id)]
        elif table == "sources":
            related = [("jobs", row["job_id"])] if row else [("jobs", job["id"]) for job in
                                                             cloud.jobs.where(source_id=row_id)]
        elif table == "exports" and row is not None:
            related = [("tasks", row["task_id"])]
        elif table == "instances" and row is None:
            related = [("jobs", job["id"]) for job in cloud.jobs.where(transition_instance_id=row_id)]
        keys.update(((_TABLES[other], other_id), None) for other, other_id in related)
        return keys

    def _file(self, key: Key, now: float) -> None:
        found = self._look(key, now)
        self._polled.pop(key, None)
        if found is None:
            self._wake.pop(key, None)
            return
        if found.due is not None:
            number, row_id = key
            position = self._cloud.tables.table(LIFECYCLES[_NAMES[number]].table).position(row_id)
            heapq.heappush(self._due, (found.due.moment, number, position, row_id))
            self._wake.pop(key, None)
            return
        if found.poll:
            self._polled[key] = None
        if found.wake != self._wake.get(key):
            self._wake[key] = found.wake
            if found.wake != math.inf:
                heapq.heappush(self._wakes, (found.wake, key))
        if found.real_wake != math.inf:
            heapq.heappush(self._real_wakes, (found.real_wake, key))

    def _look(self, key: Key, now: float) -> _Outlook | None:
        name = _NAMES[key[0]]
        row = self._cloud.tables.table(LIFECYCLES[name].table).get(key[1])
        return None if row is None else outlook(self._cloud, name, row, now)


def outlook(cloud: Cloud, name: str, row: Row, now: float) -> _Outlook:
    """Return the step that a row can take by ``now``, or when it has to be checked again."""
    lifecycle = LIFECYCLES[name]
    edges = _EDGES[name].get(row[lifecycle.column])
    if edges is None:
        return _Outlook(None, math.inf, math.inf, False)
    # A requested failure is the only edge of its state.
    forced = failure_edge(cloud, name, row)
    wake, real_wake, poll = math.inf, math.inf, False
    for edge in [forced] if forced else edges:
        moment = row["since"] + edge_seconds(cloud, name, row, edge)
        if moment > now:
            wake = min(wake, moment)
        elif not edge.guard or GUARDS[edge.guard](cloud, row):
            return _Outlook(Due(_moment(cloud, row, edge, moment, now), name, row, edge), wake, real_wake, False)
        elif edge.guard in REAL_MOMENTS and (real := REAL_MOMENTS[edge.guard](cloud, row)) is not None:
            real_wake = min(real_wake, real)
        elif edge.guard in MOMENTS and (known := MOMENTS[edge.guard](cloud, row)) is not None and known > now:
            wake = min(wake, known)
        elif not is_told(cloud, row, edge.guard):
            poll = True
    return _Outlook(None, wake, real_wake, poll)


def _moment(cloud: Cloud, row: Row, edge: Edge, due: float, now: float) -> float:
    if not edge.guard:
        return due
    known = MOMENTS[edge.guard](cloud, row) if edge.guard in MOMENTS else None
    return now if known is None else min(now, max(due, known))
