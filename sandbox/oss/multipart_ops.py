# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multipart uploads: their parts are billed, and invisible until the upload is completed or aborted."""
from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from sandbox.state.buckets import Part, Sums, Upload, join

from .answer import Answer
from .body import read_xml, receive
from .call import Call, iso_time, whole_number
from .conditions import stretch_of
from .errors import OssError
from .list_ops import encoder
from .listing import page_of
from .template import template_of
from .write_ops import refuse_overwrite, scratch_file, source_of, store

SMALLEST_PART = 100 * 1024
"""Bytes that every part but the last must have when an upload is completed."""

_MOST_PARTS = 10000
_CHUNK = 1 << 20


async def initiate(call: Call) -> Answer:
    """InitiateMultipartUpload."""
    template = template_of(call)
    refuse_overwrite(call)
    encode = encoder(call.request.query)
    upload_id = call.cloud.draws.hexadecimal(32, "upload")
    call.buckets.open_upload(call.request.bucket, call.request.key, upload_id, template)
    return call.xml("InitiateMultipartUploadResult", [
        ("EncodingType", call.request.query.get("encoding-type") or None), ("Bucket", call.request.bucket),
        ("Key", encode(call.request.key)), ("UploadId", upload_id)])


async def upload_part(call: Call) -> Answer:
    """UploadPart: a part that exists is replaced."""
    upload, number = _upload(call), _number(call)
    with scratch_file(call) as path:
        sums = await receive(call.request, path)
        part = _keep(call, upload, number, path, sums)
    return call.empty(headers={"ETag": f'"{part.etag}"', "x-oss-hash-crc64ecma": str(part.crc64),
                               "Content-MD5": base64.b64encode(sums.md5).decode()})


async def upload_part_copy(call: Call) -> Answer:
    """UploadPartCopy: a part out of another object, or out of a stretch of it."""
    upload, number = _upload(call), _number(call)
    source = await source_of(call)
    stretch = stretch_of({"range": call.request.headers.get("x-oss-copy-source-range", "bytes=0-"),
                          "x-oss-range-behavior": "standard"}, source.size) or (0, source.size)
    with scratch_file(call) as path:
        sums = await asyncio.to_thread(_copy, source.path, path, *stretch)
        part = _keep(call, upload, number, path, sums)
    return call.xml("CopyPartResult", [("LastModified", iso_time(part.modified)), ("ETag", f'"{part.etag}"')],
                    {"ETag": f'"{part.etag}"'})


async def complete(call: Call) -> Answer:
    """CompleteMultipartUpload: the named parts, in order, become the object; parts that are not named are dropped."""
    upload = _upload(call)
    if call.request.headers.get("x-oss-complete-all", "").lower() == "yes":
        parts = [upload.parts[number] for number in sorted(upload.parts)]
    else:
        body = await read_xml(call.request, "CompleteMultipartUpload")
        parts = _named_parts(upload, body.findall("Part") if body is not None else [])
    _check_parts(parts)
    refuse_overwrite(call)
    encode = encoder(call.request.query)
    item = upload.template
    item.kind = "Multipart"
    item.etag = f"{_etag_of(parts)}-{len(parts)}"
    with scratch_file(call) as path:
        sums = await asyncio.to_thread(join, [part.path for part in parts], path)
        _upload(call)  # it may have been aborted or completed meanwhile
        store(call, item, path, sums)
    _forget(call, upload)
    return call.xml("CompleteMultipartUploadResult", [
        ("EncodingType", call.request.query.get("encoding-type") or None),
        ("Location", f"http://{call.request.host}/{call.request.bucket}/{encode(item.key)}"),
        ("Bucket", call.request.bucket), ("Key", encode(item.key)), ("ETag", f'"{item.etag}"')],
        {"ETag": f'"{item.etag}"', "x-oss-hash-crc64ecma": str(item.crc64)})


async def abort(call: Call) -> Answer:
    """AbortMultipartUpload."""
    _forget(call, _upload(call))
    return call.empty(204)


async def list_parts(call: Call) -> Answer:
    """ListParts."""
    upload, query = _upload(call), call.request.query
    encode = encoder(query)
    limit = whole_number(query.get("max-parts") or "1000", "max-parts", 1, 1000)
    marker = whole_number(query.get("part-number-marker") or "0", "part-number-marker", 0, _MOST_PARTS)
    numbers = [number for number in sorted(upload.parts) if number > marker]
    parts = [upload.parts[number] for number in numbers[:limit]]
    return call.xml("ListPartsResult", [
        ("EncodingType", query.get("encoding-type") or None), ("Bucket", call.request.bucket),
        ("Key", encode(upload.key)), ("UploadId", upload.upload_id), ("StorageClass", upload.template.storage_class),
        ("PartNumberMarker", marker), ("NextPartNumberMarker", parts[-1].number if parts else marker),
        ("MaxParts", limit), ("IsTruncated", str(len(numbers) > limit).lower()),
        *(("Part", [("PartNumber", part.number), ("LastModified", iso_time(part.modified)), ("ETag", f'"{part.etag}"'),
                    ("HashCrc64ecma", str(part.crc64)), ("Size", part.size)]) for part in parts)])


async def list_uploads(call: Call) -> Answer:
    """ListMultipartUploads, by key and then by upload id."""
    query, encode = call.request.query, encoder(call.request.query)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    key_marker, id_marker = query.get("key-marker", ""), query.get("upload-id-marker", "")
    limit = whole_number(query.get("max-uploads") or "1000", "max-uploads", 1, 1000)
    uploads = {f"{upload.key}\0{upload.upload_id}": upload for upload in call.bucket.uploads.values()}
    # Without an upload id the marker stands behind every upload of its key.
    marker = f"{key_marker}\0{id_marker or chr(0x10FFFF)}" if key_marker else ""
    names = [name for name in sorted(uploads) if name.startswith(prefix) and name > marker]
    page = page_of(names, prefix, delimiter, marker, limit)
    last = page.next.partition("\0")
    return call.xml("ListMultipartUploadsResult", [
        ("EncodingType", query.get("encoding-type") or None), ("Bucket", call.request.bucket),
        ("KeyMarker", encode(key_marker)), ("UploadIdMarker", id_marker), ("NextKeyMarker", encode(last[0])),
        ("NextUploadIdMarker", last[2]), ("Delimiter", encode(delimiter)), ("Prefix", encode(prefix)),
        ("MaxUploads", limit), ("IsTruncated", str(page.truncated).lower()),
        *(("Upload", [("Key", encode(uploads[name].key)), ("UploadId", uploads[name].upload_id),
                      ("StorageClass", uploads[name].template.storage_class),
                      ("Initiated", iso_time(uploads[name].initiated))]) for name in page.keys),
        *(("CommonPrefixes", [("Prefix", encode(name))]) for name in page.prefixes)])


def _upload(call: Call) -> Upload:
    upload = call.bucket.uploads.get(call.request.query["uploadId"])
    if upload is None or upload.key != call.request.key:
        raise OssError("NoSuchUpload", details={"UploadId": call.request.query["uploadId"]})
    return upload


def _number(call: Call) -> int:
    return whole_number(call.request.query["partNumber"], "partNumber", 1, _MOST_PARTS)


def _keep(call: Call, upload: Upload, number: int, path: Path, sums: Sums) -> Part:
    """Make a finished file a part of the upload, which may have been aborted while the file arrived."""
    _upload(call)
    part = Part(number, path, sums.size, sums.etag, sums.crc, call.buckets.now())
    size = call.buckets.add_part(call.request.bucket, upload.upload_id, part)
    call.cloud.part_stored(call.request.bucket, upload.key, upload.upload_id, size)
    return part


def _copy(source: Path, target: Path, first: int, length: int) -> Sums:
    sums = Sums()
    with source.open("rb") as reader, target.open("wb") as writer:
        reader.seek(first)
        while length:
            data = reader.read(min(_CHUNK, length))
            sums.update(data)
            writer.write(data)
            length -= len(data)
    return sums


def _named_parts(upload: Upload, nodes: Sequence[Element]) -> list[Part]:
    parts: list[Part] = []
    for node in nodes:
        number = whole_number(node.findtext("PartNumber") or "", "PartNumber", 1, _MOST_PARTS)
        part = upload.parts.get(number)
        if part is None or (node.findtext("ETag") or "").strip('"').upper() != part.etag:
            raise OssError("InvalidPart", details={"PartNumber": str(number)})
        if parts and parts[-1].number >= number:
            raise OssError("InvalidPartOrder")
        parts.append(part)
    return parts


def _check_parts(parts: Sequence[Part]) -> None:
    if not parts:
        raise OssError("MalformedXML", "An upload is completed with at least one part.")
    for part in parts[:-1]:
        if part.size < SMALLEST_PART:
            raise OssError("EntityTooSmall", details={"PartNumber": str(part.number), "ProposedSize": str(part.size),
                                                      "MinSizeAllowed": str(SMALLEST_PART)})


def _etag_of(parts: Sequence[Part]) -> str:
    return hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False).hexdigest().upper()


def _forget(call: Call, upload: Upload) -> None:
    call.buckets.end_upload(call.request.bucket, upload.upload_id)
    call.cloud.part_removed(call.request.bucket, upload.key, upload.upload_id)
