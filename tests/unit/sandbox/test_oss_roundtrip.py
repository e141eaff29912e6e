# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from alibabacloud_oss_v2 import models
from support import oss_roundtrip
from support.oss_roundtrip import BEYOND_MODEL, WITHOUT_MODEL, Known, expected, problems, spec_of, unvalidated
from support.roundtrip import Validated

from sandbox.oss.errors import catalogue

ID = "65FBF1EF6CF4DEAE7A289C1F"
OWNER = "<Owner><ID>1</ID><DisplayName>1</DisplayName></Owner>"
ITEM = ("<Contents><Key>k</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>\"A\"</ETag>"
        f"<Type>Normal</Type><Size>7</Size><StorageClass>Standard</StorageClass>{OWNER}</Contents>")
LISTING = ("<ListBucketResult><Name>b</Name><Prefix/><MaxKeys>100</MaxKeys><IsTruncated>false</IsTruncated>"
           f"{ITEM}{ITEM}</ListBucketResult>")
ERROR = (f"<Error><Code>NoSuchKey</Code><Message>m</Message><RequestId>{ID}</RequestId><HostId>h</HostId>"
         "<Key>k</Key><EC>0026-00000001</EC></Error>")
OBJECT = {
    "ETag": '"A"', "Content-Length": "7", "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT", "x-oss-meta-any": "thing",
    "x-oss-object-type": "Normal", "x-oss-hash-crc64ecma": "12", "x-oss-server-time": "4", "x-sandbox-provenance": "x"}


def found(action: str, status: int, body: str, **headers: str) -> list[str]:
    """What is wrong with an answer, without the name of its kind."""
    given = {"x-oss-request-id": ID, **{name.replace("_", "-"): value for name, value in headers.items()}}
    kind, texts = problems(action, status, given, body)
    assert all(text.startswith(f"{kind}: ") for text in texts)
    return [text.removeprefix(f"{kind}: ") for text in texts]


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", []),
        ("<Size>7</Size>", "<Size>7</Size><Sise>7</Sise>", ["unknown element Contents.Sise"]),
        ("<Prefix/>", "<Prefix/><Prefixe/>", ["unknown element Prefixe"]),
        ("<DisplayName>", "<Nick>1</Nick><DisplayName>", ["unknown element Contents.Owner.Nick"]),
        ("<Size>7</Size>", "<Size>7 B</Size>", ["Contents.Size is str, not int"]),
        ("<MaxKeys>100</MaxKeys>", "<MaxKeys/>", ["MaxKeys is empty, not int"]),
        ("<Key>k</Key>", "<Key>k\x01\x0c</Key>", []),
        (">false<", ">False<", ["IsTruncated is str, not bool"]),
        ("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05Z", ["Contents.LastModified is str, not datetime"]),
        ("2026-01-02T03:04:05.000Z", "2026-13-02T03:04:05.000Z", ["Contents.LastModified is str, not datetime"]),
        (OWNER, "<Owner>me</Owner>", ["Contents.Owner is a text, not a structure"]),
        (OWNER, OWNER + OWNER, ["Contents.Owner is repeated, and no list"]),
        ("<Name>b</Name>", "<Name><First>b</First></Name>", ["Name is a structure, not str"]),
        ("ListBucketResult", "ListResult", ["the root is ListResult, not ListBucketResult"]),
    ],
)
def test_what_a_model_would_swallow_of_a_document(old: str, new: str, wrong: list[str]) -> None:
    assert found("ListObjects", 200, LISTING.replace(old, new) if old else LISTING) == wrong


def test_an_answer_without_its_document_or_with_one_that_is_not_read() -> None:
    assert found("ListObjects", 200, "") == ["there is no document"]
    assert found("DeleteMultipleObjects", 200, "") == []
    assert found("PutObject", 200, "<PutObjectResult/>") == ["the root is PutObjectResult, not None"]
    assert found("GetBucketAcl", 200, "<AccessControlPolicy>") == [
        "the document cannot be read: no element found: line 1, column 21"]
    assert found("GetBucketLocation", 200, "<LocationConstraint>oss-cn-beijing</LocationConstraint>") == []
    assert found("RunAway", 200, "") == ["the vendor has no model RunAwayResult"]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"x-oss-colour": "red"}, ["unknown header x-oss-colour"]),
        ({"x-oss-tagging-count": "two"}, ["the header x-oss-tagging-count is str, not int"]),
        ({"Content-Length": ""}, ["the header content-length is empty, not int"]),
        ({"Last-Modified": "2026-01-02T03:04:05.000Z"}, ["the header last-modified is datetime, not httptime"]),
        ({"Last-Modified": "Fri, 99 Jan 2026 03:04:05 GMT"}, ["the header last-modified is str, not httptime"]),
        ({"x-oss-request-id": "1"}, ["the header x-oss-request-id is '1', not 24 hexadecimal digits"]),
    ],
)
def test_what_a_model_would_swallow_of_headers(changes: dict[str, str], wrong: list[str]) -> None:
    given = {"x-oss-request-id": ID, **OBJECT, **changes}
    assert problems("GetObject", 200, given, "")[1] == [f"oss:GetObject: {text}" for text in wrong]


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", []),
        ("<Code>NoSuchKey</Code>", "",
         ["a refusal with no code has no element Key", "Code of a refusal is missing or empty"]),
        ("<Message>m</Message>", "<Message/>", ["Message of a refusal is missing or empty"]),
        ("<Key>k</Key>", "<Colour>k</Colour>", ["a refusal with NoSuchKey has no element Colour"]),
        ("<Key>k</Key>", "<Key><Name>k</Name></Key>", ["Key of a refusal is repeated, or a structure"]),
        ("<EC>0026-00000001</EC>", "<RecommendDoc>url</RecommendDoc>", []),
        (ID, ID.replace("6", "7"), ["RequestId is another than the header's"]),
        ("Error", "Fault", ["the root of a refusal is Fault, or it is empty"]),
    ],
)
def test_a_refusal_has_what_the_vendor_reads(old: str, new: str, wrong: list[str]) -> None:
    document = ERROR.replace(old, new) if old else ERROR
    assert found("GetObject", 404, document) == wrong
    assert found("HeadObject", 404, "", x_oss_err=base64.b64encode(document.encode()).decode()) == wrong


def test_a_refusal_without_a_document_is_none_unless_nothing_was_modified() -> None:
    assert found("GetObject", 404, "") == ["a refusal has no document"]
    assert found("GetObject", 304, "") == []
    assert found("HeadObject", 404, "", x_oss_err="?")[0].startswith("the document cannot be read: ")


def test_headers_of_a_refusal_are_known_too() -> None:
    assert found("HeadObject", 404, ERROR, x_oss_delete_marker="true") == []
    assert found("HeadObject", 404, ERROR, x_oss_colour="red") == ["unknown header x-oss-colour"]


def test_one_name_of_the_request_log_is_used_by_two_operations(tmp_path: Path) -> None:
    second = LISTING.replace("<Prefix/>", "<Prefix/><KeyCount>2</KeyCount><StartAfter>a</StartAfter>")
    lines = [json.dumps({"product": "oss", "action": "ListObjects", "status": status, "body": body,
                         "headers": {"x-oss-request-id": ID}})
             for status, body in ((200, LISTING), (200, second), (200, second), (404, ERROR))]
    (tmp_path / "one.jsonl").write_text("\n".join([*lines, lines[0][:20]]), encoding="utf-8")
    seen = Validated()
    assert seen.read(tmp_path) == []
    assert (seen.answers, seen.kinds) == (4, {"oss:ListObjects", "oss:ListObjectsV2"})


def test_answers_that_look_alike_are_judged_once() -> None:
    body = LISTING.replace("<Name>b</Name>", "<Name>judged-once</Name>")
    found("ListObjects", 200, body)
    before = oss_roundtrip._judged.cache_info()
    found("ListObjects", 200, body.replace("<Size>7</Size>", "<Size>12</Size>").replace(ITEM, "", 1))
    after = oss_roundtrip._judged.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


def test_every_operation_has_a_model_and_one_without_a_successful_answer_is_named() -> None:
    assert [name for name in sorted(expected()) if spec_of(name) is None] == []
    assert {"ListObjects", "ListObjectsV2", "GetBucketCors", "PutObject"} <= expected()
    assert unvalidated(f"oss:{name}" for name in expected() - {"GetBucketCors"}) == ["oss:GetBucketCors"]


def test_further_elements_are_those_of_codes_that_there_are() -> None:
    assert set(oss_roundtrip._DETAILS).isdisjoint(oss_roundtrip._LIKEWISE)
    assert {*oss_roundtrip._DETAILS, *oss_roundtrip._LIKEWISE} <= set(catalogue())


def test_an_exception_that_the_package_has_caught_up_with_is_none() -> None:
    assert [name for name in WITHOUT_MODEL if hasattr(models, f"{name}Result")] == []
    for name, known in BEYOND_MODEL.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(BEYOND_MODEL, name, Known("", {}))
            alone = spec_of.__wrapped__(name)
        for path in known.fields:
            node = alone.tree
            for tag in path.split("/")[:-1]:
                node = node.fields[tag]
            assert path.rpartition("/")[2] not in node.fields, f"{name} {path}"
