# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ecs_image_export: the export of one ECS image, until every object is verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import export

from . import single_stage

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the export of one ECS image, run until every object is verified."""
    fleet = single_stage.fleet(module, clients, export.STAGE)
    fleet.rows[0].seen.job = {"ImageId": module.params["image_id"]}
    return single_stage.run(module, fleet, "export", describe)


def describe(row: Progress) -> dict[str, Any]:
    """Return what the module reports."""
    task = row.seen.task or {}
    return {
        "migration_id": row.server.id,
        "image_id": (row.seen.job or {}).get("ImageId", ""),
        "task_id": task.get("TaskId", ""),
        "status": task.get("TaskStatus", ""),
        "objects": [dict(item) for item in row.seen.objects],
        "state": row.state,
    }
