# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model checker for the ledger: runs the real session and the real decisions against every order of events.

Participants are generators that ask for one thing at a time. Between any two of their requests the explorer may let
another participant go on, let time pass (as for one that was stopped), kill a participant, or lose an answer. Every
distinct state is visited once. ``python -m support.ledger_model`` explores deeper than the unit tests do.
"""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import decide, session
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Call, Result, Who
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.session import Session, Stopped
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import LEASE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

WAVE = "el000000"
EXPORT = "export"
START = 1_000_000.0
DELAY = limits.CALL_SETTLE_SECONDS
JUMPS = (decide.MARGIN, LEASE + 1, DELAY + LEASE + 1)
"""How far time may pass at once: as long as a call may take, beyond a lease, beyond everything."""


# ---- what a participant asks of the cloud, beside what the session asks of the bucket ----


@dataclass(frozen=True)
class Look:
    """List what exports of a server there are: an export shows half an hour after it was begun, at the latest."""

    server: str


@dataclass(frozen=True)
class Send:
    """Export a server. It has its effect within the margin after it was sent."""

    server: str
    number: int


@dataclass(frozen=True)
class Delete:
    """Delete all exports."""

    number: int


@dataclass(frozen=True)
class Pause:
    """Go on after this time."""

    until: float


# ---- the world ----


@dataclass(frozen=True)
class World:
    """Everything that is shared. ``ledgers`` is number to content, or to the note of a closed one."""

    now: float = START
    ledgers: tuple[tuple[int, bytes | session.Note], ...] = ()
    exports: tuple[tuple[str, float], ...] = ()
    ended: int = 0
    """The number of the newest ledger whose cleanup has finished."""

    @cached_property
    def _hash(self) -> int:
        return hash((self.now, self.ledgers, self.exports, self.ended))

    def __hash__(self) -> int:
        return self._hash

    def ledger(self, number: int) -> bytes | session.Note | None:
        """Return what is under a number."""
        return dict(self.ledgers).get(number)

    def put(self, number: int, what: bytes | session.Note) -> World:
        """Return the world with this under a number."""
        return replace(self, ledgers=tuple(sorted({**dict(self.ledgers), number: what}.items())))


class Violation(Exception):
    """The protocol has broken a promise."""


def perform(world: World, request: Any) -> tuple[World, Any]:
    """Return the world after a request, and the answer."""
    if isinstance(request, session.Listing):
        return world, session.Listed(tuple(number for number, _what in world.ledgers))
    if isinstance(request, session.Read):
        return world, _read(world, request)
    if isinstance(request, session.Append):
        return _append(world, request)
    if isinstance(request, session.Close):
        closed = world.put(request.number, request.note)
        if request.note.mark == "end":
            closed = replace(closed, ended=max(world.ended, request.number))
        return closed, session.Done(world.now)
    if isinstance(request, Look):
        shown = [server for server, at in world.exports if server == request.server and world.now >= at + DELAY]
        return world, tuple(shown)
    if isinstance(request, Send):
        if request.number <= world.ended:
            raise Violation(f"{request.server} was exported after its migration was cleaned up")
        if request.server in (server for server, _at in world.exports):
            raise Violation(f"{request.server} was exported twice")
        return replace(world, exports=(*world.exports, (request.server, world.now))), True
    if isinstance(request, Delete):
        if request.number <= world.ended:
            raise Violation("a cleanup deleted what belongs to a later migration")
        return replace(world, exports=()), True
    if isinstance(request, Pause):
        return world, session.Done(world.now)
    raise TypeError(request)


def _read(world: World, request: session.Read) -> session.Found:
    what = world.ledger(request.number)
    if what is None:
        return session.Found("absent", world.now)
    if isinstance(what, session.Note):
        return session.Found("closed", world.now, note=what)
    if len(what) < request.position or request.crc not in (None, zlib.crc32(what[: request.position])):
        return session.Found("replaced", world.now)
    return session.Found("open", world.now, what[request.position :], zlib.crc32(what))


def _append(world: World, request: session.Append) -> tuple[World, session.Appended]:
    what = world.ledger(request.number)
    if isinstance(what, session.Note) or len(what or b"") != request.position:
        return world, session.Appended("refused", world.now)
    whole = (what or b"") + request.text.encode()
    after = world.put(request.number, whole)
    if request.position and request.crc != zlib.crc32(what or b""):
        return after, session.Appended("replaced", world.now)
    return after, session.Appended("written", world.now, zlib.crc32(whole))


# ---- participants ----


class ModelClock:
    """The session's clock: what answers told, and the time at which the participant goes on."""

    def __init__(self) -> None:
        self.told = 0.0
        self.true = START

    def now(self) -> float:
        """Return the Date of the newest answer."""
        return self.told

    def latest(self) -> float:
        """Return the time."""
        return self.true


Script = Callable[[Session], Generator[Any, Any, None]]


def driver(servers: tuple[str, ...], ticks: int = 3, restart: bool = False, close: bool = True) -> Script:
    """Return a driver that exports servers, follows what others have exported, and closes the ledger at the end."""

    def script(mine: Session) -> Generator[Any, Any, None]:
        done: set[str] = set()
        try:
            yield from mine.open(restart)
            for _tick in range(ticks):
                others = yield from mine.claim(server for server in servers if server not in done)
                pause = max((owner.until for owner in others.values()), default=0.0)
                calls, results = [], []
                for server in mine.held():
                    # The time before the look counts: what shows by then has been seen.
                    step = decide.next_step(mine.state, server, EXPORT, mine.clock.now())
                    shown = yield Look(server)
                    if step.kind == "follow" or shown:
                        done.add(server)
                        results += [] if step.kind == "follow" else [Result(server, EXPORT, "done", "t-1")]
                    elif step.kind == "make":
                        calls.append(Call(server, EXPORT))
                    else:
                        pause = max(pause, step.until)
                for call in (yield from mine.announce(calls, results)):
                    yield from _export(mine, call.server, done)
                if len(done) == len(servers):
                    break
                yield Pause(pause + 1)
            yield from mine.leave()
            shown = True
            for server in servers:
                shown = bool((yield Look(server))) and shown
            # Only what the cloud itself shows is settled: the next ledger knows nothing of this one.
            if close and shown:
                yield from mine.close()
        except Stopped:
            return

    return script


def _export(mine: Session, server: str, done: set[str]) -> Generator[Any, Any, None]:
    if not mine.may_send():
        yield from mine.record([Result(server, EXPORT, "unsent")])
        return
    answered = yield Send(server, mine.number)
    yield from mine.record([Result(server, EXPORT, "done" if answered else "unknown", "t-1" if answered else "")])
    if answered:
        done.add(server)


def cleanup() -> Script:
    """Return a cleanup of the whole migration: mark, wait for the drivers, delete, look once more, finish."""

    def script(mine: Session) -> Generator[Any, Any, None]:
        try:
            yield from mine.end()
            while drivers := (yield from mine.drivers()):
                yield Pause(max(owner.until for owner in drivers) + 1)
            yield Delete(mine.number)
            yield from mine.drivers()
            yield from mine.finish()
        except Stopped:
            return

    return script


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
    """Who went on last; -1: nobody yet, or it was killed."""


class Explorer:
    """Visits every state of some participants within bounds on time jumps, kills, lost answers and switches. A switch
    lets another participant go on although the one before could, as when that one is stopped between two requests.

    At most ``most`` states are visited; ``visited`` of them were, and in ``finished`` of those nobody had anything left
    to do.
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
            # Everybody waits: time passes by itself.
            yield node._replace(world=self._later(node, min(request.until for request, _since in pending.values())))

    def _later(self, node: Node, now: float) -> World:
        return self._one(replace(node.world, now=now))

    def _one(self, world: World) -> World:
        return self._worlds.setdefault(world, world)

    def _steps(self, node: Node, index: int, request: Any) -> Iterator[Node]:
        world, answer = perform(node.world, request)
        yield self._answered(node, index, world, answer)
        if node.losses and isinstance(request, (session.Append, Send)):
            lost = session.Appended("lost", node.world.now) if isinstance(request, session.Append) else False
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
