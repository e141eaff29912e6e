# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers with the block devices that public reports describe: what their kernels list, and which disks they have.

The lines are those of the probe, written from the listings in the reports; sizes are rounded. ``expected`` is what
a migration engineer counts: the system disk first.
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True)
class Field:
    """One server of a report: the title and the address of the thread, and a summary in our own words."""

    name: str
    title: str
    address: str
    about: str
    lines: tuple[str, ...]
    expected: tuple[str, ...]
    findings: frozenset[str] = frozenset()
    """Findings about disks that the server has, of any severity."""


def block(
    name: str, gib: float, dev: str, dm: tuple[str, str] = ("", ""), slaves: str = "", wwid: str = "", vendor: str = ""
) -> str:
    size = int(gib * GIB // 512)
    return "\t".join(["block", name, str(size), "0", "", dev, *dm, slaves, wwid, vendor])


def part(disk: str, name: str, number: int, gib: float, dev: str) -> str:
    return f"part\t{disk}\t{name}\t{number}\t{int(gib * GIB // 512)}\t{dev}"


def mount(source: str, target: str, fstype: str = "ext4") -> str:
    return f"mount\t{source}\t{target}\t{fstype}\trw"


SDA = (block("sda", 40, "8:0"), part("sda", "sda1", 1, 39, "8:1"), mount("/dev/sda1", "/"))

FIELD = (
    Field(
        "multipath-data",
        '"multipathed devices" displayed as if they are seperate devices',
        "https://github.com/cockpit-project/cockpit/issues/2554",
        "Four paths to one LUN beside a local disk: one data disk, not four.",
        (
            *SDA,
            *(block(f"sd{letter}", 100, f"8:{16 * number}") for number, letter in enumerate("bcde", 1)),
            block("dm-0", 100, "253:0", ("mpatha", "mpath-360a98000572d"), "sdb sdc sdd sde"),
            mount("/dev/mapper/mpatha", "/data", "xfs"),
        ),
        ("sda", "sdb"),
    ),
    Field(
        "multipath-many-unused",
        "Multipath disk incorrectly excluded from backup",
        "https://github.com/rear/rear/issues/2236",
        "A system on a multipath device with partitions by kpartx, and six LUNs of 600 GiB on two paths each, unused.",
        (
            block("sda", 50, "8:0"),
            block("sdb", 50, "8:16"),
            block("dm-0", 50, "254:0", ("mpatha", "mpath-36001405"), "sda sdb"),
            block("dm-1", 49, "254:1", ("mpatha-part1", "part1-mpath-36001405"), "dm-0"),
            mount("/dev/mapper/mpatha-part1", "/", "btrfs"),
            *(
                line
                for number, pair in enumerate(("cd", "ef", "gh", "ij", "kl", "mn"), 2)
                for line in (
                    block(f"sd{pair[0]}", 600, f"8:{32 * number}"),
                    block(f"sd{pair[1]}", 600, f"8:{32 * number + 16}"),
                    block(
                        f"dm-{number}",
                        600,
                        f"254:{number}",
                        (f"mpath{pair}", f"mpath-{pair}"),
                        f"sd{pair[0]} sd{pair[1]}",
                    ),
                )
            ),
        ),
        ("sda",),
        frozenset({"data-disk-not-mounted"}),
    ),
    Field(
        "same-wwn-without-multipath",
        "[FEAT] Multipath support (handle duplicate /dev/dsX devices)",
        "https://github.com/AnalogJ/scrutiny/issues/81",
        "Two ports of a SAS shelf show each disk twice, with one world wide name, and multipath is not set up.",
        (
            *SDA,
            block("sdb", 400, "8:16", wwid="naa.5000c500ac884001"),
            block("sdc", 400, "8:32", wwid="naa.5000c500ac884001"),
            part("sdb", "sdb1", 1, 399, "8:17"),
            part("sdc", "sdc1", 1, 399, "8:33"),
            mount("/dev/sdb1", "/srv"),
        ),
        ("sda", "sdb"),
    ),
    Field(
        "powerpath",
        "--disks doesn't take into account EMC/Veritas/Hitachi multipath",
        "https://github.com/ryran/xsos/issues/7",
        "One local disk and 8 LUNs of an EMC array under PowerPath, 4 paths each: the kernel names no slaves.",
        (
            *SDA,
            *(
                block(f"sd{letters}", 120 + lun, f"66:{lun * 64 + path * 16}", vendor="DGC")
                for lun in range(2)
                for path, letters in enumerate(("bcde", "fghi")[lun])
            ),
            block("emcpowera", 120, "120:0"),
            block("emcpowerb", 121, "120:16"),
            part("emcpowera", "emcpowera1", 1, 119, "120:1"),
            mount("/dev/emcpowera1", "/oradata"),
            mount("/dev/emcpowerb", "/oraarch"),
        ),
        ("sda", "sdb", "sdf"),
    ),
    Field(
        "emmc",
        '"rear mkrescue" fails for mmcblk0boot0/mmcblk0rpmb partitions (mmcblk/eMMC disk type)',
        "https://github.com/rear/rear/issues/2087",
        "A system on eMMC: its boot areas and its protected area are no disks.",
        (
            block("mmcblk0", 58, "179:0"),
            part("mmcblk0", "mmcblk0p2", 2, 57, "179:2"),
            block("mmcblk0boot0", 0.004, "179:8"),
            block("mmcblk0boot1", 0.004, "179:16"),
            block("mmcblk0rpmb", 0.004, "179:24"),
            mount("/dev/mmcblk0p2", "/"),
        ),
        ("mmcblk0",),
    ),
    Field(
        "cciss",
        "Disks are not detected on systems running cciss driver (older HP ProLiant)",
        "https://github.com/openvstorage/framework/issues/1496",
        "Three logical drives of a Smart Array; sysfs writes ! for / in their names. One has a closed LUKS volume.",
        (
            block("cciss!c0d0", 68, "104:0"),
            part("cciss!c0d0", "cciss!c0d0p1", 1, 54, "104:1"),
            block("cciss!c0d1", 136, "104:16"),
            part("cciss!c0d1", "cciss!c0d1p1", 1, 136, "104:17"),
            block("cciss!c0d2", 136, "104:32"),
            part("cciss!c0d2", "cciss!c0d2p1", 1, 136, "104:33"),
            "luks\tcciss/c0d2p1",
            mount("/dev/cciss/c0d0p1", "/"),
            mount("/dev/cciss/c0d1p1", "/srv"),
        ),
        ("cciss!c0d0", "cciss!c0d1"),
        frozenset({"encrypted-disk", "data-disk-not-mounted"}),
    ),
    Field(
        "nvme-native-multipath",
        "libled: Handle native NVMe multi-path",
        "https://github.com/md-raid-utilities/ledmon/pull/152",
        "Kernels with native multipath list each path beside the disk; those of 4.15 to 4.17 do not mark it as hidden.",
        (
            block("nvme6n1", 200, "259:6"),
            part("nvme6n1", "nvme6n1p1", 1, 199, "259:7"),
            block("nvme6c6n1", 200, "259:5"),
            block("nvme7n1", 200, "259:8"),
            block("nvme7c7n1", 200, "259:9"),
            mount("/dev/nvme6n1p1", "/"),
            mount("/dev/nvme7n1", "/data", "xfs"),
        ),
        ("nvme6n1", "nvme7n1"),
    ),
    Field(
        "drbd",
        "Does REAR support DRBD on LVM?",
        "https://github.com/rear/rear/issues/368",
        "A file system on DRBD, whose kernel module names no slave, on a separate disk: one data disk.",
        (
            *SDA,
            block("sdb", 100, "8:16"),
            part("sdb", "sdb1", 1, 99, "8:17"),
            "fstype\tsdb1\tdrbd",
            block("drbd0", 98.9, "147:0"),
            mount("/dev/drbd0", "/mnt/drbd"),
        ),
        ("sda", "sdb"),
    ),
    Field(
        "xen-partitions-only",
        "(FACT-755) Fix unprivileged Xen detection when /proc/xen is not present.",
        "https://github.com/puppetlabs/facter/pull/812",
        "A paravirtual Xen guest has xvda1 and xvda2 (swap) as separate devices, and no xvda.",
        (
            block("xvda1", 20, "202:1"),
            block("xvda2", 2, "202:2"),
            mount("/dev/xvda1", "/", "ext3"),
            "swap\t/dev/xvda2 partition 2097148 0 -1",
        ),
        ("xvda1",),
        frozenset({"swap-lost"}),
    ),
    Field(
        "bcache",
        "Support bcache in ReaR",
        "https://github.com/rear/rear/issues/2057",
        "Data on bcache0, on a hard disk and an SSD as its cache: both are disks, bcache0 is none.",
        (
            *SDA,
            block("sdb", 450, "8:16"),
            block("nvme0n1", 100, "259:0"),
            block("bcache0", 450, "252:0", slaves="sdb nvme0n1"),
            mount("/dev/bcache0", "/srv"),
        ),
        ("sda", "sdb", "nvme0n1"),
    ),
    Field(
        "zvol",
        "lsblk listing feature (by-id, multipath)",
        "https://github.com/util-linux/util-linux/issues/616",
        "A pool of ZFS on two disks, with five volumes of it as block devices: the volumes are no disks.",
        (
            *SDA,
            block("sdb", 300, "8:16"),
            block("sdc", 300, "8:32"),
            "fstype\tsdb\tzfs_member",
            "fstype\tsdc\tzfs_member",
            *(block(f"zd{16 * number}", 600, f"230:{16 * number}") for number in range(5)),
        ),
        ("sda",),
        frozenset({"data-disk-not-mounted"}),
    ),
    Field(
        "btrfs-two-disks",
        "BTRFS Raid / Multi Disk setup is currently not supported",
        "https://github.com/rear/rear/issues/2028",
        "/ is one btrfs on two disks, and /proc/mounts names the first one alone. The second one is no unused disk.",
        (
            block("sda", 40, "8:0"),
            part("sda", "sda1", 1, 39, "8:1"),
            block("sdb", 40, "8:16"),
            "btrfs\t0f1e-22\t sda1 sdb",
            mount("/dev/sda1", "/", "btrfs"),
        ),
        ("sda",),
        frozenset({"several-system-disks"}),
    ),
    Field(
        "el5-as-it-is",
        "Error at rear recover: Disk /dev/hda is not a block device",
        "https://github.com/rear/rear/issues/1000",
        "A kernel of that time, root on LVM: no file partition, no dm/name, no mountinfo, / mounted from /dev/root.",
        (
            block("hda", 40, "3:0"),
            part("hda", "hda1", 1, 0.1, "3:1"),
            part("hda", "hda2", 2, 39, "3:2"),
            block("dm-0", 35, "253:0", slaves=" hda2"),
            block("dm-1", 4, "253:1", slaves=" hda2"),
            "dm\t253\t0\tLVM-mK1Xabc\tVolGroup00-LogVol00",
            "mapper\t253:1\tVolGroup00-LogVol01",
            "root-dev\t64768",
            "mtab\t/dev/mapper/VolGroup00-LogVol00",
            mount("/dev/root", "/", "ext3"),
            mount("/dev/hda1", "/boot", "ext3"),
            "swap\t/dev/mapper/VolGroup00-LogVol01 partition 4194296 0 -1",
        ),
        ("hda",),
        frozenset({"lvm-root", "swap-lost"}),
    ),
    Field(
        "boot-on-a-stick",
        "MIGRATION_MODE: Autodetect when required disk mappings are missing",
        "https://github.com/rear/rear/issues/2428",
        "/boot is on a separate small disk, / on a large one: the machine boots from the small one.",
        (
            block("sda", 400, "8:0"),
            part("sda", "sda1", 1, 399, "8:1"),
            block("sdb", 20, "8:16"),
            part("sdb", "sdb1", 1, 1, "8:17"),
            mount("/dev/sda1", "/"),
            mount("/dev/sdb1", "/boot"),
        ),
        ("sdb", "sda"),
        frozenset({"boot-on-another-disk"}),
    ),
    Field(
        "verity-and-swap-key",
        "Ignore devices marked as hidden in sysfs (#1856974)",
        "https://github.com/storaged-project/blivet/pull/879",
        "dm-verity has checksums and no key, and swap has a random key at each start: SMC copies nothing encrypted.",
        (
            block("sda", 40, "8:0"),
            part("sda", "sda1", 1, 30, "8:1"),
            part("sda", "sda2", 2, 4, "8:2"),
            block("dm-0", 30, "253:0", ("usr", "CRYPT-VERITY-1f-usr"), "sda1"),
            block("dm-1", 4, "253:1", ("swap0", "CRYPT-PLAIN-swap0"), "sda2"),
            mount("/dev/mapper/usr", "/"),
            "swap\t/dev/dm-1 partition 4194296 0 -1",
        ),
        ("sda",),
        frozenset({"swap-lost"}),
    ),
)
