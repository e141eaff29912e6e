# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The data of a qcow2 object in the order of its disk, read with bounded memory (QEMU, docs/interop/qcow2).

``qcow2.disk_size`` has checked the header and that the end of the file is there.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .ahead import Ranges

_HEADER: Final = 112
_OFFSET: Final = 0x00FF_FFFF_FFFF_FE00
_COMPRESSED: Final = 1 << 62
_ZERO: Final = 1
_DIRTY: Final = 1
"""The only incompatible feature that is read: the refcounts may be wrong, the data is not."""
_LARGEST_TABLE: Final = 8 * 1024**2
_RUN: Final = 4 * 1024**2
_WINDOW: Final = 1024**2
_SECTOR: Final = 512
_DEFLATE: Final = -12
"""How zlib is told to expect no header and the window that QEMU uses."""
_OFTEN: Final = 4
"""A file is read at most so many times as a whole: compressed clusters are read ahead, tables apart from the data."""


class _File:
    """The object, with a limit for all that is read of it: its tables may name the same data any number of times."""

    def __init__(self, oss: Ranges, key: str, size: int) -> None:
        self._oss, self._key, self._size = oss, key, size
        self._left = _OFTEN * size + 64 * _WINDOW
        self._from, self._window = 0, b""

    def read(self, offset: int, count: int, whole: bool = True) -> bytes:
        """Return bytes of the file. Of the last cluster, a part may be missing unless ``whole``: it is zero."""
        end = min(offset + count, self._size)
        if offset >= end or (whole and end < offset + count):
            raise EOFError(f"its tables name data at offset {offset}, the file has {self._size} bytes")
        self._left -= end - offset
        if self._left < 0:
            raise ValueError("its tables name the same data again and again")
        data = self._oss.read_range(self._key, offset, end - 1)
        if len(data) != end - offset:
            raise EOFError(f"the object ends at {offset + len(data)} of {self._size} bytes")
        return data + bytes(count - len(data))

    def ahead(self, offset: int, count: int) -> bytes:
        """Return bytes of the file, and read more than these, because the next ones are wanted soon."""
        if not self._from <= offset <= offset + count <= self._from + len(self._window):
            self._window = self.read(offset, max(count, _WINDOW), whole=False)
            self._from = offset
        at = offset - self._from
        return self._window[at : at + count]


def pieces(oss: Ranges, key: str, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield (offset in the disk, data) of the clusters that are stored, in ascending order. ValueError or EOFError for
    a file that cannot be read completely: damaged, encrypted, or dependent on another file."""
    file = _File(oss, key, size)
    header = file.read(0, min(_HEADER, size)).ljust(_HEADER, b"\0")
    version, backing, cluster_bits, disk, crypt, entries, table = struct.unpack_from(">IQ4xIQIIQ", header, 4)
    _check(header, version, backing, crypt)
    cluster = 1 << cluster_bits
    if entries * 8 > _LARGEST_TABLE:
        raise ValueError(f"it has a table of {entries * 8} bytes: no export needs one")
    first = struct.unpack(f">{entries}Q", file.read(table, entries * 8)) if entries else ()
    covered = cluster // 8 * cluster
    if len(first) * covered < disk:
        raise ValueError(f"its tables describe {len(first) * covered} bytes of the {disk} of its disk")
    begin = host = length = 0
    for number, entry in enumerate(first):
        if not entry & _OFFSET or number * covered >= disk:
            continue
        second = struct.unpack(f">{cluster // 8}Q", file.read(entry & _OFFSET, cluster, whole=False))
        for place, word in enumerate(second):
            at = number * covered + place * cluster
            if at >= disk:
                break
            packed = bool(word & _COMPRESSED)
            if not packed and (not word & _OFFSET or (version > 2 and word & _ZERO)):
                continue
            if length and not packed and (at, word & _OFFSET) == (begin + length, host + length) and length < _RUN:
                length += cluster
                continue
            if length:
                yield begin, file.read(host, length, whole=False)[: disk - begin]
                length = 0
            if packed:
                yield at, _unpacked(file, word, cluster_bits)[: disk - at]
            else:
                begin, host, length = at, word & _OFFSET, cluster
    if length:
        yield begin, file.read(host, length, whole=False)[: disk - begin]


def _check(header: bytes, version: int, backing: int, crypt: int) -> None:
    """Raise ValueError for a file whose data this module cannot read."""
    features: int = struct.unpack_from(">Q", header, 72)[0] if version > 2 else 0
    if backing:
        raise ValueError("it refers to another file")
    if crypt:
        raise ValueError("it is encrypted")
    if features & ~_DIRTY:
        raise ValueError(f"it has the incompatible features {features:#x}, which are unknown")


def _unpacked(file: _File, word: int, cluster_bits: int) -> bytes:
    """Return a cluster that is stored compressed; the entry has its offset and its sectors."""
    split = 62 - (cluster_bits - 8)
    offset = word & ((1 << split) - 1)
    sectors = word >> split & ((1 << (cluster_bits - 8)) - 1)
    stored = file.ahead(offset, (sectors + 1) * _SECTOR - offset % _SECTOR)
    data = zlib.decompressobj(_DEFLATE).decompress(stored, 1 << cluster_bits)
    if len(data) != 1 << cluster_bits:
        raise ValueError(f"the compressed data at offset {offset} is incomplete")
    return data
