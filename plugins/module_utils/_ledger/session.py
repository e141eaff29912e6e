# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The protocol of one participant: what it asks of the bucket, in which order, and what it makes of the answers.

Nothing here does I/O. Each operation is a generator: it yields requests and is sent their answers, so that the tests
can run the same code against every order of events. ``store`` performs the requests on OSS.

The ledgers of a migration are numbered, and a number is never used again. A ledger ends with a mark; then an empty
object that takes no more appends replaces it, and the next ledger has the next number. That is what keeps the lines of
a controller that was stopped out of every later ledger, and nothing of it is billed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from . import decide
from .lines import Call, Line, Mark, Result, Who, format_line
from .messages import Answer, Append, Appended, Close, Found, Listed, Listing, Note, Operation, Read, Value
from .state import LEASE, Marked, State

if TYPE_CHECKING:
    from .state import Owner


STALE: Final = 30.0
"""Seconds after which the Date of the newest answer is too old for a new line: the ledger is read first."""

_ATTEMPTS: Final = 100
"""Appends that may be refused in a row because others were first."""


class Contended(Exception):
    """So many others append to a ledger that no line of this participant gets in."""


class Stopped(Exception):
    """This participant may do nothing more for the migration. ``mark`` is empty when the ledger was deleted;
    ``finished`` is false while the cleanup that has set the mark runs, or if it was killed before its end."""

    def __init__(self, mark: Mark, host: str = "", at: float = 0.0, finished: bool = True) -> None:
        super().__init__(mark or "the ledger was deleted")
        self.finished = finished
        self.mark = mark
        self.host = host
        self.at = at


class Clock(Protocol):
    """The time of the service, as far as answers tell it."""

    def now(self) -> float:
        """Return what the time of the service is at least: the Date of the newest answer."""

    def latest(self) -> float:
        """Return what the time of the service is at most, by this machine's clocks since that answer."""


class Session:
    """One participant's view of the ledger of one migration."""

    def __init__(self, wave: str, who: Who, clock: Clock, ledger: str, margin: float = decide.MARGIN) -> None:
        self.who = who
        self.clock = clock
        self.margin = margin
        self.number = 0
        self.state = State(wave)
        self.until = 0.0
        """The end of this participant's lease."""
        self._wave = wave
        self._fresh = f"{wave}.{ledger}"
        self._count = 0
        self._claim: tuple[str, ...] = ()
        self.gained: frozenset[str] = frozenset()
        """The servers that the last claim has taken and that were not held before: others may have driven them."""

    # ---- finding the ledger ----

    def open(self, restart: bool = False) -> Operation[None]:
        """Find the ledger that is in use; refuse with Stopped when a cleanup has ended the migration, unless it is
        to be restarted and the cleanup has finished."""
        ended = yield from self.find()
        marked = decide.stop(self.state)
        if marked is not None:
            raise Stopped(marked.mark, marked.who.host, marked.at, finished=False)
        if ended is not None and not self.state.ledger and not restart:
            raise Stopped(ended.mark, ended.host, ended.at)

    def look(self, restart: bool = False) -> Operation[None]:
        """Refuse with Stopped what ``open`` would refuse; write nothing."""
        listed = _expect(Listed, (yield Listing()))
        self.number = max(listed.numbers, default=1)
        self.state, self._claim, self.until = State(self._wave), (), 0.0
        found = yield from self._read(0)
        if found.kind == "closed" and found.note and found.note.mark == "end" and not restart:
            raise Stopped(found.note.mark, found.note.host, found.note.at)
        marked = self.state.marked
        if marked is not None and marked.mark == "end":
            raise Stopped(marked.mark, marked.who.host, marked.at, finished=False)

    def find(self) -> Operation[Note | None]:
        """Find the ledger that is in use; return the note of the one before it when a cleanup has ended that."""
        listed = _expect(Listed, (yield Listing()))
        self.number = max(listed.numbers, default=1)
        ended: Note | None = None
        while True:
            self.state, self._claim, self.until = State(self._wave), (), 0.0
            found = yield from self._read(0)
            if found.kind == "closed" and found.note:
                ended = found.note if found.note.mark == "end" else None
            elif self.state.marked is not None and self.state.marked.mark == "close":
                # Its last owner was stopped between the mark and the replacement.
                yield Close(self.number, _note(self.state.marked))
                ended = None
            else:
                self._count = self.state.last.get(self.who.id, (0, b""))[0]
                return ended
            self.number += 1

    def _read(self, position: int) -> Operation[Found]:
        found = _expect(Found, (yield Read(self.number, position, self.state.crc if position else None)))
        if found.kind == "open":
            self.state.fold(found.content, found.date, found.crc)
        return found

    def refresh(self) -> Operation[None]:
        """Read what is new; Stopped when the ledger is no longer the one that was read."""
        found = yield from self._read(self.state.position)
        if found.kind == "closed" and found.note:
            raise Stopped(found.note.mark, found.note.host, found.note.at)
        if found.kind == "replaced" or (found.kind == "absent" and self.state.position):
            raise Stopped("")

    # ---- writing ----

    def write(self, build: Callable[[], Line | None]) -> Operation[Line | None]:
        """Append the line that ``build`` makes of the state; when the state was not the newest, read what is new and
        build again. Return the line, None when there is nothing to write."""
        for _attempt in range(_ATTEMPTS):
            if self.clock.latest() - self.clock.now() > STALE:
                yield from self.refresh()
            line = build()
            if line is None:
                return None
            text = ("\n" if self.state.ragged else "") + format_line(line) + "\n"
            answer = _expect(Appended, (yield Append(self.number, self.state.position, self.state.crc, text)))
            if answer.outcome == "replaced":
                raise Stopped("")
            if answer.outcome == "written":
                self.state.fold(text.encode(), answer.date, answer.crc)
            else:
                yield from self.refresh()
            if self.state.last.get(self.who.id) == (line.number, text.strip().encode()):
                self._count, self.until = line.number, line.until
                if line.claim is not None:
                    self._claim = line.claim
                return line
            # An earlier text of the same number may have arrived late.
            self._count = self.state.last.get(self.who.id, (0, b""))[0]
        raise Contended(self.number)

    def _line(
        self,
        claim: tuple[str, ...] | None = None,
        calls: Iterable[Call] = (),
        results: Iterable[Result] = (),
        mark: Mark = "",
        lease: float = LEASE,
    ) -> Line:
        latest = self.clock.latest()
        return Line(
            ledger=self.state.ledger or f"{self._fresh}-{self.number}",
            by=self.who.id,
            number=self._count + 1,
            at=latest,
            until=latest + lease if lease else 0.0,
            who=None if self.who.id in self.state.owners else replace(self.who, started=latest),
            claim=claim,
            calls=tuple(calls),
            results=tuple(results),
            mark=mark,
        )

    def _drive(self) -> None:
        marked = decide.stop(self.state)
        if marked is not None:
            raise Stopped(marked.mark, marked.who.host, marked.at, finished=False)

    # ---- what a driver does ----

    def claim(self, wanted: Iterable[str], results: Iterable[Result] = ()) -> Operation[dict[str, Owner]]:
        """Claim the servers of ``wanted`` that no other participant drives, and renew the lease when it is due. Return
        the others with their owners. Servers that were claimed before and are not wanted any more are released.
        Results that are not written down yet go into the same line."""
        wanted, results = tuple(wanted), tuple(results)
        if decide.divide(self.state, self.who.id, wanted, self.clock.now())[1]:
            # There may be nothing to write, and so nothing that would show that another one has let go.
            yield from self.refresh()

        def build() -> Line | None:
            self._drive()
            mine, _others = decide.divide(self.state, self.who.id, wanted, self.clock.now())
            due = bool(mine) and decide.renewal_due(self.clock.latest(), self.until)
            same = set(mine) == set(self.held())
            self.gained = frozenset(mine) - frozenset(self.held())
            return self._line(claim=None if same else mine, results=results) if results or not same or due else None

        yield from self.write(build)
        return decide.divide(self.state, self.who.id, wanted, self.clock.now())[1]

    def renew(self) -> Operation[None]:
        """Renew the lease of the servers that no other participant has taken since, and release the others: what this
        participant has seen of those may be old."""

        def build() -> Line | None:
            self._drive()
            mine = self.held()
            return self._line(claim=None if set(mine) == set(self._claim) else mine)

        yield from self.write(build)

    def join(self) -> Operation[None]:
        """Take part without any server, or renew that: a cleanup waits for what is made meanwhile."""

        def build() -> Line | None:
            self._drive()
            due = decide.renewal_due(self.clock.latest(), self.until)
            return self._line(claim=None if self.who.id in self.state.owners else ()) if due else None

        yield from self.write(build)

    def held(self) -> tuple[str, ...]:
        """Return the servers that this participant has claimed and that no other has taken since."""
        return tuple(server for server in self._claim if self.state.claims.get(server) == self.who.id)

    def announce(self, calls: Iterable[Call], results: Iterable[Result] = ()) -> Operation[tuple[Call, ...]]:
        """Announce calls without ClientToken before they are made, and renew the lease; return those whose servers
        are still this participant's."""
        calls, results = tuple(calls), tuple(results)

        def build() -> Line | None:
            self._drive()
            held = set(self.held())
            mine = [call for call in calls if call.server in held]
            return self._line(calls=mine, results=results) if mine or results else None

        line = yield from self.write(build)
        return line.calls if line else ()

    def record(self, results: Iterable[Result]) -> Operation[None]:
        """Write down what came of the announced calls; after the mark of a cleanup, too."""
        results = tuple(results)
        yield from self.write(lambda: self._line(results=results) if results else None)

    def fresh(self) -> bool:
        """Return whether the lease need not be renewed yet."""
        return not decide.renewal_due(self.clock.latest(), self.until)

    def may_send(self) -> bool:
        """Return whether a mutating call may be sent now: to be asked right before each one."""
        return decide.may_send(self.clock.latest(), self.until, self.margin)

    def leave(self, results: Iterable[Result] = ()) -> Operation[bool]:
        """Release everything that was claimed, and write down the last results. Return whether this was the last
        participant: of several that leave, only the one with the last line finds no other."""
        results = tuple(results)
        if self.state.marked is not None and self.state.marked.mark == "close":
            # A ledger that is closed takes no lines.
            return False

        def build() -> Line | None:
            return self._line(claim=(), results=results, lease=0.0) if self._count else None

        line = yield from self.write(build)
        return line is not None and decide.may_close(self.state, self.who.id, self.clock.now())

    def close(self) -> Operation[bool]:
        """End the ledger because nothing is left to do; return whether that was possible: another controller may drive
        some servers. A migration that was never begun needs no mark."""

        def build() -> Line | None:
            if not self.state.ledger or not decide.may_close(self.state, self.who.id, self.clock.now()):
                return None
            return self._line(claim=(), mark="close", lease=0.0)

        yield from self.refresh()
        yield from self.write(build)
        marked = self.state.marked
        if marked is None or marked.mark != "close":
            return not self.state.ledger
        yield Close(self.number, _note(marked))
        return True

    # ---- what a cleanup of the whole migration does ----

    def end(self) -> Operation[None]:
        """Put the mark of a cleanup into the ledger in use: no driver writes another claim after it."""
        while True:
            yield from self.find()
            yield from self.write(lambda: None if self.state.marked else self._line(mark="end", lease=0.0))
            if self.state.marked and self.state.marked.mark == "end":
                return

    def end_again(self) -> Operation[bool]:
        """Put the mark of a cleanup into the ledger that follows an ended one, so that no run begins meanwhile; return
        whether that was possible. It is not when another cleanup has done so, or when the migration has begun again."""
        ended = yield from self.find()
        if ended is None:
            return False
        yield from self.write(lambda: None if self.state.ledger else self._line(mark="end", lease=0.0))
        marked = self.state.marked
        return marked is not None and marked.who.id == self.who.id

    def drivers(self) -> Operation[list[Owner]]:
        """Return the drivers that may still send a call: those whose lease has not ended."""
        yield from self.refresh()
        return decide.others_alive(self.state, self.who.id, self.clock.now())

    def finish(self) -> Operation[None]:
        """Replace the ledger after a cleanup that has left nothing."""
        if self.state.marked is not None:
            yield Close(self.number, _note(self.state.marked))


def _expect(kind: type[Value], answer: Answer) -> Value:
    if not isinstance(answer, kind):
        raise TypeError(f"{type(answer).__name__} in place of {kind.__name__}")
    return answer


def _note(marked: Marked) -> Note:
    return Note(marked.mark, marked.who.host, marked.at, marked.who.id)
