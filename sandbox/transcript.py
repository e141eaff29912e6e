# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every RPC answer as it left, where the environment asks for it: the request log is scrubbed and short, this is not.

``SANDBOX_TRANSCRIPT`` names a folder. Every process adds a file of its own to it, one JSON line per answer: product,
action, HTTP status and body. Whoever started the processes holds the answers against the vendor's models.
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

VARIABLE = "SANDBOX_TRANSCRIPT"

# Faults that leave no answer of the sandbox.
_BREAK = frozenset({"html", "truncate"})


def transcripts() -> list[Middleware]:
    """The middleware that writes the transcript, outermost; none where the environment does not ask for it."""
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
        action = request.query.get("Action") or request.headers.get("x-acs-action", "")
        version = request.query.get("Version") or request.headers.get("x-acs-version") or ""
        broken = response.headers.get(MARK) in _BREAK
        if action and isinstance(response, web.Response) and response.text and not broken:
            line = {"product": VERSIONS.get(version, "unknown"), "action": action, "status": response.status}
            file.write(f"{json.dumps(line)[:-1]}, \"body\": {response.text}}}\n")
        return response

    return respond
