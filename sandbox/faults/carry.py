# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a fault out on an RPC call: what the client gets instead of, or after, the real answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from aiohttp import web

from sandbox.cloud import Cloud
from sandbox.contracts import VERSIONS
from sandbox.errors import error
from sandbox.faults.scenario import Fault
from sandbox.transport.rpc import Reply

_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


async def answer(request: web.Request, cloud: Cloud, params: Mapping[str, str],
                 serve: Callable[[], Reply]) -> web.Response:
    """The answer to an RPC call, with the first fault rule that it meets; faults are in the request log."""
    product, action = VERSIONS.get(params.get("Version", ""), "unknown"), params.get("Action", "")
    fault = cloud.faults.pick(product, action, params)
    if fault is None:
        return _plain(serve())
    reply = serve() if fault.phase == "after" else None
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
        return _plain(reply or serve())
    if reply is None and fault.kind == "truncate":
        reply = serve()
    mark = {**fault.headers, "x-sandbox-fault": fault.kind}
    if fault.phase == "before" and fault.kind != "truncate":
        shown = {key: value for key, value in params.items() if key not in ("Action", "Version")}
        cloud.log(product, action, shown, fault.status or 0, fault.code or f"fault: {fault.kind}")
    if fault.kind == "drop":
        if request.transport is not None:
            request.transport.close()
        return web.Response(status=500)
    if fault.kind == "html":
        return web.Response(text=_HTML, status=fault.status or 502, content_type="text/html", headers=mark)
    if fault.kind == "truncate" and reply is not None:
        text = json.dumps(reply.body)
        return web.Response(text=text[: len(text) // 2], status=reply.status, content_type="application/json",
                            headers={**reply.headers, **mark})
    return _error(cloud, fault, product, mark)


def _plain(reply: Reply) -> web.Response:
    return web.json_response(reply.body, status=reply.status, headers=reply.headers)


def _error(cloud: Cloud, fault: Fault, product: str, mark: dict[str, str]) -> web.Response:
    refused = error(fault.code, fault.message or None, fault.status)
    body = {"RequestId": cloud.request_id(), "HostId": f"{product}.aliyuncs.com", "Code": refused.code,
            "Message": refused.message,
            "Recommend": f"https://next.api.aliyun.com/troubleshoot?q={refused.code}&product={product}"}
    return web.json_response(body, status=refused.status, headers=mark)
