# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What only reads can tell of the account: the bucket, and the role that ECS takes for exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import role_policy
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.answers import (
    EXPORT_ROLE,
    EXPORT_SERVICE,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.contract import UNKNOWN

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi

Answered = tuple[str, dict[str, str]]
"""An answer, and its evidence without the time."""


def bucket(oss: OssApi, info: dict[str, Any]) -> Answered:
    """Return class, versioning, encryption and retention of the bucket as text."""
    parts = [f"class {info['storage_class']}", f"versioning {info['versioning'] or 'never enabled'}"]
    key = f" with key {info['encryption_key']}" if info["encryption_key"] else ""
    parts.append(f"encryption {info['encryption'] or 'none'}{key}")
    evidence = {"action": "oss.GetBucketInfo", "code": "OK", "request_id": ""}
    try:
        policy = oss.retention()
    except CloudError as error:
        evidence = {"action": "oss.GetBucketWorm", "code": error.code, "request_id": error.request_id}
        parts.append("retention unknown")
    else:
        parts.append(f"retention {policy['days']} days ({policy['state']})" if policy else "retention none")
    return ", ".join(parts), evidence


def export_role(clients: Clients, bucket_name: str) -> Answered:
    """Return whether ECS may take the export role, and the role may write to the bucket, as far as RAM tells these
    credentials."""
    evidence = {"action": "ram.GetRole", "code": "OK", "request_id": ""}
    try:
        services = clients.ram.services_of_role(EXPORT_ROLE)
    except CloudError as error:
        evidence.update(code=error.code, request_id=error.request_id)
        return ("no" if error.code == "EntityNotExist.Role" else UNKNOWN), evidence
    if EXPORT_SERVICE not in services:
        return "no", evidence
    evidence["action"] = "ram.ListPoliciesForRole"
    try:
        policies = clients.ram.policies_of_role(EXPORT_ROLE)
    except CloudError as error:
        evidence.update(code=error.code, request_id=error.request_id)
        return UNKNOWN, evidence
    lacks = role_policy.lacking(policies, bucket_name)
    missing = f"; lacks {', '.join(lacks)}" if lacks else ""
    evidence["seen"] = f"policies {', '.join(sorted(policies)) or 'none'}{missing}"
    return ("no" if lacks else "yes"), evidence
