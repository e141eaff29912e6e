# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All families of the vendor's clients, unmodified, with every way of signing: what each is told when it may not.

Only their clocks and dice are in the tests' hands.
"""
from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import alibabacloud_oss_v2
import alibabacloud_oss_v2.signer.v1
import alibabacloud_oss_v2.signer.v4
import alibabacloud_tea_openapi.utils as tea
import oss2
import pytest
import requests
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.composer import rpc_signature_composer
from support import PATIENCE

KEY, SECRET = "LTAI5tSandboxAccessKey", "SandboxAccessKeySecret0123456"
BUCKET, REGION = "migration-images", "cn-beijing"
TEMPORARY = ("STS.good", "sts-secret", "sts-token")
pytestmark = [pytest.mark.any_core, pytest.mark.sandbox_world({
    "region": REGION, "buckets": [{"name": BUCKET, "region": REGION}],
    "credentials": {KEY: {"secret": SECRET}, "STS.good": {"secret": "sts-secret", "token": "sts-token", "ttl": 3600}}})]

LATE = datetime.timedelta(minutes=16)
Answer = tuple[int, str]


class LateDatetime(datetime.datetime):
    """A clock that is 16 minutes slow."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """As datetime says."""
        return datetime.datetime.now(tz) - LATE

    @classmethod
    def utcnow(cls) -> Any:
        """As datetime says."""
        return datetime.datetime.now(datetime.timezone.utc) - LATE


@dataclass(frozen=True)
class Family:
    """One kind of client: how it asks for something harmless, and how its clock is made slow."""

    ask: Callable[[Any, str, str, str], Answer]
    slow: Callable[[pytest.MonkeyPatch], None]
    refusals: dict[str, Answer]


def rpc_1(sandbox: Any, *keys: str) -> Answer:
    try:
        sandbox.call("sts", "GetCallerIdentity", client=sandbox.client(*keys))
    except ServerException as refused:
        return refused.get_http_status(), refused.get_error_code()
    return 200, ""


def acs3(sandbox: Any, key: str, secret: str, token: str) -> Answer:
    config = Config(protocol="http", endpoint=sandbox.endpoint.removeprefix("http://"), region_id=REGION,
                    access_key_id=key, access_key_secret=secret, security_token=token or None)
    try:
        Sts(config).get_caller_identity()
    except AlibabaCloudException as refused:
        return refused.status_code, refused.code
    return 200, ""


def old_bucket(sandbox: Any, version: str, key: str, secret: str, token: str) -> oss2.Bucket:
    signers = {"v1": oss2.Auth, "v2": oss2.AuthV2, "v4": oss2.AuthV4}
    auth = oss2.StsAuth(key, secret, token, auth_version=version) if token else signers[version](key, secret)
    return oss2.Bucket(auth, sandbox.endpoint, BUCKET, region=REGION)


def old_oss(version: str) -> Callable[..., Answer]:
    def ask(sandbox: Any, *keys: str) -> Answer:
        try:
            old_bucket(sandbox, version, *keys).get_bucket_acl()
        except oss2.exceptions.ServerError as refused:
            return refused.status, refused.code
        return 200, ""

    return ask


def old_url(version: str) -> Callable[..., Answer]:
    def ask(sandbox: Any, *keys: str) -> Answer:
        return fetched(old_bucket(sandbox, version, *keys).sign_url("GET", "absent", 60))

    return ask


def new_client(sandbox: Any, version: str, *keys: str) -> alibabacloud_oss_v2.Client:
    provider = alibabacloud_oss_v2.credentials.StaticCredentialsProvider(*(key for key in keys if key))
    return alibabacloud_oss_v2.Client(alibabacloud_oss_v2.Config(
        region=REGION, endpoint=sandbox.endpoint, credentials_provider=provider, use_path_style=True,
        signature_version=version, retry_max_attempts=1))


def new_oss(version: str) -> Callable[..., Answer]:
    def ask(sandbox: Any, *keys: str) -> Answer:
        client = new_client(sandbox, version, *keys)
        try:
            client.get_bucket_acl(alibabacloud_oss_v2.GetBucketAclRequest(BUCKET))
        except alibabacloud_oss_v2.exceptions.OperationError as failed:
            refused: Any = failed.unwrap()
            return refused.status_code, refused.code
        return 200, ""

    return ask


def new_url(version: str) -> Callable[..., Answer]:
    def ask(sandbox: Any, *keys: str) -> Answer:
        request = alibabacloud_oss_v2.GetObjectRequest(BUCKET, "absent")
        return fetched(new_client(sandbox, version, *keys).presign(request).url)

    return ask


def fetched(url: str) -> Answer:
    """What a presigned address of an object that does not exist gives, twice: OSS knows no nonces."""
    first, second = ((answer.status_code, re.findall("<Code>(.*)</Code>", answer.text))
                     for answer in (requests.get(url, timeout=PATIENCE) for _turn in range(2)))
    assert first == second
    status, (code,) = first
    return (200, "") if code == "NoSuchKey" else (status, code)


def slow_rpc_1(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rpc_signature_composer.helper, "get_iso_8061_date",
                  lambda: LateDatetime.utcnow().strftime("%Y-%m-%dT%H:%M:%SZ"))


def slow_acs3(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tea, "datetime", LateDatetime)


def slow_old_oss(patch: pytest.MonkeyPatch) -> None:
    late = time.time() - LATE.total_seconds()
    http_date = oss2.utils.http_date
    patch.setattr(oss2.auth, "datetime", LateDatetime)
    patch.setattr(oss2.auth, "time", SimpleNamespace(time=lambda: late))
    patch.setattr(oss2.utils, "http_date", lambda _time=None: http_date(late))


def slow_new_oss(patch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(datetime=LateDatetime, timedelta=datetime.timedelta, timezone=datetime.timezone)
    for signer in (alibabacloud_oss_v2.signer.v1, alibabacloud_oss_v2.signer.v4):
        patch.setattr(signer, "datetime", clock)


RPC = {"unknown key": (404, "InvalidAccessKeyId.NotFound"), "wrong secret": (400, "SignatureDoesNotMatch"),
       "slow clock": (400, "InvalidTimeStamp.Expired"), "wrong token": (400, "InvalidSecurityToken.Malformed"),
       "over": (400, "InvalidSecurityToken.Expired")}
OSS = {"unknown key": (403, "InvalidAccessKeyId"), "wrong secret": (403, "SignatureDoesNotMatch"),
       "slow clock": (403, "RequestTimeTooSkewed"), "wrong token": (403, "InvalidSecurityToken"),
       "over": (403, "SecurityTokenExpired")}
URL = {**OSS, "slow clock": (403, "AccessDenied")}
FAMILIES = {
    # The SDK compares the string to sign in the refusal with its own, and reports the result (local-cloud 3.4).
    "rpc-1": Family(rpc_1, slow_rpc_1, {**RPC, "wrong secret": (400, "InvalidAccessKeySecret")}),
    "acs3": Family(acs3, slow_acs3, RPC),
    **{f"oss2-{version}": Family(old_oss(version), slow_old_oss, OSS) for version in ("v1", "v2", "v4")},
    **{f"oss2-url-{version}": Family(old_url(version), slow_old_oss, URL) for version in ("v1", "v2", "v4")},
    **{f"oss-v2-{version}": Family(new_oss(version), slow_new_oss, OSS) for version in ("v1", "v4")},
    **{f"oss-v2-url-{version}": Family(new_url(version), slow_new_oss, URL) for version in ("v1", "v4")},
}


@pytest.mark.parametrize("name", FAMILIES)
def test_what_each_family_is_told(sandbox: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = FAMILIES[name]
    assert family.ask(sandbox, KEY, SECRET, "") == (200, "")
    assert family.ask(sandbox, *TEMPORARY) == (200, "")
    told = {
        "unknown key": family.ask(sandbox, "LTAInobody", SECRET, ""),
        "wrong secret": family.ask(sandbox, KEY, "wrong", ""),
        "wrong token": family.ask(sandbox, *TEMPORARY[:2], "another"),
    }
    with monkeypatch.context() as patch:
        family.slow(patch)
        told["slow clock"] = family.ask(sandbox, KEY, SECRET, "")
    sandbox.advance(3601)
    told["over"] = family.ask(sandbox, *TEMPORARY)
    assert told == family.refusals


@pytest.mark.parametrize(("name", "place", "nonce"), [
    ("rpc-1", rpc_signature_composer.helper, "get_uuid"), ("acs3", tea.Utils, "get_nonce")], ids=["rpc-1", "acs3"])
def test_a_nonce_serves_once(sandbox: Any, name: str, place: Any, nonce: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, nonce, lambda: f"the same {name}")
    assert [FAMILIES[name].ask(sandbox, KEY, SECRET, "") for _turn in range(2)] == [
        (200, ""), (400, "SignatureNonceUsed")]
