# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule, if any, a call meets: counted per rule, with a seeded generator for probabilities."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from sandbox.faults.scenario import Fault


class Faults:
    """The rules in force; each is spent after its ``times``."""

    def __init__(self) -> None:
        self._rules: list[tuple[Fault, dict[str, int]]] = []
        self._rng = random.Random(1)

    def add(self, faults: Iterable[Fault]) -> None:
        """Put rules behind those in force; the first that fits a call counts."""
        self._rules.extend((fault, {"seen": 0, "hits": 0}) for fault in faults)

    def clear(self, seed: int = 1) -> None:
        """No rule any more; the generator begins again."""
        self._rules.clear()
        self._rng.seed(seed)

    def report(self) -> list[dict[str, Any]]:
        """Each rule with how many calls fitted (``seen``) and how many it hit (``hits``)."""
        return [{**fault.model_dump(exclude_defaults=True), **counts} for fault, counts in self._rules]

    def pick(self, product: str, action: str, params: Mapping[str, str]) -> Fault | None:
        """The rule that this call meets, counted as spent once; None for a call that goes its usual way."""
        for fault, counts in self._rules:
            if counts["hits"] >= fault.times or not _fits(fault, product, action, params):
                continue
            counts["seen"] += 1
            match = fault.match
            if match.nth not in (None, counts["seen"]):
                continue
            if match.probability < 1 and self._rng.random() >= match.probability:
                continue
            counts["hits"] += 1
            return fault
        return None


def _fits(fault: Fault, product: str, action: str, params: Mapping[str, str]) -> bool:
    match = fault.match
    return fnmatchcase(product, match.product) and fnmatchcase(action, match.action) and all(
        fnmatchcase(params.get(name, ""), value) for name, value in match.params.items()
    )
