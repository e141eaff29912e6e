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

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, limits, naming

Facts = Mapping[str, Any]


def _hostname(row: Facts, probe: Facts) -> str:
    shown, ours = str(row.get("hostname") or ""), str(probe.get("hostname") or "")
    if not shown or shown.partition(".")[0].lower() == ours.partition(".")[0].lower():
        return ""
    return f"SMC shows the host name {shown!r}, the host has {ours!r}"


def _address(row: Facts, probe: Facts) -> str:
    shown, ours = str(row.get("ipv4") or ""), list(probe.get("addresses") or [])
    if not shown or not ours or shown in ours:
        return ""
    return f"SMC shows the address {shown!r}, the host has {', '.join(ours[:8])}"


def _disks(row: Facts, probe: Facts) -> str:
    """Sizes may differ by rounding, or by a GB of 10^9 bytes."""
    data = sorted(row.get("data_disks") or [], key=lambda disk: int(disk["index"]))
    shown = [int(row.get("system_disk_size") or 0), *(int(disk["size"] or 0) for disk in data)]
    ours = [limits.gib(disk.bytes) for disk in disks.transferred(probe)]
    near = [not theirs or abs(theirs - mine) <= max(1, mine / 10) for theirs, mine in zip(shown, ours, strict=False)]
    if not shown[0] or not ours or (len(shown) == len(ours) and all(near)):
        return ""
    return f"SMC shows disks of {_sizes(shown)} GiB, the host has {_sizes(ours)} GiB"


def _sizes(sizes: Iterable[int]) -> str:
    return ", ".join(map(str, sizes))


_FITS: Final[Mapping[str, Callable[[Facts, Facts], str]]] = {
    "hostname": _hostname,
    "address": _address,
    "disks": _disks,
}
CHECKS: Final = (*_FITS, "time")
"""What can be compared."""


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
    rows = {str(row["source_id"]): row for row in sources}
    named: dict[str, list[str]] = defaultdict(list)
    for host in hosts:
        for source_id in _named(hostvars[host]):
            named[source_id].append(host)
    found = {}
    for host in hosts:
        facts = hostvars[host]
        source_id = str(facts.get("agent_source_id") or "")
        if source_id and source_id in rows:
            new = "register" in (facts.get("__agent_steps") or [])
            row = rows[source_id]
            shared = _contradiction(host, facts, row, new, named[source_id])
            error = shared or _misfit(row, facts, new, since, checks)
            ours = _registered(row, new, since, migration)
            found[host] = {
                "error": error,
                "shared": bool(shared),
                "keep": bool(error) or not ours,
                "tags": _tags(host, str(facts.get("preflight_fingerprint") or ""), migration, ours),
            }
    return found


def _named(facts: Facts) -> list[str]:
    """Return the sources that a host names, at the probe and at the start of the client."""
    agent = (facts.get("preflight_probe") or {}).get("agent") or {}
    before = [] if "register" in (facts.get("__agent_steps") or []) else agent.get("source_ids") or []
    return list(dict.fromkeys(filter(None, [facts.get("agent_source_id"), *before])))


def _contradiction(host: str, facts: Facts, row: Facts, new: bool, claimants: Sequence[str]) -> str:
    """Return which other host or source is a candidate too, or ''. A host that a migration has put into the tags of a
    source has no other candidate: whoever else names the source harms only itself."""
    source_id = facts["agent_source_id"]
    owner, own = (row.get("tags") or {}).get(naming.HOST_TAG, ""), host[: naming.TAG_VALUE_LENGTH]
    others = [owner] if owner else [name for name in claimants if name != host]
    others = [name for name in others if name != own]
    if others:
        return (
            f"source {source_id} is claimed by {host} and by {', '.join(others)}. Remove the SMC client from the hosts "
            "that it does not belong to, and give a cloned machine its own machine-id"
        )
    candidates = _named(facts)
    if not new and len(candidates) > 1:
        return (
            f"the host named source {candidates[1]} in the preflight and source {source_id} afterwards. Find out what "
            "changes its answers, and run the preflight again"
        )
    return ""


def _misfit(row: Facts, facts: Facts, new: bool, since: str, checks: Iterable[str]) -> str:
    """Return how the source differs from the probe of the host that names it, or ''."""
    probe = facts.get("preflight_probe") or {}
    wanted = set(checks)
    problems = [find(row, probe) for name, find in _FITS.items() if name in wanted] if probe else []
    if "time" in wanted and new and since and not not_before(str(row.get("creation_time") or ""), since):
        made = row.get("creation_time") or "an unknown time"
        problems.append(f"it registered at {made}, before this run had an activation code ({since})")
    problems = [problem for problem in problems if problem]
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


def _tags(host: str, fingerprint: str, migration: str, ours: bool) -> dict[str, str]:
    if not migration:
        return {}
    if ours:
        # Two inventories may have one name for two machines: the id tells the cleanup whose source it is.
        identity = naming.migration_id(migration, host, fingerprint) if fingerprint else ""
        return {row["Key"]: row["Value"] for row in naming.tags(migration, host, identity)}
    return {naming.KEEP_TAG: "true"}
