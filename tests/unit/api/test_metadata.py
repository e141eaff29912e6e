# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError

TOKEN = "PUT /latest/api/token"
ROLE = "GET /latest/meta-data/ram/security-credentials/migrator"
GRANTED = {
    "Code": "Success",
    "AccessKeyId": "STS.fromRole",
    "AccessKeySecret": "secret",
    "SecurityToken": "token",
    "Expiration": "2099-01-01T00:00:00Z",
}


@pytest.fixture
def on_instance(connect: Callable[..., Any], wire: Any) -> Callable[..., Any]:
    """Clients that use the instance's role, with the metadata service on the scripted server."""

    def clients(environ: dict[str, str] | None = None) -> Any:
        endpoints = dict.fromkeys(("smc", "metadata"), wire.url)
        return connect(environ, access_key=None, secret_key=None, ecs_role_name="migrator", endpoints=endpoints)

    return clients


def test_imdsv2_is_asked_first_and_its_token_is_used(on_instance: Any, wire: Any) -> None:
    wire.expect(TOKEN, b"session-token")
    wire.expect(ROLE, GRANTED)
    wire.expect("ListAccessTokens", SecurityToken="token", AccessKeyId="STS.fromRole")
    wire.expect("ListAccessTokens", SecurityToken="token")
    clients = on_instance()
    clients.smc.list_access_tokens()
    clients.smc.list_access_tokens()
    assert wire.received[0].headers["x-aliyun-ecs-metadata-token-ttl-seconds"] == "21600"
    assert wire.received[1].headers["x-aliyun-ecs-metadata-token"] == "session-token"


@pytest.mark.parametrize("status", [403, 404, 405])
def test_imdsv1_is_used_where_there_is_no_token(on_instance: Any, wire: Any, status: int) -> None:
    wire.expect(TOKEN, b"no", status)
    wire.expect(ROLE, GRANTED)
    wire.expect("ListAccessTokens", SecurityToken="token")
    on_instance().smc.list_access_tokens()
    assert "x-aliyun-ecs-metadata-token" not in wire.received[1].headers


def test_imdsv1_can_be_forbidden(on_instance: Any, wire: Any) -> None:
    wire.expect(TOKEN, b"no", 404)
    with pytest.raises(CloudError, match="IMDSv1 is disabled"):
        on_instance({"ALIBABA_CLOUD_IMDSV1_DISABLED": "true"}).smc.list_access_tokens()


def test_a_role_that_is_not_attached_is_named(on_instance: Any, wire: Any) -> None:
    wire.expect(TOKEN, b"t")
    wire.expect(ROLE, b"", 404)
    with pytest.raises(CloudError, match="role 'migrator' is not attached") as raised:
        on_instance().smc.list_access_tokens()
    assert "ecs_role_name" in raised.value.hint


@pytest.mark.parametrize("answer", [b"<html>", {"Code": "Failed"}, {"Code": "Success"}, [1]])
def test_an_odd_answer_is_an_error_without_its_text(on_instance: Any, wire: Any, answer: Any) -> None:
    wire.expect(TOKEN, b"t")
    wire.expect(ROLE, answer)
    with pytest.raises(CloudError, match="role 'migrator'") as raised:
        on_instance().smc.list_access_tokens()
    assert raised.value.code == "Credentials.InstanceRole"


def test_the_metadata_service_may_stumble(on_instance: Any, wire: Any) -> None:
    wire.expect(TOKEN, b"t")
    wire.expect(ROLE, b"", 503)
    wire.expect(TOKEN, b"t")
    wire.expect(ROLE, GRANTED)
    wire.expect("ListAccessTokens")
    on_instance().smc.list_access_tokens()


def test_a_role_profile_assumes_its_role_through_sts(connect: Callable[..., Any], wire: Any, tmp_path: Any) -> None:
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text(
        '{"profiles": [{"name": "p", "mode": "RamRoleArn", "access_key_id": "base", "access_key_secret": "s",'
        ' "ram_role_arn": "acs:ram::1:role/r"}]}',
        encoding="utf-8",
    )
    granted = {key: GRANTED[key] for key in ("AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration")}
    wire.expect("AssumeRole", {"Credentials": granted}, AccessKeyId="base", RoleArn="acs:ram::1:role/r",
                DurationSeconds="3600")  # fmt: skip
    wire.expect("DescribeSourceServers", AccessKeyId="STS.fromRole", SecurityToken="token")
    connect(access_key=None, secret_key=None, profile="p").smc.describe_source_servers()
