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
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import smc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import (
    ACCESS_TOKEN as ACCESS_TOKEN_ROW,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from . import ecs
from .scope import Found, Kind, Scope

if TYPE_CHECKING:
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
                    smc.stop_job(scope.clients, job["JobId"])
                    stopped.add(job["JobId"])
                except CloudError:
                    refused.add(job["JobId"])
        if not running or clock.monotonic() + interval > deadline:
            return len(stopped)
        clock.sleep(interval)
        scope.look()


def _find_jobs(scope: Scope) -> list[Found]:
    rows = scope.named_jobs()
    return [Found(job["JobId"], scope.owner(job["Name"]) or "", job.get("CreationTime", "")) for job in rows]


def _note_job(scope: Scope, identity: str) -> None:
    """Note the instance of a job. When that fails, the job is deleted nevertheless: SMC then releases the instance,
    which is what costs."""
    with suppress(CloudError):
        for job in scope.jobs():
            if job["JobId"] == identity:
                ecs.note_instance(scope, job)


def _find_sources(scope: Scope) -> list[Found]:
    owners = {source: owner for source, owner in scope.source_ids.items() if scope.admits(owner)}
    owners.update({job["SourceId"]: scope.owner(job["Name"]) or "" for job in scope.jobs()})
    # A source whose client this collection did not install is not deleted (law 7).
    wanted = [source for source in owners if source not in scope.keep_sources]
    if not (wanted and scope.delete_sources):
        return []
    shown = scope.clients.smc.describe_source_servers(source_ids=wanted)
    return [Found(row["SourceId"], owners[row["SourceId"]], row.get("CreationTime", "")) for row in shown]


def _find_tokens(scope: Scope) -> list[Found]:
    """Return the activation codes of the migration; for some servers of it only those that no run can be using."""
    wave = naming.wave_id(scope.migration)
    rows = smc.named_tokens(scope.clients, naming.token_name(scope.migration))
    if not scope.whole:
        rows = [row for row in rows if not smc.usable_token(ACCESS_TOKEN_ROW.facts(row))]
    return [
        Found(row["AccessTokenId"], wave, row.get("CreationTime", ""), foreign=smc.other_wave(scope.migration, row))
        for row in rows
    ]


JOB = Kind(smc.JOB, _find_jobs, before=_note_job)
SOURCE = Kind(smc.SOURCE, _find_sources, by_server=True)
ACCESS_TOKEN = Kind(smc.ACCESS_TOKEN, _find_tokens, shared=True)
