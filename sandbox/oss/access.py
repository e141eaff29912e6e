# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions in OSS: the account's own keys may do everything on its own buckets, others what an ACL allows."""
from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sandbox.ram.decide import Need, first_denied, matches
from sandbox.ram.needs import oss_needs
from sandbox.state.buckets import Bucket

from .bucket_ops import check_name
from .call import Call
from .errors import OssError

_ELSEWHERE = ("The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
              "future requests to this endpoint.")


def check_access(call: Call, action: str, access: str) -> None:
    """Refuse a bucket that is missing or elsewhere, and a caller who has no right to what the operation needs."""
    if action != "DeleteMultipleObjects":
        _refuse(call, oss_needs(action, _place(call), call.request.bucket, call.request.key,
                                call.request.headers.get("x-oss-copy-source", ""), "versionId" in call.request.query))
    if not call.request.bucket:
        if call.identity is None:
            raise OssError("AccessDenied", "Anonymous access is forbidden for this operation.", "0003-00000016")
        return
    if action == "PutBucket":
        if call.identity is None:
            raise OssError("AccessDenied", "Anonymous access is forbidden for this operation.", "0003-00000016")
        return
    check_name(call.request.bucket)
    bucket = call.bucket
    if call.identity is not None and call.identity.region not in (None, bucket.region):
        # One port serves the endpoints of all regions: a V4 signature names the region.
        raise OssError("AccessDenied", _ELSEWHERE, "0003-00001403", {"Endpoint": f"oss-{bucket.region}.aliyuncs.com"})
    if call.identity is not None and call.identity.account == bucket.owner:
        return
    acl = _acl(call, bucket)
    opened = {"private": (), "public-read": ("read",), "public-read-write": ("read", "write")}[acl]
    if access not in opened:
        raise OssError("AccessDenied", details={"BucketName": bucket.name})


def check_keys(call: Call, action: str, keys: Iterable[tuple[str, bool]]) -> None:
    """Refuse a caller whose policy does not let it do this to every key of the body, or to a version of it.

    Whether there are versions among them is noted with the request: its log does not hold the body.
    """
    for key, versioned in keys:
        _refuse(call, oss_needs(action, _place(call), call.request.bucket, key, versioned=versioned))
        call.noted["versions" if versioned else "keys"] = "some"


def _refuse(call: Call, needs: list[Need]) -> None:
    if call.identity is None:
        return
    denied = first_denied(call.cloud.settings.identities, call.identity.user, needs)
    if denied is not None:
        raise OssError("AccessDenied", f"The policies of {call.identity.user} do not allow {denied[0]} on {denied[1]}.",
                       "0003-00000201")
    _refuse_by_bucket(call, needs)


def _refuse_by_bucket(call: Call, needs: list[Need]) -> None:
    """Refuse what a statement of the bucket's own policy denies to the caller.

    The policy itself can always be read, changed and deleted by the owner. Statements with a condition, and those that
    allow something to others, are not emulated.
    """
    bucket = call.buckets.find(call.request.bucket) if call.request.bucket else None
    text = bucket.configs.get("policy") if bucket is not None else None
    if text is None or call.identity is None or any(action.endswith("BucketPolicy") for action, _resource in needs):
        return
    who = {"*", call.identity.account, call.identity.user}
    for row in json.loads(text)["Statement"]:
        if row["Effect"] != "Deny" or row.get("Condition") or not who.intersection(_several(row.get("Principal", "*"))):
            continue
        actions, resources = _several(row["Action"]), _several(row["Resource"])
        if any(matches(actions, action) and matches(resources, resource) for action, resource in needs):
            raise OssError("AccessDenied", "You have no right to access this object because of bucket policy.",
                           "0003-00000301")


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _place(call: Call) -> str:
    bucket = call.buckets.find(call.request.bucket)
    region = call.cloud.settings.region if bucket is None else bucket.region
    return f"acs:oss:oss-{region}:{call.account}:"


def _acl(call: Call, bucket: Bucket) -> str:
    item = bucket.objects.get(call.request.key)
    return bucket.acl if item is None or item.acl == "default" else item.acl
