# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest
from support.local_cloud import KEY, LocalCloud

from sandbox.state.clock import iso
from sandbox.state.nonces import Nonces
from sandbox.transport.signature import sign, string_to_sign


def test_the_vendors_known_answer() -> None:
    params = {
        "Timestamp": "2016-02-23T12:46:24Z", "Format": "XML", "AccessKeyId": "testid", "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1", "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26", "SignatureVersion": "1.0",
    }
    assert sign("testsecret", string_to_sign("GET", params)) == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_empty_and_strange_values_are_part_of_the_signature() -> None:
    text = string_to_sign("POST", {"b": "", "a": "x y~*/+ü", "Signature": "left out"})
    assert text == "POST&%2F&a%3Dx%2520y~%252A%252F%252B%25C3%25BC%26b%3D"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"AccessKeyId": "LTAInobody"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"Timestamp": "yesterday"}, 400, "InvalidTimeStamp.Format"),
        ({"SignatureMethod": "HMAC-MD5"}, 400, "InvalidSignatureMethod"),
        ({"SignatureNonce": ""}, 400, "MissingSignatureNonce"),
        ({"SecurityToken": "something"}, 400, "InvalidSecurityToken.MismatchWithAccessKey"),
    ],
)
def test_what_the_gateway_refuses(local: LocalCloud, changes: dict[str, str], status: int, code: str) -> None:
    reply = local.raw({**local.envelope("sts", "GetCallerIdentity"), **changes})
    assert (reply.status, reply.body["Code"]) == (status, code)


@pytest.mark.parametrize("off", [-1000, 86400])
def test_a_time_stamp_more_than_15_minutes_off_is_refused(local: LocalCloud, off: int) -> None:
    reply = local.raw({**local.envelope("sts", "GetCallerIdentity"), "Timestamp": iso(time.time() + off)})
    assert (reply.status, reply.body["Code"]) == (400, "InvalidTimeStamp.Expired")


def test_a_wrong_secret_shows_the_string_to_sign_after_a_colon(local: LocalCloud) -> None:
    params = local.envelope("sts", "GetCallerIdentity")
    reply = local.raw(params, secret="wrong")
    assert (reply.status, reply.body["Code"]) == (400, "SignatureDoesNotMatch")
    assert reply.body["Message"].split(":")[1] == string_to_sign("POST", params)


def test_the_skew_is_judged_on_real_time(local: LocalCloud) -> None:
    local.cloud.clock.advance(1_000_000)
    assert local.ok("sts", "GetCallerIdentity")["AccountId"] == "1234567890123456"


def test_a_replayed_request_has_no_second_effect(local: LocalCloud) -> None:
    params = local.envelope("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")
    assert local.raw(params).status == 200
    reply = local.raw(params)
    assert (reply.status, reply.body["Code"]) == (400, "SignatureNonceUsed")
    assert local.ok("vpc", "DescribeVpcs")["TotalCount"] == 1


def test_a_forged_request_does_not_use_up_the_nonce(local: LocalCloud) -> None:
    params = local.envelope("sts", "GetCallerIdentity")
    assert local.raw(params, secret="wrong").status == 400
    assert local.raw(params).status == 200


def test_nonces_are_forgotten_after_their_window() -> None:
    nonces = Nonces()
    assert nonces.first_use("a", 0)
    assert not nonces.first_use("a", 1800)
    assert nonces.first_use("a", 1801)


def test_nonces_of_a_former_process_are_remembered_until_their_window_ends() -> None:
    nonces = Nonces()
    assert nonces.first_use("new", 2000)
    nonces.load([(100, "old"), (1500, "younger")])
    assert nonces.unsaved == [(2000, "new")]
    assert nonces.first_use("old", 2001)
    assert not nonces.first_use("younger", 3300)
    assert not nonces.first_use("new", 3800)


@pytest.mark.sandbox_world({"credentials": {"STS.unit": {"secret": "s", "token": "the-token", "ttl": 60}}})
def test_sts_credentials_need_their_token_and_end_on_the_virtual_clock(local: LocalCloud) -> None:
    def reply(**changes: str) -> str:
        params = {**local.envelope("sts", "GetCallerIdentity"), "AccessKeyId": "STS.unit", **changes}
        return str(local.raw(params, secret="s").body.get("Code", "ok"))

    assert reply() == "MissingSecurityToken"
    assert reply(SecurityToken="another") == "InvalidSecurityToken.Malformed"
    assert reply(SecurityToken="the-token") == "ok"
    local.cloud.clock.advance(60)
    assert reply(SecurityToken="the-token") == "InvalidSecurityToken.Expired"
    assert KEY not in [row["id"] for row in local.cloud.tables.table("credentials")]


def test_an_assumed_role_gets_a_credential_that_works_and_ends(local: LocalCloud) -> None:
    arn = "acs:ram::1234567890123456:role/AliyunServiceRoleForSMC"
    answer = local.ok("sts", "AssumeRole", RoleArn=arn, RoleSessionName="ansible", DurationSeconds=900)
    credentials = answer["Credentials"]

    def identity() -> dict[str, object]:
        params = {**local.envelope("sts", "GetCallerIdentity"), "AccessKeyId": credentials["AccessKeyId"],
                  "SecurityToken": credentials["SecurityToken"]}
        return local.raw(params, secret=credentials["AccessKeySecret"]).body

    assert identity()["Arn"] == "acs:ram::1234567890123456:assumed-role/AliyunServiceRoleForSMC/ansible"
    local.cloud.clock.advance(900)
    assert identity()["Code"] == "InvalidSecurityToken.Expired"


def test_a_role_that_does_not_exist_cannot_be_assumed(local: LocalCloud) -> None:
    arn = "acs:ram::1234567890123456:role/Nobody"
    assert local.code("sts", "AssumeRole", RoleArn=arn, RoleSessionName="ansible") == (404, "EntityNotExist.Role")
