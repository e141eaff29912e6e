# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters that nothing is wrong with, made from the contracts."""

from __future__ import annotations

import json
import re

from sandbox.contracts.spec import Action, Param

_TEXTS = ("web", "web-01", "10.0.0.0/8", "acs:ram::1234567890123456:role/web", "some words")


def sample(param: Param, path: str) -> dict[str, str]:
    """The parameter with a value that nothing is wrong with."""
    if param.kind == "list":
        return {f"{path}.1": text_of(param)}
    if param.kind in ("objects", "object"):
        inner = f"{path}.1" if param.kind == "objects" else path
        needed = [field for field in param.fields if field.needed] or param.fields[:1]
        return {name: value for field in needed for name, value in sample(field, f"{inner}.{field.name}").items()}
    if param.kind == "json":
        return {path: "[]" if param.high is not None else "{}"}
    if param.kind == "integer":
        return {path: str(param.low if param.low is not None else 1)}
    return {path: "true" if param.kind == "flag" else text_of(param)}


def text_of(param: Param) -> str:
    """A text that the parameter takes."""
    return param.choices[0] if param.choices else next(
        text for text in _TEXTS if not param.pattern or re.fullmatch(param.pattern, text))


def valid(action: Action) -> dict[str, str]:
    """The needed parameters of an action."""
    return {name: value for param in action.params if param.needed
            for name, value in sample(param, param.name).items()}


def items(param: Param, path: str, number: int) -> dict[str, str]:
    """The parameter with so many items."""
    if param.kind == "json":
        return {path: json.dumps([{} if param.fields else str(item) for item in range(number)])}
    if param.kind == "csv":
        return {path: ",".join([text_of(param)] * number)}
    return {name.replace(f"{path}.1", f"{path}.{item}", 1): value
            for item in range(1, number + 1) for name, value in sample(param, path).items()}
