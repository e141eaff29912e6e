# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing and deleting objects."""
from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from sandbox.state.buckets import StoredObject, Sums, join
from sandbox.state.versions import Deletion, delete, delete_version, find, name_of

from .access import check_keys
from .answer import Answer
from .archive import check_readable
from .body import read_xml, receive
from .bucket_ops import ACLS, acl_of
from .call import Call, checked_version, iso_time, whole_number
from .conditions import check_conditions
from .config_ops import stored, stored_key
from .configs import forbids_overwrite
from .errors import OssError
from .list_ops import encoder
from .retention import check_mutable
from .template import parse_tags, template_of
from .xml import Content

_DELETE_LIMIT = 1000
_COLD = ("ColdArchive", "DeepColdArchive")


async def put_object(call: Call) -> Answer:
    """PutObject; with forbid-overwrite exactly one of several at once wins."""
    item = template_of(call)
    refuse_overwrite(call)
    with scratch_file(call) as path:
        sums = await receive(call.request, path)
        store(call, item, path, sums)
    return call.empty(headers=_sum_headers(item, sums))


async def copy_object(call: Call) -> Answer:
    """CopyObject within the account."""
    source = await source_of(call)
    item = template_of(call)
    if source.kind == "Symlink":
        item.kind, item.target = source.kind, source.target
    if call.request.headers.get("x-oss-metadata-directive", "COPY").upper() == "COPY":
        item.headers = dict(source.headers)
    if call.request.headers.get("x-oss-tagging-directive", "Copy").title() == "Copy":
        item.tags = dict(source.tags)
    refuse_overwrite(call)
    with scratch_file(call) as path:
        sums = await asyncio.to_thread(join, [source.path], path)
        store(call, item, path, sums)
    return call.xml("CopyObjectResult", [("LastModified", iso_time(item.modified)), ("ETag", f'"{item.etag}"')],
                    {"ETag": f'"{item.etag}"', "x-oss-hash-crc64ecma": str(item.crc64)})


async def append_object(call: Call) -> Answer:
    """AppendObject: only at the end of an object that was made by appending; of several at one position one wins."""
    position = whole_number(call.request.query.get("position", ""), "position", 0, 1 << 62)
    _appendable(call, position)
    fresh = template_of(call)
    if fresh.storage_class in _COLD:
        raise OssError("InvalidArgument", f"An appendable object cannot be {fresh.storage_class}.", "0016-00000503",
                       {"ArgumentName": "x-oss-storage-class", "ArgumentValue": fresh.storage_class})
    with scratch_file(call) as more, scratch_file(call) as whole:
        await receive(call.request, more)
        while True:
            # Another append, a deletion or both may have come first while this one's bytes arrived.
            known = _appendable(call, position)
            path = known.path if known else None
            try:
                sums = await asyncio.to_thread(join, [path, more] if path else [more], whole)
            except FileNotFoundError:
                continue
            if call.bucket.objects.get(call.request.key) is known and (known is None or known.size == position):
                break
        item = known or fresh
        item.kind = "Appendable"
        since = item.modified
        store(call, item, whole, sums)
        if known is not None and call.bucket.versioning:
            # With versioning it keeps the time at which it was begun.
            item.modified = since
    return call.empty(headers={"x-oss-next-append-position": str(item.size), "x-oss-hash-crc64ecma": str(item.crc64),
                               "ETag": f'"{item.etag}"'})


def _appendable(call: Call, position: int) -> StoredObject | None:
    """Return the object that is appended to, None when this begins it; refuse what cannot be appended to there."""
    known = call.bucket.objects.get(call.request.key)
    if known is not None and known.kind != "Appendable":
        raise OssError("ObjectNotAppendable")
    check_mutable(call.bucket, known, call.now)
    if stored_key(call.bucket.configs):
        raise OssError("OperationNotSupported", "An appendable object cannot be encrypted with a key of yours.")
    length = known.size if known is not None else 0
    if position != length:
        raise OssError("PositionNotEqualToLength", headers={"x-oss-next-append-position": str(length)})
    return known


async def delete_object(call: Call) -> Answer:
    """DeleteObject, or one version of it: the same answer whether there was one or not."""
    version = call.version
    done = drop(call, call.request.key, version)
    if call.bucket.versioning:
        call.told["x-oss-version-id"] = version or done.marker
    if done.marker:
        call.told["x-oss-delete-marker"] = "true"
    return call.empty(204)


async def delete_objects(call: Call) -> Answer:
    """DeleteMultipleObjects: up to 1000 keys or versions; one that does not exist counts as deleted."""
    if "content-md5" not in call.request.headers:
        raise OssError("InvalidArgument", "Missing Some Required Arguments.", details={"ArgumentName": "Content-MD5"})
    body = await read_xml(call.request, "Delete")
    nodes = body.findall("Object") if body is not None else []
    keys = [node.findtext("Key") or "" for node in nodes]
    if not 0 < len(keys) <= _DELETE_LIMIT or "" in keys:
        raise OssError("MalformedXML", f"Between 1 and {_DELETE_LIMIT} keys are allowed, {len(keys)} were given.")
    if call.fault is not None and call.fault.kind == "partial":
        # As if the service had got no further.
        half = (len(keys) + 1) // 2
        nodes, keys = nodes[:half], keys[:half]
    encode = encoder(call.request.query)
    versions = [checked_version(node.findtext("VersionId")) for node in nodes]
    check_keys(call, "DeleteMultipleObjects", zip(keys, map(bool, versions), strict=True))
    deleted = [drop(call, key, version) for key, version in zip(keys, versions, strict=True)]
    if body is not None and (body.findtext("Quiet") or "").lower() == "true":
        return call.empty()
    return call.xml("DeleteResult", [("EncodingType", call.request.query.get("encoding-type") or None),
                                     *(("Deleted", _deleted(done, encode)) for done in deleted)])


def _deleted(done: Deletion, encode: Callable[[str], str]) -> Content:
    return [("Key", encode(done.key)), ("VersionId", done.version_id or None),
            ("DeleteMarker", "true" if done.marker else None), ("DeleteMarkerVersionId", done.marker or None)]


async def put_object_acl(call: Call) -> Answer:
    """PutObjectAcl."""
    call.object.acl = acl_of(call.request.headers.get("x-oss-object-acl", ""), ("default", *ACLS))
    return call.empty()


async def put_object_tagging(call: Call) -> Answer:
    """PutObjectTagging: replaces all tags."""
    body = await read_xml(call.request, "Tagging")
    nodes = body.findall("TagSet/Tag") if body is not None else []
    pairs = "&".join(f"{quote(node.findtext('Key') or '')}={quote(node.findtext('Value') or '')}" for node in nodes)
    call.object.tags = parse_tags(pairs)
    return call.empty()


async def delete_object_tagging(call: Call) -> Answer:
    """DeleteObjectTagging."""
    call.object.tags = {}
    return call.empty(204)


def refuse_overwrite(call: Call) -> None:
    """Refuse when the object exists and the request says that it must not; versions are added in spite of it."""
    if not call.bucket.versioning and call.request.headers.get("x-oss-forbid-overwrite", "").lower() == "true" \
            and call.request.key in call.bucket.objects:
        raise OssError("FileAlreadyExists", details={"Key": call.request.key})
    key, text = call.request.key, call.bucket.configs.get("overwriteConfig")
    if text and key in call.bucket.objects and forbids_overwrite(stored(text), key):
        raise OssError("FileAlreadyExists", details={"Key": key})


def store(call: Call, item: StoredObject, path: Path, sums: Sums) -> None:
    """Make the file the object; nothing else happens between the last check and this, so it is atomic."""
    refuse_overwrite(call)
    if not call.bucket.versioning:
        check_mutable(call.bucket, call.bucket.objects.get(item.key), call.now)
    item.path, item.size, item.crc64, item.etag = path, sums.size, sums.crc, item.etag or sums.etag
    if item.kind == "Appendable":
        item.etag = sums.etag
    call.bucket.add(item)
    call.tell_version(item)
    call.cloud.object_stored(call.request.bucket, item.key, item.size)


def drop(call: Call, key: str, version: str | None = None) -> Deletion:
    """Delete an object, or one version of it, if there is one; return the versions that ended."""
    if version is not None or not call.bucket.versioning:
        check_mutable(call.bucket, find(call.bucket, key, version), call.now)
    done = delete(call.bucket, key) if version is None else delete_version(call.bucket, key, version)
    for item in done.ended:
        call.cloud.object_removed(call.request.bucket, item.billed_name)
    return done


async def source_of(call: Call) -> StoredObject:
    """Return the object that x-oss-copy-source names, once its conditions hold."""
    bucket_name, key, version = _source_name(call)
    bucket = call.buckets.find(bucket_name)
    if bucket is None:
        raise OssError("NoSuchBucket", details={"BucketName": bucket_name})
    if bucket.owner != call.account:
        raise OssError("AccessDenied")
    found = find(bucket, key, version)
    if found is None or (found.marker and version is None):
        raise OssError("NoSuchKey" if version is None else "NoSuchVersion", details={"Key": key})
    if found.marker:
        raise OssError("InvalidArgument", "The source of a copy cannot be a delete marker.",
                       details={"ArgumentName": "x-oss-copy-source"})
    check_readable(found, call.now)
    (item,) = await call.summed([found])
    if bucket.versioning:
        call.told["x-oss-copy-source-version-id"] = name_of(item)
    check_conditions(call.request.headers, item.etag or "", item.modified, "x-oss-copy-source-")
    return item


def _source_name(call: Call) -> tuple[str, str, str | None]:
    source, mark, version = call.request.headers["x-oss-copy-source"].partition("?versionId=")
    text = unquote(source).lstrip("/")
    bucket, slash, key = text.partition("/")
    if not slash or not key:
        raise OssError("InvalidArgument", "Copy Source must mention the source bucket and key: /bucket/key.",
                       details={"ArgumentName": "x-oss-copy-source", "ArgumentValue": text})
    return bucket, key, checked_version(version) if mark else None


@contextlib.contextmanager
def scratch_file(call: Call) -> Iterator[Path]:
    """Give the path of a new file, and remove it at the end unless it was moved away."""
    path = call.buckets.scratch()
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _sum_headers(item: StoredObject, sums: Sums) -> dict[str, str]:
    return {"ETag": f'"{item.etag}"', "Content-MD5": base64.b64encode(sums.md5).decode(),
            "x-oss-hash-crc64ecma": str(sums.crc)}
