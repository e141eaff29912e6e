# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console
from testbed.fleet import GIB, MIB, Disk, Host
from testbed.receipt import complete, read, summary, write

HOSTS = [Host("db-01", 2, (Disk("vda", 20, 1), Disk("vdb", 40, 1))), Host("huge-01", 4)]


def disk(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(4 * MIB)
        file.write(content)
    return path


def told() -> dict[str, Any]:
    rows = [
        {"host": "db-01", "status": "migrated", "reasons": [], "ens_image_id": "m-1", "disks": [], "seconds": 31.25},
        {"host": "huge-01", "status": "blocked", "reasons": ["too big"], "ens_image_id": "", "disks": []},
    ]
    return {"wave": "demo", "servers": rows, "resources": [], "residual": []}


def completed(folder: Path, second_image: bytes) -> dict[str, Any]:
    for name, content in (("vda", b"system"), ("vdb", b"data")):
        disk(folder / "disks" / "db-01" / name, content)
    disk(folder / "disks" / "huge-01" / "vda", b"huge")
    images = [{"index": 1, "path": str(disk(folder / "images" / "1.raw", second_image))}]
    raw, qcow2 = disk(folder / "images" / "0.raw", b"system"), folder / "images" / "0.qcow2"
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", str(raw), str(qcow2)], check=True)
    images.append({"index": 0, "path": str(qcow2)})
    receipt = told()
    complete(receipt, HOSTS, folder / "disks", lambda image: images if image == "m-1" else [])
    return receipt


def test_each_disk_gets_files_sizes_and_digests_of_both_sides(tmp_path: Path) -> None:
    receipt = completed(tmp_path, b"data")
    rows = receipt["servers"][0]["disks"]
    assert [set(row) for row in rows] == [
        {"index", "bytes", "source_digest", "image_digest", "source_file", "image_file"}
    ] * 2
    assert [(row["index"], row["bytes"]) for row in rows] == [(0, 20 * GIB), (1, 40 * GIB)]
    assert rows[0]["source_file"] == str(tmp_path / "disks/db-01/vda")
    assert rows[0]["image_file"] == str(tmp_path / "images/0.qcow2")
    assert rows[0]["source_digest"] == rows[0]["image_digest"] != rows[1]["source_digest"] == rows[1]["image_digest"]


def test_a_different_image_has_a_different_digest_and_the_table_shows_it(tmp_path: Path) -> None:
    receipt = completed(tmp_path, b"dato")
    row = receipt["servers"][0]["disks"][1]
    assert row["source_digest"] != row["image_digest"]
    assert "DIFFERENT" in shown(receipt)


def test_a_disk_that_is_missing_in_the_image_has_empty_fields_there(tmp_path: Path) -> None:
    for name in ("vda", "vdb"):
        disk(tmp_path / "db-01" / name, b"x")
    receipt = told()
    image = str(disk(tmp_path / "0.raw", b"x"))
    complete(receipt, HOSTS[:1] + HOSTS[1:], tmp_path, lambda _image: [{"index": 0, "path": image}])
    row = receipt["servers"][0]["disks"][1]
    assert (row["image_file"], row["image_digest"]) == ("", "")
    assert row["source_digest"]


def test_a_refused_host_is_not_read(tmp_path: Path) -> None:
    (row,) = completed(tmp_path, b"data")["servers"][1]["disks"]
    assert (row["source_digest"], row["image_digest"], row["image_file"]) == ("", "", "")


def test_the_table_has_host_verdict_disks_image_and_seconds(tmp_path: Path) -> None:
    text = shown(completed(tmp_path, b"data"))
    for words in (
        "db-01",
        "migrated",
        " 2  60 ",
        "identical",
        "m-1",
        "31.2",
        "huge-01",
        "blocked",
        "huge-01: too big",
    ):
        assert words in text, words


def shown(receipt: dict[str, Any]) -> str:
    file = io.StringIO()
    Console(file=file, width=80).print(summary(receipt))
    return file.getvalue()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "receipt.json", told())
    assert read(tmp_path / "receipt.json") == told()
