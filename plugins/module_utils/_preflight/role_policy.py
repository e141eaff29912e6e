# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the policies of the export role let it do in the bucket (ECS, ExportImage)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from .rule import Facts

ON_BUCKET: Final = ("oss:GetBucketLocation", "oss:GetBucketInfo", "oss:ListMultipartUploads")
ON_OBJECTS: Final = (
    "oss:GetObject",
    "oss:PutObject",
    "oss:DeleteObject",
    "oss:AbortMultipartUpload",
    "oss:ListParts",
)
"""What ExportImage needs, as its page lists it."""

_OBJECT: Final = "el607cb8ded6d2035c697cb81099c4_m-0_system.qcow2"
"""An exported object: its name begins with a migration id."""


def lacking(policies: Mapping[str, Sequence[dict[str, Any]]], bucket: str) -> list[str]:
    """Return the actions that a role's policies, the statements by name, do not allow in a bucket. A statement with a
    condition may allow something, and is not taken to deny it."""
    statements = [row for rows in policies.values() for row in rows]
    needed = [(action, bucket) for action in ON_BUCKET] + [(action, f"{bucket}/{_OBJECT}") for action in ON_OBJECTS]
    return [action for action, resource in needed if not _allowed(statements, action, resource)]


def _allowed(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    fitting = [row for row in statements if _fits(row, action, resource)]
    denied = any(row.get("Effect") == "Deny" and not row.get("Condition") for row in fitting)
    return not denied and any(row.get("Effect") == "Allow" for row in fitting)


def _fits(statement: dict[str, Any], action: str, resource: str) -> bool:
    actions = (pattern.lower() for pattern in _texts(statement.get("Action")))
    places = (pattern.split(":", 4)[-1] for pattern in _texts(statement.get("Resource")))
    return any(fnmatchcase(action.lower(), pattern) for pattern in actions) and any(
        fnmatchcase(resource, place) for place in places
    )


def _texts(value: Any) -> list[str]:
    rows = value if isinstance(value, list) else [value]
    return [row for row in rows if isinstance(row, str)]


def powerless(answers: Facts) -> str | None:
    """Return what the export role may not do in the bucket."""
    found = answers["export_policies"]
    lacks = None if found["problem"] or found["value"] is None else found["value"]["lacks"]
    if not lacks:
        return None
    names = ", ".join(found["value"]["policies"]) or "none is attached"
    return f"its policies ({names}) do not allow {', '.join(lacks)} in bucket {answers['bucket_name']!r}"
