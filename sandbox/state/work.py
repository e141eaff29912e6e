# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Background work that takes real time (bytes on disk, sockets), keyed so that lifecycles can read its result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from .tables import Row


class Work:
    """Async jobs by key; a lifecycle starts one as an effect and guards its next edge with ``done``."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._open: set[str] = set()

    def start(self, key: str, make: Callable[[], Awaitable[Any]]) -> None:
        """Start ``make()`` unless work of this key is under way or done."""
        if key not in self._tasks:
            task = asyncio.ensure_future(_as_coroutine(make))
            # Failed work may be removed before its exception is read; asyncio would log that.
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            self._tasks[key] = task
            self._open.add(key)

    def ended(self) -> list[str]:
        """Return the keys of the work that has ended since the last call, failed or not; removed work is omitted."""
        keys = sorted(key for key in self._open if key not in self._tasks or self._tasks[key].done())
        self._open.difference_update(keys)
        return [key for key in keys if key in self._tasks]

    def under_way(self) -> list[asyncio.Task[Any]]:
        """Return the work that has not ended."""
        return [self._tasks[key] for key in self._open if key in self._tasks and not self._tasks[key].done()]

    def done(self, key: str) -> bool:
        """Return True once the work of this key has succeeded."""
        task = self._tasks.get(key)
        return task is not None and task.done() and not task.cancelled() and task.exception() is None

    def result(self, key: str) -> Any:
        """Return the result of the work of this key; only after ``done``."""
        return self._tasks[key].result()

    def failure(self, key: str) -> str | None:
        """Return why the work of this key failed, or None."""
        task = self._tasks.get(key)
        if task is None or not task.done():
            return None
        if task.cancelled():
            return "cancelled"
        problem = task.exception()
        return None if problem is None else str(problem) or type(problem).__name__

    def forget(self, key: str) -> None:
        """Cancel the work of this key if it still runs, and remove its result."""
        task = self._tasks.pop(key, None)
        if task is not None and not task.done():
            task.cancel()

    async def stop(self) -> None:
        """Cancel everything and wait until it has ended."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        self._open.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def work_key(kind: str, job: Row) -> str:
    """Return the key of background work of one run of a job."""
    return f"{kind}/{job['id']}/{job['runs']}"


async def _as_coroutine(make: Callable[[], Awaitable[Any]]) -> Any:
    return await make()
