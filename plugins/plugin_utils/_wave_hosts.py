# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The hosts of a wave: a pattern that selects nothing is an error, where Ansible only shows a warning."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible import context
from ansible.errors import AnsibleFilterError
from ansible.inventory.manager import split_host_pattern

CONTROLLER: Final = "localhost"
ALL_SOURCES: Final = f"all:!{CONTROLLER}"
_IMPLICIT: Final = ("all", "ungrouped")
_SUBSCRIPT: Final = re.compile(r"\[[^\[\]]*\]\Z")


def wave_hosts(pattern: Any, groups: Mapping[str, Sequence[str]]) -> Any:
    """Return ``pattern``, the value of the variable migration_wave, if each of its parts selects a host.

    An empty pattern selects all hosts except the controller. ``groups`` is the variable of that name. Raise
    AnsibleFilterError with the variable, its value and the groups.
    """
    if not pattern:
        return ALL_SOURCES
    if context.CLIARGS.get("syntax"):
        # Nothing runs, and the inventory need not exist yet.
        return pattern
    parts = [str(part) for part in split_host_pattern(pattern)]
    for part in parts:
        if part[:1] in ("!", "&"):
            continue
        if part == CONTROLLER:
            raise _refusal(pattern, "localhost is the controller, which is never migrated", groups)
        if not _selects(part, groups):
            raise _refusal(pattern, f"the inventory has no host or group {part!r}", groups)
    return pattern


def _selects(part: str, groups: Mapping[str, Sequence[str]]) -> bool:
    """Return whether one part of a pattern (a name, a wildcard, a regular expression) selects a host."""
    names = {name for name, hosts in groups.items() if hosts} | {host for hosts in groups.values() for host in hosts}
    if part in names:
        return True
    if part.startswith("~"):
        return any(re.match(part[1:], name) for name in names)
    # A range of hosts, such as web[0:3], is Ansible's own error where it is wrong.
    plain = _SUBSCRIPT.sub("", part)
    return any(fnmatch.fnmatchcase(name, part) or fnmatch.fnmatchcase(name, plain) for name in names)


def _refusal(pattern: Any, why: str, groups: Mapping[str, Sequence[str]]) -> AnsibleFilterError:
    shown = ", ".join(sorted(name for name, hosts in groups.items() if hosts and name not in _IMPLICIT)) or "no group"
    return AnsibleFilterError(
        f"migration_wave is {pattern!r}: {why}. The inventory has these groups: {shown}. Set migration_wave to one of "
        "them or to a host, or leave it out to take all hosts"
    )
