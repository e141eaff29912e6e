# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Release: delete what a migration left, kind by kind, and prove by a describe call that it is gone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._errors import CloudError, is_gone
from ansible_collections.edgelift.ens_migration.plugins.module_utils._leftovers.order import ORDER
from ansible_collections.edgelift.ens_migration.plugins.module_utils._leftovers.smc import quiet
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages._model import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._fleet import Clock
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._leftovers.scope import Found, Kind, Scope

INTERMEDIATE_NAME = "No_Delete_SMC_Transition_Instance"
"""Every intermediate instance on earth bears this name, so it proves nothing."""

_HELD = "it belongs to an image that ENS is still importing"


@dataclass
class Outcome:
    """What a cleanup found and did: every resource with its proof, and what is still there with the reason."""

    ledger: Ledger = field(default_factory=Ledger)
    residual: list[dict[str, Any]] = field(default_factory=list)
    lookalikes: list[str] = field(default_factory=list)
    found: int = 0


def report(scope: Scope, known: Iterable[Mapping[str, Any]]) -> Outcome:
    """Return what is there, without touching anything."""
    outcome = _start(known)
    for kind in ORDER:
        for item in kind.find(scope):
            outcome.ledger.saw(kind.name, item.id, _host(scope, item), item.created)
            outcome.residual.append(_residual(kind, item.id, _host(scope, item), item.busy or "it is there"))
    outcome.found = len(outcome.residual)
    outcome.lookalikes = lookalikes(scope)
    return outcome


def remove(scope: Scope, known: Iterable[Mapping[str, Any]], clock: Clock, timeout: float, interval: float) -> Outcome:
    """Delete what is there and return the proofs; what ``timeout`` seconds did not suffice for is residual."""
    outcome = _start(known)
    deadline = clock.monotonic() + timeout
    quiet(scope, clock, deadline, interval)
    plan = [(kind, kind.find(scope)) for kind in ORDER]
    # The objects of an image that ENS still reads, and all that leads to them, stay until it has ended.
    held = {item.identity for _kind, items in plan for item in items if item.busy}
    for kind, early in plan:
        items = _again(scope, kind, early) if kind.late else early
        items = [replace(item, busy=item.busy or _HELD) if item.identity in held else item for item in items]
        for item in items:
            outcome.ledger.saw(kind.name, item.id, _host(scope, item), item.created)
        outcome.found += len(items)
        _remove_kind(scope, kind, items, outcome, clock, deadline, interval)
    scope.look()
    outcome.lookalikes = lookalikes(scope)
    return outcome


def _again(scope: Scope, kind: Kind, early: list[Found]) -> list[Found]:
    scope.look()
    known = {item.id for item in early}
    return early + [item for item in kind.find(scope) if item.id not in known]


def lookalikes(scope: Scope) -> list[str]:
    """Return instances that bear the name of every intermediate instance and hang on no job of ours: never deleted."""
    ours = {job.get("TransitionInstanceId") for job in scope.jobs()}
    shown = scope.clients.ecs.describe_instances(name=INTERMEDIATE_NAME)
    return [row["InstanceId"] for row in shown if row["InstanceId"] not in ours]


def _start(known: Iterable[Mapping[str, Any]]) -> Outcome:
    outcome = Outcome()
    outcome.ledger.load(known)
    return outcome


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
    noted = {row["id"] for row in outcome.ledger.open() if row["kind"] == kind.name} - open_ids - set(waiting)
    open_ids |= noted
    patient = noted | {item.id for item in items if item.released} if kind.grace else set()
    asked: set[str] = set()
    reasons: dict[str, str] = {identity: item.busy for identity, item in waiting.items()}
    by_hand = clock.monotonic() + kind.grace
    while open_ids:
        ready = open_ids - asked - (patient if clock.monotonic() < by_hand else set())
        for identity in sorted(ready):
            reasons[identity] = _delete(scope, kind, identity)
            if not reasons[identity]:
                asked.add(identity)
        scope.look()
        shown = kind.remaining(scope, sorted(open_ids))
        when = clock.now().astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for identity in sorted(open_ids - shown):
            outcome.ledger.gone(kind.name, identity, when, f"{kind.call} at {when} does not list {identity}")
        open_ids &= shown
        if not open_ids or clock.monotonic() + interval > deadline:
            break
        clock.sleep(interval)
    hosts = {row["id"]: row["host"] for row in outcome.ledger.rows()}
    for identity in sorted(open_ids | set(waiting)):
        reason = reasons.get(identity) or f"{kind.call} still lists it"
        outcome.residual.append(_residual(kind, identity, hosts.get(identity, ""), reason))


def _delete(scope: Scope, kind: Kind, identity: str) -> str:
    """Ask for one deletion; return why it was not accepted, or ''. A thing that is gone already is a success."""
    try:
        kind.delete(scope, identity)
    except CloudError as error:
        return "" if is_gone(error.code) else f"{error}. {error.hint}".strip()
    return ""
