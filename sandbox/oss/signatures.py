# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three signature versions of OSS as pure functions (local-cloud 3.6)."""
from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping

SUBRESOURCES = frozenset({
    "accessPoint", "accessPointPolicy", "acl", "append", "asyncFetch", "bucketArchiveDirectRead", "bucketInfo",
    "callback", "callback-var", "cname", "comp", "continuation-token", "cors", "delete", "encryption", "endTime",
    "group", "httpsConfig", "inventory", "inventoryId", "lifecycle", "link", "live", "location", "logging",
    "metaQuery", "objectInfo", "objectMeta", "partNumber", "policy", "position", "publicAccessBlock", "qos",
    "qosInfo", "qosRequester", "redundancyTransition", "referer", "regionList", "replication",
    "replicationLocation", "replicationProgress", "requestPayment", "requesterQosInfo", "resourceGroup",
    "resourcePool", "resourcePoolBuckets", "resourcePoolInfo", "response-cache-control",
    "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires", "restore", "security-token", "sequential", "startTime", "stat",
    "status", "style", "styleName", "symlink", "tagging", "transferAcceleration", "uploadId", "uploads",
    "versionId", "versioning", "versions", "vod", "website", "worm", "wormExtend", "wormId",
    "x-oss-ac-forward-allow", "x-oss-ac-source-ip", "x-oss-ac-subnet-mask", "x-oss-ac-vpc-id",
    "x-oss-access-point-name", "x-oss-async-process", "x-oss-process", "x-oss-redundancy-transition-taskid",
    "x-oss-request-payer", "x-oss-target-redundancy-type", "x-oss-traffic-limit", "x-oss-write-get-object-response",
})
"""The query parameters that a V1 signature covers (oss2 2.19.1, auth.py); all others are not signed by it."""

_V4_SIGNED = frozenset({"content-type", "content-md5"})
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-~.")


def string_to_sign_v1(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str],
                      date: str) -> bytes:
    """Return what a V1 signature signs; `date` is the date header, or the Expires of a presigned URL."""
    signed = [(name, query[name]) for name in sorted(query) if name in SUBRESOURCES]
    resource = f"/{bucket}/{key}" if bucket else "/"
    if signed:
        resource += "?" + "&".join(f"{name}={value}" if value else name for name, value in signed)
    lines = [method, headers.get("content-md5", ""), headers.get("content-type", ""), date]
    return _bytes("\n".join(lines) + "\n" + _oss_headers(headers) + resource)


def sign_v1(secret: str, text: bytes) -> str:
    """Return the V1 signature of a string to sign."""
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha1).digest()).decode()


def string_to_sign_v2(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str],
                      date: str, additional: Collection[str]) -> bytes:
    """Return what a V2 signature signs; `query` is without x-oss-signature, `additional` names more signed headers."""
    encoded = sorted((encode(name), encode(value)) for name, value in query.items())
    resource = encode(f"/{bucket}/{key}" if bucket else "/")
    if encoded:
        resource += "?" + "&".join(f"{name}={value}" if value else name for name, value in encoded)
    lines = [method, headers.get("content-md5", ""), headers.get("content-type", ""), date]
    return _bytes("\n".join(lines) + "\n" + _oss_headers(headers, additional)
                  + ";".join(sorted(additional)) + "\n" + resource)


def sign_v2(secret: str, text: bytes) -> str:
    """Return the V2 signature of a string to sign."""
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def string_to_sign_v4(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str],
                      date: str, scope: str, additional: Collection[str]) -> bytes:
    """Return what a V4 signature signs; `scope` is ``date/region/oss/aliyun_v4_request``."""
    encoded = sorted((encode(name), encode(value)) for name, value in query.items())
    signed = _oss_headers(headers, _V4_SIGNED.union(additional))
    request = "\n".join([
        method,
        encode(f"/{bucket}/{key}" if bucket else "/", keep=b"/"),
        "&".join(f"{name}={value}" if value else name for name, value in encoded),
        signed,
        ";".join(sorted(additional)),
        headers.get("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
    ])
    return f"OSS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(_bytes(request)).hexdigest()}".encode()


def sign_v4(secret: str, scope: str, text: bytes) -> str:
    """Return the V4 signature of a string to sign."""
    key = b"aliyun_v4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def encode(text: str, keep: bytes = b"") -> str:
    """Return `text` percent-encoded as V2 and V4 want it: everything but letters, digits and ``_-~.`` (and `keep`)."""
    return "".join(chr(byte) if byte in _PLAIN or byte in keep else f"%{byte:02X}" for byte in _bytes(text))


def _oss_headers(headers: Mapping[str, str], more: Collection[str] = ()) -> str:
    return "".join(f"{name}:{headers[name]}\n" for name in sorted(headers)
                   if name.startswith("x-oss-") or name in more)


def _bytes(text: str) -> bytes:
    # Header values that are not UTF-8 arrive as surrogates: they leave as the bytes that they were.
    return text.encode("utf-8", "surrogateescape")
