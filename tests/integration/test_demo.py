# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job as a person starts it, to its end and interrupted; what it leaves behind in either case."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.source import until

pytestmark = pytest.mark.any_core

WHOLE_RUN_SECONDS = 180


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("demo")
    yield path
    shutil.rmtree(path)  # pytest would keep the images of several runs


def demo(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "testbed.demo", "--dir", str(folder), *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def traces(folder: Path) -> list[str]:
    """Command lines and mounts that name the demo's folder."""
    found = [line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            found += [words] if str(folder) in words else []
    return found


@pytest.fixture(scope="module")
def finished(folder: Path) -> str:
    child = demo(folder, "--keep")
    try:
        output, _errors = child.communicate(timeout=2 * WHOLE_RUN_SECONDS)
    except BaseException:
        child.terminate()
        child.wait(PATIENCE)
        raise
    assert child.returncode == 0, output
    return output


@pytest.fixture(scope="module")
def receipt(folder: Path, finished: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "receipt.json").read_text())
    return told


@pytest.mark.long
def test_an_interrupt_ends_everything(folder: Path) -> None:
    child = demo(folder)
    assert child.stdout is not None
    for line in child.stdout:
        if "Start the client" in line or "Install, register and start the client" in line:
            break
    child.send_signal(signal.SIGTERM)
    output, _errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, output
    assert "Interrupted" in output
    until(lambda: traces(folder) == [])  # the masters of ssh notice that the hosts are gone
    assert {path.name for path in folder.iterdir()} <= {"lock", "first-run.log", "cloud.log"}


def test_three_servers_are_migrated_and_one_is_refused(receipt: dict[str, Any], finished: str) -> None:
    assert {row["host"]: row["status"] for row in receipt["servers"]} == {
        "web-01": "migrated",
        "db-01": "migrated",
        "legacy-01": "migrated",
        "huge-01": "blocked",
    }
    assert "Every check passed" in finished


def test_the_receipt_has_the_agreed_shape(receipt: dict[str, Any]) -> None:
    assert {"wave", "servers", "resources", "residual", "meter"} <= set(receipt)
    for row in receipt["servers"]:
        assert {"host", "status", "reasons", "ens_image_id", "disks"} <= set(row)
        for disk in row["disks"]:
            assert set(disk) == {"index", "bytes", "source_digest", "image_digest", "source_file", "image_file"}
    for thing in receipt["resources"]:
        assert {"kind", "id", "host", "created", "deleted", "proof"} <= set(thing)
    assert receipt["residual"] == []
    assert receipt["meter"]["running"] == []


def test_another_program_finds_the_contents_identical(receipt: dict[str, Any]) -> None:
    pairs = [
        (disk["source_file"], disk["image_file"])
        for row in receipt["servers"]
        if row["status"] == "migrated"
        for disk in row["disks"]
    ]
    assert len(pairs) == 5
    for pair in pairs:
        compared = subprocess.run(["qemu-img", "compare", *pair], capture_output=True, text=True, check=False)
        assert compared.stdout.strip() == "Images are identical.", compared.stderr


def test_it_leaves_neither_process_nor_mount_nor_keys(folder: Path, finished: str) -> None:
    assert traces(folder) == []
    assert {path.name for path in folder.iterdir()} == {
        "cloud", "cloud.log", "disks", "first-run.log", "lock", "receipt.json", "report.html", "requests.json",
        "second-run.log",
    }  # fmt: skip


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = demo(tmp_path)
    assert first.stdout is not None
    first.stdout.readline()
    second = demo(tmp_path)
    output, _errors = second.communicate(timeout=PATIENCE)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert f"another demo runs in {tmp_path}" in output
