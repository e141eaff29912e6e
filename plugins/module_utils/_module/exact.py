# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Comparing exactly what a service was asked to filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts


def matching(rows: Iterable[Facts], **wanted: str | None) -> list[Facts]:
    """Return the rows with exactly the given values: the services do not promise that their name filters are exact."""
    given = {name: value for name, value in wanted.items() if value is not None}
    return [row for row in rows if all(row[name] == value for name, value in given.items())]


def among(rows: Iterable[Facts], **wanted: Sequence[str] | None) -> list[Facts]:
    """Return the rows in which any field has exactly one of its given values, all rows when no field has values."""
    given = {name: values for name, values in wanted.items() if values is not None}
    return [row for row in rows if not given or any(row[name] in values for name, values in given.items())]
