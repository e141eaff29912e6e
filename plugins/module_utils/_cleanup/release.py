# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Release: delete the leftover resources of a migration, kind by kind, and verify each deletion by a describe call."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import ResourcesSeen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.ecs import PROTECTED
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp

from . import others
from .ens import kept_instances
from .order import ORDER
from .smc import kept, quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock

    from .scope import Found, Kind, Scope

_FINAL = ("Forbidden", "NoPermission", "AccessDenied", "NotOurs", PROTECTED)
"""Error codes with these prefixes are final: waiting does not help."""

_HELD = "it belongs to an image that ENS is still importing"


@dataclass
class Outcome:
    """The result of a cleanup: every resource with its proof, what is left with the reason, and the resources that only
    have a similar name and are never deleted."""

    seen: ResourcesSeen = field(default_factory=ResourcesSeen)
    residual: list[dict[str, Any]] = field(default_factory=list)
    similar_names: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    """What stays for a reason that is no failure: shared resources that other servers of the migration need, sources
    that the caller keeps or that the migration has not registered, codes that a run may need. Each with the reason."""
    changes: int = 0
    """How many deletions were requested; in a report, how many would be."""

    def similar(self, kind: str, identity: str, created: str, reason: str) -> None:
        """Add a resource with a similar name, once."""
        row = {"kind": kind, "id": identity, "created": created, "reason": f"similar name, not deleted: {reason}"}
        if row not in self.similar_names:
            self.similar_names.append(row)


def report(scope: Scope, known: Iterable[Mapping[str, Any]]) -> Outcome:
    """Return the leftover resources without changing anything."""
    outcome = _start(scope, known)
    for kind in ORDER:
        for item in _find(scope, kind, outcome):
            outcome.seen.saw(kind.name, item.id, _host(scope, item), item.created)
            outcome.residual.append(_residual(kind, item.id, _host(scope, item), item.busy or "it exists"))
            outcome.changes += not item.busy
    outcome.kept += kept(scope) + kept_instances(scope)
    return outcome


def remove(scope: Scope, known: Iterable[Mapping[str, Any]], clock: Clock, timeout: float, interval: float) -> Outcome:
    """Delete the leftover resources and return the proofs. What is left after ``timeout`` seconds is residual."""
    deadline = clock.monotonic() + timeout
    stopped = quiet(scope, clock, deadline, interval)
    outcome = _start(scope, known)
    outcome.changes += stopped
    plan = [(kind, [] if kind.late else _find(scope, kind, outcome)) for kind in ORDER]
    # While ENS imports an image, its objects stay.
    held = {item.identity for _kind, items in plan for item in items if item.busy}
    for kind, early in plan:
        if kind.late:
            scope.look()
        items = _find(scope, kind, outcome) if kind.late else early
        if kind.shared and items and (needed := scope.beside()):
            outcome.kept += [{"kind": kind.name, "id": item.id, "reason": needed} for item in items]
            items = []
        items = [replace(item, busy=item.busy or _HELD) if item.identity in held else item for item in items]
        for item in items:
            outcome.seen.saw(kind.name, item.id, _host(scope, item), item.created)
        _remove_kind(scope, kind, items, outcome, clock, deadline, interval)
    outcome.kept += kept(scope) + kept_instances(scope)
    return outcome


def _start(scope: Scope, known: Iterable[Mapping[str, Any]]) -> Outcome:
    """Return an outcome with the resources of an earlier result. Raises when the jobs cannot be listed: they decide
    which other resources belong to the migration."""
    scope.jobs()
    outcome = Outcome()
    scope.listed = list(known)
    outcome.seen.load(row for row in scope.listed if row["id"] not in scope.keep_sources)
    return outcome


def _find(scope: Scope, kind: Kind, outcome: Outcome) -> list[Found]:
    """Return the resources of one kind that may be deleted. Those of a migration with the same wave id are only
    reported. A kind that cannot be listed is residual; the other kinds are handled nevertheless."""
    try:
        found = kind.find(scope)
    except CloudError as error:
        scope.unseen.add(kind.name)
        outcome.residual.append(_residual(kind, "", "", f"it could not be listed: {error}. {error.hint}".strip()))
        return []
    ours = []
    for item in found:
        foreign = item.foreign or scope.foreign(item.identity)
        if foreign:
            outcome.similar(kind.name, item.id, item.created, foreign)
        else:
            ours.append(item)
    if kind.shared and ours:
        needed = scope.once_for_all("others", lambda: others.reason(scope, ORDER))
        if needed:
            outcome.kept += [{"kind": kind.name, "id": item.id, "reason": needed} for item in ours]
            return []
    return ours


def _noted(scope: Scope, kind: Kind, outcome: Outcome) -> set[str]:
    """Return the ids of one kind that an earlier result lists without a proof. ``Kind.find`` does not list them when
    their job or image is deleted. An ENS image that it does not list is the result of the migration."""
    if kind.name in ("ens_image", "ens_instance") or (kind.name == "smc_source" and not scope.delete_sources):
        return set()
    open_ids = {row["id"] for row in outcome.seen.open() if row["kind"] == kind.name}
    return open_ids - scope.refused.get(kind.name, set())


def _host(scope: Scope, item: Found) -> str:
    return scope.hosts.get(item.identity, "")


def _residual(kind: Kind, identity: str, host: str, reason: str) -> dict[str, Any]:
    return {"kind": kind.name, "id": identity, "host": host, "reason": reason}


def _remove_kind(
    scope: Scope, kind: Kind, items: list[Found], outcome: Outcome, clock: Clock, deadline: float, interval: float
) -> None:
    """Delete the resources of one kind; repeat while one is busy, until none is listed or the deadline passes."""
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
        for identity, refusal in _delete_all(scope, kind, sorted(ready)):
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
        when = stamp(clock.now())
        for identity in sorted(open_ids - shown):
            outcome.seen.gone(kind.name, identity, when, f"{kind.call} at {when} does not list {identity}")
        open_ids &= shown
        if not open_ids - final or clock.monotonic() + interval > deadline:
            break
        clock.sleep(interval)
    hosts = {row["id"]: row["host"] for row in outcome.seen.rows()}
    scope.left |= open_ids
    for identity in sorted(open_ids | set(waiting)):
        reason = reasons.get(identity) or f"{kind.call} still lists it"
        outcome.residual.append(_residual(kind, identity, hosts.get(identity, ""), reason))


def _remaining(scope: Scope, kind: Kind, ids: set[str], reasons: dict[str, str]) -> set[str]:
    """Return the ids that are still listed; all ids, with the reason, when the deletion cannot be verified."""
    try:
        return kind.remaining(scope, sorted(ids))
    except CloudError as error:
        for identity in ids:
            reasons[identity] = reasons.get(identity) or f"the deletion could not be verified: {error}"
        return ids


def _delete_all(scope: Scope, kind: Kind, ids: list[str]) -> list[tuple[str, CloudError | None]]:
    """Request deletions, several at the same time; return with each id why it was refused, or None. A resource that is
    gone already is a success."""
    resource = kind.resource
    if resource.send_all and len(ids) > 1:
        try:
            for identity in ids:
                kind.admit(scope, identity)
            resource.send_all(scope.clients, ids)
            return [(identity, None) for identity in ids]
        except CloudError:
            # One by one each gets its own answer.
            pass
    looked = None
    if resource.look and len(ids) > 1:
        with suppress(CloudError):
            looked = resource.look(scope.clients, ids)

    def delete(identity: str) -> tuple[str, CloudError | None]:
        try:
            kind.delete(scope, identity, looked)
        except CloudError as error:
            return identity, error
        return identity, None

    return scope.clients.pool.each(delete, ids)
