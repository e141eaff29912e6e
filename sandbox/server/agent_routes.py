# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes under /_agent/: the client bundle, and the calls of the client on a source server.

They take the place of smc-service (facts 2.3), whose protocol is not public. What an agent may do is decided
in sandbox.services.agents.
"""
from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

import sandbox
from sandbox.client.bundle import NAME, build_bundle
from sandbox.client.go2aliyun import VERSION
from sandbox.contracts.errors import ServiceError
from sandbox.contracts.lifecycles import HEARTBEAT
from sandbox.services import agents
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .middleware.limit_bodies import small_body

_Answer = Callable[[Cloud, dict[str, Any]], dict[str, Any]]

_SHORTEST_BEAT, _LONGEST_BEAT = 0.25, 1.0
"""Real seconds between two polls, whatever the virtual clock does: work must start soon."""


def bundle(cloud: Cloud) -> dict[str, str]:
    """Build the client bundle and return {"url", "sha256"}; it blocks for up to two seconds.

    Its client connects to the port of ``cloud.endpoint`` on the address that is announced to source servers.
    The part that is the same for every endpoint is cached in the clone's build/cache: only the first start builds it.
    """
    clone = Path(sandbox.__file__).resolve().parents[1]
    cache = clone / "build" / "cache" / "client" if os.access(clone, os.W_OK) else None
    service = f"http://{cloud.receivers.announced}:{urlsplit(cloud.endpoint).port}/_agent"
    built = build_bundle(service, cloud.root / "client", cache)
    return {"url": f"{cloud.endpoint}/_agent/{NAME}", "sha256": built.sha256}


def setup(app: web.Application, cloud: Cloud) -> None:
    """Add the routes to the application."""

    async def download(request: web.Request) -> web.StreamResponse:
        etag = f'"{cloud.agent_bundle["sha256"]}"'
        known = request.headers.get("If-None-Match") == etag
        cloud.log("agent", "DownloadClient", {"file": NAME}, 304 if known else 200)
        if known:
            return web.Response(status=304, headers={"ETag": etag})
        content = await asyncio.to_thread((cloud.root / "client" / NAME).read_bytes)
        return web.Response(body=content, content_type="application/gzip", headers={"ETag": etag})

    async def version(_request: web.Request) -> web.Response:
        return web.json_response({"version": VERSION})

    app.router.add_get(f"/_agent/{NAME}", download)
    app.router.add_get("/_agent/version", version)
    for name, answer in _ANSWERS.items():
        app.router.add_post(f"/_agent/{name}", _json(cloud, name, answer))


def _json(cloud: Cloud, name: str, answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        message: dict[str, Any] = {}
        try:
            message = _message(await small_body(request))
            with cloud.tables.whole():
                content, status, code = answer(cloud, message), 200, ""
        except ServiceError as refused:
            content, status, code = {"code": refused.code, "message": refused.message}, refused.status, refused.code
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            content, status, code = {"code": "InvalidParameter", "message": repr(error)[:500]}, 400, "InvalidParameter"
        if name != "poll":
            # Polls come twice per second and carry no information for the log.
            cloud.log("agent", name.capitalize(), _loggable(message), status, code, content.get("source_id"))
        return web.json_response(content, status=status)

    return respond


def _message(body: bytes) -> dict[str, Any]:
    message = json.loads(body)
    if not isinstance(message, dict):
        raise ValueError("expected a JSON object")
    # No text of it can then be one that the state file or an answer cannot hold.
    body.decode("utf-8")
    json.dumps(message, ensure_ascii=False).encode("utf-8")
    return message


def _loggable(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: message[key] for key in ("token_id", "access_id", "source_id") if key in message}


def _register(cloud: Cloud, message: dict[str, Any]) -> dict[str, Any]:
    """Import a source with an activation code or a signed report, and return the client's key for later calls."""
    if "token_id" in message:
        token_id, code = str(message["token_id"]), str(message["token_code"])
        source = agents.register_by_token(cloud, token_id, code, message["report"])
    else:
        source = _register_by_key(cloud, str(message["access_id"]), str(message["signature"]), str(message["report"]))
    agent_key = secrets.token_hex(16)
    cloud.sources.update(source["id"], agent_key_sha256=_sha256(agent_key))
    return {"source_id": source["id"], "agent_key": agent_key, "interval": _interval(cloud)}


def _register_by_key(cloud: Cloud, access_id: str, signature: str, report: str) -> Row:
    credential = cloud.credentials.find(access_id)
    if credential is None:
        raise cloud.error("InvalidAccessKeyId.NotFound")
    expected = hmac.new(credential["secret"].encode(), report.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise cloud.error("InvalidAccessKeySecret", "The AccessKeySecret is incorrect.", 403)
    return agents.register_by_key(cloud, access_id, credential["secret"], json.loads(report))


def _attach(cloud: Cloud, message: dict[str, Any]) -> dict[str, Any]:
    """Re-attach a restarted client to its source."""
    source = _known(cloud, message)
    agents.register(cloud, message["report"], source["id"], source["token_id"])
    return {"source_id": source["id"], "interval": _interval(cloud)}


def _poll(cloud: Cloud, message: dict[str, Any]) -> dict[str, Any]:
    """Note the heartbeat and return where to send the disks, if a job waits for them."""
    source = _known(cloud, message)
    agents.heartbeat(cloud, source["id"])
    return {"interval": _interval(cloud), "work": _work(cloud, source["id"])}


def _forget(cloud: Cloud, message: dict[str, Any]) -> dict[str, Any]:
    """Revoke the client's key: it has deleted its data (--cleardata) and must import itself again."""
    source = _known(cloud, message)
    cloud.sources.update(source["id"], agent_key_sha256="")
    return {"source_id": source["id"]}


_ANSWERS: dict[str, _Answer] = {"register": _register, "attach": _attach, "poll": _poll, "forget": _forget}


def _known(cloud: Cloud, message: Mapping[str, Any]) -> Row:
    """Return the source that a client names; SourceId.NotFound when it is deleted, 403 when the key does not match."""
    source_id = str(message["source_id"])
    source = cloud.sources.get(source_id)
    if source is None or source["state"] == "Deleting":
        raise cloud.error("SourceId.NotFound", f"The source server {source_id} does not exist.", 404)
    expected = str(source.get("agent_key_sha256", ""))
    if not hmac.compare_digest(expected, _sha256(str(message["agent_key"]))):
        raise cloud.error("InvalidAgentKey", f"The client is not the one that was imported as {source_id}.", 403)
    return source


def _work(cloud: Cloud, source_id: str) -> dict[str, Any] | None:
    for job in cloud.jobs.where(source_id=source_id, state="Running/Syncing"):
        ports = cloud.receivers.ports(job["transition_instance_id"])
        if ports is not None:
            return {"job": job["id"], "instance": job["transition_instance_id"], "ip": ports.host,
                    "control": ports.control, "data": ports.data, "key": ports.key}
    return None


def _interval(cloud: Cloud) -> float:
    beat = float(HEARTBEAT[cloud.settings.profile]) / max(cloud.clock.rate, 1.0)
    return min(max(beat / 2, _SHORTEST_BEAT), _LONGEST_BEAT)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
