# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The rule for one machine under two names, and for two hosts that claim one identity: all checks use it.

Fingerprint, source id, host name, addresses and disks are what a host says of itself. SMC shows what the client of a
source has reported, when it registered, and the tags that a migration has set. Where these facts differ
between the hosts, they decide which host continues. Otherwise no host does, and each error names all (laws 9 and 14).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

Facts = Mapping[str, Any]

SAME_MACHINE: Final = "it is the same machine as"
"""What a problem of two names of one machine begins with."""


@dataclass(frozen=True)
class Claim:
    """What one host says of itself. ``sources`` are those that it claims to be, ``seen`` further ones that its probe
    has named; ``sizes`` are the bytes of its disks, the system disk first; ``new`` is whether it has registered in this
    run, ``since`` when the activation code that it used was created, or ''; ``identity`` is its migration id."""

    host: str
    identity: str = ""
    fingerprint: str = ""
    sources: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    hostname: str = ""
    addresses: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    new: bool = False
    since: str = ""


def _hostname(row: Facts, claim: Claim) -> str:
    shown = str(row.get("hostname") or "")
    if not (shown and claim.hostname) or _short(shown) == _short(claim.hostname):
        return ""
    return f"SMC shows the host name {shown!r}, the host has {claim.hostname!r}"


def _short(name: str) -> str:
    return name.partition(".")[0].lower()


def _address(row: Facts, claim: Claim) -> str:
    shown = str(row.get("ipv4") or "")
    if not (shown and claim.addresses) or shown in claim.addresses:
        return ""
    return f"SMC shows the address {shown!r}, the host has {', '.join(claim.addresses[:8])}"


def _disks(row: Facts, claim: Claim) -> str:
    """Sizes may differ by rounding, or by a GB of 10^9 bytes."""
    data = sorted(row.get("data_disks") or [], key=lambda disk: int(disk["index"]))
    shown = [int(row.get("system_disk_size") or 0), *(int(disk["size"] or 0) for disk in data)]
    ours = [limits.gib(size) for size in claim.sizes]
    near = [not theirs or abs(theirs - mine) <= max(1, mine / 10) for theirs, mine in zip(shown, ours, strict=False)]
    if not shown[0] or not ours or (len(shown) == len(ours) and all(near)):
        return ""
    return f"SMC shows disks of {_sizes(shown)} GiB, the host has {_sizes(ours)} GiB"


def _sizes(sizes: Iterable[int]) -> str:
    return ", ".join(map(str, sizes))


_FITS: Final[Mapping[str, Callable[[Facts, Claim], str]]] = {
    "hostname": _hostname,
    "address": _address,
    "disks": _disks,
}
CHECKS: Final = (*_FITS, "time")
"""What can be compared."""


@dataclass(frozen=True)
class Shown:
    """What SMC shows: the sources by id."""

    migration: str = ""
    rows: Mapping[str, Facts] = field(default_factory=dict)
    checks: frozenset[str] = frozenset(CHECKS)

    def misfits(self, row: Facts, claim: Claim) -> list[str]:
        """Return how a source differs from what a host says of itself."""
        found = [find(row, claim) for name, find in _FITS.items() if name in self.checks]
        registered = str(row.get("creation_time") or "")
        if "time" in self.checks and claim.new and claim.since and not not_before(registered, claim.since):
            made = registered or "an unknown time"
            found.append(f"it registered at {made}, before this run had an activation code ({claim.since})")
        return [text for text in found if text]

    def marked(self, claim: Claim) -> bool:
        """Return whether this migration has put this host, with the machine that it says it is, into the tags of a
        source that the host names."""
        for row in self._named(claim):
            tags = row.get("tags") or {}
            theirs = naming.same_wave(self.migration, tags) and owner(row) == claim.host[: naming.TAG_VALUE_LENGTH]
            if theirs and tags.get(naming.SERVER_TAG, claim.identity) == claim.identity:
                return True
        return False

    def apart(self, one: Claim, other: Claim) -> bool:
        """Return whether a source that one of two hosts names fits only one of them: then they are two machines."""
        rows = [*self._named(one), *self._named(other)]
        return any(bool(self._differs(row, one)) != bool(self._differs(row, other)) for row in rows)

    def _named(self, claim: Claim) -> list[Facts]:
        return [self.rows[source] for source in (*claim.sources, *claim.seen) if source in self.rows]

    def _differs(self, row: Facts, claim: Claim) -> bool:
        return any(find(row, claim) for name, find in _FITS.items() if name in self.checks)


def owner(row: Facts) -> str:
    """Return the host that a migration has put into the tags of a source, or ''."""
    return str((row.get("tags") or {}).get(naming.HOST_TAG) or "")


Kind = Literal["fingerprint", "source"]


@dataclass(frozen=True)
class Refused:
    """Why a host does not continue: what it shares with which other names."""

    host: str
    kind: Kind
    value: str
    others: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{SAME_MACHINE} {', '.join(self.others)} ({self.kind} {self.value[:24]}): keep one of them in the "
            "inventory, or give a cloned machine its own machine-id and host keys"
        )


def refused(claims: Sequence[Claim], shown: Shown | None = None) -> dict[str, Refused]:
    """Return, by host, who shares its fingerprint or its source with another name and may not keep it."""
    shown = shown or Shown()
    shared: dict[tuple[Kind, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.fingerprint:
            shared["fingerprint", claim.fingerprint].append(claim)
        for source in dict.fromkeys(claim.sources):
            shared["source", source].append(claim)
    found: dict[str, Refused] = {}
    for (kind, value), group in shared.items():
        names = [claim.host for claim in group]
        marked = owner(shown.rows.get(value, {})) if kind == "source" else ""
        if marked and marked not in (name[: naming.TAG_VALUE_LENGTH] for name in names):
            names.append(marked)
        keep = _keep_source(value, group, shown) if kind == "source" else _keep_fingerprint(group, shown)
        for claim in group if len(names) > 1 else ():
            if claim.host not in keep:
                others = tuple(name for name in names if name != claim.host)
                found.setdefault(claim.host, Refused(claim.host, kind, value, others))
    return found


def _keep_source(source: str, group: Sequence[Claim], shown: Shown) -> set[str]:
    """Return the host that a source is: the one in its tags, else the only one that it fits."""
    row = shown.rows.get(source)
    if row is None:
        return set()
    marked = owner(row)
    if marked:
        return {claim.host for claim in group if claim.host[: naming.TAG_VALUE_LENGTH] == marked}
    fitting = {claim.host for claim in group if not shown.misfits(row, claim)}
    return fitting if len(fitting) == 1 else set()


def _keep_fingerprint(group: Sequence[Claim], shown: Shown) -> set[str]:
    """Return the hosts with one fingerprint that continue: the one that this migration has registered with it, else
    those that SMC tells apart from all others."""
    marked = {claim.host for claim in group if shown.marked(claim)}
    if len(marked) == 1:
        return marked
    return {one.host for one in group if all(shown.apart(one, other) for other in group if other is not one)}


def other_name(migration: str, host: str, identity: str, tags: Mapping[str, str]) -> str:
    """Return the other host for which a migration has made a resource, as its tags tell, '' where it is the same.

    Two inventories with overlapping hosts can name one machine twice; the tags of a job keep its inventory name.
    """
    if tags.get(naming.SERVER_TAG) == identity or not naming.same_wave(migration, tags):
        return ""
    other = str(tags.get(naming.HOST_TAG) or "")
    return "" if other == host[: naming.TAG_VALUE_LENGTH] else other


def namesake(identity: str, name: str) -> str:
    """Return the base of a name that this migration has given to the machine of ``identity`` under another inventory
    name, '' for any other name. It is known from the id alone, long after everything else was deleted."""
    other = naming.owner_of(name) or ""
    if other == identity or naming.machine(other) != naming.machine(identity):
        return ""
    return naming.base_of(name, other)
