# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The plans in a file of netplan. The text comes from a host: it is read without references, and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from .plan import Plan

_KINDS: Final = {"ethernets": "ethernet", "bonds": "bond", "bridges": "bridge", "vlans": "vlan"}


class _Loader(yaml.BaseLoader):
    """A loader of texts, which refuses references: a few lines of them make an object of any size.

    It makes no numbers: YAML 1.1 reads a hardware address that contains only digits as a number to the base of 60.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node, unless it refers to another one."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references are not read")
        return super().compose_node(parent, index)


def read(path: str, lines: list[str]) -> list[Plan]:
    """Return the plans of the file with these lines, none where it is no YAML."""
    try:
        document = _Loader("\n".join(lines)).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    body = _mapping(_mapping(document).get("network"))
    members = {
        name
        for section in ("bonds", "bridges")
        for row in _mapping(body.get(section)).values()
        for name in _words(_mapping(row).get("interfaces"))
    }
    return [
        _plan(path, str(name), _mapping(row), kind, str(name) in members)
        for section, kind in _KINDS.items()
        for name, row in _mapping(body.get(section)).items()
    ]


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _words(value: Any) -> list[str]:
    """Return a list of texts; an address may be a mapping with its options."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [str(next(iter(item), "")) if isinstance(item, Mapping) else str(item) for item in items]


def _plan(path: str, name: str, row: Mapping[Any, Any], kind: str, member: bool) -> Plan:
    match = _mapping(row.get("match"))
    routes = [_mapping(item) for item in _list(row.get("routes"))]
    gateway = next((item.get("via") for item in routes if item.get("to") in ("default", "0.0.0.0/0")), None)
    return Plan(
        "netplan",
        path,
        # With a match the key is a name of netplan alone.
        name=str(match.get("name") or "") if match else name,
        mac=str(match.get("macaddress") or "").lower(),
        driver=" ".join(_words(match.get("driver"))),
        kind=kind,
        member=member,
        dhcp=str(row.get("dhcp4")).lower() in ("true", "yes", "on"),
        addresses=[item for item in _words(row.get("addresses")) if ":" not in item],
        gateway=str(row.get("gateway4") or gateway or ""),
        dns=_words(_mapping(row.get("nameservers")).get("addresses")),
    )
