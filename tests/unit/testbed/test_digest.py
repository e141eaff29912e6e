# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from testbed.digest import digest
from testbed.fleet import MIB


def image(path: Path, size: int, *pieces: tuple[int, bytes]) -> Path:
    with path.open("wb") as disk:
        disk.truncate(size)
        for offset, data in pieces:
            disk.seek(offset)
            disk.write(data)
    return path


def test_a_flipped_byte_changes_it(tmp_path: Path) -> None:
    one = image(tmp_path / "one", 8 * MIB, (3 * MIB + 5, b"content"))
    other = image(tmp_path / "other", 8 * MIB, (3 * MIB + 5, b"contenu"))
    assert digest(one) != digest(other)


def test_written_zeros_and_holes_are_the_same(tmp_path: Path) -> None:
    sparse = image(tmp_path / "sparse", 6 * MIB, (MIB, b"x"))
    dense = image(tmp_path / "dense", 6 * MIB, (0, bytes(6 * MIB)), (MIB, b"x"))
    assert sparse.stat().st_blocks < dense.stat().st_blocks
    assert digest(sparse) == digest(dense)


@pytest.mark.parametrize("size", [4 * MIB + 512, 5 * MIB], ids=["half a MiB", "a whole MiB"])
def test_the_size_matters_even_where_the_end_is_a_hole(tmp_path: Path, size: int) -> None:
    assert digest(image(tmp_path / "a", 4 * MIB, (0, b"x"))) != digest(image(tmp_path / "b", size, (0, b"x")))


def test_the_place_of_a_block_matters(tmp_path: Path) -> None:
    assert digest(image(tmp_path / "a", 4 * MIB, (0, b"x"))) != digest(image(tmp_path / "b", 4 * MIB, (MIB, b"x")))


def test_data_in_the_last_incomplete_mib_counts(tmp_path: Path) -> None:
    size = 2 * MIB + 4096
    empty = image(tmp_path / "empty", size)
    assert digest(empty) != digest(image(tmp_path / "tail", size, (size - 1, b"x")))


def test_extents_that_share_a_mib_count_once(tmp_path: Path) -> None:
    apart = image(tmp_path / "apart", 2 * MIB, (0, b"a" * 4096), (512 * 1024, b"b" * 4096))
    together = image(tmp_path / "together", 2 * MIB, (0, b"a" * 4096 + bytes(508 * 1024) + b"b" * 4096))
    assert digest(apart) == digest(together)


def test_qcow2_gives_the_digest_of_the_raw_disk(tmp_path: Path) -> None:
    raw = image(tmp_path / "disk.raw", 64 * MIB, (0, b"boot"), (20 * MIB, b"y" * 3 * MIB), (64 * MIB - 1, b"z"))
    qcow2 = tmp_path / "disk.qcow2"
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", "-c", str(raw), str(qcow2)], check=True)
    assert digest(qcow2) == digest(raw)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk.qcow2", "disk.raw"]
