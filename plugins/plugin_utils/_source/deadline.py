# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""A limit of time and memory for one host, whatever the connection plugin does with what the host sends."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

TICK_SECONDS: Final = 0.05
"""Seconds between two looks. A host that sends as fast as a local network allows gets a few megabytes further."""

GROWN_BYTES: Final = 32 * 1024**2
"""How much larger the process may become while it deals with one host. A connection plugin keeps all it receives."""

_PAGE: Final = resource.getpagesize()


class ExceededError(Exception):
    """A host has exceeded a limit. The text says which."""


class _Stop(BaseException):
    """Ends what runs. No ``except Exception`` of a connection plugin may take it for a failure to repeat."""


@contextlib.contextmanager
def guarded(seconds: float, grown_bytes: int = GROWN_BYTES) -> Iterator[None]:
    """Raise ExceededError if the block takes longer or makes the process larger; end the programs that it has started.

    Ansible runs an action in the main thread of a separate process. Elsewhere there is no limit, because only the
    main thread gets signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    began, before, there = time.monotonic(), _resident(), _children()
    outer = signal.getsignal(signal.SIGALRM)
    outer_seconds, outer_interval = signal.getitimer(signal.ITIMER_REAL)
    reason, raised = "", 0.0

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal reason, raised
        now = time.monotonic() - began
        if outer_seconds and now >= outer_seconds and callable(outer):
            # The time limit of the task has passed first.
            outer(number, frame)
        if now > seconds:
            reason = f"no complete answer within {seconds:g} s"
        elif _resident() - before > grown_bytes:
            reason = f"it sent too much: more than {grown_bytes // 1024**2} MiB of memory were needed"
        # Code that swallows every exception, such as a destructor, may have swallowed the first one.
        if reason and (not raised or now > raised + 1):
            raised = now
            raise _Stop

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, TICK_SECONDS, TICK_SECONDS)
    try:
        yield
    except _Stop:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise ExceededError(reason) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, outer if outer is not None else signal.SIG_DFL)
        if reason:
            _end(_children() - there)
        if outer_seconds:
            left = max(TICK_SECONDS, outer_seconds - (time.monotonic() - began))
            signal.setitimer(signal.ITIMER_REAL, left, outer_interval)


def _resident() -> int:
    """Return the bytes of memory that this process uses. Without /proc, the most that it has ever used."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _children() -> set[int]:
    """Return the processes that this one has started, such as ssh. Without /proc, none is known."""
    try:
        return {
            int(pid) for path in Path("/proc/self/task").iterdir() for pid in (path / "children").read_text().split()
        }
    except OSError:
        # A kernel without CONFIG_PROC_CHILDREN, or a thread that has ended meanwhile.
        return _children_of_all()


def _children_of_all() -> set[int]:
    """Return the same from the parents of all processes, which takes long on a controller with many of them."""
    found = set()
    with contextlib.suppress(OSError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]) == os.getpid():
                        found.add(int(entry.name))
    return found


def _end(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
