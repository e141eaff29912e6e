# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ansible-playbook, shown live and kept in a file, with the recap that it prints at its end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from testbed.process import Process, descendants

STOP_SECONDS = 15.0
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RECAP = re.compile(r"^(\S+)\s+: (ok=\d+ .*)$", re.MULTILINE)


@dataclass(frozen=True)
class Played:
    """How a run ended: exit code, seconds, and the counts of the recap per host."""

    code: int
    seconds: float
    recap: dict[str, dict[str, int]]


def read_recap(output: str) -> dict[str, dict[str, int]]:
    """The counts (ok, changed, unreachable, failed, ...) per host at the end of ansible-playbook's output."""
    _before, _title, recap = COLOUR.sub("", output).rpartition("PLAY RECAP")
    return {
        host: {name: int(count) for name, count in (word.split("=") for word in counts.split())}
        for host, counts in RECAP.findall(recap)
    }


def play(arguments: list[str], log: Path, env: dict[str, str]) -> Played:
    """Run ansible-playbook of this interpreter's environment; an interrupt ends it with all that it started."""
    program = Path(sys.executable).parent / "ansible-playbook"
    if sys.stdout.isatty():
        env = {**env, "ANSIBLE_FORCE_COLOR": "1"}
    started = time.monotonic()
    child = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", "--", str(program), *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        with log.open("wb") as kept:
            for line in child.stdout or ():
                kept.write(line)
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
        code = child.wait()
    except BaseException:
        _end(child)
        raise
    return Played(code, time.monotonic() - started, read_recap(log.read_text(errors="replace")))


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a run and what it started: by its own means first, then by KILL."""
    below = Below(child.pid)
    below.look()
    child.send_signal(signal.SIGINT)
    end = time.monotonic() + STOP_SECONDS
    while child.poll() is None and time.monotonic() < end:
        below.look()  # it may start workers until it has noticed
        time.sleep(0.05)
    below.look()
    child.kill()
    child.wait()
    below.kill()


class Below:
    """All that a process was ever seen to have started."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: dict[int, Process] = {}

    def look(self) -> None:
        """Note what runs now."""
        for pid in descendants(self._pid):
            with contextlib.suppress(ProcessLookupError):
                self._seen.setdefault(pid, Process.of(pid))

    def kill(self) -> None:
        """End what still runs of it, and wait until it has ended."""
        for process in self._seen.values():
            if process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
        end = time.monotonic() + STOP_SECONDS
        while any(process.is_alive() for process in self._seen.values()) and time.monotonic() < end:
            time.sleep(0.02)
