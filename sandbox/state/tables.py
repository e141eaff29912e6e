# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of plain rows: the only place where the sandbox keeps its resources.

A row is a dict of JSON-able values with a string ``id``. Rows are changed through ``add``, ``update`` and ``delete``
alone: that is how the state file (``sandbox.persistence.state_file``) knows what to write and how the timelines come
about.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

Row = dict[str, Any]
Change = tuple[str, str, int, str | None]
"""(table, id, position, JSON of the row or None when it is gone)."""
Touched = dict[tuple[str, str], None]
"""(table, id) of rows that were added, changed or deleted, in the order of the first time."""

_KEEP = 20000
_MISSING = object()


class Journal:
    """How to take back what is being changed; it is kept only while a change must be whole."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] | None = None

    @property
    def open(self) -> bool:
        """True while changes are noted."""
        return self._steps is not None

    def note(self, take_back: Callable[[], None]) -> None:
        """Keep the opposite of a change, while there is a reason to."""
        if self._steps is not None:
            self._steps.append(take_back)

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Take back every change of the block when it ends with any exception."""
        self._steps = []
        try:
            yield
        except BaseException:
            for take_back in reversed(self._steps):
                take_back()
            raise
        finally:
            self._steps = None


class Timeline:
    """When rows were created, changed their state and were deleted: the last 20000 steps, oldest first."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._now = now or (lambda: 0.0)
        self.steps: list[Row] = []
        self.unsaved: list[Row] = []
        self._count = 0

    @property
    def last(self) -> int:
        """The number of the last step, 0 before the first."""
        return self._count

    def note(self, table: str, row_id: str, state: str) -> None:
        """Note that a row is in ``state`` from now on."""
        self._count += 1
        step = {"n": self._count, "at": self._now(), "table": table, "id": row_id, "state": state}
        self.steps.append(step)
        self.unsaved.append(step)
        if len(self.steps) > _KEEP:
            del self.steps[: _KEEP // 10]

    def forget_after(self, number: int) -> None:
        """Remove the steps after this number, whose changes were taken back."""
        self.steps[:] = [step for step in self.steps if step["n"] <= number]
        self.unsaved[:] = [step for step in self.unsaved if step["n"] <= number]
        self._count = number

    def load(self, steps: list[Row]) -> None:
        """Replace the content by that of the state file."""
        self.steps, self.unsaved = list(steps), []
        self._count = steps[-1]["n"] if steps else 0

    def clear(self) -> None:
        """Remove every step; numbering continues."""
        self.steps.clear()
        self.unsaved.clear()


class Table:
    """Rows of one kind, in order of creation."""

    def __init__(self, name: str, timeline: Timeline | None = None, subscribers: list[Touched] | None = None,
                 journal: Journal | None = None) -> None:
        self.name = name
        self._rows: dict[str, Row] = {}
        self._positions: dict[str, int] = {}
        self._last = 0
        self._changed: dict[str, None] = {}
        self._timeline = timeline
        self._subscribers = [] if subscribers is None else subscribers
        self._journal = journal or Journal()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows.values()))

    def get(self, row_id: str | None) -> Row | None:
        """The row with this id, or None."""
        return None if row_id is None else self._rows.get(row_id)

    def add(self, row: Row) -> Row:
        """Tables a new row under ``row["id"]`` and return it; an id that exists is a bug of the caller."""
        if row["id"] in self._rows:
            raise KeyError(f"{self.name}: {row['id']} exists")
        self._journal.note(partial(self._remove, row["id"]))
        self._place(row)
        self._mark(row["id"])
        self._note(row["id"], "exists")
        return row

    def update(self, row_id: str, **changes: Any) -> Row:
        """Change columns of a row and return it."""
        row = self._rows[row_id]
        before = _state(row, "")
        if any(key not in row or row[key] != value for key, value in changes.items()):
            self._journal.note(partial(self._restore, row, {key: row.get(key, _MISSING) for key in changes}))
            row.update(changes)
            self._mark(row_id)
            if _state(row, "") != before:
                self._note(row_id, "")
        return row

    def delete(self, row_id: str) -> Row | None:
        """Delete a row and return it, or None when there was none."""
        if row_id in self._rows and self._journal.open:
            self._journal.note(self._as_it_is(row_id))
        row = self._rows.pop(row_id, None)
        if row is not None:
            self._mark(row_id)
            if self._timeline is not None:
                self._timeline.note(self.name, row_id, "gone")
        return row

    def to_end(self, row_id: str) -> None:
        """Make a row the last in the order of creation; its content does not change."""
        if self._journal.open:
            self._journal.note(self._as_it_is(row_id))
        self._place(self._rows.pop(row_id))
        self._mark(row_id)

    def where(self, **columns: Any) -> list[Row]:
        """The rows whose columns all equal the given values, oldest first."""
        return [row for row in self if all(row.get(key) == value for key, value in columns.items())]

    def clear(self) -> None:
        """Delete every row."""
        for row_id in self._rows:
            self._mark(row_id)
        self._rows.clear()

    def load(self, rows: list[Row]) -> None:
        """Replace the content by that of the state file."""
        self.clear()
        for row in rows:
            self._place(row)
            self._mark(row["id"])
        self._changed.clear()

    def changes(self) -> list[Change]:
        """What was changed since the last ``written``."""
        return [(self.name, row_id, self._positions[row_id],
                 json.dumps(self._rows[row_id]) if row_id in self._rows else None) for row_id in self._changed]

    def touch(self) -> None:
        """Mark every row as changed, before the state file is rewritten."""
        self._changed.update(dict.fromkeys(self._rows))

    def written(self) -> None:
        """Note that the state file has the changes."""
        self._changed.clear()

    def position(self, row_id: str) -> int:
        """The row's place in the order of creation."""
        return self._positions[row_id]

    def _as_it_is(self, row_id: str) -> Callable[[], None]:
        """Return what restores the rows and their order; their columns are the business of ``_restore``."""
        rows, positions = dict(self._rows), dict(self._positions)

        def take_back() -> None:
            # What was added since keeps its position: the state file is told that it is gone.
            self._rows, self._positions = rows, {**self._positions, **positions}
            self._mark(row_id)

        return take_back

    def _remove(self, row_id: str) -> None:
        del self._rows[row_id]
        self._mark(row_id)

    def _restore(self, row: Row, columns: Row) -> None:
        for key, value in columns.items():
            if value is _MISSING:
                del row[key]
            else:
                row[key] = value
        self._mark(row["id"])

    def _mark(self, row_id: str) -> None:
        self._changed[row_id] = None
        for touched in self._subscribers:
            touched[self.name, row_id] = None

    def _place(self, row: Row) -> None:
        self._last += 1
        self._rows[row["id"]] = row
        self._positions[row["id"]] = self._last

    def _note(self, row_id: str, stateless: str) -> None:
        if self._timeline is not None:
            self._timeline.note(self.name, row_id, _state(self._rows[row_id], stateless))


class Tables:
    """All tables by name, and the timeline of those that hold resources."""

    _BOOKS = frozenset({"ledger", "client_tokens", "credentials", "failures"})

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._tables: dict[str, Table] = {}
        self._subscribers: list[Touched] = []
        self.timeline = Timeline(now)
        self._journal = Journal()

    def subscribe(self) -> Touched:
        """Return a mapping that receives every row which is touched from now on; the subscriber clears it."""
        self._subscribers.append({})
        return self._subscribers[-1]

    def table(self, name: str) -> Table:
        """Return the table of this name, created on first use."""
        if name not in self._tables:
            self._tables[name] = Table(name, None if name in self._BOOKS else self.timeline, self._subscribers,
                                       self._journal)
        return self._tables[name]

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Change all rows of the block, or none when it ends with an exception; nothing may wait inside."""
        last = self.timeline.last
        try:
            with self._journal.whole():
                yield
        except BaseException:
            self.timeline.forget_after(last)
            raise

    def clear(self) -> None:
        """Empty every table."""
        for table in self._tables.values():
            table.clear()
        self.timeline.clear()

    def dump(self) -> dict[str, list[Row]]:
        """Every table's rows, for the control call ``state``; what is billed is in the meter's own answer."""
        return {name: list(table) for name, table in sorted(self._tables.items()) if name != "ledger"}

    def load(self, rows: dict[str, list[Row]]) -> None:
        """Replace the rows of every table."""
        for name in {*rows, *self._tables}:
            self.table(name).load(rows.get(name, []))

    def changes(self) -> list[Change]:
        """What was changed in any table since the last ``written``."""
        return [change for table in self._tables.values() for change in table.changes()]

    def touch(self) -> None:
        """Mark everything as changed, before the state file is rewritten."""
        for table in self._tables.values():
            table.touch()
        self.timeline.unsaved = list(self.timeline.steps)

    def written(self) -> None:
        """Note that the state file has the changes."""
        for table in self._tables.values():
            table.written()
        self.timeline.unsaved.clear()


def _state(row: Row, stateless: str) -> str:
    return str(row.get("state", row.get("status", stateless)))
