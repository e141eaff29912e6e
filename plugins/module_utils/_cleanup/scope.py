# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a cleanup may look at, and what a kind of leftover is.

Only what carries a migration id, or hangs on something that does, is ever found (laws 1 and 7 of the design).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row

Answer = TypeVar("Answer")


@dataclass
class Scope:
    """What a cleanup may look at: one migration, of it some servers (all when ``identities`` is None)."""

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
    """The ids of what this cleanup could not remove."""
    unseen: set[str] = field(default_factory=set)
    """The kinds that this cleanup could not look for."""
    _cache: dict[str, Any] = field(default_factory=dict)

    def look(self) -> None:
        """Forget what was listed, so that the next question is asked of the cloud again."""
        self._cache.clear()

    def once(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, which is asked once per look."""
        if what not in self._cache:
            self._cache[what] = ask()
        answer: Answer = self._cache[what]
        return answer

    def jobs(self) -> list[Row]:
        """Return the replication jobs of this scope."""

        def ask() -> list[Row]:
            shown = self.clients.smc.describe_replication_jobs()
            return [job for job in shown if job.get("JobId") and self.owner(job.get("Name", ""))]

        return self.once("jobs", ask)

    def images(self) -> list[tuple[Row, str]]:
        """Return the ECS images of this scope, each with the migration id that it belongs to."""

        def ask() -> list[tuple[Row, str]]:
            by_job = {job["ImageId"]: self.owner(job["Name"]) for job in self.jobs() if job.get("ImageId")}
            shown = [
                (image, by_job.get(image["ImageId"]) or self.owner(image.get("ImageName", "")))
                for image in self.clients.ecs.describe_images()
                if image.get("ImageId")
            ]
            return [(image, owner) for image, owner in shown if owner]

        return self.once("images", ask)

    def owner(self, name: str) -> str | None:
        """Return the migration id in ``name`` when it belongs to this scope."""
        return self.admits(naming.owner_of(name))

    def admits(self, identity: str | None) -> str | None:
        """Return ``identity`` when it belongs to this scope."""
        if identity is None or not naming.is_id(identity) or not identity.startswith(naming.wave_id(self.migration)):
            return None
        return identity if self.identities is None or identity in self.identities else None

    def prefixes(self) -> list[str]:
        """Return the beginnings of every migration id in this scope."""
        return sorted(self.identities) if self.identities is not None else [naming.wave_id(self.migration)]

    @property
    def whole(self) -> bool:
        """Return whether what the servers of the migration share is in scope too."""
        return self.identities is None


@dataclass(frozen=True)
class Found:
    """One thing found: its id, the migration id it belongs to, when it was made, why it may not be deleted now, and
    whether SMC releases it by itself once its job is deleted."""

    id: str
    identity: str
    created: str = ""
    busy: str = ""
    released: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of thing: ``find`` lists what is there, ``delete`` asks for its removal (raising while it is busy),
    ``remaining`` says which ids a describe call still shows, ``call`` names that describe call."""

    name: str
    call: str
    find: Callable[[Scope], list[Found]]
    delete: Callable[[Scope, str], None]
    remaining: Callable[[Scope, Iterable[str]], set[str]]
    grace: float = 0.0
    """Seconds that SMC is given to release what it made for a job, before that is deleted by hand."""
    late: bool = False
    """Whether the deletion of the kinds before it can make new ones, so that it is looked for once more."""


def busy(action: str, text: str) -> CloudError:
    """Return the error that says: not yet, ask again."""
    return CloudError(action, "Busy", text, retryable=True)
