# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud under abuse: malformed requests, bodies of any size, requests without a valid signature."""

from __future__ import annotations

import io
import json
import re
import socket
import sqlite3
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests
from aliyunsdkcore.acs_exception.exceptions import ServerException
from support import PATIENCE
from support.malformed import Wire, malformed
from support.oss_client import bucket

pytestmark = pytest.mark.any_core

SEED, COUNT = 20261129, 1000


def exchange(sandbox: Any, request: Wire) -> tuple[int, str]:
    """(HTTP status, whole answer); status 0 when the connection ended without an answer."""
    with socket.create_connection(("127.0.0.1", sandbox.greeting["port"]), timeout=PATIENCE) as connection:
        received = bytearray()
        try:
            connection.sendall(request.data)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                received += data
        except ConnectionError:
            # Refused before everything was sent.
            pass
    answer = received.decode("utf-8", "replace")
    status = re.match(r"HTTP/1\.[01] (\d{3}) ", answer)
    return int(status[1]) if status else 0, answer


def rows(sandbox: Any) -> list[tuple[Any, ...]]:
    """Every row of the state file."""
    with sqlite3.connect(Path(sandbox.greeting["state"]) / "state.db") as file:
        return file.execute("SELECT kind, id, body FROM rows ORDER BY kind, id").fetchall()


def test_malformed_requests_change_nothing(start_sandbox: Any) -> None:
    sandbox = start_sandbox(
        {
            "profile": "frozen",
            "buckets": [{"name": "wave", "region": "ap-southeast-1"}],
            "sources": [{"name": "web-01", "id": "s-sandboxweb01", "disks": [{"gib": 1}]}],
        }
    )
    bucket(sandbox).put_object("kept", b"as it was")
    before = rows(sandbox)
    host = sandbox.endpoint.removeprefix("http://")
    wrong: list[str] = []
    for number, request in enumerate(
        malformed(SEED, COUNT, host, sandbox.access_key, sandbox.secret_key, sandbox.bucket)
    ):
        status, answer = exchange(sandbox, request)
        allowed = 400 <= status < 500 or status == 501 or (200 <= status < 400 and request.read)
        # OSS confirms the deletion of what does not exist.
        allowed = allowed or (status == 204 and request.data.startswith(b"DELETE "))
        if not (allowed or (request.kind == "no request" and status in (0, 505))) or "x-sandbox-bug" in answer.lower():
            wrong.append(f"{number} {request.kind}: {request.data[:300]!r} -> {answer[:300]!r}")
    assert wrong == []
    assert rows(sandbox) == before
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 1
    assert bucket(sandbox).get_object("kept").read() == b"as it was"
    state = sandbox.greeting["state"]
    assert sandbox.stop() == 0
    again = start_sandbox(state=state)
    assert again.call("smc", "DescribeSourceServers")["TotalCount"] == 1


def head(sandbox: Any, method: str, target: str, *headers: str) -> Wire:
    """A request without its body."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {sandbox.endpoint.removeprefix('http://')}", *headers]
    return Wire("", "\r\n".join(lines).encode() + b"\r\n\r\n", False)


FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("POST", "/?Action=DescribeRegions&Version=2014-05-26", (FORM,)),
        ("POST", "/", ("x-acs-action: DescribeRegions", "x-acs-version: 2014-05-26")),
        ("POST", "/_agent/register", ("Content-Type: application/json",)),
        ("POST", "/_sandbox/seed", ("Content-Type: application/json",)),
    ],
)
def test_a_large_body_is_refused_before_it_is_read(
    sandbox: Any, method: str, target: str, headers: tuple[str, ...]
) -> None:
    # Not one byte of the body is sent: an answer shows that none was waited for.
    status, answer = exchange(sandbox, head(sandbox, method, target, *headers, "Content-Length: 5000000000"))
    assert (status, "x-sandbox-problem: body too large" in answer) == (413, True)
    data = head(sandbox, method, target, *headers, "Transfer-Encoding: chunked").data
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    assert exchange(sandbox, Wire("", data + chunk * 9 + b"0\r\n\r\n", False))[0] in (413, 0)
    assert sandbox.get("health")["status"] == "ok"


def test_a_form_with_many_fields_is_refused(sandbox: Any) -> None:
    body = b"&".join(b"a%d=" % number for number in range(2001))
    request = head(sandbox, "POST", "/?Action=DescribeRegions&Version=2014-05-26", FORM, f"Content-Length: {len(body)}")
    assert exchange(sandbox, Wire("", request.data + body, False))[0] == 413


def test_an_object_has_five_gib_at_most(sandbox: Any) -> None:
    url = bucket(sandbox).sign_url("PUT", "large", 600).removeprefix(sandbox.endpoint)
    status, answer = exchange(sandbox, head(sandbox, "PUT", url, f"Content-Length: {(5 << 30) + 1}"))
    assert (status, "<Code>EntityTooLarge</Code>" in answer) == (400, True)
    assert not bucket(sandbox).object_exists("large")


def peak(sandbox: Any) -> int:
    """The most memory that the sandbox has had, in bytes."""
    status = Path(f"/proc/{sandbox.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def test_a_large_object_is_not_held_in_memory(sandbox: Any) -> None:
    before, size = peak(sandbox), 256 << 20
    stored = bucket(sandbox).put_object("disk", io.BytesIO(bytes(size)))
    assert stored.status == 200
    assert bucket(sandbox).head_object("disk").content_length == size
    assert peak(sandbox) - before < size // 4


def test_requests_without_a_valid_signature_use_up_no_fault_rule(sandbox: Any) -> None:
    sandbox.post(
        "faults",
        {
            "meaning": "each product fails once",
            "faults": [
                {
                    "match": {"product": "smc", "action": "*"},
                    "kind": "error",
                    "code": "InternalError",
                    "status": 500,
                    "times": 1,
                },
                {
                    "match": {"product": "oss", "action": "*"},
                    "kind": "error",
                    "code": "InternalError",
                    "status": 500,
                    "times": 1,
                },
            ],
        },
    )
    version = "2019-06-01"
    for target in (
        f"/?Action=DescribeSourceServers&Version={version}",
        f"/{sandbox.bucket}/x",
        f"/{sandbox.bucket}/x?OSSAccessKeyId={sandbox.access_key}&Expires=1&Signature=x",
    ):
        assert 400 <= exchange(sandbox, head(sandbox, "GET", target, "Connection: close"))[0] < 500
    with pytest.raises(ServerException):
        sandbox.call("smc", "DescribeSourceServers")
    assert sandbox.call("smc", "DescribeSourceServers")["TotalCount"] == 2
    with pytest.raises(oss2.exceptions.OssError):
        bucket(sandbox).get_bucket_info()
    assert bucket(sandbox).get_bucket_info().name == sandbox.bucket


def test_the_log_of_a_refused_call_is_short_and_has_no_secret(sandbox: Any) -> None:
    body = f"AccessKeyId={sandbox.access_key}&SecurityToken=secret-token&Name={'x' * 500_000}".encode()
    request = head(
        sandbox, "POST", "/?Action=CreateAccessToken&Version=2019-06-01", FORM, f"Content-Length: {len(body)}"
    )
    assert exchange(sandbox, Wire("", request.data + body, False))[0] == 400
    with pytest.raises(ServerException):
        sandbox.call("smc", "DescribeSourceServers", client=sandbox.client(secret_key="wrong"))
    log = sandbox.requests("smc")
    assert [entry["action"] for entry in log] == ["CreateAccessToken", "DescribeSourceServers"]
    assert len(json.dumps(log)) < 20_000
    assert sandbox.access_key not in json.dumps(log)
    assert "secret-token" not in json.dumps(log)


REPORTS: tuple[Any, ...] = (
    None,
    [],
    "x",
    {"system": []},
    {"disks": {}},
    {"disks": [1]},
    {"disks": [{"index": 0}]},
    {"disks": [{"index": 1, "size_bytes": 5}]},
    {"disks": [{"index": 0, "size_bytes": -5}]},
    {"disks": [{"index": 0, "size_bytes": 1 << 80}]},
    {"disks": [{"index": "0", "size_bytes": 5}]},
    {"disks": [{"index": 0, "size_bytes": 5, "parts": 7}]},
    {"disks": [{"index": 0, "size_bytes": 5, "parts": [{}]}]},
    {"disks": [{"index": number, "size_bytes": 5} for number in range(100)]},
    {"platform": ["x"]},
    {"platform": "x" * 1000},
    {"kernel_level": "9" * 5000},
    {"system": {"hostname": "\ud800"}},
)


def test_a_hostile_report_with_a_valid_activation_code_is_refused_whole(sandbox: Any) -> None:
    code = sandbox.call("smc", "CreateAccessToken", Name="wave", Count="5", TimeToLiveInDays="1")
    before = rows(sandbox)
    for report in REPORTS:
        message = {"token_id": code["AccessTokenId"], "token_code": code["AccessTokenCode"], "report": report}
        answer = requests.post(f"{sandbox.endpoint}/_agent/register", json=message, timeout=PATIENCE)
        assert answer.status_code == 400, (report, answer.text)
    assert rows(sandbox) == before


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "&a [*a]",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)),
    ],
)
def test_a_world_that_would_not_fit_into_memory_is_refused(sandbox: Any, text: str) -> None:
    for path in ("seed", "reset", "faults", "throttling"):
        answer = requests.post(f"{sandbox.endpoint}/_sandbox/{path}", data=text, timeout=PATIENCE)
        assert answer.status_code == 400, answer.text
    assert sandbox.get("state")["sources"]
