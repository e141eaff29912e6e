# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Resources of SMC: replication jobs, sources, activation codes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming, states

from .resource import Resource, busy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts


def _jobs(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [*clients.smc.describe_replication_jobs(job_ids=list(ids))]


def stop_job(clients: Clients, identity: str) -> None:
    """Stop a job. A job that has left Syncing can no longer be stopped; that is no error."""
    try:
        clients.smc.stop_replication_job(identity)
    except CloudError as error:
        if not error.code.startswith("ReplicationJob.Invalid") and not error.retryable:
            raise


def _look_at_jobs(clients: Clients, ids: Iterable[str]) -> dict[str, Row]:
    return {row["JobId"]: row for row in _jobs(clients, ids)}


def _ready_job(clients: Clients, identity: str, job: Row | None) -> bool:
    """Stop a job that is Syncing. Only a Syncing job can be stopped, and a Running one cannot be deleted (facts
    1.2)."""
    if job is None:
        return False
    if job["Status"] == "Running" and job.get("BusinessStatus") == "Syncing":
        stop_job(clients, identity)
        raise busy("smc.DeleteReplicationJob", f"job {identity} is being stopped")
    if job["Status"] == "Running":
        raise busy("smc.DeleteReplicationJob", f"job {identity} is {job.get('BusinessStatus') or 'Running'}")
    return job["Status"] in states.JOB_DELETABLE


def _send_job(clients: Clients, identity: str) -> None:
    clients.smc.delete_replication_job(identity)


def _deleting_job(row: Row) -> bool:
    return row.get("Status") == "Deleting"


def _sources(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [*clients.smc.describe_source_servers(source_ids=list(ids))]


def _send_source(clients: Clients, identity: str, force: bool = False) -> None:
    """``force`` also deletes the source's job, unless it is Running (facts 1.2)."""
    clients.smc.delete_source_server(identity, force=force)


def _deleting_source(row: Row) -> bool:
    return row.get("State") == "Deleting"


def _tokens(clients: Clients, ids: Iterable[str]) -> list[Row]:
    wanted = set(ids)
    return [row for row in clients.smc.list_access_tokens() if row.get("AccessTokenId") in wanted]


def _send_token(clients: Clients, identity: str) -> None:
    """Disable the activation code, so that it is useless at once, and delete it. It is not documented whether an
    expired code can be disabled, so only the deletion decides."""
    with suppress(CloudError):
        clients.smc.disable_access_token(identity)
    clients.smc.delete_access_token(identity)


def named_tokens(clients: Clients, name: str) -> list[Row]:
    """Return the activation codes with exactly this name."""
    return [row for row in clients.smc.list_access_tokens(name) if row.get("Name") == name]


def migration_tokens(clients: Clients, name: str, migration: str | None) -> list[Row]:
    """Return the tokens with exactly this name, and the description of this migration if there is one. A token of
    another migration with the same wave id has the same name."""
    expected = None if migration is None else naming.description(migration)
    return [row for row in named_tokens(clients, name) if expected in (None, row.get("Description"))]


def usable_token(token: Facts) -> bool:
    """Return whether a source can still register with an activation code: it is active and not used up (facts 1.6)."""
    most = token["count"] or limits.TOKEN_COUNT[1]
    return bool(token["status"] == "activated" and token["registered_count"] < most)


JOB = Resource(
    "smc_job",
    "smc.DescribeReplicationJobs",
    "JobId",
    _jobs,
    _send_job,
    look=_look_at_jobs,
    ready=_ready_job,
    deleting=_deleting_job,
)
SOURCE = Resource(
    "smc_source", "smc.DescribeSourceServers", "SourceId", _sources, _send_source, deleting=_deleting_source
)
ACCESS_TOKEN = Resource("smc_access_token", "smc.ListAccessTokens", "AccessTokenId", _tokens, _send_token)
