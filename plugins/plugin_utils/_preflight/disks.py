# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about disks: number, size, encryption, mounts, and what SMC changes on them."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Rule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, limits

_LIMITS: Final = "SMC, edge node migration, limits (2025-12)"
_EXPORT: Final = f"{_LIMITS}; ECS ExportImage: InvalidImage.DiskAmountOrSize"
_ENCRYPTED: Final = "ENS, import custom images, notes; ECS ExportImage: encrypted snapshots are refused"


def used_bytes(probe: Facts) -> tuple[int, list[str]]:
    """Return the used bytes of the file systems that SMC copies, and their mount points: an upper bound of the size of
    the compressed disk files, as the compression ratio of the content is not known."""
    found = disks.file_systems(probe)
    return sum(mount["used_bytes"] for mount in found), [mount["target"] for mount in found]


def names(rows: list[dict[str, Any]]) -> str:
    """Return the names of disks, for evidence."""
    return ", ".join(str(row["name"]) for row in rows)


def _too_many(probe: Facts) -> str | None:
    surplus = disks.surplus(disks.transferred(probe))
    return f"{len(surplus)} data disks: {', '.join(disk.name for disk in surplus)}" if surplus else None


def _too_large(probe: Facts) -> str | None:
    return "; ".join(disk.size for disk in disks.too_large(disks.transferred(probe))) or None


def _system_too_large(probe: Facts) -> str | None:
    system = disks.system_too_large(disks.transferred(probe))
    return system.size if system else None


def _total(probe: Facts) -> str | None:
    used, targets = used_bytes(probe)
    if used <= limits.MAX_TOTAL_BYTES:
        return None
    return (
        f"{used / limits.GIB:.4g} GiB are used on {', '.join(targets)} "
        "(sum of the used space that df reports, without compression)"
    )


def _encrypted_root(probe: Facts) -> str | None:
    if probe["root"]["encrypted"]:
        return f"/ is mounted from {probe['root']['source']}, which is on an encrypted volume"
    return None


def _encrypted_disk(probe: Facts) -> str | None:
    root = probe["root"]["encrypted"]
    rows = [
        row
        for row in probe["disks"]
        if row["encrypted"] and not row.get("excluded") and not (root and row["system"])
    ]
    return f"{names(rows)}: encrypted volume" if rows else None


def _no_system_disk(probe: Facts) -> str | None:
    if probe["root"]["disk"]:
        return None
    seen = names(probe["disks"]) or "none"
    source = probe["root"]["source"] or "nothing"
    return f"/ is mounted from {source}, which is on no disk in /sys/block (disks: {seen})"


def _several_system_disks(probe: Facts) -> str | None:
    system = probe["root"]["disk"]
    mounts = {mount["target"]: mount["disks"] for mount in probe["mounts"] if system in mount["disks"]}
    return "; ".join(f"{target} is on {', '.join(on)}" for target, on in mounts.items() if len(on) > 1) or None


def exclude(probe: Facts, wanted: list[str]) -> str | None:
    """Mark disks as excluded by their kernel names or paths below /dev. Return why one of them cannot be, or None."""
    rows = {str(row["name"]): row for row in probe.get("disks") or []}
    for item in wanted:
        name = item.removeprefix("/dev/").replace("/", "!")
        if name not in rows:
            return f"exclude_disks names {item}, which is no disk of this host (disks: {', '.join(rows) or 'none'})"
        if rows[name]["system"]:
            return f"exclude_disks names {item}, which is the system disk"
        rows[name]["excluded"] = True
    return None


def _excluded(probe: Facts) -> str | None:
    rows = [row for row in probe["disks"] if row.get("excluded")]
    return names(rows) or None


def _boot_elsewhere(probe: Facts) -> str | None:
    root = probe["root"]
    rows = [(target, on) for target, on in root["boot_disks"].items() if not set(on) & set(root["disks"])]
    if not rows or not root["disks"]:
        return None
    shown = " and ".join(f"{target} on {', '.join(on)}" for target, on in rows)
    return f"/ is on {', '.join(root['disks'])}, {shown}"


def _only_swap(row: dict[str, Any]) -> bool:
    return {row["fstype"], *(part["fstype"] for part in row["partitions"])} - {None} == {"swap"}


def _unmounted(probe: Facts) -> str | None:
    rows = [
        row
        for row in probe["disks"]
        if not (row["system"] or row["mounts"] or row.get("excluded") or _only_swap(row))
    ]
    return f"{names(rows)}: no mounted file system" if rows else None


def _lvm_root(probe: Facts) -> str | None:
    return f"{probe['root']['source']} is a logical volume" if probe["root"]["lvm"] else None


def _lvm_data(probe: Facts) -> str | None:
    held = {
        part["name"]: mount
        for row in probe["disks"]
        for part in (row, *row["partitions"])
        if part["fstype"] == "LVM2_member"
        for mount in part["mounts"]
        if mount != "/"
    }
    found = "; ".join(f"{mount} on {name}" for name, mount in held.items())
    return f"logical volumes: {found}" if found else None


def _swap_lost(probe: Facts) -> str | None:
    lost = [swap["device"] for swap in probe["swaps"] if swap["kind"] == "partition" and "zram" not in swap["device"]]
    return f"swap on {', '.join(lost)}" if lost else None


RULES: Final = (
    Rule(
        "no-system-disk",
        0,
        "blocker",
        "The disk with the root file system was not found, so the disks to migrate and their sizes are unknown.",
        "Check that /proc and /sys are mounted, and that / is on a local disk and not on a network or ZFS root.",
        "SMC, CreateReplicationJob: SystemDiskSize",
        _no_system_disk,
        fact=True,
    ),
    Rule(
        "too-many-data-disks",
        3,
        "blocker",
        f"ECS exports and ENS imports images with at most {limits.MAX_DATA_DISKS} data disks.",
        "Move the data to fewer disks, or exclude disks that are not to be migrated (migration_exclude_disks).",
        _EXPORT,
        _too_many,
        fact=True,
    ),
    Rule(
        "data-disk-too-large",
        4,
        "blocker",
        f"ECS exports and ENS imports data disks of at most {limits.MAX_DATA_DISK_GIB} GiB each.",
        f"Move the data to disks of at most {limits.MAX_DATA_DISK_GIB} GiB, or exclude the disk "
        "(migration_exclude_disks).",
        _EXPORT,
        _too_large,
        fact=True,
    ),
    Rule(
        "system-disk-too-large",
        0,
        "blocker",
        f"SMC creates system disks of at most {limits.SYSTEM_DISK_GIB[1]} GiB.",
        "Move the system to a smaller disk.",
        "SMC, CreateReplicationJob: SystemDiskSize",
        _system_too_large,
        fact=True,
    ),
    Rule(
        "encrypted-root",
        6,
        "blocker",
        "ENS does not import encrypted disks, and the migrated server could not boot without the passphrase.",
        "Move the root file system to a disk that is not encrypted.",
        _ENCRYPTED,
        _encrypted_root,
        fact=True,
    ),
    Rule(
        "encrypted-disk",
        6,
        "blocker",
        "ENS does not import encrypted disks.",
        "Look at what is on the disk. Move data that is needed to a disk that is not encrypted, or exclude it "
        "(migration_exclude_disks).",
        _ENCRYPTED,
        _encrypted_disk,
        fact=True,
    ),
    Rule(
        "total-too-large",
        5,
        "risk",
        "The compressed disk files of one ENS image may have 1 TiB in total. ENS rejects larger imports after copy and "
        "export have been billed.",
        "Remove data that is not to be migrated, or move the content of a data disk in another way.",
        _LIMITS,
        _total,
    ),
    Rule(
        "several-system-disks",
        0,
        "risk",
        "A server has one system disk in SMC. The vendor does not document how SMC rebuilds a file system that is also "
        "on other disks.",
        "Move the file system to one disk, or boot an instance from the resulting image and check it.",
        "SMC, CreateReplicationJob: SystemDiskSize",
        _several_system_disks,
    ),
    Rule(
        "boot-on-another-disk",
        0,
        "risk",
        "The disk of /boot counts as the system disk here. The vendor does not document which one SMC takes, nor "
        "whether the image boots.",
        "Compare the disks of the source in the SMC console with this report before the copy, and boot the image.",
        "SMC, CreateReplicationJob: SystemDiskSize",
        _boot_elsewhere,
    ),
    Rule(
        "data-disk-not-mounted",
        0,
        "risk",
        "SMC does not transfer data disks without a mounted file system, and does not report it.",
        "Look at what is on the disk first: it may be a part of a pool, a cluster or a backup. Mount it if it has file "
        "systems to migrate, or exclude it (migration_exclude_disks).",
        "SMC, limits (2023-06)",
        _unmounted,
    ),
    Rule(
        "disk-excluded",
        0,
        "note",
        "The disk is left out of all checks and sizes here. It is not documented whether SMC leaves it out while it "
        "has a mounted file system.",
        "Compare the disks of the source in the SMC console. Where SMC sees others than expected, the job is refused "
        "before anything is billed.",
        "SMC, limits (2023-06)",
        _excluded,
    ),
    Rule(
        "lvm-root",
        16,
        "note",
        "SMC turns logical volumes into plain partitions.",
        "No action is needed unless a program on the host requires LVM.",
        "SMC, limits (2023-06)",
        _lvm_root,
    ),
    Rule(
        "lvm-data",
        16,
        "note",
        "SMC turns logical volumes into plain partitions.",
        "Check /etc/fstab on the migrated server, and scripts that extend or snapshot these volumes.",
        "SMC, limits (2023-06)",
        _lvm_data,
    ),
    Rule(
        "swap-lost",
        16,
        "note",
        "SMC does not migrate swap partitions. /etc/fstab on the migrated server still lists them.",
        "Create a swap file on the ENS instance, or plan its memory without swap.",
        "SMC, limits (2023-06)",
        _swap_lost,
    ),
)
"""In the order in which findings of one severity are shown."""
