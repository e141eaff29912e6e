# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classes of findings, as hosts and accounts on both sides of each limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import accounts
from .conftest import GIB, Host

Change = Callable[[Host], None]


def nothing(_host: Host) -> None:
    """A clean host."""


def more(*lines: str) -> Change:
    return lambda host: host.extra.extend(lines)


def boot(*lines: str, system: tuple[str, str] = ("debian", "12")) -> Change:
    """Other lines about booting than those of a clean host, by their first word."""

    def change(host: Host) -> None:
        keys = {line.split("\t")[0] for line in lines}
        host.boot = [*(line for line in host.boot if line.split("\t")[0] not in keys), *lines]
        host.os_release = [f"ID={system[0]}", f'VERSION_ID="{system[1]}"']

    return change


def disks(count: int, gib: float = 20) -> Change:
    def change(host: Host) -> None:
        for letter in "bcdef"[:count]:
            host.disk(f"vd{letter}", gib, f"/data/{letter}")

    return change


def used(gib: float) -> Change:
    kib = int(gib * GIB // 1024)

    def change(host: Host) -> None:
        host.disk("vdb", 400, "/data")
        host.extra += [
            f"df\t/dev/vda1 {kib} 1048576 999999 9% /",
            f"df\t/dev/vdb1 {kib} {kib - 1048576} 999999 9% /data",
        ]

    return change


def tools(**paths: str) -> Change:
    return lambda host: host.tools.update({name.replace("_", "-"): path for name, path in paths.items()})


def without_cloud_init(version: str) -> Change:
    def change(host: Host) -> None:
        host.tools.update({"cloud-init": "", "yum": "/usr/bin/yum"})
        host.os_release = ["ID=centos", f'VERSION_ID="{version}"', f'PRETTY_NAME="CentOS {version}"']

    return change


def luks(host: Host) -> None:
    host.mapped("dm-0", "root", "CRYPT-LUKS2-abc-root", "vda1")
    host.root = "mount\t/dev/mapper/root\t/\text4\trw"


def lvm(host: Host) -> None:
    host.mapped("dm-0", "vg-root", "LVM-abc", "vda1")
    host.root = "mount\t/dev/mapper/vg-root\t/\text4\trw"


def data_lvm(host: Host) -> None:
    host.disk("vdb", 20)
    host.mapped("dm-0", "vg-data", "LVM-abc", "vdb1")
    host.extra.append("mount\t/dev/mapper/vg-data\t/srv\text4\trw")


def no_date(host: Host) -> None:
    host.epoch = ""


NIC = (
    "net-naming\tkernel\t",
    "net-cloud-off\tnetwork-config=disabled",
    "net-file\tifcfg\t/etc/ifcfg",
    "net-line\tBOOTPROTO=dhcp",
)
DHCP = ("BOOTPROTO=dhcp", "ONBOOT=yes")


def ifcfg(*lines: str) -> Change:
    """A host with device names of the kernel, a file of ifcfg, and a cloud-init that does not configure the network."""
    return more(*NIC[:3], *(f"net-line\t{line}" for line in lines))


def uefi(host: Host) -> None:
    host.firmware = "uefi"


def machine(uname: str) -> Change:
    def change(host: Host) -> None:
        host.uname = uname

    return change


@dataclass(frozen=True)
class Case:
    """A host, or an account, on the side of the limit on which a finding is, and on the other."""

    number: int
    id: str
    broken: Any
    fine: Any = nothing
    asked: tuple[float, float] | None = None
    fine_asked: tuple[float, float] | None = None
    also: list[str] = field(default_factory=list)
    """What the same fault is found as besides."""


NOW = 1795509537.0
OLD_GRUB = "grub\tgrub (GNU GRUB 0.97)"
SPACE = 512 * 1024
# What OSS answers at the endpoint of another region: the code is that of a missing right.
ELSEWHERE = {
    "value": None,
    "problem": "AccessDenied: The bucket you are attempting to access must be addressed using the specified endpoint.",
    "code": "AccessDenied",
}
Clean, Told, Refused, rules = accounts.clean, accounts.told, accounts.refused, accounts.overwrite_rule

CASES = [
    Case(1, "not-linux", machine("FreeBSD h 13.2 amd64"), machine("Linux h 2.6.18 x86_64")),
    Case(2, "not-x86-64", machine("Linux h 6.1 aarch64"), machine("Linux h 6.1 x86_64")),
    Case(3, "too-many-data-disks", disks(5), disks(4)),
    Case(4, "data-disk-too-large", disks(1, 500.001), disks(1, 500)),
    Case(5, "total-too-large", used(1024.1), used(1024)),
    Case(6, "encrypted-root", luks),
    Case(6, "encrypted-disk", lambda host: (disks(1)(host), more("luks\tvdb1")(host)), disks(1)),
    Case(7, "rsync-missing", tools(rsync=""), tools(rsync="/usr/local/bin/rsync")),
    Case(8, "virtio-missing", boot("initramfs-module\tvirtio_blk.ko"), boot("builtin\tvirtio_blk.ko")),
    Case(
        8,
        "virtio-unknown",
        boot("initramfs\t/boot/initrd.img\tunreadable", "initramfs-module\tx"),
        boot("initramfs\t/boot/initrd.img\tno-tool"),
    ),
    Case(8, "kernel-elsewhere", boot("initramfs\t\tnone", "modules\t"), also=["virtio-unknown"]),
    Case(8, "kernel-gone", boot("boot-gone\t/vmlinuz-5.14.0\t/boot/grub2/grub.cfg"), boot("boot-gone")),
    Case(14, "cloud-init-disabled", more("cloud-init-off\t/proc/cmdline"), nothing),
    Case(15, "client-noexec", more("install-dir\t/data/smc", "mount\t/dev/vda1\t/data\text4\trw,noexec")),
    Case(9, "selinux-enforcing", more("selinux-enforce\t1"), more("selinux-enforce\t0")),
    Case(10, "grub-too-old", boot("grub\tgrub-install 1.98"), boot("grub\tgrub-install 1.99")),
    Case(
        10,
        "grub-too-old",
        boot("grub\tgrub-install 1.99", system=("debian", "7")),
        boot("grub\tgrub-install 2.02", system=("debian", "7")),
    ),
    Case(10, "grub-too-old", boot("grub\t", "boot-config\t/boot/grub/menu.lst"), boot("grub\t")),
    Case(10, "grub-missing", boot("grub\t", "boot-config\t/boot/extlinux/extlinux.conf")),
    Case(10, "grub-unknown", boot("grub\t", "boot-config\t"), boot("grub\tgrub-install 2.06", "boot-config\t")),
    Case(10, "uefi-unknown", uefi),
    Case(11, "clock-skew", nothing, asked=(NOW + 901, NOW + 902), fine_asked=(NOW - 0.5, NOW + 0.5)),
    Case(11, "clock-drift", nothing, asked=(NOW - 900, NOW - 899), fine_asked=(NOW - 60, NOW - 60)),
    Case(11, "clock-unknown", no_date),
    Case(
        12,
        "no-egress",
        more("egress\tsmc.aliyuncs.com:443\ttimeout\tbash\tok"),
        more("egress\tsmc.aliyuncs.com:443\tok\tbash\tok"),
    ),
    Case(
        12,
        "egress-by-proxy",
        more("egress\ta:443\tfailed\tbash\tfailed", "proxy\t/etc/environment\thttp_proxy=http://p:1"),
    ),
    Case(12, "egress-unknown", more("egress\ta:443\tuntested\t\tuntested"), more("egress\ta:443\tok\tnc\tuntested")),
    Case(13, "busy-database", more("process\tmysqld"), more("path\t/var/lib/mysql\t1")),
    Case(13, "busy-containers", more("path\t/var/lib/docker\t1"), more("path\t/var/lib/docker\t")),
    Case(14, "no-cloud-init-path", without_cloud_init("5.11"), tools(cloud_init="/usr/bin/cloud-init")),
    Case(14, "cloud-init-missing", without_cloud_init("6.10"), tools(cloud_init="/usr/bin/cloud-init")),
    Case(
        15,
        "low-space",
        more("install-dir\t/smc", f"df\t/dev/vda1 9999999 9 {SPACE - 1} 99% /"),
        more("install-dir\t/smc", f"df\t/dev/vda1 9999999 9 {SPACE} 99% /"),
    ),
    Case(
        15,
        "low-space",
        more("install-dir\t/smc", "df-inodes\t/dev/vda1 1000 1000 0 100% /"),
        more("install-dir\t/smc", "df-inodes\t/dev/vda1 1000 990 10 99% /"),
    ),
    Case(
        15,
        "low-memory",
        more("memory\tMemTotal\t1000", "memory\tMemAvailable\t49"),
        more("memory\tMemTotal\t1000", "memory\tMemAvailable\t50"),
    ),
    Case(15, "low-cpu", more("cpus\t0-1", "loadavg\t20.01 1 1"), more("cpus\t0-1", "loadavg\t20.00 1 1")),
    Case(16, "lvm-root", lvm),
    Case(16, "lvm-data", data_lvm, disks(1)),
    Case(
        16,
        "swap-lost",
        more("swap\t/dev/vda2 partition 2048 0 -2"),
        more("swap\t/swapfile file 2048 0 -2", "swap\t/dev/zram0 partition 2048 0 -2"),
    ),
    Case(17, "balance-overdue", Clean(balance=Told("-0.01")), Clean(balance=Told("1,000.00"))),
    Case(17, "balance-empty", Clean(balance=Told("0.00")), Clean(balance=Told("0.01"))),
    Case(17, "balance-unknown", Clean(balance=Refused("NotAuthorized")), Clean()),
    Case(
        18,
        "real-name-missing",
        Clean(region="cn-beijing", image_format="raw", attributes={"real-name-authentication": "no"}),
        Clean(region="cn-beijing", image_format="raw"),
        also=["bucket-region"],
    ),
    Case(18, "real-name-abroad", Clean(attributes={"real-name-authentication": "none"}), Clean()),
    Case(18, "real-name-unknown", Clean(attributes={"real-name-authentication": "perhaps"}), Clean()),
    Case(19, "smc-role-missing", Clean(**{accounts.SMC_ROLE: Told({"exists": False, "services": []})}), Clean()),
    Case(19, "smc-role-unknown", Clean(**{accounts.SMC_ROLE: Refused("NoPermission")}), Clean()),
    Case(20, "snapshot-service-unknown", Clean(images=Told([{"image_id": "m", "snapshots": []}])), Clean()),
    Case(21, "job-quota", Clean(jobs=Told(998), servers=3), Clean(jobs=Told(998), servers=2)),
    Case(21, "source-quota", Clean(sources=Told(1000)), Clean(sources=Told(999))),
    Case(
        21,
        "vcpu-quota",
        Clean(attributes={"used-postpaid-instance-vcpu-count": "300"}),
        Clean(attributes={"used-postpaid-instance-vcpu-count": "299"}),
    ),
    Case(
        21,
        "vcpu-quota-short",
        Clean(servers=80, attributes={"used-postpaid-instance-vcpu-count": "251"}),
        Clean(servers=80, attributes={"used-postpaid-instance-vcpu-count": "250"}),
    ),
    Case(21, "vpc-quota", Clean(vpcs=Told(10)), Clean(vpcs=Told(9))),
    Case(21, "quota-unknown", Clean(vpcs=Refused("Forbidden.RAM")), Clean()),
    Case(21, "image-quota-unknown", Clean(), Clean(images=Refused("Forbidden.RAM"))),
    Case(22, "export-role-missing", Clean(**{accounts.EXPORT_ROLE: Told({"exists": False, "services": []})}), Clean()),
    Case(
        22,
        "export-role-untrusted",
        Clean(**{accounts.EXPORT_ROLE: Told({"exists": True, "services": ["fc.aliyuncs.com"]})}),
        Clean(**{accounts.EXPORT_ROLE: Told({"exists": True, "services": ["ecs.aliyuncs.com", "fc.aliyuncs.com"]})}),
    ),
    Case(22, "export-role-powerless", Clean(export_policies=Told({"policies": [], "lacks": ["oss:*"]})), Clean()),
    Case(22, "export-policy-unknown", Clean(export_policies=Refused("NoPermission")), Clean()),
    Case(21, "ens-image-quota-unknown", Clean(ens_images=Told(3)), Clean()),
    Case(22, "export-role-unknown", Clean(**{accounts.EXPORT_ROLE: Refused("NoPermission")}), Clean()),
    Case(23, "bucket-missing", Clean(bucket=Refused("NoSuchBucket")), Clean()),
    Case(23, "bucket-unreadable", Clean(bucket=Refused("AccessDenied")), Clean()),
    Case(23, "bucket-unknown", Clean(bucket=Refused("ServiceUnavailable")), Clean()),
    Case(23, "bucket-region", Clean(bucket=Told(accounts.bucket(location="cn-beijing"))), Clean()),
    Case(23, "bucket-region", Clean(bucket=ELSEWHERE), Clean()),
    Case(
        23,
        "bucket-class",
        Clean(bucket=Told(accounts.bucket(storage_class="Archive"))),
        Clean(bucket=Told(accounts.bucket(storage_class="IA"))),
    ),
    Case(
        23,
        "bucket-versioning",
        Clean(bucket=Told(accounts.bucket(versioning="Suspended"))),
        Clean(bucket=Told(accounts.bucket(versioning=""))),
    ),
    Case(23, "bucket-encryption", Clean(bucket=Told(accounts.bucket(encryption="KMS", encryption_key="k"))), Clean()),
    Case(23, "bucket-encryption", Clean(bucket=Told(accounts.bucket(encryption="AES256"))), Clean()),
    Case(23, "bucket-overwrite", Clean(overwrite=rules()), Clean(overwrite=rules(prefix="x/"))),
    Case(23, "bucket-overwrite", Clean(overwrite=rules(prefix="edgelift/")), Clean()),
    Case(23, "bucket-overwrite", Clean(overwrite=rules(suffix=".qcow2")), Clean(overwrite=rules(suffix=".txt"))),
    Case(23, "bucket-overwrite-some", Clean(overwrite=rules(principals=["2773"])), Clean()),
    Case(23, "bucket-unknown", Clean(overwrite=Refused("AccessDenied")), Clean()),
    Case(26, "controller-clock", Clean(clock=Told(901.0)), Clean(clock=Told(-900.0))),
    Case(26, "controller-clock-drift", Clean(clock=Told(-61.0)), Clean(clock=Told(60.0))),
    Case(26, "controller-clock-unknown", Clean(clock=Told(None)), Clean()),
    Case(23, "bucket-retention", Clean(retention=Told({"state": "InProgress", "days": 30})), Clean()),
    Case(23, "bucket-keeps", Clean(proof=Told("deleting oss://images/x was refused (AccessDenied)")), Clean()),
    Case(23, "bucket-unproven", Clean(proof={"value": None, "problem": "check mode", "code": None}), Clean()),
    Case(23, "bucket-unknown", Clean(retention=Refused("AccessDenied")), Clean()),
    Case(23, "region-unsupported", Clean(region="xx-nowhere-1"), Clean(), also=["bucket-region"]),
    Case(23, "format-unsupported", Clean(region="cn-beijing"), Clean(), also=["bucket-region"]),
    Case(
        25,
        "import-refused",
        Clean(contract={"proved": True, "refusals": ["ENS imports no format"], "doubts": []}),
        Clean(),
    ),
    Case(25, "import-unproved", Clean(contract={"proved": False, "refusals": [], "doubts": []}), Clean()),
    Case(25, "contract-doubtful", Clean(contract={"proved": True, "refusals": [], "doubts": ["it is old"]}), Clean()),
    Case(24, "image-name-taken", accounts.server(conflict="'web' is taken by m-9"), accounts.server()),
    Case(
        24,
        "source-image-not-exportable",
        accounts.server(source_image=accounts.image(owner="marketplace")),
        accounts.server(source_image=accounts.image(owner="self")),
    ),
    Case(
        24,
        "source-image-not-exportable",
        accounts.server(source_image=accounts.image(product_code="cmjj01")),
        accounts.server(source_image=accounts.image()),
    ),
    Case(24, "source-image-unknown", accounts.server(ecs=True), accounts.server()),
    Case(
        24,
        "source-image-unknown",
        accounts.server(source_image=accounts.image(found=False)),
        accounts.server(source_image=accounts.image()),
    ),
    Case(27, "nic-not-configured", ifcfg("DEVICE=ens192", *DHCP), ifcfg("DEVICE=eth0", *DHCP)),
    Case(27, "nic-not-configured", ifcfg("DEVICE=eth0", "BOOTPROTO=none"), ifcfg(*DHCP)),
    Case(27, "nic-not-configured", ifcfg("HWADDR=00:16:3E:00:00:01", *DHCP), ifcfg(*DHCP), also=["nic-names"]),
    Case(27, "nic-static-address", ifcfg("IPADDR=198.18.0.9", *DHCP), ifcfg(*DHCP)),
    Case(27, "nic-layers", more(*NIC, "netdev\tbond0\tbond\t\t"), more(*NIC, "netdev\teth0\tphysical\t\t")),
    Case(27, "nic-names", more(*NIC, "net-file\tudev\t/r", 'net-line\tKERNELS=="a", NAME="eth0"'), more(*NIC)),
    Case(27, "nic-name-servers", ifcfg("DNS1=10.0.0.2", *DHCP), ifcfg("DNS1=223.5.5.5", *DHCP)),
    Case(27, "nic-unknown", more(*NIC[:2]), more(*NIC)),
]
