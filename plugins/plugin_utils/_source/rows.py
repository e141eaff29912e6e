# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The records of an answer, by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .answers import Record


class Rows:
    """The records of an answer, by key."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self._rows: dict[str, list[tuple[str, ...]]] = {}
        for record in records:
            self._rows.setdefault(record.key, []).append(record.fields)

    def all(self, key: str) -> list[tuple[str, ...]]:
        """Return the fields of every record with this key."""
        return self._rows.get(key, [])

    def lines(self, key: str) -> list[str]:
        """Return the records with this key as their original lines."""
        return ["\t".join(fields) for fields in self.all(key)]

    def first(self, key: str) -> str:
        """Return the first record with this key, or ''."""
        return next(iter(self.lines(key)), "").strip()

    def words(self, key: str) -> set[str]:
        """Return the first field of every record with this key."""
        return {fields[0] for fields in self.all(key) if fields}

    def groups(self, head: str, line: str) -> list[tuple[str, str, list[str]]]:
        """Return the first two fields of every record ``head``, and the texts of the records ``line`` behind it."""
        found: list[tuple[str, str, list[str]]] = []
        for key, fields in self._records:
            if key == head:
                first, second = (*fields, "", "")[:2]
                found.append((first, second, []))
            elif key == line and found:
                found[-1][2].append("\t".join(fields))
        return found
