# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The scope of a cleanup, and the description of one kind of leftover resource.

A cleanup finds only resources with a migration id, and resources that belong to one of them (laws 1 and 7 of the
design). The full name in jobs, intents and notes shows whether a migration id belongs to another migration.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

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
    disks: Mapping[str, str] = field(default_factory=dict)
    """The disks of intermediate instances that an earlier result has listed, each with its migration id."""
    left: set[str] = field(default_factory=set)
    """The ids of the resources that this cleanup could not delete."""
    unseen: set[str] = field(default_factory=set)
    """The kinds that this cleanup could not list."""
    _cache: dict[str, Any] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict)
    _waves: dict[str, str] = field(default_factory=dict)
    """By migration id: why it belongs to another migration, '' where it does not."""

    def look(self) -> None:
        """Drop all listed rows, so that the next question is sent to the cloud again."""
        self._cache.clear()

    def once(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, which is sent once per look."""
        if what not in self._cache:
            self._cache[what] = ask()
        answer: Answer = self._cache[what]
        return answer

    def once_for_all(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, which is sent once per cleanup."""
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
        """Return the replication jobs with a migration id of this scope, those of another migration too."""
        return [job for job in self.all_jobs() if self.owner(job.get("Name", ""))]

    def jobs(self) -> list[Row]:
        """Return the replication jobs of this scope."""
        return [job for job in self.named_jobs() if not self.foreign(self.owner(job["Name"]) or "")]

    def images(self) -> list[tuple[Row, str]]:
        """Return the ECS images with a migration id of this scope, or of a job of it, each with that id."""

        def ask() -> list[tuple[Row, str]]:
            by_job = {job["ImageId"]: self.owner(job["Name"]) for job in self.jobs() if job.get("ImageId")}
            shown = [
                (image, by_job.get(image["ImageId"]) or self.owner(image.get("ImageName", "")))
                for image in self.clients.ecs.describe_images()
                if image.get("ImageId")
            ]
            return [(image, owner) for image, owner in shown if owner]

        return self.once("images", ask)

    def note_keys(self) -> dict[str, list[str]]:
        """Return the keys of intents and notes in the bucket by the migration id in their folder."""

        def ask() -> dict[str, list[str]]:
            bucket, found = self.clients.oss(self.bucket), dict[str, list[str]]()
            for prefix in self.prefixes():
                for item in bucket.list_keys(naming.intents_prefix(prefix)):
                    folder = item["key"].split("/")
                    identity = self.admits(folder[1]) if len(folder) > 2 else None
                    if identity:
                        found.setdefault(identity, []).append(item["key"])
            return found

        return self.once("note keys", ask)

    def foreign(self, identity: str) -> str:
        """Return why a migration id of this scope belongs to another migration, '' where nothing shows that.

        Two migration names can have one wave id. The full name is in the tags or the description of a job, and in the
        intents and notes in the bucket; the first of them that has one decides. For a server that the caller has given
        the bucket is not read: the server part of its id is made from the full name too.
        """
        if identity not in self._waves and naming.is_id(identity):
            self._waves[identity] = self._other_wave(identity)
        return self._waves.get(identity, "")

    def _other_wave(self, identity: str) -> str:
        verdicts = [
            (
                naming.same_wave(self.migration, JOB.value(job, "tags"), job.get("Description", "")),
                f"SMC job {job['JobId']}",
            )
            for job in self.named_jobs()
            if self.owner(job["Name"]) == identity
        ]
        other = next((what for same, what in verdicts if same is False), "")
        if other:
            return f"the tags or the description of {other} name another migration with the same wave id"
        if identity in self.hosts or any(same for same, _what in verdicts):
            return ""
        try:
            return self._noted_wave(identity)
        except CloudError:
            # The search for objects reports a bucket that cannot be read.
            return ""

    def _noted_wave(self, identity: str) -> str:
        bucket = self.clients.oss(self.bucket)
        for key in self.note_keys().get(identity, []):
            try:
                note = json.loads(bucket.get_text(key) or "{}")
            except ValueError:
                continue
            named = note.get(naming.WAVE_FIELD) if isinstance(note, dict) else None
            if isinstance(named, str):
                same = named == self.migration
                return (
                    "" if same else f"oss://{self.bucket}/{key} names migration {named!r}, which has the same wave id"
                )
        return ""

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
    find: Callable[[Scope], list[Found]]
    before: Callable[[Scope, str], None] | None = None
    """Called right before the delete call: it notes what only this resource refers to, or refuses the deletion."""
    grace: float = 0.0
    """Seconds to wait until SMC releases what it created for a job, before the cleanup deletes it."""
    late: bool = False
    """Whether deleting the kinds before it can create new ones, so that it is listed once more."""
    shared: bool = False
    """Whether it belongs to the migration and to no single server."""
    by_server: bool = False
    """Whether it is found only for servers that the caller names."""

    @property
    def name(self) -> str:
        """The name of the kind in results."""
        return self.resource.name

    @property
    def call(self) -> str:
        """The describe call that proves a deletion."""
        return self.resource.call

    def delete(self, scope: Scope, identity: str) -> None:
        """Request the deletion of one resource."""
        self.resource.delete(
            scope.clients, identity, before=partial(self.before, scope, identity) if self.before else None
        )

    def remaining(self, scope: Scope, ids: Iterable[str]) -> set[str]:
        """Return the ids that the describe call still lists."""
        return self.resource.remaining(scope.clients, ids)
