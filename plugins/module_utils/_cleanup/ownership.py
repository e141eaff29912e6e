# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a cleanup owes to the runs beside it: it ends a migration, or claims the servers that it cleans (laws 12, 13).

A list is older than the look at the ledger that follows it, and a deletion is younger: what was listed belongs to the
migration that this cleanup has ended, or to the servers that it owns, and to nothing that was started later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import parent
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import (
    ENDED,
    Driver,
    driven_by,
    moment,
    store_of,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.session import Stopped
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import ens_import, launch

from . import others, release
from .order import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import Owner
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.store import LedgerStore
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock

    from .scope import Scope


_OF_SERVERS = ("server", "smc_source", "ens_instance")
"""The kinds of what is kept that belong to the servers of one look."""


class Interrupted(Exception):
    """This cleanup may delete nothing more; the text says why."""


def _quiet(_text: str) -> None:
    """Tell nothing."""


class _Shared:
    """A check for several threads. One that waits while another one checks needs no check of its own if that other
    check has begun after it asked."""

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check, self._lock = check, Lock()
        self._begun = self._good = 0
        """How many checks have begun, and the number of the last one that has found nothing."""

    def __call__(self, action: str) -> None:
        """Check, or rely on a check that another thread has begun since this call."""
        asked = self._begun
        with self._lock:
            if self._good > asked:
                return
            self._begun += 1
            number = self._begun
            self._check(action)
            self._good = number


@contextmanager
def _asked_first(clients: Clients, check: Callable[[str], None]) -> Iterator[None]:
    """Ask before each request that changes something."""
    shared = _Shared(check)
    clients.gate.checks.insert(0, shared)
    try:
        yield
    finally:
        clients.gate.checks.remove(shared)


def _kept_instead(scope: Scope, known: Iterable[Mapping[str, Any]], why: str) -> release.Outcome:
    """Return what exists, as resources that stay for a reason."""
    outcome = release.report(scope, known)
    outcome.kept += [{"kind": row["kind"], "id": row["id"], "reason": why} for row in outcome.residual]
    outcome.residual, outcome.changes = [], 0
    return outcome


# ---- the whole migration ----


def clean_migration(
    scope: Scope,
    known: list[Mapping[str, Any]],
    clock: Clock,
    timeout: float,
    interval: float,
    tell: Callable[[str], None] = _quiet,
) -> release.Outcome:
    """End the migration, wait for the runs that may still send a call, delete what it has left, and finish the end.
    ``tell`` gets what this cleanup waits for."""
    deadline = clock.monotonic() + timeout
    nothing = _nothing_found(scope, known)
    if nothing:
        return nothing
    store = store_of(scope.clients, scope.bucket, scope.migration)
    session = store.session
    try:
        store.run(session.end())
        alive = sorted(_wait_for_drivers(store, clock, deadline, interval, tell), key=lambda owner: owner.until)
        if alive:
            return _driven(scope, known, alive)
        with _asked_first(scope.clients, lambda _action: store.run(session.refresh())):
            outcome = release.remove(scope, known, clock, max(0.0, deadline - clock.monotonic()), interval)
        if not outcome.residual:
            store.run(session.drivers())
            store.run(session.finish())
    except Stopped as stopped:
        scope.look()
        why = f"a cleanup of {stopped.host or 'another host'} has ended the migration meanwhile: it was made after that"
        return _kept_instead(scope, known, why)
    return outcome


def _nothing_found(scope: Scope, known: list[Mapping[str, Any]]) -> release.Outcome | None:
    """Return the report of a cleanup that has nothing to do, None when it has: nothing was begun since the last end,
    and nothing is left. Such a cleanup writes nothing."""
    store = store_of(scope.clients, scope.bucket, scope.migration)
    store.run(store.session.find())
    if store.session.state.ledger:
        return None
    found = release.report(scope, known)
    store.run(store.session.find())
    scope.look()
    # A run that has begun since then may have made something that the report does not show.
    if store.session.state.ledger or found.residual or found.seen.open():
        return None
    return found


def _wait_for_drivers(
    store: LedgerStore, clock: Clock, deadline: float, interval: float, tell: Callable[[str], None]
) -> list[Owner]:
    """Wait until no run may still send a call; return those that may at the timeout."""
    end = clock.now() + timedelta(seconds=deadline - clock.monotonic())
    while True:
        parent.check()
        alive = store.run(store.session.drivers())
        if not alive or clock.monotonic() + interval > deadline:
            return alive
        for owner in alive:
            tell(
                f"the cleanup waits for the run {driven_by(owner)}, which stops at its next step or at "
                f"{moment(owner.until)}. It waits until {stamp(end)} at most"
            )
        clock.sleep(interval)


def _driven(scope: Scope, known: Iterable[Mapping[str, Any]], alive: list[Owner]) -> release.Outcome:
    outcome = release.report(scope, known)
    runs = [
        {
            "kind": "run",
            "id": owner.who.id,
            "host": owner.who.host,
            "reason": f"{driven_by(owner)}: it stops at its next step, and may still have sent a call until "
            f"{moment(owner.until)}. Nothing was deleted. Run the cleanup again after that",
        }
        for owner in alive
    ]
    outcome.residual[:0] = runs
    outcome.changes = 0
    return outcome


# ---- some servers ----


def clean_servers(
    scope: Scope,
    known: list[Mapping[str, Any]],
    clock: Clock,
    timeout: float,
    interval: float,
) -> release.Outcome:
    """Claim the servers of the scope, delete what they have left, and release them. Servers that another run drives are
    kept. When nothing of the migration is left, its ledger is closed.

    What belongs to all servers stays while another run takes part, or other servers are not finished. Of cleanups that
    meet, the one that leaves last looks again: what it has seen of the others may be old, and each of those has left
    the rest to a run that was still there.
    """
    deadline = clock.monotonic() + timeout
    nothing = _nothing_found(scope, known)
    if nothing:
        return nothing
    outcome, again = _clean_once(scope, known, clock, timeout, interval)
    while again and clock.monotonic() < deadline:
        # Nothing of the servers is left: they are not claimed again.
        rest = replace(scope.others(), identities=frozenset())
        following, again = _clean_once(rest, [], clock, deadline - clock.monotonic(), interval)
        outcome.seen.load(following.seen.rows())
        outcome.residual += following.residual
        outcome.changes += following.changes
        first = [row for row in outcome.kept if row["kind"] in _OF_SERVERS and row not in following.kept]
        outcome.kept = first + following.kept
        for row in following.similar_names:
            outcome.similar(row["kind"], row["id"], row["created"], row["reason"].partition(": ")[2])
    return outcome


def _clean_once(
    scope: Scope, known: list[Mapping[str, Any]], clock: Clock, timeout: float, interval: float
) -> tuple[release.Outcome, bool]:
    """Return the outcome, and whether something has stayed although other runs, which took part, are gone by now."""
    driver = Driver(scope.clients, scope.bucket, scope.migration, restart=False)
    wanted = sorted(scope.identities or ())
    stays, last = False, False
    before: Mapping[str, int] = {}
    try:
        try:
            theirs = driver.own(wanted) if wanted else {}
            if not wanted:
                driver.join()
        except CloudError as error:
            if error.code != ENDED:
                raise
            driver.leave()
            return _clean_ended(scope, known, clock, timeout, interval, error), False
        before = driver.others()
        beside = bool(driver.others_alive())
        outcome, stays = _clean_held(scope, driver, theirs, known, clock, timeout, interval)
    finally:
        last = driver.leave()
    return outcome, stays and last and (beside or driver.others() != before)


def _clean_ended(
    scope: Scope,
    known: list[Mapping[str, Any]],
    clock: Clock,
    timeout: float,
    interval: float,
    error: CloudError,
) -> release.Outcome:
    """Delete what servers of an ended migration have left, such as sources that the sweep has kept; no run may drive
    them. While another cleanup ends the migration, or when it has begun again, everything stays."""
    store = store_of(scope.clients, scope.bucket, scope.migration)
    try:
        if not store.run(store.session.end_again()):
            return _kept_instead(scope, known, f"{error.message}. That cleanup deletes it")
        with _asked_first(scope.clients, lambda _action: store.run(store.session.refresh())):
            outcome = release.remove(scope, known, clock, timeout, interval)
        # What this cleanup could not delete is for the next one, whether that is of some servers or of all.
        store.run(store.session.finish())
    except Stopped as stopped:
        scope.look()
        why = f"a cleanup of {stopped.host or 'another host'} has ended the migration meanwhile"
        return _kept_instead(scope, known, why)
    return outcome


def _clean_held(
    scope: Scope,
    driver: Driver,
    theirs: Mapping[str, Owner],
    known: list[Mapping[str, Any]],
    clock: Clock,
    timeout: float,
    interval: float,
) -> tuple[release.Outcome, bool]:
    """Return the outcome, and whether nothing of these servers is left but something of the migration is."""
    mine = driver.held
    held = replace(scope, identities=mine, beside=partial(_beside, driver))
    hosts = {scope.hosts.get(identity, "") for identity in mine}
    alive = driver.others_alive()
    if alive:
        needed = _taking_part(alive)
        held.once_for_all("others", lambda: needed)

    def check(_action: str) -> None:
        try:
            driver.keep()
        except CloudError as error:
            if error.code == ENDED:
                raise Interrupted(f"{error.message}. That cleanup deletes it") from None
            raise
        if driver.held != mine:
            raise Interrupted("this cleanup was held up for so long that another run has taken over its servers")

    with _asked_first(scope.clients, check):
        try:
            rows = [row for row in known if row["host"] in hosts]
            outcome = release.remove(held, rows, clock, timeout, interval)
        except Interrupted as interrupted:
            held.look()
            return _kept_instead(held, known, str(interrupted)), False
    outcome.kept += [
        {"kind": "server", "id": identity, "reason": f"{driven_by(owner)}; nothing of it was deleted"}
        for identity, owner in theirs.items()
    ]
    shown = {str(row.get("ImageId")) for row in scope.clients.ens.describe_self_images()}
    if any(call == launch.NAME for _server, call in driver.calls()):
        shown |= {str(row.get("InstanceId")) for row in scope.clients.ens.describe_instances()}
    released = _released(driver, shown)
    why = _needed(held, driver, released, shown, outcome, alive)
    if not why:
        try:
            if driver.close():
                return outcome, False
            alive = driver.others_alive()
            why = _taking_part(alive) or "it was closed meanwhile"
        except CloudError as error:
            why = f"it could not be closed: {error}"
    # The next line of this run, which is its last one, tells what was released.
    driver.tell(released)
    outcome.kept.append({"kind": "ledger", "id": driver.ledger, "reason": why})
    return outcome, not outcome.residual


def _taking_part(alive: list[Owner]) -> str:
    return f"another run of this migration is {driven_by(alive[0])}" if alive else ""


def _beside(driver: Driver) -> str:
    """Return that another run takes part by now. It may have begun since this cleanup has looked for the others."""
    try:
        return _taking_part(driver.others_now())
    except CloudError as error:
        return str(error)


def _needed(
    scope: Scope,
    driver: Driver,
    released: list[Result],
    shown: set[str],
    outcome: release.Outcome,
    alive: list[Owner],
) -> str:
    """Return why the ledger has to stay in use, '' when no run needs it."""
    if alive:
        return _taking_part(alive)
    # What other servers need of codes shows below: a code that a run may be using does not keep the ledger.
    needed = [row for row in outcome.kept if row["kind"] not in ("smc_source", "smc_access_token", "ens_instance")]
    if needed:
        return str(needed[0]["reason"])
    if outcome.residual:
        return "resources of this migration are left"
    return _unfinished(scope, driver, released, shown)


def _released(driver: Driver, shown: set[str]) -> list[Result]:
    """Return the results that no run may follow any more: what they have made was deleted. An ENS image or instance
    that exists is the result of the migration."""
    return [
        Result(server, call, "error", "released")
        for (server, call), known in driver.calls().items()
        if server in driver.held
        and known.outcome == "done"
        and not (call in (ens_import.NAME, launch.NAME) and known.id in shown)
    ]


def _unfinished(scope: Scope, driver: Driver, released: list[Result], shown: set[str]) -> str:
    """Return what of the ledger the next run needs, '' for nothing: no call may still show a result, every image that
    an import has returned is listed, and no other server of the migration is unfinished."""
    gone = {(result.server, result.call) for result in released}
    unlisted = [
        key
        for key, known in driver.calls().items()
        if key not in gone and known.outcome == "done" and known.id not in shown
    ]
    if unlisted:
        return f"no service shows the result of the {unlisted[0][1]} of {unlisted[0][0]}"
    waiting = driver.open_calls()
    if waiting:
        return f"the {waiting[0].call.call} of {waiting[0].call.server} may still show a result"
    return scope.once_for_all("others", lambda: others.reason(scope, ORDER))
