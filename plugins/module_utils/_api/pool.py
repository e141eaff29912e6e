# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Calls at the same time: a bounded number of threads that the calls of one module run share.

Thread safety: each thread has its own HTTP session (`http`), requests are built and signed under one lock
(`transport`), and the service clock, the counters and the credentials keep themselves consistent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Pool:
    """Makes up to ``workers`` calls at the same time; 1 makes them one after another, without a thread."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self._threads: ThreadPoolExecutor | None = None
        self._inside = threading.local()

    def each(self, call: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Return what the call returns for each item, in the order of the items.

        After an exception no further call begins. When those that have begun are over, the exception of the first item
        that has one is raised. A call that uses the pool itself makes its own calls one after another.
        """
        work = list(items)
        if self.workers <= 1 or len(work) <= 1 or getattr(self._inside, "worker", False):
            return [call(item) for item in work]
        stopped = threading.Event()

        def make(item: Item) -> Result:
            self._inside.worker = True
            try:
                return call(item)
            except BaseException:
                stopped.set()
                raise

        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="calls")
        return _results(self._threads, make, work, stopped)


def _results(
    threads: ThreadPoolExecutor, make: Callable[[Item], Result], work: list[Item], stopped: threading.Event
) -> list[Result]:
    def unless_stopped(item: Item) -> list[Result]:
        # [] is a call that was not begun.
        return [] if stopped.is_set() else [make(item)]

    futures: list[Future[list[Result]]] = [threads.submit(unless_stopped, item) for item in work]
    try:
        failed = [error for future in futures if (error := future.exception())]
    except BaseException:
        # An interrupt of this thread: what has not begun never does.
        stopped.set()
        raise
    if failed:
        raise failed[0]
    return [result for future in futures for result in future.result()]
