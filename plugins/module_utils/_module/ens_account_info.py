# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the account says about a wave: every answer is a read, and one that is refused says why instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import ENDED, Driver
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import (
    account,
    answers,
    bucket,
    machines,
    network,
    role_policy,
    verdict,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ecs import ECS_IMAGE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.vpc import VSWITCH
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import (
    bucket_proof,
    checks,
    ens_import,
    transfer,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress

from . import contract, ens_migration, options, rivals

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server

Answer = dict[str, Any]

ATTRIBUTES: Final = (
    "max-postpaid-instance-vcpu-count",
    "used-postpaid-instance-vcpu-count",
    "real-name-authentication",
)


def look(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the answers of the account, what is found in them, and where every server stands.

    Credentials that do not work are an error; with O(strict) so are inputs and buckets that cannot carry the wave.
    """
    params = module.params
    servers, policy = options.servers(params), options.policy(params)
    own_network = _ask(lambda: _network(clients, policy))
    if params["strict"]:
        absent = network.unusable({"region": policy.region, "network": own_network})
        options.refuse([*checks.input_problems(policy, servers), *filter(None, [absent])])
        account_id = checks.account(clients, policy)
    else:
        account_id = clients.sts.get_caller_identity()["AccountId"]
    given: dict[str, Any] = {
        "region": policy.region,
        "import_regions": list(policy.import_regions),
        "image_format": policy.image_format,
        "image_formats": {region: list(formats) for region, formats in policy.image_formats.items()},
        "bucket_name": policy.bucket,
        "servers": len(servers),
        "contract": {
            "proved": policy.contract is not None and policy.contract.answer("image_formats") is not None,
            "refusals": checks.contract_refusals(policy),
            "doubts": contract.doubts(policy, account_id),
        },
        "balance": _ask(clients.bss.available_amount),
        "attributes": _ask(lambda: clients.ecs.account_attributes(ATTRIBUTES)),
        "vpcs": _ask(clients.vpc.count_vpcs),
        "network": own_network,
        "jobs": _ask(lambda: clients.smc.count("ReplicationJobs")),
        "sources": _ask(lambda: clients.smc.count("SourceServers")),
        "images": _ask(lambda: [_image(row) for row in clients.ecs.describe_images()]),
        "bucket": _ask(lambda: checks.bucket_info(clients, policy.bucket)),
        "retention": _ask(lambda: clients.oss(policy.bucket).retention()),
        "overwrite": _ask(lambda: clients.oss(policy.bucket).overwrite_rules()),
        "clock": _ask(lambda: _skew(clients, policy.bucket)),
        "ens_images": _ask(lambda: len(clients.ens.describe_self_images())),
        "export_policies": _ask(lambda: _policies(clients, policy.bucket)),
        answers.SMC_ROLE: _ask(lambda: _role(clients, answers.SMC_ROLE)),
        answers.EXPORT_ROLE: _ask(lambda: _role(clients, answers.EXPORT_ROLE)),
    }
    rows = _servers(params, clients, servers, policy)
    # A finished wave needs the bucket no more, and a run over it writes nothing.
    due = [server for server, row in zip(servers, rows, strict=True) if row["verdict"] != "migrated"]
    given["proof"] = _proof(module, clients, due, given)
    return {
        "changed": False,
        "account": {"id": account_id, **given},
        **verdict.judgement(account.judge_account(given)),
        "servers": rows,
    }


def _ask(call: Callable[[], Any]) -> Answer:
    """Return what the call returns, or why it was refused. What was not told is not known, whatever it may mean."""
    try:
        return {"value": call(), "problem": None, "code": None}
    except CloudError as error:
        return {"value": None, "problem": f"{error.code}: {error.message}", "code": error.code}


def _network(clients: Clients, policy: Policy) -> dict[str, Any]:
    """Return what VPC reports about the network that the user has given, an empty dict where none is given."""
    if not policy.vpc_id:
        return {}
    vpcs = clients.vpc.describe_vpcs(vpc_ids=[policy.vpc_id])
    vswitch = next(iter(clients.vpc.describe_vswitches(vswitch_ids=[policy.vswitch_id])), {})
    return {
        "vpc_id": policy.vpc_id,
        "vpc_found": bool(vpcs),
        "vswitch_id": policy.vswitch_id,
        "vswitch_found": bool(vswitch),
        "vswitch_vpc_id": VSWITCH.value(vswitch, "vpc_id"),
        "free_addresses": VSWITCH.value(vswitch, "free_addresses"),
    }


def _proof(module: AnsibleModule, clients: Clients, servers: Sequence[Server], given: dict[str, Any]) -> Answer:
    """Return what a bucket refused to take or to give back, '' for nothing; or why that was not tried."""
    if not servers or not bucket.carries(given):
        return {"value": "", "problem": None, "code": None}
    if not module.params["prove_bucket"] or module.check_mode:
        why = "check mode writes nothing" if module.params["prove_bucket"] else "the proof was not asked for"
        return {"value": None, "problem": why, "code": None}
    return _ask(lambda: bucket_proof.prove(clients.oss(given["bucket_name"]), servers[0]))


def _role(clients: Clients, name: str) -> dict[str, Any]:
    """Return whether the role exists, and which services its trust policy lets take it."""
    try:
        return {"exists": True, "services": clients.ram.services_of_role(name)}
    except CloudError as error:
        if error.code == "EntityNotExist.Role":
            return {"exists": False, "services": []}
        raise


def _policies(clients: Clients, bucket_name: str) -> dict[str, Any] | None:
    """Return the policies of the export role and what they do not allow in the bucket, None without the role."""
    try:
        found = clients.ram.policies_of_role(answers.EXPORT_ROLE)
    except CloudError as error:
        if error.code == "EntityNotExist.Role":
            return None
        raise
    return {"policies": sorted(found), "lacks": role_policy.lacking(found, bucket_name)}


def _skew(clients: Clients, bucket_name: str) -> float | None:
    """Return by how many seconds the clock of this controller is ahead of OSS, by its newest answer."""
    found = clients.oss(bucket_name).clock.skew()
    return None if found is None else round(found, 1)


def _image(row: dict[str, Any]) -> dict[str, Any]:
    return {"image_id": row["ImageId"], "snapshots": ECS_IMAGE.value(row, "snapshot_ids")}


def _servers(
    params: dict[str, Any], clients: Clients, servers: Sequence[Server], policy: Policy
) -> list[dict[str, Any]]:
    """Return the state of each server, and the findings about its image name and its source image."""
    images = params["source_images"] or {}
    shared = rivals.refused(clients, params, servers)
    problems = checks.server_problems(servers, shared)
    others = _other_names(clients, servers)
    try:
        looked = ens_migration.look(clients, servers, policy, problems)
    except CloudError:
        # Without the images nothing is known of names. A wave that is to be migrated is told by its own error.
        if params["strict"]:
            raise
        looked = [Progress(server) for server in servers]
    ended, unusable = _ended(params, clients)
    rows = []
    for row in looked:
        host = row.server.host
        twin = str(shared.get(host, "")) or others.get(host, "") or row.seen.namesake
        answer = {
            "twin": "" if row.verdict == "migrated" else twin,
            "conflict": ens_import.conflict(row.server, row.seen),
            "source_image": _source_image(clients, str(images[host] or "")) if host in images else None,
            "ecs": host in images,
            "ended": "" if row.verdict == "migrated" else ended,
            "ledger": "" if row.verdict == "migrated" else unusable,
        }
        verdict = "" if row.open else row.verdict
        findings = account.judge_server(answer)
        rows.append({**ens_migration.describe(row), "verdict": verdict, "findings": findings})
    return rows


def _ended(params: dict[str, Any], clients: Clients) -> tuple[str, str]:
    """Return why nothing may be made for the migration: who has ended it, or why its ledger cannot be used."""
    try:
        Driver(clients, params["bucket"], params["name"], bool(params.get("restart"))).look()
    except CloudError as error:
        if error.code == ENDED:
            return error.message, ""
        # A bucket that cannot be read has a separate finding.
        return "", error.message if error.code.startswith(("Ledger.", "Object.")) else ""
    return "", ""


def _other_names(clients: Clients, servers: Sequence[Server]) -> dict[str, str]:
    """Return, per host, that a job of this migration copies the same source under the name of another inventory.

    Hosts without a source yet, and answers that were refused, tell nothing: the copy itself refuses such a source.
    """
    by_source = {server.source_id: server for server in servers if server.source_id}
    if not by_source:
        return {}
    answer = _ask(lambda: list(clients.smc.describe_replication_jobs(source_ids=list(by_source))))
    found = {}
    for job in answer["value"] or []:
        server = by_source.get(job.get("SourceId", ""))
        name = server and transfer.other_name(server, job)
        if server and name:
            found[server.host] = f"{machines.SAME_MACHINE} {name} (source {server.source_id}, job {job.get('JobId')})"
    return found


def _source_image(clients: Clients, image_id: str) -> dict[str, Any] | None:
    if not image_id:
        return None
    answer = _ask(lambda: clients.ecs.describe_image(image_id))
    row = answer["value"]
    return {
        "image_id": image_id,
        "found": bool(row),
        "owner": (row and ECS_IMAGE.value(row, "owner")) or "",
        "product_code": (row and ECS_IMAGE.value(row, "product_code")) or "",
        "problem": answer["problem"],
    }
