# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS: the caller's identity, and temporary credentials."""

from __future__ import annotations

from typing import Any

from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud

from .call import Call, Handler


def get_caller_identity(cloud: Cloud, call: Call) -> dict[str, Any]:
    """The account and identity behind the access key."""
    account, user = cloud.settings.account.id, call.caller["user"]
    kind = "AssumedRoleUser" if call.caller["token"] else "Account" if user == "root" else "RAMUser"
    arn = f"acs:ram::{account}:" + {"Account": "root", "RAMUser": f"user/{user}"}.get(kind, f"assumed-role/{user}")
    return {"AccountId": account, "Arn": arn, "IdentityType": kind, "PrincipalId": account, "UserId": account,
            "RoleId": ""}


def assume_role(cloud: Cloud, call: Call) -> dict[str, Any]:
    """A temporary credential for a role of the account; it ends on the virtual clock."""
    account, role = call.params["RoleArn"].split(":")[3], call.params["RoleArn"].split("/", 1)[1]
    if account != cloud.settings.account.id or role not in cloud.settings.account.roles:
        raise cloud.error("EntityNotExist.Role", f"The role not exists: {call.params['RoleArn']}.", 404)
    expires = cloud.clock.time() + call.params.get("DurationSeconds", 3600)
    session = f"{role}/{call.params['RoleSessionName']}"
    row = cloud.credentials.add(cloud.new_id("STS."), cloud.new_id("", 40), cloud.new_id("", 120), expires, session)
    return {
        "AssumedRoleUser": {
            "Arn": f"acs:ram::{account}:role/{session}",
            "AssumedRoleId": f"3{account[1:]}:{call.params['RoleSessionName']}",
        },
        "Credentials": {
            "AccessKeyId": row["id"],
            "AccessKeySecret": row["secret"],
            "SecurityToken": row["token"],
            "Expiration": iso(expires),
        },
    }


HANDLERS: dict[str, Handler] = {"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role}
