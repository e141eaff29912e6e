# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies: taking one as it arrives into a file, or into a small document."""
from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from xml.etree.ElementTree import Element

from sandbox.state.buckets import Sums

from .errors import OssError
from .request import OssRequest
from .xml import MalformedXml, parse

LARGEST_OBJECT = 5 << 30
"""Bytes that one PutObject, AppendObject or UploadPart may have; larger objects are uploaded in parts."""

_CHUNK = 1 << 20
_INLINE = 64 * 1024
_XML_LIMIT = 2 << 20


async def receive(request: OssRequest, target: Path) -> Sums:
    """Write the request's body to `target` and return its sums; a Content-MD5 that does not agree is refused."""
    if "content-length" not in request.headers and "chunked" not in request.headers.get("transfer-encoding", ""):
        raise OssError("MissingContentLength")
    _refuse_larger(int(request.headers.get("content-length", "0")))
    sums = Sums()
    with target.open("wb") as file:
        def take(data: bytes) -> None:
            sums.update(data)
            file.write(data)

        pending = bytearray()
        async for data in request.chunks():
            pending += data
            _refuse_larger(sums.size + len(pending))
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


async def read_body(request: OssRequest) -> bytes:
    """Return the body of a request that is a small document."""
    body = bytearray()
    if int(request.headers.get("content-length", "0")) > _XML_LIMIT:
        raise OssError("MalformedXML", f"The XML has more than {_XML_LIMIT} bytes.")
    async for data in request.chunks():
        body += data
        if len(body) > _XML_LIMIT:
            raise OssError("MalformedXML", f"The XML has more than {_XML_LIMIT} bytes.")
    return bytes(body)


def _refuse_larger(size: int) -> None:
    if size > LARGEST_OBJECT:
        raise OssError("EntityTooLarge")


async def read_xml(request: OssRequest, root: str, required: bool = True) -> Element | None:
    """Return the root element of a small XML body, None for an empty body that is not required."""
    body = await read_body(request)
    if not body and not required:
        return None
    try:
        return parse(body, root)
    except MalformedXml as error:
        raise OssError("MalformedXML", details={"ErrorDetail": str(error)}) from error
