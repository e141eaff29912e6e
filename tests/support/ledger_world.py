# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of the ledger's model: what all participants share, their requests and their scripts."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import decide, messages
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Call, Result
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
    """Continue after this time."""

    until: float


# ---- the world ----


@dataclass(frozen=True)
class World:
    """Everything that is shared. ``ledgers`` is number to content, or to the note of a closed one."""

    now: float = START
    ledgers: tuple[tuple[int, bytes | messages.Note], ...] = ()
    exports: tuple[tuple[str, float], ...] = ()
    ended: int = 0
    """The number of the newest ledger whose cleanup has finished."""

    @cached_property
    def _hash(self) -> int:
        return hash((self.now, self.ledgers, self.exports, self.ended))

    def __hash__(self) -> int:
        return self._hash

    def ledger(self, number: int) -> bytes | messages.Note | None:
        """Return what is under a number."""
        return dict(self.ledgers).get(number)

    def put(self, number: int, what: bytes | messages.Note) -> World:
        """Return the world with this under a number."""
        return replace(self, ledgers=tuple(sorted({**dict(self.ledgers), number: what}.items())))


class Violation(Exception):
    """The protocol has broken a promise."""


def perform(world: World, request: Any) -> tuple[World, Any]:
    """Return the world after a request, and the answer."""
    if isinstance(request, messages.Listing):
        return world, messages.Listed(tuple(number for number, _what in world.ledgers))
    if isinstance(request, messages.Read):
        return world, _read(world, request)
    if isinstance(request, messages.Append):
        return _append(world, request)
    if isinstance(request, messages.Close):
        closed = world.put(request.number, request.note)
        if request.note.mark == "end":
            closed = replace(closed, ended=max(world.ended, request.number))
        return closed, messages.Done(world.now)
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
        return world, messages.Done(world.now)
    raise TypeError(request)


def _read(world: World, request: messages.Read) -> messages.Found:
    what = world.ledger(request.number)
    if what is None:
        return messages.Found("absent", world.now)
    if isinstance(what, messages.Note):
        return messages.Found("closed", world.now, note=what)
    if len(what) < request.position or request.crc not in (None, zlib.crc32(what[: request.position])):
        return messages.Found("replaced", world.now)
    return messages.Found("open", world.now, what[request.position :], zlib.crc32(what))


def _append(world: World, request: messages.Append) -> tuple[World, messages.Appended]:
    what = world.ledger(request.number)
    if isinstance(what, messages.Note) or len(what or b"") != request.position:
        return world, messages.Appended("refused", world.now)
    whole = (what or b"") + request.text.encode()
    after = world.put(request.number, whole)
    if request.position and request.crc != zlib.crc32(what or b""):
        return after, messages.Appended("replaced", world.now)
    return after, messages.Appended("written", world.now, zlib.crc32(whole))


# ---- participants ----


class ModelClock:
    """The session's clock: what answers told, and the time at which the participant continues."""

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


def joiner() -> Script:
    """Return a participant that makes one thing that belongs to no server, such as a network."""

    def script(mine: Session) -> Generator[Any, Any, None]:
        try:
            yield from mine.open()
            yield from mine.join()
            if mine.may_send():
                yield Send("shared", mine.number)
            yield from mine.leave()
        except Stopped:
            return

    return script


def cleanup() -> Script:
    """Return a cleanup of the whole migration: mark, wait for the drivers, delete, look again, finish."""

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
