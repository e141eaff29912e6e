# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Which disks of a server SMC transfers, in which order and with which index, and which of them exceed a limit (pure).

The probe, the preflight, the account check, the transfer, the receipt and the report all ask this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Disk:
    """A disk that SMC transfers: index 0 is the system disk, data disks count from 1; the size in bytes."""

    index: int
    bytes: int
    name: str = field(default="", compare=False)
    """The name that the kernel of the source gives it, empty where the caller has not probed the source."""

    @property
    def size(self) -> str:
        """The name with the size, for messages."""
        return f"{self.name} has {self.bytes / limits.GIB:.4g} GiB"


def device_order(name: str) -> tuple[int, str]:
    """Return the sort key of a kernel name: ``vdz`` comes before ``vdaa``, ``nvme9n1`` before ``nvme10n1``."""
    return len(name), name


def transferred(probe: Mapping[str, Any]) -> list[Disk]:
    """Return the disks of a probed server that SMC transfers, by index; none where the system disk is not known.

    The system disk is the first disk that contains the boot chain: ``/boot``, or else ``/``. Data disks follow in the
    order of their names. SMC does not transfer a data disk without a mounted file system (SMC, limits, 2023-06). It
    copies file systems, so a disk is no data disk either when all its mounted file systems also lie on the system disk:
    the second disk of a RAID 1. A disk that the user has excluded is none.
    """
    rows = sorted(probe.get("disks") or [], key=lambda row: device_order(row["name"]))
    system = next((row for row in rows if row.get("system")), None)
    if system is None:
        return []
    own = set(system.get("mounts") or [])
    data = [
        row
        for row in rows
        if row is not system and not row.get("excluded") and not own.issuperset(row.get("mounts") or [])
    ]
    return [Disk(index, int(row["bytes"]), str(row["name"])) for index, row in enumerate([system, *data])]


def file_systems(probe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the mounts of a probed server whose file systems SMC copies and whose used space is known: one mount of
    each file system, because bind mounts and subvolumes show it several times."""
    copied = {disk.name for disk in transferred(probe)}
    seen: dict[str, Mapping[str, Any]] = {}
    for mount in probe.get("mounts") or []:
        if copied.intersection(mount["disks"]) and mount["used_bytes"] is not None:
            seen.setdefault(mount["device"] or mount["source"], mount)
    return list(seen.values())


def used_bytes(probe: Mapping[str, Any]) -> int:
    """Return the bytes that SMC copies of a probed server: the used space of the file systems on its disks. A disk
    without a known file system counts in full."""
    found = file_systems(probe)
    seen = {name for mount in found for name in mount["disks"]}
    whole = sum(disk.bytes for disk in transferred(probe) if disk.name not in seen)
    return whole + sum(int(mount["used_bytes"]) for mount in found)


def as_options(disks: Iterable[Disk]) -> list[dict[str, int]]:
    """Return disks as the option C(disks) of the modules takes them."""
    return [{"index": disk.index, "bytes": disk.bytes} for disk in disks]


def data_disks(disks: Iterable[Disk]) -> list[Disk]:
    """Return the disks without the system disk."""
    return [disk for disk in disks if disk.index > 0]


def surplus(disks: Sequence[Disk]) -> list[Disk]:
    """Return all data disks where they are more than ECS exports and ENS imports, else none."""
    data = data_disks(disks)
    return data if len(data) > limits.MAX_DATA_DISKS else []


def too_large(disks: Iterable[Disk]) -> list[Disk]:
    """Return the data disks that are larger than ECS exports and ENS imports."""
    return [disk for disk in data_disks(disks) if disk.bytes > limits.MAX_DATA_DISK_GIB * limits.GIB]


def system_too_large(disks: Iterable[Disk]) -> Disk | None:
    """Return the system disk where it is larger than SMC creates one, else None."""
    limit = limits.SYSTEM_DISK_GIB[1] * limits.GIB
    return next((disk for disk in disks if disk.index == 0 and disk.bytes > limit), None)
