# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the account says about a wave: every answer is a read, and one that is refused says why instead."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._paging import rows_at
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import account, answers, source
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import ens_import
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages._model import Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._work import options

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._clients import Clients

Answer = dict[str, Any]

ATTRIBUTES: Final = (
    "max-postpaid-instance-vcpu-count",
    "used-postpaid-instance-vcpu-count",
    "real-name-authentication",
)


def look(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the answers of the account and what is found in them; only credentials that do not work are an error."""
    params = module.params
    caller = clients.sts.get_caller_identity()
    servers, policy = options.servers(params), options.policy(params)
    given: dict[str, Any] = {
        "region": policy.region,
        "image_format": policy.image_format,
        "bucket_name": policy.bucket,
        "servers": len(servers),
        "balance": _ask(clients.bss.available_amount),
        "attributes": _ask(lambda: clients.ecs.account_attributes(ATTRIBUTES)),
        "vpcs": _ask(clients.vpc.count_vpcs),
        "jobs": _ask(lambda: clients.smc.count("ReplicationJobs")),
        "sources": _ask(lambda: clients.smc.count("SourceServers")),
        "images": _ask(lambda: [_image(row) for row in clients.ecs.describe_images()]),
        "bucket": _ask(lambda: clients.oss(policy.bucket).bucket_info()),
        answers.SMC_ROLE: _ask(lambda: _role(clients, answers.SMC_ROLE)),
        answers.EXPORT_ROLE: _ask(lambda: _role(clients, answers.EXPORT_ROLE)),
    }
    findings = account.judge_account(given)
    return {
        "changed": False,
        "account": {"id": str(caller.get("AccountId", "")), **given},
        "findings": findings,
        "verdict": source.verdict(findings),
        "reasons": source.reasons(findings),
        "summary": source.lines(findings),
        "servers": _servers(params, clients),
    }


def _ask(call: Callable[[], Any]) -> Answer:
    """Return what the call returns, or why it was refused. What was not told is not known, whatever it may mean."""
    try:
        return {"value": call(), "problem": None, "code": None}
    except CloudError as error:
        return {"value": None, "problem": f"{error.code}: {error.message}", "code": error.code}


def _role(clients: Clients, name: str) -> dict[str, Any]:
    """Return whether the role exists, and which services its trust policy lets take it."""
    try:
        role = clients.ram.get_role(name)
    except CloudError as error:
        if error.code == "EntityNotExist.Role":
            return {"exists": False, "services": []}
        raise
    try:
        policy = json.loads(role.get("AssumeRolePolicyDocument") or "{}")
    except ValueError:
        policy = {}
    services: set[str] = set()
    for statement in policy.get("Statement") or []:
        if statement.get("Effect") == "Allow":
            named = (statement.get("Principal") or {}).get("Service") or []
            services.update([named] if isinstance(named, str) else named)
    return {"exists": True, "services": sorted(services)}


def _image(row: dict[str, Any]) -> dict[str, Any]:
    disks = rows_at(row, ("DiskDeviceMappings", "DiskDeviceMapping"))
    return {
        "image_id": row.get("ImageId", ""),
        "snapshots": [disk["SnapshotId"] for disk in disks if disk.get("SnapshotId")],
    }


def _servers(params: dict[str, Any], clients: Clients) -> list[dict[str, Any]]:
    """Return the findings about each server: the name of its image, and the image that it was made from."""
    wave = options.servers(params)
    seen: dict[str, Seen] = {server.id: Seen() for server in wave}
    looked = _ask(lambda: ens_import.observe(clients, wave, seen))
    rows = []
    for server in wave:
        known = server.host in (params["source_images"] or {})
        answer = {
            "conflict": "" if looked["problem"] else ens_import.conflict(server, seen[server.id]),
            "source_image": _source_image(clients, str(params["source_images"][server.host] or "")) if known else None,
            "ecs": known,
        }
        rows.append({"host": server.host, "findings": account.judge_server(answer)})
    return rows


def _source_image(clients: Clients, image_id: str) -> dict[str, Any] | None:
    if not image_id:
        return None
    answer = _ask(lambda: clients.ecs.describe_image(image_id))
    row = answer["value"] or {}
    return {
        "image_id": image_id,
        "found": bool(row),
        "owner": row.get("ImageOwnerAlias", ""),
        "product_code": row.get("ProductCode") or "",
        "problem": answer["problem"],
    }
