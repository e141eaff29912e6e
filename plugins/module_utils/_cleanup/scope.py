# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The scope of a cleanup, and the description of one kind of leftover resource.

A cleanup finds resources by the migration id in their names, tags and keys (law 1), and deletes those that the rules
of proof admit (law 7, `proof`). The others are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ecs import ECS_IMAGE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import incremental

from . import proof

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.resource import Resource

Answer = TypeVar("Answer")


@dataclass
class Scope:
    """The scope of a cleanup: one migration, of it some servers (all when ``identities`` is None)."""

    clients: Clients
    migration: str
    bucket: str
    identities: frozenset[str] | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    source_ids: Mapping[str, str] = field(default_factory=dict)
    delete_sources: bool = True
    keep_sources: frozenset[str] = frozenset()
    rejected_images: frozenset[str] = frozenset()
    """The ids of the Available ENS images to delete, because they have failed their verification."""
    image_names: Mapping[str, str] = field(default_factory=dict)
    """By migration id: the name that this migration gives the image of a server."""
    listed: Sequence[Mapping[str, Any]] = ()
    """The rows of an earlier result."""
    left: set[str] = field(default_factory=set)
    """The ids of the resources that this cleanup could not delete."""
    unseen: set[str] = field(default_factory=set)
    """The kinds that this cleanup could not list."""
    beside: Callable[[], str] = str
    """Returns why another run needs what belongs to all servers, '' for none. It is asked right before the deletion."""
    _lock: RLock = field(default_factory=RLock, compare=False, repr=False)
    """Held while one of several threads asks what all of them want to know."""
    _cache: dict[Hashable, Any] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict)
    _waves: dict[str, str] = field(default_factory=dict)
    """By migration id: why it belongs to another migration, '' where it does not."""
    _jobs: dict[str, Row] = field(default_factory=dict)
    _images: dict[str, tuple[Row, str]] = field(default_factory=dict)
    proven: dict[str, set[str]] = field(default_factory=dict)
    """By kind: the ids that the rules of proof have admitted in this cleanup."""
    refused: dict[str, set[str]] = field(default_factory=dict)
    """By kind: the ids that they have not admitted. That an earlier result lists them too does not help."""
    marked: set[str] = field(default_factory=set)
    """The snapshots that this cleanup has tagged."""

    def others(self) -> Scope:
        """Return the scope of the whole migration, which has seen nothing yet."""
        return replace(
            self,
            identities=None,
            left=set(),
            unseen=set(),
            proven={},
            refused={},
            marked=set(),
            _cache={},
            _kept={},
            _waves={},
            _jobs={},
            _images={},
        )

    def look(self) -> None:
        """Drop all listed rows, so that the next question is sent to the cloud again."""
        self._cache.clear()

    def once(self, what: Hashable, ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, which is sent once per look: of several threads one asks. What depends on
        the servers of this scope has them in ``what``: a narrower scope shares these answers."""
        with self._lock:
            if what not in self._cache:
                self._cache[what] = ask()
            answer: Answer = self._cache[what]
        return answer

    def once_for_all(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, which is sent once per cleanup."""
        with self._lock:
            if what not in self._kept:
                self._kept[what] = ask()
            answer: Answer = self._kept[what]
        return answer

    def all_jobs(self) -> list[Row]:
        """Return the replication jobs of the account."""
        return self.once(
            "jobs", lambda: [job for job in self.clients.smc.describe_replication_jobs() if job.get("JobId")]
        )

    def named_jobs(self) -> list[Row]:
        """Return the replication jobs whose names have a migration id of this scope, whoever made them."""
        return self.once(
            ("named jobs", self.identities),
            lambda: [job for job in self.all_jobs() if self.owner(job.get("Name", ""))],
        )

    def doubt(self, job: Row) -> str:
        """Return why a job with a migration id of this scope is not proven to be ours, '' when it is."""
        return proof.job_doubt(self.migration, self.owner(job.get("Name", "")) or "", job)

    def jobs(self) -> list[Row]:
        """Return the replication jobs that are proven to belong to this scope."""

        def judge() -> list[Row]:
            found = [job for job in self.named_jobs() if not self.doubt(job)]
            self._jobs.update({job["JobId"]: job for job in found})
            return found

        return self.once(("proven jobs", self.identities), judge)

    def known_jobs(self) -> list[Row]:
        """Return the proven jobs, those that this cleanup has deleted too: what they name stays proven."""
        self.jobs()
        return list(self._jobs.values())

    def migration_jobs(self) -> list[Row]:
        """Return the proven jobs of the whole migration, those of servers outside this scope too."""
        whole = replace(self, identities=None)
        return self.once("jobs of the migration", lambda: [job for job in whole.named_jobs() if not whole.doubt(job)])

    def other_jobs(self, field: str) -> dict[str, str]:
        """Return by the value of a field the jobs of the account that are not proven to belong to this migration."""
        ours = {job["JobId"] for job in self.migration_jobs()}
        others = [job for job in self.all_jobs() if job["JobId"] not in ours]
        return {job[field]: job["JobId"] for job in others if job.get(field)}

    def made_for_job(self, kind: str, identity: str, created: str) -> bool:
        """Return whether what an earlier result lists is not older than the first job that is known of its server."""
        hosts, _starts = self.once(("first jobs", self.identities), self._starts)
        return any(self.after_first_job(host, created) for host in hosts.get((kind, identity), ()))

    def after_first_job(self, host: str, created: str) -> bool:
        """Return whether something is not older than the first job that is known of a server, here or in an earlier
        result."""
        _hosts, starts = self.once(("first jobs", self.identities), self._starts)
        return any(not_before(created, start) for start in starts.get(host, ()))

    def _starts(self) -> tuple[dict[tuple[str, str], set[str]], dict[str, list[str]]]:
        """Return the hosts of what an earlier result lists, and by host when its known jobs were made."""
        hosts: dict[tuple[str, str], set[str]] = {}
        starts: dict[str, list[str]] = {}
        for row in self.listed:
            host = row.get("host") or ""
            hosts.setdefault((row["kind"], row["id"]), set()).add(host)
            if row["kind"] == "smc_job":
                starts.setdefault(host, []).append(str(row.get("created") or ""))
        for job in self.known_jobs():
            host = self.hosts.get(self.owner(job["Name"]) or "", "")
            starts.setdefault(host, []).append(str(job.get("CreationTime") or ""))
        return hosts, starts

    def tagged(self, tags: Mapping[str, str]) -> str | None:
        """Return the migration id in the tags of a resource, when they name this migration and a server in scope."""
        return self.admits(tags.get(naming.SERVER_TAG)) if proof.names_migration(self.migration, tags) else None

    def tags(self, identity: str = "") -> list[dict[str, str]]:
        """Return the tags that prove the resources of a job or image before that is deleted."""
        return naming.tags(self.migration, identity=identity)

    def image_rows(self) -> list[Row]:
        """Return the ECS images of the account."""
        return self.once("images", lambda: [row for row in self.clients.ecs.describe_images() if row.get("ImageId")])

    def images(self) -> list[tuple[Row, str]]:
        """Return the ECS images that are proven to belong to this scope, each with its migration id."""
        return self.once(("proven images", self.identities), self._proven_images)

    def _proven_images(self) -> list[tuple[Row, str]]:
        by_job = {image: self.owner(job["Name"]) for job in self.known_jobs() for image in incremental.images(job)}
        found = []
        for row in self.image_rows():
            tagged = self.tagged(ECS_IMAGE.value(row, "tags"))
            owner = by_job.get(row["ImageId"]) or (
                tagged if tagged and self.owner(row.get("ImageName", "")) == tagged else None
            )
            if owner:
                found.append((row, owner))
        self._images.update({row["ImageId"]: (row, owner) for row, owner in found})
        return found

    def known_images(self) -> list[tuple[Row, str]]:
        """Return the proven images, those that this cleanup has deleted too."""
        self.images()
        return list(self._images.values())

    def learn_image(self, row: Row, owner: str) -> None:
        """Take an image for proven whose snapshots show whose it is."""
        self._images[row["ImageId"]] = (row, owner)

    def foreign(self, identity: str) -> str:
        """Return why a migration id of this scope belongs to another migration, '' where nothing shows that.

        Two migration names can have one wave id. The full name is in the tags and the description of a job.
        """
        if identity not in self._waves and naming.is_id(identity):
            self._waves[identity] = self._other_wave(identity)
        return self._waves.get(identity, "")

    def _other_wave(self, identity: str) -> str:
        for job in self.once(("jobs by owner", self.identities), self._by_owner).get(identity, ()):
            tags, description = JOB.value(job, "tags"), job.get("Description", "")
            if naming.same_wave(self.migration, tags, description) is False:
                return (
                    f"the tags or the description of SMC job {job['JobId']} name another migration with the same "
                    "wave id"
                )
        return ""

    def _by_owner(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for job in self.named_jobs():
            found.setdefault(self.owner(job["Name"]) or "", []).append(job)
        return found

    def owner(self, name: str) -> str | None:
        """Return the migration id in ``name`` when it is one of this scope."""
        return self.admits(naming.owner_of(name))

    def admits(self, identity: str | None) -> str | None:
        """Return ``identity`` when it is a migration id of this scope."""
        if identity is None or not naming.is_id(identity) or not identity.startswith(naming.wave_id(self.migration)):
            return None
        return identity if self.identities is None or identity in self.identities else None

    def prefixes(self) -> list[str]:
        """Return the prefixes of all migration ids of this scope."""
        return sorted(self.identities) if self.identities is not None else [naming.wave_id(self.migration)]

    @property
    def whole(self) -> bool:
        """Return whether the shared resources of the migration are in scope too."""
        return self.identities is None


@dataclass(frozen=True)
class Found:
    """One resource: its id, its migration id, its creation time, why it cannot be deleted now (``busy``), whether SMC
    releases it after its job is deleted, and why it belongs to another migration (``foreign``)."""

    id: str
    identity: str
    created: str = ""
    busy: str = ""
    released: bool = False
    foreign: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of leftover resource: how a scope finds it, and what happens before its deletion."""

    resource: Resource
    search: Callable[[Scope], list[Found]]
    """Lists the resources with a migration id of the scope; those without proof are ``foreign``."""
    before: Callable[[Scope, str], None] | None = None
    """Called right before the delete call: it tags what only this resource leads to."""
    earlier: Callable[[Scope, str], str] | None = None
    """Returns why a resource that an earlier result lists, and that no longer has a parent, may not be deleted."""
    grace: float = 0.0
    """Seconds to wait until SMC releases what it created for a job, before the cleanup deletes it."""
    late: bool = False
    """Whether deleting the kinds before it can create new ones, so that it is listed again."""
    shared: bool = False
    """Whether it belongs to the migration and to no single server."""
    written: bool = False
    """Whether a stage may write it itself: no service shows whose it is, and an earlier result that lists it does."""
    by_server: bool = False
    """Whether it shows no work that is under way: shared resources need not wait for it."""

    @property
    def name(self) -> str:
        """The name of the kind in results."""
        return self.resource.name

    @property
    def call(self) -> str:
        """The describe call that proves a deletion."""
        return self.resource.call

    @property
    def rule(self) -> str:
        """What shows that a resource of this kind belongs to a migration."""
        return proof.RULES[self.name]

    def find(self, scope: Scope) -> list[Found]:
        """Return the resources of this kind with a migration id of the scope."""
        found = self.search(scope)
        ours = {item.id for item in found if not (item.foreign or scope.foreign(item.identity))}
        scope.proven.setdefault(self.name, set()).update(ours)
        refused = scope.refused.setdefault(self.name, set())
        refused |= set() if self.written else {item.id for item in found}
        refused -= ours
        return found

    def delete(self, scope: Scope, identity: str, looked: dict[str, Any] | None = None) -> None:
        """Request the deletion of one resource, which must be proven; or an earlier result of this play lists it.
        ``looked`` is what ``look`` of the resource has returned."""
        self.admit(scope, identity)
        self.resource.delete(
            scope.clients,
            identity,
            before=partial(self.before, scope, identity) if self.before else None,
            looked=looked,
        )

    def admit(self, scope: Scope, identity: str) -> None:
        """Raise when a resource may not be deleted."""
        if identity in scope.proven.get(self.name, ()):
            return
        if identity in scope.refused.get(self.name, ()):
            doubt = "this cleanup found that it is not of this migration"
        elif self.name in scope.unseen:
            doubt = "this cleanup could not list what belongs to this migration"
        else:
            doubt = self.earlier(scope, identity) if self.earlier else "nothing shows that this migration created it"
        if doubt:
            raise CloudError(
                f"Deleting {self.name} {identity}",
                "NotOurs",
                doubt,
                hint="Delete it yourself if nothing uses it.",
            )

    def remaining(self, scope: Scope, ids: Iterable[str]) -> set[str]:
        """Return the ids that the describe call still lists."""
        return self.resource.remaining(scope.clients, ids)
