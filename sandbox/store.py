# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of plain rows: the only place where the sandbox keeps what exists.

A row is a dict of JSON-able values with a string ``id``. Rows are changed through ``update`` alone, so that a
persistent store can take the place of this one without a change elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


class Table:
    """Rows of one kind, in order of creation."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._rows: dict[str, Row] = {}

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
        """Store a new row under ``row["id"]`` and return it; an id that exists is a bug of the caller."""
        if row["id"] in self._rows:
            raise KeyError(f"{self.name}: {row['id']} exists")
        self._rows[row["id"]] = row
        return row

    def update(self, row_id: str, **changes: Any) -> Row:
        """Change columns of a row and return it."""
        row = self._rows[row_id]
        row.update(changes)
        return row

    def delete(self, row_id: str) -> Row | None:
        """Take a row away and return it, or None when there was none."""
        return self._rows.pop(row_id, None)

    def where(self, **columns: Any) -> list[Row]:
        """The rows whose columns all equal the given values, oldest first."""
        return [row for row in self if all(row.get(key) == value for key, value in columns.items())]

    def clear(self) -> None:
        """Forget every row."""
        self._rows.clear()


class Store:
    """All tables by name."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        """The table of this name, made on first use."""
        return self._tables.setdefault(name, Table(name))

    def clear(self) -> None:
        """Empty every table."""
        for table in self._tables.values():
            table.clear()

    def dump(self) -> dict[str, list[Row]]:
        """Every table's rows, for the control call ``state``."""
        return {name: list(table) for name, table in sorted(self._tables.items())}
