# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads OSS requests and sends answers. Apart from service.py, no other module of OSS uses the HTTP library."""
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import BinaryIO
from urllib.parse import unquote, unquote_to_bytes

from aiohttp import web

from .answer import Answer, Stretch
from .errors import OssError
from .request import OssRequest, parse_query

_CHUNK = 1 << 20


def read_request(http: web.Request) -> OssRequest:
    """Return the request; a key that is not UTF-8 is refused.

    oss2 encodes the slashes of a key: the bucket ends at the first slash that is not encoded (local-cloud 3.6).
    """
    path, _mark, query = http.raw_path.partition("?")
    bucket, _slash, key = path.lstrip("/").partition("/")
    try:
        decoded = unquote_to_bytes(key).decode("utf-8")
    except UnicodeDecodeError as error:
        raise OssError("InvalidObjectName") from error
    headers = {name.lower(): value for name, value in http.headers.items()}

    async def chunks() -> AsyncIterator[bytes]:
        async for data in http.content.iter_any():
            yield data

    return OssRequest(http.method, unquote(bucket), decoded, parse_query(query), headers, chunks)


async def send(http: web.Request, answer: Answer) -> web.StreamResponse:
    """Send an answer; to a HEAD request only how long its content is. FileNotFoundError when its file is gone."""
    if answer.end == "breaks":
        _break_off(http)
        return web.Response(status=500)
    if answer.stretch is None:
        response = web.Response(status=answer.status, body=answer.body or None, headers=answer.headers)
        if answer.end == "closes" or _is_followed(http):
            response.force_close()
        return response
    # Opened before the first wait: the object may be replaced or deleted meanwhile, the reader keeps what it had.
    with answer.stretch.path.open("rb") as file:
        return await _send_stretch(http, answer, answer.stretch, file)


async def _send_stretch(http: web.Request, answer: Answer, stretch: Stretch, file: BinaryIO) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if stretch.compress:
        response.enable_compression(web.ContentCoding.gzip)
    else:
        response.content_length = stretch.length
    if _is_followed(http):
        response.force_close()
    file.seek(stretch.start)
    await response.prepare(http)
    length = stretch.length if stretch.sent is None else stretch.sent
    # A client that leaves before the end has what it wanted; the answer's status was sent.
    with contextlib.suppress(ConnectionResetError):
        while length and http.method != "HEAD":
            data = await asyncio.to_thread(file.read, min(_CHUNK, length))
            if not data:
                # The file was truncated outside of OSS: the client must not take it for complete.
                response.force_close()
                return response
            await response.write(data)
            length -= len(data)
        if stretch.sent is not None:
            response.force_close()
            _break_off(http)
        else:
            await response.write_eof()
    return response


def _is_followed(http: web.Request) -> bool:
    """Whether the connection ends with the answer: a body was announced that is not waited for.

    A vendor test announces one with a GET and never sends it (local-cloud 3.6).
    """
    return http.method in ("GET", "HEAD", "DELETE") and http.can_read_body


def _break_off(http: web.Request) -> None:
    if http.transport is not None:
        http.transport.close()
