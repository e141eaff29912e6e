# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Which copies start now (pure): the fleet asks in every tick, the plan at every event of its simulation."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil, inf
from typing import Any, Final, Literal

from . import limits, windows

Cause = Literal["slots", "group", "uplink", "window"]
"""What a copy waits for: a slot of SMC, a slot of its group, the uplink of its site, a maintenance window."""

_WHOLE: Final = re.compile(r"0*[1-9][0-9]{0,5}")
"""A whole number, at least 1."""

_ROUNDING: Final = 1e-6
"""What a sum of shares may differ by from the uplink, as a part of it."""


@dataclass(frozen=True)
class Copy:
    """A server that is copied, or that could be."""

    host: str
    bytes: float
    """How many are expected to be copied."""
    begun: bool = False
    """Whether its job exists already."""
    tries: int = 0
    """How often it has failed."""
    billed: bool = False
    """Whether it has failed and its intermediate instance is kept, and billed until it continues."""
    site: str = ""
    groups: tuple[str, ...] = ()
    windows: tuple[windows.Span, ...] = ()
    rate: float = 0.0
    """The limit of its job in bytes per second, which cannot be changed once the copy runs. 0 for none."""


@dataclass(frozen=True)
class Quotas:
    """How many copies run at once, in all and by group; the uplinks of the sites, and the rate of one copy without a
    limit, in bytes per second."""

    slots: float = inf
    groups: Mapping[str, int] = field(default_factory=dict)
    uplinks: Mapping[str, float] = field(default_factory=dict)
    copy_rate: float = limits.COPY_RATE
    measured: Mapping[str, float] = field(default_factory=dict)
    """The rate of one copy that was measured, by site."""

    def rate(self, site: str) -> float:
        """Return what one copy of a site is expected to reach."""
        return self.measured.get(site) or self.copy_rate

    def at_once(self, site: str) -> int:
        """Return among how many copies the uplink of a site is divided: enough of them to use it, and not so many that
        each takes days."""
        return max(limits.SITE_COPIES, ceil(self.uplinks[site] / self.copy_rate))


@dataclass(frozen=True)
class Turns:
    """The copies that start now, each with the limit for its job (0 for none); why the others wait, by host; and the
    cause of those that were not looked at, because nothing was left for them."""

    starts: Mapping[str, float]
    waits: Mapping[str, Cause]

    def cause(self, host: str) -> Cause:
        """Return what a copy waits for that does not start."""
        return self.waits.get(host, "slots")


def order(waiting: Iterable[Copy], quotas: Quotas) -> list[Copy]:
    """Return copies in the order in which they start: what has failed and is billed meanwhile first, what else has
    failed after the others, what needs one more call before what needs several, and then the longest expected one first
    (list scheduling)."""

    def key(copy: Copy) -> tuple[int, bool, float, str]:
        tries = -1 if copy.billed else copy.tries
        return tries, not copy.begun, -copy.bytes / quotas.rate(copy.site), copy.host

    return sorted(waiting, key=key)


def turns(ordered: Sequence[Copy], running: Iterable[Copy], quotas: Quotas, now: datetime) -> Turns:
    """Return which of the copies start at ``now`` beside those that run. No quota is ever exceeded; a job whose limit
    is larger than the uplink of its site runs alone there."""
    left = _Left(running, quotas)
    starts: dict[str, float] = {}
    waits: dict[str, Cause] = {}
    fresh: defaultdict[str, list[Copy]] = defaultdict(list)
    for copy in ordered:
        if left.slots < 1:
            break
        if windows.next_open(copy.windows, now) > now:
            waits[copy.host] = "window"
        elif cause := left.cause(copy, fresh[copy.site]):
            waits[copy.host] = cause
        else:
            left.take(copy)
            starts[copy.host] = copy.rate
            if copy.site in quotas.uplinks and not copy.begun:
                fresh[copy.site].append(copy)
    for site, copies in fresh.items():
        # In proportion to their bytes, so that they end together: SMC cannot give one what another has left.
        known = [copy.bytes for copy in copies if copy.bytes]
        # One whose bytes are not known is taken for one like the others: with less it could take months.
        usual = sum(known) / len(known) if known else 1.0
        total = sum(copy.bytes or usual for copy in copies)
        for copy in copies:
            starts[copy.host] = min(left.uplinks[site] * (copy.bytes or usual) / total, quotas.copy_rate)
    return Turns(starts, waits)


class _Left:
    """What is left of the quotas."""

    def __init__(self, running: Iterable[Copy], quotas: Quotas) -> None:
        self._quotas = quotas
        self.slots = quotas.slots
        self.groups: Counter[str] = Counter()
        self.sites: Counter[str] = Counter()
        self.uplinks = dict(quotas.uplinks)
        for copy in running:
            self.take(replace(copy, begun=True))

    def take(self, copy: Copy) -> None:
        """Count a copy that runs, or that starts; what is made now gets its share of the uplink later."""
        self.slots -= 1
        self.groups.update(copy.groups)
        self.sites[copy.site] += 1
        if copy.site in self.uplinks and copy.begun:
            self.uplinks[copy.site] = max(0.0, self.uplinks[copy.site] - self._used(copy))

    def cause(self, copy: Copy, fresh: Sequence[Copy]) -> Cause | None:
        """Return why a copy cannot run beside the others and beside the ``fresh`` ones of its site, None when it
        can."""
        most = self._quotas.groups
        if any(self.groups[group] >= most[group] for group in copy.groups if group in most):
            return "group"
        uplink = self._quotas.uplinks.get(copy.site)
        if uplink is None or not self.sites[copy.site]:
            return None
        if copy.begun:
            return "uplink" if fresh or self._used(copy) > self.uplinks[copy.site] + uplink * _ROUNDING else None
        places = self._quotas.at_once(copy.site)
        room = self.sites[copy.site] < places and self.uplinks[copy.site] >= uplink / places / 2
        return None if room else "uplink"

    def _used(self, copy: Copy) -> float:
        """Return what a job takes of the uplink of its site: without a limit, what one copy is expected to reach."""
        return min(copy.rate or self._quotas.copy_rate, self._quotas.uplinks[copy.site])


def measured(found: Iterable[tuple[str, float, float]]) -> dict[str, float]:
    """Return the rate of one copy by site, from the site, bytes and seconds of copies that run or have ended."""
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for site, copied, seconds in found:
        sums[site][0] += copied
        sums[site][1] += seconds
    return {site: copied / seconds for site, (copied, seconds) in sums.items() if copied > 0 and seconds > 0}


def uplinks(sites: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the uplink of each site: the smallest one that a host of the site names. 0 is none."""
    found: dict[str, float] = {}
    for site, uplink in sites:
        if uplink:
            found[site] = min(uplink, found.get(site, uplink))
    return found


def group_limits(found: Mapping[str, Any] | None) -> dict[str, int]:
    """Return the limits of the groups; numbers may be texts, as a survey gives them."""
    return {str(group): int(most) for group, most in (found or {}).items()}


def groups_problem(found: object) -> str | None:
    """Return what is wrong with the limits of the groups, or None."""
    if not isinstance(found, Mapping):
        return f"is {found!r}, it must be a mapping of groups to numbers"
    for group, most in found.items():
        if isinstance(most, bool) or not _WHOLE.fullmatch(str(most)):
            return f"has {most!r} for the group {group!r}, it must be a whole number, at least 1"
    return None


def limit_kilobytes(rate: float) -> int:
    """Return a rate in bytes per second as the parameter bandwidth_limit of a job, in KB/s."""
    return max(1, int(rate / 1024))


def limit_bytes(parameters: object) -> float:
    """Return the limit of a job in bytes per second from its ReplicationParameters, JSON as text; 0 for none."""
    try:
        found = json.loads(str(parameters or "{}"))
        return max(0.0, float(found.get("bandwidth_limit") or 0) * 1024)
    except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError):
        return 0.0
