# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from testbed.digest import digest
from testbed.disks import SECTOR, make_disk, make_disks, partitions
from testbed.fleet import GIB, MIB, Disk, Host

SMALL = Disk("vda", 1, 2)
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def file_names(image: Path, start: int) -> str:
    command = ["debugfs", "-R", "ls -p /srv", f"{image}?offset={start * SECTOR}"]
    return subprocess.run(command, env={"PATH": PATH}, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("table", ["dos", "gpt"])
def test_a_disk_has_a_partition_table_and_a_clean_file_system_with_its_own_files(tmp_path: Path, table: str) -> None:
    image = tmp_path / "vdb"
    make_disk(Host("db-01", 2), Disk("vdb", 1, 2, table), image)
    (part,) = partitions(image)
    assert (part.name, part.start) == ("vdb1", 2048)
    assert image.stat().st_size == GIB
    check = ["e2fsck", "-fn", f"{image}?offset={part.start * SECTOR}"]
    assert subprocess.run(check, env={"PATH": PATH}, capture_output=True, check=False).returncode == 0
    assert "db-01-vdb-0.bin" in file_names(image, part.start)
    assert [path.name for path in tmp_path.iterdir()] == ["vdb"]


def test_only_content_takes_space(tmp_path: Path) -> None:
    make_disk(Host("huge-01", 4), Disk("vdf", 600, 2, "gpt"), tmp_path / "vdf")
    assert (tmp_path / "vdf").stat().st_size == 600 * GIB
    assert (tmp_path / "vdf").stat().st_blocks * 512 < 32 * MIB


def test_every_disk_of_every_host_is_different_and_old_files_go(tmp_path: Path) -> None:
    hosts = [Host("a-01", 1, (SMALL, Disk("vdb", 1, 2, "gpt"))), Host("b-01", 2, (SMALL,))]
    (tmp_path / "a-01").mkdir()
    (tmp_path / "a-01" / "vdz").write_text("of an earlier fleet")
    images = make_disks(hosts, tmp_path)
    assert {name: [path.name for path in paths] for name, paths in images.items()} == {
        "a-01": ["vda", "vdb"],
        "b-01": ["vda"],
    }
    assert sorted(path.name for path in (tmp_path / "a-01").iterdir()) == ["vda", "vdb"]
    assert len({digest(path) for paths in images.values() for path in paths}) == 3


def test_an_error_names_the_command_and_its_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"sfdisk --json .*nothing"):
        partitions(tmp_path / "nothing")
