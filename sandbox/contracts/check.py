# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the flat query of an RPC call into typed parameters, refusing what the contract does not declare."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .errors import ServiceError, error, not_emulated
from .numbers import is_number
from .spec import Action, Param


def check(action: Action, flat: Mapping[str, str]) -> dict[str, Any]:
    """Typed parameters of a call: lists in index order, numbers and booleans converted, absent ones left out.

    Refused: an undeclared parameter (not emulated), a missing, malformed or out-of-range one.
    """
    return _fields(action.params, _nest(action.name, flat), action.name, "")


def _nest(action_name: str, flat: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        node, parts = tree, name.split(".")
        for part in parts[:-1]:
            below = node.setdefault(part, {})
            if not isinstance(below, dict):
                raise not_emulated(f"parameter {name} of {action_name}")
            node = below
        if isinstance(node.get(parts[-1]), dict):
            raise not_emulated(f"parameter {name} of {action_name}")
        node[parts[-1]] = value
    return tree


def _fields(params: tuple[Param, ...], tree: dict[str, Any], action_name: str, path: str) -> dict[str, Any]:
    declared = {param.name for param in params}
    for name in tree:
        if name not in declared:
            raise not_emulated(f"parameter {path}{name} of {action_name}")
    values: dict[str, Any] = {}
    for param in params:
        raw = tree.get(param.name)
        # An empty string is "not given" for the vendor (facts 3.3: DiskIds as an empty string is no filter).
        if raw is None or raw == "":
            if param.needed:
                raise missing(path + param.name)
            continue
        values[param.name] = _value(param, raw, action_name, path + param.name)
    return values


def _value(param: Param, raw: Any, action_name: str, path: str) -> Any:
    if param.kind in ("list", "objects", "object"):
        if not isinstance(raw, dict):
            raise invalid(param, path, raw, "indexed parameters such as " + path + ".1")
        if param.kind == "object":
            return _fields(param.fields, raw, action_name, path + ".")
        return _items(param, raw, action_name, path)
    if isinstance(raw, dict):
        raise not_emulated(f"parameter {path}.{next(iter(raw))} of {action_name}")
    value = _READERS[param.kind](param, path, str(raw))
    if param.kind == "json" and param.fields:
        return [_structure(param, item, action_name, f"{path}.{number}") for number, item in enumerate(value, 1)]
    return value


def _structure(param: Param, item: Any, action_name: str, path: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise invalid(param, path, item, "a structure")
    return _fields(param.fields, item, action_name, f"{path}.")


def _items(param: Param, raw: dict[str, Any], action_name: str, path: str) -> list[Any]:
    wrong = next((key for key in raw if not is_number(key)), None)
    if wrong is not None:
        raise not_emulated(f"parameter {path}.{wrong} of {action_name}")
    if param.high is not None and len(raw) > param.high:
        raise invalid(param, path, f"{len(raw)} items", f"at most {param.high} items")
    items: list[Any] = []
    for key in sorted(raw, key=int):
        if param.kind == "objects":
            if not isinstance(raw[key], dict):
                raise invalid(param, f"{path}.{key}", raw[key], "a structure")
            items.append(_fields(param.fields, raw[key], action_name, f"{path}.{key}."))
        elif isinstance(raw[key], dict):
            raise not_emulated(f"parameter {path}.{key}.{next(iter(raw[key]))} of {action_name}")
        else:
            items.append(_text(param, f"{path}.{key}", str(raw[key])))
    return items


def _text(param: Param, path: str, raw: str) -> str:
    if param.choices:
        for allowed in param.choices:
            if allowed.lower() == raw.lower():
                return allowed
        if raw.lower() in [known.lower() for known in param.elsewhere]:
            raise not_emulated(f"{path}={raw}")
        raise invalid(param, path, raw, "one of " + ", ".join(param.choices))
    if param.pattern and not re.fullmatch(param.pattern, raw):
        raise invalid(param, path, raw, "text of the form " + param.pattern)
    return raw


def _integer(param: Param, path: str, raw: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", raw):
        raise invalid(param, path, raw, "a whole number")
    number = int(raw)
    if (param.low is not None and number < param.low) or (param.high is not None and number > param.high):
        low, high = ("" if limit is None else str(limit) for limit in (param.low, param.high))
        raise invalid(param, path, raw, f"a number in {low}..{high}")
    return number


def _flag(param: Param, path: str, raw: str) -> bool:
    if raw.lower() not in ("true", "false"):
        raise invalid(param, path, raw, "true or false")
    return raw.lower() == "true"


def _json(param: Param, path: str, raw: str) -> Any:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise invalid(param, path, raw, "JSON in one string") from None
    if param.pattern and not re.fullmatch(param.pattern, raw):
        raise invalid(param, path, raw, "text of the form " + param.pattern)
    if param.high is not None:
        if not isinstance(value, list):
            raise invalid(param, path, raw, "a JSON array")
        if len(value) > param.high:
            raise invalid(param, path, f"{len(value)} items", f"at most {param.high} items")
    return value


def _csv(param: Param, path: str, raw: str) -> list[str]:
    items = [item.strip() for item in raw.split(",") if item.strip()]
    if param.high is not None and len(items) > param.high:
        raise invalid(param, path, f"{len(items)} items", f"at most {param.high} items")
    return [_text(param, path, item) for item in items]


_READERS = {"text": _text, "integer": _integer, "flag": _flag, "json": _json, "csv": _csv}


def missing(path: str) -> ServiceError:
    """The refusal of a call without a required parameter."""
    return error(
        "MissingParameter",
        f'The input parameter "{path}" that is mandatory for processing this request is not supplied.',
    )


def invalid(param: Param, path: str, value: object, allowed: str) -> ServiceError:
    """The refusal of a value, saying which and what is allowed."""
    return error(
        param.code or f"InvalidParameter.{param.name}",
        f"The specified parameter {path}={value!s:.200} is not valid; allowed is {allowed}.",
    )
