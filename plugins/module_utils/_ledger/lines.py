# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The lines of a ledger: JSON objects, one per line, and what of them is believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, Literal

MOST_TEXT: Final = 255
"""Longest text of a line, in characters: what is longer was not written by this collection."""

LONGEST_LINE: Final = 1 << 20
"""Bytes of the longest line that is read: a claim of 10,000 servers has a third of that."""

LATEST: Final = 253_402_300_799
"""The last second that is a date, 9999-12-31T23:59:59Z; also more lines than an owner writes, and more than a pid."""

Mark = Literal["", "end", "close"]
"""Why a ledger takes no more claims: a cleanup of the whole migration (end), or nothing is left to do (close)."""

Outcome = Literal["done", "error", "unknown", "unsent"]
"""The outcome of an announced call: an id was returned; the service refused it; no answer came; it was not sent."""

_OUTCOMES: Final[dict[str, Outcome]] = {"done": "done", "error": "error", "unknown": "unknown", "unsent": "unsent"}
_MARKS: Final[dict[str, Mark]] = {"": "", "end": "end", "close": "close"}


@dataclass(frozen=True)
class Who:
    """A process that takes part: a random id, its host, its process id and its start (seconds of the service)."""

    id: str
    host: str
    pid: int
    started: float = 0.0


@dataclass(frozen=True)
class Call:
    """A call without ClientToken that will be made next for one server, and its object (an image id)."""

    server: str
    call: str
    about: str = ""


@dataclass(frozen=True)
class Result:
    """What came of an announced call: the returned id of ``done``, the code of ``error``."""

    server: str
    call: str
    outcome: Outcome
    id: str = ""


@dataclass(frozen=True)
class Line:
    """One line. Times are seconds since the epoch by the clock of the service.

    ``ledger`` begins with the wave id and is the same in all lines of a ledger. ``number`` counts the lines of one
    owner. ``until`` is the end of the lease of all that the owner has claimed. ``claim`` replaces the servers that the
    owner had; None leaves them.
    """

    ledger: str
    by: str
    number: int
    at: float
    until: float
    who: Who | None = None
    claim: tuple[str, ...] | None = None
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()
    mark: Mark = ""


def format_line(line: Line) -> str:
    """Return the line as text, without the newline; what is empty is left out."""
    row: dict[str, Any] = {
        "ledger": line.ledger,
        "by": line.by,
        "n": line.number,
        "at": round(line.at, 1),
        "until": round(line.until, 1),
    }
    if line.who:
        row["host"], row["pid"], row["started"] = line.who.host, line.who.pid, round(line.who.started, 1)
    if line.claim is not None:
        row["claim"] = list(line.claim)
    if line.calls:
        row["calls"] = [[item.server, item.call, item.about] for item in line.calls]
    if line.results:
        row["results"] = [[item.server, item.call, item.outcome, item.id] for item in line.results]
    if line.mark:
        row["mark"] = line.mark
    return json.dumps(row, separators=(",", ":"))


def parse_line(text: bytes) -> Line | None:
    """Return the line that a text is, None for what this collection cannot have written."""
    if len(text) > LONGEST_LINE:
        return None
    try:
        return _line(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _line(row: dict[str, Any]) -> Line:
    by = _text(row["by"])
    who = None
    if "host" in row:
        who = Who(by, _text(row["host"]), _whole(row["pid"]), _seconds(row["started"]))
    if not by:
        raise ValueError(by)
    return Line(
        ledger=_text(row["ledger"]),
        by=by,
        number=_whole(row["n"]),
        at=_seconds(row["at"]),
        until=_seconds(row["until"]),
        who=who,
        claim=tuple(map(_text, _rows(row["claim"]))) if "claim" in row else None,
        calls=tuple(Call(*map(_text, _row(item, 3))) for item in _rows(row.get("calls", []))),
        results=tuple(_result(item) for item in _rows(row.get("results", []))),
        mark=_MARKS[row.get("mark", "")],
    )


def _result(item: Any) -> Result:
    server, call, outcome, identity = map(_text, _row(item, 4))
    return Result(server, call, _OUTCOMES[outcome], identity)


def _rows(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(value)
    return value


def _row(value: Any, size: int) -> list[Any]:
    if len(_rows(value)) != size:
        raise ValueError(value)
    return _rows(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST_TEXT or not value.isprintable():
        raise ValueError(value)
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LATEST:
        raise ValueError(value)
    return value


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not isfinite(value) or not 0 <= value <= LATEST:
        raise ValueError(value)
    return float(value)
