# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about disks: how many, how large, encrypted, mounted, and what a copy makes of them."""

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
    copied = {disk.name for disk in disks.transferred(probe)}
    seen: dict[str, dict[str, Any]] = {}
    for mount in probe["mounts"]:
        if copied.intersection(mount["disks"]) and mount["used_bytes"] is not None:
            seen.setdefault(mount["device"] or mount["source"], mount)
    return sum(mount["used_bytes"] for mount in seen.values()), [mount["target"] for mount in seen.values()]


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
        f"{used / limits.GIB:.4g} GiB are in use on {', '.join(targets)} "
        "(sum of what df shows as used; compression is not counted, as nothing is known of the content)"
    )


def _encrypted_root(probe: Facts) -> str | None:
    if probe["root"]["encrypted"]:
        return f"{probe['root']['source']}, on which / is mounted, lies on an encrypted volume"
    return None


def _encrypted_disk(probe: Facts) -> str | None:
    root = probe["root"]["encrypted"]
    rows = [row for row in probe["disks"] if row["encrypted"] and not (root and row["system"])]
    return f"{names(rows)}: encrypted volume" if rows else None


def _no_system_disk(probe: Facts) -> str | None:
    if probe["root"]["disk"]:
        return None
    seen = names(probe["disks"]) or "none"
    return f"/ is mounted from {probe['root']['source'] or 'nothing'}, on no disk of /sys/block (disks: {seen})"


def _several_system_disks(probe: Facts) -> str | None:
    system = probe["root"]["disk"]
    mounts = {mount["target"]: mount["disks"] for mount in probe["mounts"] if system in mount["disks"]}
    return "; ".join(f"{target} lies on {', '.join(on)}" for target, on in mounts.items() if len(on) > 1) or None


def _only_swap(row: dict[str, Any]) -> bool:
    return {row["fstype"], *(part["fstype"] for part in row["partitions"])} - {None} == {"swap"}


def _unmounted(probe: Facts) -> str | None:
    rows = [row for row in probe["disks"] if not (row["system"] or row["mounts"] or _only_swap(row))]
    return f"{names(rows)}: nothing mounted" if rows else None


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
        "Without the disk that holds / nothing can be said about what would be migrated, nor how large it is.",
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
        "Move data to fewer disks, or detach the disks that are not to be migrated.",
        _EXPORT,
        _too_many,
        fact=True,
    ),
    Rule(
        "data-disk-too-large",
        4,
        "blocker",
        f"ECS exports and ENS imports data disks of at most {limits.MAX_DATA_DISK_GIB} GiB each.",
        f"Move the data to disks of at most {limits.MAX_DATA_DISK_GIB} GiB, or detach the disk.",
        _EXPORT,
        _too_large,
        fact=True,
    ),
    Rule(
        "system-disk-too-large",
        0,
        "blocker",
        f"SMC makes system disks of at most {limits.SYSTEM_DISK_GIB[1]} GiB.",
        "Move the system to a smaller disk.",
        "SMC, CreateReplicationJob: SystemDiskSize",
        _system_too_large,
        fact=True,
    ),
    Rule(
        "encrypted-root",
        6,
        "blocker",
        "Encrypted disks cannot be imported to ENS, and the copy could not be booted without its passphrase.",
        "Move the root file system to a disk that is not encrypted.",
        _ENCRYPTED,
        _encrypted_root,
        fact=True,
    ),
    Rule(
        "encrypted-disk",
        6,
        "blocker",
        "Encrypted disks cannot be imported to ENS.",
        "Move the data to a disk that is not encrypted, or detach the disk.",
        _ENCRYPTED,
        _encrypted_disk,
        fact=True,
    ),
    Rule(
        "total-too-large",
        5,
        "risk",
        "The compressed disk files of one ENS image may have 1 TiB together; above that the import is refused, after "
        "copy and export have been paid for.",
        "Remove what need not be migrated, or detach a data disk and move its content another way.",
        _LIMITS,
        _total,
    ),
    Rule(
        "several-system-disks",
        0,
        "risk",
        "A server has one system disk in SMC; how a root file system on several disks is rebuilt is not documented.",
        "Boot the resulting image once before relying on it, or move / to one disk.",
        "SMC, CreateReplicationJob: SystemDiskSize",
        _several_system_disks,
    ),
    Rule(
        "data-disk-not-mounted",
        0,
        "risk",
        "SMC does not transfer data disks without a mounted file system, and does not report it.",
        "Mount the file systems of the disk if its data is to be migrated. Otherwise nothing has to be done.",
        "SMC, limits (2023-06)",
        _unmounted,
    ),
    Rule(
        "lvm-root",
        16,
        "note",
        "SMC turns logical volumes into plain partitions.",
        "Nothing, unless a program on the host relies on LVM.",
        "SMC, limits (2023-06)",
        _lvm_root,
    ),
    Rule(
        "lvm-data",
        16,
        "note",
        "SMC turns logical volumes into plain partitions.",
        "Look at /etc/fstab of the result, and at scripts that grow or snapshot these volumes.",
        "SMC, limits (2023-06)",
        _lvm_data,
    ),
    Rule(
        "swap-lost",
        16,
        "note",
        "Swap partitions are not migrated: the copy has none, and its /etc/fstab still names it.",
        "Plan the memory of the ENS instance without it, or add a swap file there.",
        "SMC, limits (2023-06)",
        _swap_lost,
    ),
)
"""In the order in which findings of one severity are shown."""
