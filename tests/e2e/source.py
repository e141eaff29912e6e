# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source server: an installed guest that runs in QEMU, its SSH port on a loopback port of this machine."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from guests import qemu

from e2e.build import Installed
from e2e.guests import Guest

ADDRESS = "127.0.0.1"
CONTROLLER = "10.0.2.2"
"""The address at which a guest with QEMU's user network reaches the loopback addresses of this machine."""
# An address of its own: a copy with the same one could not be distinguished from its source.
MAC = "52:54:00:e2:e0:01"
BOOT_SECONDS = 600
ASK_SECONDS = 300
LAST_LINES = 15


class SourceError(RuntimeError):
    """The source does not boot or does not answer; the text has the last lines of its console."""


class Source:
    """A running source; its disks are written to files in the folder, never to those of the cache."""

    def __init__(self, guest: Guest, installed: Installed, folder: Path) -> None:
        self.guest = guest
        self.installed = installed
        self.folder = folder
        self.console = folder / "source.console"
        self.port = _free_port()
        self._qemu: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Switch it on; the end of this process ends it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        known = self.folder / "known_hosts"
        known.write_text(f"[{ADDRESS}]:{self.port} {' '.join(self.installed.host_key.split()[:2])}\n", encoding="utf-8")
        words = [qemu.PROGRAM, *qemu.WORDS, "-smp", "2", "-serial", f"file:{self.console}"]
        forward = f"hostfwd=tcp:{ADDRESS}:{self.port}-:22"
        words += [
            "-nic",
            f"user,model=virtio-net-pci,mac={MAC},{forward}",
            *qemu.firmware(self.guest.machine, self.folder),
        ]
        for number, disk in enumerate(self.installed.disks):
            words += self._disk(number, disk)
        with (self.folder / "source.log").open("wb") as log:
            self._qemu = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _disk(self, number: int, base: Path) -> list[str]:
        """The words for one disk, the first one of which boots."""
        own = self.folder / f"source{number}.qcow2"
        own.unlink(missing_ok=True)
        command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(base.resolve()), str(own)]
        subprocess.run(command, check=True, capture_output=True)
        device = "virtio-blk-pci" if self.guest.disk == "virtio" else f"{self.guest.disk},serial=disk{number}"
        drive = f"file={own},if=none,id=disk{number},format=qcow2,cache=unsafe"
        return ["-drive", drive, "-device", f"{device},drive=disk{number},bootindex={number}"]

    def wait(self) -> None:
        """Return when it answers over SSH; raises SourceError when it does not in time."""
        end = time.monotonic() + BOOT_SECONDS
        told = ""
        while time.monotonic() < end and self._qemu is not None and self._qemu.poll() is None:
            done = subprocess.run(self._words("true"), capture_output=True, text=True, check=False, timeout=ASK_SECONDS)
            if done.returncode == 0:
                return
            told = done.stderr.strip()
            time.sleep(1)
        raise SourceError(f"the source {self.guest.name} does not answer: {told}\n{last_lines(self.console)}")

    def ask(self, command: str) -> str:
        """What a command prints on the source; raises SourceError when it fails."""
        done = subprocess.run(self._words(command), capture_output=True, text=True, check=False, timeout=ASK_SECONDS)
        if done.returncode:
            raise SourceError(f"{command}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def variables(self) -> dict[str, object]:
        """The variables of its host in an inventory."""
        return {
            "ansible_host": ADDRESS,
            "ansible_port": self.port,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.installed.key.resolve()),
            "ansible_ssh_common_args": " ".join(self._options()),
        }

    def stop(self) -> None:
        """Switch it off as a power failure does."""
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()

    def _options(self) -> list[str]:
        known = f"UserKnownHostsFile={self.folder / 'known_hosts'}"
        return ["-F", "none", "-o", known, "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes"]

    def _words(self, command: str) -> list[str]:
        options = [*self._options(), "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "LogLevel=ERROR"]
        return ["ssh", *options, "-i", str(self.installed.key), "-p", str(self.port), f"root@{ADDRESS}", command]


def last_lines(console: Path) -> str:
    """The last lines of a console's log, as text without control characters."""
    text = console.read_text(encoding="utf-8", errors="replace") if console.is_file() else ""
    lines = ["".join(char for char in line if char.isprintable()) for line in text.splitlines()]
    return "\n".join([line for line in lines if line.strip()][-LAST_LINES:]) or "the console shows nothing"


def _free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
