# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Pack hosts into waves (pure): what others need first, what belongs together in one wave, low risk first."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from .items import Item, components

CAREFUL: Final = 2
"""From this risk on (high, critical), a host is not in the first wave."""

_Key = tuple[int, int, str, tuple[str, ...], str, str]
_Ready = tuple[_Key, int]


@dataclass(frozen=True)
class Wishes:
    """What a wave may have: servers, GiB, hours of copying; the servers of the first wave; MB/s of one copy."""

    servers: int = limits.CONCURRENT_JOBS
    gib: float = 0
    """0 for no limit."""
    hours: float = 8
    first: int = 5
    rate: float = 20


@dataclass
class Unit:
    """Hosts that belong in one wave."""

    items: list[Item]
    needs: set[int] = field(default_factory=set)

    @property
    def key(self) -> _Key:
        """The order in which units are placed: environment, risk, site, windows, application, name."""
        first = self.items[0]
        tier, risk = max(item.tier for item in self.items), max(item.risk for item in self.items)
        return tier, risk, first.site, self.windows, first.application, first.host

    @property
    def windows(self) -> tuple[str, ...]:
        """The maintenance windows of its first host that has some."""
        return next((item.windows for item in self.items if item.windows), ())


@dataclass
class Wave:
    """A wave that is being filled."""

    items: list[Item] = field(default_factory=list)
    bytes: int = 0
    windows: tuple[str, ...] = ()
    sites: Counter[str] = field(default_factory=Counter)
    """Bytes by site."""

    def add(self, unit: Unit) -> None:
        """Put a unit into the wave."""
        for item in unit.items:
            self.items.append(item)
            self.bytes += item.bytes
            self.sites[item.site] += item.bytes
        self.windows = self.windows or unit.windows

    def fits(self, unit: Unit, most: int, wishes: Wishes) -> bool:
        """Return whether a unit fits into the wave."""
        if len(self.items) + len(unit.items) > most or (unit.windows and self.windows not in ((), unit.windows)):
            return False
        size = sum(item.bytes for item in unit.items)
        if wishes.gib and self.bytes + size > wishes.gib * limits.GIB:
            return False
        more: Counter[str] = Counter()
        for item in unit.items:
            more[item.site] += item.bytes
        uplinks = {item.site: item.uplink for item in unit.items if item.uplink}
        seconds = wishes.hours * 3600
        return all(
            self.sites[site] + more[site] <= uplink * limits.MEGABIT * seconds for site, uplink in uplinks.items()
        )


def pack(found: Sequence[Item], wishes: Wishes, fixed: Sequence[Sequence[str]] = ()) -> list[list[Item]]:
    """Return the hosts of each wave. ``fixed`` are waves that stay as they are, the first ones.

    The variables of the hosts must have no problems (``items.problems``).
    """
    by_host = {item.host: item for item in found}
    waves = [Wave() for _hosts in fixed]
    place: dict[str, int] = {}
    for number, hosts in enumerate(fixed):
        waves[number].add(Unit([by_host[host] for host in hosts if host in by_host]))
        place.update(dict.fromkeys(hosts, number))
    units = _units([item for item in sorted(found, key=lambda item: item.host) if item.host not in place], wishes)
    users: dict[int, list[int]] = defaultdict(list)
    open_needs = {number: len(unit.needs) for number, unit in enumerate(units)}
    for number, unit in enumerate(units):
        for need in unit.needs:
            users[need].append(number)
    ready = [(unit.key, number) for number, unit in enumerate(units) if not unit.needs]
    heapq.heapify(ready)
    ends: dict[int, int] = {}
    begins: dict[int, int] = {}
    while ready:
        key, number = heapq.heappop(ready) if waves else _pilot(ready, units, wishes)
        unit = units[number]
        floor = max((place[host] for item in unit.items for host in item.after if host in place), default=0)
        # Environments do not share a wave: what was learned in one helps the next one.
        floor = max([floor, len(fixed), *(last + 1 for tier, last in ends.items() if tier < key[0])])
        floor = max(floor, 1) if key[1] >= CAREFUL and waves else floor
        chosen = _choose(waves, unit, floor, wishes)
        waves[chosen].add(unit)
        place.update({item.host: chosen for item in unit.items})
        if all(first > chosen for tier, first in begins.items() if tier > key[0]):
            ends[key[0]] = max(ends.get(key[0], 0), chosen)
        # A host that a later environment must precede is late anyway: nothing waits for it.
        begins[key[0]] = min(begins.get(key[0], chosen), chosen)
        for user in users[number]:
            open_needs[user] -= 1
            if not open_needs[user]:
                heapq.heappush(ready, (units[user].key, user))
    return [sorted(wave.items, key=lambda item: item.host) for wave in waves if wave.items]


def _pilot(ready: list[_Ready], units: Sequence[Unit], wishes: Wishes) -> _Ready:
    """Take the unit that the first wave begins with: one of the first environment that fits and has no high risk."""
    ready.sort()
    low = [
        row
        for row in ready
        if row[0][0] == ready[0][0][0] and row[0][1] < CAREFUL and len(units[row[1]].items) <= wishes.first
    ]
    chosen = low[0] if low else ready[0]
    ready.remove(chosen)
    heapq.heapify(ready)
    return chosen


def _choose(waves: list[Wave], unit: Unit, floor: int, wishes: Wishes) -> int:
    """Return the first wave in which a unit fits, one with its site before others; make one if there is none."""
    site, other = unit.items[0].site, -1
    for number in range(floor, len(waves)):
        most = min(wishes.first, wishes.servers) if number == 0 else wishes.servers
        if waves[number].fits(unit, most, wishes):
            if site in waves[number].sites:
                return number
            other = number if other < 0 else other
    if other >= 0:
        return other
    waves.append(Wave())
    return len(waves) - 1


# ---- units ----
def _units(found: Sequence[Item], wishes: Wishes) -> list[Unit]:
    """Return the units and what they need: hosts of one application and environment, hosts that need each other, and
    applications that need each other. A unit that fits in no wave is split."""
    groups = _together(found)
    owner = {item.host: number for number, group in enumerate(groups) for item in group}
    needs: dict[str, list[str]] = {str(number): [] for number in range(len(groups))}
    for number, group in enumerate(groups):
        others = {owner[host] for item in group for host in item.after if host in owner} - {number}
        needs[str(number)] = [str(other) for other in sorted(others)]
    units: list[Unit] = []
    last: dict[str, int] = {}
    for component in components(needs):
        merged = [item for number in component for item in groups[int(number)]]
        before = {last[host] for item in merged for host in item.after if host in last}
        for part in _split(_ordered(merged), wishes):
            units.append(Unit(part, set(before)))
            before = {len(units) - 1}
        last.update({item.host: len(units) - 1 for item in merged})
    return units


def _together(found: Sequence[Item]) -> list[list[Item]]:
    parent: dict[str, str] = {item.host: item.host for item in found}

    def root(host: str) -> str:
        while parent[host] != host:
            parent[host] = parent[parent[host]]
            host = parent[host]
        return host

    applications: dict[tuple[str, int], str] = {}
    for item in found:
        partners = [host for host in item.together if host in parent]
        if item.application:
            partners.append(applications.setdefault((item.application, item.tier), item.host))
        for host in partners:
            one, two = sorted((root(item.host), root(host)))
            parent[two] = one
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in found:
        groups[root(item.host)].append(item)
    return list(groups.values())


def _ordered(group: Sequence[Item]) -> list[Item]:
    """Return hosts so that each comes after what it needs, otherwise by name."""
    if len(group) == 1:
        return list(group)
    by_host = {item.host: item for item in sorted(group, key=lambda item: item.host)}
    after = {host: [other for other in item.after if other in by_host] for host, item in by_host.items()}
    return [by_host[host] for component in components(after) for host in component]


def _split(group: Sequence[Item], wishes: Wishes) -> Iterable[list[Item]]:
    part: list[Item] = []
    for item in group:
        if part and not Wave().fits(Unit([*part, item]), wishes.servers, wishes):
            yield part
            part = []
        part.append(item)
    yield part


def levels(hosts: Sequence[str], after: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the steps of a wave: each host comes in a later step than the hosts of the wave that it needs."""
    members = set(hosts)
    inside = {host: [other for other in after.get(host, ()) if other in members] for host in hosts}
    depth: dict[str, int] = {}
    for component in components(inside):
        for host in component:
            depth[host] = max((depth.get(other, -1) + 1 for other in inside[host]), default=0)
    return [[host for host in hosts if depth[host] == step] for step in range(max(depth.values(), default=-1) + 1)]
