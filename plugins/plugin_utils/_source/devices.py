# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The block devices of a source: which of them are disks, the disks below each device, and the encrypted disks.

A *disk* is what the machine has. What the kernel makes of disks is a *layer*; the ways to one disk are its *paths*; the
first one identifies it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import device_order

from .answers import integer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .answers import Record

SECTOR = 512
"""Bytes per unit of /sys/block/*/size, whatever the disk's own sector size is (kernel, sysfs-block)."""

_LAYERS: Final = re.compile(
    r"(?:dm-|md|loop|ram|zram|nbd|rbd|drbd|bcache|zd|emcpower|VxDMP|VxVM|hdisk|sddlm|vpath|asm|dax|ublkb|flashcache)"
)
"""Names of what consists of other devices, of memory or of another host (kernel, admin-guide/devices.txt)."""

_NO_DISKS: Final = re.compile(r"(?:sr|fd|scd|pcd|mtdblock|ubiblock)\d|mmcblk\d+(?:boot\d|rpmb|gp\d)|nvme\d+c\d+n\d")
"""CD-ROMs, floppies, boot areas of eMMC (mmc-dev-parts) and single paths of nvme (kernel 4.15, nvme-multipath)."""

_UNIQUE: Final = re.compile(r"(?:naa|eui|uuid|nqn)\.\S{8,}|(?:naa|eui)\S{16,}")
"""World wide names that only one disk has. Other identifiers (t10) may be those of the model."""

_CRYPT: Final = re.compile(r"CRYPT-(?!VERITY|INTEGRITY)")
"""What device-mapper opened with a key. Verity and integrity have checksums, and no key."""


@dataclass
class Part:
    """A partition."""

    name: str
    number: int
    bytes: int
    dev: str


@dataclass
class Block:
    """A block device of /sys/block."""

    name: str
    bytes: int
    removable: bool
    hidden: bool
    dev: str
    dm_name: str
    dm_uuid: str
    slaves: list[str]
    wwid: str = ""
    vendor: str = ""
    parts: list[Part] = field(default_factory=list)

    @property
    def crypt(self) -> bool:
        """Return whether device-mapper opened this device as an encrypted volume (LUKS or plain)."""
        return bool(_CRYPT.match(self.dm_uuid))

    @property
    def layer(self) -> bool:
        """Return whether the device consists of other devices (LVM, LUKS, multipath, software RAID) and is no disk."""
        return bool(_LAYERS.match(self.name))

    @property
    def no_disk(self) -> bool:
        """Return whether the device is no disk of a server, whatever is on it."""
        return self.layer or bool(_NO_DISKS.match(self.name))


def _number(text: str) -> int:
    return integer(text) or 0


class Devices:
    """The block devices of a probe, and the devices below each of them."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.blocks: dict[str, Block] = {}
        self.luks: set[str] = set()
        self._owner: dict[str, str] = {}
        self._pools: list[list[str]] = []
        self._types: dict[str, str] = {}
        late = []
        for record in records:
            if record.key == "block":
                self._add_block(record.fields)
            elif record.key == "part":
                self._add_part(record.fields)
            elif record.key == "luks":
                # head prints the path, /dev/cciss/c0d0p1 is cciss!c0d0p1 in sysfs.
                self.luks.add(record.fields[0].replace("/", "!"))
            elif record.key == "btrfs" and len(record.fields) == 2:
                self._pools.append(record.fields[1].split())
            elif record.key == "fstype" and len(record.fields) == 2:
                self._types[record.fields[0]] = record.fields[1]
            elif record.key in ("dm", "mapper"):
                late.append(record)
        for record in late:
            self._name_mapped(record.key, record.fields)
        for block in self.blocks.values():
            if block.layer and not block.slaves:
                block.slaves = self._members(block)
        self._same = self._paths()

    def _add_block(self, fields: tuple[str, ...]) -> None:
        name, size, removable, hidden, dev, dm_name, dm_uuid, slaves, wwid, vendor = (*fields, *[""] * 10)[:10]
        self.blocks[name] = Block(
            name,
            _number(size) * SECTOR,
            removable == "1",
            hidden == "1",
            dev,
            dm_name,
            dm_uuid,
            slaves.split(),
            wwid.strip(),
            vendor.strip(),
        )

    def _add_part(self, fields: tuple[str, ...]) -> None:
        disk, name, number, size, dev = (*fields, *[""] * 5)[:5]
        if disk in self.blocks:
            self.blocks[disk].parts.append(Part(name, _number(number), _number(size) * SECTOR, dev))
            self._owner[name] = disk

    def _name_mapped(self, key: str, fields: tuple[str, ...]) -> None:
        """Take the name and the UUID of a device-mapper device from its tools, where the kernel does not tell them."""
        if key == "mapper":
            dev, name, uuid = (*fields, "", "")[0], (*fields, "", "")[1], ""
        else:
            major, minor, uuid, name = (*fields, *[""] * 4)[:4]
            dev = f"{major.strip()}:{minor.strip()}"
        for block in self.blocks.values():
            if block.name.startswith("dm-") and block.dev == dev:
                block.dm_name = block.dm_name or name
                block.dm_uuid = block.dm_uuid or uuid

    def _members(self, layer: Block) -> list[str]:
        """Return what a layer lies on that the kernel does not say: the paths of PowerPath, the disk of an old DRBD."""
        if layer.name.startswith(("emcpower", "VxDMP", "sddlm", "vpath")):
            return [
                block.name
                for block in self.blocks.values()
                if block.name.startswith("sd")
                and block.bytes == layer.bytes
                and (not layer.name.startswith("emcpower") or block.vendor in ("EMC", "DGC"))
            ]
        if layer.name.startswith("drbd"):
            sizes = {part.name: part.bytes for block in self.blocks.values() for part in block.parts}
            sizes.update({block.name: block.bytes for block in self.blocks.values()})
            held = [name for name, kind in self._types.items() if kind == "drbd" and sizes.get(name, 0) >= layer.bytes]
            return [min(held, key=lambda name: sizes[name])] if held else []
        return []

    def _paths(self) -> dict[str, str]:
        """Return, for each path of a disk, the first path, which identifies the disk."""
        groups = [
            [item for item in block.slaves if item in self.blocks and not self.blocks[item].no_disk]
            for block in self.blocks.values()
            if block.dm_uuid.startswith("mpath-") or block.name.startswith(("emcpower", "VxDMP", "sddlm", "vpath"))
        ]
        names: dict[tuple[str, int], list[str]] = {}
        for block in self.blocks.values():
            if _UNIQUE.match(block.wwid) and block.bytes and not block.no_disk and not block.hidden:
                names.setdefault((block.wwid, block.bytes), []).append(block.name)
        found: dict[str, str] = {}
        for group in (*groups, *names.values()):
            first = min(group, key=device_order, default=None)
            for name in group:
                found.setdefault(name, first or name)
        return found

    def find(self, source: str) -> str | None:
        """Return the kernel name of the device that a mount source such as /dev/vda1 or /dev/mapper/vg-root names."""
        if not source.startswith("/dev/"):
            return None
        short = source[len("/dev/") :]
        kernel = short.replace("/", "!")  # /dev/cciss/c0d0p1 is cciss!c0d0p1 in sysfs
        if kernel in self.blocks or kernel in self._owner:
            return kernel
        mapped = short[len("mapper/") :] if short.startswith("mapper/") else short.replace("-", "--").replace("/", "-")
        return next((block.name for block in self.blocks.values() if block.dm_name and block.dm_name == mapped), None)

    def find_dev(self, dev: str) -> str | None:
        """Return the kernel name of the device with these ``major:minor`` numbers."""
        for block in self.blocks.values():
            if dev and block.dev == dev:
                return block.name
            for part in block.parts:
                if dev and part.dev == dev:
                    return part.name
        return None

    def chain(self, name: str) -> list[str]:
        """Return ``name`` and every device below it, down to the disks."""
        found: list[str] = []
        queue = [name]
        while queue:
            current = queue.pop(0)
            if current in found:
                continue
            found.append(current)
            if current in self._owner:
                queue.append(self._owner[current])
            elif current in self.blocks:
                queue += self.blocks[current].slaves
        return found

    def disks_below(self, name: str) -> list[str]:
        """Return the disks below ``name``, in the order of their names; all disks of a btrfs that is on several."""
        pool = next((pool for pool in self._pools if name in pool), [name])
        items = [item for member in pool for item in self.chain(member)]
        found = {self._same.get(item, item) for item in items if item in self.blocks and not self.blocks[item].no_disk}
        return sorted(found, key=device_order)

    def encrypted_disks(self, swaps: Iterable[str], mounted: Iterable[str] = ()) -> set[str]:
        """Return the disks that hold an encrypted volume. Encrypted swap does not count: SMC does not migrate swap
        (facts 2.4)."""
        swap = {name for item in swaps if (name := self.find(item))}
        below_swap = {item for name in swap for item in self.chain(name)}
        in_use = {item for name in mounted for item in self.chain(name)}
        only_swap = below_swap - in_use
        marked = {block.name for block in self.blocks.values() if block.crypt} | self.luks
        return {disk for item in marked - only_swap for disk in self.disks_below(item)}

    def disks(self, system: list[str], swaps: Iterable[str], mounted: Iterable[str] = ()) -> list[dict[str, Any]]:
        """Return the disks of the server, the system disk first, without removable, hidden and empty devices that do
        not hold the root file system. Of several paths to a disk only the first one is listed."""
        encrypted = self.encrypted_disks(swaps, mounted)
        rows = [
            {
                "name": block.name,
                "bytes": block.bytes,
                "system": block.name in system,
                "encrypted": block.name in encrypted,
                "partitions": [
                    {"name": part.name, "number": part.number, "bytes": part.bytes}
                    for part in sorted(block.parts, key=lambda part: part.number)
                ],
            }
            for block in self.blocks.values()
            if not block.no_disk
            and self._same.get(block.name, block.name) == block.name
            and (block.name in system or (block.bytes and not block.removable and not block.hidden))
        ]
        return sorted(rows, key=lambda row: (not row["system"], device_order(str(row["name"]))))
