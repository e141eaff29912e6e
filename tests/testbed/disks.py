# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sparse disk images with a partition table and an ext4 file system, made without root and without loop devices."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from testbed.fleet import MIB, Disk, Host

SECTOR = 512
FIRST_SECTOR = 2048
FILES = 6
# One moment for every file, so that two builds of a disk differ in inode change times alone.
BUILT_AT = 1_767_225_600
TOOLS = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "E2FSPROGS_FAKE_TIME": str(BUILT_AT)}


@dataclass(frozen=True)
class Partition:
    """A partition as the kernel shows it in sysfs: name, first sector and length in sectors of 512 bytes."""

    name: str
    start: int
    size: int


def _seed(host: Host, disk: Disk, what: str) -> bytes:
    return f"{host.who}/{disk.name}/{what}".encode()


def _uuid(host: Host, disk: Disk, what: str) -> str:
    """A UUID that is the same in every build of this disk."""
    return str(uuid.UUID(bytes=hashlib.sha256(_seed(host, disk, what)).digest()[:16]))


def write_content(host: Host, disk: Disk, folder: Path) -> None:
    """Fill the folder with files that no other disk has: a few lines of text and the disk's MiB of noise."""
    (folder / "etc").mkdir()
    (folder / "srv").mkdir()
    (folder / "etc" / "hostname").write_text(f"{host.who}\n")
    (folder / "etc" / "fstab").write_text(f"UUID={_uuid(host, disk, 'fs')} / ext4 defaults 0 1\n")
    sizes = [disk.content_mib * MIB // FILES] * FILES
    for number, size in enumerate(sizes):
        noise = hashlib.shake_128(_seed(host, disk, f"file {number}")).digest(size)
        (folder / "srv" / f"{host.who}-{disk.name}-{number}.bin").write_bytes(noise)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (BUILT_AT, BUILT_AT))


def _table(host: Host, disk: Disk) -> str:
    """The input of sfdisk: one Linux partition over the whole disk."""
    label_id = _uuid(host, disk, "table")
    if disk.table == "dos":
        return f"label: dos\nlabel-id: 0x{label_id[:8]}\n{FIRST_SECTOR},,83,*\n"
    return f"label: gpt\nlabel-id: {label_id}\nstart={FIRST_SECTOR}, type=L, uuid={_uuid(host, disk, 'part')}\n"


def _run(command: list[str], text: str = "") -> str:
    """The standard output of a command; its own words in the error when it fails."""
    done = subprocess.run(command, input=text, env=TOOLS, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def partitions(image: Path) -> list[Partition]:
    """The partitions of a disk image, in table order, named after the image file: vda -> vda1."""
    table = json.loads(_run(["sfdisk", "--json", str(image)]))["partitiontable"]
    return [
        Partition(f"{image.name}{number}", part["start"], part["size"])
        for number, part in enumerate(table["partitions"], start=1)
    ]


def make_disk(host: Host, disk: Disk, image: Path) -> None:
    """Build one disk image; it appears under its name only when it is complete."""
    unfinished = image.with_name(f"{image.name}.part")
    unfinished.unlink(missing_ok=True)
    with unfinished.open("wb") as new:
        new.truncate(disk.bytes)
    unfinished.chmod(0o660)
    _run(["sfdisk", "--quiet", str(unfinished)], _table(host, disk))
    part = partitions(unfinished)[0]
    with tempfile.TemporaryDirectory(prefix=".content-", dir=image.parent) as folder:
        write_content(host, disk, Path(folder))
        extended = [
            f"offset={part.start * SECTOR}",
            "root_owner=0:0",
            "lazy_itable_init=1,lazy_journal_init=1",
            f"hash_seed={_uuid(host, disk, 'hash')}",
        ]
        named = ["-L", f"{host.who}-{disk.name}"[:16], "-U", _uuid(host, disk, "fs")]
        size = f"{part.size * SECTOR // 1024}k"
        _run(["mke2fs", "-qF", "-t", "ext4", *named, "-d", folder, "-E", ",".join(extended), str(unfinished), size])
    unfinished.rename(image)


def make_disks(hosts: list[Host], root: Path) -> dict[str, list[Path]]:
    """Make every host's disk images, replacing what is in root/<host>/; the image files per host name."""
    images = {host.name: [root / host.name / disk.name for disk in host.disks] for host in hosts}
    for host in hosts:
        shutil.rmtree(root / host.name, ignore_errors=True)
        (root / host.name).mkdir(parents=True)
    wanted = [(host, disk, root / host.name / disk.name) for host in hosts for disk in host.disks]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda work: make_disk(*work), wanted))
    return images
