# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The rules of proof: by kind, what shows that a resource belongs to a migration (law 7; table in docs/security.md).

The chain begins at the replication job: its tags are set by the call that creates it, which needs the right to use SMC.
SMC keeps which source, image and instance belong to a job; ECS keeps which disks, groups, snapshots and export tasks
belong to an instance or an image. Before a job or an image is deleted, what belongs to it gets the tags of the job.
Names and objects in the bucket lead to resources, and prove nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment, not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB, SOURCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts

RULES: Final[dict[str, str]] = {
    "ens_image": "its name is exactly the image name of a proven job, it was created after that job, and no second "
    "image that is not Available has this name; one that is Available has also failed its verification with "
    "`verify_image_policy: delete`, and no second image has this name; or it has the migration id of a canary, the "
    "record of that canary names it, and it is not older than the record",
    "ens_instance": "its tags name this migration and the server, its name is exactly the one made from these tags, "
    "and its tag `edgelift:instance` is `release`",
    "smc_job": "its tags name this migration and the server, and its name is exactly the one made from these tags",
    "ecs_instance": "it has the name that SMC gives, and either a proven job names it as its instance or it has the "
    "tags of this migration; no other job names it",
    "ecs_disk": "it is attached to a proven instance and not older than that, or it has the tags of this migration",
    "security_group": "a proven instance is in it and it is not older than the job of that instance, or it has the "
    "tags of this migration",
    "ecs_image": "a proven job names it as its image, or as that of one of its runs; or its name ends in the migration "
    "id of a server, and it has the tags of this migration and that server, or all its snapshots are of disks of that "
    "server's proven instance or have these tags too",
    "ecs_snapshot": "a proven image consists of it, or its disk belongs to a proven instance, or it has the tags of "
    "this migration; no other image consists of it",
    "oss_upload": "its key begins with the migration id and the image id of an export task of ECS, whose image is "
    "proven or deleted, and it was begun while that task ran",
    "smc_source": "a proven job copies it, the caller names it or its tags name a server of this cleanup, and it has "
    "the tags of this migration or was registered within 30 minutes after a proven activation code was created; "
    "no other job copies it, and its tags do not say `edgelift:keep` or another migration",
    "oss_object": "an export task of ECS names it, whose image is proven or deleted; or, for a task that names no "
    "object, its key begins with the migration id and the image id and it was written while that task ran; or a canary "
    "whose record is in the bucket writes an object of exactly this name",
    "smc_access_token": "its name and its description are exactly those that this migration gives",
    "vswitch": "it is in a proven VPC and has exactly the name that this migration gives",
    "vpc": "its tag names this migration, and its name is exactly the one that this migration gives",
}
"""By kind of resource: the rule, in the words of the documentation."""


def names_migration(migration: str, tags: Mapping[str, str]) -> bool:
    """Return whether tags name this migration."""
    return tags.get(naming.WAVE_TAG) == migration[: naming.TAG_VALUE_LENGTH]


def job_doubt(migration: str, identity: str, job: Row) -> str:
    """Return why a job whose name ends in the migration id ``identity`` is not proven, '' when it is."""
    tags = JOB.value(job, "tags")
    if not names_migration(migration, tags):
        return f"it has no tag {naming.WAVE_TAG}={migration}"
    if tags.get(naming.SERVER_TAG) != identity:
        return f"it has no tag {naming.SERVER_TAG}={identity}"
    expected = naming.resource_name(tags.get(naming.HOST_TAG, ""), identity)
    return "" if job["Name"] == expected else f"this migration would name it {expected}"


def within(created: str, start: str, time: timedelta) -> bool:
    """Return whether ``created`` is within a time after ``start``."""
    made, began = moment(created), moment(start)
    return not_before(created, start) and made is not None and began is not None and made <= began + time


def registered_by(code: Facts, created: str) -> bool:
    """Return whether a source that was registered then can have been registered with an activation code."""
    return within(created, code["creation_time"], timedelta(days=code["ttl_days"] or limits.TOKEN_DAYS[1]))


def registered_with(code: Mapping[str, Any], created: str) -> bool:
    """Return whether a source was registered so shortly after an activation code was created that the run which had
    created the code has registered it."""
    return within(created, code["creation_time"], timedelta(seconds=limits.CODE_IN_USE_SECONDS))


def unclaimed(codes: Sequence[Facts], sources: Iterable[Row]) -> dict[str, list[str]]:
    """Return by source id the ids of the activation codes that can have registered it, for each source that no
    migration has tagged. A source is tagged after it was registered: the run may have been killed between."""
    found = {}
    for row in sources:
        tags = SOURCE.value(row, "tags")
        if not {naming.WAVE_TAG, naming.KEEP_TAG} & set(tags) and row.get("State") != "Deleting":
            found[row["SourceId"]] = [code["id"] for code in codes if registered_by(code, row.get("CreationTime", ""))]
    return {source: ids for source, ids in found.items() if ids}
