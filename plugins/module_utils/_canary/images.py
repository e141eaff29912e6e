# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Small image files: an almost empty disk as qcow2, raw, VHD, and raw.tar.gz, written without qemu-img.

The disk begins with one block of content, and the rest of it is a hole: every file but the plain raw one is small.
"""

from __future__ import annotations

import gzip
import struct
import tarfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import GIB

if TYPE_CHECKING:
    from pathlib import Path

_CONTENT: Final = 64 * 1024
"""Bytes of content at the beginning of a disk: one cluster of qcow2."""


def write(path: Path, container: str, size: int) -> None:
    """Write a disk of ``size`` bytes to ``path`` in one of CONTAINERS."""
    _WRITERS[container](path, size, _content(size))


def _content(size: int) -> bytes:
    """Return the first block of a disk: an MBR with one Linux partition, and words that say what the disk is."""
    sectors = min(size // 512 - 2048, 2**32 - 1)
    partition = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", 2048, sectors)
    words = b"edgelift.ens_migration canary: delete this disk\n"
    mbr = words.ljust(446, b"\0") + partition.ljust(64, b"\0") + b"\x55\xaa"
    return mbr.ljust(_CONTENT, b"\0")


def _raw(path: Path, size: int, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.truncate(size)


def _archive(path: Path, size: int, content: bytes) -> None:
    """Write one sparse file in a tar archive, as GNU tar writes it: the map of the data is in the header."""
    member = tarfile.TarInfo("disk.raw")
    member.size, member.type, member.mode = len(content), tarfile.GNUTYPE_SPARSE, 0o644
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    # Two entries: the content, and an empty one at the end of the file. Then its size, and a new checksum.
    at = 386
    for number in (0, len(content), size, 0):
        header[at : at + 12] = _octal(number)
        at += 12
    header[483:495] = _octal(size)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(bytes(header) + content + bytes(tarfile.RECORDSIZE - len(header)))


def _octal(number: int) -> bytes:
    """Return a number of a tar header: octal digits, or 256-based where they do not fit."""
    return b"%011o\0" % number if number < 8**11 else b"\x80" + number.to_bytes(11, "big")


def _qcow2(path: Path, size: int, content: bytes) -> None:
    """Write a qcow2 file of version 3: header, L1 table, refcount table and block, one L2 table, one data cluster."""
    cluster = 1 << 16
    entries = -(-size // (cluster // 8 * cluster))
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb", 3, 0, 0, 16, size, 0, entries, cluster, 2 * cluster, 1, 0, 0, 0, 0, 0, 4, 104,
    )  # fmt: skip
    in_use = 1 << 63
    clusters = (
        header,
        struct.pack(">Q", in_use | 4 * cluster),
        struct.pack(">Q", 3 * cluster),
        struct.pack(">6H", *[1] * 6),
        struct.pack(">Q", in_use | 5 * cluster),
        content,
    )
    path.write_bytes(b"".join(part.ljust(cluster, b"\0") for part in clusters))


def _vhd(path: Path, size: int, content: bytes) -> None:
    """Write a dynamic VHD: a copy of the footer, its header, the table of blocks, one block, and the footer."""
    block, sector = 2 * 1024**2, 512
    blocks = -(-size // block)
    table = blocks * 4 + -(blocks * 4) % sector
    first = (1536 + table) // sector
    # The creator is one whose readers take the size as it is written, and not the geometry, which cannot express it.
    footer = _summed(
        struct.pack(
            ">8sIIQI4sI4sQQHBBII16sB",
            b"conectix", 2, 0x10000, 512, 0, b"win ", 0xA0000, b"Wi2k", size, size, *_geometry(size), 3, 0,
            b"edgelift canary ", 0,
        ).ljust(sector, b"\0"),
        64,
    )  # fmt: skip
    header = _summed(
        struct.pack(">8sQQIIII", b"cxsparse", 2**64 - 1, 1536, 0x10000, blocks, block, 0).ljust(1024, b"\0"), 36
    )
    entries = struct.pack(">I", first).ljust(table, b"\xff")
    bitmap = b"\xff" * sector
    path.write_bytes(footer + header + entries + bitmap + content.ljust(block, b"\0") + footer)


def _summed(part: bytes, at: int) -> bytes:
    """Return a part of a VHD with its checksum: the complement of the sum of all its bytes."""
    return part[:at] + struct.pack(">I", ~sum(part) & 0xFFFFFFFF) + part[at + 4 :]


def _geometry(size: int) -> tuple[int, int, int]:
    """Return cylinders, heads and sectors of a VHD for disks of at least 504 MiB (VHD specification, appendix)."""
    sectors = min(size // 512, 65535 * 16 * 255)
    track, heads = (63, 16) if sectors < 65536 * 16 * 63 else (255, 16)
    return sectors // track // heads, heads, track


_WRITERS: Final[dict[str, Callable[[Path, int, bytes], None]]] = {
    "qcow2": _qcow2,
    "raw.tar.gz": _archive,
    "vhd": _vhd,
    "raw": _raw,
}

FORMAT_OF: Final = {"qcow2": "qcow2", "raw.tar.gz": "raw", "vhd": "vhd", "raw": "raw"}
"""By container: the ImageFormat of ImportImage."""

CONTAINERS: Final = tuple(_WRITERS)
"""The forms of a file, the preferred one first. ECS writes raw as raw.tar.gz; a plain raw file only others write."""

SYSTEM_GIB: Final = 1
DATA_GIB: Final = 21
"""Sizes that stay different where ENS rounds them up to 10 GiB."""

PLAIN_BYTES: Final = GIB // 16
"""A plain raw file is sent whole, so its disk is smaller."""


def sizes(container: str) -> tuple[int, ...]:
    """Return the bytes of the disks in a container, the system disk first; a plain raw file is one disk."""
    return (PLAIN_BYTES,) if container == "raw" else (SYSTEM_GIB * GIB, DATA_GIB * GIB)
