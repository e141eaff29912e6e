# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source servers of ``make e2e``: what is in them, and how their migration must end. Pure data."""

from __future__ import annotations

from dataclasses import dataclass

from guests.machine import Machine, Root

SUITE = "bookworm"
SYSTEM = (
    *("dbus", "dosfstools", "e2fsprogs", "initramfs-tools", "iproute2", "kmod", "linux-image-cloud-amd64"),
    *("openssh-server", "procps", "rsync", "systemd-sysv", "udev"),
)
SERVICES = ("curl", "nginx-light", "sqlite3")
DISK_MIB = 3 * 1024
NETWORK = "[Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\n"
# Where a machine is busy, udev of a guest shows a disk after more than the 90 s that systemd waits for it.
PATIENT = "[Manager]\nDefaultDeviceTimeoutSec=15min\nDefaultTimeoutStartSec=15min\n"
COMMANDS = (
    "systemctl enable systemd-networkd.service",
    # Timers of Debian that would start work on a machine that exists for some minutes.
    "systemctl mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer",
)
# An initramfs that finds the disk of the source, an NVMe disk, and no virtio disk.
NO_VIRTIO = (
    "sed -i s/^MODULES=.*/MODULES=list/ /etc/initramfs-tools/initramfs.conf",
    "printf 'nvme\\next4\\n' >>/etc/initramfs-tools/modules",
    "update-initramfs -u",
)


@dataclass(frozen=True)
class Guest:
    """One source server. ``ends`` is how its migration must end: verified, not-booted, or blocked by ``finding``.

    ``forced`` waives that finding in a second migration, which must fail: the image does not boot.
    """

    name: str
    what: str
    machine: Machine
    packages: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    disk: str = "virtio"
    ends: str = "verified"
    finding: str = ""
    forced: bool = False

    @property
    def root(self) -> Root:
        """The recipe of its root file system."""
        loader = "grub-efi-amd64" if self.machine.firmware == "uefi" else "grub-pc"
        packages = tuple(sorted({*SYSTEM, *SERVICES, loader, *self.packages}))
        return Root(SUITE, packages, COMMANDS + self.commands)


def _machine(**changes: object) -> Machine:
    words: dict[str, object] = {"init": "systemd", "disk_mib": DISK_MIB, "data": ("/srv/data",), **changes}
    return Machine(**words)  # type: ignore[arg-type]  # the fields of Machine have several types


GUESTS = {
    guest.name: guest
    for guest in (
        Guest("base", "BIOS, GRUB, ext4, Python, a data disk", _machine(), ("python3-minimal",)),
        Guest("no-python", "the same without Python", _machine()),
        Guest("lvm", "the root file system on LVM", _machine(layout="lvm"), ("lvm2",)),
        Guest(
            *("two-data-disks", "two data disks, the second one with xfs"),
            _machine(data=("/srv/data", "/srv/archive"), xfs=("/srv/archive",)),
        ),
        Guest("uefi", "boots with UEFI", _machine(firmware="uefi"), ends="not-booted", finding="uefi-unknown"),
        Guest(
            *("no-virtio", "an initramfs without virtio drivers", _machine()),
            commands=NO_VIRTIO,
            disk="nvme",
            ends="blocked",
            finding="virtio-missing",
            forced=True,
        ),
    )
}
