# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Reading every page of a list call: pages are 10 rows by default and 50 or 100 at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Call = Callable[[dict[str, Any]], dict[str, Any]]

# facts 1.2, 1.7: SMC takes at most 50 ids per call and 50 rows per page.
MAX_IDS = 50


def chunks(ids: Iterable[str], size: int = MAX_IDS) -> Iterator[list[str]]:
    """Yields the ids in lists of at most ``size``, each id once and in the order given."""
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def rows_at(answer: dict[str, Any], path: tuple[str, ...]) -> list[dict[str, Any]]:
    """Returns the rows under ``path``; a list earlier on the path is taken too (facts 3.2: two shapes)."""
    value: Any = answer
    for name in path:
        if isinstance(value, list):
            break
        value = (value or {}).get(name)
    return list(value or [])


def by_number(
    call: Call, params: dict[str, Any], path: tuple[str, ...], key: str, size: int = 50
) -> list[dict[str, Any]]:
    """Returns all rows of a call that pages by PageNumber/PageSize; ``key`` names the id, so that no row comes twice.

    A row that moves between pages while they are read would be seen twice: the first sight counts. TotalCount may be a
    string (facts 4.2). An empty page ends the reading whatever TotalCount says.
    """
    found: dict[str, dict[str, Any]] = {}
    number = 1
    while True:
        answer = call({**params, "PageNumber": number, "PageSize": size})
        rows = rows_at(answer, path)
        for row in rows:
            found.setdefault(str(row.get(key)), row)
        if not rows or number * size >= int(answer.get("TotalCount") or 0):
            return list(found.values())
        number += 1


def by_token(
    call: Call, params: dict[str, Any], path: tuple[str, ...], key: str, size: int = 100
) -> list[dict[str, Any]]:
    """Returns all rows of a call that pages by MaxResults/NextToken; ``key`` names the id: no row comes twice."""
    found: dict[str, dict[str, Any]] = {}
    token = ""
    while True:
        answer = call({**params, "MaxResults": size, **({"NextToken": token} if token else {})})
        for row in rows_at(answer, path):
            found.setdefault(str(row.get(key)), row)
        following = str(answer.get("NextToken") or "")
        if not following or following == token:
            return list(found.values())
        token = following
