# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import facts
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.os import parse_os

from .conftest import GIB, Host, sectors

MODULES = Path(__file__).resolve().parents[3] / "plugins" / "modules"


def names(host: Host) -> list[str]:
    return [disk["name"] for disk in host.probe()["disks"]]


def test_the_system_disk_contains_root_and_comes_first(host: Host) -> None:
    host.blocks.clear()
    host.extra.clear()
    for name in ("vdb", "vda", "vdaa", "vdc"):
        host.disk(name, 20)
    host.root = "mount\t/dev/vdc1\t/\text4\trw"
    probe = host.probe()
    assert probe["root"]["disk"] == "vdc"
    assert [(disk["name"], disk["system"]) for disk in probe["disks"]] == [
        ("vdc", True),
        ("vda", False),
        ("vdb", False),
        ("vdaa", False),
    ]


def test_sizes_are_bytes(host: Host) -> None:
    host.disk("vdb", 600)
    assert [disk["bytes"] for disk in host.probe()["disks"]] == [20 * GIB, 600 * GIB]


def test_devices_that_are_no_disks_are_skipped(host: Host) -> None:
    host.disk("sdz", 8, removable="1")
    host.disk("nvme0c0n1", 8, hidden="1")
    host.disk("vdb", 0.0)
    host.mapped("dm-3", "data", "LVM-abc", "vda1")
    assert names(host) == ["vda"]


def test_a_removable_disk_with_root_is_the_system_disk(host: Host) -> None:
    host.blocks.clear()
    host.extra.clear()
    host.disk("vda", 20, removable="1")
    assert host.probe()["root"]["disk"] == "vda"


def test_root_on_lvm_is_followed_to_the_disk(host: Host) -> None:
    host.mapped("dm-0", "vg0-root--a", "LVM-xyz", "vda1")
    host.root = "mount\t/dev/mapper/vg0-root--a\t/\txfs\trw"
    root = host.probe()["root"]
    assert (root["device"], root["disk"], root["lvm"], root["encrypted"]) == ("dm-0", "vda", True, False)
    host.root = "mount\t/dev/vg0/root-a\t/\txfs\trw"
    assert host.probe()["root"]["disk"] == "vda"


def test_root_on_a_luks_volume_below_lvm_is_encrypted(host: Host) -> None:
    host.mapped("dm-0", "vda1_crypt", "CRYPT-LUKS2-abc-vda1_crypt", "vda1")
    host.mapped("dm-1", "vg0-root", "LVM-xyz", "dm-0")
    host.root = "mount\t/dev/mapper/vg0-root\t/\text4\trw"
    probe = host.probe()
    assert probe["root"]["encrypted"]
    assert probe["disks"][0]["encrypted"]


def test_a_closed_luks_volume_makes_its_disk_encrypted_and_no_other(host: Host) -> None:
    host.disk("vdb", 20)
    host.extra.append("luks\tvdb1")
    probe = host.probe()
    assert [disk["encrypted"] for disk in probe["disks"]] == [False, True]
    assert not probe["root"]["encrypted"]


def test_encrypted_swap_encrypts_nothing_that_is_migrated(host: Host) -> None:
    host.mapped("dm-0", "cryptswap1", "CRYPT-PLAIN-cryptswap1", "vda1")
    host.extra.append("swap\tFilename\t\t\t\tType")
    host.extra.append("swap\t/dev/dm-0                               partition\t999\t0\t-2")
    assert not host.probe()["disks"][0]["encrypted"]


def test_root_on_software_raid_names_both_disks(host: Host) -> None:
    host.disk("vdb", 20)
    host.blocks.append(f"block\tmd0\t{sectors(20)}\t0\t\t9:0\t\t\t vda1 vdb1")
    host.root = "mount\t/dev/md0\t/\text4\trw"
    root = host.probe()["root"]
    assert (root["disks"], root["disk"], root["raid"]) == (["vda", "vdb"], "vda", True)
    assert [disk["system"] for disk in host.probe()["disks"]] == [True, True]


def test_dev_root_is_found_by_number_and_by_command_line(host: Host) -> None:
    host.root = "mount\t/dev/root\t/\text3\trw"
    assert host.probe()["root"]["disk"] is None
    host.extra.append("rootinfo\t22 1 254:1 / / rw,relatime - ext3 /dev/root rw")
    assert host.probe()["root"]["disk"] == "vda"
    host.extra[-1] = "cmdline\tro root=/dev/vda1 quiet"
    assert host.probe()["root"]["disk"] == "vda"


def test_the_last_mount_on_root_is_in_force(host: Host) -> None:
    host.extra.insert(0, "mount\trootfs\t/\trootfs\trw")
    host.root, host.extra[0] = host.extra[0], host.root
    assert host.probe()["root"]["source"] == "/dev/vda1"


def test_controllers_with_a_slash_in_the_device_name(host: Host) -> None:
    host.blocks = [f"block\tcciss!c0d0\t{sectors(20)}\t0\t\t104:0\t\t\t"]
    host.extra = ["part\tcciss!c0d0\tcciss!c0d0p1\t1\t100\t104:1"]
    host.root = "mount\t/dev/cciss/c0d0p1\t/\text3\trw"
    assert host.probe()["root"]["disk"] == "cciss!c0d0"


def test_used_bytes_and_escapes_of_mounts(host: Host) -> None:
    host.extra += [
        "df\tFilesystem     1024-blocks    Used Available Capacity Mounted on",
        "df\t/dev/vda1         20511356 1953125  17507312      11% /",
        "mount\t/dev/vda1\t/mnt/my\\040disk\text4\tro",
    ]
    first, second = host.probe()["mounts"]
    assert (first["used_bytes"], first["bytes"], first["read_only"]) == (1953125 * 1024, 20511356 * 1024, False)
    assert (second["target"], second["used_bytes"], second["read_only"]) == ("/mnt/my disk", None, True)


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (["selinux-enforce\t1"], "enforcing"),
        (["selinux-enforce\t0"], "permissive"),
        (["selinux-config\tSELINUX=disabled"], "disabled"),
        ([], "absent"),
    ],
)
def test_selinux(host: Host, lines: list[str], state: str) -> None:
    host.extra += lines
    assert host.probe()["selinux"] == state


def test_the_platform_is_what_the_firmware_says_before_what_systemd_says(host: Host) -> None:
    host.extra += ["dmi sys_vendor\tVMware, Inc.", "virt\tother"]
    assert host.probe()["virtualization"] == "vmware"
    host.extra = ["virt\tlxc"]
    assert host.probe()["virtualization"] == "lxc"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("grub-install (GRUB) 2.06-13+deb12u1", "2.06-13+deb12u1"),
        ("grub2-install (GRUB) 2.02~beta2", "2.02~beta2"),
        ("grub (GNU GRUB 0.97)", "0.97"),
        ("", None),
    ],
)
def test_grub(host: Host, text: str, version: str | None) -> None:
    host.boot = [f"grub\t{text}"]
    assert host.probe()["grub"] == version


@pytest.mark.parametrize(
    ("files", "system"),
    [
        ({"redhat-release": ["CentOS release 6.10 (Final)"]}, ("centos", "6.10")),
        ({"redhat-release": ["Red Hat Enterprise Linux Server release 5.11 (Tikanga)"]}, ("rhel", "5.11")),
        (
            {
                "oracle-release": ["Oracle Linux Server release 6.9"],
                "redhat-release": ["Red Hat Enterprise Linux Server release 6.9 (Santiago)"],
            },
            ("ol", "6.9"),
        ),
        (
            {"SuSE-release": ["SUSE Linux Enterprise Server 11 (x86_64)", "VERSION = 11", "PATCHLEVEL = 4"]},
            ("sles", "11.4"),
        ),
        ({"SuSE-release": ["openSUSE 13.1 (x86_64)", "VERSION = 13.1"]}, ("opensuse", "13.1")),
        ({"debian_version": ["6.0.10"]}, ("debian", "6.0.10")),
        ({}, ("", "")),
    ],
)
def test_systems_from_before_os_release(files: dict[str, list[str]], system: tuple[str, str]) -> None:
    found = parse_os([], files)
    assert (found["id"], found["version"]) == system


def test_os_release_wins_over_the_older_files() -> None:
    found = parse_os(["# comment", "NAME='CentOS Linux'", 'ID="centos"', 'VERSION_ID="7"'], {"redhat-release": ["x"]})
    assert found == {"id": "centos", "version": "7", "name": "CentOS Linux"}


def test_what_lies_on_disks_and_partitions(host: Host) -> None:
    """Mounts and swap count most, then udev, then blkid, then what the devices above them are."""
    host.disk("vdb", 20, "/data")
    host.mapped("dm-0", "vg-a", "LVM-x", "vdc1", "vdd1")
    host.disk("vdc", 20)
    host.disk("vdd", 20)
    host.extra += [
        "mount\t/dev/mapper/vg-a\t/srv\txfs\trw",
        "mount\t/dev/vdb1\t/data/again\text4\trw",
        "df\t/dev/vda1 20971520 1024 1 1% /",
        "df\t/dev/vdb1 1000 2 1 1% /data",
        "df\t/dev/vdb1 1000 2 1 1% /data/again",
        "df\t/dev/mapper/vg-a 1000 512 1 1% /srv",
        "df-inodes\t/dev/vda1 1000 990 10 99% /",
        'blkid\t/dev/vdc1: UUID="a" TYPE="LVM2_member" PARTUUID="b"',
        "part\tvda\tvda2\t2\t100\t254:2",
        "fstype\tvda2\tvfat",
        "swap\tFilename Type Size Used Priority",
        "swap\t/dev/vda3 partition 2048 1024 -2",
        "part\tvda\tvda3\t3\t100\t254:3",
    ]
    probe = host.probe()
    rows = {disk["name"]: disk for disk in probe["disks"]}
    assert [(part["fstype"], part["mounts"], part["used_bytes"]) for part in rows["vda"]["partitions"]] == [
        ("ext4", ["/"], 1024 * 1024),
        ("vfat", [], None),
        ("swap", [], None),
    ]
    assert (rows["vdb"]["used_bytes"], rows["vdb"]["mounts"]) == (2048, ["/data", "/data/again"])
    assert [rows[name]["partitions"][0]["fstype"] for name in ("vdc", "vdd")] == ["LVM2_member", "LVM2_member"]
    assert [(rows[name]["used_bytes"], rows[name]["mounts"]) for name in ("vdc", "vdd")] == [(None, ["/srv"])] * 2
    assert probe["swaps"] == [
        {"device": "/dev/vda3", "kind": "partition", "bytes": 2048 * 1024, "used_bytes": 1024 * 1024}
    ]
    assert (probe["mounts"][0]["available_bytes"], probe["mounts"][0]["inodes_used_percent"]) == (1024, 99)


@pytest.mark.parametrize(
    ("asked", "skew"),
    [((1000.2, 1003.8), 0), ((1001.0, 1002.0), -1), ((990.0, 998.5), 1), ((4600.0, 4601.0), -3600), (None, None)],
)
def test_the_clock_is_compared_with_both_ends_of_the_question(
    host: Host, asked: tuple[float, float] | None, skew: int | None
) -> None:
    host.epoch = "1000"
    assert host.probe(asked)["clock"]["skew_seconds"] == skew


def test_a_host_without_a_clock_has_no_skew(host: Host) -> None:
    host.epoch = ""
    assert host.probe((1.0, 2.0))["clock"]["skew_seconds"] is None


@pytest.mark.parametrize(
    ("lines", "count"),
    [(["cpus\t0-3,8"], 5), (["cpus\t0"], 1), (["cpus\t", "cpu-count\t2"], 2), (["cpu-count\t"], None)],
)
def test_processors(host: Host, lines: list[str], count: int | None) -> None:
    host.extra += lines
    assert host.probe()["cpus"] == count


def test_memory_and_load(host: Host) -> None:
    host.extra += ["memory\tMemTotal\t1000", "memory\tMemFree\t10", "memory\tBuffers\t20", "memory\tCached\t30"]
    host.extra.append("loadavg\t0.35 0.20 0.10 1/99 1234")
    probe = host.probe()
    assert (probe["memory"]["total_bytes"], probe["memory"]["available_bytes"]) == (1024000, 61440)
    assert probe["load"] == 0.35
    host.extra.append("memory\tMemAvailable\t5")
    assert host.probe()["memory"]["available_bytes"] == 5120


def test_services_and_licences_with_what_shows_them(host: Host) -> None:
    host.extra += [
        "process\tmysqld",
        "process\tchronyd",
        "path\t/var/lib/mysql\t1",
        "path\t/var/lib/docker\t",
        "path\t/etc/pki/consumer/cert.pem\t",
    ]
    probe = host.probe()
    rows = [(row["name"], row["running"], row["paths"], row["filled"]) for row in probe["services"]]
    assert rows == [
        ("mysql", True, ["/var/lib/mysql"], ["/var/lib/mysql"]),
        ("docker", False, ["/var/lib/docker"], []),
    ]
    assert probe["clock"]["sync"] == ["chronyd"]
    assert [(row["name"], row["signs"]) for row in probe["licences"]] == [("rhsm", ["/etc/pki/consumer/cert.pem"])]


def test_proxies_are_shown_without_passwords(host: Host) -> None:
    host.extra += [
        "proxy\t/etc/environment\thttps_proxy=http://user:s3cret@proxy:3128",
        "proxy\t/etc/yum.conf\tproxy = http://proxy:3128",
        'proxy\t/etc/sysconfig/proxy\tPROXY_ENABLED="no"',
        'proxy\t/etc/sysconfig/proxy\tHTTP_PROXY=""',
        'proxy\t/etc/apt/apt.conf.d/01proxy\tAcquire::http::Proxy "http://proxy:3128";',
        "proxy\t/etc/yum.conf\tproxy_password = s3cret",
        "proxy\t/etc/environment\tno_proxy=localhost,127.0.0.1",
        'proxy\t/etc/sysconfig/proxy\tNO_PROXY="localhost, 127.0.0.1"',
        'proxy\t/etc/sysconfig/proxy\tPROXY_ENABLED="yes"',
        "proxy\t/etc/profile.d/proxy.sh\texport https_proxy=user:s3cret@proxy:3128",
        'proxy\t/etc/sysconfig/proxy\tHTTPS_PROXY="http://user:s3/cr@t@proxy:3128"',
        "proxy\t/etc/profile.d/proxy.sh\texport http_proxy=http://proxy:3128 PROXY_PASS=s3cret",
        "proxy\t/etc/profile.d/proxy.sh\tset_proxy --proxy-user user:s3cret",
        "proxy\t/etc/profile.d/proxy.sh\tcurl --proxy http://proxy:3128/ --proxy-user user:s3cret",
        "proxy\t/etc/environment\thttp_proxy=http://user:s3'cret@proxy",
        "proxy\t/etc/environment\thttp_proxy=http://user:s3 cret@proxy",
        "proxy\t/etc/environment\thttp_proxy=user:s3/cret@[2001:db8::1]:3128",
        "proxy\t/etc/environment\thttp_proxy=http://user:s3cret/x",
    ]
    rows = host.probe()["proxies"]
    assert [(row["source"], row["line"]) for row in rows] == [
        ("/etc/environment", "https_proxy=http://***@proxy:3128"),
        ("/etc/yum.conf", "proxy=http://proxy:3128"),
        ("/etc/apt/apt.conf.d/01proxy", "Proxy=http://proxy:3128"),
        ("/etc/profile.d/proxy.sh", "https_proxy=***@proxy:3128"),
        ("/etc/sysconfig/proxy", "HTTPS_PROXY=http://***@proxy:3128"),
        ("/etc/profile.d/proxy.sh", "http_proxy=http://proxy:3128"),
        # Rather too much is taken out than too little.
        ("/etc/profile.d/proxy.sh", "set_proxy=***"),
        ("/etc/profile.d/proxy.sh", "proxy=http://proxy:3128"),
        ("/etc/environment", "http_proxy=***"),
        ("/etc/environment", "http_proxy=***"),
        ("/etc/environment", "http_proxy=***@[2001:db8::1]:3128"),
        ("/etc/environment", "http_proxy=***"),
    ]


def test_names_and_egress(host: Host) -> None:
    host.extra += [
        "resolver\tnameserver\t192.0.2.53",
        "resolver\tsearch\ta.example b.example",
        "egress\tsmc.aliyuncs.com:443\tfailed\tbash\tok",
        "egress\t192.0.2.1:8703\tuntested\t\tuntested",
    ]
    probe = host.probe()
    assert probe["resolver"] == {"nameservers": ["192.0.2.53"], "search": ["a.example", "b.example"]}
    assert [(row["target"], row["state"], row["dns"], row["tool"]) for row in probe["egress"]] == [
        ("smc.aliyuncs.com:443", "failed", "ok", "bash"),
        ("192.0.2.1:8703", "untested", "untested", None),
    ]


def test_drivers_of_a_kernel(host: Host) -> None:
    host.boot = [
        "boot-kernel\t6.1.0-9-amd64",
        "modules\t/lib/modules/6.1.0-9-amd64",
        "initramfs\t/boot/initrd.img-6.1.0-9-amd64\tread",
        "initramfs-module\tvirtio_blk.ko.xz",
        "initramfs-module\tvirtio-rng.ko",
        "initramfs-module\tvirtio_blk.ko",
        "builtin\tvirtio_pci.ko",
        "builtin-config\tCONFIG_VIRTIO_NET=y",
        "module\tvirtio_scsi.ko.zst",
    ]
    found = host.probe()["initramfs"]
    assert (found["kernel"], found["state"], found["kernel_known"]) == ("6.1.0-9-amd64", "read", True)
    assert found["modules"] == ["virtio_blk", "virtio_rng"]
    assert found["builtin"] == ["virtio_net", "virtio_pci"]
    assert found["available"] == ["virtio_scsi"]


def test_a_host_that_tells_nothing_has_a_probe_all_the_same() -> None:
    probe = facts.build_probe([])
    assert probe["schema"] == facts.SCHEMA
    assert (probe["cpus"], probe["load"], probe["memory"]["total_bytes"], probe["clock"]["skew_seconds"]) == (None,) * 4
    assert (probe["initramfs"]["state"], probe["initramfs"]["kernel_known"]) == ("none", False)
    text = (MODULES / "source_probe.py").read_text(encoding="utf-8").partition('RETURN = r"""')[2].partition('"""')[0]
    documented = yaml.safe_load(text)["probe"]["contains"]
    assert set(documented) == set(probe)
