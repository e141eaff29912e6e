# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named snapshots of a whole cloud in its state folder, and their restoration."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from sandbox.bytes.extents import BLOCK, data_blocks, read_block
from sandbox.faults.rules import Faults
from sandbox.state.cloud import Cloud

from .resume import load, resume
from .state_file import StateFile
from .writer import StateWriter

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILE = "state.db"


class SnapshotError(Exception):
    """A snapshot that cannot be taken or restored; the text says why."""


def names(cloud: Cloud) -> list[str]:
    """The snapshots that can be restored, sorted."""
    return sorted(path.parent.name for path in _home(cloud).glob(f"*/{_FILE}"))


def take(cloud: Cloud, writer: StateWriter, name: str) -> None:
    """Save everything as the snapshot ``name`` and replace one of that name. No request is served meanwhile.

    Disks that may still be written are copied without their holes; everything else is linked and takes no space.
    """
    target, scratch = _folder(cloud, name), _home(cloud) / ".new"
    writer.save()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        _copy_blobs(cloud, cloud.root, scratch / "blobs")
        writer.file.copy_to(scratch / _FILE)
    except OSError as failed:
        shutil.rmtree(scratch, ignore_errors=True)
        raise SnapshotError(f"snapshot {name}: {failed.strerror or failed}; nothing was saved") from failed
    shutil.rmtree(target, ignore_errors=True)
    scratch.rename(target)


def stored(cloud: Cloud, name: str) -> Path:
    """The folder of a snapshot; SnapshotError naming those that exist when there is none of this name."""
    folder = _folder(cloud, name)
    if not (folder / _FILE).is_file():
        raise SnapshotError(f"there is no snapshot {name}; there are: {', '.join(names(cloud)) or 'none'}")
    return folder


def restore(cloud: Cloud, faults: Faults, writer: StateWriter, name: str) -> None:
    """Load a snapshot into a cloud that was emptied before."""
    folder = stored(cloud, name)
    file = StateFile(folder / _FILE)
    try:
        cloud.disks.load(file.rows().get("disks", []))
        _copy_blobs(cloud, folder / "blobs", cloud.root)
        load(cloud, faults, file)
    finally:
        file.close()
    writer.rewrite()
    resume(cloud)


def _copy_blobs(cloud: Cloud, source: Path, target: Path) -> None:
    written = {cloud.disk_store.path(disk["id"]).name for disk in cloud.disks}
    for path in sorted(source.rglob("*")):
        there = target / path.relative_to(source)
        # What a guest has written belongs to its process, which no snapshot has: a restored instance boots its image.
        if path.relative_to(source).parts[0] in ("client", "guests"):
            continue
        if path.is_dir():
            there.mkdir(parents=True, exist_ok=True)
        elif path.parent.name == "disks" and path.name in written:
            _copy_sparse(path, there)
        else:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.unlink(missing_ok=True)
            os.link(path, there)


def _copy_sparse(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    reader = os.open(source, os.O_RDONLY)
    try:
        size = os.fstat(reader).st_size
        with target.open("xb") as writer:
            writer.truncate(size)
            for index in data_blocks(reader, size):
                os.pwrite(writer.fileno(), read_block(reader, index, size), index * BLOCK)
    finally:
        os.close(reader)


def _home(cloud: Cloud) -> Path:
    return cloud.root.parent / "snapshots"


def _folder(cloud: Cloud, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise SnapshotError(f"name {name!r}: allowed are 1 to 64 letters, digits, '.', '_' and '-'")
    return _home(cloud) / name
