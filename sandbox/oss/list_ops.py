# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listing the objects of a bucket, in both versions."""
from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from urllib.parse import quote

from sandbox.state import versions
from sandbox.state.buckets import StoredObject

from .answer import Answer
from .archive import restore_info
from .call import Call, iso_time, whole_number
from .errors import OssError
from .listing import Page, page_of
from .xml import Content

_LONGEST_ARGUMENT = 1024


def encoder(query: Mapping[str, str]) -> Callable[[str], str]:
    """Return how keys are written: percent-encoded when ``encoding-type=url`` was asked for, else as they are."""
    kind = query.get("encoding-type", "")
    if kind not in ("", "url"):
        raise OssError("InvalidArgument", "Invalid Encoding Method specified in Request.",
                       details={"ArgumentName": "encoding-type", "ArgumentValue": kind})
    return (lambda key: quote(key, safe="")) if kind else str


async def list_objects(call: Call) -> Answer:
    """GetBucket (ListObjects), version 1 or 2."""
    query = call.request.query
    version = query.get("list-type", "1")
    if version not in ("1", "2"):
        raise OssError("InvalidArgument", f"list-type {version} is not 2.")
    return await (_version_2 if version == "2" else _version_1)(call)


async def _version_1(call: Call) -> Answer:
    query, encode = call.request.query, encoder(call.request.query)
    marker = query.get("marker", "")
    limit, page = _page(call, marker)
    return call.xml("ListBucketResult", [
        ("Name", call.bucket.name), ("Prefix", encode(query.get("prefix", ""))), ("Marker", encode(marker)),
        ("MaxKeys", limit), ("Delimiter", encode(query.get("delimiter", ""))),
        ("EncodingType", query.get("encoding-type") or None), ("IsTruncated", str(page.truncated).lower()),
        ("NextMarker", encode(page.next) if page.next else None), *await _entries(call, page, encode, True)])


async def _version_2(call: Call) -> Answer:
    query, encode = call.request.query, encoder(call.request.query)
    token = query.get("continuation-token")
    start = query.get("start-after", "")
    limit, page = _page(call, _key_of(token) if token else start)
    return call.xml("ListBucketResult", [
        ("Name", call.bucket.name), ("Prefix", encode(query.get("prefix", ""))),
        ("StartAfter", encode(start) if start else None), ("ContinuationToken", token), ("MaxKeys", limit),
        ("Delimiter", encode(query.get("delimiter", ""))), ("EncodingType", query.get("encoding-type") or None),
        ("IsTruncated", str(page.truncated).lower()),
        ("NextContinuationToken", _token_of(page.next) if page.next else None),
        ("KeyCount", len(page.keys) + len(page.prefixes)),
        *await _entries(call, page, encode, query.get("fetch-owner") == "true")])


async def list_versions(call: Call) -> Answer:
    """GetBucketVersions (ListObjectVersions): all versions and delete markers, by key and then the newest first."""
    query, encode = call.request.query, encoder(call.request.query)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    key_marker, version_marker = query.get("key-marker", ""), query.get("version-id-marker", "")
    for name in ("prefix", "delimiter", "key-marker", "version-id-marker"):
        if len(query.get(name, "")) > _LONGEST_ARGUMENT:
            raise OssError("InvalidArgument", f"The length of {name} is invalid.", details={"ArgumentName": name})
    if version_marker and not key_marker:
        raise OssError("InvalidArgument", "A version-id marker cannot be specified without a key marker.",
                       details={"ArgumentName": "version-id-marker", "ArgumentValue": version_marker})
    limit = whole_number(query.get("max-keys", "100"), "max-keys", 1, 1000)
    page = versions.page_of(call.bucket, prefix, delimiter, key_marker, version_marker, limit)
    await call.summed(item for item in page.items if not item.marker)
    return call.xml("ListVersionsResult", [
        ("Name", call.bucket.name), ("Prefix", encode(prefix)), ("KeyMarker", encode(key_marker)),
        ("VersionIdMarker", version_marker), ("MaxKeys", limit), ("Delimiter", encode(delimiter)),
        ("EncodingType", query.get("encoding-type") or None), ("IsTruncated", str(page.truncated).lower()),
        ("NextKeyMarker", encode(page.next_key) if page.truncated else None),
        ("NextVersionIdMarker", page.next_version if page.truncated else None),
        *(_version(call, item, encode) for item in page.items),
        *(("CommonPrefixes", [("Prefix", encode(name))]) for name in page.prefixes)])


def _version(call: Call, item: StoredObject, encode: Callable[[str], str]) -> tuple[str, Content]:
    newest = str(item is versions.find(call.bucket, item.key, None)).lower()
    content: list[tuple[str, Content]] = [
        ("Key", encode(item.key)), ("VersionId", versions.name_of(item)), ("IsLatest", newest),
        ("LastModified", iso_time(item.modified)), ("Owner", call.owner())]
    if item.marker:
        return "DeleteMarker", content
    return "Version", [*content, ("ETag", f'"{item.etag}"'), ("Type", item.kind), ("Size", item.size),
                       ("StorageClass", item.storage_class), ("RestoreInfo", restore_info(item, call.now))]


def _page(call: Call, marker: str) -> tuple[int, Page]:
    query = call.request.query
    limit = whole_number(query.get("max-keys", "100"), "max-keys", 0, 1000)
    prefix = query.get("prefix", "")
    return limit, page_of(call.bucket.keys(prefix, marker), prefix, query.get("delimiter", ""), marker, limit)


async def _entries(call: Call, page: Page, encode: Callable[[str], str], owner: bool) -> list[tuple[str, Content]]:
    items = await call.summed(call.bucket.objects[key] for key in page.keys)
    contents: list[tuple[str, Content]] = [("Contents", [
        ("Key", encode(item.key)), ("LastModified", iso_time(item.modified)), ("ETag", f'"{item.etag}"'),
        ("Type", item.kind), ("Size", item.size), ("StorageClass", item.storage_class),
        ("Owner", call.owner() if owner else None), ("RestoreInfo", restore_info(item, call.now))]) for item in items]
    return contents + [("CommonPrefixes", [("Prefix", encode(prefix))]) for prefix in page.prefixes]


def _token_of(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


def _key_of(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OssError("InvalidArgument", "The continuation token provided is incorrect.",
                       details={"ArgumentName": "continuation-token", "ArgumentValue": token}) from error
