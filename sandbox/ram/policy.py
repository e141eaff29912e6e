# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest RAM policy that allows a recorded run.

Actions are those that succeeded, or asked for a missing resource: without permission the answer differs. OSS is
limited to buckets and keys; the other products' resources are created during a run, so that their ids are not known
before it; ``*`` is written instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .decide import Need
from .needs import oss_needs, rpc_action

_ANYWHERE = "acs:oss:*:*:"
_UNKNOWN_CALLER = frozenset({"InvalidAccessKeyId.NotFound", "InvalidAction.NotFound"})


def smallest_policy(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A policy document, one statement per set of resources, for the successful entries of a request log."""
    granted: dict[tuple[str, ...], set[str]] = {}
    per_action: dict[str, set[str]] = {}
    for entry in entries:
        if _counts(entry):
            for action, resource in _needs(entry):
                per_action.setdefault(action, set()).add(resource)
    for action, resources in per_action.items():
        granted.setdefault(tuple(sorted(resources)), set()).add(action)
    statements = [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}
        for resources, actions in sorted(granted.items())
    ]
    return {"Version": "1", "Statement": statements}


def _counts(entry: Mapping[str, Any]) -> bool:
    # Status 0 is a request that a fault dropped before anything happened.
    absent = entry["status"] == 404 and entry.get("code") not in _UNKNOWN_CALLER
    return 0 < entry["status"] < 400 or absent


def _needs(entry: Mapping[str, Any]) -> list[Need]:
    product, operation, params = entry["product"], entry["action"], entry["params"]
    if product != "oss":
        action = rpc_action(product, operation)
        return [(action, "*")] if action else []
    bucket = params.get("bucket", "")
    if operation == "DeleteMultipleObjects":
        # Which keys are deleted at once is in the body, which the log does not contain.
        return [need for name in ("keys", "versions") if name in params
                for need in oss_needs(operation, _ANYWHERE, bucket, "*", versioned=name == "versions")]
    return oss_needs(operation, _ANYWHERE, bucket, params.get("key", ""), params.get("copy_source", ""),
                     "versionId" in params)
