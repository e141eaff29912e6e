# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The race harness: bugs that are planted on purpose are found, and a plan without a race violates nothing."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from races.planted import PLANTED
from races.race import plan, race

pytestmark = pytest.mark.any_core


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str) -> None:
    planted = PLANTED[name]
    found = race(1, lambda _seed: planted.plan, planted.plant)
    assert any(text.startswith(f"{planted.rule}: ") for text in found.violations), found.trace


@pytest.mark.parametrize("name", PLANTED)
def test_the_same_plan_without_the_bug_violates_nothing(name: str) -> None:
    assert race(1, lambda _seed: PLANTED[name].plan, nullcontext).violations == []


def test_a_seed_can_be_replayed() -> None:
    first, again = race(5), race(5)
    assert first.trace == again.trace


def test_seeds_differ_and_everything_happens() -> None:
    plans = [plan(seed) for seed in range(1, 301)]
    assert len({repr(item) for item in plans}) == 300
    runs = [run for item in plans for _begin, runs in item.controllers for run in runs]
    kinds = {fate.kind for run in runs for fate in run.fates}
    assert kinds == {
        "kill before", "kill after", "kill in flight", "stop", "orphan", "lost before", "lost after", "late"
    }  # fmt: skip
    assert {run.kind for run in runs} == {"play", "end"}
    assert {len(item.controllers) for item in plans} == {2, 3, 4}
