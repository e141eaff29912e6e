# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state file is written before the answer is sent; with a full disk, changes are refused and reads work."""

from __future__ import annotations

import errno
import logging

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.contracts import READS, VERSIONS
from sandbox.contracts.errors import error
from sandbox.oss.errors import OssError
from sandbox.oss.wire import read_request
from sandbox.persistence.state_file import StateFileError
from sandbox.persistence.writer import StateWriter
from sandbox.state.cloud import Cloud

_LOG = logging.getLogger("sandbox")
_TOLD: dict[str, str] = {}
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def saving(cloud: Cloud, writer: StateWriter) -> Middleware:
    """Return the middleware that writes the state file between a request's effect and its answer."""

    @web.middleware
    async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except OSError as failed:
            if failed.errno not in _FULL:
                raise
            save_quietly(writer)
            return _full(cloud, request, f"{failed.filename or cloud.root}: {failed.strerror}")
        _touch(cloud, request)
        try:
            writer.save()
        except StateFileError as failed:
            _complain(failed)
            if not _reads(request):
                return _full(cloud, request, str(failed))
        return response

    return respond


def save_quietly(writer: StateWriter) -> None:
    """Write the state file if there are changes; a failure is reported once on stderr and retried later."""
    if writer.unsaved():
        try:
            writer.save()
        except StateFileError as failed:
            _complain(failed)


def _full(cloud: Cloud, request: web.Request, why: str) -> web.Response:
    return refusal(cloud, request, f"The sandbox cannot save its state: {why}", {"x-sandbox-problem": why})


def refusal(cloud: Cloud, request: web.Request, message: str, marks: dict[str, str], status: int = 500) -> web.Response:
    """Return an error in the form of the interface that was called, with these headers: InternalError unless 413."""
    headers = {"x-sandbox-provenance": "invented", **marks}
    code = "RequestEntityTooLarge" if status == 413 else "InternalError"
    if request.path.startswith(("/_sandbox", "/_agent")):
        return web.json_response({"error": message, "code": code, "message": message}, status=status,
                                 headers=headers)
    if "Action" in request.query or "x-acs-action" in request.headers:
        version = request.query.get("Version") or request.headers.get("x-acs-version") or ""
        body = error(code, message).body(cloud.request_id(), VERSIONS.get(version, "unknown"))
        return web.json_response(body, status=status, headers=headers)
    request_id = cloud.draws.hexadecimal(24, "oss request")
    return web.Response(body=OssError(code, message).xml(request_id, request.host), status=status,
                        content_type="application/xml", headers={"x-oss-request-id": request_id, **headers})


def _complain(failed: StateFileError) -> None:
    text = str(failed)
    if text != _TOLD.get("last"):
        _TOLD["last"] = text
        _LOG.error("the state cannot be written: %s", text)


def _touch(cloud: Cloud, request: web.Request) -> None:
    if request.method in ("GET", "HEAD") or request.path.startswith(("/_sandbox", "/_agent")) \
            or "Action" in request.query or "x-acs-action" in request.headers:
        return
    try:
        oss = read_request(request)
    except OssError:
        return
    if oss.bucket:
        cloud.buckets.touch(oss.bucket, oss.key, request.query.get("uploadId", ""))


def _reads(request: web.Request) -> bool:
    action = request.query.get("Action") or request.headers.get("x-acs-action", "")
    if action:
        return action.startswith(READS)
    return request.method in ("GET", "HEAD")
