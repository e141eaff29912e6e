# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover ENS images: imports that did not succeed, those of canaries, and those that their verification has rejected.
Any other Available image is the result and stays. Of the ENS instances, those whose policy is release."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import ens
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ens import ENS_INSTANCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, states

from . import canary
from .scope import Found, Kind, Scope

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts


_NOT_MADE = "its name is not the image name of a proven job of this migration"


def _jobs_by_image_name(scope: Scope) -> dict[str, list[Row]]:
    """Return the proven jobs by the image name that this migration gave: SMC appends the id of the job to a name that
    is already taken (facts 1.3)."""
    found: dict[str, list[Row]] = {}
    for job in scope.known_jobs():
        name = job.get("ImageName") or ""
        for end in (f"_{job['JobId']}", f"-{job['JobId']}"):
            name = name.removesuffix(end)
        found.setdefault(name, []).append(job)
    return found


def _without_job(scope: Scope, row: Row) -> str:
    """Return why an image that was rejected is not proven: it is verified after the cleanup that deletes its job."""
    owner = scope.owner(row["ImageName"]) or ""
    if row["ImageName"] != scope.image_names.get(owner):
        return _NOT_MADE
    is_late = scope.after_first_job(scope.hosts.get(owner, ""), row.get("CreationTime", ""))
    return "" if is_late else "no result of this run lists a job of its server that is older"


def _find_ens_images(scope: Scope) -> list[Found]:
    jobs = _jobs_by_image_name(scope)
    rows = [row for row in scope.clients.ens.describe_self_images() if scope.owner(row.get("ImageName", ""))]
    tried = canary.images(scope, rows)
    known = {item.id for item in tried}
    rest = [row for row in rows if row["ImageId"] not in known]
    good = {row["ImageId"] for row in rest if states.outcome(states.ENS_IMAGE, row.get("Status", "")) == "success"}
    failed = [row for row in rest if row["ImageId"] not in good]
    rejected = [row for row in rest if row["ImageId"] in good & scope.rejected_images]
    names = {True: Counter(row["ImageName"] for row in rest), False: Counter(row["ImageName"] for row in failed)}

    def doubt(row: Row) -> str:
        starts = [job.get("CreationTime", "") for job in jobs.get(row["ImageName"], [])]
        if not starts:
            why = _without_job(scope, row) if row["ImageId"] in good else _NOT_MADE
        else:
            is_late = any(not_before(row.get("CreationTime", ""), start) for start in starts)
            why = "" if is_late else "it is older than the job of this migration"
        if why:
            return why
        often = names[row["ImageId"] in good][row["ImageName"]]
        return "" if often == 1 else f"{often} images have this name"

    return tried + [
        Found(
            row["ImageId"],
            scope.owner(row["ImageName"]) or "",
            row.get("CreationTime", ""),
            f"ENS is still importing it ({row.get('Status')})"
            if states.outcome(states.ENS_IMAGE, row.get("Status", "")) == "pending"
            else "",
            foreign=doubt(row),
        )
        for row in failed + rejected
    ]


IMAGE = Kind(ens.IMAGE, _find_ens_images)

_STAYS = {
    "manual": "its policy is manual: it is billed until the role launch with launch_state=absent releases it",
    "keep": "its policy is keep: it is a result of the migration, and this collection never releases it",
}


def _instances(scope: Scope) -> list[Facts]:
    rows = scope.once("ens instances", scope.clients.ens.describe_instances)
    found = [ENS_INSTANCE.facts(row) for row in rows]
    return [row for row in found if scope.owner(row["instance_name"])]


def _doubt(scope: Scope, row: Facts) -> str:
    return instances.doubt(scope.migration, row["instance_name"], row["tags"])


def _find_instances(scope: Scope) -> list[Found]:
    return [
        Found(
            row["instance_id"],
            scope.owner(row["instance_name"]) or "",
            row["creation_time"],
            foreign=_doubt(scope, row),
        )
        for row in _instances(scope)
        if _doubt(scope, row) or instances.policy(row["tags"]) == "release"
    ]


def kept_instances(scope: Scope) -> list[dict[str, str]]:
    """Return the instances of the migration that a cleanup does not release, each with the reason."""
    try:
        ours = [row for row in _instances(scope) if not _doubt(scope, row)]
    except CloudError:
        # The kind itself reports that it could not be listed.
        return []
    kept = [(row, _STAYS.get(instances.policy(row["tags"]), "")) for row in ours]
    return [{"kind": INSTANCE.name, "id": row["instance_id"], "reason": why} for row, why in kept if why]


INSTANCE = Kind(ens.INSTANCE, _find_instances, by_server=True)
