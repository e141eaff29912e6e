# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports 8080 and 8703 of intermediate instances, as servers on the sandbox's own address (facts 2.3)."""
from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from .disks import DiskStore, non_zero_blocks
from .streams import Instance, ReceiverDisk, serve_control, serve_data

__all__ = ["Ports", "ReceiverDisk", "Receivers"]

_BUFFER = 2 << 20
"""Bytes that one connection may hold unread: a block and the next one's beginning."""

_Handler = Callable[[Instance, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Ports:
    """Where the client finds one intermediate instance, and the key that opens it."""

    host: str
    control: int
    data: int
    key: str


@dataclass
class _Open:
    instance: Instance
    ports: Ports
    servers: list[asyncio.Server]


class Receivers:
    """The intermediate instances that can be reached now; each has a separate control port and data port."""

    def __init__(self, store: DiskStore, host: str, announced: str = "") -> None:
        """Listen on ``host``; clients are told to connect to ``announced`` (unset: ``host``)."""
        self.store = store
        self.host = host
        self.announced = announced or host
        self._open: dict[str, _Open] = {}

    async def open(self, instance_id: str, job_id: str, source_id: str, disks: Sequence[ReceiverDisk]) -> Ports:
        """Listen for one source and return the ports; the disks must exist in the store.

        What the disks already hold counts as received. An instance that is open keeps its ports, and its error is
        cleared: a job is started again this way.
        """
        known = self._open.get(instance_id)
        if known is not None:
            known.instance.forgive()
            return known.ports
        instance = Instance(self.store, instance_id, job_id, source_id, secrets.token_hex(16), disks)
        for disk in disks:
            blocks = await asyncio.to_thread(non_zero_blocks, self.store.path(disk.disk_id))
            instance.received[disk.index] = dict(blocks)
        control = await self._listen(instance, serve_control)
        data = await self._listen(instance, serve_data)
        ports = Ports(self.announced, _port(control), _port(data), instance.key)
        self._open[instance_id] = _Open(instance, ports, [control, data])
        return ports

    def ports(self, instance_id: str) -> Ports | None:
        """Return the ports of an open instance, None for any other."""
        known = self._open.get(instance_id)
        return known.ports if known else None

    def progress(self, instance_id: str) -> float:
        """Return the received share, 0 to 1; an instance that is not open has received nothing."""
        known = self._open.get(instance_id)
        return known.instance.progress() if known else 0.0

    def complete(self, instance_id: str) -> bool:
        """Return whether every disk has been received and its digest agreed."""
        known = self._open.get(instance_id)
        return known is not None and known.instance.complete()

    def error(self, instance_id: str) -> str | None:
        """Return why the instance refused the stream, None while it has not."""
        known = self._open.get(instance_id)
        return known.instance.error if known else None

    def received_bytes(self, instance_id: str) -> int:
        """Return the payload bytes that arrived since the instance was opened."""
        known = self._open.get(instance_id)
        return known.instance.payload_bytes if known else 0

    def interrupt(self, instance_id: str) -> int:
        """Break every connection to the instance, as a network failure would; return how many there were."""
        known = self._open.get(instance_id)
        return known.instance.hang_up() if known else 0

    async def close(self, instance_id: str) -> None:
        """Stop listening and break every connection: the disks stay; an instance that is not open is no error."""
        known = self._open.pop(instance_id, None)
        if known is None:
            return
        for server in known.servers:
            server.close()
        known.instance.hang_up()
        await known.instance.idle()

    async def close_all(self) -> None:
        """Close every instance."""
        for instance_id in list(self._open):
            await self.close(instance_id)

    async def _listen(self, instance: Instance, handler: _Handler) -> asyncio.Server:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with instance.connection(writer):
                await handler(instance, reader, writer)

        return await asyncio.start_server(connected, self.host, 0, limit=_BUFFER)


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port
