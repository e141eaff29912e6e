# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover resources in SMC: replication jobs, sources, activation codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import smc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import (
    ACCESS_TOKEN as ACCESS_TOKEN_ROW,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import (
    SOURCE as SOURCE_ROW,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

from . import ecs, proof
from .scope import Found, Kind, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock

_USED = (
    "it costs nothing and was kept: nothing shows that this migration has registered it (tag edgelift:keep). Delete it "
    "in the SMC console if nothing uses it"
)
_UNCLAIMED = (
    "it costs nothing and was kept: it has no tag of a migration, and it was registered while activation codes of this "
    "migration were valid ({}). A run that was killed may have registered it, or another user of SMC. Delete it in the "
    "SMC console if it is a server of this migration and is not to be migrated"
)
_IN_USE = (
    "it costs nothing and was kept: it is not older than 30 minutes, and a run may be registering servers with it. "
    "That run deletes it at its end, otherwise a later cleanup or cleanup.yml"
)
_SHOWS = (
    "it costs nothing and was kept: the next run needs it to see whether this migration has registered {}. Run "
    "migrate.yml for the servers of these sources, or run cleanup.yml"
)
_KEPT = (
    "it costs nothing and was kept, because its client may still run (cleanup_delete_sources: false). Run migrate.yml "
    "with --tags cleanup, which removes the client and deletes the source"
)


def quiet(scope: Scope, clock: Clock, deadline: float, interval: float) -> int:
    """Stop the Running jobs of this scope and wait until none is Running; return how many were stopped. A running job
    creates instances and images while the cleanup lists them. A job that cannot be stopped is not waited for: its
    deletion reports the reason."""
    stopped: set[str] = set()
    refused: set[str] = set()
    while True:
        running = [job for job in scope.jobs() if job.get("Status") == "Running" and job["JobId"] not in refused]
        for job in running:
            if job.get("BusinessStatus") == "Syncing":
                try:
                    smc.stop_job(scope.clients, job["JobId"])
                    stopped.add(job["JobId"])
                except CloudError:
                    refused.add(job["JobId"])
        if not running or clock.monotonic() + interval > deadline:
            return len(stopped)
        clock.sleep(interval)
        scope.look()


def _find_jobs(scope: Scope) -> list[Found]:
    return [
        Found(job["JobId"], scope.owner(job["Name"]) or "", job.get("CreationTime", ""), foreign=scope.doubt(job))
        for job in scope.named_jobs()
    ]


def _mark(scope: Scope, identity: str) -> None:
    for job in scope.jobs():
        if job["JobId"] == identity:
            ecs.mark(scope, job)


def kept(scope: Scope) -> list[dict[str, str]]:
    """Return the sources and activation codes that stay, each with the reason and with what deletes it."""
    return [
        {"kind": kind, "id": identity, "reason": reason}
        for kind, ask in ((smc.SOURCE.name, _kept_sources), (smc.ACCESS_TOKEN.name, _kept_codes))
        for identity, reason in _listed(scope, ask).items()
    ]


def _listed(scope: Scope, ask: Callable[[Scope], dict[str, str]]) -> dict[str, str]:
    try:
        return ask(scope)
    except CloudError as error:
        return {"": f"they could not be listed: {error}"}


def _kept_sources(scope: Scope) -> dict[str, str]:
    """Return the sources that the migration may have registered, those that it has used and not registered, and those
    that this cleanup was asked to keep."""
    asked = [] if scope.delete_sources else [item.id for item in _sources(scope) if not item.foreign]
    return {**_unclaimed(scope), **_used(scope), **dict.fromkeys(asked, _KEPT)}


def _kept_codes(scope: Scope) -> dict[str, str]:
    codes = [] if scope.whole else _our_codes(scope)
    return {code["id"]: why for code in codes if (why := _needed(scope, code))}


def _used(scope: Scope) -> dict[str, str]:
    """Return the sources that the servers in scope have used and the migration has not registered, each with the
    reason. A cleanup of some servers gets the sources to keep; one of them without the tag is not returned."""
    tags = [{"Key": naming.KEEP_TAG, "Value": scope.migration[: naming.TAG_VALUE_LENGTH]}]
    rows = scope.clients.smc.describe_source_servers(tags=tags) if scope.whole or any(scope.keep_sources) else ()
    return {row["SourceId"]: _USED for row in rows if scope.whole or row["SourceId"] in scope.keep_sources}


def _unclaimed(scope: Scope) -> dict[str, str]:
    """Return the sources without tags of a migration that this one may have registered, each with the reason. A source
    that a proven job copies or that this cleanup deletes is not among them."""
    known = {job["SourceId"] for job in scope.known_jobs()} | scope.proven.get(smc.SOURCE.name, set())
    young = {code["id"] for code in _used_codes(scope) if not scope.whole and _young(scope, code)}
    return {
        source: _UNCLAIMED.format(", ".join(codes))
        for source, codes in _proofs(scope).items()
        if source not in known and not young.issuperset(codes)
    }


def _used_codes(scope: Scope) -> list[Facts]:
    """Return the activation codes that have registered servers, as they were before this cleanup deleted codes."""
    return scope.once_for_all("used codes", lambda: [code for code in _our_codes(scope) if code["registered_count"]])


def _proofs(scope: Scope) -> dict[str, list[str]]:
    """Return by source id the activation codes that alone show who may have registered it (proof.unclaimed)."""

    def ask() -> dict[str, list[str]]:
        codes = _used_codes(scope)
        return proof.unclaimed(codes, [*scope.clients.smc.describe_source_servers()] if codes else ())

    return scope.once_for_all("unclaimed", ask)


def _find_sources(scope: Scope) -> list[Found]:
    return _sources(scope) if scope.delete_sources else []


def _tagged_sources(scope: Scope) -> dict[str, tuple[Row, str]]:
    """Return by id the sources whose tags name this migration and a server in scope, each with its migration id. One
    question finds those of all servers, also of those whose host no longer has a client."""
    by_host = {host[: naming.TAG_VALUE_LENGTH]: identity for identity, host in scope.hosts.items()}
    found: dict[str, tuple[Row, str]] = {}
    for row in scope.once("sources", lambda: scope.clients.smc.describe_source_servers(tags=scope.tags())):
        tags = SOURCE_ROW.value(row, "tags")
        identity = tags.get(naming.SERVER_TAG) or by_host.get(tags.get(naming.HOST_TAG, ""), "")
        owner = scope.admits(identity) or ""
        if proof.names_migration(scope.migration, tags) and (owner or (scope.whole and not identity)):
            found[row["SourceId"]] = (row, owner)
    return found


def _sources(scope: Scope) -> list[Found]:
    by_job = {job["SourceId"]: scope.owner(job["Name"]) or "" for job in scope.known_jobs()}
    by_tag = _tagged_sources(scope)
    owners = {source: owner for source, owner in scope.source_ids.items() if scope.admits(owner)}
    owners |= {source: owner for source, (_row, owner) in by_tag.items()} | by_job
    # A source whose client this collection did not install is not deleted (law 7).
    wanted = [source for source in owners if source not in scope.keep_sources]
    unlisted = [source for source in wanted if source not in by_tag]
    rows: list[Row] = [*scope.clients.smc.describe_source_servers(source_ids=unlisted)]
    rows += [row for source, (row, _owner) in by_tag.items() if source in wanted]
    tagged = {row["SourceId"]: proof.names_migration(scope.migration, SOURCE_ROW.value(row, "tags")) for row in rows}
    codes = [] if all(tagged.values()) else _our_codes(scope)
    elsewhere = scope.other_jobs("SourceId")
    others = {job["SourceId"]: job["JobId"] for job in scope.migration_jobs() if not scope.owner(job["Name"])}

    def doubt(row: Row) -> str:
        tags = SOURCE_ROW.value(row, "tags")
        if naming.KEEP_TAG in tags or naming.same_wave(scope.migration, tags) is False:
            return "its tags show that this migration has not registered it"
        if row["SourceId"] in elsewhere:
            return f"SMC job {elsewhere[row['SourceId']]}, which is not of this migration, copies it"
        if row["SourceId"] in others:
            return f"SMC job {others[row['SourceId']]}, which is of another server of this migration, copies it"
        if tagged[row["SourceId"]] or any(proof.registered_with(code, row.get("CreationTime", "")) for code in codes):
            return ""
        return "it has no tag of this migration, and none of its activation codes is at most 30 minutes older"

    return [
        Found(row["SourceId"], owners[row["SourceId"]], row.get("CreationTime", ""), foreign=doubt(row)) for row in rows
    ]


def _codes(scope: Scope) -> list[tuple[Row, str]]:
    """Return the activation codes with the name that this migration gives, each with why it is not ours, or ''."""
    named = scope.once("codes", lambda: smc.named_tokens(scope.clients, naming.token_name(scope.migration)))
    expected = naming.description(scope.migration)
    return [
        (row, "" if row.get("Description") == expected else f"its description is {row.get('Description') or ''!r}")
        for row in named
    ]


def _our_codes(scope: Scope) -> list[Facts]:
    """Return the activation codes of the migration."""
    return [ACCESS_TOKEN_ROW.facts(row) for row, doubt in _codes(scope) if not doubt]


def _find_tokens(scope: Scope) -> list[Found]:
    """Return the activation codes of the migration; for some servers of it only those that no run needs."""
    wave = naming.wave_id(scope.migration)
    # What the codes show is read before they are deleted.
    _proofs(scope)
    return [
        Found(row["AccessTokenId"], wave, row.get("CreationTime", ""), foreign=doubt)
        for row, doubt in _codes(scope)
        if not _needed(scope, ACCESS_TOKEN_ROW.facts(row))
    ]


def _needed(scope: Scope, code: Facts) -> str:
    """Return why an activation code stays in a cleanup of some servers, '' if it may go: a code that is used up or
    expired, or that of a run that must have registered its servers by now. A code that may have registered an untagged
    source of another server shows the next run of that server whose source it is."""
    if scope.whole:
        return ""
    shown = [source for source, ids in _proofs(scope).items() if code["id"] in ids and source not in scope.source_ids]
    return _SHOWS.format(", ".join(shown)) if shown else _IN_USE if _in_use(scope, code) else ""


def _in_use(scope: Scope, code: Facts) -> bool:
    """Return whether a run may be registering servers with a code."""
    return smc.usable_token(code) and _young(scope, code)


def _young(scope: Scope, code: Facts) -> bool:
    """Return whether the run that made a code may still be busy with it, by the time of the services."""
    made, now = moment(code["creation_time"]), scope.clients.oss(scope.bucket).clock.now()
    return not made or not now or now <= made.timestamp() + limits.CODE_IN_USE_SECONDS


JOB = Kind(smc.JOB, _find_jobs, before=_mark)
SOURCE = Kind(smc.SOURCE, _find_sources, by_server=True)
ACCESS_TOKEN = Kind(smc.ACCESS_TOKEN, _find_tokens, shared=True)
