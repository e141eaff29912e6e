# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies that are held in memory are small: RPC, agent and control calls. The bytes of OSS objects go to files."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.state.cloud import Cloud

from .save_state import refusal

LARGEST = 1 << 20
"""Bytes of an RPC or agent call."""

LARGEST_WORLD = 8 << 20
"""Bytes of a control call, which may carry a world; aiohttp reads no more of any body into memory."""


def limited(cloud: Cloud) -> Middleware:
    """Return the middleware that answers 413 before it reads a body that is too large to be held.

    A body without Content-Length is read up to the limit.
    """

    @web.middleware
    async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
        limit = largest(request)
        if limit is not None and (request.content_length or 0) > limit:
            return _too_large(cloud, request, limit)
        try:
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            return _too_large(cloud, request, limit or LARGEST_WORLD)

    return respond


def largest(request: web.Request) -> int | None:
    """Return the bytes that the body of a request may have; None for OSS, which has other limits."""
    if request.path.startswith("/_sandbox"):
        return LARGEST_WORLD
    if request.path.startswith("/_agent") or is_rpc(request):
        return LARGEST
    return None


def is_rpc(request: web.Request) -> bool:
    """Return True for a call of either RPC signature; everything else is OSS or has a route."""
    return ("Action" in request.query and "Version" in request.query) \
        or ("x-acs-action" in request.headers and "x-acs-version" in request.headers)


async def small_body(request: web.Request) -> bytes:
    """Return the body of an RPC or agent call; HTTPRequestEntityTooLarge as soon as it exceeds LARGEST."""
    body = bytearray()
    async for data in request.content.iter_any():
        body += data
        if len(body) > LARGEST:
            raise web.HTTPRequestEntityTooLarge(max_size=LARGEST, actual_size=len(body))
    return bytes(body)


def _too_large(cloud: Cloud, request: web.Request, limit: int) -> web.Response:
    marks = {"x-sandbox-problem": "body too large"}
    response = refusal(cloud, request, f"The body has more than {limit} bytes.", marks, 413)
    # The rest of the body is not read.
    response.force_close()
    return response
