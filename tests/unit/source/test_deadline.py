# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of time and memory: what runs ends, with the programs that it has started, and a limit around it stays."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import deadline
from support import PATIENCE


def test_a_program_that_never_ends_is_ended() -> None:
    started: list[subprocess.Popen[bytes]] = []

    def run() -> None:
        started.append(subprocess.Popen(["sleep", "1000"]))
        started[0].wait()

    with pytest.raises(deadline.ExceededError, match=r"no complete answer within 0\.5 s"), deadline.guarded(0.5):
        run()
    assert not Path("/proc", str(started[0].pid)).exists()


def test_what_this_process_has_started_is_known_in_two_ways() -> None:
    with subprocess.Popen(["sleep", "1000"]) as started:
        assert started.pid in deadline._children()
        assert deadline._children() == deadline._children_of_all()
        started.kill()


def test_code_that_swallows_every_exception_is_ended_too() -> None:
    def repeat() -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(PATIENCE)

    with pytest.raises(deadline.ExceededError, match="no complete answer"), deadline.guarded(0.3):
        repeat()


def test_a_program_that_never_stops_sending_is_ended() -> None:
    kept: list[bytes] = []
    started: list[subprocess.Popen[bytes]] = []

    def run() -> None:
        started.append(subprocess.Popen(["yes", "x" * 1000], stdout=subprocess.PIPE))
        assert started[0].stdout is not None
        while True:
            kept.append(started[0].stdout.read(65536))

    with pytest.raises(deadline.ExceededError, match="it sent too much"), deadline.guarded(PATIENCE, 30 * 1024**2):
        run()
    assert not Path("/proc", str(started[0].pid)).exists()


def test_what_ends_in_time_is_not_touched() -> None:
    with deadline.guarded(PATIENCE):
        done = subprocess.run(["echo", "x"], capture_output=True, check=True)
    assert done.stdout == b"x\n"
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_limit_of_the_task_stays() -> None:
    """Ansible's own limit of a task uses the same signal."""

    class TaskTimeout(BaseException):
        pass

    def outer(_number: int, _frame: object) -> None:
        raise TaskTimeout

    before = signal.signal(signal.SIGALRM, outer)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(TaskTimeout), deadline.guarded(PATIENCE):
            time.sleep(PATIENCE)
        signal.setitimer(signal.ITIMER_REAL, 10 * PATIENCE)
        with deadline.guarded(PATIENCE):
            pass
        assert signal.getitimer(signal.ITIMER_REAL)[0] > PATIENCE
        assert signal.getsignal(signal.SIGALRM) is outer
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_another_thread_has_no_limit_and_no_error() -> None:
    seen = []

    def run() -> None:
        with deadline.guarded(0.01):
            seen.append(1)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [1]
