# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Server Migration Center 2019-06-01: one method per action. Dicts carry the API's own names (facts 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import smc as tables

from .paging import asked, by_number, chunks, count, one, rows_of, together
from .pool import Pool

if TYPE_CHECKING:
    from .transport import Call

Row = dict[str, Any]

_LISTS = {"ReplicationJobs": tables.JOB, "SourceServers": tables.SOURCE}


class SmcApi:
    """The SMC actions that a migration needs: at most 50 ids per call. An empty list of ids asks nothing."""

    def __init__(self, call: Call, pool: Pool | None = None) -> None:
        self._call = call
        self._pool = pool or Pool()

    def describe_source_servers(
        self,
        source_ids: Iterable[str] | None = None,
        name: str | None = None,
        state: str | None = None,
        tags: Iterable[Mapping[str, str]] | None = None,
    ) -> list[Row]:
        """Returns the sources that match all filters given. Names are not unique: callers compare ids (trap 13)."""
        filters = {"Name": name, "State": state, "Tags": list(tags) if tags else None}
        if source_ids is None:
            return self._sources(filters)
        return self._by_ids(self._sources, filters, "SourceIds", source_ids)

    def _sources(self, params: Row) -> list[Row]:
        return by_number(self._call, tables.SOURCE, params, self._pool)

    def describe_replication_jobs(
        self,
        job_ids: Iterable[str] | None = None,
        source_ids: Iterable[str] | None = None,
        name: str | None = None,
        status: str | None = None,
    ) -> list[Row]:
        """Returns the jobs of our region (RegionId filters, trap 2) that match; give one list of ids at most."""
        filters: Row = {"Name": name, "Status": status}
        if job_ids is not None:
            return self._by_ids(self._jobs, filters, "JobIds", job_ids)
        if source_ids is not None:
            return self._by_ids(self._jobs, filters, "SourceIds", source_ids)
        return self._jobs(filters)

    def _by_ids(self, ask: Callable[[Row], list[Row]], filters: Row, name: str, ids: Iterable[str]) -> list[Row]:
        """Returns the rows with these ids, which are asked for in several calls at the same time."""
        return together(self._pool, lambda some: asked(ask({**filters, name: some}), name.removesuffix("s"), some), ids)

    def _jobs(self, params: Row) -> list[Row]:
        return by_number(self._call, tables.JOB, params, self._pool)

    def count(self, kind: str) -> int:
        """Returns how many "ReplicationJobs" (of our region, trap 2) or "SourceServers" there are, by one call."""
        return count(self._call, _LISTS[kind])

    def create_replication_job(self, params: Mapping[str, Any], client_token: str) -> Row:
        """Returns the answer with JobId. The token (at most 64 ASCII characters) makes it repeatable (facts 1.1)."""
        return one(self._call, tables.NEW_JOB, {**params, "ClientToken": client_token})

    def start_replication_job(self, job_id: str) -> None:
        """Starts or retries a job that is Ready, Stopped or InError (facts 1.2)."""
        self._call("StartReplicationJob", {"JobId": job_id})

    def cut_over_replication_job(self, job_id: str) -> None:
        """Ends an incremental job that is Waiting, after a last run (facts 1.2)."""
        self._call("CutOverReplicationJob", {"JobId": job_id, "SyncData": True})

    def stop_replication_job(self, job_id: str) -> None:
        """Stops a job that is Running and Syncing (facts 1.2)."""
        self._call("StopReplicationJob", {"JobId": job_id})

    def delete_replication_job(self, job_id: str) -> None:
        """Deletes a job that is not Running; its intermediate resources are released by SMC (facts 1.2)."""
        self._call("DeleteReplicationJob", {"JobId": job_id}, repeatable=True)

    def delete_source_server(self, source_id: str, force: bool = False) -> None:
        """Deletes a source; ``force`` also its job, unless it is Running, and that job's resources (facts 1.2)."""
        self._call("DeleteSourceServer", {"SourceId": source_id, "Force": force}, repeatable=True)

    def modify_source_server_attribute(
        self, source_id: str, name: str | None = None, description: str | None = None
    ) -> None:
        """Changes the name or description of a source; what is None stays (facts 1.2)."""
        self._call(
            "ModifySourceServerAttribute",
            {"SourceId": source_id, "Name": name, "Description": description},
            repeatable=True,
        )

    def tag_sources(self, source_ids: Iterable[str], tags: Mapping[str, str]) -> None:
        """Adds tags to sources, 50 ids per call (facts 1.2)."""
        rows = [{"Key": key, "Value": value} for key, value in tags.items()]
        for ids in chunks(source_ids):
            params = {"ResourceType": "sourceserver", "ResourceIds": ids, "Tags": rows}
            self._call("TagResources", params, repeatable=True)

    def create_access_token(self, name: str, description: str | None, count: int, ttl_days: int) -> Row:
        """Returns AccessTokenId and AccessTokenCode, shown this once (facts 1.6). Not repeatable (law 2)."""
        # Both numbers are strings in this API (facts 1.2).
        params = {"Name": name, "Description": description, "Count": str(count), "TimeToLiveInDays": str(ttl_days)}
        return one(self._call, tables.NEW_ACCESS_TOKEN, params, repeatable=False)

    def list_access_tokens(self, name: str | None = None) -> list[Row]:
        """Returns the tokens, numbers as strings; the action does not page (trap 14). Callers compare names."""
        return rows_of(self._call, tables.ACCESS_TOKEN, {"Name": name})

    def disable_access_token(self, token_id: str) -> None:
        """Makes a token useless; sources that are registered already are not affected (facts 1.2)."""
        self._call("DisableAccessToken", {"AccessTokenId": token_id}, repeatable=True)

    def delete_access_token(self, token_id: str) -> None:
        """Deletes a token."""
        self._call("DeleteAccessToken", {"AccessTokenId": token_id}, repeatable=True)
