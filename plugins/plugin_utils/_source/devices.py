# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The block devices of a source: the disks, the disks below each device, and the encrypted disks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import device_order

from .answers import integer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .answers import Record

SECTOR = 512
"""Bytes per unit of /sys/block/*/size, whatever the disk's own sector size is (kernel, sysfs-block)."""


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
    parts: list[Part] = field(default_factory=list)

    @property
    def crypt(self) -> bool:
        """Return whether device-mapper opened this device as an encrypted volume (LUKS or plain)."""
        return self.dm_uuid.startswith("CRYPT-")

    @property
    def virtual(self) -> bool:
        """Return whether the device consists of other devices (LVM, LUKS, multipath, software RAID) and is no disk."""
        return self.name.startswith(("dm-", "md"))


def _number(text: str) -> int:
    return integer(text) or 0


class Devices:
    """The block devices of a probe, and the devices below each of them."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.blocks: dict[str, Block] = {}
        self.luks: set[str] = set()
        self._owner: dict[str, str] = {}
        for record in records:
            if record.key == "block":
                self._add_block(record.fields)
            elif record.key == "part":
                self._add_part(record.fields)
            elif record.key == "luks":
                self.luks.add(record.fields[0])

    def _add_block(self, fields: tuple[str, ...]) -> None:
        name, size, removable, hidden, dev, dm_name, dm_uuid, slaves = (*fields, *[""] * 8)[:8]
        self.blocks[name] = Block(
            name, _number(size) * SECTOR, removable == "1", hidden == "1", dev, dm_name, dm_uuid, slaves.split()
        )

    def _add_part(self, fields: tuple[str, ...]) -> None:
        disk, name, number, size, dev = (*fields, *[""] * 5)[:5]
        if disk in self.blocks:
            self.blocks[disk].parts.append(Part(name, _number(number), _number(size) * SECTOR, dev))
            self._owner[name] = disk

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
        """Return the disks below ``name``, in the order of their names."""
        found = [item for item in self.chain(name) if item in self.blocks and not self.blocks[item].virtual]
        return sorted(found, key=device_order)

    def encrypted_disks(self, swaps: Iterable[str]) -> set[str]:
        """Return the disks that hold an encrypted volume. Encrypted swap does not count: SMC does not migrate swap
        (facts 2.4)."""
        swap = {self.find(item) for item in swaps}
        marked = {block.name for block in self.blocks.values() if block.crypt and block.name not in swap}
        below_swap = {part for item in swap if item for part in self.chain(item)}
        marked |= self.luks - below_swap
        return {disk for item in marked for disk in self.disks_below(item)}

    def disks(self, system: list[str], swaps: Iterable[str]) -> list[dict[str, Any]]:
        """Return the disks of the server, the system disk first, without removable, hidden and empty devices that do
        not hold the root file system."""
        encrypted = self.encrypted_disks(swaps)
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
            if not block.virtual
            and (block.name in system or (block.bytes and not block.removable and not block.hidden))
        ]
        return sorted(rows, key=lambda row: (not row["system"], device_order(str(row["name"]))))
