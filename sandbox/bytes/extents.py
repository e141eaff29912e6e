# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing files with holes: only what is not zero is read, kept or sent."""
from __future__ import annotations

import errno
import os
from collections.abc import Iterator

BLOCK = 1 << 20
"""Bytes in one block: disks are compared, sent and stored by whole MiBs."""

ZEROS = bytes(BLOCK)


def is_zero(data: bytes) -> bool:
    """Return whether `data` (at most one block) contains only zero bytes."""
    return data == ZEROS[:len(data)] if len(data) < BLOCK else data == ZEROS


def data_extents(fd: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) byte ranges of `fd` that may hold data; holes are left out.

    A file system or block device that cannot tell holes yields the whole range.
    """
    position = 0
    while position < size:
        try:
            start = os.lseek(fd, position, os.SEEK_DATA)
            end = os.lseek(fd, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            yield position, size
            return
        yield start, min(end, size)
        position = end


def data_blocks(fd: int, size: int) -> Iterator[int]:
    """Yield, in order and each once, the indexes of the blocks that may hold data."""
    last = -1
    for start, end in data_extents(fd, size):
        for index in range(max(start // BLOCK, last + 1), (end + BLOCK - 1) // BLOCK):
            last = index
            yield index


def read_block(fd: int, index: int, size: int) -> bytes:
    """Return block `index` of `fd`; the last block of a disk of `size` bytes may be short."""
    length = min(BLOCK, size - index * BLOCK)
    data = os.pread(fd, length, index * BLOCK)
    return data if len(data) == length else data + bytes(length - len(data))
