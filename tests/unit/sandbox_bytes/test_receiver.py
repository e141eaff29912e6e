# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import binascii
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE

from sandbox.bytes import wire
from sandbox.bytes.disks import DiskStore, non_zero_blocks
from sandbox.bytes.extents import BLOCK
from sandbox.bytes.receiver import Ports, ReceiverDisk, Receivers
from sandbox.client.go2aliyun.system import Disk
from sandbox.client.go2aliyun.transfer import Transfer, TransferBroken, TransferStopped, Work

SIZE = 64 * BLOCK + 512


class Copy:
    """Two source disks and a receiver for them."""

    def __init__(self, folder: Path) -> None:
        self.store = DiskStore(folder / "store")
        self.disks = []
        for index in (0, 1):
            path = folder / f"vd{index}"
            with path.open("wb") as disk:
                disk.truncate(SIZE)
                for block in (0, 3, 4, 17, 40, 64):
                    disk.seek(block * BLOCK)
                    disk.write(os.urandom(500))
            self.disks.append(Disk(index, f"vd{index}", path, SIZE))
            self.store.create(f"d-{index}", SIZE)
        self.said: list[str] = []
        self.receivers = Receivers(self.store, "127.0.0.1")

    async def open(self, sizes: tuple[int, int] = (SIZE, SIZE)) -> Ports:
        disks = [ReceiverDisk(index, f"d-{index}", size) for index, size in enumerate(sizes)]
        return await self.receivers.open("i-1", "j-1", "s-1", disks)

    def transfer(self, ports: Ports, stop: threading.Event | None = None, **changes: Any) -> Transfer:
        work = Work(**{"job": "j-1", "instance": "i-1", "ip": ports.host, "control": ports.control, "data": ports.data,
                       "key": ports.key, **changes})
        return Transfer(work, "s-1", self.disks, stop or threading.Event(), self.said.append)

    def same(self) -> bool:
        return all(non_zero_blocks(disk.path) == non_zero_blocks(self.store.path(f"d-{disk.index}"))
                   for disk in self.disks)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def scenario(copy: Copy, steps: Callable[[Ports], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        ports = await copy.open()
        try:
            await steps(ports)
        finally:
            await copy.receivers.close_all()

    asyncio.run(run())


def speak(port: int, *messages: bytes) -> list[dict[str, Any]]:
    """Send bytes to a port and return the lines that come back until the receiver hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
        for message in messages:
            peer.sendall(message)
        peer.shutdown(socket.SHUT_WR)
        with peer.makefile("rb") as reader:
            return [wire.decode_line(line) for line in reader]


def test_both_disks_arrive_and_only_what_is_not_zero_travels(copy: Copy) -> None:
    async def steps(ports: Ports) -> None:
        assert (copy.receivers.progress("i-1"), copy.receivers.complete("i-1")) == (0.0, False)
        await asyncio.to_thread(copy.transfer(ports).run)
        assert (copy.receivers.progress("i-1"), copy.receivers.complete("i-1")) == (1.0, True)
        assert copy.receivers.error("i-1") is None
        assert copy.receivers.received_bytes("i-1") == 2 * (5 * BLOCK + 512)

    scenario(copy, steps)
    assert copy.same()
    assert copy.store.used_bytes("d-0") < 8 * BLOCK


def test_a_client_is_told_the_announced_address(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    copy.receivers = Receivers(copy.store, "127.0.0.1", "10.0.2.2")

    async def steps(ports: Ports) -> None:
        assert ports.host == "10.0.2.2"
        await asyncio.to_thread(copy.transfer(replace(ports, host="127.0.0.1")).run)

    scenario(copy, steps)
    assert copy.same()


def test_the_next_run_of_a_job_sends_only_what_changed(copy: Copy) -> None:
    """Between two runs of an incremental job the instance is closed; its disks stay."""

    async def steps(ports: Ports) -> None:
        await asyncio.to_thread(copy.transfer(ports).run)
        await copy.receivers.close("i-1")
        with copy.disks[1].path.open("r+b") as disk:
            disk.seek(BLOCK)
            disk.write(b"written between the runs")
        again = await copy.open()
        await asyncio.to_thread(copy.transfer(again).run)
        assert copy.receivers.received_bytes("i-1") == BLOCK, "the instance counts from its opening"
        assert copy.receivers.complete("i-1")

    scenario(copy, steps)
    assert copy.same()


def test_a_second_run_sends_only_what_changed(copy: Copy) -> None:
    async def steps(ports: Ports) -> None:
        await asyncio.to_thread(copy.transfer(ports).run)
        with copy.disks[0].path.open("r+b") as disk:
            disk.seek(3 * BLOCK)
            disk.write(bytes(BLOCK))  # becomes zero
            disk.seek(10 * BLOCK)
            disk.write(b"new")
        again = copy.transfer(ports)
        await asyncio.to_thread(again.run)
        assert again.sent_bytes == BLOCK

    scenario(copy, steps)
    assert copy.same()


def test_what_arrived_counts_after_the_instance_was_closed_and_opened(copy: Copy) -> None:
    async def run() -> None:
        await asyncio.to_thread(copy.transfer(await copy.open()).run)
        await copy.receivers.close("i-1")
        assert (copy.receivers.ports("i-1"), copy.receivers.progress("i-1")) == (None, 0.0)
        again = copy.transfer(await copy.open())
        await asyncio.to_thread(again.run)
        assert again.sent_bytes == 0
        assert copy.receivers.complete("i-1")
        await copy.receivers.close_all()

    asyncio.run(run())


def test_a_broken_connection_breaks_the_transfer_and_the_next_continues(copy: Copy) -> None:
    async def steps(ports: Ports) -> None:
        sent = threading.Event()

        def say(text: str) -> None:
            copy.said.append(text)
            if text.startswith("Do Rsync Disk 1:"):
                sent.set()
                broken.wait(PATIENCE)

        broken = threading.Event()
        first = copy.transfer(ports)
        first._say = say
        running = asyncio.create_task(asyncio.to_thread(first.run))
        await asyncio.to_thread(sent.wait, PATIENCE)
        assert copy.receivers.interrupt("i-1") == 2
        broken.set()
        with pytest.raises(TransferBroken):
            await running
        assert not copy.receivers.complete("i-1")
        assert copy.receivers.error("i-1") is None
        second = copy.transfer(ports)
        await asyncio.to_thread(second.run)
        assert copy.receivers.complete("i-1")
        assert second.sent_bytes < 2 * (5 * BLOCK + 512)

    scenario(copy, steps)
    assert copy.same()


def test_a_stopped_transfer_ends_early(copy: Copy) -> None:
    async def steps(ports: Ports) -> None:
        stop = threading.Event()
        stop.set()
        with pytest.raises(TransferStopped):
            await asyncio.to_thread(copy.transfer(ports, stop).run)
        assert not copy.receivers.complete("i-1")

    scenario(copy, steps)


@pytest.mark.parametrize(("changes", "why"), [
    ({"key": "wrong"}, "the key is not the one of intermediate instance i-1"),
    ({"job": "j-2"}, "serves job j-1, not j-2"),
])
def test_a_stranger_is_refused(copy: Copy, changes: dict[str, str], why: str) -> None:
    async def steps(ports: Ports) -> None:
        with pytest.raises(TransferBroken, match=why):
            await asyncio.to_thread(copy.transfer(ports, **changes).run)
        assert copy.receivers.error("i-1") is None

    scenario(copy, steps)


def hello(ports: Ports, disk: int = 0, size: int = SIZE) -> bytes:
    return wire.encode_line({"key": ports.key, "disk": disk, "size": size})


@pytest.mark.parametrize(("frame", "why"), [
    (wire.FRAME.pack(0, BLOCK, 1) + bytes(BLOCK), "block 0 arrived damaged"),
    (wire.FRAME.pack(65, 512, binascii.crc32(b"x" * 512)) + b"x" * 512, "block 65 is outside the disk"),
    (wire.FRAME.pack(0, 100, binascii.crc32(b"x" * 100)) + b"x" * 100, "block 0 has 100 bytes"),
    (wire.encode_frame(wire.END, bytes(32)), "the digest of the received disk is not the source's"),
])
def test_a_wrong_frame_is_refused_and_the_third_is_the_jobs_error(copy: Copy, frame: bytes, why: str) -> None:
    async def steps(ports: Ports) -> None:
        for number in (1, 2, 3):
            answers = await asyncio.to_thread(speak, ports.data, hello(ports), frame)
            assert why in answers[1]["error"]
            assert (copy.receivers.error("i-1") is not None) == (number == 3)
        assert str(copy.receivers.error("i-1")).startswith("Do Rsync Disk 0 Failed: ")
        assert not copy.receivers.complete("i-1")
        # Starting the job again opens the instance again: it keeps its ports and gets a new chance.
        assert await copy.open() == ports
        assert copy.receivers.error("i-1") is None
        await asyncio.to_thread(copy.transfer(ports).run)
        assert copy.receivers.complete("i-1")

    scenario(copy, steps)


def test_a_stream_that_just_ends_leaves_the_disk_unfinished(copy: Copy) -> None:
    async def steps(ports: Ports) -> None:
        frame = wire.encode_frame(0, os.urandom(BLOCK))
        answers = await asyncio.to_thread(speak, ports.data, hello(ports), frame + frame[:1000])
        assert [answer["ok"] for answer in answers] == [True]
        control = wire.encode_line({"op": "hello", "key": ports.key, "job": "j-1", "source": "s-1"})
        answers = await asyncio.to_thread(speak, ports.control, control, wire.encode_line({"op": "finish"}))
        assert answers[1] == {"ok": False, "error": "disks [0, 1] were not received"}

    scenario(copy, steps)


@pytest.mark.parametrize(("line", "why"), [
    (b"GET / HTTP/1.1\r\n\r\n", "Expecting value"),
    (b"[]\n", "expected a JSON object"),
    (b"x" * (3 << 20) + b"\n", "the line is too long"),
    (b'{"op": "progress"}\n', "the first line on the control port must be 'hello'"),
])
def test_what_is_no_client_gets_an_answer_and_no_crash(copy: Copy, line: bytes, why: str) -> None:
    async def steps(ports: Ports) -> None:
        answers = await asyncio.to_thread(speak, ports.control, line)
        assert why in answers[0]["error"]

    scenario(copy, steps)


def test_a_disk_too_large_or_unknown_is_refused(copy: Copy) -> None:
    async def steps(ports: Ports) -> None:
        answers = await asyncio.to_thread(speak, ports.data, hello(ports, size=SIZE + 1))
        assert "the source's disk has 67109377 bytes, the target's only 67109376" in answers[0]["error"]
        answers = await asyncio.to_thread(speak, ports.data, hello(ports, disk=7))
        assert answers[0]["error"] == "disk 7 is not part of job j-1"

    scenario(copy, steps)
