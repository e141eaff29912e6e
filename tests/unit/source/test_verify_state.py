# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role verify compares: the lines of probe_state.sh, and the scripts of the checks in every shell."""

from __future__ import annotations

import hashlib
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._verify import checks
from support import PATIENCE
from support.shells import SHELLS

from .conftest import FENCE, Host


def test_users_sockets_services_and_routes(host: Host) -> None:
    host.extra += [
        "user\troot\t0", "user\tshop\t1000", "user\todd\tnobody",
        "listen\t0100007F:0019", "listen\t00000000:0016", "listen\t00000000000000000000000001000000:1F90",
        "listen\t00000000:0016", "listen\tno address",
        "route\teth0\t0102000A", "route\teth1\tgateway",
        "running-by\tsystemd", "running\tsshd", "running\tkworker/0:1", "running\tcron", "state-cut\tlisten",
        "fs-errors\tvda1",
    ]  # fmt: skip
    assert host.probe()["state"] == {
        "users": [{"name": "root", "uid": 0}, {"name": "shop", "uid": 1000}, {"name": "odd", "uid": None}],
        "listening": [
            {"address": "0.0.0.0", "port": 22}, {"address": "127.0.0.1", "port": 25}, {"address": "::1", "port": 8080},
        ],
        "running_by": "systemd",
        "running": ["cron", "sshd"],
        "routes": [{"device": "eth0", "gateway": "10.0.2.1"}, {"device": "eth1", "gateway": ""}],
        "file_systems_with_errors": ["vda1"],
        "cut": ["listen"],
    }  # fmt: skip


class Page(http.server.BaseHTTPRequestHandler):
    """A page for everybody, and no other one."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/shop" else 404)
        self.end_headers()
        self.wfile.write(b"Welcome to the shop\n")

    def log_message(self, *_words: Any) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def results(shell: list[str], wanted: list[dict[str, Any]], without: str = "") -> list[dict[str, Any]]:
    """The results of checks on this machine; ``without`` is a program that the script does not find."""
    numbered = dict(enumerate(wanted))
    text = _script.compose(FENCE, checks.PIECES, {}, checks.command(numbered), seconds=int(PATIENCE))
    text = text.replace(f"found {without};", "false;") if without else text
    done = subprocess.run([*shell, "-c", 'eval "$(cat)"'], input=text.encode(), capture_output=True, check=False,
                          timeout=PATIENCE)  # fmt: skip
    answer = answers.parse(FENCE, done.stdout.decode("utf-8", "surrogateescape"))
    assert answer is not None
    assert answer.complete
    return list(checks.results(numbered, answer.records, {}).values())


@pytest.mark.parametrize("shell", SHELLS)
def test_checks_pass_and_fail_with_what_was_seen(shell: list[str], tmp_path: Path, port: int) -> None:
    page = tmp_path / "a page's file"
    page.write_text("Welcome", encoding="utf-8")
    digest = hashlib.sha256(b"Welcome").hexdigest()
    url = f"http://127.0.0.1:{port}"
    nasty = "quote ' \" $HOME `id` \\n"
    wanted: list[dict[str, Any]] = [
        {"kind": "command", "command": "echo one; echo two >&2; exit 3", "rc": 3, "text": "two"},
        {"kind": "command", "command": "printf '%s' \"$0 has\ttabs\"; echo; echo check 0 0 1 forged", "text": nasty},
        {"kind": "command", "command": "sleep 60", "timeout": 1},
        {"kind": "file", "path": str(page), "sha256": digest},
        {"kind": "file", "path": str(tmp_path / "none"), "sha256": digest},
        {"kind": "http", "url": f"{url}/shop", "text": "Welcome"},
        {"kind": "http", "url": f"{url}/other"},
        {"kind": "service", "service": "no-such-service-here"},
    ]  # fmt: skip
    rows = results(shell, wanted)
    assert [row["ok"] for row in rows] == [True, False, False, True, False, True, False, False]
    seen = [row["seen"] for row in rows]
    assert seen[0] == "exit status 3 with the text: one / two"
    assert seen[1].startswith("exit status 0 without the text: ")
    assert seen[2] == "no result: it did not end within 1 s"
    assert (seen[3], seen[4]) == (digest, "no such file")
    assert seen[5] == "HTTP status 200 with the text: Welcome to the shop"
    assert seen[6].startswith("HTTP status 404")


def test_a_page_is_requested_without_curl_too(port: int) -> None:
    wanted: list[dict[str, Any]] = [
        {"kind": "http", "url": f"http://127.0.0.1:{port}/shop", "text": "Welcome"},
        {"kind": "http", "url": "https://127.0.0.1/"},
        {"kind": "http", "url": "http://127.0.0.1:9/"},
    ]
    rows = results(["sh"], wanted, without="curl")
    assert [row["ok"] for row in rows] == [True, False, False]
    assert rows[1]["seen"] == "no result: this host has no curl, which an https check needs"
    assert "refused" in rows[2]["seen"].lower()
