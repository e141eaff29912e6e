# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What an exported object holds, read from its beginning alone: the header of a qcow2 file, of a raw.tar.gz archive."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._oss import OssApi

_QCOW2_MAGIC: Final = b"QFI\xfb"
_QCOW2_HEADER: Final = 32
"""The virtual size is the big-endian number in bytes 24 to 31 of a qcow2 header."""
_MOST: Final = 4 * 1024**2
"""The header of an archive is read in steps, and given up after so many bytes: a sparse file's map is part of it."""


def disk_size(oss: OssApi, key: str, size: int, image_format: str) -> int | str:
    """Return the bytes of the disk in an object of ``size`` bytes, or what is wrong with the object."""
    return _of_archive(_Object(oss, key, size)) if image_format == "raw" else _of_qcow2(oss, key, size)


def _of_qcow2(oss: OssApi, key: str, size: int) -> int | str:
    start = oss.read_range(key, 0, min(size, _QCOW2_HEADER) - 1)
    if not start.startswith(_QCOW2_MAGIC) or len(start) < _QCOW2_HEADER:
        return "is not a qcow2 file"
    virtual: int = struct.unpack(">Q", start[24:_QCOW2_HEADER])[0]
    return virtual


def _of_archive(file: _Object) -> int | str:
    """Raw exports are one file in a tar.gz archive (facts 3.1)."""
    try:
        with tarfile.open(fileobj=file, mode="r|gz") as archive:
            member = archive.next()
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        return f"is not a raw.tar.gz archive ({error})"
    if member is None or not member.isreg():
        return "holds no disk file"
    return member.size


class _Object(io.RawIOBase):
    """The beginning of an object as a file that is read from front to back."""

    def __init__(self, oss: OssApi, key: str, size: int) -> None:
        self._oss, self._key, self._end, self._at = oss, key, min(size, _MOST), 0

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer with the next bytes, fetched as one range, and return how many there were."""
        end = min(self._at + len(buffer), self._end)
        if end <= self._at:
            return 0
        body = self._oss.read_range(self._key, self._at, end - 1)
        buffer[: len(body)] = body
        self._at += len(body)
        return len(body)
