# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The ENS instances of a migration as an inventory, and as a table.

The inventory is used beside the one of the wave, which keeps groups, variables and secrets: it only replaces what is
about the connection. Names and addresses come from the cloud, so each is compared or checked before it is written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import yaml
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.parsing.utils.addresses import parse_address
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, naming
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _table
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._inventory.hosts import address as usable_address

_GROUP: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_HEAD: Final = (
    "# The ENS instances of a migration, written by the role launch. Use this file after the inventory of the wave:\n"
    "# ansible-playbook -i wave_01 -i launched.yml site.yml\n"
)
Facts = Mapping[str, Any]


def inventory(found: Iterable[Facts], hostvars: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return C(text), the inventory in YAML, C(table), one line per instance, and C(left_out), what has no line in the
    inventory, with the reason. ``options`` are those of the role."""
    group, migration = str(options["group"]), str(options["name"])
    if refused := group_problem(group):
        raise AnsibleFilterError(f"launch_group {refused}")
    # The tag contains only the first characters of a long name. A host never gets the address of another machine.
    known: dict[str, list[str]] = {}
    for name in hostvars:
        known.setdefault(str(name)[: naming.TAG_VALUE_LENGTH], []).append(str(name))
    ours = [row for row in found if not instances.doubt(migration, row["instance_name"], row["tags"])]
    count = Counter(row["tags"].get(naming.HOST_TAG, "") for row in ours)
    hosts: dict[str, Any] = {}
    rows, left_out = [], []
    for row in ours:
        tagged = row["tags"].get(naming.HOST_TAG, "")
        names, address = known.get(tagged, []), _address(row, str(options["address"]))
        host, problem = "".join(names[:1]), _problem(names, count[tagged], address)
        if problem:
            left_out.append(f"{tagged}: {problem}")
        else:
            hosts[host] = _variables(row, address, int(options["port"]), hostvars[host])
        shown = [str(row[name]) for name in ("instance_id", "ens_region_id", "status")]
        rows.append((tagged, *shown, instances.policy(row["tags"]), address, problem))
    document = {group: {"hosts": hosts}}
    text = _HEAD + str(yaml.safe_dump(document, default_flow_style=False, allow_unicode=True, sort_keys=True))
    head = ("host", "instance", "node", "status", "policy", "address", "not in the inventory because")
    return {"text": text, "table": _table.lines(head, sorted(rows)), "left_out": left_out}


def group_problem(group: str) -> str | None:
    """Return the words that follow the name of a variable whose value is no name of a group, None for one that is."""
    fits = _GROUP.fullmatch(group)
    return None if fits else f"is {group!r}, it must have letters, digits and underscores only, and begin with no digit"


def _problem(names: Sequence[str], count: int, address: str) -> str:
    if not names:
        return "the inventory of this run has no such host"
    if len(names) > 1:
        return f"the names of {len(names)} hosts begin with these {naming.TAG_VALUE_LENGTH} characters"
    if count > 1:
        return f"{count} instances have this host name"
    if not _is_plain(names[0]):
        return "a YAML inventory cannot contain this name: Ansible reads it as a range or as a name with a port"
    return "" if address else "ENS shows no address"


def _is_plain(host: str) -> bool:
    """Return whether the YAML plugin reads a host name as this one host."""
    if "[" in host or not host.strip() or not host.isprintable():
        return False
    try:
        return tuple(parse_address(host, allow_ranges=True)) == (host, None)
    except AnsibleError:
        # Then the plugin takes the name as it is.
        return True


def _address(row: Facts, wanted: str) -> str:
    """Return the address to connect to, '' where ENS shows none."""
    first = row["private_ips"] if wanted == "private" else [*row["public_ips"], *row["private_ips"]]
    return usable_address(first)


def _variables(row: Facts, address: str, port: int, old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of an instance: the old ones about the connection, replaced, and what ENS shows."""
    replaced = {
        "ansible_connection": "ssh",
        "ansible_ssh_host": address,
        "ansible_ssh_port": port,
        "ansible_ssh_common_args": "",
        "ansible_ssh_extra_args": "",
    }
    names = {"ens_instance_id": "instance_id", "ens_instance_node": "ens_region_id", "ens_image_id": "image_id"}
    shown = {name: str(row[of]) for name, of in names.items()}
    return {
        "ansible_host": address,
        "ansible_port": port,
        **{name: value for name, value in replaced.items() if name in old},
        # Text of the cloud, which Ansible would evaluate as a template.
        **{name: value for name, value in shown.items() if _PLAIN.fullmatch(value)},
    }
