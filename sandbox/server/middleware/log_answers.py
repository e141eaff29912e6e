# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer log: every answer as it was sent. The request log is scrubbed and short, this one is not.

``SANDBOX_ANSWER_LOG`` names a folder. Every process adds a separate file to it, one JSON line per answer: product,
action, HTTP status and body; of OSS also the headers, and as the body only what is XML, never the bytes of an object.
The tests compare the answers with the vendor's models.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import IO

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.contracts import VERSIONS
from sandbox.faults.wire import MARK
from sandbox.oss.service import OPERATION

VARIABLE = "SANDBOX_ANSWER_LOG"
# Faults that replace the answer of the sandbox.
_BREAK = frozenset({"html", "truncate"})
_HEADERS = frozenset({
    "accept-ranges", "cache-control", "content-disposition", "content-encoding", "content-language", "content-length",
    "content-md5", "content-range", "content-type", "etag", "expires", "last-modified", "location"})


def answer_log() -> list[Middleware]:
    """Return the middleware that writes the answer log; none when the environment variable is not set."""
    folder = os.environ.get(VARIABLE)
    return [_noting(_file(Path(folder)))] if folder else []


def _file(folder: Path) -> IO[str]:
    folder.mkdir(parents=True, exist_ok=True)
    number, _name = tempfile.mkstemp(prefix="answers-", suffix=".jsonl", dir=folder)
    # One write per line: what was answered is there even when the process is killed.
    return os.fdopen(number, "w", buffering=1, encoding="utf-8")


def _noting(file: IO[str]) -> Middleware:
    @web.middleware
    async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if response.headers.get(MARK) not in _BREAK:
            line = _of_oss(request, response) if OPERATION in request else _of_rpc(request, response)
            if line:
                file.write(f"{line}\n")
        return response

    return respond


def _of_rpc(request: web.Request, response: web.StreamResponse) -> str:
    action = request.query.get("Action") or request.headers.get("x-acs-action", "")
    if not action or not isinstance(response, web.Response) or not response.text:
        return ""
    version = request.query.get("Version") or request.headers.get("x-acs-version") or ""
    line = {"product": VERSIONS.get(version, "unknown"), "action": action, "status": response.status}
    return f"{json.dumps(line)[:-1]}, \"body\": {response.text}}}"


def _of_oss(request: web.Request, response: web.StreamResponse) -> str:
    if request.transport is None or request.transport.is_closing():
        # The connection is closed: there is no answer.
        return ""
    headers = {name.lower(): value for name, value in response.headers.items()}
    # The bytes of an object, which may be XML too, leave in a stream.
    body = response.text if isinstance(response, web.Response) and response.content_type == "application/xml" else ""
    return json.dumps({
        "product": "oss", "action": request[OPERATION], "status": response.status,
        "headers": {name: value for name, value in headers.items() if name in _HEADERS or name.startswith("x-oss-")},
        "body": body or ""})
