# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS against the vendor's second client, alibabacloud-oss-v2, unmodified: V4 and V1, path style, STS, presigned."""
from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
import requests
from support import PATIENCE

WORLD = {
    "credentials": {
        "LTAI5tSandboxAccessKey": {"secret": "SandboxAccessKeySecret0123456"},
        "STS.good": {"secret": "sts-secret", "token": "sts-token", "ttl": 3600},
    },
    "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
}
pytestmark = [pytest.mark.any_core, pytest.mark.sandbox_world(WORLD)]
BUCKET = "migration-images"


def client_of(sandbox: Any, *keys: str, signature: str = "v4", region: str = "ap-southeast-1") -> oss.Client:
    provider = oss.credentials.StaticCredentialsProvider(*(keys or (sandbox.access_key, sandbox.secret_key)))
    return oss.Client(oss.Config(
        region=region, endpoint=sandbox.endpoint, credentials_provider=provider, use_path_style=True,
        signature_version=signature, retry_max_attempts=1))


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(oss.exceptions.OperationError) as failed:
        call()
    error = failed.value.unwrap()
    assert isinstance(error, oss.exceptions.ServiceError)
    assert len(error.request_id) == 24
    return error.status_code, error.code


@pytest.mark.parametrize(("keys", "signature"), [
    ((), "v4"), ((), "v1"), (("STS.good", "sts-secret", "sts-token"), "v4"),
    (("STS.good", "sts-secret", "sts-token"), "v1")], ids=["v4", "v1", "sts-v4", "sts-v1"])
def test_objects_go_round_under_every_signature(sandbox: Any, keys: tuple[str, ...], signature: str) -> None:
    client = client_of(sandbox, *keys, signature=signature)
    for key in ("a/b", "a b+c%20?&=#", "中文/é"):
        content = os.urandom(3000)
        put = client.put_object(oss.PutObjectRequest(BUCKET, key, body=content, metadata={"host": "web-01"}))
        assert put.hash_crc64
        got = client.get_object(oss.GetObjectRequest(BUCKET, key))
        assert (got.body.read(), got.metadata["host"]) == (content, "web-01")
        head = client.head_object(oss.HeadObjectRequest(BUCKET, key))
        assert (head.content_length, head.etag) == (3000, put.etag)
        url = client.presign(oss.GetObjectRequest(BUCKET, key), expires=datetime.timedelta(minutes=1)).url
        assert requests.get(url, timeout=PATIENCE).content == content
    keys_listed = [item.key for page in client.list_objects_v2_paginator().iter_page(
        oss.ListObjectsV2Request(BUCKET, max_keys=2)) for item in page.contents or []]
    assert keys_listed == sorted(("a/b", "a b+c%20?&=#", "中文/é"))
    done = client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(
        BUCKET, objects=[oss.DeleteObject(key=key) for key in keys_listed]))
    assert [item.key for item in done.deleted_objects or []] == keys_listed


def test_buckets_describe_themselves(sandbox: Any) -> None:
    client = client_of(sandbox)
    info = client.get_bucket_info(oss.GetBucketInfoRequest(BUCKET)).bucket_info
    assert (info.name, info.location, info.storage_class) == (BUCKET, "oss-ap-southeast-1", "Standard")
    assert info.extranet_endpoint == sandbox.endpoint.removeprefix("http://")
    assert [item.name for item in client.list_buckets(oss.ListBucketsRequest()).buckets or []] == [BUCKET]
    client.put_bucket(oss.PutBucketRequest("fresh-bucket", acl="private"))
    assert client.get_bucket_location(oss.GetBucketLocationRequest("fresh-bucket")).location == "oss-ap-southeast-1"
    client.delete_bucket(oss.DeleteBucketRequest("fresh-bucket"))
    assert refusal(lambda: client.get_bucket_info(oss.GetBucketInfoRequest("fresh-bucket"))) == (404, "NoSuchBucket")


def test_big_files_go_in_parts(sandbox: Any, tmp_path: Path) -> None:
    client = client_of(sandbox)
    (tmp_path / "up").write_bytes(os.urandom(1_200_000))
    up = client.uploader(part_size=200_000, parallel_num=3).upload_file(
        oss.PutObjectRequest(BUCKET, "big"), str(tmp_path / "up"))
    assert up.etag.strip('"').endswith("-6")
    client.downloader(part_size=200_000, parallel_num=3).download_file(
        oss.GetObjectRequest(BUCKET, "big"), str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == (tmp_path / "up").read_bytes()
    client.copier().copy(oss.CopyObjectRequest(bucket=BUCKET, key="copy", source_bucket=BUCKET, source_key="big"))
    assert client.head_object(oss.HeadObjectRequest(BUCKET, "copy")).content_length == 1_200_000


def test_tags_links_and_configurations(sandbox: Any) -> None:
    client = client_of(sandbox)
    client.put_object(oss.PutObjectRequest(BUCKET, "k", body=b"content", tagging="a=1&b=2"))
    tags = client.get_object_tagging(oss.GetObjectTaggingRequest(BUCKET, "k")).tag_set.tags
    assert {tag.key: tag.value for tag in tags or []} == {"a": "1", "b": "2"}
    client.put_symlink(oss.PutSymlinkRequest(BUCKET, "link", symlink_target="k"))
    assert client.get_symlink(oss.GetSymlinkRequest(BUCKET, "link")).target == "k"
    assert client.get_object(oss.GetObjectRequest(BUCKET, "link")).body.read() == b"content"
    client.put_bucket_tags(oss.PutBucketTagsRequest(BUCKET, tagging=oss.Tagging(tag_set=oss.TagSet(
        tags=[oss.Tag(key="team", value="edge")]))))
    found = client.get_bucket_tags(oss.GetBucketTagsRequest(BUCKET)).tagging
    assert [(tag.key, tag.value) for tag in found.tag_set.tags] == [("team", "edge")]
    assert refusal(lambda: client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(BUCKET))) == (
        404, "NoSuchLifecycle")


def test_what_is_wrong_is_refused_as_by_the_vendor(sandbox: Any) -> None:
    def head(*keys: str, **options: Any) -> tuple[int, str]:
        client = client_of(sandbox, *keys, **options)
        return refusal(lambda: client.get_object(oss.GetObjectRequest(BUCKET, "absent")))

    assert head() == (404, "NoSuchKey")
    assert head("LTAInobody", "x") == (403, "InvalidAccessKeyId")
    assert head(sandbox.access_key, "wrong") == (403, "SignatureDoesNotMatch")
    assert head("STS.good", "sts-secret", "other") == (403, "InvalidSecurityToken")
    assert head(region="cn-nowhere") == (400, "InvalidArgument")
    assert head(region="cn-beijing") == (403, "AccessDenied")
    sandbox.advance(3601)
    assert head("STS.good", "sts-secret", "sts-token") == (403, "SecurityTokenExpired")
