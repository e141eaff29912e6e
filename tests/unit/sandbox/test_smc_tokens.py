# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from support.local_cloud import LocalCloud

from sandbox.contracts.errors import ServiceError
from sandbox.services import agents

REPORT = {
    "system": {"hostname": "web-09", "ipv4": "192.0.2.9"}, "platform": "Debian", "architecture": "x86_64",
    "disks": [{"index": 1, "path": "/dev/vdb", "size_bytes": 5 * 2**30 + 1, "parts": []},
              {"index": 0, "path": "/dev/vda", "size_bytes": 20 * 2**30, "parts": [{"path": "/", "size_bytes": 1}]}],
}
DAY = 86400


def listed(local: LocalCloud, **filters: str) -> list[dict[str, str]]:
    return list(local.ok("smc", "ListAccessTokens", **filters)["AccessTokens"]["AccessToken"])


def test_the_code_is_shown_once_and_numbers_are_strings(local: LocalCloud) -> None:
    made = local.ok("smc", "CreateAccessToken", Name="wave-1", Count=3, TimeToLiveInDays=2)
    assert len(made["AccessTokenCode"]) == 32
    (shown,) = listed(local)
    assert made["AccessTokenCode"] not in str(shown)
    assert {key: shown[key] for key in ("Count", "RegisteredCount", "TimeToLiveInDays", "Status")} == {
        "Count": "3", "RegisteredCount": "0", "TimeToLiveInDays": "2", "Status": "activated"
    }


def test_every_token_comes_at_once_since_the_action_has_no_paging(local: LocalCloud) -> None:
    for _turn in range(12):
        local.ok("smc", "CreateAccessToken")
    assert len(listed(local)) == 12


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": "1wave"}, "InvalidParameter.Name"),
        ({"Name": "w"}, "InvalidParameter.Name"),
        ({"Name": "http://wave"}, "InvalidParameter.Name"),
        ({"Count": 1001}, "InvalidParameter.Count"),
        ({"Count": 0}, "InvalidParameter.Count"),
        ({"TimeToLiveInDays": 91}, "InvalidParameter.TimeToLiveInDays"),
    ],
)
def test_limits_of_a_token(local: LocalCloud, params: dict[str, object], code: str) -> None:
    assert local.code("smc", "CreateAccessToken", **params) == (400, code)


def test_a_client_registers_with_the_code_and_becomes_available(local: LocalCloud) -> None:
    token = local.ok("smc", "CreateAccessToken", Count=1)
    source = agents.register_by_token(local.cloud, token["AccessTokenId"], token["AccessTokenCode"], REPORT)
    (shown,) = local.ok("smc", "DescribeSourceServers", SourceId__1=source["id"])["SourceServers"]["SourceServer"]
    assert shown["State"] == "Available"
    assert shown["SystemDiskSize"] == 20
    assert [(disk["Index"], disk["Size"]) for disk in shown["DataDisks"]["DataDisk"]] == [(1, 6)]
    assert '"hostname": "web-09"' in shown["SystemInfo"]
    assert listed(local)[0]["RegisteredCount"] == "1"


def test_a_client_that_kept_its_id_stays_the_same_source_and_costs_no_count(local: LocalCloud) -> None:
    token = local.ok("smc", "CreateAccessToken", Count=1)
    arguments = (token["AccessTokenId"], token["AccessTokenCode"], REPORT)
    first = agents.register_by_token(local.cloud, *arguments)
    again = agents.register_by_token(local.cloud, *arguments, source_id=first["id"])
    assert again["id"] == first["id"]
    with pytest.raises(ServiceError, match=r"AccessToken\.CountExceeded"):
        agents.register_by_token(local.cloud, *arguments)


def test_codes_that_do_not_let_a_client_in(local: LocalCloud) -> None:
    token = local.ok("smc", "CreateAccessToken", TimeToLiveInDays=1)
    token_id, code = token["AccessTokenId"], token["AccessTokenCode"]
    with pytest.raises(ServiceError, match="InvalidAccessToken:"):
        agents.register_by_token(local.cloud, token_id, "wrong", REPORT)
    with pytest.raises(ServiceError, match="InvalidAccessToken:"):
        agents.register_by_token(local.cloud, "at-unknown", code, REPORT)
    local.ok("smc", "DisableAccessToken", AccessTokenId=token_id)
    assert listed(local, Status="unactivated")[0]["AccessTokenId"] == token_id
    with pytest.raises(ServiceError, match=r"InvalidAccessToken\.Expired"):
        agents.register_by_token(local.cloud, token_id, code, REPORT)
    local.ok("smc", "DeleteAccessToken", AccessTokenId=token_id)
    assert local.code("smc", "DisableAccessToken", AccessTokenId=token_id)[1] == "AccessTokenId.NotFound"


def test_a_token_expires_on_the_virtual_clock(local: LocalCloud) -> None:
    token = local.ok("smc", "CreateAccessToken", TimeToLiveInDays=1)
    local.advance(DAY)
    assert listed(local)[0]["Status"] == "expired"
    with pytest.raises(ServiceError, match=r"InvalidAccessToken\.Expired"):
        agents.register_by_token(local.cloud, token["AccessTokenId"], token["AccessTokenCode"], REPORT)


def test_a_client_with_a_key_pair(local: LocalCloud) -> None:
    assert agents.register_by_key(local.cloud, "LTAI5tUnit", "unit-secret", REPORT)["token_id"] is None
    with pytest.raises(ServiceError, match="InvalidAccessKeySecret"):
        agents.register_by_key(local.cloud, "LTAI5tUnit", "wrong", REPORT)


@pytest.mark.sandbox_world({"account": {"quotas": {"sources": 3}}})
def test_the_quota_of_sources(local: LocalCloud) -> None:
    with pytest.raises(ServiceError, match=r"QuotaExceeded\.SourceServer"):
        agents.register(local.cloud, REPORT, None, None)
