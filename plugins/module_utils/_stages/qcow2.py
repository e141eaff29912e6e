# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a qcow2 object says of itself: the size of its disk, and whether the object is all there.

The format is docs/interop/qcow2 of QEMU. Its refcounts name every cluster in use, so the last one tells how long the
file must be; the data itself need not be read.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .ahead import Ranges

MAGIC: Final = b"QFI\xfb"
_HEADER: Final = 104
_VERSION_2_BITS: Final = 16
"""Version 2 has refcounts of 16 bits; from version 3 on the header says how wide they are."""
_ENTRY: Final = 8
_OFFSET: Final = ~0x1FF & (2**64 - 1)
_CLUSTER_BITS: Final = range(9, 22)
_LARGEST_TABLE: Final = 8 * 1024**2
"""In bytes: a million entries. With clusters of 64 KiB an eighth of one is enough for the largest disk."""
_WIDEST: Final = 6
"""Refcounts have at most 2^6 bits."""
_MOST_EMPTY: Final = 64
"""So many blocks of refcounts without any are read from the end, then the file is rejected."""
_CUT: Final = "is cut off: a part that its own tables name is missing"


def disk_size(oss: Ranges, key: str, size: int) -> int | str:
    """Return the bytes of the disk in a qcow2 object of ``size`` bytes, or what is wrong with the object."""

    def read(offset: int, count: int) -> bytes:
        end = min(offset + count, size)
        return oss.read_range(key, offset, end - 1) if offset < end else b""

    header = read(0, _HEADER)
    if not header.startswith(MAGIC):
        return "is not a qcow2 file"
    if len(header) < _HEADER:
        return _CUT
    version, cluster_bits = struct.unpack_from(">I12xI", header, 4)
    if version not in (2, 3) or cluster_bits not in _CLUSTER_BITS:
        return f"is a qcow2 file of version {version} with clusters of 2^{cluster_bits} bytes, which are unknown"
    virtual: int = struct.unpack_from(">Q", header, 24)[0]
    order: int = struct.unpack_from(">I", header, 96)[0]
    if version > 2 and order > _WIDEST:
        return f"has refcounts of 2^{order} bits, which are unknown"
    clusters: int = struct.unpack_from(">I", header, 56)[0]
    if clusters << cluster_bits > _LARGEST_TABLE:
        return f"has a refcount table of {clusters << cluster_bits} bytes: no export needs one"
    bits = _VERSION_2_BITS if version == 2 else 1 << order
    last = _last_cluster(header, bits, 1 << cluster_bits, read)
    # The last cluster may be written in part only, but it has begun.
    return virtual if last is not None and size > last << cluster_bits else _CUT


def _last_cluster(header: bytes, bits: int, cluster: int, read: Callable[[int, int], bytes]) -> int | None:
    """Return the number of the last cluster in use; None when the tables that tell it are not all there."""
    offset, clusters = struct.unpack_from(">QI", header, 48)
    table = read(offset, clusters * cluster)
    if not clusters or len(table) < clusters * cluster:
        return None
    empty = 0
    for number in reversed(range(len(table) // _ENTRY)):
        start: int = struct.unpack_from(">Q", table, number * _ENTRY)[0] & _OFFSET
        if not start:
            continue
        block = read(start, cluster)
        if len(block) < cluster:
            return None
        used = len(block.rstrip(b"\0"))
        if used:
            return number * (cluster * 8 // bits) + (used - 1) * 8 // bits
        empty += 1
        if empty == _MOST_EMPTY:
            return None
    return None
