# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk list of a server: probe, preflight, account check, transfer, receipt and report agree on every probe."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from unittest.mock import MagicMock

import pytest
from ansible_collections.edgelift.ens_migration.plugins.action.source_probe import ActionModule
from ansible_collections.edgelift.ens_migration.plugins.filter.wave import FilterModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Seen, Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import checks, job_spec
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import report, source
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, facts
from distros import manifest, recording

from .conftest import GIB, Host

FILTERS = FilterModule().filters()
POLICY = Policy(region="cn-beijing", bucket="images", image_format="raw")
NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
TOO_MANY, TOO_LARGE, SYSTEM_TOO_LARGE = "too-many-data-disks", "data-disk-too-large", "system-disk-too-large"
OVER_LIMITS = {TOO_MANY, TOO_LARGE, SYSTEM_TOO_LARGE}
Edit = Callable[[Host], None]


def fresh(host: Host) -> None:
    """Remove the disk that a host has by default."""
    host.blocks.clear()
    host.extra.clear()


def with_data(count: int, gib: float = 20) -> Edit:
    def edit(host: Host) -> None:
        for letter in "bcdefghijklmnopq"[:count]:
            host.disk(f"vd{letter}", gib, f"/data/{letter}")

    return edit


def raid_root(host: Host) -> None:
    host.disk("vdb", 20)
    host.mapped("md0", "", "", "vda1", "vdb1")
    host.root = "mount\t/dev/md0\t/\text4\trw"


def raid_root_and_four(host: Host) -> None:
    raid_root(host)
    for letter in "cdef":
        host.disk(f"vd{letter}", 100, f"/data/{letter}")


def raid_root_and_five(host: Host) -> None:
    raid_root_and_four(host)
    host.disk("vdg", 100, "/data/g")


def raid_root_with_data_of_its_own(host: Host) -> None:
    raid_root(host)
    host.extra += ["part\tvdb\tvdb2\t2\t1000\t254:18", "mount\t/dev/vdb2\t/data\text4\trw"]


def lvm_root_on_two(host: Host) -> None:
    host.disk("vdb", 30)
    host.mapped("dm-0", "vg0-root", "LVM-abc", "vda1", "vdb1")
    host.root = "mount\t/dev/mapper/vg0-root\t/\txfs\trw"


def lvm_data_on_two(host: Host) -> None:
    host.disk("vdb", 30)
    host.disk("vdc", 40)
    host.mapped("dm-0", "vg1-data", "LVM-abc", "vdb1", "vdc1")
    host.extra.append("mount\t/dev/vg1/data\t/data\txfs\trw")


def multipath_root(host: Host) -> None:
    fresh(host)
    host.disk("sda", 50)
    host.disk("sdb", 50)
    host.mapped("dm-0", "mpatha", "mpath-3600", "sda", "sdb")
    host.mapped("dm-1", "mpatha-part1", "part1-mpath-3600", "dm-0")
    host.root = "mount\t/dev/mapper/mpatha-part1\t/\text4\trw"


def swap_only(host: Host) -> None:
    host.disk("vdb", 600)
    host.extra.append("swap\t/dev/vdb1 partition 629145596 0 -2")


def unused(host: Host) -> None:
    for letter in "bcdefg":
        host.disk(f"vd{letter}", 600)


def cdrom_and_usb(host: Host) -> None:
    host.disk("sr0", 4, "/media/cdrom", removable="1")
    host.disk("sdz", 16, "/media/usb", removable="1")


def loop(host: Host) -> None:
    host.extra.append("mount\t/dev/loop0\t/snap/core/1\tsquashfs\tro")


def nvme(host: Host) -> None:
    fresh(host)
    for number in (10, 9, 0):
        host.disk(f"nvme{number}n1", 20 + number, f"/data/{number}" if number else "")
    host.disk("nvme0c0n1", 20, hidden="1")
    host.root = "mount\t/dev/nvme0n1p1\t/\text4\trw"
    host.extra.append("part\tnvme0n1\tnvme0n1p1\t1\t100\t254:99")


def xen(host: Host) -> None:
    fresh(host)
    host.disk("xvdf", 100, "/data")
    host.disk("xvda", 40)
    host.root = "mount\t/dev/xvda1\t/\text4\trw"


def root_is_the_last(host: Host) -> None:
    fresh(host)
    for name in ("vdb", "vda", "vdaa"):
        host.disk(name, 20, f"/data/{name}")
    host.disk("vdc", 30)
    host.root = "mount\t/dev/vdc1\t/\text4\trw"


def raid_root_on_names_of_two_lengths(host: Host) -> None:
    fresh(host)
    host.disk("sdaa", 30)
    host.disk("sdb", 20)
    host.mapped("md0", "", "", "sdaa1", "sdb1")
    host.root = "mount\t/dev/md0\t/\text4\trw"


def no_root(host: Host) -> None:
    host.root = "mount\trpool/ROOT\t/\tzfs\trw"


def huge_system(host: Host) -> None:
    fresh(host)
    host.disk("vda", 2049)


MADE: dict[str, tuple[Edit, list[str], set[str]]] = {
    "one disk": (lambda _host: None, ["vda"], set()),
    "two data disks": (with_data(2), ["vda", "vdb", "vdc"], set()),
    "four data disks of 500 GiB": (with_data(4, 500), ["vda", "vdb", "vdc", "vdd", "vde"], set()),
    "five data disks": (with_data(5), ["vda", "vdb", "vdc", "vdd", "vde", "vdf"], {TOO_MANY}),
    "16 data disks": (with_data(16), ["vda", *(f"vd{letter}" for letter in "bcdefghijklmnopq")], {TOO_MANY}),
    "a data disk above 500 GiB": (with_data(1, 500.001), ["vda", "vdb"], {TOO_LARGE}),
    "a system disk above 2 TiB": (huge_system, ["vda"], {SYSTEM_TOO_LARGE}),
    "RAID 1 root": (raid_root, ["vda"], set()),
    "RAID 1 root and four data disks": (raid_root_and_four, ["vda", "vdc", "vdd", "vde", "vdf"], set()),
    "RAID 1 root and five data disks": (raid_root_and_five, ["vda", "vdc", "vdd", "vde", "vdf", "vdg"], {TOO_MANY}),
    "RAID 1 root, data beside it": (raid_root_with_data_of_its_own, ["vda", "vdb"], set()),
    "RAID 1 root on sdb and sdaa": (raid_root_on_names_of_two_lengths, ["sdb"], set()),
    "LVM root over two disks": (lvm_root_on_two, ["vda"], set()),
    "LVM data over two disks": (lvm_data_on_two, ["vda", "vdb", "vdc"], set()),
    "multipath root": (multipath_root, ["sda"], set()),
    "swap disk of 600 GiB": (swap_only, ["vda"], set()),
    "six unused disks of 600 GiB": (unused, ["vda"], set()),
    "CD-ROM and USB": (cdrom_and_usb, ["vda"], set()),
    "loop": (loop, ["vda"], set()),
    "nvme": (nvme, ["nvme0n1", "nvme9n1", "nvme10n1"], set()),
    "xvda": (xen, ["xvda", "xvdf"], set()),
    "/ on the last disk": (root_is_the_last, ["vdc", "vda", "vdb", "vdaa"], set()),
    "/ on no disk": (no_root, [], set()),
}
RECORDED = {
    "amazon-1": ["xvda"],
    "amazon-2": ["nvme0n1"],
    "busybox-only": ["vda"],
    "centos-5": ["sda"],
    "debian-12-full": ["vda"],
    "debian-12-luks": ["vda"],
    "debian-12-lvm": ["vda"],
    "debian-12-raid": ["vda"],
    "debian-12-uefi": ["vda"],
    "rhel-6": ["sda"],
    "sles-11": ["sda"],
    "ubuntu-24": ["vda"],
}


def recorded(name: str) -> dict[str, Any]:
    found = recording.read((manifest.RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    records = [answers.Record(key, tuple(fields)) for key, *fields in found.records]
    return facts.build_probe(records, found.asked)


# ---- each user of the disk list: what it makes of a probe, as {index, bytes} ----
def of_the_action(probe: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """What the module source_probe returns as ``disks``."""
    action = ActionModule(MagicMock(args={}, async_val=0), MagicMock(), MagicMock(), None, None, None)
    monkeypatch.setattr(action, "_look", lambda _remote, _values, _waits: (probe, source.judge(probe)))
    found: list[dict[str, int]] = action.run(task_vars={"inventory_hostname": "h"})["disks"]
    return found


def of_the_wave(probe: dict[str, Any]) -> list[dict[str, int]]:
    """What the roles pass to the modules as ``disks``."""
    hostvars = {"h": {"preflight_verdict": "clear", "preflight_probe": probe, "preflight_fingerprint": "fp"}}
    found: list[dict[str, int]] = FILTERS["wave_servers"](["h"], hostvars)[0]["disks"]
    return found


def of_the_receipt(probe: dict[str, Any]) -> list[dict[str, int]]:
    """What the receipt says of the host."""
    found: list[dict[str, int]] = FILTERS["wave_receipt"](["h"], {"h": {"preflight_probe": probe}}, "w")["servers"][0][
        "disks"
    ]
    return found


def of_the_report(probe: dict[str, Any]) -> list[tuple[int, str]]:
    """Index and name of each disk in the report of the host."""
    line = re.search("^- Disks that are transferred: (.*)$", report.host_report([], "h", probe), re.MULTILINE)
    assert line
    return [(int(index), name) for index, name in re.findall(r"(\d+): (\S+) [\d.]+ GiB", line[1])]


def of_the_job(server: Server, probe: dict[str, Any]) -> list[dict[str, int]]:
    """What CreateReplicationJob is asked for, where SMC sees the disks of the list."""
    seen = Seen(source=smc_source(disks.transferred(probe)))
    wanted = job_spec.params(server, seen, POLICY, NOW)
    rows = [{"Index": 0, "Size": wanted["SystemDiskSize"]}, *wanted["DataDisks"]]
    return [{"index": row["Index"], "bytes": row["Size"] * GIB} for row in rows]


def smc_source(found: list[disks.Disk]) -> dict[str, Any]:
    """The source as SMC reports it."""
    data = [{"Index": disk.index, "Size": limits.gib(disk.bytes)} for disk in found if disk.index]
    return {"SystemDiskSize": limits.gib(found[0].bytes), "DataDisks": {"DataDisk": data}}


def check(probe: dict[str, Any], names: list[str], over: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare what all users of the disk list make of one probe."""
    sizes = {row["name"]: row["bytes"] for row in probe["disks"]}
    expected = [{"index": index, "bytes": sizes[name]} for index, name in enumerate(names)]
    assert of_the_action(probe, monkeypatch) == expected
    assert of_the_wave(probe) == expected
    assert of_the_receipt(probe) == expected
    assert of_the_report(probe) == list(enumerate(names))
    blockers = {item["id"] for item in source.judge(probe) if item["severity"] == "blocker"}
    assert blockers & OVER_LIMITS == over
    server = options.server("w", {"host": "h", "fingerprint": "fp", "disks": of_the_wave(probe)})
    assert not checks.input_problems(POLICY, [server])
    assert bool(checks.server_problems([server])) == bool(over)
    if not names:
        assert "no-system-disk" in blockers
        return
    assert not job_spec.disk_problem(server, smc_source(disks.transferred(probe)))
    wanted = [{"index": row["index"], "bytes": limits.target_gib(row["bytes"]) * GIB} for row in expected]
    assert of_the_job(server, probe) == wanted
    assert job_spec.sizes(server, None) == [row["bytes"] for row in wanted]


@pytest.mark.parametrize("name", MADE)
def test_all_users_agree_on_a_host_made_for_it(host: Host, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edit, names, over = MADE[name]
    edit(host)
    check(host.probe(), names, over, monkeypatch)


@pytest.mark.parametrize("name", RECORDED)
def test_all_users_agree_on_a_recorded_system(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check(recorded(name), RECORDED[name], set(), monkeypatch)


def test_a_file_system_that_also_lies_on_the_system_disk_is_reported(host: Host) -> None:
    lvm_root_on_two(host)
    found = next(item for item in source.judge(host.probe()) if item["id"] == "several-system-disks")
    assert found["evidence"] == "/ is on vda, vdb"


def test_an_unused_disk_is_a_risk_and_a_swap_disk_is_a_note(host: Host) -> None:
    swap_only(host)
    host.disk("vdc", 20)
    found = {item["id"]: item["evidence"] for item in source.judge(host.probe())}
    assert found == {"data-disk-not-mounted": "vdc: no mounted file system", "swap-lost": "swap on /dev/vdb1"}


def test_only_file_systems_on_transferred_disks_are_counted(host: Host) -> None:
    cdrom_and_usb(host)
    host.extra += [
        "df\t/dev/vda1 20971520 1048576 1048576 9% /",
        "df\t/dev/sdz1 20971520 2097152 1048576 9% /media/usb",
    ]
    assert "- Used space: 1 GiB on /," in report.host_report([], "h", host.probe())
