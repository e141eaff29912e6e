# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The probe: one JSON document made of the records that probe.sh sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from . import _identity
from ._agent import parse_agent
from ._devices import Devices
from ._os import RELEASE_FILES, parse_os

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._script import Record

SCHEMA: Final = 1
"""Version of the probe document; it changes when a key changes its meaning."""

_VENDORS: Final = (
    ("alibaba", "alibaba-ecs"),
    ("amazon", "aws"),
    ("google", "gcp"),
    ("tencent", "tencent"),
    ("microsoft", "hyper-v"),
    ("vmware", "vmware"),
    ("xen", "xen"),
    ("qemu", "kvm"),
    ("kvm", "kvm"),
    ("virtualbox", "virtualbox"),
)
"""What DMI vendor and product texts say about the platform; the first that fits counts."""

_OCTAL = re.compile(r"\\([0-7]{3})")


class _Records:
    """The records of an answer, by key."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._rows: dict[str, list[tuple[str, ...]]] = {}
        for record in records:
            self._rows.setdefault(record.key, []).append(record.fields)

    def all(self, key: str) -> list[tuple[str, ...]]:
        return self._rows.get(key, [])

    def lines(self, key: str) -> list[str]:
        return ["\t".join(fields) for fields in self.all(key)]

    def first(self, key: str) -> str:
        return next(iter(self.lines(key)), "").strip()


def build_probe(records: Sequence[Record]) -> dict[str, Any]:
    """Return the probe document of one host; a fact that the host does not tell is None or empty, never guessed."""
    rows = _Records(records)
    system, hostname, kernel, machine = (*rows.first("uname").split(), *[""] * 4)[:4]
    devices = Devices(records)
    mounts = _mounts(rows, devices)
    root = _root(rows, devices, mounts)
    swaps = [line.split()[0] for line in rows.lines("swap") if line.startswith("/")]
    disks = devices.disks(root["disks"], swaps)
    root["encrypted"] = _crypt_below(root["device"], devices)
    return {
        "schema": SCHEMA,
        "system": system,
        "kernel": kernel,
        "machine": machine,
        "hostname": hostname,
        "os": parse_os(
            rows.lines("os-release"),
            {name: rows.lines(f"release {name}") for name in RELEASE_FILES},
        ),
        "uid": _integer(rows.first("uid")),
        "epoch": _integer(rows.first("epoch")),
        "virtualization": _virtualization(rows),
        "boot": rows.first("boot") or None,
        "grub": _grub(rows.first("grub")),
        "fingerprint": _fingerprint(rows),
        "root": root,
        "disks": disks,
        "mounts": mounts,
        "swaps": swaps,
        "tools": {fields[0]: (fields[1] or None) for fields in rows.all("tool") if len(fields) == 2},
        "selinux": _selinux(rows),
        "cloud_init": bool(rows.first("cloud-init")),
        "agent": parse_agent(records).as_dict(),
        "needs_root": sorted(set(rows.lines("needs-root"))),
    }


def transfer_disks(probe: dict[str, Any]) -> list[dict[str, int]]:
    """Return index and size of every disk that is migrated: the system disk is 0, data disks count from 1."""
    rows = [{"index": 0, "bytes": disk["bytes"]} for disk in probe["disks"] if disk["name"] == probe["root"]["disk"]]
    data = [disk for disk in probe["disks"] if not disk["system"]]
    return rows + [{"index": index, "bytes": disk["bytes"]} for index, disk in enumerate(data, start=1)]


def _integer(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _path(text: str) -> str:
    """Return a path of /proc/mounts with its octal escapes undone."""
    return _OCTAL.sub(lambda found: chr(int(found.group(1), 8)), text)


def _mounts(rows: _Records, devices: Devices) -> list[dict[str, Any]]:
    usage: dict[str, tuple[int, int]] = {}
    for line in rows.lines("df"):
        words = line.split(None, 5)
        if len(words) == 6 and words[1].isdigit() and words[2].isdigit():
            usage[words[5]] = (int(words[1]) * 1024, int(words[2]) * 1024)
    mounts = []
    for fields in rows.all("mount"):
        source, target, fstype, options = (*fields, *[""] * 4)[:4]
        name = devices.find(_path(source))
        size, used = usage.get(target, (None, None))
        mounts.append(
            {
                "source": _path(source),
                "target": _path(target),
                "fstype": fstype,
                "read_only": "ro" in options.split(","),
                "disks": devices.disks_below(name) if name else [],
                "bytes": size,
                "used_bytes": used,
            }
        )
    return mounts


def _root(rows: _Records, devices: Devices, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what / is mounted from. The last mount on / is the one in force: old kernels list ``rootfs`` first."""
    mount = next((item for item in reversed(mounts) if item["target"] == "/"), None)
    source = mount["source"] if mount else ""
    name = devices.find(source) or _root_by_number(rows, devices)
    chain = devices.chain(name) if name else []
    disks = devices.disks_below(name) if name else []
    uuids = [devices.blocks[item].dm_uuid for item in chain if item in devices.blocks]
    return {
        "source": source,
        "device": name,
        "disk": disks[0] if disks else None,
        "disks": disks,
        "fstype": mount["fstype"] if mount else "",
        "lvm": any(uuid.startswith("LVM-") for uuid in uuids),
        "raid": any(item.startswith("md") for item in chain),
    }


def _root_by_number(rows: _Records, devices: Devices) -> str | None:
    """Return the device of / by its numbers: some kernels call the source of / ``/dev/root``."""
    for line in rows.lines("rootinfo"):
        words = line.split()
        if len(words) > 4 and words[3:5] == ["/", "/"]:
            found = devices.find_dev(words[2])
            if found:
                return found
    for word in rows.first("cmdline").split():
        if word.startswith("root=/dev/"):
            return devices.find(word[len("root=") :])
    return None


def _crypt_below(name: str | None, devices: Devices) -> bool:
    if not name:
        return False
    return any(
        item in devices.luks or (item in devices.blocks and devices.blocks[item].crypt) for item in devices.chain(name)
    )


def _fingerprint(rows: _Records) -> str:
    machine = _identity.clean_machine_id(rows.first("machine-id")) or _identity.clean_machine_id(rows.first("dbus-id"))
    keys = [key for key in (_identity.clean_key(line) for line in rows.lines("sshkey")) if key]
    return _identity.fingerprint(machine, _identity.clean_uuid(rows.first("dmi product_uuid")), keys)


def _selinux(rows: _Records) -> str:
    """Return enforcing, permissive, disabled, or absent where the kernel has no SELinux at all."""
    state = rows.first("selinux-enforce")
    if state in ("0", "1"):
        return "enforcing" if state == "1" else "permissive"
    configured = any(line.strip().startswith("SELINUX=") for line in rows.lines("selinux-config"))
    return "disabled" if configured else "absent"


def _grub(text: str) -> str | None:
    """Return the version in what ``grub-install --version`` or ``grub --version`` printed."""
    found = re.search(r"\d+\.\d+[\w.~+-]*", text)
    return found.group(0) if found else None


def _virtualization(rows: _Records) -> str | None:
    text = " ".join([rows.first("dmi sys_vendor"), rows.first("dmi product_name"), rows.first("hypervisor")]).lower()
    platform = next((value for word, value in _VENDORS if word in text), None)
    return platform or rows.first("virt") or None
