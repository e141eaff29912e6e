# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from sandbox.clock import VirtualClock
from sandbox.meter import Meter


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(start=0.0, rate=0)


def test_seconds_and_amount_grow_with_virtual_time(clock: VirtualClock) -> None:
    meter = Meter(clock)
    meter.start("instance", "i-1")
    meter.start("disk", "d-1", 100)
    clock.advance(3600)
    report = meter.report()
    assert report["seconds"] == {"instance": 3600, "disk": 3600, "snapshot": 0, "oss_object": 0, "oss_part": 0}
    assert report["total_seconds"] == 7200
    assert report["amount"] == pytest.approx(0.012 + 100 * 0.00006)
    assert [entry["id"] for entry in report["running"]] == ["i-1", "d-1"]
    assert report["rate_card"]["illustrative"] is True


def test_nothing_runs_after_stop_and_the_sum_stays(clock: VirtualClock) -> None:
    meter = Meter(clock)
    meter.start("snapshot", "s-1", 20)
    clock.advance(10)
    meter.stop("snapshot", "s-1")
    meter.stop("snapshot", "s-1")
    before = meter.report()
    clock.advance(1000)
    after = meter.report()
    assert after["running"] == []
    assert (before["total_seconds"], before["amount"]) == (after["total_seconds"], after["amount"]) == (10, 0.000002)


def test_changed_units_are_billed_from_the_change_on(clock: VirtualClock) -> None:
    meter = Meter(clock)
    meter.start("oss_part", "b/k", 1)
    clock.advance(3600)
    meter.start("oss_part", "b/k", 3)
    clock.advance(3600)
    assert meter.report()["amount"] == pytest.approx(4 * 0.000027)


def test_an_unknown_kind_is_refused(clock: VirtualClock) -> None:
    with pytest.raises(KeyError, match="ens_image is not one of instance"):
        Meter(clock).start("ens_image", "m-1")
