# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies a fault to an OSS request: what the client receives instead of, or after, the normal answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from sandbox.faults.rules import Faults
from sandbox.faults.wire import HTML, MARK
from sandbox.world.fault_rules import Fault

from .answer import Answer
from .errors import OssError

Perform = Callable[[Fault | None], Awaitable[Answer]]
"""Authenticates and executes the operation; the answer includes the effect of the fault."""


async def answer(faults: Faults, action: str, params: Mapping[str, str], perform: Perform) -> Answer:
    """Return the answer to an OSS request with the first fault rule that applies; an error is raised as OssError."""
    fault = faults.pick("oss", action, params)
    if fault is None:
        return await perform(None)
    if fault.kind == "delay" and fault.phase == "before":
        await asyncio.sleep(fault.seconds or 0)
        return await perform(fault)
    if fault.kind in ("crc", "partial"):
        return await perform(fault)
    if fault.kind == "truncate":
        return _cut(await perform(fault))
    done = await perform(fault) if fault.phase == "after" else None
    if fault.kind == "delay" and done is not None:
        await asyncio.sleep(fault.seconds or 0)
        return done
    if fault.kind == "drop":
        return Answer(end="breaks")
    mark = {**fault.headers, MARK: fault.kind}
    if fault.kind == "html":
        # What the client still sends belongs to a request that is not read.
        headers = {**mark, "Content-Type": "text/html; charset=utf-8"}
        return Answer(fault.status or 502, headers, HTML.encode(), end="closes")
    raise OssError(fault.code, fault.message or None, headers=mark, status=fault.status)


def _cut(whole: Answer) -> Answer:
    """Return the first half of a document, or an object of which half is sent before the connection breaks."""
    if whole.stretch is None:
        return replace(whole, body=whole.body[: len(whole.body) // 2])
    return replace(whole, stretch=replace(whole.stretch, sent=whole.stretch.length // 2))
