# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Former states of the tables, for answers of the kind ``stale`` (local-cloud 6, row 5).

Moments are recorded only while a rule of kind ``stale`` is active: before every call that changes something, and after
every step of a lifecycle.
"""

from __future__ import annotations

import copy
from collections import deque
from dataclasses import dataclass

from sandbox.state.clock import VirtualClock
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row, Table, Tables

_KEEP = 500


@dataclass(frozen=True)
class Moment:
    """All tables at one virtual moment; ``write``: a call that changes something came next."""

    at: float
    write: bool
    rows: dict[str, list[Row]]


class History:
    """The last 500 moments, oldest first."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque(maxlen=_KEEP)

    def clear(self) -> None:
        """Remove all moments."""
        self._moments.clear()

    def note(self, cloud: Cloud, write: bool) -> None:
        """Record the present tables. Rows hold plain values that are replaced and never changed in place."""
        rows = {name: [dict(row) for row in table] for name, table in cloud.tables.dump().items()}
        self._moments.append(Moment(cloud.clock.time(), write, rows))

    def before(self, cloud: Cloud, seconds: float | None, calls: int | None) -> Moment | None:
        """Return the moment that an answer shows: ``seconds`` virtual seconds ago, or before the last ``calls``
        changing calls; the oldest recorded one where that is longer ago, None without any."""
        if calls is not None:
            writes = [moment for moment in self._moments if moment.write]
            return (writes[-calls] if len(writes) >= calls else writes[0]) if writes else None
        if seconds is None or not self._moments:
            return None
        then = cloud.clock.time() - seconds
        known = [moment for moment in self._moments if moment.at <= then]
        return known[-1] if known else self._moments[0]


def as_it_was(cloud: Cloud, moment: Moment) -> Cloud:
    """Return a cloud to read from, with the tables and the time of that moment; changes in it are lost."""
    past = copy.copy(cloud)
    past.clock = VirtualClock(moment.at, 0)
    past.tables = Tables(past.clock.time)
    past.tables.load({name: [dict(row) for row in rows] for name, rows in moment.rows.items()})
    for name, value in vars(cloud).items():
        if isinstance(value, Table):
            setattr(past, name, past.tables.table(value.name))
    return past
