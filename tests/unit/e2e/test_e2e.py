# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of make e2e that need neither root nor QEMU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from e2e import build, judge, table
from e2e.consoles import kept_consoles
from e2e.guests import GUESTS
from e2e.source import last_lines
from guests import qemu
from guests.machine import LAYOUTS
from support import PATIENCE
from support.source import until

CHECKS: list[dict[str, Any]] = [{"kind": "port", "port": 80}, {"kind": "mount", "path": "/a"}]


def rows(*more: str) -> list[dict[str, Any]]:
    return [{"kind": kind, "name": kind, "expected": "a", "seen": "a", "ok": True} for kind in (*judge.COMPARED, *more)]


def verification(**changes: Any) -> dict[str, Any]:
    told = {"verdict": "verified", "reasons": [], "checks": rows("port", "mount"), "released": True}
    return {**told, "instance_id": "i-1", "boot_seconds": 20.0, "seconds": 50.0, **changes}


def server(**changes: Any) -> dict[str, Any]:
    return {"host": "base", "status": "migrated", "reasons": [], "verification": verification(), **changes}


def test_a_verified_copy_is_what_it_must_be() -> None:
    assert judge.verified(server(), CHECKS) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "the server is not in the receipt"),
        (server(status="failed", reasons=["why"]), "expected migrated: why"),
        (server(verification={}), "was not verified"),
        (server(verification=verification(verdict="failed", reasons=["why"])), "the copy is failed: why"),
        (server(verification=verification(checks=rows("port"))), "0 checks of the kind mount"),
        (server(verification=verification(checks=rows("port", "mount")[1:])), "nothing was compared of the kind ssh"),
        (server(verification=verification(released=False)), "the instance i-1 was not released"),
    ],
)
def test_a_copy_that_is_not_verified_is_reported(row: dict[str, Any], words: str) -> None:
    assert words in "; ".join(judge.verified(row, CHECKS))


def test_a_blocked_server_needs_the_expected_blocker() -> None:
    finding = {"id": "virtio-missing", "severity": "blocker"}
    assert judge.blocked({"status": "blocked", "findings": [finding]}, "virtio-missing") == []
    assert judge.blocked({"status": "blocked", "findings": [finding]}, "no-grub")
    assert judge.blocked({"status": "migrated", "findings": [finding]}, "virtio-missing")
    assert judge.noted({"findings": [finding]}, "virtio-missing") == []
    assert judge.noted({}, "virtio-missing")


def test_a_blocked_server_makes_no_call_that_changes_something() -> None:
    calls = [{"product": "smc", "action": "DescribeSourceServers"}, {"product": "oss", "action": "PutObject"}]
    assert judge.only_read(calls) == []
    made = {"product": "smc", "action": "CreateReplicationJob"}
    assert "made: smc CreateReplicationJob" in judge.only_read([*calls, made])[0]


def test_an_image_that_does_not_boot_is_a_failed_verification() -> None:
    silent = verification(verdict="failed", checks=[{**rows()[0], "ok": False}], boot_seconds=None)
    failed = server(status="failed", ens_image_id="m-1", verification=silent)
    assert judge.not_booted(failed) == []
    assert judge.not_booted({**failed, "verification": {**silent, "released": False}})
    assert judge.not_booted(server(ens_image_id="m-1"))


def test_file_systems_of_the_image_must_be_checked_and_not_damaged() -> None:
    lines = ["/0 offset 1048576 (ext4): clean: 11/16 files", "/0 offset 9 (swap): not checkable: this program checks",
             "/1 offset 0 (xfs): not checkable: its log has changes"]  # fmt: skip
    assert judge.file_systems(lines, ["/0", "/1"]) == []
    assert judge.file_systems(lines[1:], ["/0", "/1"]) == ["/0 has no file system that was checked"]
    assert "damaged" in judge.file_systems(["/0 offset 0 (ext4): damaged: 11/16 files"], ["/0"])[0]
    assert judge.file_systems([], [])


def test_the_end_of_a_server_is_told_with_its_checks() -> None:
    assert table.end(server()) == "migrated; 11 of 11 checks passed"
    assert table.end({"status": "blocked", "reasons": ["no virtio"]}) == "blocked; no virtio"
    assert table.end({}) == "not in the receipt"


def test_only_qemu_of_the_folder_counts_as_left() -> None:
    lines = ["qemu-system-x86_64 -drive file=/build/e2e/base/cloud/0.qcow2", "qemu-system-x86_64 -drive file=/else"]
    assert judge.no_process([*lines, "grep /build/e2e/base/cloud"], "/build/e2e/base/cloud") == [
        f"QEMU still runs: {lines[0]}"
    ]


def test_the_stages_are_those_of_the_timeline() -> None:
    timeline = [{"phase": phase, "seconds": at} for phase, at in (("transfer", 2), ("export", 30), ("import", 45))]
    parts = table.stages({"servers": [server(timeline=timeline, seconds=60.0)]}, "base")
    assert [part.seconds for part in parts] == [28, 15, 15, 20, 30]
    assert table.stages({"servers": []}, "base") == []


def test_the_end_of_a_console_is_text(tmp_path: Path) -> None:
    console = tmp_path / "console"
    console.write_bytes(b"\x1b[2Jone\r\n\n\xff\ntwo\n")
    assert last_lines(console).splitlines()[-1] == "two"
    assert "\x1b" not in last_lines(console)
    assert last_lines(tmp_path / "none") == "the console shows nothing"


def test_the_console_of_a_released_instance_is_kept(tmp_path: Path) -> None:
    console, kept = tmp_path / "cloud" / "blobs" / "guests" / "i-1" / "console", tmp_path / "i-1.console"
    console.parent.mkdir(parents=True)
    console.write_text("Booting\n")
    with kept_consoles(tmp_path / "cloud", tmp_path):
        until(kept.is_file)
    console.unlink()
    assert kept.read_text() == "Booting\n"


def test_each_guest_is_described_and_has_a_layout_that_can_be_made() -> None:
    for name, guest in GUESTS.items():
        assert (name, bool(guest.what)) == (guest.name, True)
        assert guest.machine.layout in LAYOUTS
        assert guest.ends in ("verified", "not-booted", "blocked")
        assert bool(guest.finding) == (guest.ends != "verified")
        assert set(guest.machine.xfs) <= set(guest.machine.data)


def test_what_killed_processes_have_left_is_deleted(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "100"])
    try:
        for number in (other.pid, os.getpid(), 2**22 + 1):
            (tmp_path / f"base-0123456789ab.{number}.part").mkdir()
        (tmp_path / "base-0123456789ab").mkdir()
        build.delete_unfinished(tmp_path)
    finally:
        other.kill()
        other.wait()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "base-0123456789ab", f"base-0123456789ab.{other.pid}.part"
    ]


def test_qemu_ends_with_the_process_that_has_started_it(tmp_path: Path) -> None:
    assert qemu.run(["sleep", "100"], tmp_path / "log", lambda: True, 0.0)
    assert not qemu.run(["true"], tmp_path / "log", lambda: False, PATIENCE)
    code = (
        "import sys; from pathlib import Path; from guests import qemu; "
        "qemu.run(['sh', '-c', 'echo $$; exec sleep 1000'], Path(sys.argv[1]), lambda: False, 1000)"
    )
    log = tmp_path / "log"
    starter = subprocess.Popen([sys.executable, "-c", code, str(log)])
    until(lambda: log.is_file() and log.read_text(encoding="ascii").endswith("\n"))
    starter.kill()
    starter.wait()
    status = Path("/proc", log.read_text(encoding="ascii").strip(), "stat")
    until(lambda: not status.exists() or ") Z " in status.read_text(encoding="utf-8"))
