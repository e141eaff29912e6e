# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call needs: a RAM action, and the resources that its parameters name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from .decide import Need

PRODUCTS = frozenset({"smc", "ecs", "vpc", "ens", "sts", "ram", "bss"})
# This call needs no permission.
FREE = frozenset({"sts:GetCallerIdentity"})

# Actions with another name in RAM; the spelling of the first is the vendor's.
_RPC = {"bss:QueryAccountBalance": "bss:DescribeAcccount"}
_OSS = {
    "HeadObject": "GetObject", "GetObjectMeta": "GetObject", "CopyObject": "PutObject", "AppendObject": "PutObject",
    "InitiateMultipartUpload": "PutObject", "UploadPart": "PutObject", "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject", "DeleteMultipleObjects": "DeleteObject", "HeadBucket": "GetBucketInfo",
    "GetBucketTags": "GetBucketTagging",
}
# The same on a version that the request names.
_VERSIONED = {
    "GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion", "RestoreObject": "RestoreObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl", "PutObjectAcl": "PutObjectVersionAcl",
    "GetObjectTagging": "GetObjectVersionTagging", "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
}
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})

# Which parameter names a resource of which kind; a call without any concerns all resources of its product.
_KINDS: dict[str, dict[str, str]] = {
    "smc": {"SourceId": "sourceserver", "JobId": "replicationjob", "AccessTokenId": "accesstoken"},
    "ecs": {
        "ImageId": "image", "InstanceId": "instance", "InstanceIds": "instance", "DiskId": "disk", "DiskIds": "disk",
        "SnapshotId": "snapshot", "SnapshotIds": "snapshot", "SecurityGroupId": "securitygroup",
        "SecurityGroupIds": "securitygroup", "TaskId": "task", "TaskIds": "task",
    },
    "vpc": {"VpcId": "vpc", "VSwitchId": "vswitch"},
    "ens": {"ImageId": "image", "InstanceId": "instance", "InstanceIds": "instance"},
    "ram": {"RoleName": "role"},
}


def rpc_action(product: str, action: str) -> str:
    """Return the RAM action of a call; empty when no permission is needed."""
    name = f"{product}:{action}"
    return "" if product not in PRODUCTS or name in FREE else _RPC.get(name, name)


def rpc_needs(product: str, action: str, params: Mapping[str, Any], region: str, account: str) -> list[Need]:
    """What a checked RPC call needs: its action on each resource that its parameters name."""
    name = rpc_action(product, action)
    if not name:
        return []
    place = f"acs:{product}:{region or '*'}:{account}:"
    found = [f"{place}{kind}/{item}" for param, kind in _KINDS.get(product, {}).items()
             for item in _items(params.get(param, []))]
    if "RoleArn" in params:
        found.append(str(params["RoleArn"]))
    if product in ("smc", "ecs") and "ResourceType" in params:
        found += [f"{place}{params['ResourceType']}/{item}" for item in params.get("ResourceId", [])]
    return [(name, resource) for resource in found or [f"{place}*"]]


def oss_action(operation: str, versioned: bool = False) -> str:
    """The RAM action of an OSS operation, on a version that it names or without one."""
    name = _OSS.get(operation, operation)
    return f"oss:{_VERSIONED.get(name, name) if versioned else name}"


def oss_needs(
    operation: str, place: str, bucket: str, key: str, copy_source: str = "", versioned: bool = False
) -> list[Need]:
    """What an OSS operation needs; ``place`` is ``acs:oss:<region>:<account>:``, an empty bucket is all buckets."""
    needs = [(oss_action(operation, versioned), place + (f"{bucket}/{key}" if key else bucket or "*"))]
    if operation in _COPIES:
        source, _mark, query = copy_source.partition("?")
        path = unquote(source).lstrip("/")
        needs.append((oss_action("GetObject", "versionId=" in query), place + (path or f"{bucket}/*")))
    return needs


def _items(value: Any) -> list[str]:
    return value.split(",") if isinstance(value, str) else [str(item) for item in value]
