# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One intermediate instance: what it has received, and the protocol on its two ports (sandbox/bytes/wire.py)."""
from __future__ import annotations

import asyncio
import binascii
import contextlib
import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import wire
from .disks import DiskStore, write_sparse
from .extents import BLOCK, is_zero

BROKEN_LIMIT = 3
"""Refused streams in a row after which the instance reports an error, so that the job ends InError."""

_DISCARD_SECONDS = 2.0


@dataclass(frozen=True)
class ReceiverDisk:
    """One disk of the intermediate instance: 0 is the system disk, data disks count from 1."""

    index: int
    disk_id: str
    size_bytes: int


class Refused(Exception):
    """The peer sent something that the instance does not accept; the text is sent back."""


class Instance:
    """What one intermediate instance knows: its disks, the blocks received, its connections."""

    def __init__(self, store: DiskStore, instance_id: str, job_id: str, source_id: str, key: str,
                 disks: Sequence[ReceiverDisk]) -> None:
        self.store = store
        self.instance_id = instance_id
        self.job_id = job_id
        self.source_id = source_id
        self.key = key
        self.disks = {disk.index: disk for disk in disks}
        self.received: dict[int, dict[int, bytes]] = {disk.index: {} for disk in disks}
        self.finished: set[int] = set()
        self.reported: dict[int, float] = {}
        self.busy: set[int] = set()
        self.payload_bytes = 0
        self.error: str | None = None
        self._broken = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def progress(self) -> float:
        """Return the received share of all disks, 0 to 1; every disk counts by its size."""
        total = sum(disk.size_bytes for disk in self.disks.values())
        done = sum(disk.size_bytes * (1.0 if index in self.finished else self.reported.get(index, 0.0))
                   for index, disk in self.disks.items())
        return done / total if total else 1.0

    def complete(self) -> bool:
        """Return whether every disk was received."""
        return self.finished == set(self.disks)

    def refuse(self, index: int, why: str) -> Refused:
        """Return the refusal of a stream; the third in a row becomes the instance's error."""
        text = f"Do Rsync Disk {index} Failed: {why}"
        self._broken += 1
        if self._broken >= BROKEN_LIMIT:
            self.error = text
        return Refused(text)

    def forgive(self) -> None:
        """Reset the count of refusals: a disk arrived, or the job was started again."""
        self._broken = 0
        self.error = None

    def check_key(self, message: Mapping[str, Any]) -> None:
        """Refuse a peer that does not know the instance's key."""
        if not hmac.compare_digest(str(message.get("key", "")).encode(), self.key.encode()):
            raise Refused(f"the key is not the one of intermediate instance {self.instance_id}")

    @contextlib.contextmanager
    def connection(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Keep count of a connection and close it at the end, however it ends."""
        self._writers.add(writer)
        self._idle.clear()
        try:
            yield
        finally:
            self._writers.discard(writer)
            writer.close()
            if not self._writers:
                self._idle.set()

    def hang_up(self) -> int:
        """Break every connection and return how many there were."""
        for writer in self._writers:
            writer.transport.abort()
        return len(self._writers)

    async def idle(self) -> None:
        """Return once no connection is left, so that the disks are no longer written."""
        await self._idle.wait()


async def serve_control(instance: Instance, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the lines of one control connection until the peer leaves."""
    greeted = False
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        try:
            while line := await _read_line(reader):
                message = wire.decode_line(line)
                await _say(writer, _control(instance, message) if greeted else _greet(instance, message))
                greeted = True
        except (Refused, ValueError, TypeError, KeyError, RecursionError) as refusal:
            await _say(writer, {"ok": False, "error": str(refusal)})
            await _discard(reader)


def _greet(instance: Instance, message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("op") != "hello":
        raise Refused("the first line on the control port must be 'hello'")
    instance.check_key(message)
    for field, expected in (("job", instance.job_id), ("source", instance.source_id)):
        if message.get(field) != expected:
            raise Refused(f"intermediate instance {instance.instance_id} serves {field} {expected}, "
                          f"not {message.get(field)}")
    disks = [{"index": disk.index, "size_bytes": disk.size_bytes} for disk in instance.disks.values()]
    return {"ok": True, "disks": disks}


def _control(instance: Instance, message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("op") == "progress":
        index, done, total = (int(message[name]) for name in ("disk", "done", "total"))
        if index not in instance.disks:
            raise Refused(f"disk {index} is not part of job {instance.job_id}")
        share = min(done / total, 1.0) if total > 0 else 1.0
        instance.reported[index] = max(instance.reported.get(index, 0.0), share)
        return {"ok": True}
    if message.get("op") == "finish":
        missing = sorted(set(instance.disks) - instance.finished)
        return {"ok": False, "error": f"disks {missing} were not received"} if missing else {"ok": True}
    raise Refused(f"unknown operation {message.get('op')!r} on the control port")


async def serve_data(instance: Instance, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Receive one disk over one data connection; a broken stream leaves what arrived and is not counted as received."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        try:
            message = wire.decode_line(await _read_line(reader))
            instance.check_key(message)
            await _receive(instance, _disk_of(instance, message), int(message["size"]), reader, writer)
        except (Refused, ValueError, TypeError, KeyError, RecursionError) as refusal:
            await _say(writer, {"ok": False, "error": str(refusal)})
            await _discard(reader)


def _disk_of(instance: Instance, message: Mapping[str, Any]) -> ReceiverDisk:
    index, size = int(message["disk"]), int(message["size"])
    disk = instance.disks.get(index)
    if disk is None:
        raise Refused(f"disk {index} is not part of job {instance.job_id}")
    if size > disk.size_bytes:
        raise instance.refuse(index, f"the source's disk has {size} bytes, the target's only {disk.size_bytes}")
    if index in instance.busy:
        raise Refused(f"disk {index} is being received over another connection")
    return disk


async def _receive(instance: Instance, disk: ReceiverDisk, size: int, reader: asyncio.StreamReader,
                   writer: asyncio.StreamWriter) -> None:
    held = instance.received[disk.index]
    instance.busy.add(disk.index)
    instance.finished.discard(disk.index)
    fd = os.open(instance.store.path(disk.disk_id), os.O_RDWR)
    try:
        records = b"".join(wire.RECORD.pack(index, held[index]) for index in sorted(held))
        writer.write(wire.encode_line({"ok": True, "have": len(held)}) + records)
        await writer.drain()
        while True:
            index, payload = await _read_frame(instance, disk, size, reader)
            if index == wire.END:
                break
            instance.payload_bytes += len(payload)
            try:
                digest = await asyncio.to_thread(_store_block, fd, index, payload, min(BLOCK, size - index * BLOCK))
            except OSError as error:
                raise instance.refuse(disk.index, f"block {index} cannot be written: {error.strerror}") from error
            if digest is None:
                held.pop(index, None)
            else:
                held[index] = digest
        agreed = wire.disk_digest(size, held)
        if payload != agreed:
            raise instance.refuse(disk.index, "the digest of the received disk is not the source's")
    finally:
        os.close(fd)
        instance.busy.discard(disk.index)
    instance.finished.add(disk.index)
    instance.forgive()
    await _say(writer, {"ok": True, "digest": agreed.hex(), "blocks": len(held)})


async def _read_frame(instance: Instance, disk: ReceiverDisk, size: int,
                      reader: asyncio.StreamReader) -> tuple[int, bytes]:
    index, length, checksum = wire.FRAME.unpack(await reader.readexactly(wire.FRAME.size))
    if index == wire.END:
        allowed = {32}
    elif index * BLOCK < size:
        allowed = {0, min(BLOCK, size - index * BLOCK)}
    else:
        raise instance.refuse(disk.index, f"block {index} is outside the disk of {size} bytes")
    if length not in allowed:
        raise instance.refuse(disk.index, f"block {index} has {length} bytes, allowed are {sorted(allowed)}")
    payload = await reader.readexactly(length)
    if binascii.crc32(payload) != checksum:
        raise instance.refuse(disk.index, f"block {index} arrived damaged (CRC-32 mismatch)")
    return index, payload


def _store_block(fd: int, index: int, payload: bytes, length: int) -> bytes | None:
    """Write one block and return its SHA-256, or None when it is zero and so takes no space."""
    block = payload or bytes(length)
    write_sparse(fd, index * BLOCK, block)
    return None if is_zero(block) else hashlib.sha256(block).digest()


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    """Return the next line, empty at the end of the connection; an endless line is refused."""
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError as error:
        raise Refused("the line is too long") from error
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""
    if len(line) > wire.LINE_LIMIT:
        raise Refused(f"the line has {len(line)} bytes, allowed are {wire.LINE_LIMIT}")
    return line


async def _discard(reader: asyncio.StreamReader) -> None:
    """Read for a while: closing with unread frames would reset the connection and lose the refusal."""
    async def until_end() -> None:
        while await reader.read(BLOCK):
            pass

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(until_end(), _DISCARD_SECONDS)


async def _say(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    writer.write(wire.encode_line(message))
    with contextlib.suppress(ConnectionError):
        await writer.drain()
