# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the vendor's request models (vendor_requests.json), each tried on the contracts of the local cloud.

``python -m support.request_rules`` prints how many rules there are of each kind, and how many differ. A rule is what is
required, a type, values, a range, a length or a number of items. Where the vendor's document and the words of the
reference disagree, the contracts must accept the values of the document, of ranges what both allow, and refuse what
neither allows.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.contracts import CONTRACTS
from sandbox.contracts.check import check
from sandbox.contracts.errors import NOT_EMULATED, ServiceError
from sandbox.contracts.request_differences import DIFFERENCES
from sandbox.contracts.spec import Action, Param
from support.request_samples import items, sample, valid

Vendor = dict[str, Any]
Flat = dict[str, str]

_COMMON = {"RegionId", "OwnerId", "OwnerAccount", "ResourceOwnerId", "ResourceOwnerAccount"}
_MISSING = "MissingParameter"
_FOREIGN = "plan9"


def vendor() -> dict[str, dict[str, dict[str, Vendor]]]:
    """The request models: product, action, parameter."""
    text = Path(__file__).with_name("vendor_requests.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["actions"])


@dataclass
class Findings:
    """What the probes have found: how many rules of each kind, probes of each outcome, and the differences."""

    rules: Counter[str] = field(default_factory=Counter)
    negatives: int = 0
    positives: int = 0
    differences: set[tuple[str, str, str]] = field(default_factory=set)

    def differ(self, kind: str, where: str, path: str) -> None:
        """Note a difference of a parameter."""
        self.differences.add((kind, where, path.replace(".1.", ".N.")))


@dataclass(frozen=True)
class _Place:
    """One parameter of an action, and how a call is written that sets it to a text."""

    action: Action
    where: str
    path: str
    own: Param
    call: Callable[[Flat], Flat]


def look() -> Findings:
    """Try every rule."""
    found = Findings()
    for product, actions in vendor().items():
        for name, params in actions.items():
            action = CONTRACTS[product][name]
            _compare(found, action, f"{product}:{name}", params)
    return found


def without_required() -> Iterator[tuple[str, str, str, Flat]]:
    """(product, action, parameter, call without it) for each parameter of an action that the vendor needs."""
    for product, actions in vendor().items():
        for name, params in actions.items():
            for parameter, rule in params.items():
                if rule.get("required"):
                    yield product, name, parameter, {
                        key: value for key, value in valid(CONTRACTS[product][name]).items()
                        if key.split(".")[0] != parameter}


def _compare(found: Findings, action: Action, where: str, params: dict[str, Vendor]) -> None:
    declared = {param.name: param for param in action.params}
    for extra in set(declared) - set(params) - _COMMON:
        found.differ("more parameters", where, extra)
    for name, rule in params.items():
        found.rules["parameters"] += 1
        if name not in declared:
            found.differ("not emulated", where, name)
            continue
        others = {key: value for key, value in valid(action).items() if key.split(".")[0] != name}
        place = _Place(action, where, name, declared[name], lambda values, others=others: {**others, **values})
        _parameter(found, place, rule)
        _needed(found, place, rule, others)


def _needed(found: Findings, place: _Place, rule: Vendor, without: Flat) -> None:
    if rule.get("required"):
        found.rules["required"] += 1
        found.negatives += 1
        if _code(place.action, without) != _MISSING:
            found.differ("not needed", place.where, place.path)
    elif place.own.needed:
        found.differ("needed", place.where, place.path)


def _parameter(found: Findings, place: _Place, rule: Vendor) -> None:
    _types(found, place, rule)
    words = rule.get("text", {})
    _values(found, place, rule.get("enum", []), words.get("enum", []))
    kinds = (
        ("range", "minimum", "maximum", lambda number: {_first(place): str(number)}),
        ("items", "minItems", "maxItems", lambda number: items(place.own, place.path, number)),
        ("length", "minLength", "maxLength", lambda number: {place.path: _long(place.own, number)}),
    )
    for kind, least, most, write in kinds:
        _limits(found, place, kind, [source[least] for source in (rule, words) if least in source],
                [source[most] for source in (rule, words) if most in source], write)
    _own_rules(found, place, rule, words)
    _fields(found, place, rule.get("fields", {}))


def _types(found: Findings, place: _Place, rule: Vendor) -> None:
    wrong = {
        "integer": {_first(place): "many"}, "boolean": {_first(place): "maybe"}, "array": {place.path: "plain"},
        "object": {place.path: "plain"},
    }.get(rule["type"])
    if wrong is None:
        numeric = {"minimum", "maximum"} & set(rule.get("text", {}))
        if place.own.kind in ("integer", "flag") and not numeric:
            found.differ("another type", place.where, place.path)
        return
    found.rules["type"] += 1
    _refused(found, place, "another type", wrong)


def _values(found: Findings, place: _Place, document: list[str], words: list[str]) -> None:
    known = {value.lower() for value in (*document, *words)}
    if not known:
        return
    found.rules["values"] += 1
    for value in document or words:
        _accepted(found, place, "fewer values", {_first(place): value})
    _refused(found, place, "more values", {_first(place): _FOREIGN})
    if {value.lower() for value in (*place.own.choices, *place.own.elsewhere)} - known:
        found.differ("more values", place.where, place.path)


def _limits(found: Findings, place: _Place, kind: str, least: list[int], most: list[int],
            write: Callable[[int], Flat]) -> None:
    if least:
        found.rules[kind] += 1
        _accepted(found, place, f"another {kind}", write(max(least)))
        # An empty text means not given.
        if min(least) > (kind == "length"):
            _refused(found, place, f"another {kind}", write(min(least) - 1))
    if most:
        found.rules[kind] += 1
        _accepted(found, place, f"another {kind}", write(min(most)))
        _refused(found, place, f"another {kind}", write(max(most) + 1))


def _own_rules(found: Findings, place: _Place, rule: Vendor, words: Vendor) -> None:
    """Note where the contract limits what the vendor leaves open."""
    names, own = {*rule, *words}, place.own
    if own.choices and "enum" not in names:
        found.differ("fewer values", place.where, place.path)
    if own.kind == "integer" and (
        (own.low is not None and "minimum" not in names) or (own.high is not None and "maximum" not in names)
    ):
        found.differ("another range", place.where, place.path)
    if own.kind in ("list", "objects", "json", "csv") and own.high is not None and "maxItems" not in names:
        found.differ("another items", place.where, place.path)
    if own.pattern and not {"minLength", "maxLength"} & names:
        found.differ("another form", place.where, place.path)


def _fields(found: Findings, place: _Place, fields: dict[str, Vendor]) -> None:
    own = place.own
    if not own.fields:
        if any(rule["type"] != "string" or set(rule) - {"type"} for rule in fields.values()):
            found.differ("read by the action", place.where, place.path)
        return
    declared = {param.name: param for param in own.fields}
    for extra in set(declared) - set(fields):
        found.differ("more parameters", place.where, f"{place.path}.{extra}")
    inner = {"objects": f"{place.path}.1", "object": place.path, "json": place.path}[own.kind]
    for name, rule in fields.items():
        found.rules["parameters"] += 1
        path = f"{inner}.{name}"
        if name not in declared:
            found.differ("not emulated", place.where, path)
            continue
        call = _in_json(place, path) if own.kind == "json" else _beside(place, _others(own, inner, name))
        nested = _Place(place.action, place.where, path, declared[name], call)
        _parameter(found, nested, rule)
        if len(own.fields) > 1:
            _needed(found, nested, rule, call({}))


def _others(own: Param, inner: str, name: str) -> Flat:
    """The needed fields beside one, or another field: an empty structure is none at all."""
    beside = [field for field in own.fields if field.name != name]
    chosen = [field for field in beside if field.needed] or beside[:1]
    return {key: value for field in chosen for key, value in sample(field, f"{inner}.{field.name}").items()}


def _beside(place: _Place, others: Flat) -> Callable[[Flat], Flat]:
    return lambda values: place.call({**others, **values})


def _in_json(place: _Place, path: str) -> Callable[[Flat], Flat]:
    name = path.rsplit(".", 1)[1]
    return lambda values: place.call({place.path: json.dumps([{name: values[path]} if path in values else {}])})


def _first(place: _Place) -> str:
    return f"{place.path}.1" if place.own.kind == "list" else place.path


def _long(param: Param, number: int) -> str:
    return "{}".ljust(number)[:number] if param.kind == "json" else "a" * number


def _accepted(found: Findings, place: _Place, kind: str, values: Flat) -> None:
    found.positives += 1
    if _code(place.action, place.call(values)) not in ("", NOT_EMULATED):
        found.differ(kind, place.where, place.path)


def _refused(found: Findings, place: _Place, kind: str, values: Flat) -> None:
    found.negatives += 1
    if _code(place.action, place.call(values)) in ("", NOT_EMULATED, _MISSING):
        found.differ(kind, place.where, place.path)


def _code(action: Action, flat: Flat) -> str:
    try:
        check(action, flat)
    except ServiceError as refused:
        return refused.code
    return ""


def listed() -> Iterator[tuple[str, str, str]]:
    """The differences that the local cloud says it has."""
    for difference in DIFFERENCES:
        for where, names in difference.parameters.items():
            for name in names:
                yield difference.kind, where, name


def main() -> int:
    """Print the figures."""
    found = look()
    kinds = ", ".join(f"{number} {kind}" for kind, number in found.rules.items() if kind != "parameters")
    differing = Counter(kind for kind, _where, _name in found.differences)
    actions = sum(map(len, vendor().values()))
    sys.stdout.write(
        f"requests: {found.rules['parameters']} parameters of {actions} actions; rules: {kinds}; "
        f"{found.negatives} calls that must be refused, {found.positives} that must be accepted; "
        f"{len(found.differences)} differences with a reason in docs/sandbox-differences.md: "
        f"{', '.join(f'{number} {kind}' for kind, number in sorted(differing.items()))}\n")
    return 0 if found.differences == set(listed()) else 1


if __name__ == "__main__":
    sys.exit(main())
