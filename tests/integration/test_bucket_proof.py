# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets that take and do not give back: found before anything billable exists, with the words of the service."""

from __future__ import annotations

import json
from typing import Any

import oss2
import pytest
from oss2 import models
from support.oss_client import bucket as bucket_of
from support.wave import WEB, changing, run

WORLD = {
    "sources": [],
    "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
    "credentials": {
        "LTAI5tSandboxAccessKey": {"secret": "SandboxAccessKeySecret0123456"},
        "LTAI5tBlind": {"secret": "blind-secret", "user": "blind"},
    },
    "identities": {
        "blind": {
            "statements": [
                {"effect": "allow", "action": "*"},
                {"effect": "deny", "action": "oss:GetBucketWorm"},
            ]
        }
    },
}
pytestmark = [pytest.mark.any_core, pytest.mark.sandbox_world(WORLD)]
BLIND = {"access_key": "LTAI5tBlind", "secret_key": "blind-secret"}


@pytest.fixture
def bucket(sandbox: Any) -> oss2.Bucket:
    return bucket_of(sandbox)


def look(sandbox: Any, *, check: bool = False, **params: Any) -> tuple[str, dict[str, dict[str, Any]]]:
    """The verdict about the account, and the findings about the bucket by id."""
    since = sandbox.get("requests?since=0")["next"]
    result = run(sandbox, "ens_account_info", check=check, **{"name": "wave", "servers": [WEB], **params})
    found = {row["id"]: row for row in result["findings"] if row["id"].startswith("bucket-")}
    # In a bucket with versions, the deletion names the key and the version in its body, which no log holds.
    assert set(changing(sandbox.requests(since=since))) <= {"oss.DeleteMultipleObjects"}
    return result["verdict"], found


def written(sandbox: Any) -> list[str]:
    """The objects that were written, as the log has them."""
    return [row["params"]["key"] for row in sandbox.requests("oss") if row["action"] in ("AppendObject", "PutObject")]


def deny(bucket: oss2.Bucket, *actions: str) -> None:
    """Give the bucket a policy that denies these actions to everybody on all objects."""
    everything = [f"acs:oss:*:*:{bucket.bucket_name}/*"]
    statement = {"Effect": "Deny", "Principal": ["*"], "Action": list(actions), "Resource": everything}
    bucket.put_bucket_policy(json.dumps({"Version": "1", "Statement": [statement]}))


def keys(bucket: oss2.Bucket) -> list[str]:
    return [row.key for row in bucket.list_objects_v2().object_list]


@pytest.mark.parametrize("versioning", ["", "Enabled", "Suspended"])
def test_a_bucket_that_gives_back_is_clear_and_as_it_was(sandbox: Any, bucket: oss2.Bucket, versioning: str) -> None:
    if versioning:
        bucket.put_bucket_versioning(models.BucketVersioningConfig(versioning))
    notes = ["bucket-versioning"] if versioning else []
    verdict, found = look(sandbox)
    assert (verdict, list(found)) == ("clear", notes)
    assert [key.endswith("/proof.json") for key in written(sandbox)] == [True]
    assert keys(bucket) == []
    page = bucket.list_object_versions()
    assert [*page.versions, *page.delete_marker] == []
    again, second = look(sandbox)
    assert (again, list(second)) == ("clear", notes), "a second check finds no trace of the first"


def test_a_retention_policy_is_refused_without_a_write(sandbox: Any, bucket: oss2.Bucket) -> None:
    bucket.init_bucket_worm(30)
    verdict, found = look(sandbox)
    assert (verdict, list(found)) == ("blocked", ["bucket-retention"])
    assert "30 days (GetBucketWorm: InProgress)" in found["bucket-retention"]["evidence"]
    assert written(sandbox) == []


def test_a_retention_policy_that_may_not_be_read_shows_in_the_proof(sandbox: Any, bucket: oss2.Bucket) -> None:
    bucket.init_bucket_worm(1)
    verdict, found = look(sandbox, **BLIND)
    assert (verdict, set(found)) == ("blocked", {"bucket-keeps", "bucket-unknown"})
    assert "(FileImmutable)" in found["bucket-keeps"]["evidence"]
    assert "GetBucketWorm: AccessDenied" in found["bucket-unknown"]["evidence"]
    assert keys(bucket) == written(sandbox)[:1]


@pytest.mark.parametrize(
    ("denied", "words", "stays"),
    [("oss:DeleteObject", "deleting oss://migration-images/edgelift/", 1), ("oss:Put*", "appending to oss://", 0)],
)
def test_a_policy_that_denies_is_named_with_the_object(
    sandbox: Any, bucket: oss2.Bucket, denied: str, words: str, stays: int
) -> None:
    deny(bucket, denied)
    for _check in range(2):
        verdict, found = look(sandbox)
        assert (verdict, list(found)) == ("blocked", ["bucket-keeps"])
        assert words in found["bucket-keeps"]["evidence"]
        assert "(AccessDenied)" in found["bucket-keeps"]["evidence"]
        assert len(keys(bucket)) == stays
    bucket.delete_bucket_policy()
    assert look(sandbox) == ("clear", {}), "the object of the first check does not disturb a second one"
    assert keys(bucket) == []


def test_what_a_refused_check_left_goes_with_the_cleanup(sandbox: Any, bucket: oss2.Bucket) -> None:
    deny(bucket, "oss:DeleteObject")
    look(sandbox)
    bucket.delete_bucket_policy()
    assert len(keys(bucket)) == 1
    swept = run(sandbox, "smc_cleanup", name="wave", state="absent", scope="migration", servers=[], resources=[])
    assert swept["cleanup"]["residual"] == []
    assert [key for key in keys(bucket) if key.endswith("proof.json")] == []


def test_an_encrypted_bucket_is_refused(sandbox: Any, bucket: oss2.Bucket) -> None:
    bucket.put_bucket_encryption(models.ServerSideEncryptionRule("KMS", "key-1"))
    verdict, found = look(sandbox)
    assert (verdict, list(found)) == ("blocked", ["bucket-encryption"])
    assert "key-1" in found["bucket-encryption"]["evidence"]
    bucket.put_bucket_encryption(models.ServerSideEncryptionRule("AES256"))
    verdict, found = look(sandbox)
    assert (verdict, list(found)) == ("blocked", ["bucket-encryption"])
    bucket.delete_bucket_encryption()
    assert look(sandbox) == ("clear", {})


def test_rules_that_forbid_to_overwrite_are_read(sandbox: Any, bucket: oss2.Bucket) -> None:
    rule = b"<OverwriteConfiguration><Rule><Action>forbid</Action><Prefix>%s</Prefix></Rule></OverwriteConfiguration>"
    for prefix, expected in ((b"backup/", ("clear", [])), (b"edgelift/", ("blocked", ["bucket-overwrite"]))):
        bucket._do("PUT", bucket.bucket_name, "", data=rule % prefix, params={"overwriteConfig": ""})
        verdict, found = look(sandbox)
        assert (verdict, list(found)) == expected
    bucket.put_object("edgelift/x", b"1")
    with pytest.raises(oss2.exceptions.ServerError, match="FileAlreadyExists"):
        bucket.put_object("edgelift/x", b"2")
    bucket._do("DELETE", bucket.bucket_name, "", params={"overwriteConfig": ""})
    assert look(sandbox) == ("clear", {})


@pytest.mark.parametrize(
    ("params", "words"),
    [({"check": True}, "check mode writes nothing"), ({"prove_bucket": False}, "was not asked for")],
)
def test_without_a_write_the_missing_proof_is_a_note(sandbox: Any, params: dict[str, Any], words: str) -> None:
    verdict, found = look(sandbox, **params)
    assert (verdict, list(found)) == ("clear", ["bucket-unproven"])
    assert words in found["bucket-unproven"]["evidence"]
    assert written(sandbox) == []


def test_a_service_that_does_not_decide_blocks_nothing(sandbox: Any) -> None:
    rule = {"match": {"product": "oss", "action": "AppendObject"}, "kind": "error", "code": "InternalError"}
    sandbox.post("faults", {"meaning": "an outage", "faults": [{**rule, "status": 500, "times": 50}]})
    verdict, found = look(sandbox)
    assert (verdict, list(found)) == ("clear", ["bucket-unproven"])
    assert "InternalError" in found["bucket-unproven"]["evidence"]
