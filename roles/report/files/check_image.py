# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare image files with the digests of a receipt. This file needs Python 3.8 or newer, and nothing else of this
collection. For formats other than raw and raw.tar.gz, it needs qemu-img. It writes to no file that it is given.
The digest is defined in roles/report/README.md. It is implemented here a second time on purpose: a check with the
code that has made the receipt would repeat its defects."""

from __future__ import annotations

import argparse
import errno
import gzip
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from typing import Any

ALGORITHM = "blocks-1"
BLOCK, RANGE = 64 * 1024, 256 * 1024**2
ZEROS = bytes(BLOCK)
MEMORY = 2 * 1024**3  # for this program and for qemu-img: an image may be made to use up memory
QEMU = {"qcow2": "qcow2", "vhd": "vpc", "vmdk": "vmdk", "vdi": "vdi"}


class NotCheckable(Exception):
    """An image whose disk cannot be read; the text says why."""


def kind_of(path: str) -> str:
    """Return the format of an image file by its content."""
    with open(path, "rb") as file:
        head = file.read(512)
        file.seek(max(0, file.seek(0, os.SEEK_END) - 512))
        tail = file.read(8)
    if not head:
        raise NotCheckable("the file is empty")
    if head[:2] == b"\x1f\x8b" or head[257:262] == b"ustar":
        return "tar"
    found = {b"QFI\xfb": "qcow2", b"KDMV": "vmdk"}.get(head[:4])
    if head[0x40:0x44] == b"\x7f\x10\xda\xbe":
        return "vdi"
    return found or ("vhd" if b"conectix" in (head[:8], tail) else "raw")


def raw_blocks(path: str) -> Iterator[Any]:
    """Yield the size of a raw disk, and then (offset, block) of what is no hole. A block device has no holes."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        yield size
        offset = 0
        while offset < size:
            try:
                start = os.lseek(file.fileno(), offset, os.SEEK_DATA)
            except OSError as error:
                start = size if error.errno == errno.ENXIO else offset
            offset = max(offset, start // BLOCK * BLOCK)
            if offset < size:
                yield offset, os.pread(file.fileno(), min(BLOCK, size - offset), offset)
            offset += BLOCK


def tar_blocks(path: str) -> Iterator[Any]:
    """Yield the size of the disk in an archive, and then (offset, block) of its data."""
    with open(path, "rb") as file:
        stream = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == b"\x1f\x8b" else file
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            member = next((row for row in tar if row.isreg() and row.size >= BLOCK), None)
            if member is None:
                raise NotCheckable("the archive contains no disk")
            yield member.size
            disk = tar.extractfile(member)
            for offset in range(0, member.size, BLOCK):
                data = disk.read(min(BLOCK, member.size - offset))
                if len(data) != min(BLOCK, member.size - offset):
                    raise NotCheckable("the archive ends inside the disk")
                yield offset, data
        while stream.read(BLOCK):
            pass


def qemu(*command: str) -> str:
    """Return the output of qemu-img."""
    done = subprocess.run(["qemu-img", *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotCheckable(f"qemu-img {command[0]} failed: {(done.stderr.strip() or 'no reason is given')[:300]}")
    return done.stdout


def virtual_size(path: str, kind: str) -> int:
    """Return the size of the disk in an image that is complete in itself."""
    if shutil.which("qemu-img") is None:
        raise NotCheckable(f"it is a {kind} file, and qemu-img is not installed (package qemu-utils or qemu-img)")
    info = json.loads(qemu("info", "--output=json", "-f", QEMU[kind], path))
    data = info.get("format-specific", {}).get("data", {})
    if any((info.get("backing-filename"), data.get("data-file"), info.get("encrypted"), data.get("extents", [])[1:])):
        raise NotCheckable("the image is encrypted, or needs another file")
    return int(info["virtual-size"])


def converted(path: str, kind: str, folder: str) -> str:
    """Return a raw file in a folder with the disk of an image whose virtual_size is accepted."""
    if kind == "qcow2":
        qemu("check", "-f", "qcow2", path)  # qemu-img reads a missing end as zeros
    qemu("convert", "-f", QEMU[kind], "-O", "raw", path, raw := f"{folder}/disk.raw")
    return raw


def converted_blocks(path: str, kind: str, scratch: str | None) -> Iterator[Any]:
    """Yield the size and the blocks of an image that qemu-img converts to a file in the folder ``scratch``."""
    yield virtual_size(path, kind)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        blocks = raw_blocks(converted(path, kind, folder))
        next(blocks, None)
        yield from blocks


def digest(path: str, scratch: str | None = None, expected: int | None = None) -> dict[str, Any]:
    """Return size and digest of the disk in an image file; of another size than ``expected``, only the size."""
    kind = kind_of(path)
    read = tar_blocks if kind == "tar" else raw_blocks
    blocks = converted_blocks(path, kind, scratch) if kind in QEMU else read(path)
    size = next(blocks)
    if expected is not None and size != expected:
        return {"bytes": size}
    ranges: dict[int, Any] = {}
    for offset, short in blocks:
        if (data := short.ljust(BLOCK, b"\0")) != ZEROS:
            if offset // RANGE not in ranges:
                ranges[offset // RANGE] = hashlib.sha256()
            ranges[offset // RANGE].update(offset.to_bytes(8, "big") + data)
    whole = hashlib.sha256()
    for number, found in ranges.items():
        whole.update((number * RANGE).to_bytes(8, "big") + found.digest())
    listed = {str(number): found.hexdigest() for number, found in ranges.items()}
    return {"algorithm": ALGORITHM, "bytes": size, "sha256": whole.hexdigest(), "ranges": listed}


def verdict(row: dict[str, Any], path: str | None, scratch: str | None = None) -> tuple[str, str]:
    """Return C(equal), C(different) or C(not checkable), and why, for one disk of a receipt and its image file."""
    if row.get("algorithm") != ALGORITHM:
        return "not checkable", f"the receipt has no digest of it: {row.get('problem') or row.get('algorithm')}"
    if path is None:
        return "not checkable", "no image file is given for this disk"
    try:
        found = digest(path, scratch, row.get("bytes"))
    except Exception as error:  # noqa: BLE001  a damaged file may cause any
        return "not checkable", str(error) or type(error).__name__
    if "sha256" not in found:
        return "different", f"the disk has {found['bytes']} bytes, the receipt has {row.get('bytes')}"
    if found["sha256"] == row.get("sha256"):
        return "equal", f"{found['bytes']} bytes, {found['sha256']}"
    known, ranges = row.get("ranges") or {}, found["ranges"]
    first = min((int(name) for name in {*known, *ranges} if known.get(name) != ranges.get(name)), default=0) * RANGE
    return "different", f"the first difference is in the {RANGE} bytes from offset {first}"


def disks_of(receipt: Any, host: str | None) -> tuple[str, list[dict[str, Any]]]:
    """Return host and digests of the one server of a receipt that is meant."""
    rows = [row for row in receipt["servers"] if row.get("digests") and host in (None, row["host"])]
    if len(rows) != 1:
        names = ", ".join(row["host"] for row in rows) or "none"
        sys.exit(f"The receipt has digests of these servers: {names}. Name one of them with --host.")
    return rows[0]["host"], sorted(rows[0]["digests"], key=lambda row: row.get("index", 0))


def main() -> int:
    """Print one line for each disk. The exit status is 0 (all equal), 1 (a disk differs) or 2 (not checkable)."""
    parser = argparse.ArgumentParser(description="Compare image files with the digests of a receipt.")
    parser.add_argument("--host", help="the server; needed if the receipt has digests of several")
    parser.add_argument("--scratch", help="folder for the converted copy of a qcow2, vhd, vmdk or vdi image")
    parser.add_argument("receipt", help="the receipt, or '-' to print the digest of each image")
    parser.add_argument("images", nargs="+", help="the image of disk 0, of disk 1, ...; a block device is read as raw")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if args.receipt == "-":
        for path in args.images:
            print(json.dumps(digest(path, args.scratch)))
        return 0
    with open(args.receipt, "rb") as file:
        host, rows = disks_of(json.loads(file.read(256 * 1024**2)), args.host)
    images = dict(enumerate(args.images))
    found = [(row, *verdict(row, images.pop(row.get("index"), None), args.scratch)) for row in rows]
    for row, word, why in found:
        print(f"{host} disk {row.get('index')}: {word}: {why}")
    for index in images:
        print(f"{host} disk {index}: not checkable: the receipt has no such disk")
    words = [word for _row, word, _why in found]
    return 1 if "different" in words else 2 if images or "not checkable" in words else 0


if __name__ == "__main__":
    sys.exit(main())
