# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world file's ``failures`` and ``job_errors``: the failing edges that they add to lifecycles."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from sandbox.contracts.lifecycles import FAILURE_DELAY, LIFECYCLES, Edge
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row
from sandbox.world.schema import Failure, World


def load(cloud: Cloud, world: World) -> None:
    """Add the failures of a world."""
    for source_name, code in world.job_errors.items():
        _add(cloud, "smc.job", "Running/Syncing", source_name, code, "", -1)
    add(cloud, world.failures)


def add(cloud: Cloud, failures: Iterable[Failure]) -> None:
    """Add failures."""
    for failure in failures:
        _add(cloud, failure.lifecycle, failure.at, failure.name, failure.code, failure.message, failure.times)


def failure_edge(cloud: Cloud, lifecycle: str, row: Row) -> Edge | None:
    """Return the failing edge for this row in its present state, or None."""
    if not len(cloud.failures):
        return None
    for failure in cloud.failures.where(lifecycle=lifecycle, at=row[LIFECYCLES[lifecycle].column]):
        if failure["left"] != 0 and fnmatch.fnmatchcase(name_of(cloud, lifecycle, row), failure["name"]):
            kind = LIFECYCLES[lifecycle]
            return Edge(
                row["state"], kind.failed, FAILURE_DELAY, effect=kind.failed_effect, code=failure["code"],
                failure_id=failure["id"],
            )
    return None


def spend(cloud: Cloud, failure_id: str) -> str:
    """Count a failure as used once and return its message."""
    failure = cloud.failures.get(failure_id)
    if failure is None:
        return ""
    if failure["left"] > 0:
        cloud.failures.update(failure_id, left=failure["left"] - 1)
    return str(failure["message"])


def name_of(cloud: Cloud, lifecycle: str, row: Row) -> str:
    """Return the name that rules match: of its source for a job, of its image for a task, else its own."""
    if lifecycle == "smc.job":
        source = cloud.sources.get(row["source_id"])
        return "" if source is None else str(source["name"])
    if lifecycle == "ecs.task":
        image = cloud.images.get(row["image_id"])
        return "" if image is None else str(image["name"])
    return str(row["name"])


def _add(cloud: Cloud, lifecycle: str, at: str, name: str, code: str, message: str, left: int) -> None:
    cloud.failures.add(
        {"id": f"failure-{len(cloud.failures) + 1}", "lifecycle": lifecycle, "at": at, "name": name, "code": code,
         "message": message, "left": left}
    )
