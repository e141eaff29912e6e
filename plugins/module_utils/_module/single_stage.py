# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the single-stage modules share: one stage of the fleet, for one server, and its result or its failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import checks
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet

from . import contract, options
from .defect import made_so_far

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Stage


def fleet(module: AnsibleModule, clients: Clients, stage: Stage) -> Fleet:
    """Return a fleet of the one server that the options name, kept to one stage."""
    params = module.params
    item, policy = options.server(options.migration(params), params), options.policy(params)
    options.refuse(checks.input_problems(policy, [item]))
    contract.warn(module, policy)
    return Fleet(clients, [item], policy, only=stage.name, check_mode=module.check_mode)


def run(module: AnsibleModule, of: Fleet, key: str, describe: Callable[[Progress], dict[str, Any]]) -> dict[str, Any]:
    """Run the stage and return its result under ``key``; raise with what was seen last when it fails."""
    params = module.params
    row = of.rows[0]
    with made_so_far(lambda _error: {key: describe(row), "resources": of.resources.rows()}):
        of.run(params["wait"], params["wait_timeout"], params["poll_interval"])
    found, resources = describe(row), of.resources.rows()
    result: dict[str, Any] = {"changed": of.changed, key: found, "phase": row.phase, "resources": resources}
    for text in of.warnings:
        module.warn(text)
    if module._diff:
        result["diff"] = {"before": {}, "after": found if of.changed else {}}
    if row.verdict == "failed":
        error = row.error or {}
        raise CloudError(
            f"The {key} of {row.server.host}",
            str(error.get("code") or "Stage.Failed"),
            "; ".join(row.reasons),
            str(error.get("request_id") or ""),
            hint="",
            last={key: found, "resources": resources, "settled": row.settled},
        )
    return result
