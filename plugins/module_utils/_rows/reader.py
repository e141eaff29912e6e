# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The reader of API answers: one table per action says which fields are read, with which type, under which name.

A table maps the name that modules return to a JMESPath expression and a type. A row is checked once, when its answer
arrives: after that each field either has its type or is absent. Only what the API reference always shows is required.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime, timezone
from functools import cache
from math import isfinite
from typing import Any, Final

Row = Mapping[str, Any]
"""One object of an API answer, with the API's own keys."""

Facts = dict[str, Any]
"""One object as modules return it."""


class Malformed(ValueError):
    """A field of an answer that is missing or has another type than the API documents.

    ``name`` is the path of the field, ``problem`` what is wrong with it.
    """

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"{name} {problem}")


@cache
def compiled(expression: str) -> Any:
    """Return a JMESPath expression, ready to search."""
    # Loaded late: a module without the library reports it by name (clients.make_clients).
    import jmespath

    return jmespath.compile(expression)


# ---- types ----
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "an object"),
)


def _kind(value: Any) -> str:
    """Return the JSON type of a value in words. The value itself may be a secret."""
    return next((words for kind, words in _KINDS if isinstance(value, kind)), "null")


def text(value: Any) -> str:
    """Return a text; raise Malformed for anything else."""
    if not isinstance(value, str):
        raise Malformed("", f"is {_kind(value)}, not text")
    return value


def number(value: Any) -> float:
    """Return a number that an API gives as a number or as text, such as ``"20"`` or ``"42.5%"``; raise Malformed."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Malformed("", f"is {_kind(value)}, not a number")
    try:
        found = float(value.strip().rstrip("% ") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        found = float("nan")
    if not isfinite(found):
        raise Malformed("", f"is {str(value)[:40]!r}, not a number")
    return found


def whole(value: Any) -> int:
    """Return a whole number that an API gives as a number or as text; raise Malformed."""
    found = number(value)
    if found != int(found):
        raise Malformed("", f"is {found:g}, not a whole number")
    return int(found)


def flag(value: Any) -> bool:
    """Return a boolean that an API gives as a boolean or as text; raise Malformed."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Malformed("", f"is {_kind(value)}, not a boolean")


def mapping(value: Any) -> Row:
    """Return an object; raise Malformed for anything else."""
    if not isinstance(value, (dict, Mapping)):
        raise Malformed("", f"is {_kind(value)}, not an object")
    return value


def _tags(rows: Any) -> dict[str, str]:
    """Return tags as a dict. ECS and VPC name the parts TagKey and TagValue in some answers."""
    found = {}
    for row in each(mapping)(rows):
        key, value = row.get("Key", row.get("TagKey")), row.get("Value", row.get("TagValue"))
        found[text("" if key is None else key)] = text("" if value is None else value)
    return found


def each(read: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """Return the reader of a list whose items ``read`` reads."""

    def all_of(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Malformed("", f"is {_kind(value)}, not a list")
        found = []
        for place, item in enumerate(value):
            try:
                found.append(read(item))
            except Malformed as error:
                dot = "." if error.name and not error.name.startswith("[") else ""
                raise Malformed(f"[{place}]{dot}{error.name}", error.problem) from None
        return found

    return all_of


def moment(value: Any) -> datetime | None:
    """Return a time of an API answer or note, in UTC where it names no zone; None for what is no time."""
    try:
        # Python 3.10 does not know the Z.
        when = datetime.fromisoformat(str(value or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def stamp(when: datetime) -> str:
    """Return a time in UTC as the services write it, such as ``2026-11-24T08:00:00Z``."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def not_before(created: str, start: str) -> bool:
    """Return whether ``created`` is not before ``start``. ECS gives some times in whole minutes (facts 3.2): the minute
    of the start counts. A time that is missing proves nothing."""
    made, began = moment(created), moment(start)
    return made is not None and began is not None and made >= began.replace(second=0, microsecond=0)


# ---- fields and tables ----
@dataclass(frozen=True)
class Field:
    """One field of a row: where it is (a JMESPath expression, which names it in errors too), its type, and what an
    absent one reads as. ``inner`` is the path of a list inside objects, of which any may be absent."""

    path: str
    read: Callable[[Any], Any] = text
    default: Any = ""
    required: bool = False
    inner: bool = False

    def value(self, row: Row) -> Any:
        """Return the field of a row, or its default where it is absent; raise Malformed."""
        found = _search(self.path, self.inner)(row)
        absent = found is None or (found == "" and self.read in (number, whole))
        if absent or (self.inner and isinstance(found, Mapping)):
            if self.required:
                raise Malformed(self.path, "is missing")
            return copy(self.default)
        if self.required and found == "":
            raise Malformed(self.path, "is empty")
        try:
            return self.read(found)
        except Malformed as error:
            raise Malformed(f"{self.path}{error.name}", error.problem) from None


@cache
def _search(path: str, inner: bool) -> Callable[[Row], Any]:
    """Return what finds a field in a row. Nearly all paths are names alone: these need no JMESPath, which takes most of
    the time of a wave of 1,000 servers."""
    names = path.split(".")
    if not all(name.isidentifier() for name in names):
        found: Callable[[Row], Any] = compiled(_steps(path) if inner else path).search
        return found

    def walk(row: Row) -> Any:
        value, last = row, None
        for name in names:
            value = value.get(name) if isinstance(value, (dict, Mapping)) else None  # type: ignore[assignment]  # any JSON
            if value is None:
                return last if inner else None
            last = value
        return last

    return walk


@cache
def _steps(path: str) -> str:
    """Return the expression for a list such as DataDisks.DataDisk. Some answers leave the inner name out (ECS,
    DescribeTasks), and what is no object on the way there is found too: it is malformed, and not an absent list."""
    names = path.split(".")
    return f"not_null({', '.join('.'.join(names[:count]) for count in range(len(names), 0, -1))})"


def required(path: str, read: Callable[[Any], Any] = text) -> Field:
    """Return a field that every answer has."""
    return Field(path, read, required=True)


def size(path: str) -> Field:
    """Return the field of a number that reads as 0 where the service gives none, such as a size in GiB."""
    return Field(path, whole, 0)


def filled(value: Any) -> str:
    """Return a text that is not empty, such as an id; raise Malformed for anything else."""
    if text(value) == "":
        raise Malformed("", "is empty")
    return str(value)


def items(path: str, read: Callable[[Any], Any] = filled) -> Field:
    """Return the field of a list, such as DataDisks.DataDisk, whose items ``read`` reads."""
    return Field(path, each(read), [], inner=True)


def objects(where: str, /, **fields: Field) -> Field:
    """Return the field of a list of objects, each read as a dict of these fields."""

    def read(value: Any) -> Facts:
        row = mapping(value)
        return {name: item.value(row) for name, item in fields.items()}

    return items(where, read)


TAGS: Final = Field("Tags.Tag", _tags, {}, inner=True)
ENS_TAGS: Final = Field("Tags.Tags", _tags, {}, inner=True)
"""Instances of ENS have the name twice."""
_TOTAL: Final = required("TotalCount", whole)
_TOKEN: Final = Field("NextToken")


@dataclass(frozen=True)
class Table:
    """The documented answer of one action (``product.Action``).

    ``fields`` are what modules return of a row, by the name that modules give it; ``more`` is read by this collection
    alone. ``rows`` is the path of the list, empty where the answer itself is the row; ``key`` is the API's name of the
    id of a row, and ``page`` how many rows one call may ask for.
    """

    action: str
    fields: Mapping[str, Field]
    more: Mapping[str, Field] = dataclass_field(default_factory=dict)
    rows: str = ""
    key: str = ""
    page: int = 50

    def read(self, answer: Row) -> list[dict[str, Any]]:
        """Return the rows of an answer, each checked and without nulls; raise Malformed.

        A list that is missing is empty only where TotalCount is 0: "there is nothing" proves that a resource is
        gone, and must not be read from half an answer.
        """
        if not self.rows:
            return [self._checked(answer, "")]
        listed = Field(self.rows, each(mapping), required=answer.get("TotalCount") not in (0, "0"), inner=True)
        found: list[dict[str, Any]] = listed.value(answer) or []
        return [self._checked(row, f"{self.rows}[{place}].") for place, row in enumerate(found)]

    def total(self, answer: Row) -> int:
        """Return how many rows there are on all pages; raise Malformed."""
        found: int = _TOTAL.value(answer)
        return found

    def token(self, answer: Row) -> str:
        """Return the token of the next page, '' on the last one; raise Malformed."""
        found: str = _TOKEN.value(answer)
        return found

    def facts(self, row: Row) -> Facts:
        """Return a row as modules return it: texts are '' and lists empty where the service gives none."""
        return {name: item.value(row) for name, item in self.fields.items()}

    def value(self, row: Row | None, name: str) -> Any:
        """Return one field of a row by the name that this table gives it, its default where there is no row."""
        return (self.fields.get(name) or self.more[name]).value(row or {})

    def _checked(self, row: Row, place: str) -> dict[str, Any]:
        try:
            for item in (*self.fields.values(), *self.more.values()):
                item.value(row)
        except Malformed as error:
            raise Malformed(f"{place}{error.name}", error.problem) from None
        clean: dict[str, Any] = _without_nulls(row)
        return clean


def _without_nulls(value: Any) -> Any:
    """Return a value without null members: they mean the same as absent ones."""
    if isinstance(value, (dict, Mapping)):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value
