# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS against the vendor's oss2, unmodified, over real sockets."""
from __future__ import annotations

import gzip
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests
from support import PATIENCE
from support.oss_client import refusal

KEY = "LTAI5tSandboxAccessKey"
WORLD = {
    "credentials": {
        KEY: {"secret": "SandboxAccessKeySecret0123456"},
        "STS.good": {"secret": "sts-secret", "token": "sts-token", "ttl": 3600},
        "STS.over": {"secret": "sts-secret", "token": "sts-token", "ttl": 0},
    },
    "buckets": [
        {"name": "migration-images", "region": "ap-southeast-1"},
        {"name": "migration-images-beijing", "region": "cn-beijing"},
        {"name": "somebody-elses", "region": "ap-southeast-1", "owner": "9999999999999999"},
    ],
}
pytestmark = [pytest.mark.any_core, pytest.mark.sandbox_world(WORLD)]

AUTHS: dict[str, Callable[[Any], tuple[Any, dict[str, str]]]] = {
    "v1": lambda sandbox: (oss2.Auth(sandbox.access_key, sandbox.secret_key), {}),
    "v2": lambda sandbox: (oss2.AuthV2(sandbox.access_key, sandbox.secret_key), {}),
    "v4": lambda sandbox: (oss2.AuthV4(sandbox.access_key, sandbox.secret_key), {"region": "ap-southeast-1"}),
    "sts-v1": lambda _sandbox: (oss2.StsAuth("STS.good", "sts-secret", "sts-token"), {}),
    "sts-v4": lambda _sandbox: (oss2.StsAuth("STS.good", "sts-secret", "sts-token", auth_version="v4"),
                                {"region": "ap-southeast-1"}),
}


def bucket_of(sandbox: Any, name: str = "migration-images", auth: str = "v4") -> oss2.Bucket:
    signer, options = AUTHS[auth](sandbox)
    return oss2.Bucket(signer, sandbox.endpoint, name, **options)


@pytest.fixture(params=sorted(AUTHS))
def any_bucket(sandbox: Any, request: pytest.FixtureRequest) -> oss2.Bucket:
    return bucket_of(sandbox, auth=request.param)


@pytest.fixture
def bucket(sandbox: Any) -> oss2.Bucket:
    return bucket_of(sandbox)


STRANGE_KEYS = ["a/b", "a b+c%20?&=#", "中文/é", "ctl\x01\x1f", "x" * 1023]


def test_every_signature_and_key_survives_a_round_trip(any_bucket: oss2.Bucket) -> None:
    for key in STRANGE_KEYS:
        content = os.urandom(3000)
        stored = any_bucket.put_object(key, content, headers={"x-oss-meta-host": "web-01", "Content-Type": "text/x"})
        assert stored.crc is not None
        got = any_bucket.get_object(key)
        assert got.read() == content
        assert (got.headers["x-oss-meta-host"], got.content_type) == ("web-01", "text/x")
        assert got.client_crc == got.server_crc
        head = any_bucket.head_object(key)
        assert (head.content_length, head.etag) == (3000, stored.etag)
        assert requests.get(any_bucket.sign_url("GET", key, 60), timeout=PATIENCE).content == content
        assert requests.put(any_bucket.sign_url("PUT", key, 60), data=b"by url", timeout=PATIENCE).status_code == 200
        assert any_bucket.get_object(key).read() == b"by url"
    listed = [item.key for item in oss2.ObjectIteratorV2(any_bucket, max_keys=2)]
    assert listed == sorted(STRANGE_KEYS)
    assert [item.key for item in oss2.ObjectIterator(any_bucket, max_keys=2)] == listed
    assert any_bucket.batch_delete_objects([*STRANGE_KEYS, "absent"]).deleted_keys == [*STRANGE_KEYS, "absent"]
    assert list(oss2.ObjectIteratorV2(any_bucket)) == []


def test_the_bucket_describes_itself_and_stays_on_this_machine(sandbox: Any, bucket: oss2.Bucket) -> None:
    info = bucket.get_bucket_info()
    assert (info.name, info.location, info.storage_class) == ("migration-images", "oss-ap-southeast-1", "Standard")
    assert info.versioning_status is None
    assert info.acl.grant == "private"
    host = sandbox.endpoint.removeprefix("http://")
    assert (info.extranet_endpoint, info.intranet_endpoint) == (host, host)
    assert bucket.get_bucket_location().location == "oss-ap-southeast-1"
    service = oss2.Service(oss2.Auth(sandbox.access_key, sandbox.secret_key), sandbox.endpoint)
    listed = {item.name: item for item in oss2.BucketIterator(service, max_keys=1)}
    assert sorted(listed) == ["migration-images", "migration-images-beijing"]
    assert {item.extranet_endpoint for item in listed.values()} == {host}


def test_who_may_not(sandbox: Any) -> None:
    def info(auth: Any, name: str = "migration-images", **options: Any) -> tuple[int, str]:
        return refusal(oss2.Bucket(auth, sandbox.endpoint, name, **options).get_bucket_info)

    mine = oss2.Auth(sandbox.access_key, sandbox.secret_key)
    assert info(oss2.Auth("LTAInobody", "x")) == (403, "InvalidAccessKeyId")
    assert info(oss2.Auth(sandbox.access_key, "wrong")) == (403, "SignatureDoesNotMatch")
    assert info(oss2.AuthV4(sandbox.access_key, "wrong"), region="ap-southeast-1") == (403, "SignatureDoesNotMatch")
    assert info(oss2.StsAuth("STS.over", "sts-secret", "sts-token")) == (403, "SecurityTokenExpired")
    assert info(oss2.StsAuth("STS.good", "sts-secret", "other")) == (403, "InvalidSecurityToken")
    assert info(oss2.Auth("STS.good", "sts-secret")) == (403, "InvalidAccessKeyId")
    assert info(oss2.AnonymousAuth()) == (403, "AccessDenied")
    assert info(mine, "somebody-elses") == (403, "AccessDenied")
    assert info(mine, "no-such-bucket") == (404, "NoSuchBucket")


def test_a_temporary_key_ends_on_the_virtual_clock(sandbox: Any) -> None:
    temporary = bucket_of(sandbox, auth="sts-v4")
    temporary.get_bucket_info()
    sandbox.advance(3601)
    assert refusal(temporary.get_bucket_info) == (403, "SecurityTokenExpired")


def test_the_region_of_a_v4_signature_counts(sandbox: Any) -> None:
    auth = oss2.AuthV4(sandbox.access_key, sandbox.secret_key)
    far = oss2.Bucket(auth, sandbox.endpoint, "migration-images-beijing", region="ap-southeast-1")
    with pytest.raises(oss2.exceptions.AccessDenied) as denied:
        far.get_bucket_info()
    assert denied.value.details["Endpoint"] == "oss-cn-beijing.aliyuncs.com"
    near = oss2.Bucket(auth, sandbox.endpoint, "migration-images-beijing", region="cn-beijing")
    assert near.get_bucket_info().location == "oss-cn-beijing"
    with pytest.raises(oss2.exceptions.InvalidArgument) as invalid:
        oss2.Bucket(auth, sandbox.endpoint, "migration-images", region="cn-nowhere").head_object("k")
    assert (invalid.value.ec, invalid.value.message) == (
        "0002-00000226", "Invalid signing region in Authorization header.")


def test_a_request_of_another_time_is_refused(bucket: oss2.Bucket, sandbox: Any) -> None:
    old = bucket_of(sandbox, auth="v1")
    skewed = {"x-oss-date": oss2.utils.http_date(int(time.time()) - 16 * 60)}
    assert refusal(lambda: old.get_object("k", headers=skewed)) == (403, "RequestTimeTooSkewed")
    assert requests.get(old.sign_url("GET", "k", -1), timeout=PATIENCE).status_code == 403
    assert requests.get(bucket.sign_url("GET", "k", -1), timeout=PATIENCE).status_code == 403
    # The virtual clock has nothing to do with it.
    sandbox.advance(86400)
    bucket.put_object("k", b"")


def test_head_errors_say_what_they_are(bucket: oss2.Bucket) -> None:
    with pytest.raises(oss2.exceptions.OssError) as error:
        bucket.head_object("absent")
    assert (error.value.status, error.value.code, error.value.ec) == (404, "NoSuchKey", "0026-00000001")
    assert len(error.value.request_id) == 24
    assert not bucket.object_exists("absent")
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object("absent")


def test_one_of_many_wins_when_overwriting_is_forbidden(sandbox: Any, bucket: oss2.Bucket) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def put(number: int) -> None:
        mine = bucket_of(sandbox)
        barrier.wait()
        try:
            mine.put_object("edgelift/el1/export.json", f"controller {number}",
                            headers={"x-oss-forbid-overwrite": "true"})
            outcomes.append(f"controller {number}")
        except oss2.exceptions.ServerError as error:
            outcomes.append(f"{error.status} {error.code}")

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("409 FileAlreadyExists") == 7
    (winner,) = [outcome for outcome in outcomes if outcome.startswith("controller")]
    assert bucket.get_object("edgelift/el1/export.json").read().decode() == winner


def test_ranges_and_conditions(bucket: oss2.Bucket) -> None:
    content = os.urandom(2_500_000)
    etag = bucket.put_object("k", content).etag
    middle = bucket.get_object("k", byte_range=(1_000_000, 1_999_999))
    assert (middle.status, middle.content_range) == (206, "bytes 1000000-1999999/2500000")
    assert middle.read() == content[1_000_000:2_000_000]
    assert bucket.get_object("k", byte_range=(None, 7)).read() == content[-7:]
    assert bucket.get_object("k", byte_range=(9_000_000, None)).read() == content
    assert refusal(lambda: bucket.get_object("k", byte_range=(9_000_000, None),
                                             headers={"x-oss-range-behavior": "standard"}))[0] == 416
    assert refusal(lambda: bucket.get_object("k", headers={"if-none-match": f'"{etag}"'}))[0] == 304
    assert refusal(lambda: bucket.get_object("k", headers={"if-match": "nope"}))[0] == 412
    assert bucket.get_object_meta("k").content_length == 2_500_000


def test_listing_folds_and_pages(bucket: oss2.Bucket) -> None:
    for key in ("a/1", "a/2", "b", "c/d/e", "c/f"):
        bucket.put_object(key, b"")
    page = bucket.list_objects_v2(delimiter="/", max_keys=2)
    assert ([item.key for item in page.object_list], page.prefix_list, page.is_truncated) == (["b"], ["a/"], True)
    rest = bucket.list_objects_v2(delimiter="/", continuation_token=page.next_continuation_token)
    assert (rest.object_list, rest.prefix_list, rest.is_truncated) == ([], ["c/"], False)
    assert [item.key for item in bucket.list_objects(prefix="c/", marker="c/d/e").object_list] == ["c/f"]
    assert refusal(lambda: bucket.list_objects_v2(continuation_token="no token"))[0] == 400
    assert refusal(lambda: bucket.list_objects(max_keys=1001))[0] == 400


def test_a_multipart_upload_is_billed_until_it_is_joined_or_thrown_away(sandbox: Any, bucket: oss2.Bucket) -> None:
    def billed() -> list[str]:
        return sorted(row["kind"] for row in sandbox.get("meter")["running"] if row["kind"].startswith("oss_"))

    first = os.urandom(150 * 1024)
    upload = bucket.init_multipart_upload("big").upload_id
    parts = [oss2.models.PartInfo(number, bucket.upload_part("big", upload, number, data).etag, part_crc=None)
             for number, data in ((1, first), (2, b"tail"))]
    assert [(part.part_number, part.size) for part in bucket.list_parts("big", upload).parts] == [(1, 153600), (2, 4)]
    assert [(item.key, item.upload_id) for item in oss2.MultipartUploadIterator(bucket)] == [("big", upload)]
    assert billed() == ["oss_part"]
    assert refusal(bucket.delete_bucket) == (409, "BucketNotEmpty")
    with pytest.raises(oss2.exceptions.ServerError, match="InvalidPart"):
        bucket.complete_multipart_upload("big", upload, [oss2.models.PartInfo(1, "0" * 32)])
    small = bucket.init_multipart_upload("small").upload_id
    tiny = [oss2.models.PartInfo(number, bucket.upload_part("small", small, number, b"x").etag) for number in (1, 2)]
    with pytest.raises(oss2.exceptions.ServerError, match="EntityTooSmall"):
        bucket.complete_multipart_upload("small", small, tiny)
    bucket.abort_multipart_upload("small", small)
    done = bucket.complete_multipart_upload("big", upload, parts)
    assert done.etag.endswith("-2")
    assert bucket.get_object("big").read() == first + b"tail"
    assert list(oss2.MultipartUploadIterator(bucket)) == []
    assert refusal(lambda: bucket.abort_multipart_upload("big", upload)) == (404, "NoSuchUpload")
    assert billed() == ["oss_object"]
    bucket.delete_object("big")
    bucket.delete_object("big")
    assert billed() == []


def test_copying_appending_and_resumable_transfers(bucket: oss2.Bucket, tmp_path: Any) -> None:
    bucket.put_object("src/é", b"content", headers={"x-oss-meta-a": "1"})
    bucket.copy_object("migration-images", "src/é", "dst")
    assert bucket.head_object("dst").headers["x-oss-meta-a"] == "1"
    position = bucket.append_object("log", 0, b"one ").next_position
    assert bucket.append_object("log", position, b"two").next_position == 7
    assert bucket.get_object("log").read() == b"one two"
    assert refusal(lambda: bucket.append_object("log", 0, b"x")) == (409, "PositionNotEqualToLength")
    assert refusal(lambda: bucket.append_object("dst", 7, b"x")) == (409, "ObjectNotAppendable")
    (tmp_path / "up").write_bytes(os.urandom(1_200_000))
    options = {"multipart_threshold": 200_000, "part_size": 200_000, "num_threads": 3}
    oss2.resumable_upload(bucket, "big", str(tmp_path / "up"), store=oss2.ResumableStore(root=str(tmp_path)), **options)
    oss2.resumable_download(bucket, "big", str(tmp_path / "down"), multiget_threshold=200_000, part_size=200_000,
                            num_threads=3, store=oss2.ResumableDownloadStore(root=str(tmp_path)))
    assert (tmp_path / "down").read_bytes() == (tmp_path / "up").read_bytes()
    assert bucket.put_object("iterated", iter([b"a", b"b" * 100_000])).status == 200
    assert bucket.head_object("iterated").content_length == 100_001


def test_buckets_are_made_and_deleted(sandbox: Any) -> None:
    fresh = bucket_of(sandbox, "fresh-bucket")
    fresh.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ)
    fresh.create_bucket()
    assert fresh.get_bucket_info().location == "oss-ap-southeast-1"
    fresh.put_object("open", b"to all")
    nobody = oss2.Bucket(oss2.AnonymousAuth(), sandbox.endpoint, "fresh-bucket")
    assert nobody.get_object("open").read() == b"to all"
    assert refusal(lambda: nobody.put_object("open", b"")) == (403, "AccessDenied")
    assert refusal(fresh.delete_bucket) == (409, "BucketNotEmpty")
    fresh.delete_object("open")
    fresh.delete_bucket()
    assert refusal(fresh.get_bucket_info) == (404, "NoSuchBucket")
    assert refusal(bucket_of(sandbox, "somebody-elses").create_bucket) == (409, "BucketAlreadyExists")


def test_what_was_never_configured_and_what_is_not_emulated(bucket: oss2.Bucket) -> None:
    assert refusal(bucket.get_bucket_lifecycle) == (404, "NoSuchLifecycle")
    assert refusal(bucket.get_bucket_worm) == (404, "NoSuchWORMConfiguration")
    assert bucket.get_bucket_versioning().status is None
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_bucket_transfer_acceleration("true")
    assert (refused.value.status, refused.value.code) == (501, "NotImplemented")
    assert refused.value.headers["x-sandbox-not-emulated"] == "PUT transferAcceleration on a bucket"
    assert refusal(lambda: bucket.put_object("k", b"", headers={"x-oss-server-side-encryption": "AES256"}))[0] == 501


def test_a_wrong_checksum_is_refused_and_leaves_nothing(bucket: oss2.Bucket) -> None:
    wrong = {"Content-MD5": oss2.utils.content_md5(b"other")}
    assert refusal(lambda: bucket.put_object("k", b"content", headers=wrong)) == (400, "InvalidDigest")
    assert not bucket.object_exists("k")


def test_an_upload_that_breaks_off_leaves_nothing(sandbox: Any, bucket: oss2.Bucket) -> None:
    url = bucket.sign_url("PUT", "k", 60).removeprefix(sandbox.endpoint)
    with socket.create_connection(("127.0.0.1", sandbox.greeting["port"]), timeout=PATIENCE) as peer:
        peer.sendall(f"PUT {url} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc".encode())
    sandbox.until(lambda: "PutObject" in sandbox.actions("oss"))
    assert not bucket.object_exists("k")
    assert list((Path(sandbox.greeting["state"]) / "blobs/oss/.scratch").iterdir()) == []


READ_TIMEOUT = oss2.defaults.connect_timeout
"""Seconds after which the client stops waiting for an answer."""


def test_a_body_that_is_announced_and_never_sent_holds_nothing_up(bucket: oss2.Bucket) -> None:
    bucket.put_object("k", b"content")
    began = time.monotonic()
    for _number in range(3):
        assert bucket.get_object("k", headers={"Content-Length": "9"}).read() == b"content"
        assert refusal(lambda: bucket.get_object("absent", headers={"Content-Length": "9"})) == (404, "NoSuchKey")
    assert time.monotonic() - began < READ_TIMEOUT, "no request waited for a body"


def test_an_exported_file_is_an_object_like_any_other(sandbox: Any, bucket: oss2.Bucket) -> None:
    job = sandbox.call("smc", "CreateReplicationJob", SourceId="s-sandboxweb01", Name="job-1", TargetType="Image",
                       ImageName="image-1", SystemDiskSize=20, RegionId=sandbox.region)["JobId"]
    sandbox.call("smc", "StartReplicationJob", JobId=job)

    def image() -> str:
        jobs = sandbox.call("smc", "DescribeReplicationJobs", JobIds=[job])["ReplicationJobs"]["ReplicationJob"]
        return str(jobs[0]["ImageId"]) if jobs[0]["Status"] == "Finished" else ""

    task = sandbox.call("ecs", "ExportImage", ImageId=sandbox.until(image), OSSBucket="migration-images",
                        OSSPrefix="el1", ImageFormat="qcow2")["TaskId"]
    sandbox.until(lambda: sandbox.call("ecs", "DescribeTaskAttribute", TaskId=task)["TaskStatus"] == "Finished")
    (item,) = oss2.ObjectIteratorV2(bucket, prefix="el1")
    content = bucket.get_object(item.key)
    assert content.read()[:4] == b"QFI\xfb"
    assert content.client_crc == content.server_crc
    assert item.size == content.content_length


def test_the_request_log_names_operations_and_hides_secrets(sandbox: Any, bucket: oss2.Bucket) -> None:
    bucket.put_object("k", b"x")
    url = bucket_of(sandbox, auth="v1").sign_url("GET", "k", 60)
    requests.get(url, timeout=PATIENCE)
    refusal(lambda: bucket.get_object("absent"))
    log = sandbox.requests("oss")
    assert [(row["action"], row["status"], row["code"]) for row in log] == [
        ("PutObject", 200, ""), ("GetObject", 200, ""), ("GetObject", 404, "NoSuchKey")]
    assert log[0]["params"]["bucket"] == "migration-images"
    signature = url.partition("Signature=")[2].partition("&")[0]
    assert signature not in str(log)
    assert sandbox.access_key not in str(log)


def test_compressed_bytes_are_stored_as_they_came(bucket: oss2.Bucket) -> None:
    packed = gzip.compress(b"text" * 100)
    bucket.put_object("packed.gz", packed, headers={"Content-Encoding": "gzip"})
    assert bucket.head_object("packed.gz").content_length == len(packed)
    assert bucket.get_object("packed.gz").resp.response.raw.read() == packed


def test_every_answer_says_how_sure_it_is(sandbox: Any, bucket: oss2.Bucket) -> None:
    def mark(call: Callable[[], Any]) -> str:
        try:
            return str(call().resp.headers["x-sandbox-provenance"])
        except oss2.exceptions.ServerError as error:
            return str(error.headers["x-sandbox-provenance"])

    service = oss2.Service(oss2.Auth(sandbox.access_key, sandbox.secret_key), sandbox.endpoint)
    assert mark(lambda: bucket.put_object("k", b"x")) == mark(lambda: bucket.get_object("absent")) == "documented"
    assert mark(lambda: bucket.get_symlink("k")) == "documented"
    assert mark(lambda: bucket.restore_object("k")) == "approximate"
    assert mark(bucket.get_bucket_lifecycle) == "approximate"
    assert mark(lambda: service.list_buckets(params={"regionList": ""})) == "approximate"
    assert mark(lambda: bucket.put_bucket_transfer_acceleration("true")) == "invented"
