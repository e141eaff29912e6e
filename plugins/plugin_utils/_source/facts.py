# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The probe: one JSON document from the records of probe.sh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from . import boot, identity, netconf, runtime, state, storage
from .agent import parse_agent
from .answers import integer
from .devices import Devices
from .os import RELEASE_FILES, parse_os
from .rows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .answers import Record

SCHEMA: Final = 2
"""Version of the probe document. It changes when a key changes its meaning. RETURN of plugins/modules/source_probe.py
documents the keys."""

MAX_ADDRESSES: Final = 256

CONTAINERS: Final = ("lxc", "lxc-libvirt", "openvz", "docker", "podman", "rkt", "wsl", "systemd-nspawn", "pouch")
"""What systemd-detect-virt calls a container."""

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
"""Words in the DMI vendor and product names, and the platform. The first match counts."""


def build_probe(records: Sequence[Record], asked: tuple[float, float] | None = None) -> dict[str, Any]:
    """Return the probe document of one host. An unknown fact is None or empty, never guessed.

    ``asked`` is the time before the probe and the time after it on the controller, in seconds since 1970 UTC.
    """
    rows = Rows(records)
    system, hostname, kernel, machine = identity.parse_uname(rows.first("uname"))
    devices = Devices(records)
    mounts = storage.mounts(rows, devices)
    root = _root(rows, devices, mounts)
    swaps = storage.swaps(rows)
    first = _system(root, mounts)
    in_use = [row["device"] for row in mounts if row["device"]]
    disks = devices.disks(first, [row["device"] for row in swaps], in_use)
    storage.describe(rows, devices, disks, mounts, swaps)
    root["boot_disks"] = _boot_disks(mounts)
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
        "uid": integer(rows.first("uid")),
        "epoch": integer(rows.first("epoch")),
        "clock": runtime.clock(rows, asked),
        "virtualization": _virtualization(rows),
        "container": _container(rows),
        "boot": rows.first("boot") or None,
        "grub": boot.grub(rows.first("grub")),
        "boot_config": [name for name in rows.lines("boot-config") if name],
        "initramfs": boot.initramfs(rows),
        "machine_id": _machine_id(rows) or None,
        "fingerprint": _fingerprint(rows),
        "root": root,
        "disks": disks,
        "mounts": mounts,
        "swaps": swaps,
        "tmp": storage.tmp(rows),
        "cpus": runtime.cpus(rows),
        "load": runtime.load(rows),
        "memory": runtime.memory(rows),
        "tools": {fields[0]: (fields[1] or None) for fields in rows.all("tool") if len(fields) == 2},
        "selinux": _selinux(rows),
        "cloud_init": bool(rows.first("cloud-init")),
        "cloud_init_off": rows.first("cloud-init-off") or None,
        "fstab": storage.fstab(rows, mounts),
        "services": runtime.services(rows),
        "licences": runtime.licences(rows),
        "addresses": sorted(rows.words("address"))[:MAX_ADDRESSES],
        "network": netconf.network(rows),
        "resolver": runtime.resolver(rows),
        "proxies": runtime.proxies(rows),
        "egress": runtime.egress(rows),
        "state": state.state(rows),
        "install_dir": rows.first("install-dir") or None,
        "agent": parse_agent(records).as_dict(),
        "expired": storage.expired(rows, mounts),
        "untouched": storage.untouched(rows),
        "needs_root": sorted(set(rows.lines("needs-root"))),
    }


def _root(rows: Rows, devices: Devices, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the device of /. The last mount on / counts: old kernels list ``rootfs`` first."""
    mount = next((item for item in reversed(mounts) if item["target"] == "/"), None)
    source = mount["source"] if mount else ""
    name = devices.find(source) or _root_by_number(rows, devices) or _root_by_tables(rows, devices)
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


def _root_by_number(rows: Rows, devices: Devices) -> str | None:
    """Return the device of / by its device numbers: some kernels report ``/dev/root`` as the source of /."""
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


def _root_by_tables(rows: Rows, devices: Devices) -> str | None:
    """Return the device of / where the kernel names it /dev/root and has no mountinfo: by number or by /etc/mtab."""
    number = integer(rows.first("root-dev"))
    if number is not None:
        # The number of a device in a file's status (glibc, gnu_dev_major).
        major, minor = (number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFFFFF00)
        found = devices.find_dev(f"{major}:{minor}")
        if found:
            return found
    return devices.find(rows.first("mtab"))


BOOT: Final = ("/boot", "/boot/efi", "/efi")
"""Where the files of the boot chain may have a separate file system, the first one first."""


def _boot_disks(mounts: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the disks of each mount of the boot chain."""
    found = {row["target"]: row["disks"] for row in mounts if row["target"] in BOOT and row["disks"]}
    return {target: found[target] for target in BOOT if target in found}


def _system(root: dict[str, Any], mounts: list[dict[str, Any]]) -> list[str]:
    """Return the disks that hold the boot chain: those of /boot, of the EFI system partition, or else of /."""
    disks: list[str] = next(iter(_boot_disks(mounts).values()), root["disks"])
    # Of a mirrored /boot the disk that / is on too.
    return [disk for disk in disks if disk in root["disks"]] or disks if root["disks"] else []


def _crypt_below(name: str | None, devices: Devices) -> bool:
    if not name:
        return False
    return any(
        item in devices.luks or (item in devices.blocks and devices.blocks[item].crypt) for item in devices.chain(name)
    )


def _machine_id(rows: Rows) -> str:
    return identity.clean_machine_id(rows.first("machine-id")) or identity.clean_machine_id(rows.first("dbus-id"))


def _fingerprint(rows: Rows) -> str:
    keys = [key for key in (identity.clean_key(line) for line in rows.lines("sshkey")) if key]
    uuid = identity.clean_uuid(rows.first("dmi product_uuid")) or identity.clean_uuid(rows.first("hypervisor-uuid"))
    macs = [mac for mac in (identity.clean_mac(line) for line in rows.lines("mac")) if mac]
    return identity.fingerprint(_machine_id(rows), uuid, keys, macs)


def _selinux(rows: Rows) -> str:
    """Return enforcing, permissive, disabled, or absent if the kernel has no SELinux."""
    state = rows.first("selinux-enforce")
    if state in ("0", "1"):
        return "enforcing" if state == "1" else "permissive"
    configured = any(line.strip().startswith("SELINUX=") for line in rows.lines("selinux-config"))
    return "disabled" if configured else "absent"


def _container(rows: Rows) -> dict[str, str] | None:
    """Return the kind of the container that the host is, and the sign of it."""
    for fields in rows.all("container"):
        kind, sign = (*fields, "", "")[:2]
        return {"kind": kind, "sign": sign}
    virt = rows.first("virt")
    return {"kind": virt, "sign": "systemd-detect-virt"} if virt in CONTAINERS else None


def _virtualization(rows: Rows) -> str | None:
    text = " ".join([rows.first("dmi sys_vendor"), rows.first("dmi product_name"), rows.first("hypervisor")]).lower()
    platform = next((value for word, value in _VENDORS if word in text), None)
    return platform or rows.first("virt") or None
