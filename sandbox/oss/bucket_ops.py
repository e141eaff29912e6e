# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations on buckets."""
from __future__ import annotations

import re
from collections.abc import Mapping

from sandbox.state.versions import is_empty

from .answer import Answer
from .body import read_xml
from .call import Call, iso_time, whole_number
from .config_ops import stored, stored_tags
from .configs import encryption_rule
from .errors import OssError
from .xml import Content, document

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
RESOURCE_GROUP = "rg-default"
"""The group that every bucket is in."""

ACLS = ("private", "public-read", "public-read-write")
STORAGE_CLASSES = ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive")


def check_name(name: str) -> None:
    """Refuse a bucket name that breaks the rule: 3 to 63 lower-case letters, digits and hyphens."""
    if not _NAME.fullmatch(name):
        raise OssError("InvalidBucketName", details={"BucketName": name})


def acl_of(text: str, allowed: tuple[str, ...] = ACLS) -> str:
    """Return an ACL header's value, refused when it is none."""
    if text not in allowed:
        raise OssError("InvalidArgument", "no such bucket access control exists", details={
            "ArgumentName": "x-oss-acl", "ArgumentValue": text})
    return text


async def list_buckets(call: Call) -> Answer:
    """ListBuckets: one page of the account's buckets, of those with a tag or in a resource group if that is asked for.

    With ``regionList`` the vendor's test wants the same answer; nothing else is known of it.
    """
    query = call.request.query
    group = call.request.headers.get("x-oss-resource-group-id", RESOURCE_GROUP)
    prefix, marker = query.get("prefix", ""), query.get("marker", "")
    limit = whole_number(query.get("max-keys", "100"), "max-keys", 1, 1000)
    mine = [bucket for bucket in call.buckets.all()
            if bucket.owner == call.account and bucket.name.startswith(prefix) and bucket.name > marker
            and group == RESOURCE_GROUP and _is_tagged(bucket.configs, query)]
    page = mine[:limit]
    more = len(mine) > limit
    listed = [("Bucket", [
        ("Name", bucket.name), ("CreationDate", iso_time(bucket.created)), ("Location", f"oss-{bucket.region}"),
        ("ExtranetEndpoint", call.request.host), ("IntranetEndpoint", call.request.host),
        ("StorageClass", bucket.storage_class), ("Region", bucket.region), ("ResourceGroupId", RESOURCE_GROUP)])
        for bucket in page]
    return call.xml("ListAllMyBucketsResult", [
        ("Prefix", prefix), ("Marker", marker), ("MaxKeys", limit), ("IsTruncated", str(more).lower()),
        ("NextMarker", page[-1].name if more else None), ("Owner", call.owner()), ("Buckets", listed)])


def _is_tagged(configs: dict[str, str], query: Mapping[str, str]) -> bool:
    wanted, value = query.get("tag-key"), query.get("tag-value")
    if wanted is None:
        return True
    tags = stored_tags(configs)
    return wanted in tags and value in (None, tags[wanted])


async def put_bucket(call: Call) -> Answer:
    """PutBucket: a new bucket in the region that the client signs for; one's own bucket may be put again."""
    name = call.request.bucket
    check_name(name)
    acl = call.request.headers.get("x-oss-acl")
    storage_class = await _storage_class(call)
    encryption = _encryption_headers(call)
    known = call.buckets.find(name)
    if known is None:
        region = (call.identity.region if call.identity else None) or call.cloud.settings.region
        made = call.buckets.create_bucket(name, region, call.account, acl_of(acl or "private"), storage_class)
        if encryption:
            made.configs["encryption"] = document("ServerSideEncryptionRule", [
                ("ApplyServerSideEncryptionByDefault", encryption)]).decode()
    elif known.owner != call.account or known.storage_class != storage_class:
        raise OssError("BucketAlreadyExists", details={"BucketName": name})
    elif acl is not None:
        known.acl = acl_of(acl)
    return call.empty(headers={"Location": f"/{name}"})


def _encryption_headers(call: Call) -> list[tuple[str, Content]] | None:
    names = ("x-oss-server-side-encryption", "x-oss-server-side-encryption-key-id", "x-oss-server-side-data-encryption")
    values = [call.request.headers.get(name, "") for name in names]
    return encryption_rule(*values) if any(values) else None


async def _storage_class(call: Call) -> str:
    body = await read_xml(call.request, "CreateBucketConfiguration", required=False)
    text = (body.findtext("StorageClass") if body is not None else None) or "Standard"
    if text not in STORAGE_CLASSES:
        raise OssError("InvalidArgument", f"no such storage class: {text}")
    return text


async def delete_bucket(call: Call) -> Answer:
    """DeleteBucket: only an empty one, without versions, delete markers and open multipart uploads."""
    if not is_empty(call.bucket):
        raise OssError("BucketNotEmpty", details={"BucketName": call.bucket.name})
    call.buckets.delete_bucket(call.bucket.name)
    return call.empty(204)


async def head_bucket(call: Call) -> Answer:
    """HeadBucket: whether it exists, and where."""
    return call.empty(headers={"x-oss-bucket-region": call.bucket.region})


async def get_info(call: Call) -> Answer:
    """GetBucketInfo."""
    bucket = call.bucket
    return call.xml("BucketInfo", [("Bucket", [
        ("AccessMonitor", "Disabled"), ("Comment", ""), ("CreationDate", iso_time(bucket.created)),
        ("CrossRegionReplication", "Disabled"), ("DataRedundancyType", "LRS"),
        ("ExtranetEndpoint", call.request.host), ("IntranetEndpoint", call.request.host),
        ("Location", f"oss-{bucket.region}"), ("Name", bucket.name), ("ResourceGroupId", RESOURCE_GROUP),
        ("StorageClass", bucket.storage_class), ("TransferAcceleration", "Disabled"),
        ("Versioning", bucket.versioning or None),
        ("Owner", [("DisplayName", bucket.owner), ("ID", bucket.owner)]),
        ("AccessControlList", [("Grant", bucket.acl)]),
        ("ServerSideEncryptionRule", _encryption(bucket.configs)),
        ("BucketPolicy", [("LogBucket", ""), ("LogPrefix", "")])])])


def _encryption(configs: dict[str, str]) -> Content:
    text = configs.get("encryption")
    rule = stored(text).find("ApplyServerSideEncryptionByDefault") if text else None
    if rule is None:
        return [("SSEAlgorithm", "None")]
    return [(node.tag, node.text) for node in rule]


async def get_location(call: Call) -> Answer:
    """GetBucketLocation: the region with its ``oss-``."""
    return call.xml("LocationConstraint", f"oss-{call.bucket.region}")


async def get_stat(call: Call) -> Answer:
    """GetBucketStat: figures of now; the real ones lag an hour behind."""
    bucket = call.bucket
    sizes: dict[str, list[int]] = {name: [] for name in STORAGE_CLASSES}
    older = [item for items in bucket.older.values() for item in items]
    for item in (*bucket.objects.values(), *(item for item in older if not item.marker)):
        sizes[item.storage_class].append(item.size)
    classes: list[tuple[str, Content]] = []
    for name, tag in (("Standard", "Standard"), ("IA", "InfrequentAccess"), ("Archive", "Archive"),
                      ("ColdArchive", "ColdArchive"), ("DeepColdArchive", "DeepColdArchive")):
        total = sum(sizes[name])
        classes.append((f"{tag}Storage", total))
        if name != "Standard":
            classes.append((f"{tag}RealStorage", total))
        classes.append((f"{tag}ObjectCount", len(sizes[name])))
    return call.xml("BucketStat", [
        ("Storage", sum(map(sum, sizes.values()))), ("ObjectCount", len(bucket.objects)),
        ("MultipartUploadCount", len(bucket.uploads)), ("LiveChannelCount", 0),
        ("LastModifiedTime", int(max((item.modified for item in bucket.objects.values()), default=bucket.created))),
        *classes, ("MultipartPartCount", sum(len(upload.parts) for upload in bucket.uploads.values())),
        ("DeleteMarkerCount", sum(item.marker for item in older))])


async def get_acl(call: Call) -> Answer:
    """GetBucketAcl."""
    return call.xml("AccessControlPolicy", [
        ("Owner", call.owner()), ("AccessControlList", [("Grant", call.bucket.acl)])])


async def put_acl(call: Call) -> Answer:
    """PutBucketAcl, by header or by body."""
    text = call.request.headers.get("x-oss-acl")
    if text is None:
        body = await read_xml(call.request, "AccessControlPolicy")
        text = (body.findtext("AccessControlList/Grant") if body is not None else None) or ""
    call.bucket.acl = acl_of(text)
    return call.empty()


async def get_versioning(call: Call) -> Answer:
    """GetBucketVersioning: empty while the bucket never had it."""
    return call.xml("VersioningConfiguration", [("Status", call.bucket.versioning or None)])


async def put_versioning(call: Call) -> Answer:
    """PutBucketVersioning: Enabled or Suspended; there is no way back to a bucket that never had it."""
    body = await read_xml(call.request, "VersioningConfiguration")
    status = (body.findtext("Status") if body is not None else None) or ""
    if status not in ("Enabled", "Suspended"):
        raise OssError("MalformedXML")
    call.bucket.versioning = status
    return call.empty()


async def list_live_channels(call: Call) -> Answer:
    """ListLiveChannel: none; the vendor's own clean-up asks for them."""
    return call.xml("ListLiveChannelResult", [
        ("Prefix", ""), ("Marker", ""), ("MaxKeys", 100), ("IsTruncated", "false"), ("NextMarker", "")])
