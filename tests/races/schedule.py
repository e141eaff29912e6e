# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule: processes that run one at a time on one virtual clock, in an order that the seed decides.

A process is a thread that hands over at each call and each sleep. A process that was killed is never woken again; its
thread ends when the world ends.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from random import Random
from typing import Any, Protocol

PATIENCE = 300.0
"""Real seconds after which a schedule that does not end is a defect of the harness."""


class Clock(Protocol):
    """The time of the world."""

    @property
    def now(self) -> float:
        """The present time."""

    def advance_to(self, moment: float) -> None:
        """Let time pass."""


class Dropped(BaseException):
    """The process was killed: nothing of it may run on."""


class Endless(Exception):
    """The processes continue although everything should have ended long ago."""


class Process:
    """One operating system process of the world."""

    def __init__(self, schedule: Schedule, name: str, work: Callable[[Process], None], at: float) -> None:
        self.schedule = schedule
        self.name = name
        self.wake = at
        self.alive = True
        self.dropped = False
        self.controller: Any = None
        """The controller whose process this is, which the process sets."""
        self.turn = threading.Lock()
        self.turn.acquire()
        self.thread = threading.Thread(target=self._main, args=(work,), name=name, daemon=True)

    def pause(self, seconds: float) -> None:
        """Let others continue for this time."""
        if self.dropped:
            raise Dropped
        self.wake = self.schedule.clock.now + max(0.0, seconds)
        self.schedule.hand_over(self)

    def die(self) -> None:
        """End here and now: this call does not return."""
        self.alive = False
        self.schedule.hand_over(self)

    def _main(self, work: Callable[[Process], None]) -> None:
        self.turn.acquire()
        _of_thread.process = self
        try:
            if not self.dropped:
                work(self)
        except Dropped:
            return
        except BaseException as problem:  # noqa: BLE001  the seed that found it has to be reported
            self.schedule.problems.append(problem)
        finally:
            self.alive = False
            if not self.dropped:
                self.schedule.hand_over(None)


_of_thread = threading.local()


def current() -> Any:
    """Return the process of this thread, None in a thread that is none."""
    return getattr(_of_thread, "process", None)


class Schedule:
    """All processes, and what happens at a time although no process does it."""

    def __init__(self, clock: Clock, rng: Random, most_steps: int) -> None:
        self.clock = clock
        self.rng = rng
        self.problems: list[BaseException] = []
        self.steps = 0
        self._most_steps = most_steps
        self._processes: list[Process] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._ended = threading.Lock()
        self._ended.acquire()

    def start(self, name: str, work: Callable[[Process], None], at: float) -> Process:
        """Add a process that begins at a time."""
        process = Process(self, name, work, at)
        self._processes.append(process)
        process.thread.start()
        return process

    def at(self, moment: float, happens: Callable[[], None]) -> None:
        """Let something happen at a time."""
        heapq.heappush(self._timers, (moment, next(self._count), happens))

    def run(self) -> None:
        """Run until every process has ended or was killed, and nothing is to happen any more."""
        first = self._next()
        if first is not None:
            first.turn.release()
            if not self._ended.acquire(timeout=PATIENCE):
                raise Endless(f"no end within {PATIENCE:.0f} real seconds")
        if self.problems:
            raise self.problems[0]

    def drop(self) -> None:
        """End the threads of the processes that were killed."""
        for process in self._processes:
            if process.thread.is_alive():
                process.dropped = True
                process.turn.release()
                process.thread.join(PATIENCE)
        self._processes.clear()

    def hand_over(self, process: Process | None) -> None:
        """Let the next process continue; return when it is this one's turn again."""
        try:
            chosen = self._next()
        except Exception as problem:  # noqa: BLE001  the world is broken: the main thread reports it
            self.problems.append(problem)
            chosen = None
        if chosen is process and process is not None:
            return
        if chosen is None:
            self._ended.release()
        else:
            chosen.turn.release()
        if process is not None:
            process.turn.acquire()
            if process.dropped:
                raise Dropped

    def _next(self) -> Process | None:
        self.steps += 1
        if self.steps > self._most_steps:
            raise Endless(f"no end within {self._most_steps} steps")
        if self.problems:
            return None
        while True:
            now = self.clock.now
            while self._timers and self._timers[0][0] <= now:
                heapq.heappop(self._timers)[2]()
            alive = [process for process in self._processes if process.alive]
            ready = [process for process in alive if process.wake <= now]
            if ready:
                return ready[0] if len(ready) == 1 else self.rng.choice(ready)
            moments = [process.wake for process in alive] + [timer[0] for timer in self._timers[:1]]
            if not moments:
                return None
            self.clock.advance_to(min(moments))
