# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""How the network of a source is configured: plans of every configuration system, from the lines of probe_net.sh."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from . import netplan
from .plan import Plan

if TYPE_CHECKING:
    from .rows import Rows

MAX_PLANS: Final = 200
MAX_SHOWN: Final = 20

_SECTION = re.compile(r"\[(?P<name>[^\]]*)\]")
_ASSIGNED = re.compile(r"\s*(?P<key>[\w.-]+?)(?P<number>\d*)\s*=\s*(?P<value>.*)")
_NAME_OF_RULE = re.compile(r"NAME:?=\"(?P<name>[^\"]+)\"")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}", re.IGNORECASE)
_UNREAD: Final = "network configuration"
"""What the probe says needs root if it cannot read a file."""
_COPIED: Final = frozenset({"%k", "$name", "$env{ID_NET_NAME}"})
"""Names in a rule that name no device."""

_LAYERS: Final = (("bond", "bond"), ("team", "bond"), ("bridge", "bridge"), ("ovs", "bridge"), ("vlan", "vlan"))


@dataclass
class _File:
    kind: str
    path: str
    lines: list[str]


def network(rows: Rows) -> dict[str, Any]:
    """Return how the network is configured; ``known`` is False where the probe could not read all files."""
    naming, sign = (*next(iter(rows.all("net-naming")), ()), "", "")[:2]
    files = list(_files(rows))
    plans = [plan for file in files for plan in _READERS.get(file.kind, _nothing)(file)][:MAX_PLANS]
    started = _started(files)
    for plan in plans:
        plan.auto = plan.auto and (plan.manager != "ifupdown" or plan.name in started)
    off = rows.first("net-cloud-off") or next((file.path for file in files if _cloud_off(file)), "")
    resolver = rows.first("net-resolver")
    return {
        "known": bool(naming) and "netconf" not in rows.words("expired") and _UNREAD not in rows.words("needs-root"),
        "naming": naming or None,
        "naming_sign": sign or None,
        "generator": rows.first("net-generator") or None,
        "services": sorted(rows.words("net-service")),
        "clients": sorted(rows.words("net-client")),
        "devices": [
            dict(zip(("name", "kind", "driver", "mac"), fields, strict=False))
            for fields in rows.all("netdev")
            if len(fields) >= 4
        ],
        "plans": [asdict(plan) for plan in plans],
        "routes": _routes(files),
        "renames": _renames(files),
        "auto_default": _auto_default(files),
        "cloud_init_off": off or None,
        "resolver": resolver or None,
        "cut": sorted(rows.words("net-cut")),
    }


def _files(rows: Rows) -> Iterator[_File]:
    """Yield the files with their lines, which follow each of them in the answer."""
    for kind, path, lines in rows.groups("net-file", "net-line"):
        yield _File(kind, path, lines)


def _nothing(_file: _File) -> list[Plan]:
    return []


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _pairs(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield section, key without its number, and value of each line of an INI file or a shell file."""
    section = ""
    for line in lines:
        found = _SECTION.match(line)
        if found:
            section = found["name"].strip().lower()
            continue
        pair = _ASSIGNED.match(line)
        if pair:
            yield section, pair["key"], _unquoted(pair["value"])


def _kind(name: str, types: str = "") -> str:
    """Return the kind of a device by its type, or else by its usual name."""
    text = types.lower()
    for word, kind in _LAYERS:
        if word in text:
            return kind
    if text and text not in ("ethernet", "802-3-ethernet", "eth"):
        return "other"
    if re.match(r"(bond|team)\d", name):
        return "bond"
    if re.match(r"(br|virbr)[-_\d]", name) or name.startswith("vmbr"):
        return "bridge"
    if re.match(r"vlan\d|[\w-]+\.\d+\Z", name):
        return "vlan"
    return "ethernet"


def _ifupdown(file: _File) -> list[Plan]:
    plans: dict[str, Plan] = {}
    plan = None
    for line in file.lines:
        key, *words = line.split()
        if key == "iface" and words:
            method = words[2] if len(words) > 2 else ""
            # The instance has IPv4, so a configuration of IPv6 does not count.
            if words[1:2] == ["inet6"] or words[0] == "lo":
                plan = None
                continue
            plan = plans.setdefault(words[0], Plan("ifupdown", file.path, words[0].partition(":")[0]))
            plan.dhcp = plan.dhcp or method == "dhcp"
            plan.kind = _kind(words[0])
        elif plan and words:
            if key == "address":
                plan.addresses.append(words[0])
            elif key == "gateway":
                plan.gateway = words[0]
            elif key.startswith("dns-nameserver"):
                plan.dns += words
            elif key in ("bond-slaves", "bond_slaves", "slaves"):
                plan.kind = "bond"
            elif key in ("bridge_ports", "bridge-ports"):
                plan.kind = "bridge"
            elif key in ("vlan-raw-device", "vlan_raw_device"):
                plan.kind = "vlan"
            elif key in ("bond-master", "bond_master"):
                plan.member = True
    return list(plans.values())


def _started(files: list[_File]) -> set[str]:
    """Return the devices that ifupdown configures at the start. Another file than that of a device may name it."""
    lines = [line.split() for file in files if file.kind == "ifupdown" for line in file.lines]
    return {
        word.partition(":")[0] for key, *words in lines if key == "auto" or key.startswith("allow-") for word in words
    }


def _ifcfg(file: _File) -> list[Plan]:
    suse = "/etc/sysconfig/network/" in file.path
    plan = Plan("wicked" if suse else "ifcfg", file.path, file.path.rpartition("/ifcfg-")[2] if suse else "")
    types = ""
    for _section, key, value in _pairs(file.lines):
        lowered = value.lower()
        if key == "DEVICE":
            plan.name = value.partition(":")[0]
        elif key == "HWADDR":
            plan.mac = lowered
        elif key == "TYPE":
            types = value
        elif key == "BOOTPROTO":
            plan.dhcp = lowered.startswith("dhcp") or lowered in ("bootp", "auto4")
        elif key == "ONBOOT":
            plan.auto = lowered != "no"
        elif key == "STARTMODE":
            plan.auto = lowered not in ("manual", "off")
        elif key == "IPADDR" and value:
            plan.addresses.append(value)
        elif key == "GATEWAY":
            plan.gateway = value
        elif key == "DNS" and value:
            plan.dns.append(value)
        elif key in ("MASTER", "BRIDGE", "TEAM_MASTER"):
            plan.member = True
        elif key in ("VLAN", "ETHERDEVICE") and lowered not in ("no", ""):
            types = "vlan"
        elif key in ("BONDING_MASTER", "BONDING_OPTS", "BONDING_SLAVE_"):
            types = "bond"
        elif key == "BRIDGE_PORTS":
            types = "bridge"
    plan.kind = _kind(plan.name, types)
    return [plan] if plan.name != "lo" else []


def _keyfile(file: _File) -> list[Plan]:
    plan = Plan("networkmanager", file.path)
    types = ""
    for section, key, value in _pairs(file.lines):
        if section == "connection":
            types = value if key == "type" else types
            plan.name = value if key == "interface-name" else plan.name
            plan.auto = value.lower() not in ("false", "no", "0") if key == "autoconnect" else plan.auto
            plan.member = plan.member or key in ("master", "controller")
        elif section in ("ethernet", "802-3-ethernet") and key == "mac-address":
            plan.mac = value.lower()
        elif section == "match":
            plan.driver = value if key == "driver" else plan.driver
            plan.name = value.strip(";") if key == "interface-name" else plan.name
        elif section == "ipv4":
            plan.dhcp = value == "auto" if key == "method" else plan.dhcp
            if key in ("address", "addresses") and value:
                address, _comma, gateway = value.partition(",")
                plan.addresses.append(address)
                plan.gateway = gateway.split(",")[0] or plan.gateway
            elif key == "gateway":
                plan.gateway = value
            elif key == "dns":
                plan.dns += [word for word in re.split(r"[;,\s]+", value) if word]
    if types in ("wifi", "802-11-wireless", "loopback", "tun", "wireguard", "dummy", "vpn", "gsm", "bluetooth"):
        return []
    plan.kind = _kind(plan.name, types)
    return [plan]


def _networkd(file: _File) -> list[Plan]:
    plan = Plan("networkd", file.path)
    if file.path.endswith(".netdev"):
        values = {key: value for section, key, value in _pairs(file.lines) if section == "netdev"}
        plan.name, plan.kind, plan.auto = values.get("Name", ""), _kind("", values.get("Kind", "other")), False
        return [plan] if plan.kind in ("bond", "bridge", "vlan") else []
    if not file.path.endswith(".network"):
        return []
    types = ""
    for section, key, value in _pairs(file.lines):
        if section == "match":
            types = value if key == "Type" and not value.startswith("!") else types
            plan.name = value if key in ("Name", "OriginalName") else plan.name
            plan.mac = value.lower() if key in ("MACAddress", "PermanentMACAddress") else plan.mac
            plan.driver = value if key == "Driver" else plan.driver
            plan.driver = f"path {value}" if key == "Path" else plan.driver
        elif section == "network":
            plan.dhcp = value.lower() in ("yes", "true", "1", "ipv4", "both", "v4") if key == "DHCP" else plan.dhcp
            plan.member = plan.member or key in ("Bond", "Bridge")
            plan.dns += [value] if key == "DNS" else []
        if section in ("network", "address") and key == "Address" and ":" not in value:
            plan.addresses.append(value)
        elif section in ("network", "route") and key == "Gateway" and ":" not in value:
            plan.gateway = value
    plan.kind = _kind(plan.name, "" if "ether" in types else types)
    return [plan] if plan.name != "lo" else []


def _netplan(file: _File) -> list[Plan]:
    return netplan.read(file.path, file.lines)


_READERS: Final[dict[str, Callable[[_File], list[Plan]]]] = {
    "ifupdown": _ifupdown,
    "ifcfg": _ifcfg,
    "keyfile": _keyfile,
    "networkd": _networkd,
    "netplan": _netplan,
}


def _routes(files: list[_File]) -> list[str]:
    """Return the static routes that files add, each with its file."""
    found = []
    for file in files:
        for line in file.lines:
            if file.kind == "route" or (file.kind == "ifupdown" and re.search(r"\broute\b", line)):
                found.append(f"{line.strip()} ({file.path})")
        section = False
        for name, key, value in _pairs(file.lines) if file.kind in ("networkd", "keyfile") else ():
            section = (name == "route" and key == "Destination") or (name == "ipv4" and key in ("route", "routes"))
            if section:
                found.append(f"{value} ({file.path})")
    return found[:MAX_SHOWN]


def _renames(files: list[_File]) -> list[dict[str, str]]:
    """Return the rules that give a device a name by its hardware address or its place."""
    found = []
    for file in files:
        if file.kind == "udev":
            for line in file.lines:
                name, mac = _NAME_OF_RULE.search(line), _MAC.search(line)
                if name and name["name"] not in _COPIED and (mac or "KERNELS==" in line):
                    found.append({"file": file.path, "name": name["name"], "mac": mac[0].lower() if mac else ""})
        elif file.kind == "networkd" and file.path.endswith(".link"):
            pairs = list(_pairs(file.lines))
            name_of = next((value for section, key, value in pairs if (section, key) == ("link", "Name")), "")
            mac_of = next((value.lower() for section, key, value in pairs if section == "match" and "MAC" in key), "")
            if name_of:
                found.append({"file": file.path, "name": name_of, "mac": mac_of})
    return found[:MAX_PLANS]


def _auto_default(files: list[_File]) -> bool:
    """Return whether NetworkManager configures a device without a profile by DHCP: its default."""
    value = ""
    for file in files:
        for section, key, text in _pairs(file.lines) if file.kind == "nmconf" else ():
            if section == "main" and key == "no-auto-default":
                value = text
    return not any(word in ("*", "type:ethernet") for word in re.split(r"[;,\s]+", value))


def _cloud_off(file: _File) -> bool:
    """Return whether a file forbids cloud-init to configure the network."""
    if file.kind != "cloud":
        return False
    text = "\n".join(file.lines)
    return bool(re.search(r"^network:\s*(\{[^}\n]*\bconfig:\s*disabled|\n\s*config:\s*disabled)", text, re.MULTILINE))
