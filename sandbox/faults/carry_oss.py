# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a fault out on an OSS request: what the client gets instead of, or after, the real answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from sandbox.cloud import Cloud
from sandbox.faults.schema import Fault
from sandbox.faults.wire import HTML, MARK
from sandbox.oss.errors import OssError
from sandbox.oss.request import OssRequest

Perform = Callable[[Fault | None], Awaitable[web.StreamResponse]]
"""Authenticates and carries the operation out; the answer bears what the fault does to it."""


async def answer(request: OssRequest, cloud: Cloud, action: str, params: Mapping[str, str],
                 perform: Perform) -> web.StreamResponse:
    """The answer to an OSS request, with the first fault rule that it meets; an error is raised as OssError."""
    fault = cloud.faults.pick("oss", action, params)
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
        if request.http.transport is not None:
            request.http.transport.close()
        return web.Response(status=500)
    mark = {**fault.headers, MARK: fault.kind}
    if fault.kind == "html":
        response = web.Response(text=HTML, status=fault.status or 502, content_type="text/html", headers=mark)
        # What the client may still send belongs to a request that nobody reads.
        response.force_close()
        return response
    raise OssError(fault.code, fault.message or None, headers=mark, status=fault.status)


def _cut(response: web.StreamResponse) -> web.StreamResponse:
    """A document of which the second half is missing; the body of an object was cut on its way."""
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        response.body = response.body[: len(response.body) // 2]
    return response
