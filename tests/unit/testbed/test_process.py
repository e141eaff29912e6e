# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest
from support import PATIENCE
from testbed.process import Process, descendants


def test_a_process_is_known_by_its_start_too() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process.of(child.pid)
    assert process.is_alive()
    assert not dataclasses.replace(process, started=process.started - 1).is_alive()
    assert not dataclasses.replace(process, boot="an earlier one").is_alive()
    child.kill()
    assert process.wait_gone(PATIENCE)
    child.wait(PATIENCE)
    with pytest.raises(ProcessLookupError):
        Process.of(child.pid)


def test_a_process_that_waits_to_be_reaped_by_another_counts_as_gone() -> None:
    script = "import subprocess,sys; p = subprocess.Popen(['true']); print(p.pid, flush=True); sys.stdin.read()"
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    process = Process.of(int(parent.stdout.readline()))
    assert process.wait_gone(PATIENCE)
    parent.communicate("")


def test_descendants_are_found_across_generations() -> None:
    script = "import subprocess; p = subprocess.Popen(['sleep', '30']); print(p.pid, flush=True); p.wait()"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    try:
        assert [child.pid, grandchild] == [pid for pid in descendants(os.getpid()) if pid in (child.pid, grandchild)]
        assert descendants(child.pid) == [grandchild]
    finally:
        os.kill(grandchild, 9)
        child.wait(PATIENCE)
