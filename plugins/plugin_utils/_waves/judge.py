# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Judge waves, packed or edited (pure): which wishes they violate, and for each wave reason, risk and confidence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.facts import WAVE_GROUP
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.simulate import (
    Assumptions,
    Load,
    lower_bound,
)

from .items import ENVIRONMENTS, LEVELS, Item
from .pack import CAREFUL, Wishes

_NAMED: Final = 5
"""So many hosts of a violation are named; the others are counted."""

_NAMES: Final = {number: name for name, number in ENVIRONMENTS.items()}


def described(
    waves: Sequence[Sequence[Item]], wishes: Wishes, kept: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return the waves as a plan has them. ``kept`` are the first ones, which were given: they keep their other
    fields."""
    names = _names([str(wave["name"]) for wave in kept], len(waves))
    violated = violations(waves, wishes)
    place = {item.host: number for number, wave in enumerate(waves) for item in wave}
    rows = []
    for number, wave in enumerate(waves):
        known = sum(item.known for item in wave) / len(wave) if wave else 0.0
        row: dict[str, Any] = {
            "name": names[number],
            "hosts": [item.host for item in wave],
            "servers": len(wave),
            "gib": round(sum(item.bytes for item in wave) / limits.GIB, 1),
            "hours": round(hours(wave, wishes), 1),
            "risk": risk(wave),
            "confidence": round(known, 2),
            "reason": _reason(wave, number, place),
            "violated": violated[number],
        }
        more = {name: value for name, value in kept[number].items() if name not in row} if number < len(kept) else {}
        rows.append({**row, **more})
    return rows


def _names(kept: Sequence[str], count: int) -> list[str]:
    """Return the names of ``count`` waves, of which the first ones have theirs. A new one has the next free number."""
    width, names, number = max(2, len(str(count))), list(kept), len(kept)
    while len(names) < count:
        number += 1
        name = f"{WAVE_GROUP}{number:0{width}d}"
        names += [name] if name not in kept else []
    return names


def hours(wave: Sequence[Item], wishes: Wishes) -> float:
    """Return the hours that the copies of a wave take at least."""
    rate = wishes.rate * limits.MEGABYTE
    uplinks = {item.site: item.uplink * limits.MEGABIT for item in wave}
    loads = [Load(Copy(item.host, item.bytes, site=item.site), item.bytes) for item in wave]
    return lower_bound(loads, Assumptions(rate, rate, rate, uplinks=uplinks)) / 3600


def _uplinks(wave: Sequence[Item]) -> dict[str, tuple[int, float]]:
    """Return bytes and uplink (Mbit/s) by site."""
    found: dict[str, tuple[int, float]] = {}
    for item in wave:
        found[item.site] = found.get(item.site, (0, 0.0))[0] + item.bytes, item.uplink
    return found


def risk(wave: Sequence[Item]) -> str:
    """Return the highest risk of the hosts of a wave."""
    names = {number: name for name, number in LEVELS.items()}
    return names[max((item.risk for item in wave), default=0)]


def _reason(wave: Sequence[Item], number: int, place: Mapping[str, int]) -> str:
    tiers = Counter(item.environment or "unknown environment" for item in wave)
    words = [f"{count} {name}" for name, count in sorted(tiers.items())]
    applications = sorted({item.application for item in wave if item.application})
    if applications:
        words.append(f"{len(applications)} applications complete" if len(applications) > 1 else applications[0])
    sites = sorted({item.site for item in wave if item.site})
    if sites:
        words.append(f"site {' and '.join(sites)}")
    windows = next((item.windows for item in wave if item.windows), ())
    if windows:
        words.append(f"window {', '.join(windows)}")
    needed = Counter(place[host] for item in wave for host in item.after if place.get(host, number) < number)
    if needed:
        words.append(f"{sum(needed.values())} dependencies on earlier waves")
    if number == 0:
        words.append("first wave: small, without high risk where possible")
    return "; ".join(words)


def violations(waves: Sequence[Sequence[Item]], wishes: Wishes) -> list[list[str]]:
    """Return the violated wishes of each wave."""
    place = {item.host: number for number, wave in enumerate(waves) for item in wave}
    found: list[list[str]] = [[] for _wave in waves]
    _order(waves, place, found)
    _belonging(waves, place, found)
    _tiers(waves, found)
    for number, wave in enumerate(waves):
        found[number] += _limits(wave, number, wishes)
    return found


def _order(waves: Sequence[Sequence[Item]], place: Mapping[str, int], found: list[list[str]]) -> None:
    for number, wave in enumerate(waves):
        late = [f"{item.host} needs {host}" for item in wave for host in item.after if place.get(host, number) > number]
        if late:
            found[number].append(f"what others need first: {_some(late)} in a later wave")


def _belonging(waves: Sequence[Sequence[Item]], place: Mapping[str, int], found: list[list[str]]) -> None:
    homes: dict[tuple[str, int], set[int]] = defaultdict(set)
    for number, wave in enumerate(waves):
        pairs = [(item.host, host) for item in wave for host in item.together]
        apart = [f"{one} and {two}" for one, two in pairs if place.get(two, number) != number]
        if apart:
            found[number].append(f"dependencies in both directions together: {_some(apart)} are in different waves")
        for item in wave:
            if item.application:
                homes[item.application, item.tier].add(number)
    for (application, tier), numbers in sorted(homes.items()):
        for number in sorted(numbers) if len(numbers) > 1 else ():
            named = application if tier == ENVIRONMENTS["production"] else f"{application} ({_NAMES[tier]})"
            found[number].append(f"applications together: {named} is in {len(numbers)} waves")


def _tiers(waves: Sequence[Sequence[Item]], found: list[list[str]]) -> None:
    highest = -1
    for number, wave in enumerate(waves):
        late = [f"{item.host} ({_NAMES[item.tier]})" for item in wave if item.tier < highest]
        if late:
            before = f"after {_NAMES[highest]} hosts of earlier waves"
            found[number].append(f"development and test before production: {_some(late)} {before}")
        highest = max([highest, *(item.tier for item in wave)])
        if len({item.tier for item in wave}) > 1:
            mixed = ", ".join(_NAMES[tier] for tier in sorted({item.tier for item in wave}))
            found[number].append(f"development and test before production: the wave has {mixed} hosts")


def _limits(wave: Sequence[Item], number: int, wishes: Wishes) -> list[str]:
    texts = []
    careful = [item.host for item in wave if item.risk >= CAREFUL]
    if number == 0 and careful:
        texts.append(f"critical and complex servers not first: {_some(careful)} in the first wave")
    most = min(wishes.first, wishes.servers) if number == 0 else wishes.servers
    if len(wave) > most:
        texts.append(f"size: {len(wave)} servers, at most {most}")
    if len(wave) > limits.MAX_JOBS:
        texts.append(f"quota: {len(wave)} servers, an account has {limits.MAX_JOBS} replication jobs")
    size = sum(item.bytes for item in wave) / limits.GIB
    if wishes.gib and size > wishes.gib:
        texts.append(f"size: {size:.1f} GiB, at most {wishes.gib:g}")
    for site, (sent, uplink) in sorted(_uplinks(wave).items()):
        needed = sent / (uplink * limits.MEGABIT) / 3600 if uplink else 0
        if needed > wishes.hours:
            texts.append(f"uplink: site {site} needs {needed:.1f} hours at {uplink:g} Mbit/s, at most {wishes.hours:g}")
    windows = sorted({item.windows for item in wave if item.windows})
    if len(windows) > 1:
        texts.append(f"windows: the hosts have {len(windows)} different maintenance windows")
    return texts


def _some(words: Sequence[str]) -> str:
    rest = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return f"{', '.join(words[:_NAMED])}{rest}"
