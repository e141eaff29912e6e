# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the test bed gets the right to make namespaces: as root, rootless with subordinate ids, or through sudo."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
NAMESPACES = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private"]
# What a host needs, tried on a file system in memory before anything is built.
TRIAL = (
    'set -e; mount -t tmpfs trial "$0"; cd "$0"; mkdir l u w m p; chown 65534:65534 u; hostname trial; '
    "mount -t proc p p; mount -t overlay t -o lowerdir=l,upperdir=u,workdir=w m"
)
# The id maps of the new user namespace are written between the two words; the exec then gives its root full rights.
WAIT_FOR_MAPS = 'echo made; read -r mapped && exec "$@" >&2 </dev/null'
IDS = 65536


class NoWayError(RuntimeError):
    """The machine does not let us make namespaces; the text is one line saying what to install or allow."""


@dataclass(frozen=True)
class Way:
    """One way to root inside namespaces: ``root``, ``rootless`` or ``sudo``."""

    name: str

    @property
    def line(self) -> str:
        """One line for the person at the terminal."""
        return {
            "root": "Test hosts: namespaces made directly, as root.",
            "rootless": "Test hosts: rootless, in a user namespace with subordinate ids.",
            "sudo": "Test hosts: namespaces made through sudo, as unprivileged user namespaces are not allowed here.",
        }[self.name]

    def spawn(self, command: list[str], log: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Start a command as pid 1 of new namespaces, in a separate session, writing to the log."""
        command = [*NAMESPACES, "--", *command]
        if self.name == "rootless":
            return _spawn_mapped(command, log)
        return subprocess.Popen(
            ["sudo", "-n", "--", *command] if self.name == "sudo" else command,
            env={**os.environ, "PATH": PATH},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self, pids: list[int], number: signal.Signals = signal.SIGKILL) -> None:
        """Send these processes a signal; those already gone are fine."""
        if self.name == "sudo" and pids:
            command = ["sudo", "-n", "--", "kill", f"-{number.name[3:]}", *map(str, pids)]
            subprocess.run(command, capture_output=True, check=False)
            return
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def _subordinate(table: Path) -> tuple[int, int] | None:
    """First id and count of the caller's first range in /etc/subuid or /etc/subgid that has enough of them."""
    if not table.is_file():
        return None
    for line in table.read_text().splitlines():
        owner, _colon, span = line.partition(":")
        first, _colon, count = span.partition(":")
        if owner in (getpass.getuser(), str(os.getuid())) and count.isdigit() and int(count) >= IDS - 1:
            return int(first), IDS - 1
    return None


def _spawn_mapped(command: list[str], log: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """Start a command in a new user namespace, its root being the caller and its other ids the subordinate ones."""
    ranges = {"newuidmap": _subordinate(Path("/etc/subuid")), "newgidmap": _subordinate(Path("/etc/subgid"))}
    child = subprocess.Popen(
        ["unshare", "--user", "--", "sh", "-c", WAIT_FOR_MAPS, "sh", *command],
        env={**os.environ, "PATH": PATH},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    )
    if child.stdin is None or child.stdout is None:
        raise NoWayError("no pipes to a new process")
    with child.stdin as orders, child.stdout as answers:
        if answers.readline().strip() != b"made":
            raise NoWayError("unprivileged user namespaces are not allowed")
        for tool, span in ranges.items():
            if span is None:
                raise NoWayError(f"the user has no {IDS} subordinate ids in /etc/subuid and /etc/subgid")
            own = os.getuid() if tool == "newuidmap" else os.getgid()
            maps = ["0", str(own), "1", "1", str(span[0]), str(span[1])]
            done = subprocess.run([tool, str(child.pid), *maps], capture_output=True, text=True, check=False)
            if done.returncode:
                raise NoWayError(f"{tool} failed: {done.stderr.strip()}")
        orders.write(b"mapped\n")
    return child


def _try(way: Way) -> str:
    """What prevents this way, empty when nothing does."""
    with tempfile.TemporaryDirectory(prefix="testbed-trial-") as folder, tempfile.TemporaryFile() as log:
        try:
            child = way.spawn(["sh", "-c", TRIAL, folder], log)
            failed = child.wait(timeout=20) != 0
        except (NoWayError, OSError, subprocess.TimeoutExpired) as exc:
            return str(exc)
        log.seek(0)
        words = log.read().decode(errors="replace").strip().splitlines()
    return (words[-1] if words else "no reason given") if failed else ""


def choose(only: str = "") -> Way:
    """The first way that works on this machine; raises NoWayError with what to install or allow.

    ``only`` (or the environment's TESTBED_WAY) asks for one way by name, for tests of that way.
    """
    only = only or os.environ.get("TESTBED_WAY", "")
    names = [only] if only else ["root"] if os.geteuid() == 0 else ["rootless", "sudo"]
    reasons = {}
    for name in names:
        way = Way(name)
        if not (reason := _try(way)):
            return way
        reasons[name] = reason
    told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    raise NoWayError(
        "The test hosts need Linux namespaces: run as root, or install uidmap and allow unprivileged user namespaces "
        f"with {IDS} ids for this user in /etc/subuid and /etc/subgid, or allow 'sudo -n' ({told})."
    )
