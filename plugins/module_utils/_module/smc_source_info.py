# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of smc_source_info: every page, names and states compared exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import smc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import ACCESS_TOKEN, SOURCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .exact import matching

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the sources that match all options given, and the activation codes that a migration has used."""
    params = module.params
    rows = clients.smc.describe_source_servers(params["source_ids"], params["name"], params["state"])
    found = matching(map(SOURCE.facts, rows), name=params["name"], state=params["state"])
    shown = {str(row["source_id"]) for row in found}
    missing = [wanted for wanted in params["source_ids"] or [] if wanted not in shown]
    result = {"changed": False, "sources": found, "missing": missing}
    if params["migration"]:
        tokens = smc.migration_tokens(clients, naming.token_name(params["migration"]), params["migration"])
        used = [code for code in map(ACCESS_TOKEN.facts, tokens) if code["registered_count"]]
        result["codes"] = [{name: code[name] for name in ("id", "creation_time")} for code in used]
    return result
