# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Whether the playbook that has started this process still lives: a driver ends with it, however it ended (law 13).

SIGTERM, and SIGHUP of a closed terminal, ask a driver to end. They do not end it on the spot: a driver first releases
its servers, so that the next run need not wait for the end of its claim.

Between ansible-playbook and a module there are its worker, which it forks for the task, and one or two shells. A
shell outlives the worker, and the worker outlives ansible-playbook when that is killed, for as long as the module runs:
the parent of this process alone says nothing. So the whole line of ancestors up to ansible-playbook is looked at.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal that this process gets when its parent ends."""


class Orphaned(Exception):
    """The playbook that has started this process has ended: no process waits for the result any more."""


def parent_of(pid: int) -> tuple[int, list[str]] | None:
    """Return the parent of a process and the words of its command line, None when there is no such process, or no
    /proc that would show it."""
    try:
        # The second field is the program's name in parentheses, which may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        return int(fields[1]), words
    except (OSError, ValueError, IndexError):
        return None


def _is_ansible(words: list[str]) -> bool:
    """Return whether a command line is a program of Ansible, with or without its interpreter."""
    return any(PurePath(word).name.startswith("ansible") for word in words[:2])


class Lineage:
    """The processes from this one up to the playbook that has started it: each is the child of the next one.

    Where none of the ancestors is a program of Ansible, as on another machine, or without /proc, only the parent is
    known.
    """

    def __init__(self) -> None:
        self.pids = [os.getpid(), os.getppid()]
        found, last, pid = list[int](), 0, os.getpid()
        while (told := parent_of(pid)) is not None and pid > 1:
            found.append(pid)
            if _is_ansible(told[1]):
                last = len(found)
            elif last:
                break
            pid = told[0]
        if last:
            self.pids = found[:last]

    def check(self) -> None:
        """Raise Orphaned when one of these processes has ended: its child then has another parent."""
        for child, parent in zip(self.pids, self.pids[1:], strict=False):
            told = parent_of(child) if child != os.getpid() else (os.getppid(), [])
            if told is None or told[0] != parent:
                raise Orphaned("the playbook that has started this task has ended")


_watched: list[Lineage] = []

_LOOK_SECONDS: Final = 1.0
"""How often a process that sleeps looks whether its playbook lives."""


class _Request:
    """The request of a signal to end: what sleeps wakes up at once, what runs sees it before its next step."""

    def __init__(self) -> None:
        self.made = ""
        """The name of the signal, '' while there was none."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def take(self, number: int, _frame: object) -> None:
        """Note the signal. A handler may do no more: the interrupted code may hold any lock."""
        self.made = signal.Signals(number).name
        with suppress(BlockingIOError):
            os.write(self._write, b".")

    def wait(self, seconds: float) -> None:
        """Sleep until the request is made, at most so long."""
        select.select([self._read], [], [], seconds)


_requests: list[_Request] = []


def watch() -> None:
    """Remember who has started this process, and let the kernel end it with its parent where it can do that."""
    before = os.getppid()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != before:
        # It had ended before the kernel was told.
        raise Orphaned("the task that has started this module has ended")
    _watched[:] = [Lineage()]
    with suppress(ValueError):
        # Only the main thread of a process can set a handler.
        request = _Request()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # nohup ignores SIGHUP, and that stays.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, request.take)
        _requests[:] = [request]


def check(_action: str = "") -> None:
    """Raise Orphaned when the playbook has ended, or SIGTERM has asked this process to end; in a process that does not
    watch it never does."""
    for request in _requests:
        if request.made:
            raise Orphaned(f"{request.made} has ended this task")
    for lineage in _watched:
        lineage.check()


def sleep(seconds: float) -> None:
    """Sleep, and raise Orphaned as soon as ``check`` would."""
    if not _watched:
        time.sleep(seconds)
        return
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for request in _requests:
            request.wait(min(left, _LOOK_SECONDS))
        if not _requests:
            time.sleep(min(left, _LOOK_SECONDS))
        check()
