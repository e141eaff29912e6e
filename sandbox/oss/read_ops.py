# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading objects."""
from __future__ import annotations

from collections.abc import Mapping

from sandbox.state.buckets import StoredObject

from .answer import Answer
from .archive import check_readable, restore_info
from .call import Call, http_time
from .conditions import check_conditions, stretch_of

_OVERRIDES = {
    "response-content-type": "content-type", "response-content-language": "content-language",
    "response-expires": "expires", "response-cache-control": "cache-control",
    "response-content-disposition": "content-disposition", "response-content-encoding": "content-encoding",
}

_COMPRESSED = frozenset({
    "text/cache-manifest", "text/xml", "text/css", "text/html", "text/plain", "application/javascript",
    "application/x-javascript", "application/rss+xml", "application/json", "text/json"})
_SMALLEST_COMPRESSED = 1024


async def get_object(call: Call) -> Answer:
    """GetObject and HeadObject, with conditions and ranges; a symbolic link gives its target's content."""
    named = call.object
    (item,) = await call.summed([call.resolved(named)])
    if call.request.method == "GET":
        check_readable(item, call.now)
    modified = max(named.modified, item.modified)
    check_conditions(call.request.headers, item.etag or "", modified)
    headers = _headers(named, item, call.now)
    query = call.request.query
    headers.update({header: query[name] for name, header in _OVERRIDES.items() if name in query})
    stretch = stretch_of(call.request.headers, item.size)
    if stretch is None:
        return call.file(item.path, 0, item.size, 200, headers, _compressible(call, headers, item.size))
    first, length = stretch
    headers["content-range"] = f"bytes {first}-{first + length - 1}/{item.size}"
    return call.file(item.path, first, length, 206, headers)


def _compressible(call: Call, headers: Mapping[str, str], size: int) -> bool:
    """Return whether OSS gzips the answer on its way: text of a kilobyte or more, for who accepts it."""
    return (call.request.method == "GET" and size >= _SMALLEST_COMPRESSED
            and "gzip" in call.request.headers.get("accept-encoding", "") and "content-encoding" not in headers
            and headers["content-type"].partition(";")[0].strip() in _COMPRESSED)


async def get_meta(call: Call) -> Answer:
    """GetObjectMeta: size, time and entity tag alone."""
    (item,) = await call.summed([call.object])
    return call.file(item.path, 0, item.size, 200, {
        "ETag": f'"{item.etag}"', "Last-Modified": http_time(item.modified), "x-oss-hash-crc64ecma": str(item.crc64)})


async def get_object_acl(call: Call) -> Answer:
    """GetObjectAcl."""
    return call.xml("AccessControlPolicy", [
        ("Owner", call.owner()), ("AccessControlList", [("Grant", call.object.acl)])])


async def get_object_tagging(call: Call) -> Answer:
    """GetObjectTagging."""
    tags = sorted(call.object.tags.items())
    return call.xml("Tagging", [("TagSet", [("Tag", [("Key", key), ("Value", value)]) for key, value in tags])])


def _headers(named: StoredObject, item: StoredObject, now: float) -> dict[str, str]:
    """Return the headers of a read: `named` is the object that was asked for, `item` the one that has the content."""
    headers = {
        **named.headers, "ETag": f'"{item.etag}"', "Accept-Ranges": "bytes",
        "Last-Modified": http_time(max(named.modified, item.modified)),
        "x-oss-object-type": named.kind, "x-oss-storage-class": item.storage_class,
        "x-oss-hash-crc64ecma": str(item.crc64),
    }
    if named.kind == "Appendable":
        headers["x-oss-next-append-position"] = str(item.size)
    if named.tags:
        headers["x-oss-tagging-count"] = str(len(named.tags))
    info = restore_info(item, now)
    if info is not None:
        headers["x-oss-restore"] = info
    return headers
