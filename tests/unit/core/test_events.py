# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of a migration: what is sent and signed. A receiver that is slow or cannot be reached changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import context
from ansible_collections.edgelift.ens_migration.plugins.callback import events as callback
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _follow as follow
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._events import events, sender
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._progress import FOLLOWED
from support import PATIENCE

SECRET = "key of the signature"
LEFT = {"kind": "ecs_image", "id": "m-1", "host": "a", "reason": "it exists"}


def line(*rows: dict[str, Any]) -> str:
    servers = [{"host": "a", "verdict": "pending", "state": "", **row} for row in rows]
    return json.dumps({"at": 0, "migration": "edge-01", "servers": servers})


def report(*rows: dict[str, Any], residual: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    plain = {"status": "migrated", "reasons": [], "warnings": [], "ens_image_id": ""}
    wave = {"wave": "edge-01", "servers": [{**plain, **row} for row in rows], "residual": list(residual)}
    return {"ansible_facts": {"report_wave": wave}}


def test_a_server_is_told_once_for_each_status() -> None:
    found = events.Events()
    assert found.of_line(line({"state": "job j-1 is Syncing"})) == []
    [failed] = found.of_line(line({"verdict": "failed", "state": "no space"}, {"host": "b"}))
    assert failed == {
        "schema": "edgelift.ens_migration/event/1", "type": "server", "problem": True, "migration": "edge-01",
        "server": {"host": "a", "status": "failed", "reasons": ["no space"], "ens_image_id": ""},
    }  # fmt: skip
    rows = ({"host": "a", "status": "failed"}, {"host": "b", "ens_image_id": "m-9"}, {"host": "c", "status": "pending"})
    [migrated] = found.of_result(report(*rows))
    assert (migrated["problem"], migrated["server"]["ens_image_id"]) == (False, "m-9")
    assert found.of_result(report(*rows)) == []


def test_leftovers_are_told_once_and_the_end_counts() -> None:
    found = events.Events()
    [left] = found.of_result({"cleanup": {"residual": [LEFT] * 30}})
    assert (left["type"], left["leftovers"]["count"], len(left["leftovers"]["resources"])) == ("leftovers", 30, 20)
    assert found.of_result(report({"host": "a"}, residual=(LEFT,) * 30)) != [left]
    ended = found.ended({"a": 1}, {"b": 1})
    assert ended["result"] == {"servers": {"migrated": 1}, "leftovers": 30, "failed_hosts": ["a"],
                               "unreachable_hosts": ["b"]}  # fmt: skip
    assert ended["problem"]
    assert not events.Events().ended({}, {})["problem"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"servers": [1]}', '{"migration": "x", "servers": [{}]}'])
def test_a_line_that_is_none_has_no_events(text: str) -> None:
    assert events.Events().of_line(text) == []


@pytest.mark.parametrize("result", [{}, {"ansible_facts": None}, {"cleanup": None}, {"cleanup": {}}, {"cleanup": "x"}])
def test_a_result_of_another_task_has_no_events(result: dict[str, Any]) -> None:
    assert events.Events().of_result(result) == []


def test_no_secret_and_no_second_line_is_in_an_event() -> None:
    found = events.Events(frozenset({"very-secret"}))
    reason = "very-secret\nLTAI5tAbCdEfGh12345 password=hunter2 https://u:pass@host/?Signature=abc"
    text = json.dumps(found.of_line(line({"verdict": "failed", "state": reason})))
    assert not [word for word in ("very-secret", "LTAI5t", "hunter2", "u:pass", "abc", "\\n") if word in text], text


@pytest.mark.parametrize(("url", "secret", "reason"), [
    ("https://hooks.example.com/x", SECRET, ""), ("http://127.0.0.1:5000", SECRET, ""),
    ("http://hooks.example.com", SECRET, "http://"), ("ftp://x", SECRET, "begin with"),
    ("https://", SECRET, "begin with"),
    ("https://[::1", SECRET, "not valid"), ("https://x:port", SECRET, "not valid"),
    ("https://hooks.example.com", "", "no secret"),
])  # fmt: skip
def test_an_address_is_checked(url: str, secret: str, reason: str) -> None:
    found = sender.wrong(url, secret)
    assert reason in found
    assert bool(found) is bool(reason)


@contextmanager
def receiver(*statuses: int, hold: threading.Event | None = None) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A webhook on loopback: answers these statuses in turn, then 200; waits for ``hold`` before each answer."""
    got: list[tuple[str, bytes]] = []
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers[sender.SIGNATURE], body))
            if hold:
                hold.wait(PATIENCE)
            self.send_response(left.pop(0) if left else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?token=in-the-url", got
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sender, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(callback, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(follow.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(context, "CLIARGS", {"check": False})


def plugin(url: str, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> tuple[callback.CallbackModule, list[str]]:
    warnings: list[str] = []
    options = {"url": url, "secret": SECRET, "send": "all", "timeout": PATIENCE, "drain": PATIENCE, "ca_bundle": None}
    found = callback.CallbackModule()
    monkeypatch.setattr(found, "get_option", {**options, **changes}.__getitem__)
    monkeypatch.setattr(found, "_display", SimpleNamespace(warning=warnings.append))
    found.v2_playbook_on_start(SimpleNamespace(_file_name="/x/migrate.yml"))
    return found, warnings


def play(found: callback.CallbackModule) -> None:
    """What a run shows to its callbacks: the module with a failure in its file, the report, the end."""
    found.v2_playbook_on_task_start(SimpleNamespace(action=follow.ACTIONS[0]))
    path = Path(callback.os.environ[FOLLOWED])
    path.write_text(line({"verdict": "failed", "state": "no space"}) + "\n", encoding="utf-8")
    found.v2_runner_on_ok(SimpleNamespace(_result={}))
    found.v2_playbook_on_task_start(SimpleNamespace(action="ansible.builtin.set_fact"))
    found.v2_runner_on_ok(SimpleNamespace(_result=report({"host": "a", "status": "failed"}, {"host": "b"})))
    found.v2_playbook_on_stats(SimpleNamespace(failures={"a": 1}, dark={}))
    assert not path.exists()


def test_events_are_received_with_their_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(503) as (url, got):
        found, warnings = plugin(url, monkeypatch)
        play(found)
    assert warnings == []
    bodies = [json.loads(body) for _signature, body in got]
    # The first answer was 503: the event is sent again, and is the same.
    assert [row["type"] for row in bodies] == ["server", "server", "server", "run"]
    assert bodies[0] == bodies[1]
    assert len({row["id"] for row in bodies}) == 3
    assert {row["run"]["playbook"] for row in bodies} == {"migrate.yml"}
    for signature, body in got:
        assert signature == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def test_problems_alone_are_sent_unless_all_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as (url, got):
        play(plugin(url, monkeypatch, send="problems")[0])
    assert [json.loads(body)["problem"] for _signature, body in got] == [True, True]


def test_a_receiver_that_never_answers_delays_the_end_by_the_limit_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    hold = threading.Event()
    with receiver(hold=hold) as (url, got):
        found, warnings = plugin(url, monkeypatch, drain=0.2)
        began = time.monotonic()
        play(found)
        assert time.monotonic() - began < PATIENCE / 2
        hold.set()
    assert len(got) <= 3
    assert len(warnings) == 1
    assert "3 of 3 events were not sent to http://127.0.0.1 (no answer yet)" in warnings[0]


@pytest.mark.parametrize(("statuses", "word"), [((500,) * 20, "HTTP status 500"), ((301,) * 20, "HTTP status 301")])
def test_a_receiver_that_refuses_is_given_up(statuses: Any, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(*statuses) as (url, _got):
        found, warnings = plugin(url, monkeypatch)
        play(found)
    assert word in warnings[0]
    assert "in-the-url" not in warnings[0]


def test_nothing_is_sent_to_a_receiver_that_is_gone_or_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as (url, _got):
        pass
    found, warnings = plugin(url, monkeypatch)
    play(found)
    assert "3 of 3 events were not sent" in warnings[0]
    found, warnings = plugin(url, monkeypatch, secret="")
    play(found)
    assert len(warnings) == 1
    assert "no secret is set" in warnings[0]
    found, warnings = plugin("", monkeypatch)
    play(found)
    assert warnings == []
