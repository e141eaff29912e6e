# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that public reports describe, besides their disks and their network: what they boot, contain and are.

The lines are those of the probe, made by hand from the reports. ``about`` is what a migration engineer expects.
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1024**3 // 512


@dataclass(frozen=True)
class Field:
    """One server of a report: lines beside those of a clean host, other lines about booting, and its findings."""

    name: str
    address: str
    about: str
    lines: tuple[str, ...] = ()
    findings: frozenset[str] = frozenset()
    boot: tuple[str, ...] = ()
    disks: tuple[str, ...] = ("vda",)


@dataclass(frozen=True)
class Pair:
    """Two answers, and whether they are of one machine."""

    name: str
    address: str
    about: str
    one: tuple[str, ...]
    other: tuple[str, ...]
    same: bool


FIELD = (
    Field(
        "lxc-in-a-guest-of-vmware",
        "https://github.com/CISOfy/lynis/issues/425",
        "The firmware is that of the guest of VMware, and the host is a container in it.",
        ("dmi sys_vendor\tVMware, Inc.", "container\tlxc\t/proc/1/environ"),
        frozenset({"is-container"}),
    ),
    Field(
        "lxc-of-proxmox",
        "https://github.com/netdata/netdata/issues/10568",
        "systemd-detect-virt says lxc, and its option -v says none.",
        ("virt\tlxc",),
        frozenset({"is-container"}),
    ),
    Field(
        "wsl",
        "https://github.com/systemd/systemd/pull/11932",
        "WSL has a kernel of Microsoft and no disk that boots.",
        ("container\twsl\t4.4.0-19041-Microsoft",),
        frozenset({"is-container"}),
    ),
    Field(
        "openvz",
        "https://github.com/nix-community/nixos-anywhere/pull/272",
        "An OpenVZ container uses the kernel of its host.",
        ("container\topenvz\t/proc/vz",),
        frozenset({"is-container"}),
    ),
    Field(
        "openvz-and-lxc",
        "https://github.com/pterodactyl-installer/pterodactyl-installer/issues/200",
        "virt-what names two kinds of containers: one of them is enough.",
        ("container\topenvz\t/proc/vz", "container\tlxc\t/proc/1/environ"),
        frozenset({"is-container"}),
    ),
    Field(
        "docker-thin-pool",
        "https://github.com/rear/rear/issues/1749",
        "Each container has a mount on a thin volume of the same pool: one data disk, and it is not counted again.",
        (
            f"block\tvdb\t{100 * GIB}\t0\t\t253:16\t\t\t",
            f"block\tdm-0\t{90 * GIB}\t0\t\t252:0\tdocker-pool_tdata\tLVM-a-tdata\tvdb",
            f"block\tdm-1\t{90 * GIB}\t0\t\t252:1\tdocker-pool\tLVM-a-tpool\tdm-0",
            f"block\tdm-3\t{10 * GIB}\t0\t\t252:3\tdocker-252:1-1-d21\t\tdm-1",
            f"block\tdm-5\t{10 * GIB}\t0\t\t252:5\tdocker-252:1-1-c36\t\tdm-1",
            "mount\t/dev/dm-3\t/app/docker/devicemapper/mnt/d21\txfs\trw",
            "mount\t/dev/dm-5\t/app/docker/devicemapper/mnt/c36\txfs\trw",
        ),
        frozenset({"lvm-data"}),
        disks=("vda", "vdb"),
    ),
    Field(
        "zram-swap",
        "https://github.com/rear/rear/pull/3432",
        "Swap in compressed memory is on no disk and is not lost.",
        (f"block\tzram0\t{8 * GIB}\t0\t\t251:0\t\t\t", "swap\t/dev/zram0 partition 8388604 0 100"),
    ),
    Field(
        "dvd-ram",
        "https://github.com/Solvik/netbox-agent/pull/239",
        "A drive for DVD-RAM with a medium in it is no disk.",
        (f"block\tsr0\t{4 * GIB}\t1\t\t11:0\t\t\t",),
    ),
    Field(
        "cdrom-and-floppy",
        "https://github.com/sprotheroe/vagrant-disksize/pull/15",
        "A virtual machine lists its CD-ROM and its floppy among its disks.",
        ("block\tsr0\t2097151\t1\t\t11:0\t\t\t", "block\tfd0\t8\t1\t\t2:0\t\t\t"),
    ),
    Field(
        "rhel7-from-vmware",
        "https://github.com/kubevirt/kubevirt/issues/11133",
        "An initramfs for the present hardware alone waits for its root device without limit on KVM.",
        (),
        frozenset({"virtio-missing"}),
        (
            "grub\tgrub2-install (GRUB) 2.02",
            "boot-config\t/boot/grub2/grub.cfg",
            "initramfs\t/boot/initramfs-3.10.0-1160.el7.x86_64.img\tread",
            "initramfs-module\tvmw_pvscsi.ko.xz",
            "module\tvirtio_blk.ko.xz",
            "module\tvirtio_pci.ko.xz",
            "modules\t/lib/modules/3.10.0-1160.el7.x86_64",
        ),
    ),
    Field(
        "default-entry-gone",
        "https://github.com/oracle/oracle-linux/issues/148",
        "The menu starts a kernel that is no longer in /boot, whatever grubby shows.",
        ("boot-gone\t/vmlinuz-5.14.0-427.16.1.el9_4.x86_64\t/boot/grub2/grub.cfg",),
        frozenset({"kernel-gone"}),
    ),
    Field(
        "extlinux",
        "https://github.com/coreos/bugs/issues/1462",
        "A system without GRUB, as an appliance has it.",
        (),
        frozenset({"grub-missing"}),
        (
            "grub\t",
            "boot-config\t/boot/extlinux/extlinux.conf",
            "modules\t/lib/modules/4.7",
            "builtin\tvirtio_blk.ko",
            "builtin\tvirtio_pci.ko",
        ),
    ),
)


def uuid(text: str) -> str:
    """The line of the probe with what the firmware shows as the UUID."""
    return f"dmi product_uuid\t{text}"


TEMPLATE = ("machine-id\t0123456789abcdef0123456789abcdef", "sshkey\tssh-ed25519 AAAA root@template")
"""Lines that all machines of the pairs have in common."""
ONE, OTHER = "mac\t00:50:56:00:00:01", "mac\t00:50:56:00:00:02"
UUID, OF_A_CLONE = uuid("4c4c4544-0042-3510-8052-b4c04f4d3232"), uuid("4c4c4545-0042-3510-8052-b4c04f4d3232")

PAIRS = (
    Pair(
        "uuid-not-settable",
        "https://github.com/Katello/katello/pull/8118",
        "Firmware that has no UUID prints words. Two clones differ by their network cards.",
        (uuid("Not Settable"), ONE),
        (uuid("Not Settable"), OTHER),
        same=False,
    ),
    Pair(
        "uuid-not-present",
        "https://github.com/system76/coreboot/issues/99",
        "The same with the other words that dmidecode has.",
        (uuid("Not Present"), ONE),
        (uuid("Not Present"), OTHER),
        same=False,
    ),
    Pair(
        "uuid-after-a-flash",
        "https://github.com/Dasharo/dasharo-issues/issues/779",
        "A board that shows no UUID stays the machine that it is when it restarts.",
        (uuid("Not Settable"), ONE),
        (uuid(""), ONE),
        same=True,
    ),
    Pair(
        "uuid-of-the-board-type",
        "https://github.com/systemd/systemd/pull/11137",
        "Boards of one type share a UUID that counts up. Two clones on them are two machines.",
        (uuid("00010203-0405-0607-0809-0a0b0c0d0e0f"), ONE),
        (uuid("00010203-0405-0607-0809-0a0b0c0d0e0f"), OTHER),
        same=False,
    ),
    Pair(
        "uuid-with-an-address",
        "https://github.com/OCSInventory-NG/UnixAgent/pull/120",
        "A UUID of zeros and a hardware address identifies its board.",
        (uuid("00000000-0000-0000-0000-002590c7c000"),),
        (uuid("00000000-0000-0000-0000-002590c7c002"),),
        same=False,
    ),
    Pair(
        "xen-pv",
        "https://github.com/saltstack/salt/pull/69036",
        "A paravirtual guest has no DMI. The UUID that its hypervisor shows is different for each clone.",
        ("hypervisor-uuid\t7d3fbb90-0000-4000-8000-000000000001", ONE),
        ("hypervisor-uuid\t7d3fbb90-0000-4000-8000-000000000002", ONE),
        same=False,
    ),
    Pair(
        "xen-pv-restarted",
        "https://github.com/google/cadvisor/issues/3783",
        "The same guest after a restart, with a new network card.",
        ("hypervisor-uuid\t7d3fbb90-0000-4000-8000-000000000001", ONE),
        ("hypervisor-uuid\t7d3fbb90-0000-4000-8000-000000000001", OTHER),
        same=True,
    ),
    Pair(
        "clone-of-a-template",
        "https://github.com/uyuni-project/uyuni/issues/3478",
        "Clones keep machine-id and host keys, and get another UUID.",
        (UUID,),
        (OF_A_CLONE,),
        same=False,
    ),
    Pair(
        "clone-with-the-same-uuid",
        "https://github.com/openshift/assisted-installer-agent/issues/155",
        "A hypervisor that copies the UUID too. No lasting fact differs between the machines: the wave blocks both "
        "(same-machine) until one gets another identity.",
        (UUID, ONE),
        (UUID, OTHER),
        same=True,
    ),
    Pair(
        "new-disk-and-kernel",
        "https://github.com/MatthewKing/DeviceId/issues/70",
        "After a restart with a new kernel, a new disk and a new bridge of Docker it is the same machine.",
        (UUID, ONE, "uname\tLinux web-01 4.18.0-80.el8.x86_64 x86_64"),
        (UUID, ONE, f"block\tvdq\t{GIB}\t0\t\t253:16\t\t\t", "netdev\tdocker0\tbridge\t\t02:42:00:00:00:07"),
        same=True,
    ),
)
