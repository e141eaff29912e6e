# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending the disks to the intermediate instance: control port first, then one data connection per disk (wire.py)."""
from __future__ import annotations

import hashlib
import os
import select
import socket
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from sandbox.bytes import wire
from sandbox.bytes.extents import BLOCK, data_blocks, is_zero, read_block

from .system import Disk

TIMEOUT = 60.0
"""Seconds without a sign of life after which a connection counts as broken."""

_REPORT_SECONDS = 0.5


class TransferBroken(Exception):
    """The transfer did not reach its end; what arrived is kept, so the next attempt continues from there."""


class TransferStopped(Exception):
    """The transfer was stopped."""


@dataclass(frozen=True)
class Work:
    """Where a job wants the disks: the intermediate instance's address, ports and key."""

    job: str
    instance: str
    ip: str
    control: int
    data: int
    key: str

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Work:
        """Return the work in an answer of the service."""
        return cls(str(answer["job"]), str(answer["instance"]), str(answer["ip"]), int(answer["control"]),
                   int(answer["data"]), str(answer["key"]))


class Transfer:
    """One attempt to bring all disks of this server to one intermediate instance."""

    def __init__(self, work: Work, source_id: str, disks: Sequence[Disk], stop: threading.Event,
                 say: Callable[[str], None], bandwidth_limit: int = 0) -> None:
        """Take the KB per second of ``user_config.json`` too; 0 is no limit (facts 2.1)."""
        self._work = work
        self._source_id = source_id
        self._disks = {disk.index: disk for disk in disks}
        self._stop = stop
        self._say = say
        self._bytes_per_second = bandwidth_limit * 1024
        self._began = time.monotonic()
        self.sent_bytes = 0

    def run(self) -> None:
        """Send every disk that the job wants; TransferBroken says what failed, TransferStopped that it was stopped."""
        try:
            with _Lines(self._work.ip, self._work.control) as control:
                hello = {"op": "hello", "key": self._work.key, "job": self._work.job, "source": self._source_id}
                for wanted in control.ask(hello)["disks"]:
                    self._send_disk(control, int(wanted["index"]))
                control.ask({"op": "finish"})
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise TransferBroken(f"{type(error).__name__}: {error}") from error

    def _send_disk(self, control: _Lines, index: int) -> None:
        disk = self._disks.get(index)
        if disk is None:
            raise TransferBroken(f"the job wants disk {index}, this server has disks {sorted(self._disks)}")
        fd = os.open(disk.path, os.O_RDONLY)
        try:
            _read_afresh(fd)
            size = os.lseek(fd, 0, os.SEEK_END)
            with _Lines(self._work.ip, self._work.data) as data:
                held = data.ask_held({"key": self._work.key, "disk": index, "size": size})
                self._say(f"Do Rsync Disk {index}: {disk.path}, {size} bytes, {len(held)} blocks are there already")
                blocks = self._send_blocks(control, data, index, fd, size, held)
                data.send(wire.encode_frame(wire.END, wire.disk_digest(size, blocks)))
                answer = data.answer()
        finally:
            os.close(fd)
        self._say(f"Do Rsync Disk {index} Success: {answer['blocks']} blocks, SHA-256 {answer['digest']}")

    def _send_blocks(self, control: _Lines, data: _Lines, disk: int, fd: int, size: int,
                     held: dict[int, bytes]) -> dict[int, bytes]:
        """Send what differs from what is held and return (index: SHA-256) of every block that is not zero."""
        blocks: dict[int, bytes] = {}
        candidates = list(data_blocks(fd, size))
        reported = 0.0
        for number, index in enumerate(candidates):
            if self._stop.is_set():
                raise TransferStopped
            block = read_block(fd, index, size)
            if not is_zero(block):
                blocks[index] = hashlib.sha256(block).digest()
                if held.get(index) != blocks[index]:
                    data.send(wire.encode_frame(index, block))
                    self.sent_bytes += len(block)
                    self._keep_pace()
            if time.monotonic() - reported > _REPORT_SECONDS:
                reported = time.monotonic()
                control.ask({"op": "progress", "disk": disk, "done": number * BLOCK, "total": len(candidates) * BLOCK})
        for index in sorted(set(held) - set(blocks)):
            data.send(wire.encode_frame(index, b""))
        control.ask({"op": "progress", "disk": disk, "done": 1, "total": 1})
        return blocks

    def _keep_pace(self) -> None:
        """Wait until the limit allows what was sent; a stop ends the wait."""
        if self._bytes_per_second > 0:
            self._stop.wait(max(0.0, self._began + self.sent_bytes / self._bytes_per_second - time.monotonic()))


def _read_afresh(fd: int) -> None:
    """Forget what this host has read of a disk before: its page cache does not see what is written to partitions."""
    if stat.S_ISBLK(os.fstat(fd).st_mode):
        os.sync()
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


class _Lines:
    """A connection that speaks lines of JSON; a refusal in an answer is raised as TransferBroken."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader: IO[bytes] = self._socket.makefile("rb")

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._reader.close()
        self._socket.close()

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Send a line and return the answer."""
        self._socket.sendall(wire.encode_line(message))
        return self.answer()

    def ask_held(self, message: Mapping[str, Any]) -> dict[int, bytes]:
        """Send the data port's first line and return what the instance has: (index: SHA-256)."""
        count = int(self.ask(message)["have"])
        records = self._reader.read(count * wire.RECORD.size)
        if len(records) < count * wire.RECORD.size:
            raise EOFError("the connection ended in the list of blocks")
        return dict(wire.RECORD.iter_unpack(records))

    def send(self, frame: bytes) -> None:
        """Send a frame; the receiver only speaks up between frames to refuse them."""
        if select.select([self._socket], [], [], 0)[0]:
            self.answer()
        self._socket.sendall(frame)

    def answer(self) -> dict[str, Any]:
        """Return the next line."""
        line = self._reader.readline(wire.LINE_LIMIT)
        if not line.endswith(b"\n"):
            raise EOFError("the intermediate instance closed the connection")
        answer = wire.decode_line(line)
        if answer.get("ok") is not True:
            raise TransferBroken(str(answer.get("error", "the intermediate instance refused")))
        return answer
