# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, is_gone, scrub
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.error_codes import hint_for

SIGNED = (
    "https://smc.aliyuncs.com/?Action=DescribeSourceServers&AccessKeyId=LTAI5tSecretKeyId&SecurityToken=CAIStok%2Fen%3D"
    "&SignatureNonce=4711&Signature=abc%2Bdef%3D&RegionId=cn-beijing"
)
PRESIGNED = (
    "https://b.oss-cn-beijing.aliyuncs.com/k?x-oss-credential=LTAI5tSecretKeyId%2F20261124%2Fcn-beijing"
    "&x-oss-security-token=CAIStoken&x-oss-signature=0123abcd&x-oss-expires=60"
)


@pytest.mark.parametrize(
    ("text", "secrets", "kept"),
    [
        (SIGNED, ["LTAI5tSecretKeyId", "CAIStok", "abc%2Bdef"], ["smc.aliyuncs.com", "RegionId=cn-beijing"]),
        (PRESIGNED, ["LTAI5tSecretKeyId", "CAIStoken", "0123abcd"], ["x-oss-expires=60"]),
        ("https://b/k?OSSAccessKeyId=abc123&Signature=s%3D&Expires=1", ["abc123", "s%3D"], ["Expires=1"]),
        (
            "POST&%2F&AccessKeyId%3Dabc123%26Action%3DX%26SecurityToken%3Dtok%252Fen%26Version%3D1",
            ["abc123", "tok%252Fen"],
            ["Action%3DX", "Version%3D1"],
        ),
        (
            "Specified signature is not matched. server string to sign is:POST&%2F&AccessKeyId%3Dabc",
            ["abc"],
            ["not matched", "server string to sign is"],
        ),
        ("{'authorization': 'OSS4-HMAC-SHA256 Credential=ak/2026/oss, Signature=ff00'}", ["ak/2026", "ff00"], []),
        ("Authorization: OSS ak:c2ln", ["ak:", "c2ln"], []),
        ("'x-oss-security-token': 'CAIStoken'", ["CAIStoken"], []),
        ('{"AccessTokenCode": "N0tForY0u"}', ["N0tForY0u"], []),
        ("run with --accesstokencode=N0tForY0u", ["N0tForY0u"], ["run with"]),
        ("The key LTAI5tSecretKeyId is unknown, STS.NUgYrLnoC37 too", ["LTAI5t", "NUgYr"], ["is unknown"]),
    ],
)
def test_scrub_hides_secrets_and_keeps_the_rest(text: str, secrets: list[str], kept: list[str]) -> None:
    clean = scrub(text)
    assert not [secret for secret in secrets if secret in clean]
    assert not [word for word in kept if word not in clean]


def test_scrub_leaves_harmless_text_alone() -> None:
    text = "Signature methods differ; the AccessKey pair of bucket b is fine: 403"
    assert scrub(text) == text


def test_an_error_says_what_failed_why_and_under_which_request() -> None:
    error = CloudError("smc.StartReplicationJob", "ReplicationJob.InvalidStatus", "No.", "R-1", 400)
    assert str(error) == "smc.StartReplicationJob failed: No. (code ReplicationJob.InvalidStatus, request R-1)"
    assert error.as_dict() == {
        "action": "smc.StartReplicationJob",
        "code": "ReplicationJob.InvalidStatus",
        "request_id": "R-1",
        "http_status": 400,
        "retryable": False,
        "hint": "The job's status does not allow it: start from Ready, Stopped or InError.",
    }


def test_an_error_scrubs_its_message() -> None:
    assert "LTAI5tSecretKeyId" not in str(CloudError("x.Y", "Z", f"no answer from {SIGNED}"))


@pytest.mark.parametrize(
    ("code", "status", "retryable", "refused", "uncertain"),
    [
        ("Throttling.User", 400, True, True, False),
        ("Rejected.Throttling", 400, True, True, False),
        ("TooFast", 429, True, True, False),
        ("Connection.Refused", None, True, True, False),
        ("Connection.Lost", None, True, False, True),
        ("ServiceUnavailable", 503, True, False, True),
        ("Forbidden.RAM", 403, False, False, False),
    ],
)
def test_whether_a_failed_call_may_have_had_its_effect(
    code: str, status: int | None, retryable: bool, refused: bool, uncertain: bool
) -> None:
    error = CloudError("ecs.ExportImage", code, "m", http_status=status, retryable=retryable)
    assert (error.refused_before_effect, error.uncertain) == (refused, uncertain)


@pytest.mark.parametrize(
    ("code", "gone"),
    [
        ("InvalidInstanceId.NotFound", True),
        ("InvalidVpcID.NotFound", True),
        ("InvalidVpcId.NotFound", True),
        ("InvalidSecurityGroupId.NotFound", True),
        ("NoSuchKey", True),
        ("NoSuchBucket", False),
        ("InvalidOSSBucket.NotFound", False),
        ("InvalidAccessKeyId.NotFound", False),
    ],
)
def test_gone_means_the_resource_itself(code: str, gone: bool) -> None:
    assert is_gone(code) is gone


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("InvalidAccessKeyId.NotFound", "access key id"),
        ("SignatureDoesNotMatch", "secret key"),
        ("InvalidSecurityToken.Expired", "STS token"),
        ("InvalidTimeStamp.Expired", "clock"),
        ("NoSetRoletoECSServiceAcount", "AliyunECSImageExportDefaultRole"),
        ("WeeklyQuotaExceed.ExportImage", "next week"),
        ("QuotaExceeded.Vpc", "vswitch_id"),
        ("Throttling.Api", "rate"),
    ],
)
def test_well_known_codes_come_with_what_to_do(code: str, words: str) -> None:
    assert words in hint_for(code)


def test_an_unknown_code_has_no_hint_and_some_messages_do() -> None:
    assert hint_for("Something.New") == ""
    assert "real-name" in hint_for("X", "Your Account Haven't Completed Real-name Authentication")
