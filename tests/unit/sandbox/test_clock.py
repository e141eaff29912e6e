# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from sandbox.state.clock import VirtualClock, iso, iso_minutes, parse_iso


class Real:
    """Real time in a test's hands."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def real() -> Real:
    return Real()


def test_virtual_seconds_pass_at_the_rate(real: Real) -> None:
    clock = VirtualClock(start=1000.0, rate=60, monotonic=real)
    real.seconds += 2
    assert clock.time() == 1120.0


def test_a_new_rate_keeps_the_moment(real: Real) -> None:
    clock = VirtualClock(start=1000.0, rate=10, monotonic=real)
    real.seconds += 1
    clock.set_rate(0)
    real.seconds += 50
    assert clock.time() == 1010.0


def test_advance_moves_forward_only(real: Real) -> None:
    clock = VirtualClock(start=1000.0, rate=0, monotonic=real)
    assert clock.advance(5).timestamp() == 1005.0
    with pytest.raises(ValueError, match="-1 is negative"):
        clock.advance(-1)


def test_rate_has_limits(real: Real) -> None:
    with pytest.raises(ValueError, match=r"outside 0\.\.100000"):
        VirtualClock(rate=-1, monotonic=real)


def test_pinned_is_now_while_inside(real: Real) -> None:
    clock = VirtualClock(start=1000.0, rate=0, monotonic=real)
    with clock.pinned(900.0):
        assert clock.time() == 900.0
    assert clock.time() == 1000.0


def test_times_are_written_with_and_without_seconds() -> None:
    assert iso(1_800_000_061.7) == "2027-01-15T08:01:01Z"
    assert iso_minutes(1_800_000_061.7) == "2027-01-15T08:01Z"
    assert parse_iso("2027-01-15T08:01:01Z") == 1_800_000_061.0
    assert parse_iso("2027-01-15T08:01Z") == 1_800_000_060.0
    with pytest.raises(ValueError, match="is not a time of the form"):
        parse_iso("2027-01-15")
