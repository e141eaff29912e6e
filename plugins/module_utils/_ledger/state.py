# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The state of a migration: the fold of its ledger's lines into owners, claims, calls and the mark of the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from .lines import Call, Mark, Who, parse_line

if TYPE_CHECKING:
    from .lines import Line, Outcome

LEASE: Final = 300.0
"""Seconds for which a line claims servers; another controller may take them after that."""

SKEW: Final = 60.0
"""Seconds by which two machines of the service may differ in their Date."""

NOT_HELD: Final = "about a server that its writer had not claimed"
"""Why an announcement is not believed: a run announces calls for servers that it holds alone."""

LATE: Final = "late"
"""The reason for which a result is not believed: its writer has lost the server, and another one has announced the call
again. A run that was held up writes such results."""


@dataclass(frozen=True)
class Owner:
    """A process that has written lines, and the end of its lease; 0 when it has released everything."""

    who: Who
    until: float


@dataclass(frozen=True)
class Announced:
    """The newest announcement of one call: who made it and until when it can have been sent, and what came of it.

    ``outcome`` is empty until a line tells it. ``times`` counts the announcements that may have led to a call.
    """

    call: Call
    by: str
    at: float
    until: float
    times: int
    outcome: Outcome | str = ""
    id: str = ""


@dataclass(frozen=True)
class Marked:
    """The line that ends a ledger: what it is, whose, and when it was written."""

    mark: Mark
    who: Who
    at: float


@dataclass
class State:
    """What a ledger says up to ``position`` (bytes); ``crc`` is the CRC-64 of that, None where it is not known."""

    wave: str
    ledger: str = ""
    position: int = 0
    crc: int | None = 0
    ragged: bool = False
    """Whether the last byte is not the end of a line: something else has written there."""
    owners: dict[str, Owner] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    """Server to the id of its owner."""
    claimed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Owner to the servers of its newest claim: others may have taken some of them since."""
    calls: dict[tuple[str, str], Announced] = field(default_factory=dict)
    """Server and call to its newest announcement."""
    marked: Marked | None = None
    last: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Owner to the number and the text of its newest line."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many lines were not believed, by reason; of LATE, how many results."""

    def fold(self, content: bytes, now: float, crc: int | None = None) -> None:
        """Take over what was appended; ``now`` is the service's Date of the answer that brought it."""
        self.position += len(content)
        self.crc = crc
        pieces = content.split(b"\n")
        if self.ragged and pieces[0]:
            # The rest of a line that something else has begun.
            pieces[0] = b""
        if content:
            self.ragged = pieces[-1] != b""
        for text in pieces:
            if text:
                self._take(text, now)

    def _take(self, text: bytes, now: float) -> None:
        line = parse_line(text)
        reason = "not readable" if line is None else self._doubt(line, now)
        if line is None or reason:
            self.skipped[reason] += 1
            return
        self.ledger = line.ledger
        self.last[line.by] = (line.number, text)
        before = {result.server: self.claims.get(result.server) for result in line.results}
        self._own(line)
        for call in line.calls:
            if self.claims.get(call.server) != line.by:
                self.skipped[NOT_HELD] += 1
                continue
            known = self.calls.get((call.server, call.call))
            made = known.times - (known.outcome in ("error", "unsent")) if known else 0
            self.calls[call.server, call.call] = Announced(call, line.by, line.at, line.until, made + 1)
        for result in line.results:
            known = self.calls.get((result.server, result.call))
            # A line may tell of servers that it releases.
            owns = line.by in (before.get(result.server), self.claims.get(result.server))
            if known is None and owns:
                known = Announced(Call(result.server, result.call), line.by, line.at, line.until, 1)
            # What a former owner writes late belongs to its own announcement, not to a newer one.
            if known is not None and (owns or known.by == line.by):
                told = replace(known, outcome=result.outcome, id=result.id, at=line.at)
                self.calls[result.server, result.call] = told
            else:
                self.skipped[LATE] += 1
        if line.mark and self.marked is None:
            self.marked = Marked(line.mark, self.owners[line.by].who, line.at)

    def _doubt(self, line: Line, now: float) -> str:
        """Return why a line is not believed, or ''."""
        if not line.ledger.startswith(f"{self.wave}."):
            return "of another migration"
        if self.ledger and line.ledger != self.ledger:
            return "of another ledger"
        if line.at > now + SKEW or line.until > line.at + LEASE + SKEW:
            return "from the future"
        if any(self._held_by_other(server, line) for server in line.claim or ()):
            return "with a claim of servers that another run holds"
        if line.mark == "close" and any(self._lives(by, line) for by in self.owners):
            return "with the end of a ledger that another run uses"
        if line.number <= self.last.get(line.by, (0, b""))[0]:
            return "out of order"
        return ""

    def _own(self, line: Line) -> None:
        known = self.owners.get(line.by)
        who = line.who or (known.who if known else Who(line.by, "an unknown host", 0))
        self.owners[line.by] = Owner(who, line.until)
        if line.claim is not None:
            # Others may write any number of lines, so the work for one must not grow with the claims of all.
            for server in self.claimed.get(line.by, ()):
                if self.claims.get(server) == line.by:
                    del self.claims[server]
            self.claims.update(dict.fromkeys(line.claim, line.by))
            self.claimed[line.by] = line.claim

    def _held_by_other(self, server: str, line: Line) -> bool:
        """Return whether another owner held a server when a line was written: no run claims such a server, because it
        waits until the time of the service has passed the end of the claim."""
        by = self.claims.get(server)
        return by is not None and self._lives(by, line)

    def _lives(self, by: str, line: Line) -> bool:
        """Return whether an owner, other than the writer of a line, had not released everything when it was written."""
        return by != line.by and self.owners[by].until > line.at
