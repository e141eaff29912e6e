# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of smc_transfer_info: every page, names and states compared exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB

from .exact import matching

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the jobs of the region that match all options given."""
    params = module.params
    rows = clients.smc.describe_replication_jobs(
        params["job_ids"], params["source_ids"], params["name"], params["status"]
    )
    found = matching(map(JOB.facts, rows), name=params["name"], status=params["status"])
    return {"changed": False, "transfers": found}
