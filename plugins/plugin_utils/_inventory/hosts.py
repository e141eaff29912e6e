# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""From the rows of a service to inventory hosts: which name and which address each one gets.

Names, tags and addresses come from the cloud, and some from the servers themselves. No row may replace another one, the
controller or a host that the inventory has already. A row whose name cannot be used is listed under its ID.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ansible import constants

Facts = Mapping[str, Any]

_NAME: Final = re.compile(r"\w[\w.-]{0,127}")
"""Letters of any language. Everything else has a meaning in a pattern of hosts, in a path or in a terminal."""
_RESERVED: Final = frozenset({"all", "ungrouped", *constants.LOCALHOST})
TAG: Final = "tag:"


@dataclass
class Named:
    """The names of the hosts by ID, and what the user has to know."""

    hosts: dict[str, str] = field(default_factory=dict)
    under_id: list[str] = field(default_factory=list)
    """The IDs that are names of hosts, each with the reason."""


def named(rows: Iterable[Facts], key: str, wanted: Sequence[str], others: Mapping[str, str]) -> Named:
    """Return the name of the host of each row.

    ``key`` is the field with the ID, ``wanted`` the fields or tags (C(tag:KEY)) to take the name from, of which the
    first one counts that has a usable value. ``others`` maps hosts that are another row of the same service in the
    inventory to its ID.
    """
    chosen = {str(row[key]): _choose(row, wanted) for row in rows}
    count = Counter(name for name, _problem in chosen.values() if name)
    found = Named()
    for identity, (name, problem) in chosen.items():
        if not problem and count[name] > 1:
            problem = f"{count[name]} have the name {name}"
        elif not problem and others.get(name, identity) != identity:
            problem = f"the inventory has the host {name} with the ID {others[name]}"
        elif not problem and name != identity and name in chosen:
            problem = f"its name is the ID {name} of another one"
        found.hosts[identity] = identity if problem else name
        if problem:
            found.under_id.append(f"{identity}: {problem}")
    return found


def _choose(row: Facts, wanted: Sequence[str]) -> tuple[str, str]:
    """Return the name and an empty text, or the reason why there is none."""
    problem = "it has no name"
    for source in wanted:
        value = row["tags"].get(source.removeprefix(TAG)) if source.startswith(TAG) else row[source]
        name = str(value or "")
        if usable(name):
            return name, ""
        if name:
            problem = f"{name[:64]!a} cannot be the name of a host"
    return "", problem


def usable(name: str) -> bool:
    """Return whether a text can be the name of a host that is no group of Ansible and not the controller."""
    if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
        return False
    try:
        return _reachable(ipaddress.ip_address(name))
    except ValueError:
        return True


def address(texts: Iterable[str]) -> str:
    """Return the first text that is an address of another machine, '' if there is none."""
    for text in texts:
        try:
            found = ipaddress.ip_address(text)
        except ValueError:
            continue
        if _reachable(found):
            return str(found)
    return ""


def _reachable(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether an address is not that of the controller or of a group of machines."""
    return not (found.is_loopback or found.is_unspecified or found.is_multicast or found.is_reserved)
