# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import oss2
import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError

from .conftest import DROP, KEY

BUCKET = "migration-images"
OBJECT = f"/{BUCKET}/k"


@pytest.fixture
def oss(clients: Any) -> Any:
    return clients.oss(BUCKET)


def failure(code: str, message: str = "No.") -> bytes:
    return f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>R-7</RequestId></Error>".encode()


INFO = b"""<BucketInfo><Bucket><Name>migration-images</Name><Location>oss-cn-beijing</Location>
<CreationDate>2026-11-24T08:00:00.000Z</CreationDate><ExtranetEndpoint>e</ExtranetEndpoint>
<IntranetEndpoint>i</IntranetEndpoint><StorageClass>Standard</StorageClass>%s
<Owner><ID>1</ID><DisplayName>1</DisplayName></Owner>
<AccessControlList><Grant>private</Grant></AccessControlList></Bucket></BucketInfo>"""


def test_requests_are_signed_with_v4_for_our_region(connect: Any, wire: Any) -> None:
    wire.expect(f"GET {OBJECT}", b"text")
    assert connect(security_token="tok").oss(BUCKET).get_text("k") == "text"
    headers = wire.received[0].headers
    assert headers["authorization"].startswith(f"OSS4-HMAC-SHA256 Credential={KEY}/")
    assert "/cn-beijing/oss/aliyun_v4_request" in headers["authorization"]
    assert headers["x-oss-security-token"] == "tok"
    assert headers["user-agent"].endswith("edgelift.ens_migration")


def test_bucket_info_names_the_region_without_prefix(oss: Any, wire: Any) -> None:
    wire.expect(f"GET /{BUCKET}/", INFO % b"<Versioning>Enabled</Versioning>")
    info = oss.bucket_info()
    assert info["location"] == "cn-beijing"
    assert (info["name"], info["storage_class"], info["versioning"], info["acl"]) == (
        BUCKET,
        "Standard",
        "Enabled",
        "private",
    )


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "NoSuchBucket"), (403, "AccessDenied"), (403, "InvalidAccessKeyId"), (403, "SignatureDoesNotMatch")],
)
def test_refusals_name_the_operation_and_the_code(oss: Any, wire: Any, status: int, code: str) -> None:
    wire.expect(f"GET /{BUCKET}/", failure(code), status, {"x-oss-request-id": "R-7"})
    with pytest.raises(CloudError) as raised:
        oss.bucket_info()
    error = raised.value
    assert (error.action, error.code, error.request_id, error.http_status) == ("oss.GetBucketInfo", code, "R-7", status)
    assert error.hint
    assert not error.retryable


def test_reads_are_repeated_and_counted(oss: Any, clients: Any, wire: Any) -> None:
    wire.expect(f"GET {OBJECT}", DROP)
    wire.expect(f"GET {OBJECT}", failure("InternalError"), 500)
    wire.expect(f"GET {OBJECT}", b"text")
    assert oss.get_text("k") == "text"
    assert clients.calls == {"oss.GetObject": 3}


def test_a_text_with_another_checksum_than_the_service_says_is_read_again(oss: Any, clients: Any, wire: Any) -> None:
    right = oss2.utils.Crc64()
    right.update(b"text")
    for crc in (right.crc + 1, right.crc):
        wire.expect(f"GET {OBJECT}", b"text", 200, {"x-oss-hash-crc64ecma": str(crc)})
    assert oss.get_text("k") == "text"
    assert clients.calls == {"oss.GetObject": 2}


def test_what_is_not_there_is_none_but_a_missing_bucket_is_an_error(oss: Any, wire: Any) -> None:
    wire.expect(f"GET {OBJECT}", failure("NoSuchKey"), 404)
    assert oss.get_text("k") is None
    wire.expect(f"GET {OBJECT}", failure("NoSuchBucket"), 404)
    with pytest.raises(CloudError, match="NoSuchBucket"):
        oss.get_text("k")


def test_head(oss: Any, wire: Any) -> None:
    headers = {"Content-Length": "77", "ETag": '"AB"', "Last-Modified": "Tue, 24 Nov 2026 08:00:00 GMT"}
    wire.expect(f"HEAD {OBJECT}", b"", 200, headers)
    assert oss.head("k") == {"size": 77, "etag": "AB", "last_modified": 1795507200}
    wire.expect(f"HEAD {OBJECT}", b"", 404)
    assert oss.head("k") is None
    wire.expect(f"HEAD {OBJECT}", b"", 403)
    with pytest.raises(CloudError, match="AccessDenied"):
        oss.head("k")


def test_a_range_includes_its_end(oss: Any, wire: Any) -> None:
    wire.expect(f"GET {OBJECT}", b"QFI\xfb", 206, {"Content-Range": "bytes 0-3/100"})
    assert oss.read_range("k", 0, 3) == b"QFI\xfb"
    assert wire.received[0].headers["range"] == "bytes=0-3"
    assert wire.received[0].headers["x-oss-range-behavior"] == "standard"


def test_the_start_of_an_object_comes_with_its_size(oss: Any, clients: Any, wire: Any) -> None:
    headers = {"Content-Range": "bytes 0-3/100", "ETag": '"AB"', "Last-Modified": "Tue, 24 Nov 2026 08:00:00 GMT"}
    wire.expect(f"GET {OBJECT}", b"QFI\xfb", 206, headers)
    row = {"size": 100, "etag": "AB", "last_modified": 1795507200, "content": b"QFI\xfb"}
    assert oss.read_start("k", 4) == row
    assert wire.received[0].headers["range"] == "bytes=0-3"
    wire.expect(f"GET {OBJECT}", failure("NoSuchKey"), 404)
    assert oss.read_start("k", 4) is None
    assert clients.calls == {"oss.GetObject": 2}


def test_the_start_of_an_empty_object_is_empty_and_that_of_a_whole_one_is_not_longer_than_asked(
    oss: Any, wire: Any
) -> None:
    wire.expect(f"GET {OBJECT}", failure("InvalidRange"), 416)
    wire.expect(f"HEAD {OBJECT}", b"", 200, {"Content-Length": "0", "ETag": '"AB"'})
    assert oss.read_start("k", 4) == {"size": 0, "etag": "AB", "last_modified": None, "content": b""}
    wire.expect(f"GET {OBJECT}", b"QFI\xfb and more", 200)
    found = oss.read_start("k", 4)
    assert (found["size"], found["content"]) == (13, b"QFI\xfb")


def listing(keys: list[str], following: str = "") -> bytes:
    rows = "".join(
        f"<Contents><Key>{key}</Key><Size>{n}</Size><LastModified>2026-11-24T08:00:00.000Z</LastModified><ETag>e</ETag>"
        "<Type>Normal</Type><StorageClass>Standard</StorageClass></Contents>"
        for n, key in enumerate(keys)
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{following}</NextContinuationToken>"
    head = more if following else "<IsTruncated>false</IsTruncated>"
    return f"<ListBucketResult>{head}{rows}</ListBucketResult>".encode()


def test_listing_reads_every_page(oss: Any, wire: Any) -> None:
    wire.expect(
        f"GET /{BUCKET}/", listing(["p/a", "p/b"], "t"), **{"prefix": "p/", "max-keys": "1000", "list-type": "2"}
    )
    wire.expect(f"GET /{BUCKET}/", listing(["p/c"]), **{"continuation-token": "t"})
    assert oss.list_keys("p/") == [{"key": "p/a", "size": 0}, {"key": "p/b", "size": 1}, {"key": "p/c", "size": 0}]


def deleted(*keys: str) -> bytes:
    rows = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
    return f"<DeleteResult>{rows}</DeleteResult>".encode()


def versions_deleted(*ids: str) -> bytes:
    rows = "".join(f"<Deleted><Key>k</Key><VersionId>{version}</VersionId></Deleted>" for version in ids)
    return f"<DeleteResult>{rows}</DeleteResult>".encode()


def test_only_what_the_service_confirms_counts_as_deleted(oss: Any, wire: Any) -> None:
    wire.expect(f"GET /{BUCKET}/", INFO % b"")
    wire.expect(f"POST /{BUCKET}/", deleted("a", "foreign"))
    assert oss.delete_keys(["a", "b", "a"]) == ["a"]
    assert wire.received[-1].body.count(b"<Key>") == 2


def test_deletions_go_in_lots_of_a_thousand(oss: Any, wire: Any) -> None:
    keys = [f"k{n}" for n in range(1500)]
    wire.expect(f"GET /{BUCKET}/", INFO % b"")
    wire.expect(f"POST /{BUCKET}/", deleted(*keys[:1000]))
    wire.expect(f"POST /{BUCKET}/", deleted(*keys[1000:]))
    assert oss.delete_keys(keys) == keys
    assert [request.body.count(b"<Key>") for request in wire.received[1:]] == [1000, 500]


def test_a_bucket_is_asked_once_whether_it_keeps_versions(clients: Any, wire: Any) -> None:
    wire.expect(f"GET /{BUCKET}/", INFO % b"")
    for key in ("a", "b"):
        wire.expect(f"POST /{BUCKET}/", deleted(key))
        assert clients.oss(BUCKET).delete_keys([key]) == [key]


def test_deleting_nothing_asks_nothing(oss: Any, wire: Any) -> None:
    assert oss.delete_keys([]) == []
    assert wire.names == []


@pytest.mark.parametrize("confirmed", [True, False])
def test_versions_of_exactly_these_keys_are_deleted(oss: Any, wire: Any, confirmed: bool) -> None:
    def version(kind: str, key: str, version_id: str) -> str:
        return (
            f"<{kind}><Key>{key}</Key><VersionId>{version_id}</VersionId><IsLatest>true</IsLatest>"
            "<LastModified>2026-11-24T08:00:00.000Z</LastModified><ETag>e</ETag><Size>1</Size>"
            f"<StorageClass>Standard</StorageClass><Type>Normal</Type><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner></{kind}>"
        )

    rows = version("Version", "k", "v1") + version("Version", "k-other", "v2") + version("DeleteMarker", "k", "v3")
    wire.expect(f"GET /{BUCKET}/", INFO % b"<Versioning>Suspended</Versioning>")
    wire.expect(
        f"GET /{BUCKET}/",
        f"<ListVersionsResult><Name>n</Name><Prefix>k</Prefix><KeyMarker/><VersionIdMarker/><MaxKeys>1000</MaxKeys><Delimiter/>"
        f"<IsTruncated>false</IsTruncated>{rows}</ListVersionsResult>".encode(),
        prefix="k",
    )
    wire.expect(f"POST /{BUCKET}/", versions_deleted("v1", "v3") if confirmed else versions_deleted("v1"))
    assert oss.delete_keys(["k"]) == (["k"] if confirmed else [])
    body = wire.received[2].body
    assert body.count(b"<VersionId>") == 2
    assert b"v1" in body
    assert b"v3" in body
    assert b"k-other" not in body


def test_unfinished_uploads_are_listed_and_aborted(oss: Any, wire: Any) -> None:
    def page(upload: str, truncated: bool) -> bytes:
        return (
            f"<ListMultipartUploadsResult><IsTruncated>{str(truncated).lower()}</IsTruncated>"
            f"<NextKeyMarker>p1</NextKeyMarker><NextUploadIdMarker>{upload}</NextUploadIdMarker>"
            f"<Upload><Key>p1</Key><UploadId>{upload}</UploadId><Initiated>2026-11-24T08:00:00.000Z</Initiated></Upload>"
            "</ListMultipartUploadsResult>"
        ).encode()

    wire.expect(f"GET /{BUCKET}/", page("u1", True), prefix="p")
    wire.expect(f"GET /{BUCKET}/", page("u2", False), **{"key-marker": "p1", "upload-id-marker": "u1"})
    assert oss.list_uploads("p") == [{"key": "p1", "upload_id": "u1"}, {"key": "p1", "upload_id": "u2"}]
    wire.expect(f"DELETE /{BUCKET}/p1", b"", 204, uploadId="u1")
    oss.abort_upload("p1", "u1")
    wire.expect(f"DELETE /{BUCKET}/p1", failure("NoSuchUpload"), 404, uploadId="u2")
    oss.abort_upload("p1", "u2")


def test_a_bucket_name_that_is_none_is_refused_before_any_request(clients: Any, wire: Any) -> None:
    with pytest.raises(CloudError, match="Using bucket 'Bad_Name'"):
        clients.oss("Bad_Name")
    assert wire.names == []


def test_no_failure_shows_a_secret(connect: Any, wire: Any) -> None:
    wire.expect(f"GET {OBJECT}", failure("X", f"OSSAccessKeyId={KEY}&amp;Signature=c2ln"), 400)
    with pytest.raises(CloudError) as raised:
        connect(security_token="CAISsecrettoken").oss(BUCKET).get_text("k")
    for secret in (KEY, "c2ln", "CAISsecrettoken"):
        assert secret not in f"{raised.value!r}{raised.value.as_dict()}"


def test_html_with_status_200_is_unreadable(oss: Any, wire: Any) -> None:
    wire.expect(f"GET /{BUCKET}/", b"<html>captive portal", 200)
    wire.expect(f"GET /{BUCKET}/", b"<html></html>", 200)
    wire.expect(f"GET /{BUCKET}/", INFO % b"")
    assert oss.bucket_info()["name"] == BUCKET


OVERWRITE = b"""<OverwriteConfiguration>
<Rule><ID>one</ID><Action>forbid</Action><Prefix>a/</Prefix><Suffix>.txt</Suffix>
<Principals><Principal>27737962156157</Principal></Principals></Rule>
<Rule><ID>two</ID><Action>forbid</Action></Rule></OverwriteConfiguration>"""


def test_overwrite_rules_are_read_and_none_is_404(oss: Any, wire: Any) -> None:
    wire.expect(f"GET /{BUCKET}/", OVERWRITE, overwriteConfig="")
    assert oss.overwrite_rules() == [
        {"prefix": "a/", "suffix": ".txt", "principals": ["27737962156157"]},
        {"prefix": "", "suffix": "", "principals": []},
    ]
    for code, known in (("NoSuchOverwriteConfig", True), ("NoSuchBucket", False)):
        wire.expect(f"GET /{BUCKET}/", f"<Error><Code>{code}</Code></Error>".encode(), 404)
        if known:
            assert oss.overwrite_rules() == []
        else:
            with pytest.raises(CloudError, match=code):
                oss.overwrite_rules()
    wire.expect(f"GET /{BUCKET}/", b"<Error><Code>AccessDenied</Code></Error>", 403)
    with pytest.raises(CloudError, match="AccessDenied"):
        oss.overwrite_rules()
