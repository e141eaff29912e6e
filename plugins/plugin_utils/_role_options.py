# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The variables of a role as its argument spec declares them, whatever form ``-e``, a survey or YAML gave them."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import check_type_dict

Spec = Mapping[str, Mapping[str, Any]]
_TEXTS = ("str", "path")
_NUMBERS = ("int", "float")


def is_given(value: Any) -> bool:
    """Return whether a variable has a value: null and a text of spaces, such as an empty survey answer, are none."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def short_name(role: str, name: str) -> str:
    """Return the name of a variable without the name of its role."""
    return name.removeprefix(f"{role}_")


def secrets(spec: Spec) -> set[str]:
    """Return the variables whose value may not be shown."""
    return {name for name, option in spec.items() if option.get("no_log")}


def convert(spec: Spec, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return every variable of ``spec`` in its declared type, and a problem for each that cannot be converted.

    ``values`` are the variables that are given. Ansible converts as it does for a module; the forms below are those
    that it takes for something else: a date is its text, a list can be JSON, YAML, or separated by commas or lines.
    """
    readable: dict[str, Any] = {}
    problems = []
    for name, value in values.items():
        try:
            readable[name] = _readable(spec[name], value)
        except ValueError as error:
            problems.append(f"{name} {error}")
    known = {name: option for name, option in spec.items() if name not in values or name in readable}
    result = ArgumentSpecValidator(_plain(known)).validate(readable)
    problems += [str(message) for message in result.error_messages]
    converted = dict(result.validated_parameters)
    problems += [
        f"{name} is {value}, not a finite number"
        for name, value in converted.items()
        if isinstance(value, float) and not math.isfinite(value)
    ]
    return converted, problems


def _plain(spec: Spec) -> dict[str, Any]:
    """Return the spec without what only documentation needs."""
    return {name: {key: row for key, row in option.items() if key != "description"} for name, option in spec.items()}


def _readable(option: Mapping[str, Any], value: Any) -> Any:
    """Return ``value`` in a form that Ansible converts correctly; ValueError with the words after the name."""
    kind = option.get("type", "str")
    if isinstance(value, (datetime.date, datetime.datetime)):
        value = str(value)
    if kind in _TEXTS and isinstance(value, (Mapping, list, tuple)):
        raise ValueError(f"is a {_word(value)}, not a text")
    if kind in (*_TEXTS, *_NUMBERS) and isinstance(value, bool):
        wanted = "text" if kind in _TEXTS else "number"
        raise ValueError(f"is {str(value).lower()}, not a {wanted}. Quote it, or leave it out")
    if kind in _TEXTS and isinstance(value, float):
        raise ValueError(f"is the number {value}, not a text: YAML drops zeros, as of 1.50. Write it in quotes")
    if kind == "list":
        if isinstance(value, Mapping):
            raise ValueError("is a mapping, not a list. In YAML, begin each element with a hyphen")
        found = _listed(value) if isinstance(value, str) else value
        _check_elements(option, found)
        return found
    if kind == "dict":
        _check_mapping(value)
    return value.strip() if isinstance(value, str) and kind in ("bool", *_NUMBERS) else value


def _check_mapping(value: Any) -> None:
    try:
        check_type_dict(value)
    except TypeError:
        shown = f"a {_word(value)}" if isinstance(value, list) else repr(value)
        raise ValueError(f"is {shown}, not a mapping such as {{name: value}} in YAML or JSON") from None


def _check_elements(option: Mapping[str, Any], values: Any) -> None:
    """Raise ValueError for an element that Ansible would turn into text, or refuse with words about Python."""
    kind = option.get("elements", "str")
    for item in values if isinstance(values, (list, tuple)) else ():
        if kind == "str" and isinstance(item, (Mapping, list, tuple, bool, float)):
            shown = f"a {_word(item)}" if isinstance(item, (Mapping, list, tuple)) else f"{str(item).lower()}"
            raise ValueError(f"has an element that is {shown}, not a text")
        if kind == "dict":
            try:
                check_type_dict(item)
            except TypeError:
                parts = "".join(f"{name}: ..., " for name in option.get("options") or {}).rstrip(", ")
                such = f" with {{{parts}}}" if parts else ""
                shown = f"a {_word(item)}" if isinstance(item, list) else repr(item)
                raise ValueError(f"has the element {shown}, each must be a mapping{such}") from None


def _listed(text: str) -> list[Any]:
    """Return the elements of a list that is given as text."""
    if text.strip().startswith("["):
        try:
            return list(yaml.safe_load(text))
        except (yaml.YAMLError, TypeError) as error:
            raise ValueError("begins with [ and is no list in JSON or YAML") from error
    return [part.strip() for part in re.split(r"[,\n]", text) if part.strip()]


def _word(value: Any) -> str:
    return "mapping" if isinstance(value, Mapping) else "list"
