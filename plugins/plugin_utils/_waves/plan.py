# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The filter plan_waves: from the hosts of an inventory to a plan that people edit and give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._role_limits import out_of_range

from . import items, judge, pack, steps

_HEAD: Final = """\
# The waves of a migration, made by the filter edgelift.ens_migration.plan_waves. Edit it: move, add and remove hosts
# and waves, and rename waves. Give it to the playbook waves with -e @FILE. A wave with "keep: true" stays as it is
# when the waves are planned again. Only name, hosts, gate, max_failed and keep count. The other fields describe the
# wave as it was planned.
"""


def plan_waves(
    hosts: Sequence[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    max_servers: int = pack.Wishes.servers,
    max_gib: float = pack.Wishes.gib,
    max_hours: float = pack.Wishes.hours,
    first_servers: int = pack.Wishes.first,
    copy_rate: float = pack.Wishes.rate,
    waves: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """Return ``{"migration_waves": [...]}``; raise AnsibleFilterError that names every problem of the input.

    ``waves`` is the variable migration_waves, such as an earlier plan: its waves with ``keep: true`` stay as they are.
    """
    wishes = pack.Wishes(int(max_servers), float(max_gib), float(max_hours), int(first_servers), float(copy_rate))
    found = items.items(hosts, hostvars)
    kept = [wave for wave in waves or [] if isinstance(wave, Mapping) and wave.get("keep")]
    given = {"max_servers": wishes.servers, "max_gib": wishes.gib, "max_hours": wishes.hours}
    given |= {"first_servers": wishes.first, "copy_rate": wishes.rate}
    problems = [f"{name} {words}" for name, value in given.items() if (words := out_of_range(f"waves_{name}", value))]
    problems += items.problems(found, [*hosts, *hostvars])
    problems += _kept(kept, hosts)
    if problems:
        raise AnsibleFilterError(f"plan_waves: {'; '.join(problems)}")
    packed = pack.pack(found, wishes, [list(wave["hosts"]) for wave in kept])
    return {"migration_waves": judge.described(packed, wishes, kept)}


def _kept(kept: Sequence[Mapping[str, Any]], hosts: Sequence[str]) -> list[str]:
    problems = [
        f"wave {str(wave.get('name') or '')!r} has keep, and no name or no hosts"
        for wave in kept
        if not (wave.get("name") and wave.get("hosts"))
    ]
    return problems or steps.homes(kept, set(hosts))


def text(plan: Mapping[str, Any]) -> str:
    """Return a plan as YAML with a head that says how to use it: the same bytes for the same plan."""
    body = yaml.safe_dump(_plain(plan), sort_keys=False, width=140, allow_unicode=True)
    return f"{_HEAD}{body}"


def _plain(value: Any) -> Any:
    """Return a value without the types of Ansible, which YAML cannot represent."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    return next((kind(value) for kind in (int, float) if isinstance(value, kind)), str(value))
