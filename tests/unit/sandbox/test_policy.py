# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from sandbox.ram.policy import smallest_policy


def entry(product: str, action: str, status: int = 200, **params: str) -> dict[str, Any]:
    return {"product": product, "action": action, "status": status, "params": params}


def test_only_what_succeeded_is_granted_and_each_action_once() -> None:
    run = [
        entry("smc", "StartReplicationJob"), entry("smc", "StartReplicationJob"), entry("ecs", "ExportImage"),
        entry("ecs", "DeleteImage", 403), entry("sts", "GetCallerIdentity"), entry("agent", "Poll"),
    ]
    assert smallest_policy(run) == {"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": ["ecs:ExportImage", "smc:StartReplicationJob"], "Resource": ["*"]},
    ]}


def test_oss_is_narrowed_to_bucket_and_key_under_the_names_of_ram() -> None:
    run = [
        entry("oss", "HeadObject", bucket="b", key="k"), entry("oss", "GetObject", bucket="b", key="k"),
        entry("oss", "UploadPart", bucket="b", key="k"), entry("oss", "GetBucketInfo", bucket="b"),
        entry("oss", "DeleteMultipleObjects", bucket="b", keys="some"),
    ]
    assert smallest_policy(run)["Statement"] == [
        {"Effect": "Allow", "Action": ["oss:GetBucketInfo"], "Resource": ["acs:oss:*:*:b"]},
        {"Effect": "Allow", "Action": ["oss:DeleteObject"], "Resource": ["acs:oss:*:*:b/*"]},
        {"Effect": "Allow", "Action": ["oss:GetObject", "oss:PutObject"], "Resource": ["acs:oss:*:*:b/k"]},
    ]


def test_nothing_ran() -> None:
    assert smallest_policy([]) == {"Version": "1", "Statement": []}


def test_versions_have_separate_actions() -> None:
    run = [
        entry("oss", "DeleteMultipleObjects", bucket="b", versions="some"),
        entry("oss", "ListObjectVersions", bucket="b"),
        entry("oss", "HeadObject", bucket="b", key="k", versionId="v"),
        entry("oss", "CopyObject", bucket="b", key="k", copy_source="/c/k?versionId=v"),
    ]
    granted = {action for statement in smallest_policy(run)["Statement"] for action in statement["Action"]}
    assert granted == {"oss:DeleteObjectVersion", "oss:ListObjectVersions", "oss:GetObjectVersion", "oss:PutObject"}
