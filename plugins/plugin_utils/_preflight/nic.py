# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the network after the move: an ENS instance has one virtio device, and asks DHCP for its address."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Rule

_COPIED: Final = "SMC, data consistency: the network configuration is copied, interface names may change"
_CLOUD_INIT: Final = "ENS, import custom images, notes: cloud-init"

PREDICTABLE: Final = ("ens5", "enp0s5")
"""Names that udev gives to a virtio device by its slot. Which slot an ENS instance has is not documented: what counts
for it must fit them all."""

DRIVER: Final = "virtio_net"
SHOWN: Final = 6

# Which service reads the files of a manager. None of them runs where the host does not start its service.
_SERVICES: Final = {
    "ifupdown": ("networking",),
    "ifcfg": ("network", "NetworkManager"),
    "wicked": ("wicked", "network"),
    "networkmanager": ("NetworkManager",),
    "networkd": ("systemd-networkd",),
}


def names(probe: Facts) -> tuple[str, ...]:
    """Return the names that the device of the ENS instance may get."""
    network = probe["network"]
    taken = {row["name"] for row in network["renames"] if row["mac"]}
    if network["naming"] == "predictable":
        return PREDICTABLE
    # The generator of rules keeps the names of the devices that it has seen for them.
    if network["generator"] and "eth0" in taken:
        number = next(number for number in range(1, len(taken) + 2) if f"eth{number}" not in taken)
        return (f"eth{number}",)
    return ("eth0",)


def why_not(plan: dict[str, Any], wanted: tuple[str, ...]) -> str:
    """Return why a plan is not for the device of the ENS instance, or ''."""
    if plan["kind"] != "ethernet":
        return f"it is a {plan['kind']}" if plan["kind"] != "other" else "it is no network card"
    if plan["member"]:
        return "it is a part of a bond or a bridge"
    if plan["mac"]:
        return f"it is bound to the hardware address {plan['mac']}"
    if plan["driver"] and not any(fnmatchcase(DRIVER, word) for word in plan["driver"].split()):
        return f"it is bound to {plan['driver']}"
    patterns = plan["name"].split()
    if patterns and not all(any(fnmatchcase(name, pattern) for pattern in patterns) for name in wanted):
        return f"it is for {plan['name']}, and the name there is {' or '.join(wanted)}"
    return ""


def _used(probe: Facts) -> list[dict[str, Any]]:
    """Return the plans of services that start with the host. Where no service was found, all of them."""
    network = probe["network"]
    started = set(network["services"])

    def runs(plan: dict[str, Any]) -> bool:
        return bool(started & set(_SERVICES.get(plan["manager"], ())))

    plans = [plan for plan in network["plans"] if plan["auto"] or plan["kind"] != "ethernet"]
    known = [plan for plan in plans if plan["manager"] == "netplan" or runs(plan)]
    return known or plans


def cloud_init_configures(probe: Facts) -> bool:
    """Return whether cloud-init writes the configuration of the network on a new instance."""
    there = probe["cloud_init"] or probe["tools"].get("cloud-init")
    return bool(there) and not probe["cloud_init_off"] and not probe["network"]["cloud_init_off"]


def _where(plan: dict[str, Any]) -> str:
    return f"{plan['name'] or 'any device'} in {plan['file']}"


def _some(items: list[str]) -> str:
    rest = len(items) - SHOWN
    return "; ".join(items[:SHOWN]) + (f"; and {rest} more" if rest > 0 else "")


def _catches(probe: Facts) -> str:
    """Return what asks DHCP for the device of the ENS instance, or ''."""
    network, wanted = probe["network"], names(probe)
    if cloud_init_configures(probe):
        return "cloud-init"
    plans = _used(probe)
    fitting = [plan for plan in plans if plan["auto"] and not why_not(plan, wanted)]
    for plan in fitting:
        if plan["dhcp"]:
            return str(plan["file"])
    # NetworkManager asks DHCP for every device that has no profile, unless it is configured not to.
    if "NetworkManager" in network["services"] and network["auto_default"] and not fitting:
        return "NetworkManager"
    return ""


def _not_configured(probe: Facts) -> str | None:
    network, wanted = probe["network"], names(probe)
    if not network["known"] or not _used(probe) or _catches(probe):
        return None
    shown = []
    for plan in _used(probe):
        reason = why_not(plan, wanted) or ("it has a static address" if plan["addresses"] else "it does not ask DHCP")
        shown.append(f"{_where(plan)}: {reason}")
    off = network["cloud_init_off"]
    return _some(shown) + (f"; cloud-init does not configure the network ({off})" if off else "")


def _static(probe: Facts) -> str | None:
    rows = [
        f"{' and '.join(plan['addresses'])}{' with the gateway ' + plan['gateway'] if plan['gateway'] else ''} "
        f"for {_where(plan)}"
        for plan in _used(probe)
        if plan["addresses"]
    ]
    rows += [f"route {route}" for route in probe["network"]["routes"]]
    return _some(rows) or None


def _layers(probe: Facts) -> str | None:
    network = probe["network"]
    files = [f"{plan['kind']} {_where(plan)}" for plan in _used(probe) if plan["kind"] in ("bond", "bridge", "vlan")]
    listed = {plan["name"] for plan in network["plans"]}
    made = [
        f"{row['kind']} {row['name']}"
        for row in network["devices"]
        if row["kind"] in ("bond", "vlan") and row["name"] not in listed
    ]
    return _some([*files, *made]) or None


def _names(probe: Facts) -> str | None:
    rows = [f"{row['name']} in {row['file']}" for row in probe["network"]["renames"]]
    rows += [f"{plan['mac']} in {plan['file']}" for plan in _used(probe) if plan["mac"]]
    return _some(rows) or None


def _private(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_private and not address.is_loopback


def _name_servers(probe: Facts) -> str | None:
    network = probe["network"]
    rows = [f"{server} in {plan['file']}" for plan in _used(probe) for server in plan["dns"] if _private(server)]
    # Where no file of a manager sets them and the file is no link, nothing writes it at the start.
    if not rows and network["known"] and not network["resolver"] and not any(plan["dhcp"] for plan in _used(probe)):
        rows = [f"{server} in /etc/resolv.conf" for server in probe["resolver"]["nameservers"] if _private(server)]
    return _some(rows) or None


def _unknown(probe: Facts) -> str | None:
    network = probe["network"]
    if network["cut"]:
        return f"the configuration was read only in part: {', '.join(network['cut'])}"
    if not network["known"] or _used(probe) or _catches(probe):
        return None
    services = ", ".join(network["services"]) or "nothing known"
    return f"no file was found that configures a network device at the start of the host; started services: {services}"


RULES: Final = (
    Rule(
        "nic-not-configured",
        27,
        "risk",
        "An ENS instance has one virtio network device and gets its address by DHCP. The present configuration does "
        "not request one, so the instance may be reachable through its console only.",
        "Prepare DHCP for the first virtio device (remediate_dhcp). The present configuration stays as it is.",
        _COPIED,
        _not_configured,
        remediation="remediate_dhcp",
    ),
    Rule(
        "nic-static-address",
        27,
        "note",
        "ENS assigns the address of an instance. Static addresses, gateways and routes of the source are not valid in "
        "its network.",
        "Look for the addresses in the configuration of services, of firewalls and of other hosts, and change them "
        "at the cutover.",
        _COPIED,
        _static,
    ),
    Rule(
        "nic-layers",
        27,
        "note",
        "An ENS instance has one network device and receives no VLAN tags. The devices below a bond, a bridge or a "
        "VLAN of the source do not exist there.",
        "Check which services use them, and configure these services for the one device after the move.",
        _COPIED,
        _layers,
    ),
    Rule(
        "nic-names",
        27,
        "note",
        "The device of an ENS instance has another hardware address, so it does not get the name that a rule gives to "
        "the present one.",
        "Check which services and firewall rules use the name. Do not remove the rules while the source is in use.",
        _COPIED,
        _names,
    ),
    Rule(
        "nic-name-servers",
        27,
        "note",
        "A private name server of the source may not be reachable from the network of the ENS instance.",
        "Make these name servers reachable, or use those that DHCP offers.",
        _COPIED,
        _name_servers,
    ),
    Rule(
        "nic-unknown",
        27,
        "note",
        "Could not check whether the network of the ENS instance will be configured.",
        "Check how the host configures its network, or prepare DHCP (remediate_dhcp).",
        _CLOUD_INIT,
        _unknown,
        remediation="remediate_dhcp",
    ),
)
