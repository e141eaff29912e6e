# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Hosts that cannot be reached. One whose copy is finished continues: export and import need nothing of a source.

Without a probe a host has no fingerprint, so its migration id is not known. The tags of its replication job have both
the id and the inventory name. A host with several ids was another machine before: it waits until it can be reached.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import proof
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import Disk
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import job_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row


@dataclass(frozen=True)
class Away:
    """A host that cannot be reached: the server that continues without it, or why it does not."""

    host: str
    identity: str = ""
    server: Server | None = None
    state: str = ""

    def row(self) -> dict[str, Any]:
        """Return what the result tells of a host that does not continue."""
        return {"host": self.host, "migration_id": self.identity, "state": self.state}


def look(clients: Clients, migration: str, entries: Sequence[Mapping[str, Any]]) -> list[Away]:
    """Return what SMC and ENS show of these hosts, by a list of each; nothing is asked where there is no such host."""
    if not entries:
        return []
    jobs, images = clients.smc.describe_replication_jobs(), clients.ens.describe_self_images()
    return [judge(migration, entry, jobs, images) for entry in entries]


def judge(migration: str, entry: Mapping[str, Any], jobs: Iterable[Row], images: Iterable[Row] = ()) -> Away:
    """Return whether a host continues without being reached."""
    host, fingerprint = str(entry["host"]), str(entry.get("fingerprint") or "")
    if len(host) > naming.TAG_VALUE_LENGTH:
        return Away(host, state=f"its name has more than the {naming.TAG_VALUE_LENGTH} characters of a tag")
    found = [job for job in jobs if _is_of(migration, host, job)]
    ids = sorted({JOB.value(job, "tags")[naming.SERVER_TAG] for job in found})
    if fingerprint:
        known = naming.migration_id(migration, host, fingerprint)
        ids = [identity for identity in ids if identity == known]
    if not ids:
        named = [image for image in images if _is_named(migration, entry, image.get("ImageName") or "")]
        done = "".join(f"; ENS has image {image['ImageId']} ({image['ImageName']}) of it" for image in named)
        return Away(host, state=f"SMC has no job of this host{done}")
    if len(ids) > 1:
        told = f"several machines had this inventory name ({', '.join(ids)}): only a probe shows which of them it is"
        return Away(host, state=told)
    (identity,) = ids
    finished = [job for job in found if job.get("Status") == "Finished" and job.get("ImageId")]
    mine = [job for job in finished if JOB.value(job, "tags")[naming.SERVER_TAG] == identity]
    if len(mine) != 1:
        told = ", ".join(f"job {job['JobId']} is {job.get('Status')}" for job in found)
        return Away(host, identity, state=f"{told}: its copy needs the host")
    return Away(host, identity, _server(migration, entry, identity, mine[0]))


def _is_of(migration: str, host: str, job: Row) -> bool:
    """Return whether a job is proven to be that of a server of this migration with this inventory name."""
    tags = JOB.value(job, "tags")
    identity = naming.owned_by(migration, job.get("Name", ""))
    return (
        bool(job.get("JobId"))
        and tags.get(naming.HOST_TAG) == host
        and bool(identity)
        and not proof.job_doubt(migration, identity, job)
    )


def _is_named(migration: str, entry: Mapping[str, Any], name: str) -> bool:
    """Return whether an image has a name that this migration gives for this inventory name. That is told to the user,
    and decides nothing."""
    identity = naming.owned_by(migration, name)
    base = str(entry.get("image_name") or entry["host"])
    return bool(identity) and name == naming.resource_name(base, identity)


def _server(migration: str, entry: Mapping[str, Any], identity: str, job: Row) -> Server:
    server = Server(
        migration=migration,
        host=str(entry["host"]),
        fingerprint="",
        source_id=str(job.get("SourceId") or ""),
        base_name=str(entry.get("image_name") or ""),
        known_id=identity,
    )
    sizes = job_spec.sizes(server, job)
    return replace(server, disks=tuple(Disk(index, size) for index, size in enumerate(sizes)))
