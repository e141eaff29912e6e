# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, MissingLibrary
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.transport import (
    build_request,
    lower_booleans,
    read_answer,
)

from .conftest import DROP, KEY, SECRET

THROTTLED = {"code": "Throttling.User", "status": 400}


def signature(request: Any, secret: str) -> str:
    """The signature that the service computes over what has arrived (facts 6.3)."""
    pairs = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
    pairs.pop("Signature")
    query = "&".join(f"{quote(key, safe='~')}={quote(pairs[key], safe='~')}" for key in sorted(pairs))
    text = f"{request.method}&%2F&{quote(query, safe='~')}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def test_requests_arrive_signed_with_our_region_and_without_body(clients: Any, wire: Any) -> None:
    wire.expect("CreateReplicationJob", {"JobId": "j-1"}, RegionId="cn-beijing", SourceId="s-1")
    clients.smc.create_replication_job({"SourceId": "s-1", "Name": "web 01+~*&=ü"}, "token-1")
    request = wire.received[0]
    assert request.params["Name"] == "web 01+~*&=ü"
    assert request.params["Signature"] == signature(request, SECRET)
    assert request.params["AccessKeyId"] == KEY
    assert (request.method, request.body) == ("POST", b"")
    assert request.headers["user-agent"].endswith("edgelift.ens_migration")
    assert request.headers["x-acs-action"] == "CreateReplicationJob"


def test_the_token_of_temporary_keys_is_signed_too(connect: Any, wire: Any) -> None:
    wire.expect("GetCallerIdentity", {"AccountId": "1"}, SecurityToken="CAIS/to+ken=")
    assert connect(security_token="CAIS/to+ken=").sts.get_caller_identity() == {"AccountId": "1"}
    assert wire.received[0].params["Signature"] == signature(wire.received[0], SECRET)


def test_booleans_are_lower_case_however_deep(clients: Any, wire: Any) -> None:
    wire.expect("CreateReplicationJob", RunOnce="true", **{"DataDisk.1.Part.1.Block": "false", "DataDisk.1.Size": "40"})
    disk = {"Index": 1, "Size": 40, "Part": [{"Device": "0_0", "SizeBytes": 1, "Block": False}]}
    clients.smc.create_replication_job({"RunOnce": True, "DataDisks": [disk]}, "t")
    assert lower_booleans({"a": [True, {"b": False}], "c": None, "d": 1}) == {"a": ["true", {"b": "false"}], "d": 1}


def test_a_parameter_that_the_sdk_does_not_know_is_sent_plainly() -> None:
    request = build_request("ens", "ImportImage", {"LicenseType": "BYOL", "OSVersion": None})
    assert request.get_query_params() == {"LicenseType": "BYOL"}


def test_every_retry_is_signed_afresh(clients: Any, wire: Any, sleeps: list[float]) -> None:
    wire.refuse("DescribeSourceServers", "ServiceUnavailable", 503)
    wire.expect("DescribeSourceServers", DROP)
    wire.expect("DescribeSourceServers", {"TotalCount": 0})
    clients.smc.describe_source_servers()
    assert len({request.params["SignatureNonce"] for request in wire.received}) == 3
    assert all(request.params["Signature"] == signature(request, SECRET) for request in wire.received)
    assert sleeps == [1.5, 2.25]
    assert clients.calls == {"smc.DescribeSourceServers": 3}


NOT_REPEATABLE: list[tuple[str, Callable[[Any], Any]]] = [
    ("ExportImage", lambda clients: clients.ecs.export_image("m-1", "b", "p")),
    ("ImportImage", lambda clients: clients.ens.import_image({"ImageName": "n"})),
    ("CreateAccessToken", lambda clients: clients.smc.create_access_token("n", None, 1, 1)),
    ("StartReplicationJob", lambda clients: clients.smc.start_replication_job("j-1")),
    ("StopReplicationJob", lambda clients: clients.smc.stop_replication_job("j-1")),
    ("CancelTask", lambda clients: clients.ecs.cancel_task("t-1")),
]


@pytest.mark.parametrize(("action", "call"), NOT_REPEATABLE, ids=dict(NOT_REPEATABLE))
@pytest.mark.parametrize("failure", ["drop", "503", "html"])
def test_calls_without_client_token_are_made_once(
    clients: Any, wire: Any, action: str, call: Any, failure: str
) -> None:
    if failure == "drop":
        wire.expect(action, DROP)
    elif failure == "503":
        wire.refuse(action, "ServiceUnavailable", 503)
    else:
        wire.expect(action, b"<html>Bad gateway</html>", 502)
    with pytest.raises(CloudError) as raised:
        call(clients)
    assert raised.value.uncertain
    assert wire.names == [action]


@pytest.mark.parametrize(("action", "call"), NOT_REPEATABLE, ids=dict(NOT_REPEATABLE))
def test_they_are_repeated_when_throttled_at_the_gateway(clients: Any, wire: Any, action: str, call: Any) -> None:
    wire.refuse(action, "Throttling.User", 400)
    wire.expect(action, {"ImageId": "m", "TaskId": "t", "AccessTokenId": "a", "AccessTokenCode": "c"})
    call(clients)


def test_a_refused_connection_is_tried_again_and_named(connect: Any, sleeps: list[float]) -> None:
    clients = connect(endpoints={"ecs": "http://127.0.0.1:1"})
    with pytest.raises(CloudError, match=r"ecs\.ExportImage failed: 127\.0\.0\.1: .*refused") as raised:
        clients.ecs.export_image("m-1", "b", "p")
    assert raised.value.code == "Connection.Refused"
    assert not raised.value.uncertain
    assert (raised.value.http_status, len(sleeps)) == (None, 2)


def test_no_answer_in_time_is_an_uncertain_end(connect: Any, wire: Any) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        clients = connect(endpoints={"ecs": f"http://127.0.0.1:{silent.getsockname()[1]}"}, read_timeout=0.05)
        with pytest.raises(CloudError, match="no answer from") as raised:
            clients.ecs.export_image("m-1", "b", "p")
    assert (raised.value.code, raised.value.uncertain) == ("Connection.Lost", True)


def test_the_service_is_asked_again_after_the_time_it_names(clients: Any, wire: Any, sleeps: list[float]) -> None:
    wire.expect("DescribeSourceServers", {"Code": "Throttling"}, 429, {"x-acs-retry-after": "4500"})
    wire.expect("DescribeSourceServers", {"TotalCount": 0})
    clients.smc.describe_source_servers()
    assert sleeps == [4.5]


def test_an_error_of_the_service_is_told_whole(clients: Any, wire: Any) -> None:
    wire.refuse("StartReplicationJob", "ReplicationJob.InvalidStatus", 400, "The status is invalid.")
    with pytest.raises(CloudError) as raised:
        clients.smc.start_replication_job("j-1")
    assert raised.value.as_dict() == {
        "action": "smc.StartReplicationJob",
        "code": "ReplicationJob.InvalidStatus",
        "request_id": "R-9",
        "http_status": 400,
        "retryable": False,
        "hint": "The job's status does not allow it: start from Ready, Stopped or InError.",
    }


@pytest.mark.parametrize("code", [5, "5", "200", "ens.interface.error"])
def test_ens_may_refuse_with_http_200(clients: Any, wire: Any, code: Any) -> None:
    wire.expect("ImportImage", {"Code": code, "Msg": "It is not so.", "RequestId": "R-5"})
    with pytest.raises(CloudError, match="It is not so") as raised:
        clients.ens.import_image({"ImageName": "n"})
    assert (raised.value.code, raised.value.request_id, raised.value.http_status) == (str(code), "R-5", 200)


@pytest.mark.parametrize("code", [0, "0", None])
def test_ens_code_zero_is_success(clients: Any, wire: Any, code: Any) -> None:
    wire.expect("ImportImage", {"Code": code, "ImageId": "m-1"})
    assert clients.ens.import_image({"ImageName": "n"})["ImageId"] == "m-1"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"text"'])
@pytest.mark.parametrize("status", [200, 502])
def test_a_body_that_is_no_object_is_unreadable(status: int, body: bytes) -> None:
    with pytest.raises(CloudError) as raised:
        read_answer("smc.X", status, {}, body)
    assert (raised.value.code, raised.value.retryable, raised.value.uncertain) == ("Answer.Unreadable", True, True)


@pytest.mark.parametrize(
    "message", ["no colon in here", "server string to sign is:POST&%2F&AccessKeyId%3DLTAIabcdefgh"]
)
def test_a_wrong_signature_is_an_error_whatever_its_message(message: str) -> None:
    body = f'{{"Code": "SignatureDoesNotMatch", "Message": "{message}"}}'.encode()
    with pytest.raises(CloudError) as raised:
        read_answer("smc.X", 400, {}, body, "POST&%2F&AccessKeyId%3DLTAIabcdefgh")
    assert "secret key" in raised.value.hint
    assert "LTAIabcdefgh" not in str(raised.value)


def test_a_twice_delivered_request_is_uncertain() -> None:
    with pytest.raises(CloudError) as raised:
        read_answer("ecs.ExportImage", 400, {}, b'{"Code": "SignatureNonceUsed", "Message": "m"}')
    assert raised.value.uncertain


@pytest.mark.parametrize("echo", ["url", "html", "drop", "refused"])
def test_no_failure_shows_the_signed_url(connect: Any, wire: Any, echo: str) -> None:
    options: dict[str, Any] = {"security_token": "CAISsecrettoken"}
    if echo == "refused":
        options["endpoints"] = {"smc": "http://127.0.0.1:1"}
    elif echo == "drop":
        wire.expect("StartReplicationJob", DROP)
    elif echo == "html":
        wire.expect("StartReplicationJob", f"<html>GET /?AccessKeyId={KEY}&SecurityToken=CAISsecrettoken".encode(), 502)
    else:
        wire.refuse(
            "StartReplicationJob",
            "X",
            400,
            f"https://h/?AccessKeyId={KEY}&Signature=ab%2B&SecurityToken=CAISsecrettoken",
        )
    with pytest.raises(CloudError) as raised:
        connect(**options).smc.start_replication_job("j-1")
    shown = f"{raised.value!r} {raised.value} {raised.value.as_dict()} {raised.value.__cause__!r}"
    for secret in (KEY, "CAISsecrettoken", "ab%2B", "Signature=" if echo != "url" else "ab%2B"):
        assert secret not in shown
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_missing_sdk_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "aliyunsdkens.request.v20171110.ImportImageRequest", None)
    with pytest.raises(MissingLibrary) as raised:
        build_request("ens", "ImportImage", {})
    assert raised.value.package == "aliyun-python-sdk-ens"


def test_an_action_that_an_old_sdk_lacks_names_the_package_too() -> None:
    with pytest.raises(MissingLibrary) as raised:
        build_request("smc", "NoSuchAction", {})
    assert raised.value.package == "aliyun-python-sdk-smc"
