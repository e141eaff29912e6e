# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The block devices of servers as they are in the field, each from a public report: a disk is counted once."""

from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks as rules
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import disks, source

from .conftest import Host
from .field_disks import FIELD, Field

ABOUT_DISKS = {rule.id for rule in disks.RULES}


def of(host: Host, field: Field) -> Host:
    host.blocks.clear()
    host.extra = list(field.lines)
    host.root = ""
    return host


@pytest.mark.parametrize("field", FIELD, ids=lambda field: field.name)
def test_a_server_of_a_report_has_the_disks_that_an_engineer_counts(host: Host, field: Field) -> None:
    probe = of(host, field).probe()
    assert tuple(disk.name for disk in rules.transferred(probe)) == field.expected
    found = {item["id"] for item in source.judge(probe)}
    assert found & ABOUT_DISKS == field.findings


def test_every_report_has_its_public_thread() -> None:
    assert len({field.name for field in FIELD}) == len(FIELD)
    assert all(field.address.startswith("https://") and field.title and field.about for field in FIELD)


def test_an_excluded_disk_counts_for_no_limit(host: Host) -> None:
    host.disk("vdb", 600, "/scratch")
    host.disk("vdc", 20)
    host.extra.append("luks\tvdc1")
    probe = host.probe()
    before = {item["id"] for item in source.judge(probe)}
    assert before == {"data-disk-too-large", "encrypted-disk", "data-disk-not-mounted"}
    assert disks.exclude(probe, ["/dev/vdb", "vdc"]) is None
    assert [disk.name for disk in rules.transferred(probe)] == ["vda"]
    [note] = source.judge(probe)
    assert (note["id"], note["severity"], note["evidence"]) == ("disk-excluded", "note", "vdb, vdc")


def test_only_a_data_disk_of_the_host_can_be_excluded(host: Host) -> None:
    probe = host.probe()
    assert disks.exclude(probe, ["vdz"]) == "exclude_disks names vdz, which is no disk of this host (disks: vda)"
    assert disks.exclude(probe, ["vda"]) == "exclude_disks names vda, which is the system disk"
