# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host broken in exactly one way, for every class of finding on a source: one edit of a clean one's answer. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Records = list[tuple[str, ...]]

KIB = 1024
GIB = 1024**3
SECTOR = 512
DATA_DISKS = ("vdm", "vdn", "vdo", "vdp", "vdq")
NEEDED_DRIVERS = ("virtio_blk", "virtio_pci", "CONFIG_VIRTIO_BLK", "CONFIG_VIRTIO_PCI")
MANAGERS = ("apt-get", "dnf", "yum", "zypper", "apk", "pacman")


@dataclass(frozen=True)
class Break:
    """One way to be unfit: the class, what is done, the finding that must come of it, and the edit."""

    number: int
    what: str
    finding: str
    edit: Callable[[Records], Records]


def without(records: Records, *keys: str) -> Records:
    """The records without those of some keys."""
    return [row for row in records if row[0] not in keys]


def kernel_name(records: Records, system: str | None, machine: str) -> Records:
    """The records with another kernel and machine in what uname said."""
    words = next(row for row in records if row[0] == "uname")[1].split()
    name = " ".join([system or words[0], *words[1:3], machine])
    return [("uname", name), *without(records, "uname")]


def data_disks(records: Records, count: int, gib: int, used_gib: int = 1) -> Records:
    """The records with more data disks of a size, each with one file system that is mounted and partly full."""
    rows: Records = []
    for number, name in enumerate(DATA_DISKS[:count]):
        size, used = gib * GIB, used_gib * GIB
        rows += [
            ("block", name, str(size // SECTOR), "0", "0", f"252:{number * 16}", "", "", ""),
            ("part", name, f"{name}1", "1", str(size // SECTOR - 4096), f"252:{number * 16 + 1}"),
            ("mount", f"/dev/{name}1", f"/data/{name}", "ext4", "rw,relatime"),
            ("df", f"/dev/{name}1 {size // KIB} {used // KIB} {(size - used) // KIB} 50% /data/{name}"),
        ]
    return records + rows


def tools(records: Records, *names: str) -> Records:
    """The records of a host that lacks some programs."""
    return [(*row[:2], "") if row[0] == "tool" and row[1] in names else row for row in records]


def drivers(records: Records) -> Records:
    """The records of a host whose initramfs and kernel hold no virtio disk and bus; the modules stay on its disk."""
    keys = ("initramfs-module", "builtin", "builtin-config")
    return [row for row in records if not (row[0] in keys and row[1].split(".")[0].replace("-", "_") in NEEDED_DRIVERS)]


def clock(records: Records, seconds: int) -> Records:
    """The records of a host whose clock is ahead."""
    return [(row[0], str(int(row[1]) + seconds)) if row[0] == "epoch" else row for row in records]


def full_root(records: Records) -> Records:
    """The records of a host whose root file system has 1 MiB left."""
    rows = []
    for row in records:
        words = row[1].split() if row[0] == "df" else []
        if len(words) == 6 and words[5] == "/":
            row = ("df", f"{words[0]} {words[1]} {int(words[1]) - KIB} {KIB} 100% /")
        rows.append(row)
    return rows


def static_address(records: Records) -> Records:
    """The records of a host whose network is static, for a name that no device of KVM has, and without cloud-init."""
    rows = without(tools(records, "cloud-init"), "cloud-init", "net-naming", "net-service", "net-file", "net-line")
    lines = ("DEVICE=ens192", "BOOTPROTO=none", "IPADDR=198.18.0.9", "ONBOOT=yes")
    path = "/etc/sysconfig/network-scripts/ifcfg-ens192"
    return [*rows, ("net-naming", "kernel", ""), ("net-file", "ifcfg", path), *(("net-line", line) for line in lines)]


BREAKS = (
    Break(1, "uname reports FreeBSD", "not-linux", lambda rows: kernel_name(rows, "FreeBSD", "amd64")),
    Break(2, "uname reports aarch64", "not-x86-64", lambda rows: kernel_name(rows, None, "aarch64")),
    Break(3, "five data disks", "too-many-data-disks", lambda rows: data_disks(rows, 5, 20)),
    Break(4, "a data disk of 501 GiB", "data-disk-too-large", lambda rows: data_disks(rows, 1, 501)),
    Break(5, "3 x 350 GiB in use", "total-too-large", lambda rows: data_disks(rows, 3, 450, used_gib=350)),
    Break(6, "LUKS on a data disk", "encrypted-disk", lambda rows: [*data_disks(rows, 1, 20), ("luks", "vdm1")]),
    Break(7, "no rsync", "rsync-missing", lambda rows: tools(rows, "rsync")),
    Break(8, "no virtio disk in the initramfs", "virtio-missing", drivers),
    Break(
        9,
        "SELinux says 1",
        "selinux-enforcing",
        lambda rows: [*without(rows, "selinux-enforce"), ("selinux-enforce", "1")],
    ),
    Break(10, "GRUB 0.97", "grub-too-old", lambda rows: [*without(rows, "grub"), ("grub", "grub (GNU GRUB 0.97)")]),
    Break(11, "an hour ahead", "clock-skew", lambda rows: clock(rows, 3600)),
    Break(
        12,
        "a port that does not answer",
        "no-egress",
        lambda rows: [*rows, ("egress", "smc-service.aliyuncs.com:443", "timeout", "bash", "ok")],
    ),
    Break(
        13,
        "mysqld runs",
        "busy-database",
        lambda rows: [*rows, ("process", "mysqld"), ("path", "/var/lib/mysql", "1")],
    ),
    Break(
        14,
        "neither cloud-init nor packages",
        "no-cloud-init-path",
        lambda rows: without(tools(rows, "cloud-init", *MANAGERS), "cloud-init"),
    ),
    Break(15, "1 MiB free", "low-space", full_root),
    Break(27, "a static address on ens192", "nic-not-configured", static_address),
    Break(16, "a swap partition", "swap-lost", lambda rows: [*rows, ("swap", "/dev/vdz1 partition 1048572 0 -2")]),
)
"""Every class that is looked for on a source."""
