# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest RAM policy that lets a recorded run happen again.

Actions are exactly those that succeeded. OSS is narrowed to buckets and keys; the other products' resources are made
during a run, so that their ids are not known before it and ``*`` stands for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_RPC = frozenset({"smc", "ecs", "vpc", "ens", "sts"})
# Everybody may ask this, without any policy.
_FREE = frozenset({"sts:GetCallerIdentity"})

# OSS operations that RAM knows by another name.
_OSS = {
    "HeadObject": "GetObject", "GetObjectMeta": "GetObject", "CopyObject": "PutObject", "AppendObject": "PutObject",
    "InitiateMultipartUpload": "PutObject", "UploadPart": "PutObject", "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject", "DeleteMultipleObjects": "DeleteObject", "HeadBucket": "GetBucketInfo",
    "GetBucketTags": "GetBucketTagging",
}


def smallest_policy(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A policy document, one statement per set of resources, for the successful entries of a request log."""
    granted: dict[tuple[str, ...], set[str]] = {}
    per_action: dict[str, set[str]] = {}
    for entry in entries:
        if entry["status"] < 400:
            for action, resource in _needs(entry):
                per_action.setdefault(action, set()).add(resource)
    for action, resources in per_action.items():
        granted.setdefault(tuple(sorted(resources)), set()).add(action)
    statements = [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}
        for resources, actions in sorted(granted.items())
    ]
    return {"Version": "1", "Statement": statements}


def _needs(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    product, action = entry["product"], entry["action"]
    if product in _RPC:
        name = f"{product}:{action}"
        return [] if name in _FREE else [(name, "*")]
    if product != "oss":
        return []
    bucket, key = entry["params"].get("bucket", "*"), entry["params"].get("key", "")
    name = f"oss:{_OSS.get(action, action)}"
    if action == "DeleteMultipleObjects":
        key = "*"
    needs = [(name, f"acs:oss:*:*:{bucket}/{key}" if key else f"acs:oss:*:*:{bucket}")]
    if action in ("CopyObject", "UploadPartCopy"):
        # The log does not hold the header that names the source.
        needs.append(("oss:GetObject", f"acs:oss:*:*:{bucket}/*"))
    return needs
