# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Reading answers: one object, or every page of a list, each row checked against its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Malformed

from .errors import CloudError

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Table

    from .pool import Pool
    from .transport import Call

Params = Mapping[str, Any]
Read = TypeVar("Read")

# facts 1.2, 1.7: SMC takes at most 50 ids per call.
MAX_IDS = 50


def chunks(ids: Iterable[str], size: int = MAX_IDS) -> Iterator[list[str]]:
    """Yields the ids in lists of at most ``size``, each id once and in the order given."""
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def together(
    pool: Pool, ask: Callable[[list[str]], list[dict[str, Any]]], ids: Iterable[str], size: int = MAX_IDS
) -> list[dict[str, Any]]:
    """Return the rows of all answers; each call asks for at most ``size`` ids, several calls at the same time."""
    return [row for rows in pool.each(ask, chunks(ids, size)) for row in rows]


def _documented(table: Table, answer: Params, read: Callable[[Params], Read]) -> Read:
    """Return what ``read`` makes of an answer; raise CloudError for one without its documented form.

    The error is retryable, and so uncertain where the call changes something: it may have had its effect.
    """
    try:
        return read(answer)
    except Malformed as error:
        raise CloudError(
            table.action,
            "Answer.Malformed",
            f"the answer does not have its documented form: {error}",
            request_id=str(answer.get("RequestId") or ""),
            retryable=True,
        ) from None


def _action(table: Table) -> str:
    return table.action.partition(".")[2]


def rows_of(call: Call, table: Table, params: Params | None = None, repeatable: bool = True) -> list[dict[str, Any]]:
    """Return the rows of one answer."""
    return _documented(table, call(_action(table), params, repeatable=repeatable), table.read)


def one(call: Call, table: Table, params: Params | None = None, repeatable: bool = True) -> dict[str, Any]:
    """Return an answer that is one row itself."""
    (row,) = rows_of(call, table, params, repeatable)
    return row


def count(call: Call, table: Table) -> int:
    """Return how many rows a list has, by one short call."""
    answer = call(_action(table), {"PageNumber": 1, "PageSize": 1}, repeatable=True)
    return _documented(table, answer, table.total)


def asked(rows: Iterable[dict[str, Any]], key: str, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows whose ``key`` is one of the ids asked for: callers act on what is listed, and no answer of a
    service or a gateway that leaves a filter out may let them act on more."""
    wanted = set(ids)
    return [row for row in rows if row.get(key) in wanted]


def by_number(call: Call, table: Table, params: Params, pool: Pool | None = None) -> list[dict[str, Any]]:
    """Returns all rows of a call that pages by PageNumber/PageSize, each id once. After the first page, the pool reads
    several at the same time.

    A row that moves between pages while they are read would be seen twice: the first sight counts. An empty page ends
    the reading whatever TotalCount says.
    """

    def read(number: int) -> tuple[list[dict[str, Any]], int]:
        answer = call(_action(table), {**params, "PageNumber": number, "PageSize": table.page}, repeatable=True)
        return _documented(table, answer, table.read), _documented(table, answer, table.total)

    at_once = pool.workers if pool else 1
    pages = [read(1)]
    while pages[-1][0] and (known := len(pages)) * table.page < pages[-1][1]:
        last = min(-(-pages[-1][1] // table.page), known + at_once)
        numbers = range(known + 1, last + 1)
        pages += pool.each(read, numbers) if pool else map(read, numbers)
    found: dict[str, dict[str, Any]] = {}
    for rows, _total in pages:
        for row in rows:
            found.setdefault(row[table.key], row)
    return list(found.values())


def by_token(call: Call, table: Table, params: Params) -> list[dict[str, Any]]:
    """Returns all rows of a call that pages by MaxResults/NextToken, each id once."""
    found: dict[str, dict[str, Any]] = {}
    token = ""
    while True:
        page = {**params, "MaxResults": table.page, **({"NextToken": token} if token else {})}
        answer = call(_action(table), page, repeatable=True)
        for row in _documented(table, answer, table.read):
            found.setdefault(row[table.key], row)
        following = _documented(table, answer, table.token)
        if not following or following == token:
            return list(found.values())
        token = following
