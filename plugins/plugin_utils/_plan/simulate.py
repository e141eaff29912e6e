# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Simulate a wave: when each server is copied, exported and imported, and what it waits for (pure, no call)."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, schedule, windows

Cause = schedule.Cause | Literal["exports"]
"""What a server waits for: what the schedule of the copies names, or a running export to end."""

Stage = Literal["transfer", "export", "import"]
_ROUNDING: Final = 1e-3
"""Seconds: times are whole microseconds, so this much of a copy may seem to be left at its end."""

_LEAST_WAIT: Final = 60.0
"""Seconds of waiting below which nothing but its own size bounds a server."""


@dataclass(frozen=True)
class Load:
    """One server: its copy with the bytes that are left, the bytes of its image, and where it continues."""

    copy: schedule.Copy
    image_bytes: int
    stage: Stage = "transfer"
    running: bool = False
    """Whether its job runs already."""
    syncs: bool = False
    """Whether it ends with its copy and the image of that, because an incremental job is exported after its cutover."""


@dataclass(frozen=True)
class Assumptions:
    """What a plan assumes: rates in bytes per second, how many copies and exports run at once, and the seconds between
    the end of a copy and its ECS image."""

    copy_rate: float
    export_rate: float
    import_rate: float
    slots: int = limits.CONCURRENT_JOBS
    exports: int = 0
    """0 for no limit: the quota is not documented."""
    image_seconds: float = 300
    uplinks: Mapping[str, float] = field(default_factory=dict)
    """Bytes per second by site."""
    groups: Mapping[str, int] = field(default_factory=dict)
    """How many copies of a group run at once."""

    @property
    def quotas(self) -> schedule.Quotas:
        """What the copies share."""
        return schedule.Quotas(max(1, self.slots), self.groups, self.uplinks, self.copy_rate)


@dataclass
class Times:
    """When a server begins, is copied, is exported and is imported; and the seconds that it waits, by cause."""

    begins: datetime
    copied: datetime
    exported: datetime
    ends: datetime
    waits: defaultdict[Cause, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def bound(self) -> str:
        """What takes most of the time that is not the server's own; ``size`` where nothing else counts."""
        return bound(self.waits)


def bound(waits: Mapping[Cause, float]) -> str:
    """Return the cause with the most seconds, ``size`` where there are hardly any."""
    most = max(waits, key=lambda cause: (waits[cause], cause), default=None)
    return most if most and waits[most] >= _LEAST_WAIT else "size"


def simulate(loads: Sequence[Load], given: Assumptions, now: datetime) -> dict[str, Times]:
    """Return the times of every server: copies start as the schedule of the fleet lets them; exports begin in the order
    in which the images are made."""
    found = {load.copy.host: Times(now, now, now, now) for load in loads}
    _copy([load for load in loads if load.stage == "transfer"], given, now, found)
    _export(loads, given, found)
    return found


def _copy(loads: Sequence[Load], given: Assumptions, now: datetime, found: Mapping[str, Times]) -> None:
    quotas, first = given.quotas, now
    waiting = schedule.order((load.copy for load in loads if not load.running), quotas)
    active = {load.copy.host: _shared(load.copy, quotas) for load in loads if load.running}
    left = {host: float(max(1, copy.bytes)) for host, copy in active.items()}
    why: dict[str, Cause] = {}
    while waiting or active:
        turns = schedule.turns(waiting, active.values(), quotas, now)
        for copy in waiting:
            if copy.host in turns.starts:
                active[copy.host] = replace(copy, rate=turns.starts[copy.host])
                left[copy.host] = float(max(1, copy.bytes))
                found[copy.host].begins = now
                _waited(found[copy.host], copy, why.get(copy.host, "slots"), first, now)
        waiting = [copy for copy in waiting if copy.host not in turns.starts]
        why.update(turns.waits)
        rates = {host: min(given.copy_rate, copy.rate or given.copy_rate) for host, copy in active.items()}
        ends = [now + timedelta(seconds=left[host] / rates[host]) for host in active]
        closed = {copy.windows for copy in waiting if turns.waits.get(copy.host) == "window"}
        until = min([*ends, *(windows.next_open(spans, now) for spans in closed)])
        seconds = (until - now).total_seconds()
        for host in list(active):
            found[host].waits["uplink"] += seconds * (1 - rates[host] / given.copy_rate)
            left[host] -= rates[host] * seconds
            if left[host] <= rates[host] * _ROUNDING:
                found[host].copied = until
                del active[host]
        now = until


def _shared(copy: schedule.Copy, quotas: schedule.Quotas) -> schedule.Copy:
    """Return a copy that runs already, with the share of the uplink that its job is assumed to have."""
    uplink = quotas.uplinks.get(copy.site)
    return replace(copy, rate=uplink / quotas.at_once(copy.site)) if uplink else copy


def _waited(times: Times, copy: schedule.Copy, cause: Cause, first: datetime, now: datetime) -> None:
    """Note what a server has waited for: its first window, then what it waited for last."""
    opened = min(now, windows.next_open(copy.windows, first))
    times.waits["window"] += (opened - first).total_seconds()
    times.waits[cause] += (now - opened).total_seconds()


def _export(loads: Sequence[Load], given: Assumptions, found: Mapping[str, Times]) -> None:
    ready = []
    for load in loads:
        times = found[load.copy.host]
        if load.stage == "import":
            times.exported = times.copied
        elif load.syncs:
            times.exported = times.copied + timedelta(seconds=given.image_seconds)
        else:
            made = timedelta(seconds=given.image_seconds if load.stage == "transfer" else 0)
            ready.append((times.copied + made, load.copy.host, load.image_bytes))
    running: list[datetime] = []
    for when, host, size in sorted(ready):
        begins = when
        if given.exports and len(running) >= given.exports:
            begins = max(when, heapq.heappop(running))
        found[host].waits["exports"] += (begins - when).total_seconds()
        found[host].exported = begins + timedelta(seconds=size / given.export_rate)
        heapq.heappush(running, found[host].exported)
    for load in loads:
        times = found[load.copy.host]
        imported = 0 if load.syncs else load.image_bytes / given.import_rate
        times.ends = times.exported + timedelta(seconds=imported)


def lower_bound(loads: Sequence[Load], given: Assumptions) -> float:
    """Return the seconds that the copies take at least: the longest one, all of them spread over the slots, those of a
    site over its uplink, or several in one slot where there are more copies than slots."""
    copies = [load for load in loads if load.stage == "transfer"]
    seconds = sorted((load.copy.bytes / given.copy_rate for load in copies), reverse=True)
    slots = max(1, given.slots)
    # Of the k * slots + 1 longest copies, one slot gets k + 1: at least the shortest ones of them.
    rounds = [sum(seconds[k * slots - k : k * slots + 1]) for k in range(1, -(-len(seconds) // slots))]
    sites: defaultdict[str, float] = defaultdict(float)
    for load in copies:
        sites[load.copy.site] += load.copy.bytes
    shared = [sent / given.uplinks[site] for site, sent in sites.items() if given.uplinks.get(site)]
    return max(seconds[0], sum(seconds) / slots, *rounds, *shared) if seconds else 0.0
