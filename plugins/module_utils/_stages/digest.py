# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The digest of a disk over its blocks that are not zero (defined in roles/report/README.md), also of an object."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from typing import TYPE_CHECKING, Any, Final

from . import archive, qcow2, qcow2_data
from .ahead import Ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .ahead import Ranges

    Piece = tuple[int, bytes]

ALGORITHM: Final = "blocks-1"
"""The name of this definition in the receipt. Another definition gets another name."""
BLOCK: Final = 64 * 1024
RANGE: Final = 256 * 1024**2
_ZEROS: Final = bytes(BLOCK)
_READ: Final = 4 * 1024**2
"""Bytes that are read from the object at once, and kept in memory."""
_DAMAGE: Final = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError)


class Digest:
    """Sums up a disk of which pieces are added in ascending order. What is not added is zero."""

    def __init__(self) -> None:
        self._block, self._known = 0, bytearray()
        self._range, self._hash = -1, hashlib.sha256()
        self._ranges: dict[int, bytes] = {}

    def add(self, offset: int, data: bytes) -> None:
        """Add the bytes at ``offset``; ValueError if earlier pieces reach beyond it."""
        if offset < self._block * BLOCK + len(self._known):
            raise ValueError(f"the data at offset {offset} overlaps data before it")
        at = 0
        while at < len(data):
            block, inside = divmod(offset + at, BLOCK)
            piece = data[at : at + BLOCK - inside]
            at += len(piece)
            if block != self._block:
                self._end_block()
                self._block = block
            if len(piece) == BLOCK:
                self._take(piece)
                continue
            self._known += bytes(inside - len(self._known)) + piece

    def result(self) -> dict[str, Any]:
        """Return the digest of the disk, and that of each range that is not zero, by the number of the range."""
        self._end_block()
        self._end_range()
        whole = hashlib.sha256()
        for number, digest in self._ranges.items():
            whole.update((number * RANGE).to_bytes(8, "big") + digest)
        ranges = {str(number): digest.hex() for number, digest in self._ranges.items()}
        return {"algorithm": ALGORITHM, "sha256": whole.hexdigest(), "ranges": ranges}

    def _end_block(self) -> None:
        if self._known:
            data = bytes(self._known) + bytes(BLOCK - len(self._known))
            self._known.clear()
            self._take(data)

    def _take(self, data: bytes) -> None:
        """Take the current block, which is whole."""
        if data != _ZEROS:
            number = self._block * BLOCK // RANGE
            if number != self._range:
                self._end_range()
                self._range = number
            self._hash.update((self._block * BLOCK).to_bytes(8, "big"))
            self._hash.update(data)
        self._block += 1

    def _end_range(self) -> None:
        if self._range >= 0:
            self._ranges[self._range] = self._hash.digest()
            self._hash = hashlib.sha256()


def of_object(oss: Ranges, key: str, size: int, start: bytes, check: Callable[[], None]) -> dict[str, Any]:
    """Return C(format), C(bytes) and digest of the disk in an object of ``size`` bytes that begins with ``start``, or
    C(problem): why it has none. ``check`` is called for each piece, and may raise an exception to stop."""
    ahead = Ahead(oss, size, start)
    packed = start.startswith(archive.MAGIC)
    tar = packed or start[archive.USTAR.start : archive.USTAR.stop] == b"ustar"
    container = qcow2 if start.startswith(qcow2.MAGIC) else archive
    found = container.disk_size(ahead, key, size)
    if isinstance(found, str):
        return {"problem": found}
    digest = Digest()
    try:
        if container is qcow2:
            pieces = qcow2_data.pieces(ahead, key, size)
        elif tar:
            pieces = _unpacked(_Object(ahead, key, size), packed)
        else:
            pieces = _raw(ahead, key, size)
        for offset, data in pieces:
            check()
            if offset + len(data) > found:
                return {"problem": f"has data at offset {offset}, beyond the {found} bytes of its disk"}
            digest.add(offset, data)
    except _DAMAGE as error:
        return {"problem": f"is damaged or truncated: {str(error)[:200]}"}
    name = "qcow2" if container is qcow2 else "raw.tar.gz" if packed else "raw.tar" if tar else "raw"
    return {"format": name, "bytes": found, **digest.result()}


def _raw(oss: Ranges, key: str, size: int) -> Iterator[Piece]:
    for offset in range(0, size, _READ):
        data = oss.read_range(key, offset, min(offset + _READ, size) - 1)
        if len(data) != min(_READ, size - offset):
            raise EOFError(f"the object ends at {offset + len(data)} of {size} bytes")
        yield offset, data


def _unpacked(content: _Object, packed: bool) -> Iterator[Piece]:
    """Yield what an archive stores of its disk, without the holes. ``archive.disk_size`` has read its headers before:
    they are few and small."""
    buffered = io.BufferedReader(content, _READ)
    stream: Any = gzip.GzipFile(fileobj=buffered, mode="rb") if packed else buffered
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        member = archive.disk_member(tar)
        if member is None or not member.isreg() or tar.fileobj is None:
            raise tarfile.ReadError("it contains no disk file")
        inner: Any = tar.fileobj
        inner.seek(member.offset_data)
        stored = getattr(member, "sparse", None) or [(0, member.size)]
        for begin, length in stored:
            at = begin
            while at < begin + length:
                data = inner.read(min(_READ, begin + length - at))
                if not data:
                    raise EOFError("the archive ends inside the disk")
                yield at, data
                at += len(data)
    # The checksum of gzip is at the end of the stream.
    while stream.read(_READ):
        yield member.size, b""


class _Object(io.RawIOBase):
    """An object as a file that is read from front to back."""

    def __init__(self, oss: Ranges, key: str, size: int) -> None:
        self._oss, self._key, self._size, self._at = oss, key, size, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer with the next bytes, and return how many there were."""
        end = min(self._at + len(buffer), self._size)
        data = self._oss.read_range(self._key, self._at, end - 1) if self._at < end else b""
        if len(data) != end - self._at:
            raise EOFError(f"the object ends at {self._at + len(data)} of {self._size} bytes")
        buffer[: len(data)] = data
        self._at = end
        return len(data)
