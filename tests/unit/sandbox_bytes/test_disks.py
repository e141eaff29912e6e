# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.bytes.disks import DiskStore, non_zero_blocks
from sandbox.bytes.extents import BLOCK, data_blocks, read_block

GIB = 1 << 30


@pytest.fixture
def store(tmp_path: Path) -> DiskStore:
    return DiskStore(tmp_path / "disks")


def test_a_new_disk_has_its_size_and_takes_no_space(store: DiskStore) -> None:
    store.create("d-1", 600 * GIB)
    assert store.size("d-1") == 600 * GIB
    assert store.used_bytes("d-1") == 0
    assert store.ids() == ["d-1"]


def test_a_disk_is_not_made_twice(store: DiskStore) -> None:
    store.create("d-1", BLOCK)
    with pytest.raises(FileExistsError):
        store.create("d-1", BLOCK)


def test_zeros_take_no_space_but_overwrite_what_was_there(store: DiskStore) -> None:
    path = store.create("d-1", 10 * BLOCK)
    store.write("d-1", 0, bytes(5 * BLOCK))
    assert store.used_bytes("d-1") == 0
    store.write("d-1", BLOCK - 2, b"abcd")
    store.write("d-1", BLOCK, bytes(BLOCK))
    assert path.read_bytes()[BLOCK - 2 : BLOCK + 2] == b"ab\0\0"


@pytest.mark.parametrize("offset", [-1, 2 * BLOCK - 1, 2 * BLOCK])
def test_a_write_outside_the_disk_is_refused(store: DiskStore, offset: int) -> None:
    store.create("d-1", 2 * BLOCK)
    with pytest.raises(ValueError, match="leave its 2097152 bytes"):
        store.write("d-1", offset, b"xy")


def test_a_clone_survives_the_original(store: DiskStore) -> None:
    store.create("d-1", BLOCK)
    store.write("d-1", 10, b"content")
    clone = store.clone("d-1", "m-1")
    store.delete("d-1")
    store.delete("d-1")
    assert clone.read_bytes()[10:17] == b"content"
    assert store.ids() == ["m-1"]


@pytest.mark.parametrize("disk_id", ["", "../d", "a/b", ".hidden", "d\n"])
def test_an_id_that_is_no_plain_name_is_refused(store: DiskStore, disk_id: str) -> None:
    with pytest.raises(ValueError, match="is not a plain name"):
        store.create(disk_id, BLOCK)


def test_only_blocks_that_are_not_zero_are_found_and_the_last_may_be_short(store: DiskStore) -> None:
    path = store.create("d-1", 7 * BLOCK + 512)
    with path.open("r+b") as file:
        file.seek(3 * BLOCK)
        file.write(bytes(BLOCK))  # allocated, yet zero
        file.seek(5 * BLOCK + 9)
        file.write(b"x")
        file.seek(7 * BLOCK + 511)
        file.write(b"y")
    assert [index for index, _digest in non_zero_blocks(path)] == [5, 7]
    with path.open("rb") as file:
        assert set(data_blocks(file.fileno(), os.fstat(file.fileno()).st_size)) >= {3, 5, 7}
        assert len(read_block(file.fileno(), 7, 7 * BLOCK + 512)) == 512
