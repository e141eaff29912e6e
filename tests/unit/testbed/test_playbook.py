# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest
from testbed import playbook
from testbed.local_cloud import write_variables
from testbed.playbook import play, read_recap
from testbed.process import descendants

OUTPUT = """TASK [odd : ok=1 changed=9] ****
PLAY RECAP *********************************************************************
\x1b[0;33mdb-01\x1b[0m                      : \x1b[0;32mok=12  \x1b[0m \x1b[0;33mchanged=3   \x1b[0m failed=0
localhost                  : ok=4    changed=0    unreachable=0    failed=1    skipped=2    rescued=0    ignored=0
"""


def test_the_recap_is_read_through_colours() -> None:
    assert read_recap(OUTPUT) == {
        "db-01": {"ok": 12, "changed": 3, "failed": 0},
        "localhost": {"ok": 4, "changed": 0, "unreachable": 0, "failed": 1, "skipped": 2, "rescued": 0, "ignored": 0},
    }


def test_output_without_recap_has_no_counts() -> None:
    assert read_recap("ERROR! the playbook could not be found\n") == {}


def fake(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "ansible-playbook"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(playbook.sys, "executable", str(folder / "python"))


def test_output_is_shown_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    fake(tmp_path, 'echo "$1"; echo "PLAY RECAP"; echo "a : ok=1 changed=2"; exit 4', monkeypatch)
    played = play(["words"], tmp_path / "log", {"PATH": "/usr/bin:/bin"})
    assert (played.code, played.recap) == (4, {"a": {"ok": 1, "changed": 2}})
    assert (tmp_path / "log").read_text().startswith("words\nPLAY RECAP")


def test_an_interrupt_ends_the_run_and_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "trap 'exit 99' INT; setsid sleep 60.0417 & echo ready; wait", monkeypatch)
    raised = threading.Event()

    class Interrupting:
        def flush(self) -> None:
            return None

        def write(self, _line: bytes) -> None:
            time.sleep(0.2)  # so that the shell waits
            raised.set()
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdout", type("Out", (), {"buffer": Interrupting(), "isatty": lambda _self: False})())
    with pytest.raises(KeyboardInterrupt):
        play([], tmp_path / "log", {"PATH": "/usr/bin:/bin"})
    assert raised.is_set()
    words = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in descendants(1) if Path(f"/proc/{pid}").exists()]
    assert b"sleep\x0060.0417\x00" not in words


def test_variables_with_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "cloud.yml"
    path.write_text("of an earlier run")
    path.chmod(0o644)
    write_variables(path, {"alicloud_secret_key": "s"})
    assert path.stat().st_mode & 0o777 == 0o600
    assert "alicloud_secret_key" in path.read_text()
