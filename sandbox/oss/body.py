# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies: taking one from the wire into a file, and sending a stretch of a file."""
from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element

from aiohttp import web

from sandbox.faults.wire import break_off, sent_bytes
from sandbox.oss.buckets import Sums
from sandbox.oss.call import Call
from sandbox.oss.errors import OssError
from sandbox.oss.request import OssRequest, must_close
from sandbox.oss.xml import MalformedXml, parse

_CHUNK = 1 << 20
_INLINE = 64 * 1024
_XML_LIMIT = 2 << 20


async def receive(request: OssRequest, target: Path) -> Sums:
    """Write the request's body to `target` and return its sums; a Content-MD5 that does not agree is refused."""
    if "content-length" not in request.headers and "chunked" not in request.headers.get("transfer-encoding", ""):
        raise OssError("MissingContentLength")
    sums = Sums()
    with target.open("wb") as file:
        def take(data: bytes) -> None:
            sums.update(data)
            file.write(data)

        pending = bytearray()
        async for data in request.http.content.iter_any():
            pending += data
            if len(pending) >= _CHUNK:
                # Hashing and writing a whole chunk takes milliseconds: not on the event loop.
                await asyncio.to_thread(take, bytes(pending))
                pending.clear()
        if len(pending) > _INLINE:
            await asyncio.to_thread(take, bytes(pending))
        else:
            take(bytes(pending))
    expected = request.headers.get("content-md5")
    if expected is not None and expected != base64.b64encode(sums.md5).decode():
        raise OssError("InvalidDigest", details={"Content-MD5": expected})
    return sums


async def send(call: Call, path: Path, start: int, length: int, status: int, headers: Mapping[str, str],
               compress: bool = False) -> web.StreamResponse:
    """Send `length` bytes of a file from `start`, gzipped on the way if wanted; to a HEAD request only their number."""
    response = web.StreamResponse(status=status, headers=call.headers(headers))
    if compress:
        response.enable_compression(web.ContentCoding.gzip)
    else:
        response.content_length = length
    if must_close(call.request.http):
        response.force_close()
    # Opened before the first wait: the object may be replaced or deleted meanwhile, the reader keeps what it had.
    with path.open("rb") as file:
        file.seek(start)
        await response.prepare(call.request.http)
        length, cut = sent_bytes(call.fault, length)
        # A client that leaves before the end has what it wanted; the answer's status was sent.
        with contextlib.suppress(ConnectionResetError):
            while length and call.request.method != "HEAD":
                data = await asyncio.to_thread(file.read, min(_CHUNK, length))
                if not data:
                    # Somebody cut the file short behind the store's back: the client must not take it for whole.
                    response.force_close()
                    return response
                await response.write(data)
                length -= len(data)
            if cut:
                await break_off(response, call.request.http)
            else:
                await response.write_eof()
    return response


async def read_body(request: OssRequest) -> bytes:
    """Return the body of a request that is a small document."""
    body = bytearray()
    async for data in request.http.content.iter_any():
        body += data
        if len(body) > _XML_LIMIT:
            raise OssError("MalformedXML", f"The XML has more than {_XML_LIMIT} bytes.")
    return bytes(body)


async def read_xml(request: OssRequest, root: str, required: bool = True) -> Element | None:
    """Return the root element of a small XML body, None for an empty body that is not required."""
    body = await read_body(request)
    if not body and not required:
        return None
    try:
        return parse(body, root)
    except MalformedXml as error:
        raise OssError("MalformedXML", details={"ErrorDetail": str(error)}) from error
