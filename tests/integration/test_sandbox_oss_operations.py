# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations of OSS that no other test asks for, through the vendor's clients."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import alibabacloud_oss_v2 as oss
import oss2
import pytest
from alibabacloud_oss_v2.types import OperationInput
from oss2 import models
from support.oss_client import bucket as bucket_of

from sandbox.server.middleware.log_answers import VARIABLE

pytestmark = pytest.mark.any_core

BUCKET = "migration-images"


@pytest.fixture
def client(sandbox: Any) -> oss.Client:
    provider = oss.credentials.StaticCredentialsProvider(sandbox.access_key, sandbox.secret_key)
    return oss.Client(oss.Config(region=sandbox.region, endpoint=sandbox.endpoint, credentials_provider=provider,
                                 use_path_style=True, retry_max_attempts=1))


@pytest.fixture
def bucket(sandbox: Any) -> oss2.Bucket:
    """The same bucket through the vendor's first client, for what the second one does not have."""
    return bucket_of(sandbox)


def test_a_configuration_is_read_as_it_was_put(client: oss.Client) -> None:
    client.put_bucket_website(oss.PutBucketWebsiteRequest(BUCKET, website_configuration=oss.WebsiteConfiguration(
        index_document=oss.IndexDocument(suffix="index.html", support_sub_dir=True, type=0),
        error_document=oss.ErrorDocument(key="error.html", http_status=404))))
    website = client.get_bucket_website(oss.GetBucketWebsiteRequest(BUCKET)).website_configuration
    assert (website.index_document.support_sub_dir, website.error_document.http_status) == (True, 404)
    client.delete_bucket_website(oss.DeleteBucketWebsiteRequest(BUCKET))

    client.put_bucket_logging(oss.PutBucketLoggingRequest(BUCKET, bucket_logging_status=oss.BucketLoggingStatus(
        logging_enabled=oss.LoggingEnabled(target_bucket=BUCKET, target_prefix="logs/"))))
    status = client.get_bucket_logging(oss.GetBucketLoggingRequest(BUCKET)).bucket_logging_status
    assert status.logging_enabled.target_prefix == "logs/"
    client.delete_bucket_logging(oss.DeleteBucketLoggingRequest(BUCKET))
    status = client.get_bucket_logging(oss.GetBucketLoggingRequest(BUCKET)).bucket_logging_status
    assert status.logging_enabled is None

    client.put_bucket_encryption(oss.PutBucketEncryptionRequest(
        BUCKET, server_side_encryption_rule=oss.ServerSideEncryptionRule(
            apply_server_side_encryption_by_default=oss.ApplyServerSideEncryptionByDefault(sse_algorithm="AES256"))))
    rule = client.get_bucket_encryption(oss.GetBucketEncryptionRequest(BUCKET)).server_side_encryption_rule
    assert rule.apply_server_side_encryption_by_default.sse_algorithm == "AES256"


def test_a_configuration_that_is_always_there_is_changed(client: oss.Client, bucket: oss2.Bucket) -> None:
    client.put_bucket_referer(oss.PutBucketRefererRequest(BUCKET, referer_configuration=oss.RefererConfiguration(
        allow_empty_referer=False, referer_list=oss.RefererList(referers=["http://a.example", "http://b.example"]))))
    referer = client.get_bucket_referer(oss.GetBucketRefererRequest(BUCKET)).referer_configuration
    assert (referer.allow_empty_referer, len(referer.referer_list.referers)) == (False, 2)
    client.put_bucket_request_payment(oss.PutBucketRequestPaymentRequest(
        BUCKET, request_payment_configuration=oss.RequestPaymentConfiguration(payer="Requester")))
    paid = client.get_bucket_request_payment(oss.GetBucketRequestPaymentRequest(BUCKET)).request_payment_configuration
    assert paid.payer == "Requester"
    bucket.set_bucket_storage_capacity(models.BucketUserQos(5))
    assert bucket.get_bucket_storage_capacity().storage_capacity == 5


def test_a_bucket_is_looked_at(client: oss.Client, bucket: oss2.Bucket) -> None:
    assert client.get_bucket_acl(oss.GetBucketAclRequest(BUCKET)).acl == "private"
    head = client.invoke_operation(OperationInput(op_name="HeadBucket", method="HEAD", bucket=BUCKET))
    assert head.headers["x-oss-bucket-region"] == "ap-southeast-1"
    channels = bucket.list_live_channel()
    assert (channels.channels, channels.is_truncated, channels.max_keys) == ([], False, 100)


def test_a_part_is_a_stretch_of_another_object(client: oss.Client, bucket: oss2.Bucket) -> None:
    client.put_object(oss.PutObjectRequest(BUCKET, "source", body=b"0123456789"))
    upload = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(BUCKET, "logs/copy"))
    assert bucket.list_multipart_uploads(delimiter="/").prefix_list == ["logs/"]
    part = client.upload_part_copy(oss.UploadPartCopyRequest(
        BUCKET, "logs/copy", part_number=1, upload_id=upload.upload_id, source_bucket=BUCKET, source_key="source",
        source_range="bytes=2-5"))
    (listed,) = client.list_parts(oss.ListPartsRequest(BUCKET, "logs/copy", upload_id=upload.upload_id)).parts
    assert (listed.size, listed.etag) == (4, part.etag)
    client.complete_multipart_upload(oss.CompleteMultipartUploadRequest(
        BUCKET, "logs/copy", upload_id=upload.upload_id,
        complete_multipart_upload=oss.CompleteMultipartUpload(parts=[oss.UploadPart(part_number=1, etag=part.etag)])))
    assert client.get_object(oss.GetObjectRequest(BUCKET, "logs/copy")).body.read() == b"2345"


def test_tags_of_an_object_go(client: oss.Client) -> None:
    client.put_object(oss.PutObjectRequest(BUCKET, "k", body=b"", tagging="a=1"))
    client.delete_object_tagging(oss.DeleteObjectTaggingRequest(BUCKET, "k"))
    assert client.get_object_tagging(oss.GetObjectTaggingRequest(BUCKET, "k")).tag_set.tags is None


def test_a_delete_marker_takes_nothing_but_a_delete(client: oss.Client) -> None:
    client.put_bucket_versioning(oss.PutBucketVersioningRequest(
        BUCKET, versioning_configuration=oss.VersioningConfiguration(status="Enabled")))
    marker = client.delete_object(oss.DeleteObjectRequest(BUCKET, "k")).version_id
    for call, wanted in ((lambda: client.head_object(oss.HeadObjectRequest(BUCKET, "k")), (404, "NoSuchKey")),
                         (lambda: client.get_object(oss.GetObjectRequest(BUCKET, "k", version_id=marker)),
                          (405, "MethodNotAllowed"))):
        with pytest.raises(oss.exceptions.OperationError) as failed:
            call()
        error: Any = failed.value.unwrap()
        assert (error.status_code, error.code) == wanted
        assert (error.headers["x-oss-delete-marker"], error.headers["x-oss-version-id"]) == ("true", marker)
    assert (error.headers["Allow"], error.error_fileds["ResourceType"]) == ("DELETE", "DeleteMarker")


def test_a_transcript_has_documents_and_headers_but_no_objects_and_no_broken_answers(
    start_sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "answers"))
    cloud = start_sandbox()
    bucket = bucket_of(cloud)
    secret = b"<?xml version='1.0'?><secret/>"
    bucket.put_object("k", secret, headers={"Content-Type": "application/xml", "x-oss-meta-own": "1"})
    assert bucket.get_object("k").read() == secret
    assert not bucket.object_exists("absent")
    bucket.get_bucket_location()
    for kind, error in (("html", oss2.exceptions.ServerError), ("truncate", ParseError),
                        ("drop", oss2.exceptions.RequestError)):
        rule = {"match": {"product": "oss", "action": "GetBucketInfo"}, "kind": kind}
        cloud.post("faults", {"meaning": "broken on its way", "faults": [rule]})
        with pytest.raises(error):
            bucket.get_bucket_info()
    assert cloud.stop() == 0
    (file,) = (tmp_path / "answers").iterdir()
    text = file.read_text(encoding="utf-8")
    lines = [line for line in map(json.loads, text.splitlines()) if line["product"] == "oss"]
    assert [(line["action"], line["status"]) for line in lines] == [
        ("PutObject", 200), ("GetObject", 200), ("GetObjectMeta", 404), ("GetBucketLocation", 200)]
    got, absent, located = lines[1]["headers"], lines[2], lines[3]
    assert (got["content-length"], got["content-type"], got["x-oss-meta-own"]) == (
        str(len(secret)), "application/xml", "1")
    assert "x-oss-err" in absent["headers"]
    assert absent["body"] == ""
    assert "<LocationConstraint>" in located["body"]
    assert "<secret" not in text
