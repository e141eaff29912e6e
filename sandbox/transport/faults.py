# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies a fault to an RPC call: what the client receives instead of, or after, the normal answer."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.contracts import READS, VERSIONS
from sandbox.contracts.errors import error
from sandbox.faults.rules import Faults
from sandbox.faults.stale import as_it_was
from sandbox.faults.wire import HTML, MARK
from sandbox.state.cloud import Cloud
from sandbox.world.fault_rules import Fault

from . import acs3
from .rpc import Reply, RpcService

Serve = Callable[[Cloud | None], Reply]
"""Answers the call from the given cloud, by default from the present one."""


async def answer(request: web.Request, rpc: RpcService, faults: Faults, params: Mapping[str, str],
                 signed: acs3.Signed | None) -> web.Response:
    """Return the answer to an RPC call with the first fault rule that applies; faults are in the request log.

    Only a call with a valid signature uses up a rule.
    """
    cloud = rpc.cloud

    def serve(past: Cloud | None) -> Reply:
        return rpc.serve(request.method, params, signed, past)

    if not rpc.knows(request.method, params, signed):
        return _plain(serve(None))
    product, action = VERSIONS.get(params.get("Version", ""), "unknown"), params.get("Action", "")
    if faults.stale and not action.startswith(READS):
        faults.history.note(cloud, write=True)
    fault = faults.pick(product, action, params)
    if fault is None:
        return _plain(serve(None))
    mark = {**fault.headers, MARK: fault.kind}
    if fault.kind == "stale":
        return _plain(_stale(cloud, faults, fault, serve), mark)
    if fault.kind == "replay":
        # Delivered twice: the client receives the answer to the second delivery, whose nonce is used up.
        serve(None)
        return _plain(serve(None), mark)
    reply = serve(None) if fault.phase == "after" or fault.kind == "truncate" else None
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds or 0)
        return _plain(reply or serve(None), fault.headers)
    if reply is None:
        shown = {key: value for key, value in params.items() if key not in ("Action", "Version")}
        cloud.log(product, action, shown, fault.status or 0, fault.code or f"fault: {fault.kind}")
    if fault.kind == "drop":
        if request.transport is not None:
            request.transport.close()
        return web.Response(status=500)
    if fault.kind == "html":
        return web.Response(text=HTML, status=fault.status or 502, content_type="text/html", headers=mark)
    if fault.kind == "truncate" and reply is not None:
        text = json.dumps(reply.body)
        return web.Response(text=text[: len(text) // 2], status=reply.status, content_type="application/json",
                            headers={**reply.headers, **mark})
    return _error(cloud, fault, product, mark)


def _plain(reply: Reply, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(reply.body, status=reply.status, headers={**reply.headers, **(headers or {})})


def _stale(cloud: Cloud, faults: Faults, fault: Fault, serve: Serve) -> Reply:
    moment = faults.history.before(cloud, fault.seconds, fault.calls)
    reply = serve(None if moment is None else as_it_was(cloud, moment))
    if fault.row is None or reply.status != 200:
        return reply
    # The request log has the unchanged answer.
    body = copy.deepcopy(reply.body)
    rows = first_rows(body)
    if rows:
        rows[:1] = [] if fault.row == "omit" else [rows[0], copy.deepcopy(rows[0])]
    return Reply(reply.status, body, reply.headers)


def first_rows(body: Any) -> list[Any]:
    """The first list of objects in an answer, which is the page of a describe; [] when there is none."""
    if isinstance(body, dict):
        return next(filter(None, map(first_rows, body.values())), [])
    return body if isinstance(body, list) and body and isinstance(body[0], dict) else []


def _error(cloud: Cloud, fault: Fault, product: str, mark: dict[str, str]) -> web.Response:
    refused = error(fault.code, fault.message or None, fault.status)
    return web.json_response(refused.body(cloud.request_id(), product), status=refused.status, headers=mark)
