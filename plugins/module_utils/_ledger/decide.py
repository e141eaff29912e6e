# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The decisions of the protocol: pure functions of a ledger's state and of the time.

Two readings of the service's clock are used. ``now`` is the Date of an answer: the service's time is at least that.
``latest`` is the most that the service's time can be by now. A controller lets go by ``latest`` and takes over by
``now``, so the clocks of two controllers need not agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from .state import LEASE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .state import Announced, Marked, Owner, State

MARGIN: Final = 90.0
"""Seconds of the lease that must be left when a mutating call is sent: as long as its effect may take, which is at
least the connect and read timeout of one request (80 s)."""

HEARTBEAT: Final = 30.0
"""Seconds after which a lease is renewed although there is nothing else to write."""


@dataclass(frozen=True)
class Step:
    """What may be done about a call: make it, follow the id that it returned, or look for what it may have made."""

    kind: Literal["make", "follow", "look"]
    id: str = ""
    until: float = 0.0
    """For how long a list may not show the result, in seconds of the service. After that a call that is looked for may
    be made again, and one that is followed has failed."""


def holder(state: State, server: str, now: float) -> Owner | None:
    """Return the owner whose claim of a server has not ended, or None."""
    owner = state.owners.get(state.claims.get(server, ""))
    return owner if owner and owner.until >= now else None


def divide(state: State, me: str, wanted: Iterable[str], now: float) -> tuple[tuple[str, ...], dict[str, Owner]]:
    """Return the servers that ``me`` may claim or has, and those of others with their owners."""
    mine: list[str] = []
    others: dict[str, Owner] = {}
    for server in wanted:
        owner = holder(state, server, now)
        if owner is None or owner.who.id == me:
            mine.append(server)
        else:
            others[server] = owner
    return tuple(mine), others


def may_send(latest: float, until: float, margin: float = MARGIN) -> bool:
    """Return whether a mutating call that is sent now has had its effect before the lease ends."""
    return latest + margin <= until


def renewal_due(latest: float, until: float) -> bool:
    """Return whether the lease should be renewed although there is nothing else to write."""
    return latest >= until - LEASE + HEARTBEAT


def next_step(
    state: State,
    server: str,
    call: str,
    now: float,
    failed: str = "",
    about: str = "",
    settle: float = limits.CALL_SETTLE_SECONDS,
) -> Step:
    """Return what the owner of a server may do about a call without ClientToken.

    A call whose answer is not known is looked for as long as a list may take to show its result, and made again only
    after that. An id that was returned is followed, for however long: the call is never repeated because a list does
    not show it. ``failed`` is the id of a result that failed: it is not followed. ``about`` is the object of
    the call: an announcement of another object does not count. ``settle`` is how long a list may take.
    """
    known = state.calls.get((server, call))
    if known is None or known.outcome in ("error", "unsent") or (about and known.call.about not in ("", about)):
        return Step("make")
    if known.outcome == "done" and known.id:
        step = Step("follow", known.id, known.at + settle)
        return Step("make") if known.id == failed else step
    settled = max(known.until, known.at) + settle
    return Step("make") if now > settled else Step("look", until=settled)


def stop(state: State) -> Marked | None:
    """Return the mark after which no driver continues, or None."""
    return state.marked


def others_alive(state: State, me: str, now: float) -> list[Owner]:
    """Return the other owners whose lease has not ended: each may still send a call."""
    return [owner for owner in state.owners.values() if owner.who.id != me and owner.until >= now]


def open_calls(state: State, now: float) -> list[Announced]:
    """Return the calls whose result may still appear in a list although no run knows its id."""
    steps = ((known, next_step(state, *key, now)) for key, known in state.calls.items())
    return [known for known, step in steps if step.kind == "look"]


def may_close(state: State, me: str, now: float) -> bool:
    """Return whether no other participant drives this migration."""
    return state.marked is None and not others_alive(state, me, now)
