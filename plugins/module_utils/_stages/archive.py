# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a raw.tar.gz object contains, read from its beginning and its last bytes alone.

Whether every byte between them is right is not known: only reading all of it would tell.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .ahead import Ranges

_MOST: Final = 4 * 1024**2
"""The beginning of an archive is read in steps, at most so many bytes, packed or unpacked: a sparse file's
map is part of it, and 260 KB can unpack to hundreds of megabytes."""

_STEP: Final = 64 * 1024

_RECORDS: Final = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
"""What may precede the header of a file: extended headers and long names."""

MAGIC: Final = b"\x1f\x8b"
USTAR: Final = range(257, 262)
"""Where the header of a tar file has its magic."""

_MOST_ENTRIES: Final = 8
_LARGE: Final = 64 * 1024
"""Bytes from which a file in an archive counts as the disk, and not as a note beside it."""

_MOST_RECORDS: Final = 8
_LARGEST_RECORD: Final = 1024**2

_GZIP: Final = 16 + zlib.MAX_WBITS
"""How zlib is told to expect the header of gzip."""

_LENGTH: Final = 4
"""The last bytes of a gzip file are the length of its content, modulo 2**32, little-endian (RFC 1952)."""

_BLOCK: Final = tarfile.BLOCKSIZE
"""A tar archive is whole blocks, so of 512 cut-off archives one passes by chance."""


def disk_size(oss: Ranges, key: str, size: int) -> int | str:
    """Return the bytes of the disk in an archive of ``size`` bytes, or what is wrong with the object. Raw exports are
    one file in a tar.gz archive (facts 3.1)."""
    start = oss.read_range(key, 0, min(size, _BLOCK) - 1)
    packed = start.startswith(MAGIC)
    if not packed and start[USTAR.start : USTAR.stop] != b"ustar":
        # A disk as it is has whole sectors; whether it is large enough is for the caller.
        other = start.startswith(b"QFI\xfb") or size % _BLOCK
        return "is not a raw.tar.gz archive (it begins like none)" if other else size
    content = _Content(oss, key, size, packed)
    try:
        _look_at_records(content)
        with tarfile.open(fileobj=content, mode="r|") as archive:
            member = disk_member(archive)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        return f"is not a raw.tar.gz archive ({str(error)[:100]})"
    if member is None or not member.isreg():
        return "contains no disk file"
    if not packed:
        return member.size if size >= member.size else "is cut off: the archive is smaller than the disk in it"
    length = int.from_bytes(oss.read_range(key, size - _LENGTH, size - 1), "little")
    # Of several members, the last one tells of itself alone.
    if length % _BLOCK and content.members == 1:
        return f"is cut off: an archive of {length} bytes modulo 4 GiB is not made of blocks of {_BLOCK} bytes"
    return member.size


def disk_member(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    """Return the file of the disk: the first large one. Folders and small files may precede it."""
    best: tarfile.TarInfo | None = None
    for _count in range(_MOST_ENTRIES):
        try:
            member = archive.next()
        except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError):
            if best is None:
                raise
            return best
        if member is None:
            return best
        if best is None or not best.isreg() or (member.isreg() and member.size > best.size):
            best = member
        if best.isreg() and best.size >= _LARGE:
            return best
    return best


def _look_at_records(content: _Content) -> None:
    """Refuse an archive with many or large records before the file: tarfile keeps each of them in memory."""
    at = 0
    for _count in range(_MOST_RECORDS + 1):
        header = content.part(at, _BLOCK)
        if len(header) < _BLOCK or not any(header):
            # An archive that is cut off or empty: tarfile finds the words.
            return
        member = tarfile.TarInfo.frombuf(header, tarfile.ENCODING, "surrogateescape")
        if member.type not in _RECORDS:
            return
        if not 0 <= member.size <= _LARGEST_RECORD:
            raise tarfile.ReadError(f"a record of {member.size} bytes precedes the file")
        at += _BLOCK + -(-member.size // _BLOCK) * _BLOCK
    raise tarfile.ReadError(f"more than {_MOST_RECORDS} records precede the file")


class _Content(io.RawIOBase):
    """The beginning of what an object unpacks to, as a file that is read from front to back."""

    def __init__(self, oss: Ranges, key: str, size: int, packed: bool = True) -> None:
        self.members = 1
        self._packed = packed
        self._oss, self._key, self._end, self._fetched, self._at = oss, key, min(size, _MOST), 0, 0
        self._unpacking = zlib.decompressobj(_GZIP)
        self._known = bytearray()

    def part(self, start: int, count: int) -> bytes:
        """Return bytes of the content, fewer where it ends or the limit does."""
        until = min(start + count, _MOST)
        while len(self._known) < until:
            packed = self._next() if self._packed else self._fetch()
            if not packed:
                break
            if not self._packed:
                self._known += packed
                continue
            self._known += self._unpacking.decompress(packed, max(until, _STEP) - len(self._known))
        return bytes(self._known[start:until])

    def _next(self) -> bytes:
        """Return the next packed bytes, b'' after the last member of the file."""
        if not self._unpacking.eof:
            return self._unpacking.unconsumed_tail or self._fetch()
        rest = self._unpacking.unused_data or self._fetch()
        if len(rest) < len(MAGIC):
            rest += self._fetch()
        if not rest.startswith(MAGIC):
            return b""
        self.members += 1
        self._unpacking = zlib.decompressobj(_GZIP)
        return rest

    def _fetch(self) -> bytes:
        """Return the next bytes of the object, fetched as one range, b'' after the last."""
        start, end = self._fetched, min(self._fetched + _STEP, self._end)
        if end <= start:
            return b""
        self._fetched = end
        return self._oss.read_range(self._key, start, end - 1)

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer with the next bytes, and return how many there were."""
        found = self.part(self._at, len(buffer))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)
