# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distro matrix: how every recorded system is judged, and every class of finding on a host broken in that way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import account, answers
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes, source
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers as read_answers
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import facts
from distros import manifest, recording
from distros.breaks import BREAKS, Break, Records

from . import accounts

SYSTEMS = manifest.load()
REAL = [system for system in SYSTEMS if system.real]
CLEAN = [system for system in SYSTEMS if not system.blockers]
FAMILIES = (
    *("rhel-5", "rhel-6", "rhel-7", "rhel-8", "rhel-9", "centos-5", "centos-6", "centos-7", "centos-8", "rocky-9"),
    *("amazon-2", "sles-15", "opensuse-15", "ubuntu-22", "alinux-3"),
)
Answers = dict[str, Any]


# What a clean account says about a wave to a region of the mainland.
MAINLAND: Answers = {
    "region": "cn-beijing",
    "image_format": "raw",
    "servers": 3,
    "balance": accounts.told("1,200.00"),
    "bucket": accounts.told(accounts.bucket(location="cn-beijing")),
}
ABSENT = accounts.told({"exists": False, "services": []})
# The class, what is done, the finding, and what the account then answers about the wave and about one of its servers.
ACCOUNT_BREAKS: tuple[tuple[int, str, str, Answers, Answers], ...] = (
    (17, "a balance of -3.20", "balance-overdue", {"balance": accounts.told("-3.20")}, {}),
    (18, "no real-name verification", "real-name-missing", {"attributes": {"real-name-authentication": "no"}}, {}),
    (19, "no role of SMC", "smc-role-missing", {answers.SMC_ROLE: ABSENT}, {}),
    (20, "nothing shows snapshots", "snapshot-service-unknown", {"images": accounts.told([])}, {}),
    (21, "1000 jobs", "job-quota", {"jobs": accounts.told(1000)}, {}),
    (22, "no role of exports", "export-role-missing", {answers.EXPORT_ROLE: ABSENT}, {}),
    (
        23,
        "bucket in Hangzhou",
        "bucket-region",
        {"bucket": accounts.told(accounts.bucket(location="cn-hangzhou"))},
        {},
    ),
    (
        25,
        "no canary",
        "import-unproved",
        {"contract": {"proved": False, "refusals": [], "doubts": []}},
        {},
    ),
    (26, "clock 20 min off", "controller-clock", {"clock": accounts.told(1200.0)}, {}),
    (24, "name in use", "image-name-taken", {}, {"conflict": "m-9 of another account has this name"}),
)


@functools.cache
def read(system: manifest.System) -> recording.Recording:
    return recording.read(system.path.read_text(encoding="utf-8"))


def judged(found: recording.Recording, edit: Callable[[Records], Records] = list) -> list[dict[str, Any]]:
    records = [read_answers.Record(key, tuple(fields)) for key, *fields in edit(found.records)]
    findings: list[dict[str, Any]] = source.judge(facts.build_probe(records, found.asked))
    return findings


@functools.cache
def unbroken(system: manifest.System) -> list[dict[str, Any]]:
    """How the system is judged as it was recorded."""
    return judged(read(system))


def blockers(findings: list[dict[str, Any]]) -> set[str]:
    return {item["id"] for item in findings if item["severity"] == "blocker"}


def ids(findings: list[dict[str, Any]]) -> set[str]:
    return {item["id"] for item in findings}


def account_findings(wave: Answers, server: Answers) -> list[dict[str, Any]]:
    told = accounts.clean(**{**MAINLAND, **wave})
    return [*account.judge_account(told), *account.judge_server(accounts.server(**server))]


def caught(broken: Break, systems: list[manifest.System]) -> tuple[int, str]:
    """On how many systems the class was caught, and its severity; fails where it is not, or where more comes of it."""
    count, severity = 0, ""
    for system in systems:
        found = read(system)
        before = unbroken(system)
        if broken.finding in ids(before) or not suits(broken, found):
            continue
        after = judged(found, broken.edit)
        rows = [item for item in after if item["id"] == broken.finding]
        assert len(rows) == 1, f"{system.name}: {broken.what} is not found"
        assert rows[0]["number"] == broken.number
        assert blockers(after) - blockers(before) <= {broken.finding}, f"{system.name}: {broken.what}"
        count, severity = count + 1, rows[0]["severity"]
    return count, severity


def suits(broken: Break, found: recording.Recording) -> bool:
    """Whether the system has what the break takes away: an initramfs that cannot be read tells nothing."""
    return broken.number != 8 or any(row[0] == "initramfs" and row[2] == "read" for row in found.records)


def test_the_matrix_is_recorded_as_the_manifest_says() -> None:
    assert {path.stem for path in manifest.RECORDED.glob("*.json")} == {system.name for system in SYSTEMS}
    assert [(read(system).name, read(system).kind) for system in SYSTEMS] == [(row.name, row.kind) for row in SYSTEMS]
    assert len(REAL) >= 10
    assert set(FAMILIES) <= {system.name for system in SYSTEMS if not system.real}


def test_the_real_ones_are_of_every_way_to_boot() -> None:
    machines = [system.machine for system in REAL]
    assert {machine.firmware for machine in machines} == set(manifest.FIRMWARES)
    assert {machine.layout for machine in machines} == set(manifest.LAYOUTS)
    assert {machine.extra for machine in machines} == set(manifest.EXTRAS)
    assert {machine.init for machine in machines} == set(manifest.INITS)
    probes = {
        system.name: facts.build_probe([read_answers.Record(key, tuple(rest)) for key, *rest in read(system).records])
        for system in REAL
    }
    for system in REAL:
        probe = probes[system.name]
        assert probe["boot"] == system.machine.firmware
        assert probe["root"]["lvm"] == (system.machine.layout in ("lvm", "thin"))
        assert probe["root"]["raid"] == (system.machine.layout == "raid")
        assert probe["root"]["encrypted"] == (system.machine.layout == "luks")


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_no_system_is_blocked_without_reason(system: manifest.System) -> None:
    assert blockers(unbroken(system)) == set(system.blockers)


@pytest.mark.parametrize(
    ("name", "finding"),
    [("debian-12-boot-disk", "boot-on-another-disk"), ("debian-12-btrfs", "several-system-disks")],
)
def test_a_system_on_two_disks_has_a_risk_that_names_both(name: str, finding: str) -> None:
    [row] = [item for item in unbroken(next(item for item in SYSTEMS if item.name == name)) if item["id"] == finding]
    assert row["severity"] == "risk"
    assert {"vda", "vdb"} <= set(row["evidence"].replace(",", "").split())


def test_the_older_kernel_that_is_the_default_is_the_one_that_counts() -> None:
    system = next(item for item in SYSTEMS if item.name == "debian-12-old-default")
    probe = facts.build_probe([read_answers.Record(key, tuple(rest)) for key, *rest in read(system).records])
    assert probe["kernel"].startswith("6.1.0-50-")
    assert probe["initramfs"]["kernel"].startswith("6.1.0-47-")
    assert probe["initramfs"]["chosen_by"] == "/boot/grub/grub.cfg"


def test_two_paths_to_one_disk_are_one_data_disk() -> None:
    system = next(item for item in SYSTEMS if item.name == "debian-12-multipath")
    records = [read_answers.Record(key, tuple(rest)) for key, *rest in read(system).records]
    assert [disk.index for disk in disks.transferred(facts.build_probe(records))] == [0, 1]
    assert ids(unbroken(system)) == {"swap-lost", "nic-name-servers"}


def test_a_clean_account_has_no_finding_but_what_no_api_tells() -> None:
    assert {item["severity"] for item in account_findings({}, {})} == {"note"}


def test_every_class_is_caught_on_a_host_broken_in_exactly_that_way() -> None:
    lines = []
    for broken in BREAKS:
        count, severity = caught(broken, CLEAN)
        assert count, f"class {broken.number}: no recording that {broken.what} could be tried on"
        lines.append((broken.number, broken.what, broken.finding, severity, f"{count} systems"))
    before = account_findings({}, {})
    for number, what, finding, wave, server in ACCOUNT_BREAKS:
        after = account_findings(wave, server)
        [row] = [item for item in after if item["id"] == finding]
        assert row["number"] == number
        assert finding not in ids(before)
        assert blockers(after) <= {finding}
        lines.append((number, what, finding, row["severity"], "account"))
    assert sorted(line[0] for line in lines) == [item.number for item in classes.CLASSES]
    print()  # noqa: T201  the table is what the test is for; pytest -s shows it
    for number, what, finding, severity, where in lines:
        print(f"{number:2}  {what:32} {finding:25} {severity:8} {where}")  # noqa: T201  a line of that table
    print(f"{len(lines)} of {len(classes.CLASSES)} classes caught; {len(CLEAN)} clean systems, 0 false blockers")  # noqa: T201  a line of that table
