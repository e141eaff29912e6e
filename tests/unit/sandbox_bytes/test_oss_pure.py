# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of OSS that decide without HTTP: signatures, sums, listings, conditions, ranges, keys, XML."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import crcmod
import pytest

from sandbox.bytes.crc64 import crc64
from sandbox.oss import signatures
from sandbox.oss.bucket_ops import check_name
from sandbox.oss.conditions import check_conditions, stretch_of
from sandbox.oss.errors import OssError
from sandbox.oss.listing import page_of
from sandbox.oss.request import parse_query
from sandbox.oss.template import check_key, parse_tags
from sandbox.oss.xml import MalformedXml, document, parse
from sandbox.state.buckets import Buckets


def test_the_signatures_of_the_vendors_documentation() -> None:
    headers = {"content-md5": "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM=", "content-type": "text/html",
               "x-oss-meta-author": "foo@bar.com", "x-oss-magic": "abracadabra", "host": "oss-example.example"}
    text = signatures.string_to_sign_v1("PUT", "oss-example", "nelson", {}, headers, "Thu, 17 Nov 2005 18:49:58 GMT")
    assert signatures.sign_v1("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV", text) == "26NBxoKdsyly4EDv6inkoDft/yA="
    url = signatures.string_to_sign_v1("GET", "oss-example", "oss-api.pdf", {"Expires": "1141889120"}, {}, "1141889120")
    assert signatures.sign_v1("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV", url) == "EwaNTn1erJGkimiJ9WmXgwnANLc="


def test_v1_signs_known_subresources_and_nothing_else() -> None:
    query = {"uploadId": "1", "acl": "", "max-keys": "3"}
    assert signatures.string_to_sign_v1("GET", "b", "k", query, {}, "date").endswith(b"/b/k?acl&uploadId=1")
    assert signatures.string_to_sign_v1("GET", "", "", {}, {}, "date") == b"GET\n\n\ndate\n/"


def test_header_bytes_that_are_no_utf8_are_signed_as_they_came() -> None:
    raw = "b\udcfcr"
    assert b"x-oss-meta-a:b\xfcr\n" in signatures.string_to_sign_v1("GET", "b", "k", {}, {"x-oss-meta-a": raw}, "d")


def test_v4_differs_with_every_part_that_it_covers() -> None:
    def text(**changes: Any) -> bytes:
        parts: dict[str, Any] = {"method": "GET", "bucket": "b", "key": "a/ü", "query": {"x": "1"},
                                 "headers": {"x-oss-date": "20261124T080000Z"}, "date": "20261124T080000Z",
                                 "scope": "20261124/cn-beijing/oss/aliyun_v4_request", "additional": []}
        return signatures.string_to_sign_v4(**{**parts, **changes})

    changed = [text(method="PUT"), text(bucket="c"), text(key="a"), text(query={"x": "2"}), text(headers={}),
               text(date="20261124T080001Z"), text(scope="20261124/cn-hangzhou/oss/aliyun_v4_request")]
    assert len({text(), *changed}) == len(changed) + 1
    assert signatures.sign_v4("s", "20261124/r/oss/aliyun_v4_request", b"t") \
        != signatures.sign_v4("s", "20261125/r/oss/aliyun_v4_request", b"t")


@pytest.mark.parametrize(("text", "encoded"), [("a/b ~_.-é", "a%2Fb%20~_.-%C3%A9"), ("", "")])
def test_v2_and_v4_encode_all_but_plain_characters(text: str, encoded: str) -> None:
    assert signatures.encode(text) == encoded


def test_the_crc_is_the_published_one_and_can_be_continued() -> None:
    assert crc64(b"123456789") == 0x995DC9BBDF1939FA
    data = os.urandom(100_000)
    reference = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)
    assert crc64(data) == reference(data)
    assert crc64(data[777:], crc64(data[:777])) == reference(data)


KEYS = ["a", "a/1", "a/2", "a/b/3", "b", "b/4", "c"]


def pages(prefix: str = "", delimiter: str = "", limit: int = 1000) -> tuple[list[str], list[str], int]:
    keys, prefixes, marker, count = [], [], "", 0
    while True:
        candidates = [key for key in KEYS if key.startswith(prefix) and key > marker]
        page = page_of(candidates, prefix, delimiter, marker, limit)
        keys += page.keys
        prefixes += page.prefixes
        count += 1
        assert len(page.keys) + len(page.prefixes) <= limit
        if not page.truncated:
            return keys, prefixes, count
        marker = page.next


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
@pytest.mark.parametrize(("prefix", "delimiter", "keys", "prefixes"), [
    ("", "", KEYS, []),
    ("", "/", ["a", "b", "c"], ["a/", "b/"]),
    ("a/", "/", ["a/1", "a/2"], ["a/b/"]),
    ("a/", "", ["a/1", "a/2", "a/b/3"], []),
    ("x", "/", [], []),
])
def test_every_page_size_lists_the_same(prefix: str, delimiter: str, keys: list[str], prefixes: list[str],
                                        limit: int) -> None:
    seen_keys, seen_prefixes, count = pages(prefix, delimiter, limit)
    assert (seen_keys, seen_prefixes) == (keys, prefixes)
    assert count == max(1, -(-len(keys + prefixes) // limit))


@pytest.mark.parametrize(("text", "strict", "stretch"), [
    (None, False, None), ("bytes=0-0", False, (0, 1)), ("bytes=2-5", False, (2, 4)), ("bytes=5-", False, (5, 5)),
    ("bytes=-3", False, (7, 3)), ("bytes=0-10", False, None), ("bytes=10-", False, None), ("bytes=-11", False, None),
    ("bytes=5-3", False, None), ("lines=1-2", False, None), ("bytes=-", False, None), ("bytes=0-10", True, (0, 10)),
    ("bytes=-11", True, (0, 10)),
])
def test_ranges(text: str | None, strict: bool, stretch: tuple[int, int] | None) -> None:
    headers = {} if text is None else {"range": text}
    if strict:
        headers["x-oss-range-behavior"] = "standard"
    assert stretch_of(headers, 10) == stretch


def test_a_standard_range_behind_the_end_is_refused() -> None:
    with pytest.raises(OssError) as refusal:
        stretch_of({"range": "bytes=10-", "x-oss-range-behavior": "standard"}, 10)
    assert (refusal.value.status, refusal.value.headers["Content-Range"]) == (416, "bytes */10")


OLD, NEW = "Mon, 23 Nov 2026 00:00:00 GMT", "Wed, 25 Nov 2026 00:00:00 GMT"
MODIFIED = 1_795_500_000.5  # 24 November 2026


@pytest.mark.parametrize(("headers", "code"), [
    ({"if-match": '"E"'}, None), ({"if-match": "F"}, "PreconditionFailed"),
    ({"if-none-match": "F"}, None), ({"if-none-match": "E"}, "NotModified"),
    ({"if-modified-since": OLD}, None), ({"if-modified-since": NEW}, "NotModified"),
    ({"if-unmodified-since": NEW}, None), ({"if-unmodified-since": OLD}, "PreconditionFailed"),
    ({"if-modified-since": "yesterday"}, "InvalidArgument"),
])
def test_conditions(headers: dict[str, str], code: str | None) -> None:
    if code is None:
        check_conditions(headers, "E", MODIFIED)
        return
    with pytest.raises(OssError) as refusal:
        check_conditions(headers, "E", MODIFIED)
    assert refusal.value.code == code


@pytest.mark.parametrize("key", ["", "/a", "\\a", "é" * 512])
def test_keys_that_break_the_rule(key: str) -> None:
    with pytest.raises(OssError, match="InvalidObjectName"):
        check_key(key)


@pytest.mark.parametrize("name", ["ab", "a" * 64, "-ab", "ab-", "Abc", "a_b", "a.b"])
def test_bucket_names_that_break_the_rule(name: str) -> None:
    check_name("migration-images")
    with pytest.raises(OssError, match="InvalidBucketName"):
        check_name(name)


def test_tags() -> None:
    assert parse_tags("edgelift%3Ahost=web-01&b=") == {"edgelift:host": "web-01", "b": ""}
    for wrong in ("=v", "a=1&a=2", "%25=1", "&".join(f"k{number}=v" for number in range(11))):
        with pytest.raises(OssError, match="InvalidArgument"):
            parse_tags(wrong)


def test_queries_keep_empty_values_and_decode_both_spaces() -> None:
    assert parse_query("acl&prefix=a+b%20c%2B&x=") == {"acl": "", "prefix": "a b c+", "x": ""}


def test_xml_carries_control_characters_of_keys() -> None:
    tree = parse(b'<Delete xmlns="http://doc"><Object><Key>a\x01&amp;\n</Key></Object></Delete>', "Delete")
    assert tree.findtext("Object/Key") == "a\x01&\n"
    assert document("R", [("A", "<"), ("B", None), ("C", [("D", 1)])]).endswith(b"<R><A>&lt;</A><C><D>1</D></C></R>")
    for wrong in (b"", b"<Other/>", b"<Delete>", b"\xff"):
        with pytest.raises(MalformedXml):
            parse(wrong, "Delete")


def test_any_key_becomes_a_file_inside_its_bucket(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "oss")
    buckets.create_bucket("b", "cn-beijing", "1")
    keys = [".", "..", "../../x", "a/b", "a%2Fb", "中" * 300, "x" * 1023, " "]
    for number, key in enumerate(keys):
        (tmp_path / "file").write_text(str(number))
        buckets.put_file("b", key, tmp_path / "file")
    paths = [buckets.object_path("b", key) for key in keys]
    assert [path.read_text() for path in paths] == [str(number) for number in range(len(keys))]
    assert {path.parent for path in paths} == {tmp_path / "oss" / "b"}
    bucket = buckets.find("b")
    assert bucket is not None
    assert list(bucket.keys("")) == sorted(keys)
    assert sum(item.size for item in bucket.objects.values()) == len(keys)
    assert bucket.remove("..")
    assert not bucket.remove("..")
    assert not buckets.exists("b", "..")
    with pytest.raises(KeyError, match="bucket nowhere does not exist"):
        buckets.put_file("nowhere", "k", tmp_path / "oss" / "b" / "%2E")
