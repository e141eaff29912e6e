# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One module process: the code of the collection, whose requests go to the local cloud through the schedule.

At each request and each sleep a process can be killed or stopped, lose an answer, or lose its playbook.
"""

from __future__ import annotations

import importlib
import socket
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from io import BytesIO
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal
from unittest import mock

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from support.wave import UTILS, defaults, utils
from urllib3 import HTTPResponse

from .cloud import ENDPOINT, Answer, Sent, sent
from .schedule import Process, current

if TYPE_CHECKING:
    from pathlib import Path

    from .world import World

READ_TIMEOUT = 70.0
"""Seconds after which a client no longer waits for an answer: the collection's own default."""

FLIGHT = 60.0
"""The longest time for which a request of a process that was killed is on its way."""

PRODUCTS = ("smc", "ecs", "ens", "vpc", "sts", "oss", "ram", "bss")

FateKind = Literal["kill before", "kill after", "kill in flight", "stop", "orphan", "lost before", "lost after", "late"]


@dataclass(frozen=True)
class Fate:
    """What happens to a process at one of its steps; ``seconds`` is how long it is stopped."""

    kind: FateKind
    step: int
    seconds: float = 0.0


@dataclass
class Run:
    """One run of a playbook: what it is to do, and what happens to it."""

    name: str
    kind: Literal["play", "end"]
    hosts: tuple[str, ...] = ()
    wait: bool = True
    restart: bool = False
    interval: float = 60.0
    skew: float = 0.0
    """How far the wall clock of this controller is off, in seconds."""
    fates: tuple[Fate, ...] = ()
    gap: float = 0.0
    """Seconds after the end of the controller's former run."""
    began: float = 0.0
    steps: int = 0
    first_epoch: int | None = None
    """In which epoch of the migration it first changed something."""
    seen: dict[str, str] | None = None
    """Of a cleanup of the whole migration: what there was at its last request, by host."""
    failed: set[str] = field(default_factory=set)
    """The servers that it has settled as failed: it may delete what they have left."""
    orphaned: bool = False
    results: list[dict[str, Any]] = field(default_factory=list)


class Controller:
    """A process with its run: the two clocks of its machine, and the way of its requests."""

    def __init__(self, world: World, process: Process, run: Run) -> None:
        self.world = world
        self.process = process
        self.run = run
        self.on_death: Callable[[], None] = lambda: None
        self._offset = world.rng.uniform(0, 1e6)

    # ---- its clocks ----
    def monotonic(self) -> float:
        """The clock that is never set."""
        return self.world.local.now - self.world.start + self._offset

    def wall(self) -> float:
        """The clock that may be off."""
        return self.world.local.now + self.run.skew

    def utc(self) -> datetime:
        """The wall clock as a time."""
        return datetime.fromtimestamp(self.wall(), timezone.utc)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless something happens to this process."""
        fate = self._step()
        self.process.pause(seconds)
        if fate is not None:
            self._suffer(fate, fate.kind.startswith("kill"))

    # ---- its requests ----
    def exchange(self, request: Sent) -> Answer:
        """Return the answer to a request; ReadTimeout or ConnectionError when there is none."""
        world, process, fate = self.world, self.process, self._step()
        process.pause(world.latency())
        if fate is not None:
            self._before(request, fate)
        answer = world.serve(self.run, request)
        process.pause(world.latency())
        if fate is not None:
            self._suffer(fate, fate.kind == "kill after")
            if fate.kind == "lost after":
                process.pause(world.rng.uniform(0, READ_TIMEOUT))
                raise requests.exceptions.ConnectionError("the connection was reset")
        return answer

    def _step(self) -> Fate | None:
        self.run.steps += 1
        found = next((fate for fate in self.run.fates if fate.step == self.run.steps), None)
        if found is not None:
            self.world.note(self.run.name, f"-- {found.kind} {found.seconds or ''}")
        return found

    def _before(self, request: Sent, fate: Fate) -> None:
        if fate.kind == "kill before":
            self.world.killed(self)
        if fate.kind == "lost before":
            self.process.pause(self.world.rng.uniform(0, READ_TIMEOUT))
            raise requests.exceptions.ConnectionError("the connection was reset")
        if fate.kind in ("kill in flight", "late"):
            # The request is on its way; whoever has sent it sees no answer.
            run, world, took = self.run, self.world, self.world.rng.uniform(0, FLIGHT)
            world.schedule.at(world.local.now + took, lambda: world.serve_late(run, request))
            if fate.kind == "kill in flight":
                world.killed(self)
            self.process.pause(READ_TIMEOUT)
            raise requests.exceptions.ReadTimeout("no answer")

    def _suffer(self, fate: Fate, dies: bool) -> None:
        if dies:
            self.world.killed(self)
        if fate.kind == "stop":
            self.process.pause(fate.seconds)
        if fate.kind == "orphan":
            self.run.orphaned = True

    # ---- its modules ----
    def module(self, module: str, **params: Any) -> dict[str, Any]:
        """Return what a module of the collection returns, or its failure, as Ansible registers it."""
        if self.run.kind == "play":
            # Each module is a process that reads the record of the migration again.
            self.run.first_epoch = None
        given = {**defaults(module), **self._connection(), "parallel_calls": 1, **params}
        ended: list[dict[str, Any]] = []
        stub = SimpleNamespace(
            params=given, argument_spec={}, check_mode=False, _diff=False, _name=module, warn=lambda _text: None,
            exit_json=lambda **result: ended.append(result),
            fail_json=lambda **result: ended.append({"failed": True, **result}),
        )
        runner, work = utils("_module.runner"), utils(f"_module.{module}").work
        runner.run_module(stub, work)
        self.run.results.append(ended[0])
        return ended[0]

    def clients(self, params: Mapping[str, Any], folder: Path) -> Any:
        """Return the collection's clients for a module: only the last step of a request is another one."""
        retry = utils("_api.retry").Retry(sleep=self.sleep, clock=self.monotonic, rng=self.world.rng.random)
        clients = utils("_api.clients").make_clients(params, {}, folder, retry)
        session = clients._transport.http.session
        session.mount("http://", _Adapter())
        session.request = _straight(session.request)
        return clients

    def _connection(self) -> dict[str, Any]:
        return {
            "region": self.world.region, "access_key": self.world.access_key, "secret_key": self.world.secret_key,
            "endpoints": dict.fromkeys(PRODUCTS, ENDPOINT), "bucket": self.world.bucket,
        }


@dataclass(frozen=True)
class _Received:
    """What the collection reads of the answer to an RPC call."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


def _straight(real: Callable[..., Any]) -> Callable[..., Any]:
    """Return the request method of a session that sends RPC calls, which the SDK has encoded and signed, without the
    detour through requests: it takes a third of the time. OSS, whose answers are streamed, takes the detour."""

    def request(method: str, url: str, *, headers: dict[str, str], stream: bool, **more: Any) -> Any:
        if stream:
            return real(method, url, headers=headers, stream=stream, **more)
        answer = _here().exchange(sent(method, url, headers, b""))
        return _Received(answer.status, CaseInsensitiveDict(answer.headers), answer.body)

    return request


class _Adapter(BaseAdapter):
    """Sends the requests of a session through the controller of the thread."""

    _build = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """As BaseAdapter says."""
        body = request.body or b""
        raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
        headers = {"Host": ENDPOINT.removeprefix("http://"), **request.headers}
        call = sent(request.method or "", request.url or "", headers, raw)
        answer = _here().exchange(call)
        response = HTTPResponse(
            body=BytesIO(answer.body), headers=answer.headers, status=answer.status, preload_content=False,
            request_method=request.method,
        )
        return self._build.build_response(request, response)

    def close(self) -> None:
        """As BaseAdapter says: there is nothing to close."""


def _here() -> Controller:
    """Return the controller of this thread."""
    found: Controller = current().controller
    return found


class _Ancestors:
    """What the collection asks about the playbook that has started a module."""

    def check(self) -> None:
        """Raise Orphaned when the playbook has ended."""
        if _here().run.orphaned:
            raise utils("_ledger.parent").Orphaned("the playbook that has started this task has ended")


def _virtual_clock() -> Any:
    here = _here()
    return utils("_stages.stage").Clock(here.sleep, here.monotonic, here.utc)


@contextmanager
def virtual(rng: Random, folder: Path) -> Iterator[None]:
    """While inside, the collection takes time, random ids and ancestors from the world of the thread."""
    modules = ("ens_migration", "smc_cleanup", "smc_access_token", "smc_source", "runner")
    for name in (*(f"_module.{module}" for module in modules), "_api.service_clock"):
        utils(name)
    real = utils("_stages.stage").Clock

    def hexadecimal(size: int = 16) -> str:
        return rng.randbytes(size).hex()

    def clients(params: Mapping[str, Any]) -> Any:
        return _here().clients(params, folder)

    with ExitStack() as stack:
        def put(place: Any, name: str, value: Any) -> None:
            stack.enter_context(mock.patch.object(place, name, value))

        for name, module in list(sys.modules.items()):
            if name.startswith(UTILS) and name != f"{UTILS}._stages.stage" and getattr(module, "Clock", None) is real:
                put(module, "Clock", _virtual_clock)
        put(utils("_api.service_clock"), "_readings", lambda: (_here().monotonic(), _here().wall()))
        put(utils("_module.runner"), "make_clients", clients)
        put(uuid, "uuid4", lambda: uuid.UUID(hexadecimal()))
        put(importlib.import_module("secrets"), "token_hex", hexadecimal)
        put(socket, "gethostname", lambda: _here().run.name)
        try:
            parent = utils("_ledger.parent")
        except ModuleNotFoundError:
            parent = None
        if parent is not None:
            put(parent, "watch", lambda: None)
            put(parent, "_watched", [_Ancestors()])
        yield
