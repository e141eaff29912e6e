# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the stages of a migration speak of: a server, what the cloud shows of it, a decision, a resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Row
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.contract import DOCUMENTED, Layout
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.contract import Contract
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import Disk

Verdict = Literal["pending", "migrated", "synced", "failed", "blocked", "clear"]
"""Synced: an incremental job has copied the server, and its cutover is due."""


class Resource(TypedDict):
    """A billable or otherwise lasting thing that a migration made. Times are ISO 8601 UTC, empty when not known."""

    kind: str
    id: str
    host: str
    created: str
    deleted: str
    proof: str


class ExportedObject(TypedDict):
    """One object of an export: the disk it contains, and its size and virtual size in bytes."""

    index: int
    bucket: str
    key: str
    size: int
    virtual_size: int


@dataclass(frozen=True)
class Server:
    """One server of a wave, as the caller names it. Everything else about it is looked up in the cloud."""

    migration: str
    host: str
    fingerprint: str
    source_id: str = ""
    base_name: str = ""
    platform: str = ""
    disks: tuple[Disk, ...] = ()
    known_id: str = ""
    """Its migration id as the cloud shows it, for a host that cannot be reached and so has no fingerprint."""
    terms: Copy | None = None
    """When and how fast it may be copied, None where the caller has not said it."""
    uplink: float = 0.0
    """The uplink of its site in bytes per second, 0 for none."""

    @cached_property
    def id(self) -> str:
        """The migration id."""
        return self.known_id or naming.migration_id(self.migration, self.host, self.fingerprint)

    @cached_property
    def copy(self) -> Copy:
        """What the schedule knows of it before it is copied."""
        return self.terms or Copy(self.host, sum(disk.bytes for disk in self.disks))

    @cached_property
    def job_name(self) -> str:
        """The Name of the replication job."""
        return naming.resource_name(self.host, self.id)

    @cached_property
    def image_name(self) -> str:
        """The ImageName of the ECS image and of the ENS image."""
        return naming.resource_name(self.base_name or self.host, self.id)


@dataclass(frozen=True)
class Policy:
    """What the user chose for the whole wave."""

    region: str
    bucket: str
    image_format: str
    import_regions: tuple[str, ...] = limits.IMPORT_REGIONS
    image_formats: Mapping[str, Sequence[str]] = field(default_factory=dict)
    role_name: str = "AliyunECSImageExportDefaultRole"
    vpc_id: str = ""
    vswitch_id: str = ""
    shared_network: bool = False
    """Whether the jobs share one network that the first of them makes, unless the user gave one."""
    zone_id: str = ""
    net_mode: int = 0
    job_valid_days: int = limits.JOB_VALID_DAYS[0]
    job_retries: int = limits.JOB_RETRIES
    verify: str = "strict"
    """Whether an exported object that is not what it must be fails (strict), warns (warn), or is not read (off)."""
    export_retries: int = limits.EXPORT_RETRIES
    replication_parameters: str = ""
    max_parallel: Mapping[str, int] = field(default_factory=dict)
    """How many copies run at once, by group."""
    copy_rate: float = limits.COPY_RATE
    """Bytes per second that one copy is expected to reach."""
    run_once: bool = True
    """Whether the jobs that are made run once, or are incremental."""
    sync_hours: int = limits.SYNC_HOURS_DEFAULT
    images_to_keep: int = limits.IMAGES_TO_KEEP_DEFAULT
    cutover: bool = False
    """Whether incremental jobs get their last run."""
    job_parameters: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of CreateReplicationJob that the user sets, by the name of the SDK's setter."""
    import_parameters: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of ImportImage that the user sets."""
    fresh: bool = False
    """Whether to try again, once in this run, what an earlier run has stopped trying. The runs of a schedule do not
    wait, and end there."""
    restart: bool = False
    """Whether to begin a migration again that a cleanup has ended."""
    contract: Contract | None = None
    """What a canary has proved of the account, None where nothing was proved."""
    layout: Layout = DOCUMENTED


@dataclass(frozen=True)
class Requested:
    """A call whose result a describe may not list yet: until when it may still appear, and the id that the call
    returned. Without an id the call may be repeated after that; with one it never is."""

    until: datetime
    id: str = ""

    def may_appear(self, now: datetime) -> bool:
        """Return whether the result may still appear in a list."""
        return now <= self.until


@dataclass
class Seen:
    """What the cloud showed of one server at the last look; None is "not there", never "not asked"."""

    source: Row | None = None
    job: Row | None = None
    foreign_job: Row | None = None
    instance: Row | None = None
    image: Row | None = None
    task: Row | None = None
    task_detail: Row | None = None
    exports: int = 0
    """How many exports of its image there were, the present one included."""
    objects: list[ExportedObject] = field(default_factory=list)
    object_problem: str = ""
    ens_images: list[Row] = field(default_factory=list)
    namesake: str = ""
    """Why this migration has the image of the same machine under another inventory name, or ''."""
    trouble: CloudError | None = None
    """Why the last look at this server, and at no other, failed."""
    stale: set[str] = field(default_factory=set, compare=False)
    """The stages for which what was seen may be old: this run has made a call since, or another run has driven it."""
    rests: bool = field(default=False, compare=False)
    """Whether it waits for its turn in a stage and is not looked at until then."""
    looked: bool = field(default=False, compare=False)
    """Whether this run has looked for a job by the name of the server."""
    moved: str = field(default="", compare=False)
    """The id of the job of this name that copies another source: the server was registered again."""
    created: Requested | None = None
    """The job that this run has created: a describe may not list it at once."""
    requested: dict[str, Requested] = field(default_factory=dict)
    """By stage: the last call without ClientToken, as far as the ledger tells that it may have had its effect."""
    cures: int = 0
    """How often the failed job was started again."""
    queued: int = 0
    """How often a job that failed for a quota was started again."""
    cured: datetime | None = None
    """When that was done last."""
    limit: float = 0.0
    """The share of the uplink for the job that is made next, in bytes per second; 0 for none."""
    cut_over: datetime | None = None
    """When the cutover of its incremental job was announced."""
    enlarged: int = 0
    """GiB by which the target disks are larger than the server's."""
    own: dict[str, Any] = field(default_factory=dict)
    """By stage: what only that stage has seen."""


@dataclass
class SharedNetwork:
    """The network that the jobs of a migration share, as this run has seen it last."""

    vpc: Row | None = None
    vswitch: Row | None = None
    making: bool = False
    """Whether a part of it was made since the last look."""
    lock: Lock = field(default_factory=Lock, compare=False, repr=False)
    """Held while that is asked and noted: several threads make the calls of a tick."""
    made: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """By kind: the id of what this run has made, and when. A list may not show it at once."""
    returned: dict[str, set[str]] = field(default_factory=lambda: {"vpc": set(), "vswitch": set()})
    """By kind: the ids of all that this run has made, what has gone since then too."""

    @property
    def ready(self) -> bool:
        """Whether SMC can place an instance in it."""
        return bool(self.vswitch and self.vswitch.get("Status") == "Available")


Kind = Literal["done", "wait", "act", "fail", "synced"]


@dataclass(frozen=True)
class Decision:
    """What a stage wants next: nothing more (done), time (wait), one mutating call (act), a human (fail), or the
    cutover of an incremental job (synced)."""

    kind: Kind
    text: str = ""
    action: str = ""
    progress: float | None = None
    keep: bool = False
    """Whether the cloud work of a server that fails stays until the user decides about it."""
    account: str = ""
    """The cause, where every other server of the account would fail with it too."""
    limited: bool = False
    """Whether a service handles no more servers at once."""
    brief: bool = False
    """Whether a wait ends within seconds."""

    @classmethod
    def done(cls, text: str = "") -> Decision:
        """Return: this stage has its result."""
        return cls("done", text)

    @classmethod
    def wait(cls, text: str, progress: float | None = None) -> Decision:
        """Return: ask again later; ``text`` is the state seen, ``progress`` 0 to 100."""
        return cls("wait", text, progress=progress)

    @classmethod
    def act(cls, action: str, text: str) -> Decision:
        """Return: perform ``action`` once, because ``text``."""
        return cls("act", text, action)

    @classmethod
    def fail(cls, text: str, keep: bool = False, account: str = "") -> Decision:
        """Return: the server cannot continue; ``text`` is the reason and what to do."""
        return cls("fail", text, keep=keep, account=account)


class ResourcesSeen:
    """The resources that a run has seen, by kind and id, in the order in which they were first seen."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Resource] = {}
        self._parents: set[str] = set()
        self._check: Callable[[str], None] | None = None

    def checked(self, check: Callable[[str], None]) -> ResourcesSeen:
        """Return a view of the same resources that calls ``check`` with the kind of each resource that it is given."""
        view = copy(self)
        view._check = check
        return view

    def saw(self, kind: str, identity: str, host: str, created: str = "") -> None:
        """Remember that a resource exists; later sightings only fill in what was empty."""
        if not identity:
            return
        if self._check:
            self._check(kind)
        row = self._rows.setdefault(
            (kind, identity), Resource(kind=kind, id=identity, host=host, created=created, deleted="", proof="")
        )
        row["created"] = row["created"] or created
        row["host"] = row["host"] or host

    def looked_into(self, parent: str) -> None:
        """Remember that the parts of ``parent`` were listed."""
        self._parents.add(parent)

    def knows(self, parent: str) -> bool:
        """Return whether the parts of ``parent`` were listed."""
        return parent in self._parents

    def gone(self, kind: str, identity: str, when: str, proof: str) -> None:
        """Remember that a describe call no longer lists a resource, and which call it was."""
        self.saw(kind, identity, "")
        row = self._rows[(kind, identity)]
        row["deleted"], row["proof"] = when, proof

    def load(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take over the rows of an earlier result."""
        for row in rows:
            self.saw(row["kind"], row["id"], row.get("host", ""), row.get("created", ""))
            if row.get("deleted"):
                self.gone(row["kind"], row["id"], row["deleted"], row.get("proof", ""))

    def rows(self) -> list[Resource]:
        """Return every resource seen."""
        return list(self._rows.values())

    def open(self) -> list[Resource]:
        """Return the resources that nothing has shown to be gone."""
        return [row for row in self._rows.values() if not row["deleted"]]
