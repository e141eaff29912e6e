# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Simulate a wave: when each server is copied, exported and imported, and what it waits for (pure, no call)."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, limits, windows

Cause = Literal["slots", "uplink", "exports", "window"]
"""What a server waits for: a running job to end, its site's uplink, a running export to end, a maintenance window."""

Stage = Literal["transfer", "export", "import"]
_ROUNDING: Final = 1e-3
"""Seconds: times are whole microseconds, so this much of a copy may seem to be left at its end."""

_LEAST_WAIT: Final = 60.0
"""Seconds of waiting below which nothing but its own size bounds a server."""


@dataclass(frozen=True)
class Load:
    """One server: the bytes that are still to copy, the bytes of its image, where it continues, and the bytes of its
    disks."""

    host: str
    bytes: int
    image_bytes: int
    stage: Stage = "transfer"
    running: bool = False
    """Whether its job runs already."""
    site: str = ""
    windows: tuple[windows.Span, ...] = ()
    disk_bytes: int = 0


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
    """Return the times of every server: the largest disks first, as many at once as there are slots, every site's
    uplink shared evenly by its running copies; exports in the order in which the images are made."""
    found = {load.host: Times(now, now, now, now) for load in loads}
    _copy([load for load in loads if load.stage == "transfer"], given, now, found)
    _export(loads, given, found)
    return found


def _copy(loads: Sequence[Load], given: Assumptions, now: datetime, found: Mapping[str, Times]) -> None:
    waiting, first = sorted(loads, key=_order), now
    active: dict[str, Load] = {}
    left: dict[str, float] = {}
    while waiting or active:
        waiting, opens = _start(waiting, active, left, given, (first, now), found)
        sites = Counter(load.site for load in active.values())
        rates = {host: _rate(load, sites, given) for host, load in active.items()}
        ends = [now + timedelta(seconds=left[host] / rates[host]) for host in active]
        until = min([*ends, *opens])
        seconds = (until - now).total_seconds()
        for host in list(active):
            found[host].waits["uplink"] += seconds * (1 - rates[host] / given.copy_rate)
            left[host] -= rates[host] * seconds
            if left[host] <= rates[host] * _ROUNDING:
                found[host].copied = until
                del active[host]
        now = until


def _order(load: Load) -> tuple[bool, int, str]:
    return (not load.running, *disks.start_order([load.disk_bytes], load.host))


def _start(
    waiting: Sequence[Load],
    active: dict[str, Load],
    left: dict[str, float],
    given: Assumptions,
    clock: tuple[datetime, datetime],
    found: Mapping[str, Times],
) -> tuple[list[Load], list[datetime]]:
    """Start what may start; return the others, and when windows open for which there is a slot. ``clock`` is the begin
    of the simulation and its present time."""
    (first, now), rest, opens = clock, list[Load](), list[datetime]()
    for place, load in enumerate(waiting):
        if len(active) >= max(1, given.slots):
            return [*rest, *waiting[place:]], opens
        begins = now if load.running else windows.next_open(load.windows, now)
        if begins <= now:
            active[load.host], left[load.host] = load, float(max(1, load.bytes))
            found[load.host].begins = now
            _waited(found[load.host], load, first, now)
            continue
        rest.append(load)
        opens.append(begins)
    return rest, opens


def _waited(times: Times, load: Load, first: datetime, now: datetime) -> None:
    """Note what a server has waited for: its first window, then a slot."""
    opened = min(now, first if load.running else windows.next_open(load.windows, first))
    times.waits["window"] += (opened - first).total_seconds()
    times.waits["slots"] += (now - opened).total_seconds()


def _rate(load: Load, sites: Mapping[str, int], given: Assumptions) -> float:
    uplink = given.uplinks.get(load.site)
    return min(given.copy_rate, uplink / sites[load.site]) if uplink else given.copy_rate


def _export(loads: Sequence[Load], given: Assumptions, found: Mapping[str, Times]) -> None:
    ready = []
    for load in loads:
        times = found[load.host]
        if load.stage == "import":
            times.exported = times.copied
        else:
            made = timedelta(seconds=given.image_seconds if load.stage == "transfer" else 0)
            ready.append((times.copied + made, load.host, load.image_bytes))
    running: list[datetime] = []
    for when, host, size in sorted(ready):
        begins = when
        if given.exports and len(running) >= given.exports:
            begins = max(when, heapq.heappop(running))
        found[host].waits["exports"] += (begins - when).total_seconds()
        found[host].exported = begins + timedelta(seconds=size / given.export_rate)
        heapq.heappush(running, found[host].exported)
    for load in loads:
        times = found[load.host]
        times.ends = times.exported + timedelta(seconds=load.image_bytes / given.import_rate)


def lower_bound(loads: Sequence[Load], given: Assumptions) -> float:
    """Return the seconds that the copies take at least: the longest one, all of them spread over the slots, or those of
    a site over its uplink."""
    copies = [load for load in loads if load.stage == "transfer"]
    seconds = [load.bytes / given.copy_rate for load in copies]
    sites: Counter[str] = Counter()
    for load in copies:
        sites[load.site] += load.bytes
    shared = [sent / given.uplinks[site] for site, sent in sites.items() if given.uplinks.get(site)]
    return max(*seconds, sum(seconds) / max(1, given.slots), *shared) if seconds else 0.0
