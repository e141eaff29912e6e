# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The state of every server of a migration, as pure functions of what the services and the ledger show."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import decide
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import moment, process_of
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import reader
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB, SOURCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming, states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import ens_import, incremental

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import State
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Row

Status = Literal["migrated", "synced", "running", "waiting", "failed", "not_started"]
STATUSES: Final[tuple[Status, ...]] = ("migrated", "synced", "running", "waiting", "failed", "not_started")
"""Synced: its incremental job waits for the cutover. Running: a service works on it. Waiting: the next call is due.
Failed: a service shows a failure, which the next run may repeat."""

_PLACEHOLDER: Final = "el" + "0" * (naming.ID_LENGTH - 2)
_LEAST_PERCENT: Final = 1.0
"""Below this the time that is left cannot be estimated."""


@dataclass(frozen=True)
class Known:
    """A host of the inventory, and the first part of its image name."""

    host: str
    image_name: str = ""


@dataclass(frozen=True)
class Listed:
    """What the services list: sources, jobs, export tasks and ENS images; and the ledger, if there is one."""

    sources: Sequence[Row] = ()
    jobs: Sequence[Row] = ()
    tasks: Sequence[Row] = ()
    ens_images: Sequence[Row] = ()
    ledger: State | None = None


@dataclass
class ServerStatus:
    """The state of one server. Times are ISO 8601 UTC, '' where they are not known."""

    host: str
    status: Status = "not_started"
    phase: str = ""
    state: str = ""
    progress: float | None = None
    started: str = ""
    ends: str = ""
    driven_by: str = ""
    migration_id: str = ""
    source_id: str = ""
    job_id: str = ""
    image_id: str = ""
    ens_image_id: str = ""

    def now(self, status: Status, phase: str, state: str) -> None:
        """Set what is known by the newest evidence."""
        self.status, self.phase, self.state, self.progress, self.ends = status, phase, state, None, ""


@dataclass
class _Server:
    """What belongs to one migration id."""

    identity: str
    job: Row | None = None
    images: list[Row] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of its image, else of its job."""
        return str(self.images[-1]["ImageName"] if self.images else (self.job or {}).get("Name", ""))

    @property
    def newest(self) -> str:
        """When the newest part of it was made."""
        return max(str((row or {}).get("CreationTime") or "") for row in (self.job, *self.images))


def our_jobs(migration: str, jobs: Iterable[Row]) -> list[Row]:
    """Return the jobs of a migration: their names have its wave id, and nothing in them names another migration."""
    return [
        job
        for job in jobs
        if naming.owned_by(migration, job.get("Name", ""))
        and naming.same_wave(migration, JOB.value(job, "tags"), job.get("Description", "")) is not False
    ]


def copied(migration: str, jobs: Iterable[Row], ens_images: Iterable[Row]) -> list[str]:
    """Return the ECS images of finished jobs without an ENS image, whose export tasks have to be listed."""
    imported = {naming.owned_by(migration, image.get("ImageName", "")) for image in ens_images}
    return [
        job["ImageId"]
        for job in our_jobs(migration, jobs)
        if job.get("Status") == "Finished"
        and job.get("ImageId")
        and naming.owned_by(migration, job["Name"]) not in imported
    ]


def servers(migration: str, listed: Listed, known: Sequence[Known], now: datetime) -> list[ServerStatus]:
    """Return the state of every server that the inventory or a service shows, in the order of ``known``, then by name.

    A server whose job was deleted is recognised by the name of its ENS image.
    """
    bases = {_base(item.image_name or item.host): item.host for item in known}
    tagged = {item.host[: naming.TAG_VALUE_LENGTH]: item.host for item in known}
    by_id = _by_identity(migration, listed)
    rows = {item.host: ServerStatus(item.host) for item in known}
    newest: dict[str, str] = {}
    for source in listed.sources:
        tags = SOURCE.value(source, "tags")
        if naming.same_wave(migration, tags) and tags.get(naming.HOST_TAG):
            _registered(rows, tagged.get(tags[naming.HOST_TAG], tags[naming.HOST_TAG]), source)
    tasks = _newest_tasks(listed.tasks)
    for server in by_id.values():
        host = _host(server, bases, tagged)
        if host in newest and newest[host] >= server.newest:
            continue
        newest[host] = server.newest
        row = rows.setdefault(host, ServerStatus(host))
        row.migration_id = server.identity
        if server.job:
            _of_job(row, server.job, now)
            _of_export(row, server.job, tasks.get(server.job.get("ImageId", "")), listed.ledger, now)
        if server.images:
            _of_image(row, server.images)
        _driver(row, listed.ledger, now)
    order = {item.host: place for place, item in enumerate(known)}
    return sorted(rows.values(), key=lambda row: (order.get(row.host, len(order)), row.host))


def _base(name: str) -> str:
    """Return the part of the names of a host's resources before the migration id."""
    return naming.base_of(naming.resource_name(name, _PLACEHOLDER), _PLACEHOLDER)


def _by_identity(migration: str, listed: Listed) -> dict[str, _Server]:
    found: dict[str, _Server] = {}
    for job in our_jobs(migration, listed.jobs):
        identity = naming.owned_by(migration, job["Name"])
        server = found.setdefault(identity, _Server(identity))
        if not server.job or str(job.get("CreationTime") or "") >= str(server.job.get("CreationTime") or ""):
            server.job = job
    for image in listed.ens_images:
        identity = naming.owned_by(migration, image.get("ImageName", ""))
        if identity:
            found.setdefault(identity, _Server(identity)).images.append(image)
    return found


def _host(server: _Server, bases: Mapping[str, str], tagged: Mapping[str, str]) -> str:
    tag = JOB.value(server.job, "tags").get(naming.HOST_TAG, "") if server.job else ""
    if tag:
        return tagged.get(tag, tag)
    base = naming.base_of(server.name, server.identity)
    return bases.get(base, base)


def _newest_tasks(tasks: Iterable[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for task in tasks:
        before = found.get(task.get("ResourceId", ""), {})
        if task.get("CreationTime", "") >= before.get("CreationTime", ""):
            found[task["ResourceId"]] = task
    return found


def _registered(rows: dict[str, ServerStatus], host: str, source: Row) -> None:
    row = rows.setdefault(host, ServerStatus(host))
    row.source_id = source["SourceId"]
    row.now("waiting", "agent", f"source {row.source_id} is {source.get('State')} and has no job")


def _of_job(row: ServerStatus, job: Row, now: datetime) -> None:
    status, name = job.get("Status", ""), job["JobId"]
    row.job_id, row.image_id = name, job.get("ImageId", "")
    row.source_id, row.started = job.get("SourceId", ""), job.get("StartTime", "")
    found = incremental.sync(job, now)
    if found and status == "Waiting":
        row.now("synced", "transfer", incremental.text(found))
    elif status == "Running":
        row.now("running", "transfer", f"job {name} is {job.get('BusinessStatus') or status}")
        row.progress = JOB.value(job, "progress")
        row.ends = copy_ends(row.started, row.progress, now)
    elif status in ("InError", "Expired"):
        why = ": ".join(filter(None, [job.get("ErrorCode", ""), job.get("StatusInfo", "")])) or "no code"
        row.now("failed", "transfer", f"job {name} is {status} ({why})")
    elif status == "Finished" and not row.image_id:
        row.now("failed", "transfer", f"job {name} is Finished but names no image")
    else:
        row.now("waiting", "transfer", f"job {name} is {status}")


def copy_ends(started: str, percent: float | None, now: datetime) -> str:
    """Return when a copy ends if it continues at the mean rate since its start, '' where that cannot be estimated."""
    begun = reader.moment(started)
    if begun is None or not percent or not _LEAST_PERCENT <= percent < 100 or now <= begun:
        return ""
    left: timedelta = (now - begun) * ((100 - percent) / percent)
    return moment((now + left).timestamp())


def _of_export(row: ServerStatus, job: Row, task: Row | None, ledger: State | None, now: datetime) -> None:
    image = job.get("ImageId", "")
    if job.get("Status") != "Finished" or not image:
        return
    if task is None:
        row.now("waiting", "export", f"ECS image {image} is made, and has no export task")
        return
    outcome = states.outcome(states.EXPORT_TASK, task.get("TaskStatus", ""))
    shown = f"export task {task['TaskId']} of ECS image {image} is {task.get('TaskStatus')}"
    if outcome == "success":
        status, state = _import_call(row.migration_id, ledger, now)
        row.now(status, "import", f"{shown}; {state}")
    else:
        row.now("running" if outcome == "pending" else "failed", "export", shown)
    row.started = task.get("CreationTime", "")


def _import_call(identity: str, ledger: State | None, now: datetime) -> tuple[Status, str]:
    """Return the state of an import whose image ENS does not show, by the rule that a run uses for its next call."""
    step = decide.next_step(ledger, identity, ens_import.NAME, now.timestamp()) if ledger else None
    if ledger is None or step is None or step.kind == "make":
        return "waiting", "the import is due"
    if step.kind == "follow" and step.until < now.timestamp():
        return "failed", f"ENS does not show image {step.id}, which ImportImage has returned"
    return "running", f"the import was requested at {moment(ledger.calls[identity, ens_import.NAME].at)}"


def _of_image(row: ServerStatus, images: Sequence[Row]) -> None:
    image = images[-1]
    same = [other["ImageId"] for other in images if other["ImageName"] == image["ImageName"]]
    if len(same) > 1:
        row.now("failed", "import", f"{len(same)} ENS images have the name {image['ImageName']} ({', '.join(same)})")
        return
    row.ens_image_id = image["ImageId"]
    outcome = states.outcome(states.ENS_IMAGE, image.get("Status", ""))
    shown = f"ENS image {row.ens_image_id} is {image.get('Status')}"
    if outcome == "success":
        row.now("migrated", "done", shown)
    else:
        row.now("running" if outcome == "pending" else "failed", "import", shown)
    row.started = image.get("CreationTime", "")


def _driver(row: ServerStatus, ledger: State | None, now: datetime) -> None:
    owner = decide.holder(ledger, row.migration_id, now.timestamp()) if ledger else None
    row.driven_by = process_of(owner) if owner and row.status != "migrated" else ""


def summary(rows: Sequence[ServerStatus]) -> dict[str, Any]:
    """Return the number of servers by status, whether each is migrated, and when the last running copy ends."""
    counts = Counter(row.status for row in rows)
    return {
        "servers": len(rows),
        **{status: counts[status] for status in STATUSES},
        "finished": bool(rows) and counts["migrated"] == len(rows),
        "copies_end": max((row.ends for row in rows), default=""),
    }


def described(rows: Iterable[ServerStatus]) -> list[dict[str, Any]]:
    """Return the servers as a module returns them."""
    return [asdict(row) for row in rows]
