# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of the contracts: parameters with type, limits and allowed values, and actions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .errors import DOCUMENTED

Kind = Literal["text", "integer", "flag", "list", "objects", "object", "json", "csv"]

# SMC and ENS names: 2-128 characters, a letter first, then letters, digits, ``: _ -``, no URL (facts 1.3, 4.1).
NAME = r"(?!https?://)[^\W\d_][\w:-]{1,127}"
DESCRIPTION = r"(?!https?://).{1,256}"


@dataclass(frozen=True)
class Param:
    """One request parameter. ``low``/``high`` bound integers, and the number of items of lists.

    ``elsewhere`` are values that the real service knows and this one does not emulate.
    """

    name: str
    kind: Kind = "text"
    needed: bool = False
    choices: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    pattern: str = ""
    low: int | None = None
    high: int | None = None
    fields: tuple[Param, ...] = ()
    code: str = ""


@dataclass(frozen=True)
class Action:
    """One action of a product: its parameters and how well its answer is documented.

    ``regional`` says that an action of ECS or VPC needs RegionId, which is added where contracts are collected; where
    the vendor's models have none, the host tells the region, and here an id does.
    """

    name: str
    params: tuple[Param, ...] = ()
    provenance: str = DOCUMENTED
    regional: bool = True


def action(name: str, *params: Param, provenance: str = DOCUMENTED, regional: bool = True) -> Action:
    """An action with its parameters; RegionId and the common ones are added where contracts are collected."""
    return Action(name, params, provenance, regional)


def text(name: str, pattern: str = "", code: str = "") -> Param:
    """A string, matched whole against ``pattern`` when one is given."""
    return Param(name, "text", pattern=pattern, code=code)


def choice(name: str, *choices: str, code: str = "", elsewhere: tuple[str, ...] = ()) -> Param:
    """A string out of ``choices``; case does not count, the spelling of ``choices`` is handed on."""
    return Param(name, "text", choices=choices, code=code, elsewhere=elsewhere)


def integer(name: str, low: int | None = None, high: int | None = None, code: str = "") -> Param:
    """A whole number within low..high."""
    return Param(name, "integer", low=low, high=high, code=code)


def flag(name: str) -> Param:
    """A boolean, written true/false in any case (the v1 SDK sends Python's ``True``)."""
    return Param(name, "flag")


def many(
    name: str, high: int, code: str = "", choices: tuple[str, ...] = (), elsewhere: tuple[str, ...] = ()
) -> Param:
    """A list of strings ``Name.1=..&Name.2=..`` of at most ``high`` items, each out of ``choices`` when given."""
    return Param(name, "list", high=high, code=code, choices=choices, elsewhere=elsewhere)


def objects(name: str, high: int, *fields: Param, code: str = "") -> Param:
    """A list of structures ``Name.1.Field=..``."""
    return Param(name, "objects", high=high, fields=fields, code=code)


def structure(name: str, *fields: Param) -> Param:
    """One structure ``Name.Field=..``."""
    return Param(name, "object", fields=fields)


def json_list(name: str, high: int, code: str = "") -> Param:
    """A JSON array in one string, such as InstanceIds (facts trap 26)."""
    return Param(name, "json", high=high, code=code)


def json_objects(name: str, high: int, *fields: Param) -> Param:
    """A JSON array of structures in one string, such as DataDisks of ENS."""
    return Param(name, "json", high=high, fields=fields)


def json_any(name: str, pattern: str = "") -> Param:
    """A JSON document in one string, matched whole against ``pattern`` when one is given."""
    return Param(name, "json", pattern=pattern)


def csv(name: str, high: int, code: str = "", choices: tuple[str, ...] = ()) -> Param:
    """A comma-separated list in one string, such as TaskIds, each item out of ``choices`` when given."""
    return Param(name, "csv", high=high, code=code, choices=choices)


def need(param: Param) -> Param:
    """The same parameter, required."""
    return replace(param, needed=True)


TAGS = objects("Tag", 20, text("Key"), text("Value"))
PAGE_50 = (integer("PageNumber", 1), integer("PageSize", 1, 50))
PAGE_100 = (integer("PageNumber", 1), integer("PageSize", 1, 100))


def token_page(high: int) -> tuple[Param, ...]:
    """The newer paging of ECS: MaxResults and NextToken."""
    return (integer("MaxResults", 1, high), text("NextToken"))
