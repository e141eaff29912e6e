# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds answers of the sandbox against the response models of the vendor's alibabacloud_* packages.

The models never validate by themselves: they drop keys that they do not know and take any type (local-cloud 3.5).
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

from sandbox.contracts import CONTRACTS

PACKAGES = {
    "smc": "alibabacloud_smc20190601", "ecs": "alibabacloud_ecs20140526", "vpc": "alibabacloud_vpc20160428",
    "ens": "alibabacloud_ens20171110", "sts": "alibabacloud_sts20150401",
    "ram": "alibabacloud_ram20150501", "bss": "alibabacloud_bssopenapi20171214",
}
# Products without a package of the second generation.
WITHOUT_MODELS = frozenset({"location"})

_SCALARS: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


def problems(product: str, action: str, body: dict[str, Any]) -> list[str]:
    """What is wrong with a successful answer: keys that the vendor's model does not know, scalars of another type."""
    name = f"{action}ResponseBody"
    model = getattr(importlib.import_module(f"{PACKAGES[product]}.models"), name, None)
    if model is None:
        return [f"{product}:{action}: the vendor has no model {name}"]
    read = model().from_map(body)
    return [f"{product}:{action}: {text}" for text in (*_unknown(body, read.to_map(), ""), *_types(read, ""))]


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


class Validated:
    """The kinds of answers that this process held against their models."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()

    def check(self, entries: list[dict[str, Any]]) -> list[str]:
        """Problems of the successful RPC answers among entries of a sandbox's request log."""
        found: set[str] = set()
        for entry in entries:
            if entry["product"] in PACKAGES and entry["status"] == 200:
                self.kinds.add(f"{entry['product']}:{entry['action']}")
                found.update(problems(entry["product"], entry["action"], entry["result"]))
        return sorted(found)

    def save(self, folder: Path) -> None:
        """Leave the kinds in a file of this process, for ``python -m roundtrip``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{os.getpid()}.txt").write_text("".join(f"{kind}\n" for kind in sorted(self.kinds)))


# What the answers of this process were held against, in unit tests and in sandboxes of their own.
VALIDATED = Validated()


def unvalidated(folder: Path) -> list[str]:
    """Actions of the contracts that no process of the session had an answer of."""
    seen = {line for path in folder.glob("*.txt") for line in path.read_text().split()}
    return sorted(
        f"{product}:{name}" for product, actions in CONTRACTS.items() if product not in WITHOUT_MODELS
        for name in actions if f"{product}:{name}" not in seen
    )


def main() -> int:
    """Say which kinds of answers no test validated; exit 1 when there are any."""
    left = unvalidated(Path(sys.argv[1]))
    total = sum(len(actions) for product, actions in CONTRACTS.items() if product not in WITHOUT_MODELS)
    sys.stdout.writelines(f"no test validated an answer of {kind}\n" for kind in left)
    sys.stdout.write(f"{total - len(left)} of {total} kinds of answers went through the vendor's models\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
