# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of an object that a request creates: key, headers, class, ACL, tags."""
from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote_plus

from sandbox.state.buckets import StoredObject

from .bucket_ops import ACLS, STORAGE_CLASSES, acl_of
from .call import Call
from .errors import OssError, not_emulated

_KEPT = ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires")
_UNKNOWN = ("x-oss-callback", "x-oss-server-side-", "x-oss-object-worm", "x-oss-symlink-")
_LONGEST_KEY = 1023
_MOST_TAGS = 10
_TAG_KEY = re.compile(r"[\w +\-=.:/]{1,128}")
_TAG_VALUE = re.compile(r"[\w +\-=.:/]{0,256}")


def template_of(call: Call, known: Collection[str] = ()) -> StoredObject:
    """Return the object as the request's headers describe it, still without content; `known` names more headers."""
    headers = call.request.headers
    check_key(call.request.key)
    for name in headers:
        if name.startswith(_UNKNOWN) and name not in known:
            raise not_emulated(f"the header {name}")
    kept = {name: value for name, value in headers.items() if name in _KEPT or name.startswith("x-oss-meta-")}
    kept.setdefault("content-type", "application/octet-stream")
    storage_class = headers.get("x-oss-storage-class") or call.bucket.storage_class
    if storage_class not in STORAGE_CLASSES:
        raise OssError("InvalidArgument", f"no such storage class: {storage_class}")
    return StoredObject(call.request.key, Path(), 0, headers=kept, storage_class=storage_class,
                        acl=acl_of(headers.get("x-oss-object-acl", "default"), ("default", *ACLS)),
                        tags=parse_tags(headers.get("x-oss-tagging", "")))


def check_key(key: str) -> None:
    """Refuse a key that breaks the rule: 1 to 1023 bytes, not beginning with a slash or a backslash."""
    if not 0 < len(key.encode()) <= _LONGEST_KEY or key[0] in "/\\":
        raise OssError("InvalidObjectName", details={"ObjectName": key})


def parse_tags(text: str) -> dict[str, str]:
    """Return the tags of ``k1=v1&k2=v2``: at most ten, of letters, digits, spaces and ``+-=._:/``."""
    tags = {}
    for item in filter(None, text.split("&")):
        key, _equals, value = (unquote_plus(part) for part in item.partition("="))
        if key in tags or not _TAG_KEY.fullmatch(key) or not _TAG_VALUE.fullmatch(value):
            raise OssError("InvalidArgument", f"The tag {key!r} is invalid.")
        tags[key] = value
    if len(tags) > _MOST_TAGS:
        raise OssError("InvalidArgument", f"At most {_MOST_TAGS} tags are allowed, {len(tags)} were given.")
    return tags
