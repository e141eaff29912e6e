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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

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
        that has one is raised, or an interrupt of this thread: what calls have returned is known by then. A call may
        use the pool itself: its thread makes its calls, and free threads help it.
        """
        work = list(items)
        if self.workers <= 1 or len(work) <= 1:
            return [call(item) for item in work]
        batch = _Batch(call, work)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="calls")
        inside = getattr(self._inside, "worker", False)

        def help_with_it() -> None:
            self._inside.worker = True
            batch.work()

        with batch.ended():
            for _thread in range(min(len(work), self.workers) - inside):
                self._threads.submit(help_with_it)
            if inside:
                # All threads may be busy, with calls that wait for calls such as these: then none of them helps.
                batch.work()
        return batch.results()

    def looks(self, *looks: Callable[[], Any]) -> list[Any]:
        """Return what several looks return that do not depend on each other, made at the same time."""
        return self.each(lambda look: look(), looks)


class _Batch(Generic[Item, Result]):
    """The calls of one list, which several threads take one by one."""

    def __init__(self, call: Callable[[Item], Result], items: list[Item]) -> None:
        self._call, self._items = call, items
        self._lock = threading.Lock()
        self._next = self._begun = 0
        self._over = threading.Event()
        self._found: dict[int, Result] = {}
        self._failed: dict[int, BaseException] = {}

    def _take(self) -> int | None:
        with self._lock:
            if self._next >= len(self._items):
                return None
            self._next, self._begun = self._next + 1, self._begun + 1
            return self._next - 1

    def work(self) -> None:
        """Make the calls that no thread has begun."""
        while (place := self._take()) is not None:
            try:
                self._found[place] = self._call(self._items[place])
            except BaseException as error:  # noqa: BLE001  it is raised by the thread that waits for the results
                self._failed[place] = error
                self._stop()
            with self._lock:
                self._begun -= 1
                if not self._begun and self._next >= len(self._items):
                    self._over.set()

    def _stop(self) -> None:
        with self._lock:
            self._next = len(self._items)
            if not self._begun:
                self._over.set()

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Wait until the calls are over. After an interrupt, what has not begun never does; a second one ends the
        wait."""
        try:
            yield
            self._over.wait()
        except BaseException:
            self._stop()
            self._over.wait()
            raise

    def results(self) -> list[Result]:
        """Return what all calls have returned."""
        if self._failed:
            raise self._failed[min(self._failed)]
        return [self._found[place] for place in range(len(self._items))]
