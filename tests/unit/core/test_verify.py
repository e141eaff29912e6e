# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exported objects: what is recognized by its first bytes, and what is a failure or a warning."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.ens_migration import describe
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import export

from .cloud import Cloud
from .kit import GIB, policy, qcow2
from .waves import cloud_with, fleet, run

DISK = 300_032
"""Bytes of the disks here: whole sectors."""


def tar(*members: tuple[str, int, bytes]) -> bytes:
    """Return a tar archive of these members: name, size, type."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        for name, size, kind in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            member.size = size if kind == tarfile.REGTYPE else 0
            made.addfile(member, io.BytesIO(b"x" * size) if member.size else None)
    return file.getvalue()


PLAIN = tar(("disk.raw", DISK, tarfile.REGTYPE))
LED = tar(("export", 0, tarfile.DIRTYPE), ("export/note.txt", 40, tarfile.REGTYPE), ("disk.raw", DISK, tarfile.REGTYPE))
FORMS = {
    "tar.gz": gzip.compress(PLAIN),
    "several members": b"".join(gzip.compress(PLAIN[at : at + 7_000]) for at in range(0, len(PLAIN), 7_000)),
    "leading entries": gzip.compress(LED),
    "tar": PLAIN,
    "tar with leading entries": LED,
    "the disk as it is": b"x" * DISK,
}


def check(body: bytes | None, size: int, **changes: Any) -> tuple[str, list[str], int]:
    """Return problem, notes and virtual size of one object."""
    told: list[str] = []
    cloud = Cloud(objects={} if body is None else {"k": body})
    found, problem = export.verify(cloud.oss("images"), ["k"], [size], policy(**changes), notes=told)
    return problem, told, found[0]["virtual_size"] if found else 0


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_raw_export_is_recognized(name: str) -> None:
    assert check(FORMS[name], DISK, image_format="raw") == ("", [], DISK)


@pytest.mark.parametrize("name", FORMS)
def test_a_disk_that_is_too_small_fails_and_a_larger_one_warns(name: str) -> None:
    problem, _told, _size = check(FORMS[name], DISK + 1, image_format="raw")
    assert f"contains {DISK} bytes, the disk must have {DISK + 1}" in problem
    problem, told, size = check(FORMS[name], DISK - 512, image_format="raw")
    assert (problem, size) == ("", DISK)
    assert f"contains {DISK} bytes, more than the {DISK - 512} of the disk" in told[0]


def test_a_tar_archive_without_its_end_is_cut_off() -> None:
    assert "is cut off" in check(PLAIN[:100_000], DISK, image_format="raw")[0]


def test_a_larger_qcow2_disk_warns() -> None:
    problem, told, size = check(qcow2(21), 20 * GIB)
    assert (problem, size) == ("", 21 * GIB)
    assert "more than the" in told[0]


BAD = [qcow2(19), qcow2(20)[:1000], qcow2(20, magic=b"KDMV")]


@pytest.mark.parametrize("body", BAD)
def test_what_fails_when_strict_warns_or_is_not_read(body: bytes) -> None:
    problem, told, _size = check(body, 20 * GIB)
    assert problem
    assert not told
    problem, told, _size = check(body, 20 * GIB, verify="warn")
    assert problem == ""
    assert len(told) == 1
    cloud = Cloud(objects={"k": body})
    assert export.verify(cloud.oss("images"), ["k"], [20 * GIB], policy(verify="off"))[1] == ""
    assert dict(cloud.calls) == {"oss.Head": 1}


@pytest.mark.parametrize("verify", ["strict", "warn", "off"])
@pytest.mark.parametrize(("body", "words"), [(None, "is missing"), (b"", "is empty")])
def test_what_is_certain_always_fails(body: bytes | None, words: str, verify: str) -> None:
    assert words in check(body, 20 * GIB, verify=verify)[0]


def test_a_wave_that_only_warns_tells_so_in_its_result() -> None:
    cloud = cloud_with()
    cloud.export_ends = ["cut off"]
    made = fleet(cloud, using=policy(verify="warn"))
    (row,) = run(made)
    assert row.verdict == "migrated"
    (text,) = [text for stage in made.stages for text in stage.notes(row.server, row.seen)]
    assert "is cut off" in text
    assert cloud.calls["ecs.ExportImage"] == 1


def test_what_a_wave_has_warned_of_is_told_when_its_import_fails() -> None:
    cloud = cloud_with()
    cloud.export_ends = ["cut off"]
    cloud.edit("ens.DescribeSelfImages", lambda rows: [{**row, "Status": "CreateFailed"} for row in rows], times=1000)
    (row,) = run(fleet(cloud, using=policy(verify="warn")))
    assert row.verdict == "failed"
    (text,) = describe(row)["warnings"]
    assert "is cut off" in text
