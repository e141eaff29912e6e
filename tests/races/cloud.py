# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of the local cloud without process and sockets, on a clock that moves when the harness moves it."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, unquote, urlsplit

from support.local_cloud import InstantWork

from sandbox.bytes import formats
from sandbox.bytes.disks import DiskStore
from sandbox.bytes.receiver import Receivers
from sandbox.contracts import VERSIONS
from sandbox.faults import state_rules
from sandbox.faults.rules import Faults
from sandbox.lifecycles.engine import Engine
from sandbox.oss import service
from sandbox.oss.access import check_access
from sandbox.oss.auth import authenticate
from sandbox.oss.call import Call
from sandbox.oss.errors import OssError
from sandbox.oss.request import OssRequest, parse_query
from sandbox.server.seeding import seed
from sandbox.state.buckets import Buckets
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.transport.rpc import RpcService
from sandbox.world.schema import World, parse_world

ENDPOINT = "http://127.0.0.1:1"


@dataclass(frozen=True)
class Sent:
    """A request as it was sent: the product and the action where they are in the request, the object of OSS."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    product: str
    action: str
    params: dict[str, str]

    @property
    def name(self) -> str:
        """Product and action."""
        return f"{self.product}.{self.action}"


@dataclass(frozen=True)
class Answer:
    """An answer as it is received."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def well(self) -> bool:
        """Whether the request was carried out."""
        return self.status < 300


def sent(method: str, url: str, headers: dict[str, str], body: bytes) -> Sent:
    """Return a request with what it asks for."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    lower = {name.lower(): value for name, value in headers.items()}
    if "Action" in params and "Version" in params:
        return Sent(method, target, lower, body, VERSIONS.get(params["Version"], ""), params["Action"], params)
    request = _oss_request(method, target, lower, body)
    try:
        action = service.operation_of(request).action
    except OssError:
        action = method
    return Sent(method, target, lower, body, "oss", action, {"bucket": request.bucket, "key": request.key})


def _oss_request(method: str, target: str, headers: dict[str, str], body: bytes) -> OssRequest:
    path, _mark, query = target.partition("?")
    bucket, _slash, key = path.lstrip("/").partition("/")

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    known = headers if "content-length" in headers or not body else {**headers, "content-length": str(len(body))}
    return OssRequest(method, unquote(bucket), unquote(key), parse_query(query), known, chunks)


class _AtOnce(ThreadPoolExecutor):
    """Runs what would run in a thread right now: nothing here takes time, and no order depends on threads."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As ThreadPoolExecutor says."""
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as problem:  # noqa: BLE001  whatever it is, it belongs to the caller
            done.set_exception(problem)
        return done


class _Work(InstantWork):
    """Background work that ends when it is started, on one event loop."""

    def __init__(self, run: Callable[[Awaitable[Any]], Any]) -> None:
        super().__init__()
        self._run_now = run

    def start(self, key: str, make: Callable[[], Awaitable[Any]]) -> None:
        """As Work says."""
        if key in self.outcomes:
            return
        self._ended.append(key)
        try:
            self.outcomes[key] = (self._run_now(make()), None)
        except Exception as problem:  # noqa: BLE001  whatever it is, it is the outcome
            self.outcomes[key] = (None, str(problem))


async def _export(disk: Path, _format: str, out: Path) -> None:
    """Write a qcow2 file of the disk's size without content."""
    header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 9, disk.stat().st_size, 0, 1, 1536, 512, 1, 0, 0)
    table, counts = struct.pack(">Q", 1024), struct.pack(">4H", 1, 1, 1, 1)
    out.write_bytes(b"".join(part.ljust(512, b"\0") for part in (header, table, counts, b"")))


async def _ingest(path: Path, _format: str, _out: Path) -> int:
    """Return the size that such a file tells."""
    head = path.read_bytes()[:32]
    if len(head) < 32 or not head.startswith(b"QFI\xfb"):
        raise formats.FormatError(f"{path.name} is no qcow2 file")
    return int(struct.unpack(">Q", head[24:32])[0])


@contextmanager
def no_bytes() -> Iterator[None]:
    """While inside, exports and imports move headers only."""
    with mock.patch.object(formats, "export", _export), mock.patch.object(formats, "ingest", _ingest):
        yield


class LocalCloud:
    """One account: the state, the engine, and the answer to each request."""

    def __init__(self, folder: Path, document: dict[str, Any]) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(_AtOnce())
        settings: World = parse_world(document, "races")
        self._document = {**{name: document[name] for name in ("start", "profile")}, "clock_rate": 0, "credentials": {}}
        store = DiskStore(folder / "disks")
        self.cloud = Cloud(settings, folder, store, Receivers(store, "127.0.0.1"), Buckets(folder / "oss"), ENDPOINT)
        self.cloud.work = _Work(self._wait)
        self.faults = Faults()
        self.engine = Engine(self.cloud, partial(state_rules.edit, self.cloud, self.faults))
        seed(self.cloud, self.faults, settings)
        self._rpc = RpcService(self.engine)

    def close(self) -> None:
        """Free the resources of the event loop."""
        self._loop.close()

    def register(self, entry: dict[str, Any], code: dict[str, Any]) -> bool:
        """Register the source of a server with an activation code, as its client does; return whether SMC takes it."""
        token = self.cloud.tokens.get(code["id"])
        if self.cloud.sources.get(entry["source_id"]) is not None:
            # Another run has registered it meanwhile: the client runs already.
            return True
        if token is None or token["disabled"] or token["registered"] >= token["count"]:
            return False
        disks = [{"gib": item["bytes"] // GIB, "content_mib": 0} for item in entry["disks"]]
        source = {"name": entry["host"], "id": entry["source_id"], "disks": disks}
        settings = self.cloud.settings
        seed(self.cloud, Faults(), parse_world({**self._document, "sources": [source]}, "races"))
        self.cloud.settings = settings
        self.cloud.sources.update(entry["source_id"], token_id=code["id"])
        self.cloud.tokens.update(code["id"], registered=token["registered"] + 1)
        return True

    @property
    def now(self) -> float:
        """The time of the services, in seconds since the epoch."""
        return self.cloud.clock.time()

    def advance_to(self, moment: float) -> None:
        """Let virtual time pass; each step happens at its own moment."""
        self.engine.tick()
        while (due := self.engine.agenda.next_moment()) <= moment:
            self.cloud.clock.advance_to(due)
            self.engine.tick()
        self.cloud.clock.advance_to(moment)
        self.engine.tick()

    def serve(self, request: Sent) -> Answer:
        """Carry out a request: signature, contract, permission and effect as over HTTP."""
        date = {"Date": formatdate(self.now, usegmt=True)}
        if request.product != "oss":
            reply = self._rpc.serve(request.method, request.params)
            body = json.dumps(reply.body).encode()
            return Answer(reply.status, {**reply.headers, **date, "Content-Type": "application/json"}, body)
        self.engine.tick()
        status, headers, content = self._wait(self._oss(request))
        return Answer(status, {**headers, **date}, content)

    def _wait(self, work: Awaitable[Any]) -> Any:
        return self._loop.run_until_complete(_plain(work))

    async def _oss(self, request: Sent) -> tuple[int, dict[str, str], bytes]:
        cloud = self.cloud
        oss = _oss_request(request.method, request.path, request.headers, request.body)
        request_id = cloud.draws.hexadecimal(24, "oss request")
        try:
            operation = service.operation_of(oss)
            call = Call(cloud, oss, authenticate(oss, cloud), request_id, operation.provenance)
            check_access(call, operation.action, operation.access)
            answer = await operation.handler(call)
        except OssError as refusal:
            answer = service.refused(oss, refusal, request_id, cloud)
        body, headers = answer.body, dict(answer.headers)
        if answer.stretch is not None:
            data = answer.stretch.path.read_bytes()
            body = data[answer.stretch.start : answer.stretch.start + answer.stretch.length]
        headers["Content-Length"] = str(len(body))
        return answer.status, headers, b"" if request.method == "HEAD" else body


async def _plain(work: Awaitable[Any]) -> Any:
    return await work
