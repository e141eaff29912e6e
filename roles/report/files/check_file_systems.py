# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the file systems in images of disks without changing the images. It needs no rights of root.

Each file system is copied to a temporary file without its holes. The journal of ext3 and ext4 is replayed there, as a
mount does: the disk of a server that runs is copied while its journal has work. Then e2fsck -n or xfs_repair -n checks
the copy. Programs: sfdisk, blkid, dd, e2fsck, xfs_repair, and qemu-img for formats other than raw.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from check_image import QEMU, NotCheckable, converted, kind_of, virtual_size

PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
EXT = ("ext2", "ext3", "ext4")
PROGRAMS = {**dict.fromkeys(EXT, "e2fsck"), "xfs": "xfs_repair"}
MEMORY = 4 * 1024**3
"""Bytes that this program and each of these programs may use."""
SECONDS = 3600
"""Longest time of one program."""
_OLD_LOG = "valuable metadata changes in a log"
"""What xfs_repair -n prints of a log that must be replayed: it ignores the log, and ends as if it had found damage."""
_PROGRESS = ("Phase ", " ", "No modify flag", "Cannot get host", "Repair may fail", "the image and the host")
"""How the lines of xfs_repair begin that report no damage."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Return how a program ended."""
    found = shutil.which(command[0], path=PATH)
    if found is None:
        raise NotCheckable(f"{command[0]} is not installed")
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT,
               "env": {**os.environ, "LC_ALL": "C"}}  # fmt: skip
    return subprocess.run([found, *command[1:]], **options, text=True, errors="replace", timeout=SECONDS, check=False)


def partitions(image: str) -> list[tuple[int, int]]:
    """Return offset and bytes of each partition of a raw disk; the whole disk where it has no table."""
    done = run("sfdisk", "--json", image)
    if done.returncode:
        return [(0, os.path.getsize(image))]
    # sfdisk warns first, for example of a GPT whose disk was made larger.
    table = json.loads(done.stdout[done.stdout.index("{") :])["partitiontable"]
    sector = int(table.get("sectorsize", 512))
    return [(int(row["start"]) * sector, int(row["size"]) * sector) for row in table.get("partitions", [])]


def type_of(image: str, offset: int, size: int) -> str:
    """Return the type of a file system by its content, '' for none."""
    done = run("blkid", "-p", "-o", "value", "-s", "TYPE", "-O", str(offset), "-S", str(size), image)
    return done.stdout.strip() if done.returncode == 0 else ""


def check(kind: str, copy: str) -> tuple[str, str]:
    """Return C(clean), C(damaged) or C(not checkable), and why, for a copy of a file system."""
    if kind == "xfs":
        done = run("xfs_repair", "-n", "-f", copy)
        if _OLD_LOG in done.stdout:
            return "not checkable", "its log has changes, and only a mount replays them"
        told = [line for line in done.stdout.splitlines() if line and not line.startswith(_PROGRESS)][:1]
        told = told or ["xfs_repair -n reports no damage"]
    else:
        run("e2fsck", "-y", "-E", "journal_only", copy)
        done = run("e2fsck", "-fn", copy)
        told = done.stdout.strip().splitlines() or ["no output"]
    return ("damaged" if done.returncode else "clean"), told[-1].removeprefix(f"{copy}: ")[:200]


def checks(image: str, folder: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield offset, type, verdict and reason of each partition of a raw disk."""
    for offset, size in partitions(image):
        kind = type_of(image, offset, size)
        if kind not in PROGRAMS:
            yield offset, kind or "no file system", "not checkable", "this program checks ext2, ext3, ext4 and xfs"
            continue
        copy = os.path.join(folder, "copy")
        done = run("dd", f"if={image}", f"of={copy}", "iflag=skip_bytes,count_bytes", f"skip={offset}",
                   f"count={size}", "bs=1M", "conv=sparse", "status=none")  # fmt: skip
        try:
            if done.returncode:
                raise NotCheckable(f"it could not be copied: {done.stdout.strip()[:200]}")
            # Where the end is a hole, dd may leave it out.
            os.truncate(copy, size)
            yield offset, kind, *check(kind, copy)
        except (NotCheckable, subprocess.TimeoutExpired) as error:
            yield offset, kind, "not checkable", str(error)
        finally:
            if os.path.exists(copy):
                os.unlink(copy)


def main() -> int:
    """Print one line for each partition. The exit status is 0, 1 if one is damaged, or 2 if no file system was
    checked in an image."""
    parser = argparse.ArgumentParser(description="Check the file systems in images of disks, without changing them.")
    parser.add_argument("--scratch", help="folder for the temporary copies")
    parser.add_argument("images", nargs="+", help="raw, qcow2, vhd, vmdk or vdi; a raw.tar.gz must be unpacked before")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    worst = 0
    for path in args.images:
        words = []
        try:
            kind = kind_of(path)
            if kind == "tar":
                raise NotCheckable("it is an archive: unpack it before")
            with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
                if kind in QEMU:
                    virtual_size(path, kind)
                raw = converted(path, kind, folder) if kind in QEMU else path
                for offset, name, word, why in checks(raw, folder):
                    words.append(word)
                    print(f"{path} offset {offset} ({name}): {word}: {why}")
        except (NotCheckable, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            print(f"{path}: not checkable: {error}")
        worst = 1 if worst == 1 or "damaged" in words else 2 if worst == 2 or "clean" not in words else 0
    return worst


if __name__ == "__main__":
    sys.exit(main())
