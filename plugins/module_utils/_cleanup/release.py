# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Release: delete what a migration left, kind by kind, and prove by a describe call that it is gone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, is_gone
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Ledger

from . import notes
from .order import ORDER
from .smc import quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Clock

    from .scope import Found, Kind, Scope

INTERMEDIATE_NAME = "No_Delete_SMC_Transition_Instance"
"""Every intermediate instance on earth bears this name, so it proves nothing."""

_FINAL = ("Forbidden", "NoPermission", "AccessDenied", "Network.NotOurs")
"""What begins so is refused for a reason that does not pass while one waits."""

_HELD = "it belongs to an image that ENS is still importing"


@dataclass
class Outcome:
    """What a cleanup found and did: every resource with its proof, and what is still there with the reason."""

    ledger: Ledger = field(default_factory=Ledger)
    residual: list[dict[str, Any]] = field(default_factory=list)
    lookalikes: list[str] = field(default_factory=list)
    changes: int = 0
    """How much was, or in a report would be, asked to go."""


def report(scope: Scope, known: Iterable[Mapping[str, Any]]) -> Outcome:
    """Return what is there, without touching anything."""
    outcome = _start(scope, known)
    for kind in ORDER:
        for item in _find(scope, kind, outcome):
            outcome.ledger.saw(kind.name, item.id, _host(scope, item), item.created)
            outcome.residual.append(_residual(kind, item.id, _host(scope, item), item.busy or "it is there"))
            outcome.changes += not item.busy
    return outcome


def remove(scope: Scope, known: Iterable[Mapping[str, Any]], clock: Clock, timeout: float, interval: float) -> Outcome:
    """Delete what is there and return the proofs; what ``timeout`` seconds did not suffice for is residual."""
    deadline = clock.monotonic() + timeout
    stopped = quiet(scope, clock, deadline, interval)
    outcome = _start(scope, known)
    outcome.changes += stopped
    plan = [(kind, [] if kind.late else _find(scope, kind, outcome)) for kind in ORDER]
    # The objects of an image that ENS still reads, and all that leads to them, stay until it has ended.
    held = {item.identity for _kind, items in plan for item in items if item.busy}
    for kind, early in plan:
        if kind.late:
            scope.look()
        items = _find(scope, kind, outcome) if kind.late else early
        items = [replace(item, busy=item.busy or _HELD) if item.identity in held else item for item in items]
        for item in items:
            outcome.ledger.saw(kind.name, item.id, _host(scope, item), item.created)
        _remove_kind(scope, kind, items, outcome, clock, deadline, interval)
    return outcome


def _start(scope: Scope, known: Iterable[Mapping[str, Any]]) -> Outcome:
    """Return an outcome that knows what an earlier result has listed. The jobs are what everything hangs on: where they
    cannot be listed, this raises."""
    scope.jobs()
    outcome = Outcome()
    outcome.ledger.load(row for row in known if row["id"] not in scope.keep_sources)
    with suppress(CloudError):
        # Where instances cannot be listed, the search for ours says so.
        outcome.lookalikes = _lookalikes(scope)
    return outcome


def _lookalikes(scope: Scope) -> list[str]:
    """Return instances that bear the name of every intermediate instance and are none of ours: never deleted."""
    ours = {job.get("TransitionInstanceId") for job in scope.jobs()} | set(notes.owners(scope, "ecs_instance"))
    shown = scope.clients.ecs.describe_instances(name=INTERMEDIATE_NAME)
    return [row["InstanceId"] for row in shown if row["InstanceId"] not in ours]


def _find(scope: Scope, kind: Kind, outcome: Outcome) -> list[Found]:
    """Return what is there of one kind. A kind that cannot be looked for is residual, and does not keep the others."""
    try:
        return kind.find(scope)
    except CloudError as error:
        scope.unseen.add(kind.name)
        outcome.residual.append(_residual(kind, "", "", f"it could not be looked for: {error}. {error.hint}".strip()))
        return []


def _noted(scope: Scope, kind: Kind, outcome: Outcome) -> set[str]:
    """Return the ids of one kind that an earlier result has listed and nothing has shown to be gone. The look of today
    need not find them: their job or image may be gone. An ENS image that it does not find is the wave's result."""
    if kind.name == "ens_image" or (kind.name == "smc_source" and not scope.delete_sources):
        return set()
    return {row["id"] for row in outcome.ledger.open() if row["kind"] == kind.name}


def _host(scope: Scope, item: Found) -> str:
    return scope.hosts.get(item.identity, "")


def _residual(kind: Kind, identity: str, host: str, reason: str) -> dict[str, Any]:
    return {"kind": kind.name, "id": identity, "host": host, "reason": reason}


def _remove_kind(
    scope: Scope, kind: Kind, items: list[Found], outcome: Outcome, clock: Clock, deadline: float, interval: float
) -> None:
    """Delete the things of one kind, asking again while one is busy, until none is shown or time is up."""
    waiting = {item.id: item for item in items if item.busy}
    open_ids = {item.id for item in items if not item.busy}
    noted = _noted(scope, kind, outcome) - open_ids - set(waiting)
    open_ids |= noted
    patient = noted | {item.id for item in items if item.released} if kind.grace else set()
    asked: set[str] = set()
    final: set[str] = set()
    reasons: dict[str, str] = {identity: item.busy for identity, item in waiting.items()}
    by_hand = clock.monotonic() + kind.grace
    while open_ids:
        ready = open_ids - asked - final - (patient if clock.monotonic() < by_hand else set())
        for identity in sorted(ready):
            refusal = _delete(scope, kind, identity)
            if refusal is None:
                asked.add(identity)
                reasons.pop(identity, None)
                outcome.changes += 1
                continue
            reasons[identity] = f"{refusal}. {refusal.hint}".strip()
            if refusal.code.startswith(_FINAL):
                final.add(identity)
        scope.look()
        shown = _remaining(scope, kind, open_ids, reasons)
        when = clock.now().astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for identity in sorted(open_ids - shown):
            outcome.ledger.gone(kind.name, identity, when, f"{kind.call} at {when} does not list {identity}")
        open_ids &= shown
        if not open_ids - final or clock.monotonic() + interval > deadline:
            break
        clock.sleep(interval)
    hosts = {row["id"]: row["host"] for row in outcome.ledger.rows()}
    scope.left |= open_ids
    for identity in sorted(open_ids | set(waiting)):
        reason = reasons.get(identity) or f"{kind.call} still lists it"
        outcome.residual.append(_residual(kind, identity, hosts.get(identity, ""), reason))


def _remaining(scope: Scope, kind: Kind, ids: set[str], reasons: dict[str, str]) -> set[str]:
    """Return which ids are still shown; all of them, with the reason, where nobody can tell."""
    try:
        return kind.remaining(scope, sorted(ids))
    except CloudError as error:
        for identity in ids:
            reasons[identity] = reasons.get(identity) or f"nobody can tell whether it is gone: {error}"
        return ids


def _delete(scope: Scope, kind: Kind, identity: str) -> CloudError | None:
    """Ask for one deletion; return why it was not accepted, or None. A thing that is gone already is a success."""
    try:
        kind.delete(scope, identity)
    except CloudError as error:
        return None if is_gone(error.code) else error
    return None
