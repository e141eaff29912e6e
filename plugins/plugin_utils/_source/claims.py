# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Whether the source that a host names is that host: what SMC shows of the source, compared with the probe.

SMC does not show which activation code registered a source (facts 1.5). It shows what the client reported of its host,
and when it registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import proof
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.machines import (
    CHECKS,
    Claim,
    Refused,
    Shown,
    owner,
    refused,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, naming

Facts = Mapping[str, Any]

READY: Final = ("Available", "InUse")
"""States of a source that SMC can migrate."""


def claim_of(host: str, facts: Facts, migration: str = "") -> Claim:
    """Return what a host says of itself; the source that it names after the start of the client comes first."""
    probe, new = facts.get("preflight_probe") or {}, _new(facts)
    before = [] if new else (probe.get("agent") or {}).get("source_ids") or []
    fingerprint = str(facts.get("preflight_fingerprint") or "")
    return Claim(
        host=host,
        identity=naming.migration_id(migration, host, fingerprint) if fingerprint else "",
        sources=tuple(dict.fromkeys(filter(None, [facts.get("agent_source_id"), *before]))),
        hostname=str(probe.get("hostname") or ""),
        addresses=tuple(probe.get("addresses") or ()),
        sizes=tuple(disk.bytes for disk in disks.transferred(probe)) if probe else (),
        new=new,
        since=str(facts.get("__agent_since") or ""),
    )


def _new(facts: Facts) -> bool:
    return "register" in (facts.get("__agent_steps") or [])


def claims(
    hosts: Sequence[str],
    hostvars: Mapping[str, Facts],
    answer: Facts,
    migration: str = "",
    checks: Iterable[str] = CHECKS,
    timeout: float = 0,
) -> dict[str, dict[str, Any]]:
    """Return for each host that has a source, and that SMC was asked for, what it may do with it.

    ``answer`` is the result of smc_source_info, ``timeout`` is how many seconds it was repeated. ``error`` is why the
    host cannot continue, or ''. ``source_id`` is '' if the source is not this host. ``keep`` is true for a source that
    this migration has not registered: it is never deleted. ``tags`` are those that the source does not have yet, so
    that any later run knows. ``shared`` is true when another name has the same source: the client serves that one too.
    """
    rows = {str(row["source_id"]): row for row in answer.get("sources") or []}
    shown = Shown(migration, rows, frozenset(checks))
    told = {host: claim_of(host, hostvars[host], migration) for host in hosts}
    # The preflight has judged the fingerprints. Which source a host is, is judged here.
    rivals = refused([*told.values()], shown)
    found = {}
    for host, claim in told.items():
        source_id = str(hostvars[host].get("agent_source_id") or "")
        if source_id in rows:
            ours = _registered(rows[source_id], claim, migration, _codes(hostvars[host], answer))
            found[host] = _judged(claim, rows[source_id], shown, rivals.get(host), timeout, ours)
        elif source_id and ("sources" not in answer or source_id in (answer.get("missing") or [])):
            found[host] = _verdict(source_id, _unseen(source_id, answer))
        if host in found and hostvars[host].get("agent_error"):
            # A host that takes no part in the copy leaves its source as it is.
            found[host]["tags"] = {}
    return found


def _verdict(
    source_id: str, error: str = "", shared: bool = False, keep: bool = False, tags: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {"source_id": source_id, "error": error, "shared": shared, "keep": keep, "tags": dict(tags or {})}


def _judged(
    claim: Claim, row: Facts, shown: Shown, rival: Refused | None, timeout: float, ours: bool
) -> dict[str, Any]:
    source_id, migration = str(row["source_id"]), shown.migration
    shared = bool(rival) or owner(row) not in ("", claim.host[: naming.TAG_VALUE_LENGTH])
    error = _claimed(claim.host, source_id, rival.others if rival else (owner(row),)) if shared else ""
    error = error or _changed(claim, source_id) or _misfit(row, claim, shown)
    if error:
        return _verdict("", error, shared, keep=True)
    if row.get("state") not in READY:
        return _verdict(source_id, _late(row, timeout), keep=not ours)
    tags, there = _tags(claim, migration, ours), row.get("tags") or {}
    # The tags of another migration prove to its cleanup that it has registered the source.
    known = tags == there or (not ours and bool({naming.KEEP_TAG, naming.WAVE_TAG} & set(there)))
    return _verdict(source_id, keep=not ours, tags={} if known else tags)


def _unseen(source_id: str, answer: Facts) -> str:
    if "sources" not in answer:
        return str(answer.get("msg") or "SMC did not answer")
    return (
        f"SMC does not know source {source_id} in this account: the client was registered elsewhere, or the source was "
        "deleted. If nothing runs through it, set agent_force: true for this host"
    )


def _late(row: Facts, timeout: float) -> str:
    reason = str(row.get("state_info") or "")
    return f"source {row['source_id']} is {row.get('state')} after {timeout:g} s {reason}".rstrip()


def _claimed(host: str, source_id: str, others: Sequence[str]) -> str:
    return (
        f"source {source_id} is claimed by {host} and by {', '.join(others)}. Remove the SMC client from the hosts "
        "that it does not belong to, and give a cloned machine its own machine-id"
    )


def _changed(claim: Claim, source_id: str) -> str:
    """Return that a host names another source than before, or ''."""
    if claim.new or len(claim.sources) < 2:
        return ""
    return (
        f"the host named source {claim.sources[1]} in the preflight and source {source_id} afterwards. Find out what "
        "changes its answers, and run the preflight again"
    )


def _misfit(row: Facts, claim: Claim, shown: Shown) -> str:
    """Return how the source differs from the probe of the host that names it, or ''."""
    problems = shown.misfits(row, claim)
    if not problems:
        return ""
    return (
        f"source {row['source_id']} is not this host: {'; '.join(problems)}. Compare them in the SMC console. If the "
        "host changed since it registered, set agent_force: true for it"
    )


def _codes(facts: Facts, answer: Facts) -> list[Facts]:
    """Return the activation codes of the migration, as SMC lists them, with which this collection has started the
    client of a host, as the host has recorded. Only such a host knows their ids."""
    agent = (facts.get("preflight_probe") or {}).get("agent") or {}
    noted = agent.get("code_ids") or [] if agent.get("ours") else []
    return [code for code in answer.get("codes") or [] if code["id"] in noted]


def _registered(row: Facts, claim: Claim, migration: str, codes: Sequence[Facts]) -> bool:
    """Return whether this migration has registered a source, in this run or in an earlier one. If the earlier one was
    killed before it tagged the source, the codes of the host show it, for as long as a run may use a code."""
    created, tags = str(row.get("creation_time") or ""), row.get("tags") or {}
    if claim.new and claim.since and not_before(created, claim.since):
        return True
    if not migration or naming.KEEP_TAG in tags:
        return False
    named = naming.same_wave(migration, tags)
    if named is not None:
        return named
    return any(proof.registered_with(code, created) for code in codes)


def _tags(claim: Claim, migration: str, ours: bool) -> dict[str, str]:
    if not migration:
        return {}
    if ours:
        # Two inventories may have one name for two machines: the id tells the cleanup whose source it is.
        return {row["Key"]: row["Value"] for row in naming.tags(migration, claim.host, claim.identity)}
    return {naming.KEEP_TAG: migration[: naming.TAG_VALUE_LENGTH]}
