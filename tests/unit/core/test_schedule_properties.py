# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the schedule, for waves that Hypothesis makes: few in make test, many in make test-long."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, schedule, windows
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.simulate import (
    Assumptions,
    Load,
    lower_bound,
    simulate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
MB = float(limits.MEGABYTE)
COMMON: dict[str, Any] = {
    # The machine may be busy, and a run repeats what failed before only by its seed.
    "deadline": None, "database": None, "derandomize": True, "suppress_health_check": list(HealthCheck),
}
FEW, MANY = settings(max_examples=10, **COMMON), settings(max_examples=400, **COMMON)
WINDOWS = st.sampled_from([(), ("20:00-04:00",), ("Sat-Sun 22:00-06:00", "Tue 00:00-24:00"), ("Mon 08:30-08:40",)])


@st.composite
def waves(draw: st.DrawFn) -> tuple[list[Load], Assumptions]:
    """A wave: bytes, sites, groups, windows, what runs already, and the quotas."""
    groups = draw(st.dictionaries(st.sampled_from("ab"), st.integers(1, 4)))
    sites = draw(st.dictionaries(st.sampled_from(["", "x", "y"]), st.sampled_from([1 * MB, 10 * MB, 200 * MB])))
    slots = draw(st.integers(1, 8))
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 10**12), st.sampled_from(["", "x", "y"]), st.sets(st.sampled_from("ab")), WINDOWS,
                st.integers(0, 2), st.booleans(),
            ),
            max_size=25,
        )
    )
    copies = [
        Copy(f"h{number:02d}", size, begun=begun, tries=tries, billed=begun and tries > 1, site=site,
             groups=tuple(sorted(of)), windows=windows.spans(open_in))
        for number, (size, site, of, open_in, tries, begun) in enumerate(rows)
    ]
    rate = draw(st.sampled_from([5 * MB, 20 * MB, 50 * MB]))
    made = Assumptions(rate, 40 * MB, 40 * MB, slots=slots, uplinks=sites, groups=groups, image_seconds=0)
    return [Load(copy, int(copy.bytes)) for copy in copies], made


def no_limit_is_broken(wave: tuple[list[Load], Assumptions]) -> None:
    """In the simulated wave, at every start: slots, groups, uplinks and windows; and nothing is left."""
    loads, made = wave
    times = simulate(loads, made, NOW)
    of = {load.copy.host: load.copy for load in loads}
    assert times.keys() == of.keys()
    for host, row in times.items():
        assert row.begins <= row.copied <= row.exported <= row.ends
        assert windows.next_open(of[host].windows, row.begins) == row.begins
    for at in {row.begins for row in times.values()}:
        active = [of[host] for host, row in times.items() if row.begins <= at < row.copied]
        assert len(active) <= made.slots
        for group, most in made.groups.items():
            assert sum(group in copy.groups for copy in active) <= most
        for site in made.uplinks:
            assert sum(copy.site == site for copy in active) <= made.quotas.at_once(site)


def it_depends_on_nothing_else(wave: tuple[list[Load], Assumptions], seed: int) -> None:
    """The order of the inventory does not matter, and the same wave gives the same times."""
    loads, made = wave
    mixed = list(loads)
    random.Random(seed).shuffle(mixed)
    assert simulate(loads, made, NOW) == simulate(mixed, made, NOW)


def no_slot_is_idle_while_a_copy_could_start(wave: tuple[list[Load], Assumptions]) -> None:
    """What waits at any start waits for a limit that is used up, or for its window."""
    loads, made = wave
    ordered = schedule.order((load.copy for load in loads), made.quotas)
    turns = schedule.turns(ordered, [], made.quotas, NOW)
    started = [copy for copy in ordered if copy.host in turns.starts]
    for copy in ordered:
        if copy.host in turns.starts:
            continue
        cause = turns.cause(copy.host)
        if cause == "slots":
            assert len(started) >= made.slots
        elif cause == "window":
            assert windows.next_open(copy.windows, NOW) > NOW
        elif cause == "group":
            assert any(
                sum(group in other.groups for other in started) >= most
                for group, most in made.groups.items() if group in copy.groups
            )
        else:
            assert any(other.site == copy.site for other in started)


def it_takes_hardly_longer_than_it_must(sizes: list[float], slots: int) -> None:
    """List scheduling: the last copy begins before all slots have had an even share of the others (Graham). With the
    lower bound that also counts rounds, no wave takes more than half longer, and equal copies no longer at all."""
    loads = [Load(Copy(f"h{number:03d}", size), 1) for number, size in enumerate(sizes)]
    made = Assumptions(20 * MB, 1e18, 1e18, slots=slots, image_seconds=0)
    times = simulate(loads, made, NOW)
    makespan = max(row.copied for row in times.values()) - NOW
    last = max(times, key=lambda host: times[host].copied)
    own = next(load.copy.bytes for load in loads if load.copy.host == last) / (20 * MB)
    even = sum(sizes) / (20 * MB) / slots
    slack = timedelta(seconds=1)
    assert makespan <= timedelta(seconds=even + own * (1 - 1 / slots)) + slack
    assert makespan <= timedelta(seconds=1.5 * lower_bound(loads, made)) + slack
    equal = [Load(Copy(load.copy.host, sizes[0]), 1) for load in loads]
    same = max(row.copied for row in simulate(equal, made, NOW).values()) - NOW
    assert same <= timedelta(seconds=lower_bound(equal, made)) + slack
    queued = max(row.begins for row in times.values())
    busy = sum((min(row.copied, queued) - row.begins).total_seconds() for row in times.values())
    assert busy >= 0.98 * slots * (queued - NOW).total_seconds() - 1


SIZES = st.lists(st.floats(1e6, 1e13, allow_nan=False), min_size=1, max_size=60)


@FEW
@given(waves(), st.integers(0, 9))
def test_a_few_waves(wave: tuple[list[Load], Assumptions], seed: int) -> None:
    no_limit_is_broken(wave)
    it_depends_on_nothing_else(wave, seed)
    no_slot_is_idle_while_a_copy_could_start(wave)


@FEW
@given(SIZES, st.integers(1, 12))
def test_a_few_makespans(sizes: list[float], slots: int) -> None:
    it_takes_hardly_longer_than_it_must(sizes, slots)


@pytest.mark.long
@MANY
@given(waves(), st.integers(0, 9))
def test_many_waves(wave: tuple[list[Load], Assumptions], seed: int) -> None:
    no_limit_is_broken(wave)
    it_depends_on_nothing_else(wave, seed)
    no_slot_is_idle_while_a_copy_could_start(wave)


@pytest.mark.long
@MANY
@given(SIZES, st.integers(1, 12))
def test_many_makespans(sizes: list[float], slots: int) -> None:
    it_takes_hardly_longer_than_it_must(sizes, slots)
