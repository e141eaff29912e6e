# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of the local cloud: sparse raw files, one per disk id."""
from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from .extents import BLOCK, data_blocks, is_zero, read_block

_DISK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class DiskStore:
    """A folder of sparse raw disk files; what is zero takes no space."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.root.mkdir(parents=True, exist_ok=True)

    def path(self, disk_id: str) -> Path:
        """Return where the disk's file is or would be; an id that is not a plain name is refused."""
        if not _DISK_ID.fullmatch(disk_id):
            raise ValueError(f"disk id {disk_id!r} is not a plain name of letters, digits, '.', '_' and '-'")
        return self.root / f"{disk_id}.raw"

    def create(self, disk_id: str, size_bytes: int) -> Path:
        """Make an empty disk of `size_bytes` bytes; one that exists is refused with FileExistsError."""
        path = self.path(disk_id)
        with path.open("xb") as file:
            file.truncate(size_bytes)
        return path

    def size(self, disk_id: str) -> int:
        """Return the disk's virtual size in bytes."""
        return self.path(disk_id).stat().st_size

    def used_bytes(self, disk_id: str) -> int:
        """Return the bytes that the disk's file takes on the controller's file system."""
        return self.path(disk_id).stat().st_blocks * 512

    def write(self, disk_id: str, offset: int, data: bytes) -> None:
        """Write `data` at byte `offset`; what would leave the disk is refused, zeros over a hole take no space."""
        fd = os.open(self.path(disk_id), os.O_RDWR)
        try:
            size = os.fstat(fd).st_size
            if offset < 0 or offset + len(data) > size:
                raise ValueError(f"disk {disk_id}: bytes {offset} to {offset + len(data)} leave its {size} bytes")
            write_sparse(fd, offset, data)
        finally:
            os.close(fd)

    def clone(self, disk_id: str, new_id: str) -> Path:
        """Give a finished disk a second id without copying: neither may be written afterwards."""
        target = self.path(new_id)
        os.link(self.path(disk_id), target)
        return target

    def delete(self, disk_id: str) -> None:
        """Remove the disk's file; an unknown id is already gone."""
        self.path(disk_id).unlink(missing_ok=True)

    def ids(self) -> list[str]:
        """Return the ids of all disks, sorted."""
        return sorted(path.name[:-len(".raw")] for path in self.root.glob("*.raw"))


def write_sparse(fd: int, offset: int, data: bytes) -> None:
    """Write `data` at `offset` of an open disk, block by block, without allocating space for zero blocks."""
    view = memoryview(data)
    while view:
        length = min(BLOCK - offset % BLOCK, len(view))
        piece = bytes(view[:length])
        # Zeros over a hole are left out; zeros over data must be written, or old content would reappear.
        if not is_zero(piece) or not is_zero(os.pread(fd, length, offset)):
            os.pwrite(fd, piece, offset)
        view = view[length:]
        offset += length


def non_zero_blocks(path: Path) -> list[tuple[int, bytes]]:
    """Return (index, SHA-256) of every block of a raw disk that is not zero; it reads them, so call it in a thread."""
    found: list[tuple[int, bytes]] = []
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        for index in data_blocks(fd, size):
            data = read_block(fd, index, size)
            if not is_zero(data):
                found.append((index, hashlib.sha256(data).digest()))
    finally:
        os.close(fd)
    return found
