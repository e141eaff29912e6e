# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls at the same time: bounded, in the order of the items, and stopped by the first exception."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.pace import (
    FIRST_PAUSE,
    FREE_SECONDS,
    Calls,
    Pace,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.pool import Pool
from support import PATIENCE


def test_results_have_the_order_of_the_items_and_calls_overlap_up_to_the_bound() -> None:
    together, most, lock = threading.Barrier(4), [0, 0], threading.Lock()

    def call(number: int) -> int:
        with lock:
            most[0] += 1
            most[1] = max(most)
        together.wait(PATIENCE)
        with lock:
            most[0] -= 1
        return number * 2

    assert Pool(4).each(call, range(12)) == [number * 2 for number in range(12)]
    assert most[1] == 4


@pytest.mark.parametrize("workers", [1, 3])
def test_after_an_exception_no_further_call_begins_and_the_first_exception_is_raised(workers: int) -> None:
    begun: list[int] = []

    def call(number: int) -> None:
        begun.append(number)
        raise ValueError(str(number))

    with pytest.raises(ValueError, match="0"):
        Pool(workers).each(call, range(50))
    assert len(begun) <= workers


@pytest.mark.parametrize("submitted", [0, 1])
def test_an_interrupt_while_the_threads_start_waits_for_the_calls_that_were_made(submitted: int) -> None:
    pool, made, going, goes_on = Pool(3), list[int](), threading.Event(), threading.Event()

    class Interrupted(ThreadPoolExecutor):
        def submit(self, call: Any, /, *given: Any, **named: Any) -> Any:
            if self._work_queue.qsize() + len(self._threads) >= submitted:
                assert not submitted or going.wait(PATIENCE)
                threading.Timer(0.05, goes_on.set).start()
                raise KeyboardInterrupt
            return super().submit(call, *given, **named)

    def call(number: int) -> None:
        going.set()
        assert goes_on.wait(PATIENCE)
        made.append(number)

    pool._threads = Interrupted(3)
    with pytest.raises(KeyboardInterrupt):
        pool.each(call, range(9))
    assert made == list(range(submitted)), "the call that has begun has ended, and no other one begins"


def test_a_call_that_uses_the_pool_itself_does_not_wait_for_its_own_thread() -> None:
    pool = Pool(2)
    assert pool.each(lambda number: sum(pool.each(int, range(number))), range(4)) == [0, 0, 1, 3]


def test_free_threads_help_a_call_that_uses_the_pool_itself() -> None:
    together, pool = threading.Barrier(4), Pool(4)

    def inner(number: int) -> int:
        together.wait(PATIENCE)
        return number

    assert pool.each(lambda number: pool.each(inner, [number, number + 1]), [10, 20]) == [[10, 11], [20, 21]]


def test_an_exception_of_a_call_that_a_free_thread_makes_reaches_the_one_that_asked_for_it() -> None:
    pool = Pool(3)

    def look(number: int) -> list[int]:
        return pool.each(lambda inner: number // inner, [1, 0, 2])

    with pytest.raises(ZeroDivisionError):
        pool.each(look, range(5))
    assert pool.looks(lambda: 1, lambda: "two") == [1, "two"]


def test_one_worker_makes_the_calls_in_this_thread() -> None:
    assert set(Pool(1).each(lambda _number: threading.get_ident(), range(3))) == {threading.get_ident()}


def test_requests_are_counted_by_all_threads() -> None:
    calls = Calls()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _number: [calls.add("smc.X") for _turn in range(500)], range(8)))
    assert calls["smc.X"] == 4000


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def refusal(code: str = "Throttling.User", wait: float | None = None) -> CloudError:
    return CloudError("smc.X", code, "as the test ordered", retryable=True, retry_after=wait, hint="")


def paced(before: int = 20) -> tuple[Time, Pace, float]:
    """Return a pace that was refused after so many calls in the last second, and when the last one was sent."""
    time = Time()
    pace = Pace(time.sleep, lambda: time.now)
    sent = [pace.wait("smc.X") for _number in range(before)][-1]
    assert time.slept == []
    return time, pace, sent


def test_an_api_has_no_limit_until_it_refuses_and_then_all_its_calls_wait() -> None:
    time, pace, sent = paced()
    pace.saw("smc.X", sent, refusal())
    assert pace.wait("ecs.Y") == 100.0
    first, second = pace.wait("smc.X"), pace.wait("smc.X")
    assert first == 100.0 + FIRST_PAUSE
    # Half of the 20 calls of that second, and a little more after the pause.
    assert second - first == pytest.approx(0.1, rel=0.1)
    assert time.slept


def test_the_wait_that_a_service_asks_for_counts_for_the_whole_api() -> None:
    _time, pace, sent = paced()
    pace.saw("smc.X", sent, refusal(wait=7))
    assert pace.wait("smc.X") == 107.0


def test_refusals_of_calls_that_were_under_way_together_count_once() -> None:
    time, pace, sent = paced()
    for _number in range(8):
        pace.saw("smc.X", sent, refusal())
        time.now += 0.001
    first, second = pace.wait("smc.X"), pace.wait("smc.X")
    assert second - first == pytest.approx(0.1, rel=0.1)


def test_another_error_changes_nothing_and_a_limit_ends_after_a_while_without_refusals() -> None:
    time, pace, sent = paced()
    pace.saw("smc.X", sent, refusal("InternalError"))
    assert pace.wait("smc.X") == time.now
    pace.saw("smc.X", sent, refusal())
    time.now += FREE_SECONDS + 1
    assert [pace.wait("smc.X") for _number in range(3)] == [time.now] * 3
