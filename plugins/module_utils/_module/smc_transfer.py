# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of smc_transfer: the replication job of one server, until its ECS image exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import transfer

from . import single_stage

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the replication job of one server, run until its ECS image exists."""
    fleet = single_stage.fleet(module, clients, transfer.STAGE)
    return single_stage.run(module, fleet, "transfer", describe)


def describe(row: Progress) -> dict[str, Any]:
    """Return what the module reports."""
    job = row.seen.job or {}
    return {
        "migration_id": row.server.id,
        "job_id": job.get("JobId", ""),
        "name": row.server.job_name,
        "source_id": row.server.source_id,
        "status": job.get("Status", ""),
        "business_status": job.get("BusinessStatus", ""),
        "progress": job.get("Progress", 0),
        "instance_id": job.get("TransitionInstanceId", ""),
        "image_id": job.get("ImageId", ""),
        "image_name": row.server.image_name,
        "state": row.state,
    }
