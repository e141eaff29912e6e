# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_file_systems.py finds the file systems of an image, and what is damaged, and changes nothing."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "roles/report/files/check_file_systems.py"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
MISSING = [name for name in ("sfdisk", "mkfs.ext4", "e2fsck", "blkid", "dd") if not shutil.which(name, path=PATH)]
MIB = 1024**2
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)} (e2fsprogs, fdisk, util-linux)")
TABLE = "label: dos\nstart=2048,size=16384,type=83\nstart=18432,type=83\n"


def run(*command: object, **options: str) -> subprocess.CompletedProcess[str]:
    words, programs = list(map(str, command)), {**os.environ, "PATH": PATH}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=programs, **options)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk with ext4, and a partition without a file system."""
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.truncate(14 * MIB)
    assert run("sfdisk", "-q", path, input=TABLE).returncode == 0
    assert run("mkfs.ext4", "-q", "-E", f"offset={MIB}", path, "8M").returncode == 0
    return path


def check(*images: Path) -> tuple[int, list[list[str]]]:
    done = run(sys.executable, "-s", PROGRAM, *images)
    return done.returncode, [line.split(" offset ")[-1].split(": ") for line in done.stdout.splitlines()]


def test_the_file_systems_of_an_image_are_checked_and_not_changed(disk: Path) -> None:
    before = hashlib.sha256(disk.read_bytes()).digest()
    code, lines = check(disk)
    assert code == 0
    assert [line[:2] for line in lines] == [
        [f"{MIB} (ext4)", "clean"], [f"{9 * MIB} (no file system)", "not checkable"],
    ]  # fmt: skip
    assert hashlib.sha256(disk.read_bytes()).digest() == before
    assert [path.name for path in disk.parent.iterdir()] == ["disk.raw"]


def test_a_partition_table_of_which_sfdisk_warns_is_read(tmp_path: Path) -> None:
    """The second table of a GPT is not at the end of a disk that was made larger."""
    path = tmp_path / "grown.raw"
    with path.open("wb") as file:
        file.truncate(14 * MIB)
    assert run("sfdisk", "-q", path, input="label: gpt\nstart=2048,size=16384\n").returncode == 0
    with path.open("r+b") as file:
        file.truncate(16 * MIB)
    assert run("mkfs.ext4", "-q", "-E", f"offset={MIB}", path, "8M").returncode == 0
    code, lines = check(path)
    assert (code, lines[0][:2]) == (0, [f"{MIB} (ext4)", "clean"])


def test_a_damaged_file_system_and_a_file_that_is_no_image_are_told_apart(disk: Path, tmp_path: Path) -> None:
    with disk.open("r+b") as file:
        file.seek(MIB + 16 * 1024)
        file.write(os.urandom(64 * 1024))
    code, lines = check(disk)
    assert (code, lines[0][1]) == (1, "damaged")
    cut = tmp_path / "cut.qcow2"
    cut.write_bytes(b"QFI\xfb\0\0\0\3")
    code, lines = check(cut, tmp_path / "missing")
    assert (code, [line[1] for line in lines]) == (2, ["not checkable", "not checkable"])


XFS = """Phase 1 - find and verify superblock...
Phase 2 - using internal log
        - zero log...
{}        - scan filesystem freespace and inode maps...
No modify flag set, skipping filesystem flush and exiting.
"""
LOG = """ALERT: The filesystem has valuable metadata changes in a log which is being
ignored because the -n option was used.
"""


# The outputs are those of xfs_repair 6.1 for an image of a mounted xfs, an unmounted one, and one with random bytes.
@pytest.mark.parametrize(
    ("told", "code", "verdict"),
    [
        ("", 0, ("clean", "xfs_repair -n reports no damage")),
        (LOG, 1, ("not checkable", "its log has changes, and only a mount replays them")),
        ("bad magic # 0x24c36aea in btcnt block 0/2\n", 1, ("damaged", "bad magic # 0x24c36aea in btcnt block 0/2")),
    ],
)
def test_an_xfs_with_changes_in_its_log_is_not_damaged(
    told: str, code: int, verdict: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM.parent))
    program: Any = importlib.import_module("check_file_systems")
    done = subprocess.CompletedProcess([], code, XFS.format(told))
    monkeypatch.setattr(program, "run", lambda *_words: done)
    assert program.check("xfs", "copy") == verdict
