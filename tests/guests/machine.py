# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest of QEMU is made of: a root file system, and the machine around it. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

LAYOUTS = ("plain", "lvm", "luks", "raid", "thin", "btrfs", "boot-disk")
EXTRAS = ("", "label", "old-default", "multipath", "crypt-data")
FIRMWARES = ("bios", "uefi")
INITS = ("systemd", "sysvinit", "none")


@dataclass(frozen=True)
class Root:
    """A root file system: a suite of Debian with packages beside its essential ones, or busybox and nothing else.

    ``commands`` are run in it by a shell when it is made.
    """

    suite: str
    packages: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Machine:
    """The guest around a root file system. ``kernel`` is the suite whose kernel boots a root that has none.

    ``extra`` is what a guest with the layout "plain" has besides: a root found by its label, a default entry that is
    not the newest kernel, a data disk with two paths, an encrypted data disk with a key file. ``data`` are the folders
    that are each a disk of its own, with one file system that is mounted by its UUID: xfs for those in ``xfs``, which
    contain files only, else ext4.
    """

    firmware: str = "bios"
    layout: str = "plain"
    extra: str = ""
    init: str = "none"
    kernel: str = ""
    user: str = "root"
    disk_mib: int = 20 * 1024
    data: tuple[str, ...] = ()
    xfs: tuple[str, ...] = ()

    def type_of(self, folder: str) -> str:
        """The type of the file system of a data folder."""
        return "xfs" if folder in self.xfs else "ext4"


def identity(name: str, what: str) -> str:
    """A UUID that is the same whenever the guest of this name is made."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{what}.{name}.edgelift"))
