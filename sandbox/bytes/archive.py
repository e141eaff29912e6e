# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the ``raw.tar.gz`` archives that ECS exports raw images as (facts 3.1)."""
from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .disks import write_sparse
from .extents import BLOCK


class ArchiveError(ValueError):
    """The archive is damaged or does not hold one disk."""


def unpack_disk(archive: Path, target: Path) -> int:
    """Write the one disk of a raw.tar.gz archive as a sparse file and return its size; call it in a thread.

    Refused with ArchiveError: an archive that is truncated, damaged, empty, or has more than one file.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            member = tar.next()
            while member is not None and not member.isfile():
                member = tar.next()
            if member is None or tar.fileobj is None:
                raise ArchiveError("the archive contains no disk")
            with target.open("x+b") as disk:
                disk.truncate(member.size)
                for offset, data in _pieces(tar.fileobj, member):
                    write_sparse(disk.fileno(), offset, data)
            another = tar.next()
            if another is not None:
                raise ArchiveError(f"the archive contains more than one file: {member.name}, {another.name}")
            # The checksum is at the end of the stream: read to the end.
            while tar.fileobj.read(BLOCK):
                pass
            return member.size
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ArchiveError(f"the archive is truncated or damaged: {error}") from error


def _pieces(stream: Any, member: tarfile.TarInfo) -> Iterator[tuple[int, bytes]]:
    """Yield (offset in the disk, data) of what the archive stores, without the holes of a sparse member."""
    sparse: list[tuple[int, int]] | None = getattr(member, "sparse", None)
    stream.seek(member.offset_data)
    for start, length in sparse or [(0, member.size)]:
        offset = start
        while offset < start + length:
            data = stream.read(min(BLOCK - offset % BLOCK, start + length - offset))
            if not data:
                raise EOFError("the archive ends inside the disk")
            yield offset, data
            offset += len(data)
