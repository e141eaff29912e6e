# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ens_canary: prove an account with small images, or delete what such proofs have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import make_clients
from ansible_collections.edgelift.ens_migration.plugins.module_utils._canary.canary import (
    Canary,
    planned_calls,
    worst_case,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.progress import Lines
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock

from . import options
from .argspec import ArgSpec
from .defect import made_so_far

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi


def spec() -> ArgSpec:
    """Return the options that only this module has."""
    return ArgSpec(
        argument_spec={
            "name": {"type": "str", "required": True},
            "bucket": {"type": "str", "required": True},
            "state": {"type": "str", "default": "present", "choices": ["present", "absent", "planned"]},
            "progress_file": {"type": "path"},
            "wait_timeout": {"type": "int", "default": limits.CANARY_TIMEOUT},
            "poll_interval": {"type": "float", "default": limits.POLL_INTERVAL},
        }
    )


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the contract, what was deleted and what is left; in check mode and for O(state=planned) only the plan."""
    params = module.params
    migration, policy = options.migration(params), options.policy(params)
    problem = limits.region_problem(policy.region, policy.import_regions)
    options.refuse([f"{problem}. {limits.REGION_ADVICE}"] if problem else [])
    plan = {"calls": planned_calls(policy, migration), "worst_case": worst_case(params["wait_timeout"])}
    nothing: dict[str, Any] = {"contract": {}, "problem": "", "deleted": [], "left": []}
    if params["state"] == "planned" or module.check_mode:
        return {"changed": params["state"] == "present", "canary": {"plan": plan, **nothing}}

    def connect() -> OssApi:
        return make_clients(params).oss(policy.bucket)

    canary = Canary(
        clients, connect, policy, migration, Clock(), params["wait_timeout"], min(params["poll_interval"], 30.0)
    )
    if params["progress_file"]:
        canary.waits.tell = Lines(params["progress_file"]).write

    def result(contract: dict[str, Any]) -> dict[str, Any]:
        swept = canary.swept
        problem = canary.problem() if contract else ""
        told = {"contract": contract, "problem": problem, "deleted": swept.deleted, "left": swept.left}
        return {"plan": plan, **told}

    contract: dict[str, Any] = {}
    with made_so_far(lambda _error: {"changed": True, "canary": result({})}):
        if params["state"] == "present":
            contract = canary.run()
        else:
            canary.remove_leftovers()
    for text in canary.warnings:
        module.warn(text)
    return {"changed": bool(contract or canary.swept.deleted), "canary": result(contract)}
