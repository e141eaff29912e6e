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
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.machines import (
    CHECKS,
    Claim,
    Shown,
    owner,
    refused,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, naming

Facts = Mapping[str, Any]


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
    )


def _new(facts: Facts) -> bool:
    return "register" in (facts.get("__agent_steps") or [])


def claims(
    hosts: Sequence[str],
    hostvars: Mapping[str, Facts],
    sources: Iterable[Facts],
    migration: str = "",
    since: str = "",
    checks: Iterable[str] = CHECKS,
) -> dict[str, dict[str, Any]]:
    """Return for each host with a source why the source is not the host, or '', and how to treat the source.

    ``since`` is when the activation code of this run was created, or ''. ``keep`` is true for a source that this
    migration has not registered: it is never deleted. ``tags`` are those that the source gets, so that any later run
    knows. ``shared`` is true when another name has the same source: the client serves that one too.
    """
    shown = Shown(migration, {str(row["source_id"]): row for row in sources}, since, frozenset(checks))
    told = {host: claim_of(host, hostvars[host], migration) for host in hosts}
    # The preflight has judged the fingerprints. Which source a host is, is judged here.
    rivals = refused([*told.values()], shown)
    found = {}
    for host, claim in told.items():
        source_id = str(hostvars[host].get("agent_source_id") or "")
        if source_id not in shown.rows:
            continue
        row, rival = shown.rows[source_id], rivals.get(host)
        shared = bool(rival) or owner(row) not in ("", host[: naming.TAG_VALUE_LENGTH])
        error = _claimed(host, source_id, rival.others if rival else (owner(row),)) if shared else ""
        error = error or _changed(claim, source_id) or _misfit(row, claim, shown)
        ours = _registered(row, claim.new, since, migration)
        found[host] = {
            "error": error,
            "shared": shared,
            "keep": bool(error) or not ours,
            "tags": _tags(claim, migration, ours),
        }
    return found


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


def _registered(row: Facts, new: bool, since: str, migration: str) -> bool:
    """Return whether this migration has registered a source, in this run or in an earlier one."""
    if new and since and not_before(str(row.get("creation_time") or ""), since):
        return True
    tags = row.get("tags") or {}
    return bool(migration) and naming.KEEP_TAG not in tags and naming.same_wave(migration, tags) is True


def _tags(claim: Claim, migration: str, ours: bool) -> dict[str, str]:
    if not migration:
        return {}
    if ours:
        # Two inventories may have one name for two machines: the id tells the cleanup whose source it is.
        return {row["Key"]: row["Value"] for row in naming.tags(migration, claim.host, claim.identity)}
    return {naming.KEEP_TAG: "true"}
