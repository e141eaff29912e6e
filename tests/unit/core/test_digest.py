# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of a disk: the same from every format, and the same from the collection and from the program for users."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ecs_export_digest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import digest

from .cloud import Cloud
from .kit import BUCKET, START, stamp

PROGRAM = Path(__file__).resolve().parents[3] / "roles/report/files/check_image.py"
MIB = 1024**2
SIZE = 513 * MIB
QEMU = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="needs qemu-img (package qemu-utils)")


def program() -> Any:
    spec = importlib.util.spec_from_file_location("check_image", PROGRAM)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


CHECK = program()
TOLD = [
    (0, b"boot"), (70_000, b"x" * 200_000), (300 * MIB + 512, b"far"), (512 * MIB, bytes(9) + b"y" * 65_000),
    (SIZE - 512, b"end"),
]  # fmt: skip
"""What a disk has; every other byte is zero."""


def write(path: Path, told: list[tuple[int, bytes]]) -> Path:
    with path.open("wb") as file:
        file.truncate(SIZE)
        for offset, data in told:
            file.seek(offset)
            file.write(data)
    return path


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return write(tmp_path / "disk.raw", TOLD)


def by_definition(size: int, told: list[tuple[int, bytes]]) -> str:
    """Return the digest as roles/report/README.md defines it, written as simply as possible."""
    blocks: dict[int, bytearray] = {}
    for offset, data in told:
        for at, byte in enumerate(data, offset):
            blocks.setdefault(at // digest.BLOCK, bytearray(digest.BLOCK))[at % digest.BLOCK] = byte
    ranges: dict[int, bytes] = {}
    for number in sorted(blocks):
        if any(blocks[number]):
            place = number * digest.BLOCK // digest.RANGE
            ranges[place] = ranges.get(place, b"") + struct.pack(">Q", number * digest.BLOCK) + bytes(blocks[number])
    whole = hashlib.sha256()
    for place in sorted(ranges):
        whole.update(struct.pack(">Q", place * digest.RANGE) + hashlib.sha256(ranges[place]).digest())
    return whole.hexdigest()


def of_bytes(body: bytes, check: Callable[[], None] = lambda: None) -> dict[str, Any]:
    oss = Cloud(objects={"k": body}).oss(BUCKET)
    return digest.of_object(oss, "k", len(body), body[: 256 * 1024], check)


def convert(disk: Path, fmt: str, *options: str) -> Path:
    if fmt == "raw.tar.gz":
        target = disk.with_suffix(".tar.gz")
        subprocess.run(["tar", "-C", str(disk.parent), "-Sczf", str(target), disk.name], check=True)
        return target
    target = disk.with_suffix(f".{fmt}")
    command = ["qemu-img", "convert", "-f", "raw", "-O", {"vhd": "vpc"}.get(fmt, fmt), *options, str(disk), str(target)]
    subprocess.run(command, check=True)
    return target


FORMATS = [
    ("raw.tar.gz", ()),
    *(pytest.param("qcow2", options, marks=QEMU) for options in [(), ("-c",), ("-o", "cluster_size=4k,compat=0.10")]),
    pytest.param("vhd", ("-o", "force_size=on"), marks=QEMU),
]


@pytest.mark.parametrize(("fmt", "options"), FORMATS)
def test_every_format_of_a_disk_has_the_digest_of_the_definition(disk: Path, fmt: str, options: Any) -> None:
    path = convert(disk, fmt, *options)
    wanted = by_definition(SIZE, TOLD)
    told = CHECK.digest(str(path))
    assert (told["bytes"], told["sha256"], sorted(told["ranges"])) == (SIZE, wanted, ["0", "1", "2"])
    if fmt != "vhd":
        found = of_bytes(path.read_bytes())
        assert {"format": fmt, **told} == found


def test_a_raw_disk_and_a_block_that_is_cut_by_its_end() -> None:
    told = [(0, b"a"), (3 * digest.BLOCK + 512, b"b" * 512)]
    body = bytearray(3 * digest.BLOCK + 1024)
    for offset, data in told:
        body[offset : offset + len(data)] = data
    assert of_bytes(bytes(body))["sha256"] == by_definition(len(body), told)


def test_pieces_of_any_size_give_one_digest() -> None:
    draw = random.Random(1)
    told = [(at, bytes([draw.randrange(256)]) * draw.randrange(1, 5000)) for at in range(0, 4 * MIB, 5000)]
    whole = bytearray(5 * MIB)
    summed = digest.Digest()
    for offset, data in told:
        whole[offset : offset + len(data)] = data
        summed.add(offset, data)
    at_once = digest.Digest()
    at_once.add(0, bytes(whole))
    assert summed.result() == at_once.result()
    with pytest.raises(ValueError, match="overlaps"):
        at_once.add(MIB, b"x")


def tar(size: int, body: bytes) -> bytes:
    member = tarfile.TarInfo("disk.raw")
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT) + body


def qcow2(first: int, second: list[int], gib: int = 1, **fields: int) -> bytes:
    """Return a qcow2 file of version 3: header, refcounts, L1 and L2 table, and one cluster of 64 KiB of data."""
    cluster = 65536
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, fields.get("backing", 0), 0, 16, gib << 30, fields.get("crypt", 0),
        fields.get("entries", 2 * gib), 3 * cluster, cluster, 1, 0, 0, fields.get("features", 0), 0, 0, 4, 104,
    )  # fmt: skip
    table = struct.pack(">Q", 2 * cluster)
    counts = struct.pack(">6H", *[1] * 6)
    parts = (header, table, counts, struct.pack(">Q", first), struct.pack(f">{len(second)}Q", *second), b"d" * cluster)
    return b"".join(part.ljust(cluster, b"\0") for part in parts)


L2, DATA, END = 4 * 65536, 5 * 65536, 6 * 65536
GOOD = gzip.compress(tar(MIB, b"z" * MIB) + bytes(1024))


def test_the_file_of_these_tests_is_a_good_one() -> None:
    assert of_bytes(qcow2(L2, [0, DATA]))["sha256"] == by_definition(1 << 30, [(65536, b"d" * 65536)])
    assert of_bytes(GOOD)["bytes"] == MIB


HOSTILE = {
    "a backing file": (qcow2(L2, [DATA], backing=200), "refers to another file"),
    "encryption": (qcow2(L2, [DATA], crypt=1), "encrypted"),
    "an external data file": (qcow2(L2, [DATA], features=4), "incompatible features"),
    "an L1 table without end": (qcow2(L2, [DATA], entries=2**32 - 1), "table of"),
    "an L1 table that is too short": (qcow2(L2, [DATA], gib=64, entries=2), "tables describe"),
    "data beyond the end": (qcow2(L2, [1 << 40]), "the file has"),
    "an L2 table beyond the end": (qcow2(1 << 40, []), "the file has"),
    "one cluster for all": (qcow2(L2, [DATA] * 8192), "again and again"),
    "compressed rubbish": (qcow2(L2, [1 << 62 | DATA]), "damaged or truncated"),
    "an archive that ends early": (GOOD[: len(GOOD) - 30], "damaged or truncated"),
    "an archive with a wrong checksum": (GOOD[:-8] + bytes(4) + GOOD[-4:], "damaged or truncated"),
    "an archive of a note": (gzip.compress(tar(5, b"notes") + bytes(507 + 1024)), "damaged or truncated"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_object_that_is_made_to_do_harm_is_refused(name: str, tmp_path: Path) -> None:
    body, words = HOSTILE[name]
    assert words in of_bytes(body)["problem"]
    path = tmp_path / "image"
    path.write_bytes(body)
    row = {"algorithm": "blocks-1", "index": 0, "bytes": None, "sha256": "0"}
    assert CHECK.verdict(row, str(path))[0] != "equal"


def test_an_archive_of_zeros_needs_little_memory_and_can_be_stopped() -> None:
    body = gzip.compress(tar(64 * MIB, bytes(64 * MIB)) + bytes(1024), compresslevel=1)
    pieces = 0

    def check() -> None:
        nonlocal pieces
        pieces += 1
        if pieces == 5:
            raise KeyboardInterrupt

    tracemalloc.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            of_bytes(body, check)
        assert tracemalloc.get_traced_memory()[1] < 24 * MIB + len(body)
    finally:
        tracemalloc.stop()


def work(cloud: Cloud, rows: list[dict[str, Any]], **params: Any) -> list[dict[str, Any]]:
    options = {"bucket": BUCKET, "resources": rows, "hosts": ["web"], "wait_timeout": 60, **params}
    module: Any = SimpleNamespace(params=options)
    found: list[dict[str, Any]] = ecs_export_digest.work(module, cloud)["digests"]
    return found


def row(key: str, host: str = "web", **more: Any) -> dict[str, Any]:
    return {"kind": "oss_object", "id": f"{BUCKET}/{key}", "host": host, "created": stamp(START), "deleted": "", **more}


def test_the_objects_of_a_host_are_read_in_the_order_of_its_disks() -> None:
    disks = {f"el1_m-1_{name}.raw.tar.gz": GOOD for name in ("data_xvdb", "system", "data_xvdc")}
    rows = [*map(row, disks), row("other", "db"), row("gone", deleted=stamp(START)), {**row("x"), "kind": "ecs_image"}]
    found = work(Cloud(objects=dict(disks)), rows)
    assert [(item["index"], item["object"].partition("m-1_")[2][:9]) for item in found] == [
        (0, "system.ra"), (1, "data_xvdb"), (2, "data_xvdc"),
    ]  # fmt: skip
    assert {item["sha256"] for item in found} == {of_bytes(GOOD)["sha256"]}


def test_an_object_that_is_missing_replaced_or_late_has_a_problem() -> None:
    cloud = Cloud(objects={"system": GOOD, "data_xvdb": GOOD})
    cloud.written["data_xvdb"] = START + timedelta(hours=1)
    found = work(cloud, [row("system"), row("data_xvdb"), row("data_xvdc")])
    assert [item["problem"][:11] for item in found] == ["", "was written", "is missing "]
    assert "wait_timeout" in work(cloud, [row("system")], wait_timeout=-1)[0]["problem"]


def run(*args: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(PROGRAM), *map(str, args)], capture_output=True, text=True, check=False
    )


def test_the_program_reports_each_disk_of_a_receipt(disk: Path, tmp_path: Path) -> None:
    told = CHECK.digest(str(disk))
    rows = [{"index": 0, **told}, {"index": 1, **told}, {"index": 2, "problem": "is missing"}]
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps({"servers": [{"host": "web", "digests": rows}, {"host": "db", "digests": []}]}))
    changed = write(tmp_path / "changed.raw", [*TOLD, (300 * MIB, b"changed")])
    found = run(receipt, disk, changed)
    assert found.returncode == 1
    assert [line.split(": ")[:2] for line in found.stdout.splitlines()] == [
        ["web disk 0", "equal"], ["web disk 1", "different"], ["web disk 2", "not checkable"],
    ]  # fmt: skip
    assert f"from offset {digest.RANGE}" in found.stdout
    assert run(receipt, disk).returncode == 2
    assert "db" not in run("--host", "db", receipt, disk).stderr.partition("servers")[0]


def test_the_program_is_one_short_file_for_users() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) <= 200
