# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The only reader of what hosts answer. A host may send anything: size, characters, form and numbers are checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from . import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_SPEC: Final[dict[str, Any]] = {
    "answer_max_bytes": {"type": "int", "default": 4 * 1024**2},
    "answer_max_line": {"type": "int", "default": 4096},
    "answer_timeout": {"type": "int", "default": 120},
}
"""The options of every action that talks to a host."""

MAX_RECORDS: Final = 20_000
"""Lines of an answer. A host with 1000 disks and 1000 mounts sends fewer."""

MAX_ALIKE: Final = 2048
"""Records of one key, for the same reason: some facts combine each record with each other one."""

MAX_FIELDS: Final = 32

MAX_DIGITS: Final = 20
"""Digits of a number: those of 64 bits."""

_BIDI: Final = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_CONTROLS: Final = dict.fromkeys((*range(9), *range(10, 32), *range(127, 160), *_BIDI))
"""What a terminal, a log or a browser obeys instead of showing it; the tab parts fields and stays."""


class UnreadableError(ValueError):
    """An answer has a form that no script of this collection has sent. The text says which."""


class Record(NamedTuple):
    """One line of the answer of a script."""

    key: str
    fields: tuple[str, ...]


class Answer(NamedTuple):
    """The output of a script between its markers; ``complete`` is False if the end marker is missing."""

    records: list[Record]
    complete: bool


@dataclass(frozen=True)
class Limits:
    """What a host may send: bytes in all and in one line, and seconds beyond those that the script itself waits."""

    max_bytes: int = LIMIT_SPEC["answer_max_bytes"]["default"]
    max_line: int = LIMIT_SPEC["answer_max_line"]["default"]
    seconds: int = LIMIT_SPEC["answer_timeout"]["default"]


@dataclass(frozen=True)
class _Shape:
    """The least number of fields of a record, which of them are numbers or empty, and which are ids of sources."""

    least: int = 0
    numbers: tuple[int, ...] = ()
    ids: tuple[int, ...] = ()


_ANY: Final = _Shape()
_SHAPES: Final = {
    **dict.fromkeys(("uid", "epoch", "cpu-count"), _Shape(1, (0,))),
    **dict.fromkeys(("memory", "agent-pid"), _Shape(2, (1,))),
    **dict.fromkeys(("agent-machine", "agent-dir", "agent-code", "agent-unsafe"), _Shape(1)),
    **dict.fromkeys(("agent-bundle", "agent-boot", "luks", "log", "log-file"), _Shape(1)),
    "expired": _Shape(2, (1,)),
    "untouched": _Shape(2),
    "agent-id": _Shape(2, ids=(1,)),
    "block": _Shape(8, (1,)),
    "part": _Shape(5, (2, 3)),
    "mount": _Shape(4),
    "egress": _Shape(4),
    "remedy": _Shape(3),
    "journal": _Shape(3),
    "left": _Shape(2),
}
_SOURCE_ID: Final = re.compile(r"s-[0-9A-Za-z]{1,64}\Z")


def problem(args: dict[str, Any]) -> str | None:
    """Return which of the options of ``LIMIT_SPEC`` is too small, or None."""
    least = {"answer_max_bytes": 64 * 1024, "answer_max_line": 1024, "answer_timeout": 1}
    small = (name for name, value in least.items() if args[name] < value)
    return next((paths.named(name, f"is {args[name]}, it must be at least {least[name]}") for name in small), None)


def limits(args: dict[str, Any]) -> Limits:
    """Return the limits in the options of an action."""
    return Limits(args["answer_max_bytes"], args["answer_max_line"], args["answer_timeout"])


def integer(text: str) -> int | None:
    """Return the number in a text of ASCII digits, or None if it is no number or too large for a counter."""
    return int(text) if len(text) <= MAX_DIGITS and text.isascii() and text.isdigit() else None


def clean(text: str) -> str:
    """Return one line of a host without control characters. Bytes that are no text become replacement characters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").translate(_CONTROLS)


def parse(fence: str, text: str, allowed: Limits | None = None) -> Answer | None:
    """Return the records between the markers in ``text``, or None if the script did not start.

    Raise UnreadableError for an answer that is too large or that no script sends.
    """
    allowed = allowed or Limits()
    # A character has at most four bytes in UTF-8.
    if len(text) * 4 > allowed.max_bytes and len(text.encode("utf-8", "surrogateescape")) > allowed.max_bytes:
        raise UnreadableError(f"it is larger than {allowed.max_bytes} bytes")
    begin = _marker(text, f"{fence} BEGIN", 0)
    if begin < 0:
        return None
    end = _marker(text, f"{fence} END", begin)
    records: list[Record] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(_lines(text, text.find("\n", begin) + 1, end if end >= 0 else len(text)), 1):
        # The usual line is short.
        if len(line) * 4 > allowed.max_line and len(line.encode("utf-8", "surrogateescape")) > allowed.max_line:
            raise UnreadableError(f"line {number} is longer than {allowed.max_line} bytes")
        key, *fields = clean(line).split("\t", MAX_FIELDS)
        if not key:
            continue
        counts[key] = counts.get(key, 0) + 1
        if len(records) >= MAX_RECORDS:
            raise UnreadableError(f"it has more than {MAX_RECORDS} lines")
        if counts[key] > MAX_ALIKE:
            raise UnreadableError(f"it has more than {MAX_ALIKE} lines {key[:40]!r}")
        records.append(_checked(Record(key, tuple(fields))))
    return Answer(records, complete=end >= 0)


def _marker(text: str, marker: str, start: int) -> int:
    """Return where a whole line is the marker, or -1."""
    at = text.find(marker, start)
    while at >= 0:
        # A line of a host may be long and full of markers: no more of it is looked at than what decides.
        if at == 0 or text[at - 1] == "\n":
            stop = at + len(marker)
            rest = text[stop : stop + 4].partition("\n")[0]
            if len(rest) < 4 and not rest.strip("\r"):
                return at
        at = text.find(marker, at + 1)
    return -1


def _lines(text: str, start: int, end: int) -> Iterator[str]:
    """Yield the lines of a part of the text, one at a time: a list of them could be many times as large."""
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield text[start:stop]
        start = stop + 1


def _checked(record: Record) -> Record:
    shape = _SHAPES.get(record.key, _ANY)
    fields = record.fields
    if len(fields) < shape.least:
        raise UnreadableError(f"{record.key} has {len(fields)} fields instead of {shape.least}")
    for index in shape.numbers:
        if fields[index] and integer(fields[index]) is None:
            raise UnreadableError(f"{record.key} has {fields[index][:40]!r} instead of a number")
    for index in shape.ids:
        if not _SOURCE_ID.match(fields[index]):
            raise UnreadableError(f"{record.key} has {fields[index][:40]!r} instead of the ID of a source")
    return record
