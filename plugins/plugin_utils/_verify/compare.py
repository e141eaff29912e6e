# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The facts of a source compared with those of its booted copy. Each comparison is one row, like that of a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks

Facts = Mapping[str, Any]
Row = dict[str, Any]
_SHOWN: Final = 10
_EPHEMERAL: Final = 32768
"""From here on, the kernel chooses ports: they differ at each start."""

LOCAL_SERVICES: Final = (
    "user@*", "session-*", "getty@*", "serial-getty@*", "console-getty", "container-getty@*", "systemd-*", "udisks2",
    "packagekit", "fwupd", "polkit", "upower", "ModemManager", "rtkit-daemon",
)  # fmt: skip
"""Services that start when they are needed, and consoles."""
HYPERVISOR_SERVICES: Final = (
    "vmtoolsd", "open-vm-tools", "vgauth", "vgauthd", "vmware-*", "qemu-guest-agent", "qemu-ga", "xe-daemon",
    "xe-linux-distribution", "hv-*", "hypervkvpd", "hypervvssd", "walinuxagent", "waagent", "google-*",
    "amazon-ssm-agent", "spice-vdagentd", "aliyun", "cloudmonitor", "AssistDaemon", "virtualbox-guest-*", "vboxadd-*",
)  # fmt: skip
"""Tools of the platform of the source, which have nothing to do on another one."""
PROCESSES: Final = ("mingetty", "agetty", "getty", "login", "sh", "ash", "bash", "udevd", "go2aliyun*", "sleep")
"""Processes that do not run as services, on a host without systemd; and the SMC client."""


def rows(before: Facts, after: Facts, ignored: Sequence[str] = ()) -> list[Row]:
    """Return one row for each comparison, with ``name``, ``kind``, ``expected``, ``seen`` and ``ok``.

    ``before`` are the facts of the source, empty if they are not known: then only the copy itself is judged.
    ``ignored`` are patterns for kinds, or for a kind and one of its items, such as ``listening:8080``.
    """
    found = [_network(before, after), _names(before, after)]
    if before:
        found = [_identity(before, after), *(_listed(kind, before, after, ignored) for kind in _ITEMS), *found]
    return [_ignored(row, ignored) for row in found]


def notes(before: Facts, after: Facts) -> list[str]:
    """Return what differs and is no failure: a copy has other addresses, and may have another host name."""
    if not before:
        return ["The source could not be probed, so nothing is compared with it."]
    pairs = {
        "The host name": (before["hostname"], after["hostname"]),
        "The addresses": (_joined(_addresses(before)), _joined(_addresses(after))),
        "The network devices": (_joined(_devices(before)), _joined(_devices(after))),
        "The platform": (before["virtualization"] or "unknown", after["virtualization"] or "unknown"),
    }
    return [f"{what}: {old} on the source, {new} on the copy." for what, (old, new) in pairs.items() if old != new]


def _row(kind: str, expected: str, seen: str, ok: bool) -> Row:
    return {"name": _TITLES[kind], "kind": kind, "expected": expected, "seen": seen, "ok": ok}


def _joined(items: Iterable[str]) -> str:
    listed = list(items)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return (", ".join(listed[:_SHOWN]) + more) or "none"


def _ignored(row: Row, ignored: Sequence[str]) -> Row:
    if row["ok"] or not any(fnmatchcase(row["kind"], pattern) for pattern in ignored):
        return row
    return {**row, "seen": f"{row['seen']} (ignored)", "ok": True}


# ---- identity: the machine that answers is a copy, and not the source itself ----
def _macs(probe: Facts) -> set[str]:
    return {str(row.get("mac") or "").lower() for row in (probe.get("network") or {}).get("devices") or []} - {""}


def _identity(before: Facts, after: Facts) -> Row:
    old, new = before["machine_id"], after["machine_id"]
    if _macs(before) & _macs(after):
        seen = "the source itself answers at this address"
        return _row("identity", "another network card than the source", seen, False)
    if not old or not new:
        return _row("identity", "the machine-id of the source", "not comparable: a side has no machine-id", True)
    return _row("identity", f"machine-id {old}", f"machine-id {new}", old == new)


# ---- what the source has must be there on the copy ----
def _file_systems(probe: Facts) -> dict[str, str]:
    copied, errors = {disk.name for disk in disks.transferred(probe)}, _state(probe, "file_systems_with_errors")
    found = {}
    for mount in probe["mounts"]:
        if copied.issuperset(mount["disks"]) and mount["disks"]:
            found[mount["target"]] = mount["fstype"] + (", read-only" if mount["read_only"] else "")
            found[mount["target"]] += " with errors" if mount["device"] in errors else ""
    return found


def _users(probe: Facts) -> dict[str, str]:
    return {row["name"]: f"uid {row['uid']}" for row in _state(probe, "users")}


def _listening(probe: Facts) -> dict[str, str]:
    return {str(row["port"]): "" for row in _state(probe, "listening") if row["port"] < _EPHEMERAL}


def _services(probe: Facts) -> dict[str, str]:
    left_out = (*LOCAL_SERVICES, *HYPERVISOR_SERVICES, *PROCESSES)
    names = _state(probe, "running")
    return {name: "" for name in names if not any(fnmatchcase(name, pattern) for pattern in left_out)}


def _kernel(probe: Facts) -> dict[str, str]:
    return {str((probe.get("initramfs") or {}).get("kernel") or probe["kernel"]): ""}


def _running_kernel(probe: Facts) -> dict[str, str]:
    return {str(probe["kernel"]): ""}


def _state(probe: Facts, name: str) -> list[Any]:
    return list((probe.get("state") or {}).get(name) or [])


Items = Callable[[Facts], dict[str, str]]
_ITEMS: Final[Mapping[str, tuple[Items, Items]]] = {
    "file_systems": (_file_systems, _file_systems),
    "users": (_users, _users),
    "listening": (_listening, _listening),
    "services": (_services, _services),
    "kernel": (_kernel, _running_kernel),
}
_TITLES: Final[Mapping[str, str]] = {
    "identity": "the machine is a copy of the source",
    "file_systems": "file systems are mounted",
    "users": "users exist",
    "listening": "TCP ports listen",
    "services": "services run",
    "kernel": "the kernel runs",
    "network": "address and default route",
    "name_servers": "name servers are configured",
}
KINDS: Final = tuple(_TITLES)


def _listed(kind: str, before: Facts, after: Facts, ignored: Sequence[str]) -> Row:
    """Return the row of a kind whose items must be the same on the copy. What only the copy has is no failure."""
    if kind == "services" and _by(before) != _by(after):
        seen = "not comparable: one side has systemd, and the other has none or is unknown"
        return _row(kind, "the services of the source", seen, True)
    read, read_after = _ITEMS[kind]
    wanted, there = read(before), read_after(after)
    missing = [f"{item} ({value})" if value else item for item, value in wanted.items() if item not in there]
    changed = {item: there[item] for item, value in wanted.items() if there.get(item, value) != value}
    other = [f"{item} is {value}, not {wanted[item]}" for item, value in changed.items()]
    names = {item for item, value in wanted.items() if there.get(item) != value}
    skipped = {item for item in names if any(fnmatchcase(f"{kind}:{item}", pattern) for pattern in ignored)}
    parts = []
    if missing:
        parts.append(f"missing: {_joined(missing)}")
    if other:
        parts.append(f"different: {_joined(other)}")
    if kind == "kernel":
        parts = [f"kernel {_joined(there)}"]
    if skipped:
        parts.append(f"ignored: {_joined(sorted(skipped))}")
    return _row(kind, _joined(wanted), "; ".join(parts) or "all", names <= skipped)


def _by(probe: Facts) -> Any:
    return (probe.get("state") or {}).get("running_by")


# ---- network ----
def _addresses(probe: Facts) -> list[str]:
    return [address for address in probe["addresses"] if not address.startswith("127.")]


def _devices(probe: Facts) -> list[str]:
    return sorted(str(row["name"]) for row in (probe.get("network") or {}).get("devices") or [])


def _network(before: Facts, after: Facts) -> Row:
    routes = [f"{row['gateway']} on {row['device']}" for row in _state(after, "routes")]
    needs = not before or bool(_state(before, "routes"))
    seen = f"addresses {_joined(_addresses(after))}; default route {_joined(routes)}"
    expected = "an address and a default route" if needs else "an address"
    return _row("network", expected, seen, bool(_addresses(after)) and (bool(routes) or not needs))


def _names(before: Facts, after: Facts) -> Row:
    needs = bool(before.get("resolver", {}).get("nameservers"))
    servers = after["resolver"]["nameservers"]
    return _row("name_servers", "a name server" if needs else "nothing", _joined(servers), bool(servers) or not needs)


def targets(probe: Facts) -> list[Row]:
    """Return a row for each target of a connection test: whether its name was found, and a connection opened."""
    return [
        {
            "name": f"connection to {row['target']}",
            "kind": "egress",
            "expected": "a connection",
            "seen": f"connection {row['state']}, name {row['dns']}",
            "ok": row["state"] == "ok",
        }
        for row in probe.get("egress") or []
    ]
