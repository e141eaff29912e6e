# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of buckets, symbolic links and archived objects of the local cloud, through the vendor's oss2."""
from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import oss2
import pytest
import requests
from oss2 import models
from support import PATIENCE
from support.oss_client import refusal

WORLD = {"buckets": [{"name": "migration-images", "region": "ap-southeast-1"},
                     {"name": "far", "region": "cn-beijing"},
                     {"name": "somebody-elses", "region": "ap-southeast-1", "owner": "9999999999999999"}]}
pytestmark = [pytest.mark.any_core, pytest.mark.sandbox_world(WORLD)]
POLICY = json.dumps({"Version": "1", "Statement": [
    {"Effect": "Deny", "Action": ["oss:DeleteBucket"], "Principal": ["*"], "Resource": ["acs:oss:*:*:*/*"]}]})


def bucket_of(sandbox: Any, name: str = "migration-images") -> oss2.Bucket:
    return oss2.Bucket(oss2.Auth(sandbox.access_key, sandbox.secret_key), sandbox.endpoint, name)


@pytest.fixture
def bucket(sandbox: Any) -> oss2.Bucket:
    return bucket_of(sandbox)


def test_what_was_put_is_answered_and_gone_when_deleted(bucket: oss2.Bucket) -> None:
    bucket.put_bucket_lifecycle(models.BucketLifecycle([models.LifecycleRule(
        "old", "logs/", expiration=models.LifecycleExpiration(days=30))]))
    rule = bucket.get_bucket_lifecycle().rules[0]
    assert (rule.id, rule.prefix, rule.expiration.days) == ("old", "logs/", 30)
    bucket.put_bucket_cors(models.BucketCors([models.CorsRule(["*"], ["GET"], max_age_seconds=5)]))
    assert bucket.get_bucket_cors().rules[0].max_age_seconds == 5
    bucket.put_bucket_encryption(models.ServerSideEncryptionRule("KMS", "key-1"))
    assert bucket.get_bucket_info().bucket_encryption_rule.kms_master_keyid == "key-1"
    bucket.put_bucket_policy(POLICY)
    assert json.loads(bucket.get_bucket_policy().policy) == json.loads(POLICY)
    for delete in (bucket.delete_bucket_lifecycle, bucket.delete_bucket_cors, bucket.delete_bucket_encryption,
                   bucket.delete_bucket_policy):
        assert delete().status == 204
        assert delete().status == 204
    assert refusal(bucket.get_bucket_lifecycle) == (404, "NoSuchLifecycle")
    assert refusal(bucket.get_bucket_cors) == (404, "NoSuchCORSConfiguration")
    assert refusal(bucket.get_bucket_encryption) == (404, "NoSuchServerSideEncryptionRule")
    assert refusal(bucket.get_bucket_policy) == (404, "NoSuchBucketPolicy")


def test_what_is_answered_before_anything_was_put(bucket: oss2.Bucket) -> None:
    assert bucket.get_bucket_referer().allow_empty_referer
    assert bucket.get_bucket_logging().target_bucket == ""
    assert bucket.get_bucket_tagging().tag_set.len() == 0
    assert bucket.get_bucket_storage_capacity().storage_capacity == -1
    assert bucket.get_bucket_request_payment().payer == "BucketOwner"


def test_configurations_that_make_no_sense(bucket: oss2.Bucket) -> None:
    rule = models.CorsRule(["*"], ["PATCH"])
    assert refusal(lambda: bucket.put_bucket_cors(models.BucketCors([rule]))) == (400, "InvalidArgument")
    assert refusal(lambda: bucket.put_bucket_policy("[]")) == (400, "InvalidPolicyDocument")
    assert refusal(lambda: bucket.put_bucket_encryption(models.ServerSideEncryptionRule("AES256", "key"))) == (
        400, "InvalidArgument")
    for target in ("nowhere", "somebody-elses", "far"):
        put_logging = partial(bucket.put_bucket_logging, models.BucketLogging(target, "logs/"))
        assert refusal(put_logging) == (400, "InvalidTargetBucketForLogging")
    tags = models.TaggingRule()
    for number in range(21):
        tags.add(f"key{number}", "value")
    assert refusal(lambda: bucket.put_bucket_tagging(models.Tagging(tags))) == (400, "InvalidArgument")
    assert bucket.get_bucket_tagging().tag_set.len() == 0


def test_buckets_are_found_by_their_tags(sandbox: Any, bucket: oss2.Bucket) -> None:
    tags = models.TaggingRule()
    tags.add("team", "edge")
    tags.add("cost", "1")
    bucket.put_bucket_tagging(models.Tagging(tags))
    service = oss2.Service(oss2.Auth(sandbox.access_key, sandbox.secret_key), sandbox.endpoint)

    def found(**query: str) -> list[str]:
        return [item.name for item in service.list_buckets(params={
            name.replace("_", "-"): value for name, value in query.items()}).buckets]

    assert found(tag_key="team", tag_value="edge") == found(tag_key="team") == ["migration-images"]
    assert found(tag_key="team", tag_value="core") == found(tag_key="other") == []
    bucket.delete_bucket_tagging(params={"tagging": "team"})
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {"cost": "1"}


def test_no_other_account_reads_or_changes_configurations(sandbox: Any, bucket: oss2.Bucket) -> None:
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
    nobody = oss2.Bucket(oss2.AnonymousAuth(), sandbox.endpoint, "migration-images")
    assert refusal(nobody.get_bucket_cors) == (403, "AccessDenied")
    assert refusal(nobody.delete_bucket_policy) == (403, "AccessDenied")


def test_configurations_links_and_restores_outlive_the_process(start_sandbox: Callable[..., Any]) -> None:
    first = start_sandbox(WORLD)
    bucket = bucket_of(first)
    bucket.put_bucket_policy(POLICY)
    bucket.put_object("cold", b"x", headers={"x-oss-storage-class": "Archive"})
    bucket.restore_object("cold")
    bucket.put_symlink("cold", "link")
    assert first.stop() == 0
    again = bucket_of(start_sandbox(state=first.greeting["state"]))
    assert json.loads(again.get_bucket_policy().policy) == json.loads(POLICY)
    assert again.head_object("cold").headers["x-oss-restore"] == 'ongoing-request="true"'
    assert again.get_symlink("link").target_key == "cold"


def test_a_symbolic_link_gives_what_its_target_has(sandbox: Any, bucket: oss2.Bucket) -> None:
    bucket.put_object("ziel/é", b"content")
    bucket.put_symlink("ziel/é", "link", headers={"x-oss-meta-own": "1"})
    got = bucket.get_object("link")
    assert (got.read(), got.headers["x-oss-meta-own"], got.object_type) == (b"content", "1", "Symlink")
    assert requests.get(bucket.sign_url("GET", "link", 60), timeout=PATIENCE).content == b"content"
    (item,) = bucket.list_objects(prefix="link").object_list
    assert (item.type, item.size) == ("Symlink", 0)
    bucket.put_symlink("link", "second")
    assert refusal(lambda: bucket.get_object("second")) == (400, "InvalidTargetType")
    assert refusal(lambda: bucket.get_symlink("ziel/é")) == (400, "NotSymlink")
    bucket.copy_object("migration-images", "link", "copy")
    assert bucket.get_symlink("copy").target_key == "ziel/é"
    bucket.delete_object("ziel/é")
    assert refusal(lambda: bucket.get_object("link")) == (404, "SymlinkTargetNotExist")
    assert refusal(lambda: bucket.put_symlink("a", "link", headers={"x-oss-forbid-overwrite": "true"})) == (
        409, "FileAlreadyExists")


def test_an_archived_object_is_read_between_its_restoring_and_its_end(sandbox: Any, bucket: oss2.Bucket) -> None:
    bucket.put_object("cold", b"content", headers={"x-oss-storage-class": "Archive"})
    assert refusal(lambda: bucket.get_object("cold")) == (403, "InvalidObjectState")
    assert refusal(lambda: bucket.copy_object("migration-images", "cold", "copy")) == (403, "InvalidObjectState")
    assert bucket.restore_object("cold").status == 202
    assert refusal(lambda: bucket.restore_object("cold")) == (409, "RestoreAlreadyInProgress")
    assert refusal(lambda: bucket.get_object("cold")) == (403, "InvalidObjectState")
    sandbox.advance(61)
    assert bucket.get_object("cold").read() == b"content"
    assert bucket.head_object("cold").headers["x-oss-restore"].startswith('ongoing-request="false", expiry-date="')
    assert bucket.restore_object("cold", input=models.RestoreConfiguration(days=3)).status == 200
    sandbox.advance(2 * 86400)
    assert bucket.get_object("cold").read() == b"content"
    sandbox.advance(86400)
    assert refusal(lambda: bucket.get_object("cold")) == (403, "InvalidObjectState")
    bucket.put_object("warm", b"")
    assert refusal(lambda: bucket.restore_object("warm")) == (400, "OperationNotSupported")
