# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of the single-stage modules: one stage of the fleet, for one server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import checks, ens_import, export, job_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet

from . import options

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Phase
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Progress


def _fleet(module: AnsibleModule, clients: Clients, only: Phase) -> Fleet:
    params = module.params
    item, policy = options.server(options.migration(params), params), options.policy(params)
    options.refuse(checks.input_problems(policy, [item]))
    return Fleet(clients, [item], policy, only=only, check_mode=module.check_mode)


def _run(module: AnsibleModule, fleet: Fleet, key: str) -> dict[str, Any]:
    """Run the fleet's one stage and return its result under ``key``; a failed stage raises with what it saw last."""
    params = module.params
    fleet.run(params["wait"], params["wait_timeout"], params["poll_interval"])
    row = fleet.rows[0]
    found = _DESCRIBE[key](row)
    resources = fleet.ledger.rows()
    result: dict[str, Any] = {"changed": fleet.changed, key: found, "phase": row.phase, "resources": resources}
    if module._diff:
        result["diff"] = {"before": {}, "after": found if fleet.changed else {}}
    if row.verdict == "failed":
        error = row.error or {}
        raise CloudError(
            f"The {key} of {row.server.host}",
            str(error.get("code") or "Stage.Failed"),
            "; ".join(row.reasons),
            str(error.get("request_id") or ""),
            hint="",
            last={key: found, "resources": resources},
        )
    return result


def transfer(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the replication job of one server, run to its image."""
    fleet = _fleet(module, clients, "transfer")
    return _run(module, fleet, "transfer")


def image_export(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the export of one ECS image, run until every object is verified."""
    fleet = _fleet(module, clients, "export")
    fleet.rows[0].seen.job = {"ImageId": module.params["image_id"]}
    return _run(module, fleet, "export")


def image_import(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the ENS image of one server, imported from its objects unless it exists."""
    fleet = _fleet(module, clients, "import")
    row = fleet.rows[0]
    ens_import.observe(clients, [row.server], {row.server.id: row.seen})
    if not (row.seen.ens_images or module.check_mode):
        keys, bucket = module.params["objects"], clients.oss(fleet.policy.bucket)
        row.seen.objects, problem = export.verify(bucket, keys, job_spec.sizes(row.server, None), fleet.policy)
        options.refuse([problem] if problem else [])
    return _run(module, fleet, "image")


def _transfer(row: Progress) -> dict[str, Any]:
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


def _export(row: Progress) -> dict[str, Any]:
    task = row.seen.task or {}
    return {
        "migration_id": row.server.id,
        "image_id": (row.seen.job or {}).get("ImageId", ""),
        "task_id": task.get("TaskId", ""),
        "status": task.get("TaskStatus", ""),
        "objects": [dict(item) for item in row.seen.objects],
        "state": row.state,
    }


def _image(row: Progress) -> dict[str, Any]:
    image = ens_import.result(row.seen) or {}
    return {
        "migration_id": row.server.id,
        "image_id": image.get("ImageId", ""),
        "image_name": row.server.image_name,
        "status": image.get("Status", ""),
        "state": row.state,
    }


_DESCRIBE = {"transfer": _transfer, "export": _export, "image": _image}
