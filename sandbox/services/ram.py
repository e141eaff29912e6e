# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RAM: the roles of the account, and which service may take them (trust policies: facts 3.1)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sandbox.state.cloud import Cloud

from .call import Call, Handler

EXPORT_ROLE = "AliyunECSImageExportDefaultRole"
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


def trusted_service(cloud: Cloud, name: str) -> str:
    """The service that may take a role, ``ecs.aliyuncs.com`` for one; empty for a role of the account's own users."""
    return cloud.settings.account.role_trust.get(name, _SERVICES.get(name, ""))


def _principal(cloud: Cloud, name: str) -> dict[str, list[str]]:
    service = trusted_service(cloud, name)
    return {"Service": [service]} if service else {"RAM": [f"acs:ram::{cloud.settings.account.id}:root"]}


def _role_id(account: str, name: str) -> str:
    # The same role has the same id for as long as it exists, and roles are not rows here.
    return "3" + str(int(hashlib.sha256(f"{account}/{name}".encode()).hexdigest(), 16))[:16]


HANDLERS: dict[str, Handler] = {"GetRole": get_role}
