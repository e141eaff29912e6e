# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The hosts that waves are made of, from inventory variables, and what is wrong with these variables (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, limits, schedule, windows
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.facts import Facts, listed

ENVIRONMENTS: Final[Mapping[str, int]] = {"development": 0, "test": 1, "staging": 2, "production": 3}
"""The order in which environments are migrated. A host without one counts as production."""

LEVELS: Final[Mapping[str, int]] = {"low": 0, "medium": 1, "high": 2, "critical": 3}
"""What migration_criticality and migration_complexity can be (complexity without critical)."""

_UNKNOWN_GIB: Final = 40
"""What a host of unknown size counts for."""


@dataclass(frozen=True)
class Item:
    """One host: what it depends on, what it belongs to, how large and how risky it is."""

    host: str
    after: tuple[str, ...] = ()
    """Hosts that must be migrated before it."""
    together: tuple[str, ...] = ()
    """Hosts that must be in its wave: dependencies in both directions."""
    application: str = ""
    environment: str = ""
    criticality: str = ""
    complexity: str = ""
    site: str = ""
    uplink: float = 0.0
    """Mbit/s of its site, 0 for unknown."""
    windows: tuple[str, ...] = ()
    bytes: int = _UNKNOWN_GIB * limits.GIB
    size_known: bool = False
    unusable: tuple[str, ...] = ()
    """What is wrong with its numbers."""

    @property
    def tier(self) -> int:
        """The place of its environment in the order."""
        return ENVIRONMENTS.get(self.environment, ENVIRONMENTS["production"])

    @property
    def risk(self) -> int:
        """0 (low) to 3 (critical): the larger one of criticality and complexity."""
        return max(LEVELS.get(self.criticality, 1), LEVELS.get(self.complexity, 0))

    @property
    def known(self) -> float:
        """The share of the facts that a plan rests on that are known, 0 to 1."""
        facts = (self.application, self.environment, self.criticality, self.site, self.size_known)
        return sum(map(bool, facts)) / len(facts)


def items(hosts: Iterable[str], hostvars: Mapping[str, Facts]) -> list[Item]:
    """Return the hosts with their variables. All hosts of a site have its uplink."""
    found = [_item(host, hostvars[host]) for host in hosts]
    known = schedule.uplinks((item.site, item.uplink) for item in found)
    return [replace(item, uplink=known.get(item.site, 0.0)) for item in found]


def _item(host: str, facts: Facts) -> Item:
    probe = facts.get("preflight_probe") or {}
    size, known = disks.used_bytes(probe) if probe else 0, bool(probe)
    numbers = {name: _number(facts.get(name)) for name in ("migration_used_gib", "migration_uplink")}
    used, uplink = (value if isinstance(value, float) else 0.0 for value in numbers.values())
    if used:
        size, known = int(used * limits.GIB), True
    return Item(
        host=host,
        after=listed(facts.get("migration_after")),
        together=listed(facts.get("migration_with")),
        application=str(facts.get("migration_application") or ""),
        environment=str(facts.get("migration_environment") or "").lower(),
        criticality=str(facts.get("migration_criticality") or "").lower(),
        complexity=str(facts.get("migration_complexity") or "").lower(),
        site=str(facts.get("migration_site") or ""),
        uplink=uplink,
        windows=listed(facts.get("migration_windows")),
        bytes=size if known else _UNKNOWN_GIB * limits.GIB,
        size_known=known,
        unusable=tuple(f"{name} {value}" for name, value in numbers.items() if isinstance(value, str)),
    )


def _number(value: Any) -> float | str:
    """Return a number of at least 0, 0 for none, or the words that say what is wrong with it."""
    try:
        number = float(value or 0)
    except (TypeError, ValueError):
        return f"is {value!r}, it must be a number"
    return number if isfinite(number) and number >= 0 else f"is {value}, it must be at least 0"


def problems(found: Sequence[Item], everyone: Iterable[str]) -> list[str]:
    """Return what is wrong with the variables of the hosts. ``everyone`` are all hosts of the inventory."""
    known = set(everyone)
    texts = []
    for item in found:
        texts += [f"{item.host}: {text}" for text in item.unusable]
        for name, value, allowed in (
            ("migration_environment", item.environment, ENVIRONMENTS),
            ("migration_criticality", item.criticality, LEVELS),
            ("migration_complexity", item.complexity, [level for level in LEVELS if level != "critical"]),
        ):
            if value and value not in allowed:
                texts.append(f"{item.host}: {name} is {value!r}, allowed: {', '.join(allowed)}")
        for name, hosts in (("migration_after", item.after), ("migration_with", item.together)):
            unknown = [host for host in hosts if host not in known]
            texts += [f"{item.host}: {name} names {host!r}, which the inventory lacks" for host in unknown]
            texts += [f"{item.host}: {name} names the host itself" for host in hosts if host == item.host]
        texts += [f"{item.host}: migration_windows: {text}" for text in windows.problems(item.windows)]
    texts += [
        f"migration_after is a cycle: {' after '.join([*cycle, cycle[0]])}. Remove one of these dependencies, or use "
        "migration_with for hosts that need each other"
        for cycle in cycles({item.host: item.after for item in found})
    ]
    return texts


def cycles(after: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the cycles of a graph, one per group of hosts that need each other, each from its first host on."""
    found = []
    for group in components(after):
        if len(group) > 1:
            found.append(_cycle(after, group))
    return found


def _cycle(after: Mapping[str, Sequence[str]], group: Sequence[str]) -> list[str]:
    members, way = set(group), [min(group)]
    while True:
        step = min(host for host in after[way[-1]] if host in members)
        if step in way:
            return way[way.index(step) :]
        way.append(step)


def components(after: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the strongly connected components, what others need first (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in after:
        work = [(root, iter(after[root]))] if root not in index else []
        if work:
            index[root] = low[root] = len(index)
            stack.append(root)
            on_stack.add(root)
        while work:
            node, edges = work[-1]
            for other in edges:
                if other not in after:
                    continue
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(after[other])))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = stack[stack.index(node) :] if stack[-1] != node else [node]
                    del stack[-len(group) :]
                    on_stack.difference_update(group)
                    found.append(sorted(group))
    return found
