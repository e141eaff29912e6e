# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from testbed.disks import Partition
from testbed.fleet import KNOWN, fleet
from testbed.hosts import write_tree
from testbed.layout import dev_tree, partitions_text, root_tree, settings, sys_tree

DB = KNOWN["db-01"]
PARTS = {disk.name: [Partition(f"{disk.name}1", 2048, disk.bytes // 512 - 4096)] for disk in DB.disks}


def test_sysfs_shows_the_disks_in_sectors_and_their_partitions(tmp_path: Path) -> None:
    write_tree(sys_tree(DB, PARTS), tmp_path)
    assert (tmp_path / "block/vdc/size").read_text() == f"{40 * 1024**3 // 512}\n"
    assert (tmp_path / "block/vdc/removable").read_text() == (tmp_path / "block/vdc/ro").read_text() == "0\n"
    assert (tmp_path / "block/vdb/vdb1/start").read_text() == "2048\n"
    assert (tmp_path / "block/vdb/vdb1/partition").read_text() == "1\n"
    assert (tmp_path / "class/block/vdb1").resolve() == tmp_path / "block/vdb/vdb1"
    assert (tmp_path / "dev/block/254:16").resolve() == tmp_path / "block/vdb"


def test_sysfs_has_devices_that_are_no_disks() -> None:
    texts = sys_tree(DB, PARTS).texts
    assert texts["block/sr0/removable"] == "1\n"
    assert texts["block/loop0/size"] == "0\n"


def test_the_identity_is_only_for_root() -> None:
    tree = sys_tree(DB, PARTS)
    assert tree.texts["class/dmi/id/product_uuid"] == f"{DB.product_uuid}\n"
    assert tree.modes["class/dmi/id/product_uuid"] == 0o400


def test_an_encrypted_root_is_a_dm_crypt_device_over_the_partition(tmp_path: Path) -> None:
    (host,) = fleet(["luks-01"], {"luks-01": ["luks-root"]})
    write_tree(sys_tree(host, {"vda": PARTS["vda"]}), tmp_path / "sys")
    write_tree(dev_tree(host), tmp_path / "dev")
    assert "ROOT_SOURCE=/dev/mapper/cryptroot\n" in settings(host)
    assert (tmp_path / "sys/block/dm-0/dm/uuid").read_text().startswith("CRYPT-LUKS2-")
    assert (tmp_path / "sys/block/dm-0/slaves/vda1").resolve() == tmp_path / "sys/block/vda/vda1"
    assert (tmp_path / "dev/mapper/cryptroot").resolve() == tmp_path / "dev/dm-0"


def test_proc_partitions_counts_kibibytes() -> None:
    lines = partitions_text(DB.disks, PARTS).splitlines()
    assert lines[2].split() == ["254", "0", str(20 * 1024**2), "vda"]
    assert lines[5].split() == ["254", "17", str(20 * 1024**2 - 2048), "vdb1"]


def test_data_disks_are_mounted_and_paths_are_quoted_for_the_shell() -> None:
    script = settings(DB) + 'echo "$HOST_NAME|$ROOT_SOURCE|$DATA_MOUNTS"'
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert told == "db-01|/dev/vda1|/dev/vdb1 /data/vdb\n/dev/vdc1 /data/vdc\n"


def test_the_legacy_host_has_no_ops_account_and_says_what_it_is() -> None:
    tree = root_tree(KNOWN["legacy-01"], 2222, "key", "keys")
    assert "etc/os-release" not in tree.texts
    assert "CentOS release 6" in tree.texts["etc/redhat-release"]
    assert tree.modes["etc/ssh/ssh_host_ed25519_key"] == 0o600
    assert "ops" not in tree.texts["etc/passwd"]


@pytest.mark.parametrize(
    ("kind", "words", "answer"),
    [
        ("arm64", ["-m"], "aarch64"),
        ("arm64", ["-s", "-m"], "Linux aarch64"),
        ("windows", [], "MINGW64_NT-10.0-20348"),
        ("windows", ["-sm"], "MINGW64_NT-10.0-20348 x86_64"),
    ],
)
def test_uname_answers_for_the_kind(tmp_path: Path, kind: str, words: list[str], answer: str) -> None:
    (host,) = fleet(["odd-01"], {"odd-01": [kind]})
    write_tree(root_tree(host, 22, "", ""), tmp_path)
    done = subprocess.run([tmp_path / "usr/bin/uname", *words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == answer
