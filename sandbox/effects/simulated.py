# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of a simulated client: deterministic content, so that two runs of one world give the same images."""

from __future__ import annotations

import asyncio
import hashlib

from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row

_MIB = 1024**2


async def write_content(cloud: Cloud, source: Row, disks: list[Row]) -> None:
    """Fill the received disks of a pre-made source with its content, in a thread."""
    await asyncio.to_thread(_write, cloud, source, disks)


def _write(cloud: Cloud, source: Row, disks: list[Row]) -> None:
    sizes = {int(disk["index"]): int(disk["content_bytes"]) for disk in source["disks"]}
    for disk in disks:
        count = sizes[disk["index"]] // _MIB
        step = max(1, (disk["size"] * GIB // _MIB) // max(1, count))
        for block in range(count):
            seed = f"{source['id']}/{disk['index']}/{block}".encode()
            cloud.disk_store.write(disk["id"], block * step * _MIB, hashlib.sha256(seed).digest() * (_MIB // 32))
