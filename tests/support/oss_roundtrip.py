# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares answers of the sandbox's OSS with the result models of the vendor's alibabacloud_oss_v2.

As with the RPC packages, the models never validate by themselves: elements and headers that they do not know are
dropped, every text but ``true`` is false, an element that comes twice is read once.
"""

from __future__ import annotations

import base64
import binascii
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from alibabacloud_oss_v2 import exceptions, models, serde

from sandbox.oss.service import OPERATIONS

PRODUCT = "oss"
REDIRECTION = 300
"""The first status that is no success."""

_NOT_MODIFIED = 304
_REQUEST_ID = re.compile(r"[0-9A-F]{24}")
# XML has no such characters, keys may: who does not ask for encoding-type=url gets what no parser reads (oss2's own
# test_list_objects_v2 wants it so), and of a refusal oss2 guesses code and message (exceptions._guess_error_details).
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")

# What every answer may have ("Common HTTP headers" and "Error responses" of the vendor's documentation).
_COMMON = {"x-oss-request-id": "str", "x-oss-server-time": "int", "x-oss-ec": "str", "x-oss-err": "str"}


@dataclass(frozen=True)
class Known:
    """What an answer has and the package does not know: headers, and elements by their paths, to their types."""

    source: str
    fields: Mapping[str, str]
    root: str | None = None


WITHOUT_MODEL = {
    "HeadBucket": Known(
        "the package asks for the ACL instead; the vendor's Java SDK has it and reads this header "
        "(ResponseParsers.parseBucketMetadata)", {"x-oss-bucket-region": "str"}),
    "ListLiveChannel": Known(
        "the package has no live channels; oss2 2.19.1 reads these (xml_utils.parse_list_live_channel)",
        {"Prefix": "str", "Marker": "str", "MaxKeys": "int", "IsTruncated": "bool", "NextMarker": "str"},
        "ListLiveChannelResult"),
    "GetBucketStorageCapacity": Known(
        "the package has its successor alone (``?quota``); oss2 2.19.1 reads this "
        "(xml_utils.parse_get_bucket_storage_capacity)", {"StorageCapacity": "int"}, "BucketUserQos"),
    "PutBucketStorageCapacity": Known(
        "as GetBucketStorageCapacity; oss2 2.19.1 reads nothing but the headers common to all answers", {}),
}
"""Operations that the package does not have."""

BEYOND_MODEL = {
    "GetBucketLifecycle": Known(
        "oss2 2.19.1 writes and reads it beside CreatedBeforeDate (xml_utils.parse_lifecycle_expiration)",
        {"Rule/Expiration/Date": "datetime"}),
    "GetBucketStat": Known("oss2 2.19.1 reads it (xml_utils.parse_get_bucket_stat)", {"MultipartPartCount": "int"}),
    "ListMultipartUploads": Known(
        "the page ListMultipartUploads names CommonPrefixes, and oss2 2.19.1 reads them "
        "(xml_utils.parse_list_multipart_uploads); the class is in an answer that the vendor's Java SDK is tested with "
        "(listMultipartUploads.xml)", {"CommonPrefixes": "[CommonPrefix]", "Upload/StorageClass": "str"}),
}
"""Where the package's model lacks something."""

_ROOTS = {
    "ListObjects": "ListBucketResult", "ListObjectsV2": "ListBucketResult", "CopyObject": "CopyObjectResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult"}
"""Root elements where the package's model names none, by the examples on the operations' pages."""

_VARIANTS = {"ListObjects": ("KeyCount", "ListObjectsV2")}
"""Operations of one name in the request log: an answer with this element is the other one's."""

_MAY_BE_EMPTY = frozenset({"DeleteMultipleObjects"})
"""Operations whose answer has a document or none: with ``Quiet``, nothing is told of what was deleted."""

# Of a refusal: what _client._to_service_error reads, and what "Error responses" of the documentation shows.
_NEEDED = ("Code", "Message", "RequestId", "HostId")
_ALLOWED = frozenset({*_NEEDED, "EC", "RecommendDoc"})

_DETAILS: dict[str, tuple[str, tuple[str, ...]]] = {
    "AccessDenied": ("page OSS 403; tests of the Go SDK V2 (client_mock_test.go)", ("BucketName", "Endpoint")),
    "BucketNotEmpty": ("page DeleteBucket", ("BucketName",)),
    "InvalidAccessKeyId": ("tests of the Python SDK V2", ("OSSAccessKeyId",)),
    "InvalidArgument": ("page PutBucketAcl; oss2 2.19.1 (exceptions.InvalidArgument)",
                        ("ArgumentName", "ArgumentValue")),
    "MalformedXML": ("tests of the Go SDK V2 (client_mock_test.go)", ("ErrorDetail",)),
    "MethodNotAllowed": ("page GetObject", ("Method", "ResourceType")),
    "NoSuchBucket": ("pages DeleteBucket and GetBucketInfo", ("BucketName",)),
    "NoSuchKey": ("page GetObject", ("Key",)),
    "NoSuchLifecycle": ("page GetBucketLifecycle", ("BucketName",)),
    "NoSuchUpload": ("an answer of OSS in issue 209 of aliyun/aliyun-oss-ios-sdk", ("UploadId",)),
    "NoSuchWebsiteConfiguration": ("page GetBucketWebsite", ("BucketName",)),
    "RequestTimeTooSkewed": ("tests of the Java SDK (ResponseParsersTest)",
                             ("MaxAllowedSkewMilliseconds", "RequestTime", "ServerTime")),
    "SignatureDoesNotMatch": ("page Add a signature to the header",
                              ("OSSAccessKeyId", "SignatureProvided", "StringToSign")),
}
"""Code to where its further elements were seen, and which ones they are."""

_LIKEWISE: dict[str, tuple[str, ...]] = {
    "BucketAlreadyExists": ("BucketName",), "InvalidBucketName": ("BucketName",),
    "NoSuchBucketPolicy": ("BucketName",), "NoSuchCORSConfiguration": ("BucketName",),
    "NoSuchOverwriteConfiguration": ("BucketName",),
    "NoSuchServerSideEncryptionRule": ("BucketName",), "InvalidTargetBucketForLogging": ("TargetBucket",),
    "FileAlreadyExists": ("Key",), "InvalidTargetType": ("Key",), "NoSuchVersion": ("Key",),
    "RestoreAlreadyInProgress": ("Key",), "SymlinkTargetNotExist": ("Key",),
    "InvalidObjectName": ("ObjectName",), "InvalidObjectState": ("ObjectName",), "NotSymlink": ("ObjectName",),
    "InvalidPolicyDocument": ("ErrorDetail",), "InvalidDigest": ("Content-MD5",), "InvalidPart": ("PartNumber",),
    "EntityTooSmall": ("MinSizeAllowed", "PartNumber", "ProposedSize"), "InvalidRange": ("ActualObjectSize",),
    "PreconditionFailed": ("Condition",),
}
"""Codes of which no answer with further elements was found: these are a guess, after the codes above and Amazon S3."""

_MARKER = frozenset({"x-oss-delete-marker", "x-oss-version-id"})
_HEADERS_OF_REFUSALS = {"NoSuchKey": _MARKER, "MethodNotAllowed": _MARKER}
"""What the answers about a delete marker have on the page GetObject, whatever was asked for."""


@dataclass
class Node:
    """What the vendor's model reads at one place of a document; without `kind` it is a structure of `fields`."""

    kind: str = ""
    many: bool = False
    fields: dict[str, Node] = field(default_factory=dict)


@dataclass
class Spec:
    """What the vendor reads of the answers of one operation; `root` is None where the body is not XML."""

    root: str | None
    tree: Node
    headers: dict[str, str]
    prefixes: tuple[str, ...]


def problems(action: str, status: int, headers: Mapping[str, str], body: str) -> tuple[str, list[str]]:
    """Which kind an answer is, and what is wrong with it: elements and headers that the vendor's model does not know,
    and wrong scalars."""
    names = {name.lower(): value for name, value in headers.items()}
    found = _request_id(names, "the header x-oss-request-id", names.get("x-oss-request-id"))
    try:
        document = _document(status, names, body)
    except (ET.ParseError, binascii.Error, UnicodeDecodeError) as error:
        kind = f"{PRODUCT}:{action}"
        return kind, [f"{kind}: the document cannot be read: {error}"]
    name = kind_of(action, document)
    if document is not None and status >= REDIRECTION:
        found += _request_id(names, "RequestId", document.findtext("RequestId"))
    shown = tuple(sorted((key, shape_of_text(value)) for key, value in names.items()))
    shape = None if document is None else (document.tag, shape_of(document))
    code = (document.findtext("Code") or "") if document is not None and status >= REDIRECTION else ""
    found += _judged(name, status, code, shown, shape)
    kind = f"{PRODUCT}:{name}"
    return kind, [f"{kind}: {text}" for text in found]


def kind_of(action: str, document: ET.Element | None) -> str:
    """The vendor's name of the operation that gave this answer, where two operations share one name."""
    element, other = _VARIANTS.get(action, ("", ""))
    return other if document is not None and element and document.find(element) is not None else action


def expected() -> set[str]:
    """Every operation that the sandbox carries out."""
    names = {operation.action for table in OPERATIONS.values() for operation in table.values()}
    return names | {other for _element, other in _VARIANTS.values()}


def unvalidated(kinds: Iterable[str]) -> list[str]:
    """Operations without a successful answer so far."""
    return sorted({f"{PRODUCT}:{name}" for name in expected()} - set(kinds))


# ---- what a text looks like: all that the models can be asked about, and few enough to be remembered ----
_FORMS = (
    ("", re.compile(r"\s*")),
    ("int", re.compile(r"-?\d+", re.ASCII)),
    ("bool", re.compile(r"true|false")),
    ("datetime", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)),
    ("httptime", re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)),
)
_READERS = {"datetime": serde.deserialize_iso, "httptime": serde.deserialize_httptime}


def shape_of_text(text: str | None) -> str:
    """Which scalar a text is: int, bool, datetime (as the vendor writes them), httptime, str, or empty."""
    for form, pattern in _FORMS:
        if pattern.fullmatch(text or ""):
            return form if _is_read(form, text or "") else "str"
    return "str"


def _is_read(form: str, text: str) -> bool:
    try:
        return form not in _READERS or _READERS[form](text) is not None
    except (ValueError, exceptions.DeserializationError):
        return False


def shape_of(node: ET.Element) -> Any:
    """What the models look at: the form of a text; of a structure its tags, whether they repeat, and their shapes."""
    if not len(node):
        return shape_of_text(node.text)
    inner: dict[str, list[Any]] = {}
    for child in node:
        inner.setdefault(child.tag, []).append(shape_of(child))
    return frozenset((tag, len(shapes) > 1, frozenset(shapes)) for tag, shapes in inner.items())


# ---- the vendor's models ----
@cache
def spec_of(name: str) -> Spec | None:
    """What the vendor's model of an operation's result reads, and what is known beyond it."""
    model = getattr(models, f"{name}Result", None)
    known = WITHOUT_MODEL.get(name) if model is None else BEYOND_MODEL.get(name, Known("", {}))
    if known is None:
        return None
    spec = Spec(known.root, Node(), {}, ())
    if model is not None:
        _read(name, model, spec)
    for path, kind in known.fields.items():
        if path.startswith("x-oss-"):
            spec.headers[path] = kind
        else:
            _add(spec.tree, models.ListPartsResult, path, kind)
    return spec


def _read(name: str, model: type, spec: Spec) -> None:
    for attribute, about in getattr(model, "_attribute_map", {}).items():
        key, kind, place = about.get("rename", attribute), about.get("type", "str"), about.get("position")
        if about.get("tag") == "xml":
            spec.root = _ROOTS.get(name) or getattr(model, "_xml_map", {}).get("name")
        elif place == "body" and kind.endswith(",xml"):
            spec.root = key
            _grow(spec.tree, _named(model, kind.partition(",")[0]))
        elif place == "header" and kind.startswith("dict"):
            spec.prefixes = (*spec.prefixes, key.lower())
        elif place == "header":
            spec.headers[key.lower()] = _scalar(kind)
    _grow(spec.tree, model)


def _grow(node: Node, model: type) -> None:
    """Add the fields of a model that are elements to those of a node."""
    for attribute, about in getattr(model, "_attribute_map", {}).items():
        if about.get("tag") == "xml":
            _add(node, model, about.get("rename", attribute), about.get("type", "str"))


def _add(node: Node, model: type, path: str, kind: str) -> None:
    for tag in path.split("/"):
        if tag != ".":
            node = node.fields.setdefault(tag, Node())
    node.many = kind.startswith("[")
    inner = kind.partition(",")[0].strip("[]")
    if inner.islower():
        node.kind = _scalar(kind.strip("[]"))
    else:
        _grow(node, _named(model, inner))


def _named(model: type, name: str) -> type:
    """The model of a field's type, as the package's deserializer finds it."""
    new = getattr(model, "_dependency_map", {}).get(name, {}).get("new")
    return type(new()) if new is not None else getattr(models, name)


def _scalar(kind: str) -> str:
    if "httptime" in kind:
        return "httptime"
    return "datetime" if kind.startswith("datetime") else kind or "str"


# ---- judging ----
def _request_id(headers: Mapping[str, str], what: str, given: str | None) -> list[str]:
    if not given or not _REQUEST_ID.fullmatch(given):
        return [f"{what} is {given!r}, not 24 hexadecimal digits"]
    return [] if given == headers.get("x-oss-request-id") else [f"{what} is another than the header's"]


def _document(status: int, headers: Mapping[str, str], body: str) -> ET.Element | None:
    if status >= REDIRECTION and not body and "x-oss-err" in headers:
        body = base64.b64decode(headers["x-oss-err"], validate=True).decode()
    return ET.fromstring(_CONTROL.sub("?", body)) if body else None  # noqa: S314  the sandbox wrote it


@cache
def _judged(name: str, status: int, code: str, headers: tuple[tuple[str, str], ...], shape: Any) -> list[str]:
    spec = spec_of(name)
    if status >= REDIRECTION:
        return [*_refusal(status, code, shape), *_headers(spec, headers, _HEADERS_OF_REFUSALS.get(code, frozenset()))]
    if spec is None:
        return [f"the vendor has no model {name}Result"]
    return [*_body(name, spec, shape), *_headers(spec, headers)]


def _body(name: str, spec: Spec, shape: Any) -> list[str]:
    if shape is None:
        return [] if spec.root is None or name in _MAY_BE_EMPTY else ["there is no document"]
    if spec.root != shape[0]:
        return [f"the root is {shape[0]}, not {spec.root}"]
    return list(_differences(spec.tree, shape[1], ""))


def _differences(node: Node, shape: Any, path: str) -> Iterator[str]:
    if isinstance(shape, str):
        if node.kind in ("", "str"):
            if shape and not node.kind:
                yield f"{path or 'the document'} is a text, not a structure"
        elif shape != node.kind:
            yield f"{path} is {shape or 'empty'}, not {node.kind}"
        return
    if node.kind:
        yield f"{path} is a structure, not {node.kind}"
        return
    for tag, repeated, shapes in sorted(shape, key=lambda entry: str(entry[0])):
        place = f"{path}.{tag}" if path else tag
        inner = node.fields.get(tag)
        if inner is None:
            yield f"unknown element {place}"
            continue
        if repeated and not inner.many:
            yield f"{place} is repeated, and no list"
        for one in sorted(shapes, key=str):
            yield from _differences(inner, one, place)


def _refusal(status: int, code: str, shape: Any) -> list[str]:
    if shape is None:
        # RFC 9110: 304 has no content, and no header for it either unless the request was a HEAD.
        return [] if status == _NOT_MODIFIED else ["a refusal has no document"]
    root, content = shape
    if root != "Error" or isinstance(content, str):
        return [f"the root of a refusal is {root}, or it is empty"]
    given = {tag: shapes for tag, _repeated, shapes in content}
    known = {*_ALLOWED, *_DETAILS.get(code, ("", ()))[1], *_LIKEWISE.get(code, ())}
    return [*(f"a refusal with {code or 'no code'} has no element {tag}" for tag in sorted(set(given) - known)),
            *(f"{tag} of a refusal is missing or empty" for tag in _NEEDED if given.get(tag, {""}) == {""}),
            *(f"{tag} of a refusal is repeated, or a structure" for tag, repeated, shapes in content
              if repeated or not all(isinstance(one, str) for one in shapes))]


def _headers(spec: Spec | None, headers: tuple[tuple[str, str], ...], more: Set[str] = frozenset()) -> list[str]:
    known = {**_COMMON, **(spec.headers if spec is not None else {})}
    prefixes = spec.prefixes if spec is not None else ()
    found = []
    for header, form in headers:
        kind = known.get(header)
        if kind is None:
            if header.startswith("x-oss-") and header not in more and not header.startswith(prefixes):
                found.append(f"unknown header {header}")
        elif kind not in ("str", form):
            found.append(f"the header {header} is {form or 'empty'}, not {kind}")
    return found
