# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RAM: the roles of the account, which service may take them, and what their policies allow (facts 3.1)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sandbox.ram.statements import Statement
from sandbox.state.cloud import Cloud

from .call import Call, Handler

EXPORT_ROLE = "AliyunECSImageExportDefaultRole"
EXPORT_ACTIONS = ("GetObject", "PutObject", "DeleteObject", "GetBucketLocation", "GetBucketInfo",
                  "AbortMultipartUpload", "ListMultipartUploads", "ListParts")
"""What the role needs in the bucket, and what its system policy allows."""

_POLICIES = {
    EXPORT_ROLE: ("AliyunECSImageExportRolePolicy", [
        Statement(effect="allow", action=[f"oss:{action}" for action in EXPORT_ACTIONS], resource=["*"])]),
    "AliyunServiceRoleForSMC": ("AliyunServiceRolePolicyForSMC", [
        Statement(effect="allow", action=["ecs:*", "vpc:*"], resource=["*"])]),
}
_MADE = "2026-01-05T08:00:00Z"
_SERVICES = {"AliyunServiceRoleForSMC": "smc.aliyuncs.com", EXPORT_ROLE: "ecs.aliyuncs.com"}


def get_role(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One role with its trust policy, a JSON text; a role that the account lacks is refused with 404."""
    name, account = call.params["RoleName"], cloud.settings.account
    if name not in account.roles:
        raise cloud.error("EntityNotExist.Role", f"The role not exists: {name}.", 404)
    trust = {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": _principal(cloud, name)}],
             "Version": "1"}
    return {"Role": {
        "RoleId": _role_id(account.id, name),
        "RoleName": name,
        "Arn": f"acs:ram::{account.id}:role/{name.lower()}",
        "Description": "",
        "AssumeRolePolicyDocument": json.dumps(trust),
        "IsServiceLinkedRole": name.startswith("AliyunServiceRoleFor"),
        "MaxSessionDuration": 3600,
        "RolePrincipalName": f"{name}@role.{account.id}.onaliyunservice.com",
        "CreateDate": _MADE,
        "UpdateDate": _MADE,
    }}


def list_policies_for_role(cloud: Cloud, call: Call) -> dict[str, Any]:
    """The policies that are attached to a role."""
    name = call.params["RoleName"]
    if name not in cloud.settings.account.roles:
        raise cloud.error("EntityNotExist.Role", f"The role not exists: {name}.", 404)
    attached = _policies(cloud, name)
    return {"Policies": {"Policy": [
        {"PolicyName": policy, "PolicyType": kind, "Description": "", "DefaultVersion": "v1", "AttachDate": _MADE}
        for (policy, kind) in attached
    ]}}


def get_policy(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One policy of a role with its document, a JSON text."""
    wanted = (call.params["PolicyName"], call.params["PolicyType"])
    for role in cloud.settings.account.roles:
        statements = _policies(cloud, role).get(wanted)
        if statements is not None:
            return {
                "Policy": {"PolicyName": wanted[0], "PolicyType": wanted[1], "Description": "", "DefaultVersion": "v1",
                           "AttachmentCount": 1, "CreateDate": _MADE, "UpdateDate": _MADE},
                "DefaultPolicyVersion": {"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": _MADE,
                                         "PolicyDocument": json.dumps(_document(statements))},
            }
    raise cloud.error("EntityNotExist.Policy", f"The policy not exists: {wanted[0]}.")


def role_statements(cloud: Cloud, name: str) -> list[Statement]:
    """What the policies of a role allow and deny."""
    return [statement for statements in _policies(cloud, name).values() for statement in statements]


def _policies(cloud: Cloud, role: str) -> dict[tuple[str, str], list[Statement]]:
    """The policies of a role by name and type: those of the world file, else the system policy made for the role."""
    given = cloud.settings.account.role_policies.get(role)
    if given is not None:
        return {(f"{role}-in-bucket", "Custom"): given} if given else {}
    if role not in _POLICIES:
        return {}
    policy, statements = _POLICIES[role]
    return {(policy, "System"): statements}


def _document(statements: list[Statement]) -> dict[str, Any]:
    return {"Version": "1", "Statement": [
        {"Effect": statement.effect.capitalize(), "Action": statement.action, "Resource": statement.resource}
        for statement in statements
    ]}


def trusted_service(cloud: Cloud, name: str) -> str:
    """The service that may take a role, ``ecs.aliyuncs.com`` for one; empty for a role of the account's own users."""
    return cloud.settings.account.role_trust.get(name, _SERVICES.get(name, ""))


def _principal(cloud: Cloud, name: str) -> dict[str, list[str]]:
    service = trusted_service(cloud, name)
    return {"Service": [service]} if service else {"RAM": [f"acs:ram::{cloud.settings.account.id}:root"]}


def _role_id(account: str, name: str) -> str:
    # The same role has the same id for as long as it exists, and roles are not rows here.
    return "3" + str(int(hashlib.sha256(f"{account}/{name}".encode()).hexdigest(), 16))[:16]


HANDLERS: dict[str, Handler] = {
    "GetRole": get_role, "ListPoliciesForRole": list_policies_for_role, "GetPolicy": get_policy,
}
