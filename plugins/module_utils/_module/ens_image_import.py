# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ens_image_import: the ENS image of one server, imported from its objects unless it exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import ens_import, export, job_spec

from . import options, single_stage

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the ENS image of one server, imported from its objects unless it exists."""
    fleet = single_stage.fleet(module, clients, ens_import.STAGE)
    row, policy = fleet.rows[0], fleet.context.policy
    ens_import.observe(fleet.context, [row.server], {row.server.id: row.seen})
    if not (row.seen.ens_images or module.check_mode):
        keys, bucket = module.params["objects"], clients.oss(policy.bucket)
        told: list[str] = []
        sizes = job_spec.sizes(row.server, None)
        row.seen.objects, problem = export.verify(bucket, keys, sizes, policy, notes=told)
        for text in told:
            module.warn(text)
        options.refuse([problem] if problem else [])
    return single_stage.run(module, fleet, "image", describe)


def describe(row: Progress) -> dict[str, Any]:
    """Return what the module reports."""
    image = ens_import.result(row.seen) or {}
    return {
        "migration_id": row.server.id,
        "image_id": image.get("ImageId", ""),
        "image_name": row.server.image_name,
        "status": image.get("Status", ""),
        "state": row.state,
        "warnings": ens_import.notes(row.server, row.seen),
    }
