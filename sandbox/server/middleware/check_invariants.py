# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``--check-invariants``: a request after which an invariant does not hold is answered with HTTP 500."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.server.invariants import Invariants
from sandbox.state.cloud import Cloud

from .save_state import refusal

_LONGEST = 2000
_LOG = logging.getLogger("sandbox")


def checked(cloud: Cloud, invariants: Invariants) -> Middleware:
    """Return the middleware that checks after every request: HTTP 500 and ``x-sandbox-bug`` on a violation."""

    @web.middleware
    async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        broken = invariants.check()
        if not broken:
            return response
        text = "; ".join(broken)
        _LOG.error("after %s %s: %s", request.method, request.path, text)
        marks = {"x-sandbox-bug": text[:_LONGEST]}
        return refusal(cloud, request, f"An invariant of the sandbox does not hold: {text}", marks)

    return respond
