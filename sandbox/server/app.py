# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The aiohttp application: control calls, agent routes, RPC, and OSS for everything else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.effects import ens_guest
from sandbox.faults.rules import Faults
from sandbox.lifecycles.advance import settle
from sandbox.lifecycles.engine import Engine
from sandbox.oss import service as oss
from sandbox.transport import acs3, faults
from sandbox.transport.rpc import RpcService

from . import agent_routes
from .control import Control
from .local_cloud import LocalCloud
from .middleware.check_invariants import checked
from .middleware.check_origin import same_origin
from .middleware.limit_bodies import LARGEST_WORLD, is_rpc, limited, small_body
from .middleware.log_answers import answer_log
from .middleware.save_state import save_quietly, saving

_TICK = 0.1
_MOST_FIELDS = 2000
_LOG = logging.getLogger("sandbox")


def make_app(local: LocalCloud) -> web.Application:
    """Return the application that serves one local cloud."""
    cloud, engine = local.cloud, local.engine
    checks = [] if local.invariants is None else [checked(cloud, local.invariants)]
    app = web.Application(client_max_size=LARGEST_WORLD, handler_args={"auto_decompress": False},
                          middlewares=[same_origin, limited(cloud), *answer_log(), saving(cloud, local.writer),
                                       settled(engine), *checks])
    rpc = RpcService(engine)

    async def everything_else(request: web.Request) -> web.StreamResponse:
        if "Action" in request.query and "Version" in request.query:
            return await _rpc(request, rpc, local.faults)
        if is_rpc(request):
            return await _acs3(request, rpc, local.faults)
        return await oss.handle(request, cloud, local.faults)

    app.add_routes(Control(local).routes())
    agent_routes.setup(app, cloud)
    app.router.add_route("*", "/{path:.*}", everything_else)
    app.cleanup_ctx.append(lambda _: _heartbeat(local))
    return app


def settled(engine: Engine) -> Middleware:
    """Return the middleware that, on a frozen clock, waits for background work: answers do not depend on real time."""

    @web.middleware
    async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not engine.cloud.clock.rate and not request.path.startswith(("/_agent", "/_sandbox/health")):
            await settle(engine)
        return await handler(request)

    return respond


async def _rpc(request: web.Request, rpc: RpcService, rules: Faults) -> web.Response:
    params = {**request.query, **_form(request, await small_body(request))}
    return await faults.answer(request, rpc, rules, params, None)


async def _acs3(request: web.Request, rpc: RpcService, rules: Faults) -> web.Response:
    body = await small_body(request)
    query = dict(request.query)
    headers = {name.lower(): value for name, value in request.headers.items()}
    params = {**query, "Action": headers["x-acs-action"], "Version": headers["x-acs-version"], **_form(request, body)}
    signed = acs3.Signed(request.rel_url.raw_path, query, headers, body)
    return await faults.answer(request, rpc, rules, params, signed)


def _form(request: web.Request, body: bytes) -> dict[str, str]:
    """Return the parameters in the body of a form; more than _MOST_FIELDS would take seconds to sort and to check."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    if body.count(b"&") >= _MOST_FIELDS:
        raise web.HTTPRequestEntityTooLarge(max_size=_MOST_FIELDS, actual_size=body.count(b"&") + 1)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


async def _heartbeat(local: LocalCloud) -> AsyncIterator[None]:
    """Take the due lifecycle steps between requests, and stop everything at the end."""

    cloud, engine = local.cloud, local.engine

    async def beat() -> None:
        while True:
            await asyncio.sleep(_TICK)
            try:
                if cloud.clock.rate:
                    engine.tick()
                else:
                    await settle(engine)
                ens_guest.follow(cloud)
            except Exception:  # noqa: BLE001  one failing step must not stop the others
                _LOG.exception("a lifecycle step failed")
            save_quietly(local.writer)

    task = asyncio.create_task(beat())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await cloud.work.stop()
    await cloud.receivers.close_all()
    if cloud.guests is not None:
        await cloud.guests.close()
    save_quietly(local.writer)
    local.writer.file.close()
