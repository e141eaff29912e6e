# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a raw.tar.gz object holds, read from its beginning and its last bytes alone.

Whether every byte between them is right is not known: only reading all of it would tell.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi

_MOST: Final = 4 * 1024**2
"""The header of an archive is read in steps, and given up after so many bytes: a sparse file's map is part of it."""

_LENGTH: Final = 4
"""The last bytes of a gzip file are the length of its content, modulo 2**32, little-endian (RFC 1952)."""

_BLOCK: Final = 512
"""A tar archive is whole blocks, so of 512 cut-off archives one passes by chance."""


def disk_size(oss: OssApi, key: str, size: int) -> int | str:
    """Return the bytes of the disk in an archive of ``size`` bytes, or what is wrong with the object. Raw exports are
    one file in a tar.gz archive (facts 3.1)."""
    try:
        with tarfile.open(fileobj=_Object(oss, key, size), mode="r|gz") as archive:
            member = archive.next()
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        return f"is not a raw.tar.gz archive ({error})"
    if member is None or not member.isreg():
        return "holds no disk file"
    length = int.from_bytes(oss.read_range(key, size - _LENGTH, size - 1), "little")
    if length % _BLOCK:
        return f"is cut off: an archive of {length} bytes modulo 4 GiB is not made of blocks of {_BLOCK} bytes"
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
