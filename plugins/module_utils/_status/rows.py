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
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import driven_by, moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import reader
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB, SOURCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming, states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import State
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Row

Status = Literal["migrated", "running", "waiting", "failed", "not_started"]
STATUSES: Final[tuple[Status, ...]] = ("migrated", "running", "waiting", "failed", "not_started")
"""Running: a service works on it. Waiting: the next call is due. Failed: a service shows a failure, which a run may
cure."""

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
    image: Row | None = None
    names: list[str] = field(default_factory=list)

    @property
    def newest(self) -> str:
        """When the newest part of it was made."""
        return max(str((row or {}).get("CreationTime") or "") for row in (self.job, self.image))


def our_jobs(migration: str, jobs: Iterable[Row]) -> list[Row]:
    """Return the jobs of a migration: their names have its wave id, and nothing in them names another migration."""
    wave = naming.wave_id(migration)
    return [
        job
        for job in jobs
        if (naming.owner_of(job.get("Name", "")) or "").startswith(wave)
        and naming.same_wave(migration, JOB.value(job, "tags"), job.get("Description", "")) is not False
    ]


def copied(migration: str, jobs: Iterable[Row], ens_images: Iterable[Row]) -> list[str]:
    """Return the ECS images of finished jobs without an ENS image: their export tasks are worth a call."""
    imported = {naming.owner_of(image.get("ImageName", "")) for image in ens_images}
    return [
        job["ImageId"]
        for job in our_jobs(migration, jobs)
        if job.get("Status") == "Finished" and job.get("ImageId") and naming.owner_of(job["Name"]) not in imported
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
            _of_export(row, server.job, tasks.get(server.job.get("ImageId", "")), listed.ledger)
        if server.image:
            _of_image(row, server.image)
        _driver(row, listed.ledger, now)
    order = {item.host: place for place, item in enumerate(known)}
    return sorted(rows.values(), key=lambda row: (order.get(row.host, len(order)), row.host))


def _base(name: str) -> str:
    """Return what stands before the migration id in the names of a host's resources."""
    return naming.resource_name(name, _PLACEHOLDER)[: -len(_PLACEHOLDER) - 1]


def _by_identity(migration: str, listed: Listed) -> dict[str, _Server]:
    found: dict[str, _Server] = {}
    for job in our_jobs(migration, listed.jobs):
        identity = naming.owner_of(job["Name"]) or ""
        server = found.setdefault(identity, _Server(identity))
        if not server.job or str(job.get("CreationTime") or "") >= str(server.job.get("CreationTime") or ""):
            server.job = job
        server.names.append(job["Name"])
    for image in listed.ens_images:
        identity = naming.owner_of(image.get("ImageName", "")) or ""
        if identity.startswith(naming.wave_id(migration)):
            server = found.setdefault(identity, _Server(identity))
            server.image = image
            server.names.append(image["ImageName"])
    return found


def _host(server: _Server, bases: Mapping[str, str], tagged: Mapping[str, str]) -> str:
    tag = JOB.value(server.job, "tags").get(naming.HOST_TAG, "") if server.job else ""
    if tag:
        return tagged.get(tag, tag)
    base = server.names[-1].partition(f"-{server.identity}")[0]
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
    if status == "Running":
        row.now("running", "transfer", f"job {name} is {job.get('BusinessStatus') or status}")
        row.progress = JOB.value(job, "progress")
        row.ends = copy_ends(row.started, row.progress, now)
    elif status in ("InError", "Expired"):
        why = ": ".join(filter(None, [job.get("ErrorCode", ""), job.get("StatusInfo", "")])) or "no code"
        row.now("failed", "transfer", f"job {name} is {status} ({why})")
    else:
        row.now("waiting", "transfer", f"job {name} is {status}")


def copy_ends(started: str, percent: float | None, now: datetime) -> str:
    """Return when a copy ends if it goes on at the mean rate since its start, '' where that cannot be estimated."""
    begun = reader.moment(started)
    if begun is None or not percent or not _LEAST_PERCENT <= percent < 100 or now <= begun:
        return ""
    left: timedelta = (now - begun) * ((100 - percent) / percent)
    return moment((now + left).timestamp())


def _of_export(row: ServerStatus, job: Row, task: Row | None, ledger: State | None) -> None:
    image = job.get("ImageId", "")
    if job.get("Status") != "Finished" or not image:
        return
    if task is None:
        row.now("waiting", "export", f"ECS image {image} is made, and has no export task")
        return
    outcome = states.outcome(states.EXPORT_TASK, task.get("TaskStatus", ""))
    shown = f"export task {task['TaskId']} of ECS image {image} is {task.get('TaskStatus')}"
    if outcome == "success":
        called = ledger.calls.get((row.migration_id, "import")) if ledger else None
        requested = called is not None and called.outcome not in ("error", "unsent")
        state = f"the import was requested at {moment(called.at)}" if called and requested else "the import is due"
        row.now("running" if requested else "waiting", "import", f"{shown}; {state}")
    else:
        row.now("running" if outcome == "pending" else "failed", "export", shown)
    row.started = task.get("CreationTime", "")


def _of_image(row: ServerStatus, image: Row) -> None:
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
    row.driven_by = driven_by(owner).removeprefix("driven by ") if owner and row.status != "migrated" else ""


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
