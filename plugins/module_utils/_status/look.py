# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""One look at a whole migration: the lists of the services and the ledger. It writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import ended, store_of
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.session import Stopped
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from . import rows

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def look(clients: Clients, bucket: str, migration: str) -> tuple[rows.Listed, str]:
    """Return what the services list, and why no run continues the migration ('' where one may).

    SMC and ENS list page by page, 50 rows at a time; ECS is asked only for the exports that are not imported yet.
    """
    store = store_of(clients, bucket, migration)
    stopped = ""
    try:
        store.run(store.session.look())
    except Stopped as error:
        stopped = ended(migration, error).message
    jobs, images = clients.smc.describe_replication_jobs(), clients.ens.describe_self_images()
    wave_tag = [{"Key": naming.WAVE_TAG, "Value": migration[: naming.TAG_VALUE_LENGTH]}]
    sources = clients.smc.describe_source_servers(tags=wave_tag)
    copied = rows.copied(migration, jobs, images)
    tasks = clients.ecs.describe_tasks(action="ExportImage", resource_ids=copied) if copied else []
    state = store.session.state
    return rows.Listed(sources, jobs, tasks, images, state if state.ledger else None), stopped
