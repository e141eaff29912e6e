# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a fault out on an OSS request: what the client gets instead of, or after, the real answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast
from xml.etree import ElementTree

from aiohttp import StreamReader, web

from sandbox.cloud import Cloud
from sandbox.faults.carry import HTML
from sandbox.faults.schema import Fault
from sandbox.faults.wire import MARK
from sandbox.oss.errors import OssError
from sandbox.oss.request import OssRequest
from sandbox.oss.xml import MalformedXml, parse

Perform = Callable[[OssRequest, Fault | None], Awaitable[web.StreamResponse]]
"""Authenticates and carries the operation out; the answer bears what the fault does to it."""


async def answer(request: OssRequest, cloud: Cloud, action: str, params: Mapping[str, str],
                 perform: Perform) -> web.StreamResponse:
    """The answer to an OSS request, with the first fault rule that it meets; an error is raised as OssError."""
    fault = cloud.faults.pick("oss", action, params)
    if fault is None:
        return await perform(request, None)
    if fault.kind == "delay" and fault.phase == "before":
        await asyncio.sleep(fault.seconds or 0)
        return await perform(request, fault)
    if fault.kind == "partial":
        return await perform(await _half(request), fault)
    if fault.kind in ("truncate", "crc"):
        return _cut(await perform(request, fault)) if fault.kind == "truncate" else await perform(request, fault)
    done = await perform(request, fault) if fault.phase == "after" else None
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


async def _half(request: OssRequest) -> OssRequest:
    """The request to delete objects without the second half of its keys, as if the service had got no further."""
    body = await request.http.read()
    try:
        root = parse(body, "Delete")
    except MalformedXml:
        # The operation says so.
        pass
    else:
        objects = root.findall("Object")
        for node in objects[(len(objects) + 1) // 2:]:
            root.remove(node)
        body = ElementTree.tostring(root)
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    return replace(request, http=cast(web.Request, _WithBody(request.http, body)),
                   headers={**request.headers, "content-md5": digest, "content-length": str(len(body))})


class _WithBody:
    """A request whose body is another one."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self._request = request
        self.content = StreamReader(request.protocol, 2**16, loop=asyncio.get_running_loop())
        self.content.feed_data(body)
        self.content.feed_eof()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)

    def __getitem__(self, name: str) -> Any:
        return self._request[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._request[name] = value
