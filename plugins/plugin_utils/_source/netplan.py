# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The devices in a file of netplan. The text comes from a host: it is read without references, and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

_KINDS: Final = {"ethernets": "ethernet", "bonds": "bond", "bridges": "bridge", "vlans": "vlan"}


class _Loader(yaml.BaseLoader):
    """A loader of texts, which refuses references: a few lines of them make an object of any size.

    As a number, a hardware address of digits alone would be one to the base of 60.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node, unless it refers to another one."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references are not read")
        return super().compose_node(parent, index)


@dataclass
class Device:
    """One device of a file of netplan."""

    name: str = ""
    mac: str = ""
    driver: str = ""
    kind: str = "ethernet"
    dhcp: bool = False
    member: bool = False
    addresses: list[str] = field(default_factory=list)
    gateway: str = ""
    dns: list[str] = field(default_factory=list)


def read(lines: list[str]) -> list[Device]:
    """Return the devices that the file configures, none where it is no YAML."""
    try:
        document = yaml.load("\n".join(lines), Loader=_Loader)  # noqa: S506 - its loader makes texts, lists and mappings only
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    body = _mapping(_mapping(document).get("network"))
    devices = [
        _device(str(name), _mapping(row), kind)
        for section, kind in _KINDS.items()
        for name, row in _mapping(body.get(section)).items()
    ]
    members = {
        str(name)
        for section in ("bonds", "bridges")
        for row in _mapping(body.get(section)).values()
        for name in _words(_mapping(row).get("interfaces"))
    }
    for device in devices:
        device.member = device.name in members
    return devices


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _words(value: Any) -> list[str]:
    """Return a list of texts; an address may be a mapping with its options."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [str(next(iter(item), "")) if isinstance(item, Mapping) else str(item) for item in items]


def _device(name: str, row: Mapping[Any, Any], kind: str) -> Device:
    match = _mapping(row.get("match"))
    routes = [_mapping(item) for item in _list(row.get("routes"))]
    gateway = next((item.get("via") for item in routes if item.get("to") in ("default", "0.0.0.0/0")), None)
    return Device(
        # With a match the key is a name of netplan alone.
        name=str(match.get("name") or "") if match else name,
        mac=str(match.get("macaddress") or "").lower(),
        driver=" ".join(_words(match.get("driver"))),
        kind=kind,
        dhcp=str(row.get("dhcp4")).lower() in ("true", "yes", "on"),
        addresses=[item for item in _words(row.get("addresses")) if ":" not in item],
        gateway=str(row.get("gateway4") or gateway or ""),
        dns=_words(_mapping(row.get("nameservers")).get("addresses")),
    )
