# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import verdict
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import source

from .conftest import Host


def ids(host: Host) -> list[str]:
    return [item["id"] for item in source.judge(host.probe())]


def test_a_clean_host_has_no_finding(host: Host) -> None:
    assert source.judge(host.probe()) == []
    assert verdict.verdict([]) == "clear"


@pytest.mark.parametrize(("count", "found"), [(4, []), (5, ["too-many-data-disks"])])
def test_four_data_disks_and_no_more(host: Host, count: int, found: list[str]) -> None:
    for letter in "bcdef"[:count]:
        host.disk(f"vd{letter}", 20, f"/data/{letter}")
    assert ids(host) == found


@pytest.mark.parametrize(("gib", "found"), [(500, []), (500.001, ["data-disk-too-large"])])
def test_a_data_disk_of_500_gib_and_no_larger(host: Host, gib: float, found: list[str]) -> None:
    host.disk("vdb", gib, "/data")
    assert ids(host) == found


def test_the_system_disk_may_be_larger_than_a_data_disk(host: Host) -> None:
    host.blocks.clear()
    host.extra.clear()
    host.disk("vda", 900)
    assert ids(host) == []


def test_a_host_with_both_faults_has_two_reasons(host: Host) -> None:
    for letter in "bcde":
        host.disk(f"vd{letter}", 20, f"/data/{letter}")
    host.disk("vdf", 600, "/data/f")
    findings = source.judge(host.probe())
    assert verdict.verdict(findings) == "blocked"
    many, large = verdict.reasons(findings)
    assert all(" Fix: " in reason for reason in (many, large))
    assert many.startswith("too-many-data-disks: 5 data disks: vdb, vdc, vdd, vde, vdf.")
    assert large.startswith("data-disk-too-large: vdf has 600 GiB.")


@pytest.mark.parametrize(
    ("uname", "found"),
    [
        ("Linux h 2.6.18 x86_64", []),
        ("Linux h 6.1 aarch64", ["not-x86-64"]),
        ("Linux h 2.6.32 i686", ["not-x86-64"]),
        ("MINGW64_NT-10.0 h 3.4.9 x86_64", ["not-linux"]),
        ("CYGWIN_NT-10.0 h 3.4.9 x86_64", ["not-linux"]),
        ("FreeBSD h 13.2 amd64", ["not-linux"]),
        ("", ["not-linux"]),
    ],
)
def test_system_and_architecture(host: Host, uname: str, found: list[str]) -> None:
    host.uname = uname
    assert ids(host) == found


def test_a_host_that_is_not_linux_is_judged_by_nothing_else(host: Host) -> None:
    host.uname = "MINGW64_NT-10.0 h 3.4.9 x86_64"
    host.blocks.clear()
    host.tools.clear()
    assert ids(host) == ["not-linux"]


def test_an_encrypted_root_is_one_blocker(host: Host) -> None:
    host.mapped("dm-0", "root", "CRYPT-LUKS2-abc-root", "vda1")
    host.root = "mount\t/dev/mapper/root\t/\text4\trw"
    assert ids(host) == ["encrypted-root"]


def test_an_encrypted_data_disk_is_another(host: Host) -> None:
    host.disk("vdb", 20, "/data")
    host.extra.append("luks\tvdb1")
    assert ids(host) == ["encrypted-disk"]


def test_a_root_on_no_known_disk_blocks(host: Host) -> None:
    host.root = "mount\trpool/ROOT\t/\tzfs\trw"
    findings = source.judge(host.probe())
    assert findings[0]["id"] == "no-system-disk"
    assert "rpool/ROOT" in findings[0]["evidence"]


def test_a_host_without_identity_blocks(host: Host) -> None:
    host.machine_id = ""
    assert ids(host) == ["no-identity"]
    host.extra.append("sshkey\tssh-rsa AAAA root@h")
    assert ids(host) == []


def test_risks_do_not_block(host: Host) -> None:
    host.tools["rsync"] = ""
    host.extra.append("selinux-enforce\t1")
    host.uid = "1000"
    host.extra.append("needs-root\tdmi product_uuid")
    host.disk("vdb", 20)
    findings = source.judge(host.probe())
    assert [item["id"] for item in findings] == [
        "data-disk-not-mounted",
        "rsync-missing",
        "selinux-enforcing",
        "needs-root",
    ]
    assert {item["severity"] for item in findings} == {"risk"}
    assert "dmi product_uuid" in findings[3]["evidence"]
    assert verdict.verdict(findings) == "clear"
    assert verdict.reasons(findings) == []


def test_selinux_that_is_permissive_is_no_risk(host: Host) -> None:
    host.extra.append("selinux-enforce\t0")
    assert ids(host) == []


def test_lvm_and_several_system_disks_are_said(host: Host) -> None:
    host.disk("vdb", 20)
    host.mapped("dm-0", "vg-root", "LVM-abc", "vda1", "vdb1")
    host.root = "mount\t/dev/mapper/vg-root\t/\text4\trw"
    assert ids(host) == ["several-system-disks", "lvm-root"]


def test_blockers_come_first(host: Host) -> None:
    host.tools["rsync"] = ""
    host.disk("vdb", 600, "/data")
    host.disk("vdc", 600)
    assert [item["severity"] for item in source.judge(host.probe())] == ["blocker", "risk", "risk"]


def test_lines_for_people_say_what_to_do(host: Host) -> None:
    host.tools["rsync"] = ""
    [line] = verdict.lines(source.judge(host.probe()))
    assert line.startswith("risk rsync-missing: rsync is not in PATH. The SMC client")
    assert line.endswith("Fix: Install the package rsync on the host.")


@pytest.mark.parametrize(("gib", "blocked"), [(2048, False), (2048.001, True)])
def test_a_system_disk_that_smc_cannot_make(host: Host, gib: float, blocked: bool) -> None:
    host.blocks.clear()
    host.disk("vda", gib)
    findings = {item["id"]: item for item in source.judge(host.probe())}
    assert ("system-disk-too-large" in findings) is blocked
    assert not blocked or findings["system-disk-too-large"]["evidence"].startswith("vda has ")
