# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares answers of the sandbox with the response models of the vendor's alibabacloud_* packages.

The models never validate by themselves: they drop keys that they do not know and take any type (local-cloud 3.5).
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

from sandbox.contracts import CONTRACTS
from support import oss_roundtrip

PACKAGES = {
    "smc": "alibabacloud_smc20190601", "ecs": "alibabacloud_ecs20140526", "vpc": "alibabacloud_vpc20160428",
    "ens": "alibabacloud_ens20171110", "sts": "alibabacloud_sts20150401", "ram": "alibabacloud_ram20150501",
    "location": "alibabacloud_location20150612", "bss": "alibabacloud_bssopenapi20171214",
}

# What every refusal consists of, and nothing else (local-cloud 3.2).
_REFUSAL = ("Code", "HostId", "Message", "Recommend", "RequestId")
_REQUEST_ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
_SCALARS: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


def problems(product: str, action: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer: keys that the vendor's model does not know, scalars of another type.

    A refusal has no model: it has five keys, all of them text that says something.
    """
    found = _request_id(body)
    if not found:
        found = _success(product, action, body) if status == 200 else _refusal(body)
    return [f"{product}:{action}: {text}" for text in found]


def _request_id(body: Any) -> list[str]:
    if not isinstance(body, dict):
        return [f"the answer is {type(body).__name__}, not a structure"]
    given = body.get("RequestId")
    return [] if isinstance(given, str) and _REQUEST_ID.fullmatch(given) else [f"RequestId is {given!r}, not a UUID"]


def _refusal(body: dict[str, Any]) -> list[str]:
    wrong = [f"a refusal has no key {key}" for key in sorted(set(body) - set(_REFUSAL))]
    return wrong + [f"{key} of a refusal is {body.get(key)!r}" for key in _REFUSAL
                    if not isinstance(body.get(key), str) or not body[key]]


def _success(product: str, action: str, body: dict[str, Any]) -> list[str]:
    package, name = PACKAGES.get(product), f"{action}ResponseBody"
    model = getattr(importlib.import_module(f"{package}.models"), name, None) if package else None
    if model is None:
        return [f"the vendor has no model {name}"]
    read = model().from_map(body)
    return [*_unknown(body, read.to_map(), ""), *_types(read, "")]


def _unknown(given: Any, kept: Any, path: str) -> list[str]:
    if isinstance(given, dict):
        if not isinstance(kept, dict):
            return [f"{path or 'the answer'} is a structure"]
        return [
            text for key, value in given.items()
            for text in ([f"unknown key {path}{key}"] if key not in kept and value is not None
                         else _unknown(value, kept.get(key), f"{path}{key}."))
        ]
    if isinstance(given, list) and isinstance(kept, list):
        return [text for item, other in zip(given, kept, strict=True) for text in _unknown(item, other, path)]
    return []


def _types(model: Any, path: str) -> list[str]:
    found = []
    for name, annotation in _annotations(type(model)).items():
        value = getattr(model, name, None)
        if value is not None:
            found += _value_types(value, annotation, f"{path}{name}")
    return found


def _value_types(value: Any, annotation: str, path: str) -> list[str]:
    if annotation.startswith("List["):
        if not isinstance(value, list):
            return [f"{path} is {type(value).__name__}, not a list"]
        return [text for item in value for text in _value_types(item, annotation[5:-1], path)]
    wanted = _SCALARS.get(annotation)
    if wanted is None:
        return _types(value, f"{path}.")
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        return [f"{path} is {type(value).__name__}, not {annotation}"]
    return []


@cache
def _annotations(model: type) -> dict[str, str]:
    shown = {}
    for name, parameter in inspect.signature(model.__init__).parameters.items():
        kind = parameter.annotation
        if kind is not inspect.Parameter.empty:
            shown[name] = _spelled(kind)
    return shown


def _spelled(kind: Any) -> str:
    """The annotation as text, whether the package postpones annotations or not."""
    if isinstance(kind, str):
        return kind
    if get_origin(kind) is list:
        return f"List[{_spelled(get_args(kind)[0])}]"
    return str(getattr(kind, "__name__", kind))


def shape(value: Any) -> Any:
    """What the models look at: keys and types, of a list those of its different items; answers repeat each other."""
    if isinstance(value, dict):
        return tuple((key, shape(item)) for key, item in value.items())
    if isinstance(value, list):
        return frozenset(map(shape, value))
    return type(value) if value != "" else ""


class Validated:
    """The kinds of answers that were held against their models, and how many answers there were."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.answers = 0
        self._known: dict[Any, list[str]] = {}

    def check(self, product: str, action: str, status: int, body: Any) -> list[str]:
        """Problems of an answer; one that looks like a former one is not looked at again."""
        self.answers += 1
        if status == 200:
            self.kinds.add(f"{product}:{action}")
        seen = (product, action, status == 200, shape(body))
        if seen not in self._known:
            self._known[seen] = problems(product, action, status, body)
        return self._known[seen]

    def check_oss(self, action: str, status: int, headers: Mapping[str, str], body: str) -> list[str]:
        """Problems of an answer of OSS; the checker itself looks at nothing twice."""
        self.answers += 1
        kind, found = oss_roundtrip.problems(action, status, headers, body)
        if status < oss_roundtrip.REDIRECTION:
            self.kinds.add(kind)
        return found

    def read(self, folder: Path) -> list[str]:
        """Check what the processes of a session left in the folder; return their problems."""
        found: set[str] = set()
        for path in folder.glob("*.jsonl"):
            with path.open(encoding="utf-8") as lines:
                # The last line of a process that was killed may be half of one.
                for line in filter(lambda text: text.endswith("\n"), lines):
                    entry = json.loads(line)
                    found.update(self._judge(entry))
        for path in folder.glob("*.seen.json"):
            seen = json.loads(path.read_text(encoding="utf-8"))
            self.kinds.update(seen["kinds"])
            self.answers += seen["answers"]
        return sorted(found)

    def _judge(self, entry: dict[str, Any]) -> list[str]:
        if entry["product"] == oss_roundtrip.PRODUCT:
            return self.check_oss(entry["action"], entry["status"], entry["headers"], entry["body"])
        return self.check(entry["product"], entry["action"], entry["status"], entry["body"])

    def save(self, folder: Path) -> None:
        """Leave what this process saw for the one that reads the folder in the end."""
        seen = {"kinds": sorted(self.kinds), "answers": self.answers}
        (folder / f"{os.getpid()}.seen.json").write_text(json.dumps(seen), encoding="utf-8")


# What unit tests of this process saw.
VALIDATED = Validated()


def unvalidated(kinds: Iterable[str]) -> list[str]:
    """Actions of the contracts without an answer so far."""
    return sorted({f"{product}:{name}" for product, actions in CONTRACTS.items() for name in actions} - set(kinds))
