# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model checker for the ledger: runs the real session and the real decisions against every order of events.

Participants are generators that ask for one thing at a time. Between any two of their requests the explorer may let
another participant continue, let time pass (as for one that was stopped), kill a participant, or lose an answer. Every
distinct state is visited once. ``python -m support.ledger_model`` explores deeper than the unit tests do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import decide, messages
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Who
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.session import Session

from support.ledger_world import (
    JUMPS,
    START,
    WAVE,
    Delete,
    ModelClock,
    Pause,
    Script,
    Send,
    Violation,
    World,
    cleanup,
    driver,
    joiner,
    perform,
)

# ---- the explorer ----


class Node(NamedTuple):
    """One state: the world, what each participant was answered and when, and which faults are still allowed.

    A history is all that a participant's own state depends on; it is told by its number. -1: it was killed.
    """

    world: World
    histories: tuple[int, ...]
    jumps: int
    kills: int
    losses: int
    switches: int
    running: int = -1
    """Which one continued last; -1: none yet, or it was killed."""


class Explorer:
    """Visits every state of some participants within bounds on time jumps, kills, lost answers and switches. A switch
    lets another participant continue although the one before could, as when that one is stopped between two requests.

    At most ``most`` states are visited; ``visited`` of them were, and in ``finished`` of those no participant had
    anything left to do.
    """

    def __init__(self, scripts: tuple[Script, ...], jumps: int = 2, kills: int = 1, losses: int = 0,
                 switches: int = 2, most: int = 1_000_000) -> None:
        self.scripts = scripts
        self.first = (jumps, kills, losses, switches)
        self.most = most
        self.visited = self.finished = 0
        self._worlds: dict[World, World] = {}
        # Of each history: the one before it, the last answer, and when that came.
        self._histories: list[tuple[int, Any, float]] = [(-1, None, START) for _script in scripts]
        self._numbers: dict[tuple[int, Any, float], int] = {}
        self._asked: list[tuple[Any, float] | None] = []
        self._alive: dict[int, tuple[Any, ModelClock]] = {}
        for index in range(len(scripts)):
            self._asked.append(self._begin(index))

    @property
    def exhausted(self) -> bool:
        """Return whether every state was visited."""
        return self.visited < self.most

    def run(self) -> Explorer:
        """Visit the states; Violation is raised with the first broken promise."""
        first = Node(World(), tuple(range(len(self.scripts))), *self.first)
        seen = {first}
        stack = [first]
        while stack and self.visited < self.most:
            node = stack.pop()
            self.visited += 1
            following = list(self._following(node))
            self.finished += not following
            for one in following:
                if one not in seen:
                    seen.add(one)
                    stack.append(one)
        return self

    def _following(self, node: Node) -> Iterator[Node]:
        pending = {index: asked for index, number in enumerate(node.histories)
                   if number >= 0 and (asked := self._asked[number])}
        able = {index: request for index, (request, _since) in pending.items()
                if not isinstance(request, Pause) or node.world.now >= request.until}
        for index, request in able.items():
            left = node.switches - (node.running in able and node.running != index)
            if left >= 0:
                yield from self._steps(node._replace(switches=left, running=index), index, request)
            if node.kills:
                killed = node._replace(kills=node.kills - 1, histories=_with(node.histories, index, -1))
                yield killed._replace(running=-1 if node.running == index else node.running)
        bound = min((since + decide.MARGIN for request, since in pending.values() if isinstance(request, Send)),
                    default=float("inf"))
        if node.jumps and pending:
            for jump in JUMPS:
                if node.world.now + jump <= bound:
                    yield node._replace(jumps=node.jumps - 1, world=self._later(node, node.world.now + jump))
        if pending and not able:
            # All wait: time passes.
            yield node._replace(world=self._later(node, min(request.until for request, _since in pending.values())))

    def _later(self, node: Node, now: float) -> World:
        return self._one(replace(node.world, now=now))

    def _one(self, world: World) -> World:
        return self._worlds.setdefault(world, world)

    def _steps(self, node: Node, index: int, request: Any) -> Iterator[Node]:
        world, answer = perform(node.world, request)
        yield self._answered(node, index, world, answer)
        if node.losses and isinstance(request, (messages.Append, Send)):
            lost = messages.Appended("lost", node.world.now) if isinstance(request, messages.Append) else False
            for reached in (world, node.world):
                yield self._answered(node, index, reached, lost)._replace(losses=node.losses - 1)

    def _answered(self, node: Node, index: int, world: World, answer: Any) -> Node:
        number = self._go_on(index, node.histories[index], answer, world.now)
        after = node._replace(world=self._one(world), histories=_with(node.histories, index, number))
        asked = self._asked[number]
        if asked and isinstance(asked[0], Delete):
            # No stop between the look at the ledger and the deletion: that window is documented, not closed.
            return self._answered(after, index, *perform(world, asked[0]))
        return after

    # ---- participants: a generator cannot be copied, so a second way on from a history runs all of it again ----

    def _go_on(self, index: int, before: int, answer: Any, at: float) -> int:
        step = (before, answer, at)
        if step not in self._numbers:
            number = self._numbers[step] = len(self._histories)
            self._histories.append(step)
            self._asked.append(self._ask(index, number))
        return self._numbers[step]

    def _begin(self, index: int) -> tuple[Any, float] | None:
        clock = ModelClock()
        script = self.scripts[index](Session(WAVE, Who(f"c{index}", f"host-{index}", index), clock, f"{index}"))
        self._alive[index] = (script, clock)
        return next(script), START

    def _ask(self, index: int, number: int) -> tuple[Any, float] | None:
        """Return what a participant asks for after this history and since when, None when it has ended."""
        before, answer, at = self._histories[number]
        alive = self._alive.pop(before, None)
        if alive is None:
            steps = []
            while before >= 0:
                steps.append(before)
                before = self._histories[before][0]
            self._begin(index)
            alive = self._alive.pop(index)
            for earlier in reversed(steps[:-1]):
                _send(alive, *self._histories[earlier][1:])
        try:
            request = _send(alive, answer, at)
        except StopIteration:
            return None
        self._alive[number] = alive
        return request, at


def _send(alive: tuple[Any, ModelClock], answer: Any, at: float) -> Any:
    script, clock = alive
    clock.true = at
    clock.told = getattr(answer, "date", clock.told)
    return script.send(answer)


def _with(histories: tuple[int, ...], index: int, number: int) -> tuple[int, ...]:
    return (*histories[:index], number, *histories[index + 1 :])


ONE, TWO = ("s1",), ("s1", "s2")
SCENARIOS: dict[str, tuple[Script, ...]] = {
    "two drivers of one server": (driver(ONE), driver(ONE)),
    "two drivers of overlapping servers": (driver(TWO, ticks=1), driver(ONE, ticks=1)),
    "a driver and a cleanup": (driver(ONE), cleanup()),
    "a joiner and a cleanup": (joiner(), cleanup()),
    "a driver, a joiner and a cleanup": (driver(ONE, ticks=1), joiner(), cleanup()),
    "a driver, a cleanup and a restart": (driver(ONE, ticks=2), cleanup(), driver(ONE, ticks=2, restart=True)),
    "two cleanups and a restart": (cleanup(), cleanup(), driver(ONE, ticks=1, restart=True)),
    "three drivers": (driver(ONE, ticks=2), driver(ONE, ticks=2), driver(ONE, ticks=2)),
}


FAST = ((1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1))
DEEP = ((2, 1, 0, 2), (1, 1, 1, 2), (1, 0, 0, 5), (2, 2, 1, 1))
"""Bounds: jumps, kills, lost answers, switches."""


def main() -> int:
    """Explore every scenario within the deep bounds; return the exit status."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    status = 0
    for name, scripts in SCENARIOS.items():
        for bounds in DEEP:
            explorer = Explorer(scripts, *bounds, most)
            began = time.monotonic()
            try:
                explorer.run()
                verdict = "0 violations" + ("" if explorer.exhausted else ", not exhausted")
            except Violation as violation:
                verdict, status = f"VIOLATION: {violation}", 1
            seconds = f"{time.monotonic() - began:.0f} s"
            counted = f"{explorer.visited} states, {explorer.finished} ends"
            sys.stdout.write(f"{name}: {' '.join(map(str, bounds))}: {counted}, {seconds}, {verdict}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
