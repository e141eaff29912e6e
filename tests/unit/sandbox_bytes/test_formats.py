# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from sandbox.bytes import formats
from sandbox.bytes.disks import DiskStore, non_zero_blocks

MIB = 1 << 20
SIZE = 20 << 30


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = DiskStore(tmp_path_factory.mktemp("disk"))
    path = store.create("d-1", SIZE)
    for place in (0, 5 * MIB + 1000, 9 << 30, SIZE - 3 * MIB):
        store.write("d-1", place, os.urandom(MIB + 4321))
    return path


def ingest(path: Path, fmt: str, out: Path) -> int:
    return asyncio.run(formats.ingest(path, fmt, out))


def as_raw(path: Path, fmt: str) -> Path:
    if fmt == "raw":
        return path
    raw = path.with_suffix(".as-raw")
    subprocess.run(["qemu-img", "convert", "-f", fmt, "-O", "raw", path, raw], check=True)
    return raw


@pytest.mark.parametrize("fmt", formats.IMPORT_FORMATS)
def test_an_exported_disk_comes_back_the_same_and_sparse(disk: Path, tmp_path: Path, fmt: str) -> None:
    exported, imported = tmp_path / f"x.{formats.suffix(fmt)}", tmp_path / "imported"
    asyncio.run(formats.export(disk, fmt, exported))
    assert asyncio.run(formats.probe(exported))["format"] == ("raw.tar.gz" if fmt == "raw" else fmt)
    assert ingest(exported, fmt, imported) == SIZE
    assert asyncio.run(formats.probe(imported)) == {"format": formats.stored_format(fmt), "virtual_size": SIZE}
    assert imported.stat().st_blocks * 512 < 16 * MIB
    assert non_zero_blocks(as_raw(imported, formats.stored_format(fmt))) == non_zero_blocks(disk)
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("fmt", ["vmdk", "vdi"])
def test_the_other_export_formats_are_what_they_say(disk: Path, tmp_path: Path, fmt: str) -> None:
    asyncio.run(formats.export(disk, fmt, tmp_path / "x"))
    assert asyncio.run(formats.probe(tmp_path / "x")) == {"format": fmt, "virtual_size": SIZE}
    with pytest.raises(formats.FormatError, match="not one of qcow2, raw, vhd"):
        ingest(tmp_path / "x", fmt, tmp_path / "out")


@pytest.mark.parametrize("fmt", formats.IMPORT_FORMATS)
@pytest.mark.parametrize("missing", [100, 70_000, 3 * MIB])
def test_a_truncated_object_is_refused(disk: Path, tmp_path: Path, fmt: str, missing: int) -> None:
    whole = tmp_path / "whole"
    asyncio.run(formats.export(disk, fmt, whole))
    os.truncate(whole, whole.stat().st_size - missing)
    with pytest.raises(formats.FormatError):
        ingest(whole, fmt, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_plain_raw_object_is_taken_as_it_is(disk: Path, tmp_path: Path) -> None:
    assert ingest(disk, "raw", tmp_path / "out") == SIZE
    assert non_zero_blocks(tmp_path / "out") == non_zero_blocks(disk)


def test_an_archive_that_is_not_sparse_is_read_too(tmp_path: Path) -> None:
    content = os.urandom(MIB) + bytes(3 * MIB) + os.urandom(512)
    (tmp_path / "disk.raw").write_bytes(content)
    with tarfile.open(tmp_path / "x", "w:gz") as tar:
        tar.add(tmp_path / "disk.raw", "any name.raw")
    assert ingest(tmp_path / "x", "raw", tmp_path / "out") == len(content)
    assert (tmp_path / "out").read_bytes() == content


def test_a_file_of_another_format_is_refused(disk: Path, tmp_path: Path) -> None:
    asyncio.run(formats.export(disk, "qcow2", tmp_path / "x"))
    with pytest.raises(formats.FormatError, match="the file is qcow2, not raw"):
        ingest(tmp_path / "x", "raw", tmp_path / "out")
    with pytest.raises(formats.FormatError, match="the file is raw, not qcow2"):
        ingest(disk, "qcow2", tmp_path / "out")


def test_an_empty_file_and_odd_sizes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(formats.FormatError, match="the file is empty"):
        ingest(tmp_path / "empty", "raw", tmp_path / "out")
    (tmp_path / "odd").write_bytes(b"x" * 513)
    with pytest.raises(formats.FormatError, match="no whole number of sectors"):
        ingest(tmp_path / "odd", "raw", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_image_that_reads_another_file_is_refused(disk: Path, tmp_path: Path) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", disk, "-F", "raw", tmp_path / "x"], check=True)
    with pytest.raises(formats.FormatError, match="refers to another file"):
        ingest(tmp_path / "x", "qcow2", tmp_path / "out")


def test_archives_with_two_files_or_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "disk.raw").write_bytes(bytes(512))
    for names in ((), ("a", "b")):
        with tarfile.open(tmp_path / "x", "w:gz") as tar:
            for name in names:
                tar.add(tmp_path / "disk.raw", name)
        with pytest.raises(formats.FormatError, match="contains"):
            ingest(tmp_path / "x", "raw", tmp_path / "out")


def test_a_damaged_archive_is_refused(disk: Path, tmp_path: Path) -> None:
    asyncio.run(formats.export(disk, "raw", tmp_path / "x"))
    damaged = bytearray((tmp_path / "x").read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    (tmp_path / "x").write_bytes(damaged)
    with pytest.raises(formats.FormatError, match="truncated or damaged"):
        ingest(tmp_path / "x", "raw", tmp_path / "out")


def test_a_failed_export_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(formats.FormatError, match="qemu-img failed"):
        asyncio.run(formats.export(tmp_path / "absent.raw", "qcow2", tmp_path / "x"))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_any_content_is_imported_too(tmp_path: Path) -> None:
    empty = DiskStore(tmp_path / "store").create("d-empty", SIZE)
    exported = tmp_path / "x.qcow2"
    asyncio.run(formats.export(empty, "qcow2", exported))
    assert ingest(exported, "qcow2", tmp_path / "imported") == SIZE
    with exported.open("r+b") as file:
        file.truncate(exported.stat().st_size - 65536)
    with pytest.raises(formats.FormatError, match="truncated"):
        ingest(exported, "qcow2", tmp_path / "again")
