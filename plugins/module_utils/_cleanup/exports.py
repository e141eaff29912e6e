# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the exports of a migration wrote to the bucket, as ECS shows it.

DescribeTaskAttribute names the objects of a finished export, the only authority on them (facts 3.1). A failed or
cancelled export names nothing: what it left has the migration id and the image id in its key, and was written while
the task ran. The image must be a proven one; or it no longer exists, which is the case when a cleanup was stopped
between the image and its objects. An export task exists only if a user with the right to export images has requested
it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import oss
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.export import related

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row

    from .scope import Scope

MOST_UNKNOWN: Final = 100
"""How many images that no longer exist are looked up: whoever writes to the bucket can name any number of them."""
MOST_PER_TASK: Final = 32
"""How many objects, or uploads, one export can have left: twice the disks that an ECS image can have."""
BEFORE: Final = timedelta(minutes=1)
"""The time of a task is given in whole minutes (facts 3.2)."""
AFTER: Final = timedelta(minutes=15)
"""How long after the end of a task its last upload may be listed as begun or completed."""

_IMAGE_ID = re.compile(r"m-[0-9a-z]{1,40}(?![0-9a-z])")


@dataclass(frozen=True)
class Written:
    """An object or an unfinished upload (``part``) below the prefix of a server: its id, its key, and when it was
    written (seconds)."""

    id: str
    key: str
    at: float | None
    part: bool = False


class Exports:
    """The export tasks of ECS for the images of a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._by_owner: dict[str, set[str]] = {}
        for image, owner in scope.known_images():
            self._by_owner.setdefault(owner, set()).add(image["ImageId"])
        for job in scope.known_jobs():
            if job.get("ImageId"):
                self._by_owner.setdefault(scope.owner(job["Name"]) or "", set()).add(job["ImageId"])
        self._listed: set[str] = set()
        self.noted = {row["id"] for row in scope.listed if row["kind"] in (oss.OBJECT.name, oss.UPLOAD.name)}
        """What an earlier result of this play lists: it may be deleted in any case (Kind.written)."""
        self._proven = {image for images in self._by_owner.values() for image in images}

    def judge(self, rows: list[Written]) -> list[tuple[Written, bool]]:
        """Return the rows, each with whether an export of this scope wrote it."""
        if not rows:
            return []
        self._listed = self._listed or self._proven | {image["ImageId"] for image in self._scope.image_rows()}
        images = {row: self._image_of(row) for row in rows}
        tasks = self._tasks({image for image in images.values() if image})
        written = [(row, self._task_of(row, tasks.get(images[row], []))) for row in rows]
        # Whoever can write while a task runs could fill its prefix.
        often = Counter(task for _row, task in written)
        return [(row, bool(task) and often[task] <= MOST_PER_TASK) for row, task in written]

    def _image_of(self, row: Written) -> str:
        """Return the id of the image in a key when it is that of an image of the same server, or of none that
        exists."""
        owner, _separator, rest = row.key.partition("_")
        for image in self._by_owner.get(owner, ()):
            if rest.startswith(image):
                return image
        named = _IMAGE_ID.match(rest)
        return named.group() if named and named.group() not in self._listed else ""

    def _tasks(self, images: set[str]) -> dict[str, list[Row]]:
        """Return the export tasks by image. Of the images that no longer exist only some are asked for."""
        asked = sorted(images & self._proven) + sorted(images - self._proven)[:MOST_UNKNOWN]
        found: dict[str, list[Row]] = {}
        for task in self._scope.clients.ecs.describe_tasks(action="ExportImage", resource_ids=asked):
            found.setdefault(task.get("ResourceId", ""), []).append(task)
        return found

    def _task_of(self, row: Written, tasks: Iterable[Row]) -> str:
        """Return the id of the task that wrote an object or began an upload, '' when no task shows that."""
        return next((str(task["TaskId"]) for task in tasks if self._wrote(task, row)), "")

    def _wrote(self, task: Row, row: Written) -> bool:
        names = self._names(task)
        return row.key in names if names and not row.part else row.at is not None and _ran(task, row.at)

    def _names(self, task: Row) -> set[str]:
        """Return the keys that a finished task names in the bucket of this scope."""
        if states.outcome(states.EXPORT_TASK, task.get("TaskStatus", "")) != "success":
            return set()

        def ask() -> set[str]:
            try:
                detail = self._scope.clients.ecs.describe_task_attribute(task["TaskId"])
            except CloudError:
                # A task that ECS no longer shows in detail: its time has to do.
                return set()
            same = self._scope.bucket in related(detail, "OSSBucket")
            return set(related(detail, "OSSObject")) if same else {""}

        return self._scope.once_for_all(f"task {task['TaskId']}", ask)


def _ran(task: Row, at: float) -> bool:
    """Return whether a task ran at a time."""
    began, ended = moment(task.get("CreationTime")), moment(task.get("FinishedTime"))
    when = datetime.fromtimestamp(at, timezone.utc)
    return began is not None and began - BEFORE <= when and (ended is None or when <= ended + AFTER)
