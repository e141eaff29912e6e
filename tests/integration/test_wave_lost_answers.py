# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are lost after the call had its effect: a proxy between collection and cloud drops them for real."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support import PATIENCE
from support.wave import WEB, done, run, standing_still

pytestmark = pytest.mark.any_core


class Proxy(ThreadingHTTPServer):
    """Hands every call on; the first answer to the action ``lose`` is thrown away with its connection."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = urlsplit(target).netloc
        self.lose = ""
        self.lost = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def do_POST(self) -> None:
        action = parse_qs(urlsplit(self.path).query).get("Action", [""])[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        onward = http.client.HTTPConnection(self.server.target, timeout=PATIENCE)
        onward.request("POST", self.path, body, dict(self.headers))
        answer = onward.getresponse()
        content = answer.read()
        onward.close()
        if action == self.server.lose and not self.server.lost:
            self.server.lost += 1
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that http.server gives it
        """Keep the test's output quiet."""


@pytest.fixture
def proxy(sandbox: Any) -> Iterator[Proxy]:
    proxy = Proxy(sandbox.endpoint)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    yield proxy
    proxy.shutdown()
    thread.join()
    proxy.server_close()


CALLS = (
    "CreateReplicationJob", "StartReplicationJob", "ExportImage", "ImportImage", "DeleteImage", "DeleteReplicationJob",
)


@pytest.mark.parametrize("action", CALLS)
def test_a_lost_answer_makes_nothing_twice(sandbox: Any, proxy: Proxy, action: str) -> None:
    proxy.lose = action
    through = {**sandbox.endpoints, **dict.fromkeys(("smc", "ecs", "ens"), proxy.url)}
    result = run(sandbox, "ens_migration", name="wave", servers=[WEB], endpoints=through)["migration"]
    assert result["servers"][0]["verdict"] == "migrated", result["servers"][0]["reasons"]
    left = run(sandbox, "smc_cleanup", name="wave", servers=[WEB], resources=result["resources"], endpoints=through)
    assert left["cleanup"]["residual"] == []
    assert proxy.lost == 1
    rows = sandbox.requests()
    assert [done(rows, name) for name in ("ExportImage", "ImportImage")] == [1, 1]
    state = sandbox.get("state")
    assert len(state["ens_images"]) == 1
    assert [state[name] for name in ("jobs", "instances", "images", "snapshots")] == [[], [], [], []]
    assert standing_still(sandbox)
