# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image files: what ExportImage writes and what ImportImage reads (facts 3.1, 4.1), through qemu-img and tar."""
from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from .archive import ArchiveError, unpack_disk
from .disks import write_sparse
from .extents import BLOCK, data_blocks, read_block

_QEMU = {"qcow2": "qcow2", "vhd": "vpc", "vmdk": "vmdk", "vdi": "vdi"}
"""The services' word for a format and qemu-img's; raw and raw.tar.gz need no qemu-img."""

EXPORT_FORMATS = ("raw", *_QEMU)
"""The formats that ECS ExportImage knows (facts 3.1); raw is written as a compressed archive."""

IMPORT_FORMATS = ("qcow2", "raw", "vhd")
"""The formats that ENS ImportImage's metadata lists (local-cloud 4)."""

_SECTOR = 512
_GZIP_MAGIC = b"\x1f\x8b"
_VHD_COOKIE = b"conectix"


class FormatError(ValueError):
    """A file is not the image that it should be; the text says what is wrong with it."""


def suffix(fmt: str) -> str:
    """Return the end of an exported object's name: ``raw.tar.gz`` for raw, else the format itself."""
    return "raw.tar.gz" if fmt == "raw" else fmt


def stored_format(fmt: str) -> str:
    """Return the format that :func:`ingest` writes for `fmt`: ENS keeps raw and qcow2 (facts 4.1)."""
    return "qcow2" if fmt == "qcow2" else "raw"


async def export(disk_path: Path, fmt: str, out_path: Path) -> None:
    """Write the raw disk `disk_path` as `fmt` to `out_path`; the file appears there only when it is whole."""
    _require(fmt, EXPORT_FORMATS)
    part = out_path.with_name(out_path.name + ".part")
    try:
        if fmt == "raw":
            await _run("tar", "--create", "--gzip", "--sparse", "--format=gnu", f"--file={part}",
                       "--owner=0", "--group=0", "--numeric-owner", "--mode=0644", "--mtime=@0",
                       f"--directory={disk_path.parent}", r"--transform=s|.*|disk.raw|", "--", disk_path.name)
        else:
            # VHD rounds a disk up to whole cylinders unless told not to: the copy would be larger than the disk.
            options = ["-o", "force_size=on"] if fmt == "vhd" else []
            await _run("qemu-img", "convert", "-f", "raw", "-O", _QEMU[fmt], *options, str(disk_path), str(part))
        os.replace(part, out_path)
    finally:
        part.unlink(missing_ok=True)


async def probe(path: Path) -> dict[str, Any]:
    """Return ``{"format", "virtual_size"}`` of an image file, decided by its content and not by its name.

    The virtual size of an archive is only known once it is unpacked: None. A file that is nothing else is raw.
    """
    fmt = await asyncio.to_thread(_magic, path)
    if fmt == "raw.tar.gz":
        return {"format": fmt, "virtual_size": None}
    if fmt == "raw":
        return {"format": fmt, "virtual_size": path.stat().st_size}
    return {"format": fmt, "virtual_size": (await _info(path, fmt))["virtual-size"]}


async def ingest(object_path: Path, fmt: str, out_path: Path) -> int:
    """Turn an object into a disk at `out_path` (see :func:`stored_format`) and return its virtual size in bytes.

    Refused with FormatError: an empty or truncated file, one that is not `fmt` (raw may also come as raw.tar.gz), one
    that refers to another file, and a disk that is empty or no whole number of sectors.
    """
    _require(fmt, IMPORT_FORMATS)
    found = await asyncio.to_thread(_magic, object_path)
    if found != fmt and not (fmt == "raw" and found == "raw.tar.gz"):
        raise FormatError(f"the file is {found}, not {fmt}")
    part = out_path.with_name(out_path.name + ".part")
    try:
        if found == "raw.tar.gz":
            try:
                await asyncio.to_thread(unpack_disk, object_path, part)
            except ArchiveError as error:
                raise FormatError(str(error)) from error
        elif found == "raw":
            await asyncio.to_thread(_copy_sparse, object_path, part)
        else:
            await _check(object_path, found)
            await _run("qemu-img", "convert", "-f", _QEMU[found], "-O", stored_format(fmt), str(object_path), str(part))
        size: int = (await probe(part))["virtual_size"] if stored_format(fmt) != "raw" else part.stat().st_size
        if size == 0 or size % _SECTOR:
            raise FormatError(f"the disk has {size} bytes, which is no whole number of sectors")
        os.replace(part, out_path)
    finally:
        part.unlink(missing_ok=True)
    return size


def _require(fmt: str, allowed: tuple[str, ...]) -> None:
    if fmt not in allowed:
        raise FormatError(f"image format {fmt!r} is not one of {', '.join(allowed)}")


def _magic(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise FormatError("the file is empty")
    if head.startswith(_GZIP_MAGIC):
        return "raw.tar.gz"
    if head.startswith(b"QFI\xfb"):
        return "qcow2"
    if head.startswith(b"KDMV"):
        return "vmdk"
    if head[0x40:0x44] == b"\x7f\x10\xda\xbe":
        return "vdi"
    # A fixed VHD has its cookie only in the footer.
    return "vhd" if head.startswith(_VHD_COOKIE) or _ends_with_vhd_footer(path) else "raw"


def _ends_with_vhd_footer(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _SECTOR))
        return file.read(len(_VHD_COOKIE)) == _VHD_COOKIE


async def _info(path: Path, fmt: str) -> dict[str, Any]:
    text = await _run("qemu-img", "info", "--output=json", "-f", _QEMU[fmt], str(path))
    info: dict[str, Any] = json.loads(text)
    return info


async def _check(path: Path, fmt: str) -> None:
    """Refuse an image with a backing file (it would read foreign files) or whose end is missing."""
    info = await _info(path, fmt)
    if info.get("backing-filename") or info.get("format-specific", {}).get("data", {}).get("data-file"):
        raise FormatError("the image is not complete in itself: it refers to another file")
    if fmt == "vhd" and not await asyncio.to_thread(_ends_with_vhd_footer, path):
        raise FormatError("the image is truncated: a VHD ends with its footer")
    if fmt == "qcow2":
        # qemu-img reads a missing end as zeros without an error; its check reports where the file should end.
        text = await _run("qemu-img", "check", "--output=json", "-f", _QEMU[fmt], str(path), codes=(0, 2, 3))
        report = json.loads(text)
        end, size = report.get("image-end-offset", 0), path.stat().st_size
        if not report.get("allocated-clusters"):
            # Nothing but tables: qemu-img leaves the unused rest of the last one unwritten.
            end -= info["cluster-size"] - 1
        if size < end or report.get("corruptions"):
            raise FormatError(f"the image is truncated or damaged: {size} bytes of {end} are there, "
                              f"{report.get('corruptions', 0)} corruptions")


def _copy_sparse(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("x+b") as writer:
        size = os.fstat(reader.fileno()).st_size
        writer.truncate(size)
        for index in data_blocks(reader.fileno(), size):
            write_sparse(writer.fileno(), index * BLOCK, read_block(reader.fileno(), index, size))


async def _run(*command: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run a program and return its output; an exit code that is not expected is refused with its last words."""
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL,
                                                   stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        output, complaint = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode not in codes:
        words = complaint.decode(errors="replace").strip().splitlines()
        raise FormatError(f"{command[0]} failed: {words[-1] if words else f'exit code {process.returncode}'}")
    return output.decode()
