# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The driver: this run's part in the ledger of its migration (laws 2, 12 and 13).

It claims the servers that no other run drives, announces the calls without ClientToken of a tick in one line, writes
down in one line what came of them, and lets nothing be sent once its claim may have ended.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, NotSent
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Requested
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import client_tokens, limits

from . import decide, parent
from .lines import Call, Result
from .session import Stopped
from .state import LATE, LEASE
from .store import LedgerStore, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients

    from .messages import Operation, Value
    from .session import Session
    from .state import Announced, Owner

_SPARE: Final = 10.0
"""Seconds between the end of a request and the earliest end of the claim under which it was sent."""

_LONGEST_REQUEST: Final = LEASE - 2 * decide.HEARTBEAT - _SPARE
"""With a longer time limit of requests a claim would have ended before it is renewed."""

ENDED: Final = "Migration.Ended"
"""The code of the error for a migration that a cleanup has ended."""

AGAIN: Final = "Set migration_restart: true to start it again, or choose a new migration_name."
"""What a user does about a migration that a cleanup has ended."""


def moment(seconds: float) -> str:
    """Return a time of the service as text."""
    return stamp(datetime.fromtimestamp(seconds, timezone.utc))


def process_of(owner: Owner) -> str:
    """Return the process that drives a server, as users read it."""
    since = f" since {moment(owner.who.started)}" if owner.who.started else ""
    return f"{owner.who.host} (process {owner.who.pid}){since}"


def driven_by(owner: Owner) -> str:
    """Return who drives a server, as users read it."""
    return f"driven by {process_of(owner)}"


def ended(migration: str, stopped: Stopped) -> CloudError:
    """Return the error for a run that may do nothing more for its migration."""
    if not stopped.mark:
        return CloudError(
            f"Migration {migration!r}",
            "Migration.LedgerLost",
            "its ledger in the bucket was deleted or replaced while it was in use",
            hint="Run the same task again. Find out who deletes objects of the migration in the bucket.",
        )
    by = f"{stopped.host or 'an unknown host'} at {moment(stopped.at)}"
    text = f"it was ended by a cleanup of {by}"
    if not stopped.finished:
        text += ", which has not finished: run the playbook cleanup again until nothing is left"
    return CloudError(f"Migration {migration!r}", ENDED, text, hint=AGAIN)


def store_of(clients: Clients, bucket: str, migration: str) -> LedgerStore:
    """Return the ledger of a migration for one process; refuse time limits of requests that no claim outlasts."""
    longest = clients.request_seconds
    if longest > _LONGEST_REQUEST:
        raise CloudError(
            "Checking the input",
            "Input.Invalid",
            f"connect_timeout and read_timeout are {longest:g} s together, a claim of servers allows for "
            f"{_LONGEST_REQUEST:g} s",
            hint="Nothing was created.",
        )
    return LedgerStore(clients.oss(bucket), migration, max(decide.MARGIN, longest + _SPARE))


class Driver:
    """One run as an owner of servers. Nothing is read or written before ``own`` or ``look``."""

    def __init__(self, clients: Clients, bucket: str, migration: str, restart: bool) -> None:
        self._clients, self._bucket, self._migration, self._restart = clients, bucket, migration, restart
        self.settle_seconds: float = limits.CALL_SETTLE_SECONDS
        """How long a list may not show the result of a call."""
        self._store: LedgerStore | None = None
        self._read: LedgerStore | None = None
        """The ledger that ``returned`` has read before this run takes part."""
        self._unwritten: list[Result] = []
        self._writer = 0
        """The thread that reads or writes the ledger now, 0 for none."""
        self._lock = threading.RLock()
        """Held for what several threads of a tick ask: whether they hold a server, and the result of a call."""
        self._lost = False
        """Whether the ledger that this run took part in was closed."""
        self._others: Mapping[str, int] = {}
        self.looked = 0.0
        """The time of the service before the present tick looks at the cloud."""

    @property
    def opened(self) -> bool:
        """Return whether the ledger is in use."""
        return self._store is not None

    # ---- the ledger ----

    def look(self) -> None:
        """Raise when a cleanup has ended the migration and it is not to be restarted; write nothing."""
        store = self._new_store()
        try:
            store.run(store.session.look(self._restart))
        except Stopped as stopped:
            raise ended(self._migration, stopped) from None

    def own(self, servers: Sequence[str]) -> Mapping[str, Owner]:
        """Claim servers by their migration ids, or renew the claim; return those of other runs with their owners."""
        parent.check()
        try:
            others = self._claim(servers, self._store is None or self._lost)
        except Stopped as stopped:
            if stopped.mark != "close":
                raise ended(self._migration, stopped) from None
            # Another run has finished and closed the ledger while this one was stopped: it continues in the next one.
            try:
                others = self._claim(servers, True)
            except Stopped as again:
                raise ended(self._migration, again) from None
        self._lost = False
        self.looked = self._session.clock.now()
        return others

    def keep(self) -> None:
        """Renew the claim when that is due, in the middle of a tick. A server that another run has driven meanwhile is
        no longer held: what this tick has seen of it may be old."""
        if self._store is None or self._lost or self._store.session.fresh():
            return
        parent.check()
        try:
            self._run(self._session.renew())
        except Stopped as stopped:
            if stopped.mark != "close":
                raise ended(self._migration, stopped) from None
            # Another run has finished and closed the ledger meanwhile: the next tick continues in a new one.
            self._lost = True

    def _claim(self, servers: Sequence[str], find: bool) -> Mapping[str, Owner]:
        self._begin()
        if find:
            self._run(self._session.open(self._restart))
        others = self._run(self._session.claim(servers, self._unwritten))
        self._unwritten = []
        return others

    def join(self) -> None:
        """Take part without a server: a cleanup of the migration waits until ``leave``."""
        self._begin()
        try:
            self._run(self._session.open(self._restart))
            self._run(self._session.join())
        except Stopped as stopped:
            raise ended(self._migration, stopped) from None

    def _begin(self) -> None:
        if self._store is None:
            self._store = self._new_store()
            self._clients.gate.checks.append(self._may_send)

    def leave(self) -> bool:
        """Release everything, with the results that are not written down yet. What cannot be written ends with the
        lease. Return whether no other run takes part any more in a ledger that is still in use."""
        if self._store is None:
            return False
        try:
            with suppress(Stopped, CloudError):
                return self._run(self._session.leave(self._unwritten))
        finally:
            self._others = self.others()
            self._clients.gate.checks.remove(self._may_send)
            self._store, self._unwritten = None, []
        return False

    def close(self) -> bool:
        """Close the ledger because nothing of the migration is left; return whether no other run takes part in it."""
        try:
            return self._run(self._session.close())
        except Stopped:
            return False

    @property
    def held(self) -> frozenset[str]:
        """Return the servers that this run has claimed and no other one has taken since."""
        return frozenset() if self._lost else frozenset(self._session.held())

    @property
    def gained(self) -> frozenset[str]:
        """Return the servers of the last claim that this run did not hold right before: others may have driven them."""
        return self._session.gained

    def holds(self, server: str) -> bool:
        """Return whether a server is this run's still, so that what this tick has seen of it counts. A run that has not
        opened the ledger shares nothing."""
        if self._store is None:
            return True
        with self._lock:
            self.keep()
            return server in self.held

    @property
    def ledger(self) -> str:
        """Return where the ledger in use is."""
        return f"oss://{self._bucket}/{self._opened_store.key}"

    def token(self, *parts: str) -> str:
        """Return the ClientToken for something that belongs to all servers: the same for all runs that share this
        ledger, so that two of them make one thing. The next ledger, which a cleanup has begun, has other ones."""
        shared = self._session.state.ledger if self._store is not None else ""
        return client_tokens.shared(shared, *parts) if shared else client_tokens.new()

    def others_alive(self) -> list[Owner]:
        """Return the other runs whose claim has not ended."""
        return decide.others_alive(self._session.state, self._session.who.id, self._session.clock.now())

    def others_now(self) -> list[Owner]:
        """Return the other runs whose claim has not ended, as the ledger says at this moment."""
        try:
            self._run(self._session.refresh())
        except Stopped as stopped:
            raise ended(self._migration, stopped) from None
        return self.others_alive()

    def others(self) -> Mapping[str, int]:
        """Return the other runs that have ever taken part, each with the number of its newest line; after ``leave``
        those of that moment."""
        if self._store is None:
            return self._others
        state = self._session.state
        return {by: number for by, (number, _text) in state.last.items() if by != self._session.who.id}

    def calls(self) -> Mapping[tuple[str, str], Announced]:
        """Return by server and call what is known of the announced calls."""
        return self._session.state.calls

    def open_calls(self) -> list[Announced]:
        """Return the calls whose result may still appear although no run knows its id."""
        return decide.open_calls(self._session.state, self._session.clock.now())

    def warnings(self) -> list[str]:
        """Return what was found in the ledger that this collection has not written, or has written too late."""
        if self._store is None:
            return []
        skipped = dict(self._store.session.state.skipped)
        where, late, found = self.ledger, skipped.pop(LATE, 0), list[str]()
        if skipped:
            told = ", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items()))
            found.append(
                f"Lines of the ledger {where} were skipped ({told}): something else writes to it. "
                "Give no other user write access to the bucket"
            )
        if late:
            found.append(
                f"{late} results in the ledger {where} were not believed: a run that was held up has written them "
                "after another one had taken over its servers, or something else writes to it"
            )
        return found

    # ---- calls without ClientToken ----

    def requested(self, server: str, call: str, about: str, failed: str, now: datetime) -> Requested | None:
        """Return an earlier call whose result a list may not show yet, None when the call may be made."""
        if self._store is None:
            return None
        step = decide.next_step(
            self._session.state, server, call, self.looked, failed, printable(about), self.settle_seconds
        )
        if step.kind == "make":
            return None
        return Requested(now + timedelta(seconds=step.until - self.looked), step.id)

    def returned(self, server: str, call: str) -> str:
        """Return the id that an announced call has returned, '' for none. Others may write it: it is no proof."""
        known = self._known(server, call)
        return known.id if known and known.outcome == "done" else ""

    def announced(self, server: str, call: str) -> bool:
        """Return whether the ledger has a call that may have had its effect."""
        known = self._known(server, call)
        return known is not None and known.outcome not in ("error", "unsent")

    def announced_ago(self, server: str, call: str, about: str) -> float | None:
        """Return how many seconds ago a call about this object was announced that may have had its effect, or None."""
        known = self._known(server, call) if self.announced(server, call) else None
        return max(0.0, self.looked - known.at) if known and known.call.about == printable(about) else None

    def _known(self, server: str, call: str) -> Announced | None:
        # A ledger in which this run does not take part yet is read once.
        if self._store is None and self._read is None:
            self._read = self._new_store()
            with suppress(Stopped):
                self._read.run(self._read.session.look(restart=True))
        store = self._store or self._read
        return store.session.state.calls.get((server, call)) if store else None

    def announce(self, calls: Sequence[Call]) -> set[str]:
        """Announce calls in one line and return the servers whose calls may be made now."""
        if not calls:
            return set()
        wanted = [Call(call.server, call.call, printable(call.about)) for call in calls]
        try:
            announced = self._run(self._session.announce(wanted, self._unwritten))
        except Stopped as stopped:
            if stopped.mark != "close":
                raise ended(self._migration, stopped) from None
            return set()
        self._unwritten = []
        return {call.server for call in announced}

    def record(self, results: Sequence[Result]) -> None:
        """Write down in one line what came of announced calls; what cannot be written now goes into the next line."""
        with self._lock:
            self._unwritten += results
            if not self._unwritten:
                return
            try:
                self._run(self._session.record(self._unwritten))
            except (CloudError, Stopped):
                # The next line carries it, or the end of the claim tells of it.
                return
            self._unwritten = []

    def tell(self, results: Sequence[Result]) -> None:
        """Write results with the next line: what was found of a call whose answer was lost, or was deleted."""
        with self._lock:
            self._unwritten += results

    def note(self, server: str, name: str, text: str) -> None:
        """Write a fact about a server with the next line, such as how often its job was started again. It is an
        outcome without a call, so that nothing is ever followed or looked for because of it."""
        self.tell([Result(server, name, "unsent", printable(text))])

    def noted(self, server: str, name: str) -> tuple[str, float]:
        """Return the newest fact of this name, '' for none, and how many seconds ago it was written. Others may have
        written it: it decides about retries alone."""
        known = self._store.session.state.calls.get((server, name)) if self._store else None
        return (known.id, max(0.0, self.looked - known.at)) if known else ("", 0.0)

    # ---- the fence ----

    def _may_send(self, action: str) -> None:
        """Refuse a request that changes something when the claim may have ended by the time it has its effect."""
        if self._store is not None and not (self._writer == threading.get_ident() or self._session.may_send()):
            raise NotSent(
                f"Sending {action}",
                "Ledger.ClaimEnds",
                "this run was held up for so long that another one may drive the server now; nothing was sent",
                hint="",
            )

    # ---- what it is made of ----

    def _new_store(self) -> LedgerStore:
        return store_of(self._clients, self._bucket, self._migration)

    @property
    def _opened_store(self) -> LedgerStore:
        if self._store is None:
            raise RuntimeError("the ledger was not opened")
        return self._store

    @property
    def _session(self) -> Session:
        return self._opened_store.session

    def _run(self, operation: Operation[Value]) -> Value:
        with self._lock:
            self._writer = threading.get_ident()
            try:
                return self._opened_store.run(operation)
            finally:
                self._writer = 0
