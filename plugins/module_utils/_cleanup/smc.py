# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover resources in SMC: replication jobs, sources, activation codes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming, states

from . import ecs
from .scope import Found, Kind, Scope, busy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock


def quiet(scope: Scope, clock: Clock, deadline: float, interval: float) -> int:
    """Stop the Running jobs of this scope and wait until none is Running; return how many were stopped. A running job
    creates instances and images while the cleanup lists them. A job that cannot be stopped is not waited for: its
    deletion reports the reason."""
    stopped: set[str] = set()
    refused: set[str] = set()
    while True:
        running = [job for job in scope.jobs() if job.get("Status") == "Running" and job["JobId"] not in refused]
        for job in running:
            if job.get("BusinessStatus") == "Syncing":
                try:
                    _stop(scope, job["JobId"])
                    stopped.add(job["JobId"])
                except CloudError:
                    refused.add(job["JobId"])
        if not running or clock.monotonic() + interval > deadline:
            return len(stopped)
        clock.sleep(interval)
        scope.look()


def _stop(scope: Scope, identity: str) -> None:
    """Stop a job. A job that has left Syncing can no longer be stopped; that is no error."""
    try:
        scope.clients.smc.stop_replication_job(identity)
    except CloudError as error:
        if not error.code.startswith("ReplicationJob.Invalid") and not error.retryable:
            raise


def _find_jobs(scope: Scope) -> list[Found]:
    rows = scope.named_jobs()
    return [Found(job["JobId"], scope.owner(job["Name"]) or "", job.get("CreationTime", "")) for job in rows]


def _delete_job(scope: Scope, identity: str) -> None:
    for job in scope.clients.smc.describe_replication_jobs(job_ids=[identity]):
        if job["Status"] == "Running" and job.get("BusinessStatus") == "Syncing":
            # Only a Syncing job can be stopped, and a Running one cannot be deleted (facts 1.2).
            _stop(scope, identity)
            raise busy("smc.DeleteReplicationJob", f"job {identity} is being stopped")
        if job["Status"] == "Running":
            raise busy("smc.DeleteReplicationJob", f"job {identity} is {job.get('BusinessStatus') or 'Running'}")
        if job["Status"] in states.JOB_DELETABLE:
            _note(scope, job)
            scope.clients.smc.delete_replication_job(identity)


def _note(scope: Scope, job: Row) -> None:
    """Note the job's instance. When that fails, the job is deleted nevertheless: SMC then releases the instance, which
    is what costs."""
    with suppress(CloudError):
        ecs.note_instance(scope, job)


def _remaining_jobs(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {job["JobId"] for job in scope.clients.smc.describe_replication_jobs(job_ids=list(ids))}


def _find_sources(scope: Scope) -> list[Found]:
    owners = {source: owner for source, owner in scope.source_ids.items() if scope.admits(owner)}
    owners.update({job["SourceId"]: scope.owner(job["Name"]) or "" for job in scope.jobs()})
    # A source whose client this collection did not install is not deleted (law 7).
    wanted = [source for source in owners if source not in scope.keep_sources]
    if not (wanted and scope.delete_sources):
        return []
    shown = scope.clients.smc.describe_source_servers(source_ids=wanted)
    return [Found(row["SourceId"], owners[row["SourceId"]], row.get("CreationTime", "")) for row in shown]


def _delete_source(scope: Scope, identity: str) -> None:
    scope.clients.smc.delete_source_server(identity)


def _remaining_sources(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {row["SourceId"] for row in scope.clients.smc.describe_source_servers(source_ids=list(ids))}


def _find_tokens(scope: Scope) -> list[Found]:
    if not scope.whole:
        return []
    wave = naming.wave_id(scope.migration)
    name = naming.token_name(scope.migration)
    found = []
    for row in scope.clients.smc.list_access_tokens(name=name):
        if row.get("Name") == name:
            same = naming.same_wave(scope.migration, {}, row.get("Description") or "")
            foreign = f"its description is {row['Description']!r}" if same is False else ""
            found.append(Found(row["AccessTokenId"], wave, row.get("CreationTime", ""), foreign=foreign))
    return found


def _delete_token(scope: Scope, identity: str) -> None:
    with suppress(CloudError):
        # It is not documented whether an expired code can be disabled. Only the deletion counts.
        scope.clients.smc.disable_access_token(identity)
    scope.clients.smc.delete_access_token(identity)


def _remaining_tokens(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {item.id for item in _find_tokens(scope)} & set(ids)


JOB = Kind("smc_job", "smc.DescribeReplicationJobs", _find_jobs, _delete_job, _remaining_jobs)
SOURCE = Kind("smc_source", "smc.DescribeSourceServers", _find_sources, _delete_source, _remaining_sources)
ACCESS_TOKEN = Kind("smc_access_token", "smc.ListAccessTokens", _find_tokens, _delete_token, _remaining_tokens)
