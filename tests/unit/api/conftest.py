# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture ``wire``: a loopback server that expects named calls in order, and answers what the test has scripted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients

KEY, SECRET = "LTAIunitAccessKeyId", "unit-secret"
DROP = object()
MINIMAL: dict[str, dict[str, Any]] = {
    **{name: {"TotalCount": 0} for name in (
        "DescribeSourceServers", "DescribeReplicationJobs", "ListAccessTokens", "DescribeImages", "DescribeTasks",
        "DescribeSelfImages", "DescribeVpcs", "DescribeVSwitches",
    )},
    "DescribeInstances": {"TotalCount": 0, "Instances": {"Instance": []}},
    "RunInstances": {"InstanceIds": ["i-1"]},
    "DescribeDisks": {"Disks": {"Disk": []}},
    "DescribeSnapshots": {"Snapshots": {"Snapshot": []}},
    "DescribeSecurityGroups": {"SecurityGroups": {"SecurityGroup": []}},
    "DescribeRegions": {"Regions": {"Region": []}},
    "DescribeZones": {"Zones": {"Zone": []}},
    "CreateReplicationJob": {"JobId": "j-1"},
    "CreateAccessToken": {"AccessTokenId": "at-1", "AccessTokenCode": "unit-code"},
    "ExportImage": {"TaskId": "t-1"},
    "ImportImage": {"ImageId": "m-1"},
    "CreateVpc": {"VpcId": "vpc-1"},
    "CreateVSwitch": {"VSwitchId": "vsw-1"},
    "GetCallerIdentity": {"AccountId": "1234567890123456"},
    "AssumeRole": {"Credentials": {"AccessKeyId": "STS.key", "AccessKeySecret": "secret", "SecurityToken": "token",
                                   "Expiration": "2026-11-24T09:00:00Z"}},
}  # fmt: skip
PRODUCTS = ("smc", "ecs", "ens", "vpc", "sts", "oss")


class FakeModule:
    """What the work of a module sees of AnsibleModule."""

    def __init__(self, params: dict[str, Any], check_mode: bool = False) -> None:
        self.params = params
        self.check_mode = check_mode
        self._diff = True


@dataclass
class Received:
    """One request as it arrived."""

    name: str
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Expected:
    """One scripted call: its name ("Action", or "METHOD /path"), some of its parameters, and the answer."""

    name: str
    params: dict[str, str]
    answer: Any
    status: int
    headers: dict[str, str]


@dataclass
class Wire:
    """The script and what has arrived."""

    url: str = ""
    script: list[Expected] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def expect(
        self, name: str, answer: Any = None, status: int = 200, headers: dict[str, str] | None = None, **params: str
    ) -> None:
        """Adds a call to the script. The answer is a dict (JSON), bytes, or DROP: no answer at all; without one it is
        the least that the action documents, an empty list where it lists."""
        answer = {"RequestId": "R-1", **MINIMAL.get(name, {})} if answer is None else answer
        self.script.append(Expected(name, params, answer, status, headers or {}))

    def refuse(self, name: str, code: str, status: int = 400, message: str = "Refused.", **params: str) -> None:
        """Adds a call that is answered with an error of the service."""
        self.expect(name, {"RequestId": "R-9", "Code": code, "Message": message}, status, **params)

    @property
    def names(self) -> list[str]:
        """The calls that have arrived, in order."""
        return [request.name for request in self.received]

    def take(self, request: Received) -> Expected:
        """Returns the next scripted call; notes a problem when another one has arrived."""
        self.received.append(request)
        expected = self.script.pop(0) if self.script else Expected("nothing", {}, {}, 500, {})
        wrong = {
            name: request.params.get(name)
            for name, value in expected.params.items()
            if request.params.get(name) != value
        }
        if request.name != expected.name or wrong:
            self.problems.append(f"expected {expected.name} {expected.params}, got {request.name} {request.params}")
            return Expected("", {}, {"Code": "NotScripted", "Message": self.problems[-1]}, 400, {})
        return expected


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            params = dict(parse_qsl(parts.query, keep_blank_values=True))
            name = params.get("Action") or f"{self.command} {parts.path}"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            expected = wire.take(Received(name, self.command, self.path, params, headers, body))
            if expected.answer is DROP:
                self.close_connection = True
                return
            answer = expected.answer if isinstance(expected.answer, bytes) else json.dumps(expected.answer).encode()
            self.send_response(expected.status)
            for key, value in {"Content-Length": str(len(answer)), **expected.headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _serve

        def log_message(self, *_line: Any) -> None:
            """Keeps pytest's output clean."""

    return Handler


@pytest.fixture
def wire() -> Iterator[Wire]:
    """The scripted server; at the end all that was scripted must have been called, and nothing else."""
    script = Wire()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    yield script
    server.shutdown()
    server.server_close()
    assert not script.problems
    assert not script.script, f"never called: {[expected.name for expected in script.script]}"


@pytest.fixture
def sleeps() -> list[float]:
    """The pauses that were made instead of sleeping."""
    return []


@pytest.fixture
def connect(wire: Wire, sleeps: list[float], tmp_path: Path) -> Callable[..., Clients]:
    """Makes clients of the scripted server that never sleep; options may be overridden."""
    # pytest may load this file before pytest-ansible has set up the import of collections.
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import make_clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.retry import Retry

    def clients(environ: dict[str, str] | None = None, **options: Any) -> Clients:
        params = {
            "region": "cn-beijing",
            "access_key": KEY,
            "secret_key": SECRET,
            "endpoints": dict.fromkeys(PRODUCTS, wire.url),
            **options,
        }
        retry = Retry(attempts=3, base=2.0, cap=3.0, sleep=sleeps.append, clock=lambda: sum(sleeps), rng=lambda: 0.5)
        return make_clients(params, environ or {}, tmp_path, retry)

    return clients


@pytest.fixture
def clients(connect: Callable[..., Clients]) -> Clients:
    """Clients of the scripted server."""
    return connect()
