# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A digest of a disk's content that holes and file formats do not change."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from testbed.fleet import MIB

ZERO = bytes(MIB)
QCOW2_MAGIC = b"QFI\xfb"


def _mibs_with_data(fd: int, size: int) -> Iterator[int]:
    """Indexes of the MiB blocks that are not entirely a hole, ascending, each once."""
    last = -1
    offset = 0
    while offset < size:
        try:
            start = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError as exc:
            if exc.errno == errno.ENXIO:  # only a hole up to the end
                return
            raise
        offset = os.lseek(fd, start, os.SEEK_HOLE)
        for index in range(max(start // MIB, last + 1), (offset - 1) // MIB + 1):
            yield index
            last = index


def digest_raw(path: Path) -> str:
    """SHA-256 over the size and the (index, SHA-256) of every MiB that is not all zeros, as hex digits."""
    total = hashlib.sha256()
    with path.open("rb", buffering=0) as disk:
        size = os.fstat(disk.fileno()).st_size
        total.update(b"%d\n" % size)
        for index in _mibs_with_data(disk.fileno(), size):
            block = os.pread(disk.fileno(), MIB, index * MIB)
            if block != ZERO[: len(block)]:
                total.update(b"%d %s\n" % (index, hashlib.sha256(block).digest()))
    return total.hexdigest()


def digest(path: Path) -> str:
    """The content digest of a raw or qcow2 disk image; equal content gives an equal digest in either format.

    A qcow2 image is turned into a sparse raw file in the same folder for as long as it is read.
    """
    with path.open("rb") as image:
        is_qcow2 = image.read(4) == QCOW2_MAGIC
    if not is_qcow2:
        return digest_raw(path)
    with tempfile.TemporaryDirectory(prefix=".digest-", dir=path.parent) as folder:
        raw = Path(folder) / "disk.raw"
        command = ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", str(path), str(raw)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return digest_raw(raw)
