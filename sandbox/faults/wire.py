# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How faults show on the wire: the mark, the page of a gateway, headers, and how much of a body is sent."""

from __future__ import annotations

from aiohttp import web

from sandbox.faults.schema import Fault

MARK = "x-sandbox-fault"
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_CRC = "x-oss-hash-crc64ecma"


def altered(fault: Fault | None, headers: dict[str, str]) -> dict[str, str]:
    """The headers of an answer, with what a fault adds to them; one of kind ``crc`` makes the checksum a wrong one."""
    if fault is None:
        return headers
    more = {**fault.headers, MARK: fault.kind}
    if fault.kind == "crc" and _CRC in headers:
        more[_CRC] = str(int(headers[_CRC]) ^ 1)
    return {**headers, **more}


def sent_bytes(fault: Fault | None, length: int) -> tuple[int, bool]:
    """How many bytes of a body are sent, and whether the connection breaks after them."""
    if fault is None or fault.kind != "truncate":
        return length, False
    return length // 2, True


async def break_off(response: web.StreamResponse, request: web.Request) -> None:
    """Close the connection in the middle of a body whose length was announced."""
    response.force_close()
    if request.transport is not None:
        request.transport.close()
