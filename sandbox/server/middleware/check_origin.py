# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control calls have no signature: a page of another site in the user's browser must not make them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a control call with a host name (DNS rebinding needs one) or from a page of another origin."""
    if request.path.startswith("/_sandbox"):
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if not _is_address(host):
            raise web.HTTPForbidden(text=f"Control calls need an IP address or localhost as Host, not {host!r}.")
        if origin is not None and origin != f"http://{host}":
            raise web.HTTPForbidden(text=f"Control calls are refused to pages of {origin!r}.")
    return await handler(request)


def _is_address(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
