# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""One implementation per kind of resource: how it is listed, deleted, and known to be gone.

The modules that manage a single resource and the cleanup of a migration use the same objects, so a deletion survives
the same failures in both. The files are named after the services, like those of ``_api``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, is_gone

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row


@dataclass(frozen=True)
class Resource:
    """One kind of resource.

    ``rows`` lists those of the given ids that exist, by the describe call ``call``; ``key`` is the field of the id.
    ``send`` makes the delete call, ``send_all`` one for many ids. ``look`` returns by id what ``ready`` needs to know,
    with one describe call for many ids. ``ready`` prepares the delete call: it returns False when nothing is to be
    deleted, and raises `busy` while the deletion is not possible. ``deleting`` returns whether a row shows that a
    deletion has begun.
    """

    name: str
    call: str
    key: str
    rows: Callable[[Clients, Iterable[str]], Iterable[Row]]
    send: Callable[..., None]
    look: Callable[[Clients, Iterable[str]], dict[str, Any]] | None = None
    ready: Callable[[Clients, str, Any], bool] | None = None
    send_all: Callable[[Clients, Iterable[str]], None] | None = None
    deleting: Callable[[Row], bool] | None = None

    def find(self, clients: Clients, identity: str) -> Row | None:
        """Return the row of the resource with exactly this id, None when it does not exist."""
        return next((row for row in self.rows(clients, [identity]) if row.get(self.key) == identity), None)

    def remaining(self, clients: Clients, ids: Iterable[str]) -> set[str]:
        """Return those of the ids that the describe call still lists."""
        wanted = set(ids)
        return {row[self.key] for row in self.rows(clients, sorted(wanted)) if row.get(self.key) in wanted}

    def delete(
        self,
        clients: Clients,
        identity: str,
        before: Callable[[], None] | None = None,
        looked: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Request the deletion of one resource. ``looked`` is what ``look`` has returned. ``before`` is called
        when only the delete call is missing; when it raises, nothing is deleted.

        A refusal is an error only while the resource is listed and not being deleted: after a lost answer the repeated
        call fails because the first one succeeded, and not every service documents the code of "does not exist".
        """
        if self.look and self.ready:
            known = self.look(clients, [identity]) if looked is None else looked
            if not self.ready(clients, identity, known.get(identity)):
                return
        if before is not None:
            before()
        try:
            self.send(clients, identity, **options)
        except CloudError as error:
            if not is_gone(error.code) and self._still_there(clients, identity, error):
                raise

    def _still_there(self, clients: Clients, identity: str, refusal: CloudError) -> bool:
        try:
            row = self.find(clients, identity)
        except CloudError:
            # The refusal is the more useful error.
            raise refusal from None
        return row is not None and not (self.deleting is not None and self.deleting(row))


BUSY = "Busy"
"""The code of that error."""


def busy(action: str, text: str) -> CloudError:
    """Return the error for a deletion that is not possible yet."""
    return CloudError(action, BUSY, text, retryable=True)
