# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The QEMU processes of the ENS instances that boot: started, stopped, ended with the sandbox, found after a kill."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import shutil
import signal
import socket
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from .machine import NETWORK, PLACES, PORTS, Machine, NoAddressError, command, free_place, overlay, public_ip

PROGRAMS = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "setpriv": "util-linux"}
"""What is needed, and the packages of Debian that have it."""

STOP_SECONDS = 60.0
"""How long a guest has to shut down before its power is switched off."""

_POWER_BUTTON = b'{"execute": "qmp_capabilities"}\n{"execute": "system_powerdown"}\n'
_SPARE_MIB = 512
_END_SECONDS = 20.0
_LOG = logging.getLogger("sandbox")


class GuestsError(Exception):
    """Guests cannot be booted on this machine; the text says why and what to do."""


class _Guest:
    """One boot of one instance."""

    def __init__(self, boots: int) -> None:
        self.boots = boots
        self.process: asyncio.subprocess.Process | None = None
        self.task: asyncio.Task[None] | None = None
        self.kill_at: float | None = None
        self.reported = False

    def busy(self) -> bool:
        """Return whether it is being started."""
        return self.task is not None and not self.task.done()

    def runs(self) -> bool:
        """Return whether its process exists."""
        return self.process is not None and self.process.returncode is None


class Guests:
    """The guests of one sandbox, each in a folder below ``root``. GuestsError when this machine cannot boot any."""

    def __init__(self, root: Path, memory: int, port_offset: int, outbound: bool = False) -> None:
        self.root, self.memory, self.port_offset, self.outbound = root, memory, port_offset, outbound
        self._guests: dict[str, _Guest] = {}
        self._closing = False
        _check(port_offset)
        self._end_strays()

    def place(self, taken: Collection[int], pending: int) -> int:
        """Return the number of the next guest; NoAddressError when there is no free address or too little memory, also
        for the ``pending`` guests that are not started yet."""
        free = _free_mib() - pending * self.memory
        if free < self.memory + _SPARE_MIB:
            raise NoAddressError(f"this machine has {free} MiB of free memory; a guest needs {self.memory} MiB "
                                 f"(boot_memory), and {_SPARE_MIB} MiB must be left")
        return free_place(taken, lambda address: _refusal(address, self.port_offset) is None)

    def run(self, instance_id: str, boots: int, machine: Machine) -> None:
        """Start a guest unless this boot of it was started before, or all guests are being ended."""
        if self._closing:
            return
        known = self._guests.get(instance_id)
        if known is None or (known.boots != boots and not known.busy() and not known.runs()):
            guest = self._guests[instance_id] = _Guest(boots)
            guest.task = asyncio.create_task(self._start(guest, machine))
        elif known.process is not None and known.process.returncode and not known.reported:
            known.reported = True
            _LOG.error("QEMU of instance %s ended with %s: %s", instance_id, known.process.returncode,
                       _text(self.root / instance_id / "log").strip())

    def stop(self, instance_id: str, forced: bool) -> None:
        """Press the power button of a guest, and switch its power off when it does not shut down; at once if forced.

        Call it until ``is_off``."""
        guest = self._guests.get(instance_id)
        if guest is None or guest.process is None or not guest.runs():
            return
        now = asyncio.get_running_loop().time()
        if guest.kill_at is None:
            guest.kill_at = now if forced else now + STOP_SECONDS
            if not forced and guest.process.stdin is not None:
                guest.process.stdin.write(_POWER_BUTTON)
        if now >= guest.kill_at:
            guest.process.kill()

    def keep(self, instance_ids: Collection[str]) -> None:
        """End every other guest, and delete its disks."""
        for instance_id in set(self._guests) - set(instance_ids):
            guest = self._guests[instance_id]
            if guest.runs() and guest.process is not None:
                guest.process.kill()
            elif not guest.busy():
                del self._guests[instance_id]
        gone = set() if not self.root.is_dir() else {path.name for path in self.root.iterdir()}
        for name in gone - set(instance_ids) - set(self._guests):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def is_off(self, instance_id: str) -> bool:
        """Return whether a guest has no process."""
        guest = self._guests.get(instance_id)
        return guest is None or not (guest.busy() or guest.runs())

    def powered_off(self, instance_id: str, boots: int) -> bool:
        """Return whether a guest has switched itself off since this boot."""
        guest = self._guests.get(instance_id)
        process = guest.process if guest is not None and guest.boots == boots else None
        return process is not None and process.returncode == 0

    def report(self, instance_id: str) -> dict[str, Any]:
        """Return what is known of a guest: its process, and the text of its serial console since its first boot."""
        guest, folder = self._guests.get(instance_id), self.root / instance_id
        process = None if guest is None else guest.process
        return {
            "pid": process.pid if process is not None and process.returncode is None else None,
            "exit": None if process is None else process.returncode,
            "problem": _text(folder / "log"),
            "console": _text(folder / "console"),
            "file": str(folder / "console"),
        }

    async def close(self) -> None:
        """End every guest; the disks stay. The heartbeat starts none meanwhile."""
        self._closing = True
        try:
            for guest in list(self._guests.values()):
                if guest.task is not None:
                    await asyncio.wait([guest.task])
                if guest.process is not None and guest.process.returncode is None:
                    guest.process.kill()
                    await guest.process.wait()
            self._guests.clear()
        finally:
            self._closing = False

    async def _start(self, guest: _Guest, machine: Machine) -> None:
        folder = self.root / machine.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for number, disk in enumerate(machine.disks):
                path = folder / f"{number}.qcow2"
                if not path.exists():
                    unfinished = path.with_suffix(".new")
                    await _run(*overlay(disk, unfinished))
                    unfinished.replace(path)
            # What QEMU answers to commands is of no interest; what it complains about goes to the log. Ctrl-C in the
            # terminal of the sandbox must not reach it: it would look like a guest that switches itself off.
            with (folder / "log").open("wb") as log:
                guest.process = await asyncio.create_subprocess_exec(
                    *command(machine, folder), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
                    stderr=log, start_new_session=True)
        except (OSError, GuestsError) as failed:
            (folder / "log").write_text(f"{failed}\n", encoding="utf-8")
            _LOG.error("instance %s does not boot: %s", machine.name, failed)

    def _end_strays(self) -> None:
        """End the guests of a former process of this sandbox, and wait until they have released ports and disks."""
        for file in self.root.glob("*/pid"):
            with contextlib.suppress(OSError, ValueError):
                _end(int(file.read_text(encoding="ascii")), file)
            file.unlink(missing_ok=True)


def _check(port_offset: int) -> None:
    lacking = {program: package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    if lacking:
        raise GuestsError(f"boot_instances: {', '.join(lacking)} not found. Install the packages "
                          f"{', '.join(lacking.values())} (Debian), or omit boot_instances")
    refused = _refusal_of_all(port_offset)
    if isinstance(refused, PermissionError):
        raise GuestsError(
            f"boot_instances: this user may not listen on port {PORTS[0] + port_offset} of {NETWORK}.1. Run the "
            f"sandbox as root, set the sysctl net.ipv4.ip_unprivileged_port_start to {PORTS[0]}, or set "
            "boot_port_offset: 10000 (SSH on port 10022)")
    if refused is not None:
        ports = ", ".join(str(port + port_offset) for port in PORTS)
        raise GuestsError(
            f"boot_instances: the ports {ports} of {NETWORK}.0/24 cannot be used: {refused.strerror}. A program that "
            "listens on all addresses, such as sshd, uses its port of these too: set another boot_port_offset, such as "
            "20000")


def _refusal_of_all(port_offset: int) -> OSError | None:
    """Return why no guest can have an address, or None. The addresses that are tried are those of no guest."""
    refused = None
    for place in range(PLACES + 1, 255):
        refused = _refusal(public_ip(place), port_offset)
        if refused is None or refused.errno != errno.EADDRINUSE:
            break
    return refused


def _refusal(address: str, port_offset: int) -> OSError | None:
    """Return why one of the ports of an address cannot be listened on, or None."""
    for port in PORTS:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((address, port + port_offset))
                sock.listen(1)
            except OSError as failed:
                return failed
    return None


def _end(number: int, file: Path) -> None:
    """End the process with this number if it is the guest that wrote this pid file. OSError once it is gone."""
    process, latest = Path(f"/proc/{number}"), time.monotonic() + _END_SECONDS
    while time.monotonic() < latest and (process / "stat").read_text().rpartition(") ")[2][0] not in "ZX":
        words = (process / "cmdline").read_bytes().split(b"\0")
        if os.fsencode(file) in words:
            os.kill(number, signal.SIGKILL)
        elif words != [b""]:
            # The number belongs to another program. A process that is ending shows no words.
            return
        time.sleep(0.05)


def _free_mib() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _colon, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) // 1024
    raise NoAddressError("/proc/meminfo has no MemAvailable")


async def _run(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.DEVNULL,
                                                   stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
    _output, complaint = await process.communicate()
    if process.returncode:
        raise GuestsError(f"{words[0]}: {complaint.decode(errors='replace').strip()}")


def _text(path: Path) -> str:
    """Return the end of a file that a guest or QEMU writes: at most 64 KiB."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 65536))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
