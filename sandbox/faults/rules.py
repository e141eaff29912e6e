# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The active rules: which one applies to a call, and which to a row that enters a state; counted per rule, with a
seeded generator for probabilities."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox.contracts import READS
from sandbox.world.fault_rules import OSS_KINDS, RPC_KINDS, Fault, StateFault

from .stale import History


@dataclass
class CallRule:
    """A rule over calls, with how many matched and how many it hit."""

    fault: Fault
    seen: int = 0
    hits: int = 0

    @property
    def live(self) -> bool:
        """True while the rule is not used up."""
        return self.hits < self.fault.times


@dataclass
class StateRule:
    """A rule over states, with how many rows entered its state and how many edits it made."""

    fault: StateFault
    seen: int = 0
    hits: int = 0

    @property
    def live(self) -> bool:
        """True while the rule is not used up; an edit that waits for its time counts as used."""
        return self.seen < self.fault.times


@dataclass
class Faults:
    """The active rules; each is used up after its ``times``."""

    calls: list[CallRule] = field(default_factory=list)
    states: list[StateRule] = field(default_factory=list)
    waiting: list[tuple[float, StateRule, str]] = field(default_factory=list)
    """Edits to make: virtual moment, rule, id of the row."""
    noted: int = 0
    """The number of the last timeline step that was compared with the rules over states."""
    history: History = field(default_factory=History)
    played: set[str] = field(default_factory=set)
    """The digests of the scenarios that were activated."""
    drawn: int = 0
    """How many random numbers were used for probabilities."""
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    def add(self, faults: Iterable[Fault | StateFault]) -> None:
        """Append rules; the first that matches a call applies."""
        for fault in faults:
            if isinstance(fault, StateFault):
                self.states.append(StateRule(fault))
            else:
                self.calls.append(CallRule(fault))

    def clear(self) -> None:
        """Remove all rules and restart the generator."""
        self.calls.clear()
        self.states.clear()
        self.waiting.clear()
        self.history.clear()
        self.played.clear()
        self.rng.seed(1)
        self.drawn = 0

    def draw(self) -> float:
        """Return a random number from 0 to 1, for a probability."""
        self.drawn += 1
        return self.rng.random()

    def report(self) -> list[dict[str, Any]]:
        """Return each rule with how many calls or rows matched (``seen``) and how many it hit (``hits``)."""
        rules: list[CallRule | StateRule] = [*self.calls, *self.states]
        return [{**rule.fault.model_dump(exclude_defaults=True), "seen": rule.seen, "hits": rule.hits}
                for rule in rules]

    @property
    def stale(self) -> bool:
        """True while a rule may need former states of the tables, which have to be recorded for it."""
        return any(rule.live and rule.fault.kind == "stale" for rule in self.calls)

    def pick(self, product: str, action: str, params: Mapping[str, str]) -> Fault | None:
        """Return the rule that applies to this call and count it as used once; None when no rule applies."""
        for rule in self.calls:
            if not rule.live or not _fits(rule.fault, product, action, params):
                continue
            rule.seen += 1
            match = rule.fault.match
            if match.nth not in (None, rule.seen):
                continue
            if match.probability < 1 and self.draw() >= match.probability:
                continue
            rule.hits += 1
            return rule.fault
        return None


def _fits(fault: Fault, product: str, action: str, params: Mapping[str, str]) -> bool:
    if fault.kind in (RPC_KINDS if product == "oss" else OSS_KINDS):
        return False
    if fault.kind == "stale" and not action.startswith(READS):
        return False
    match = fault.match
    wanted = dict(match.params)
    if match.bucket is not None or match.key is not None:
        if product != "oss":
            return False
        wanted.update(bucket=match.bucket or "*", key=match.key or "*")
    return fnmatchcase(product, match.product) and fnmatchcase(action, match.action) and all(
        fnmatchcase(params.get(name, ""), value) for name, value in wanted.items()
    )
