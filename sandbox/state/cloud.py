# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one local cloud, and the few verbs that every room shares.

For the packages that move bytes (sandbox.oss, sandbox.bytes, sandbox.server.agent_routes):

* ``cloud.clock.now()`` is virtual time (aware UTC datetime), ``cloud.clock.time()`` the same as epoch seconds: rows
  store epoch seconds. Request-date skew is judged on real time, never on this clock.
* ``cloud.credentials.find(access_key_id)`` -> row {id, secret, token, expires, user} or None; ``cloud.expired(row)``.
* ``cloud.object_stored(bucket, key, size)`` after every put, ``cloud.object_removed(bucket, key)`` after every delete,
  ``cloud.part_stored(bucket, key, upload_id, size)`` with the upload's total size after each part, and
  ``cloud.part_removed(bucket, key, upload_id)`` after complete or abort: that is how the meter knows.
* ``cloud.log(product, action, params, status, code, result)`` notes a request.
* ``raise cloud.error(code, message, status)`` (a ServiceError) refuses.
* what an agent may do is in sandbox.services.agents (register, heartbeat).
* ``cloud.disk_store`` (DiskStore), ``cloud.receivers`` (Receivers), ``cloud.buckets`` (Buckets) are theirs;
  ``cloud.work`` runs long async work; files belong under ``cloud.root``. Called here: ``buckets.create_bucket(name,
  region, owner)``, ``buckets.bucket(name)`` -> {"name", "region", "owner", ...} or None, ``buckets.exists(bucket,
  key)``, ``buckets.object_path(bucket, key)``, ``buckets.put_file(bucket, key, path)`` (moves the file),
  ``buckets.open_upload``, ``has_upload``, ``add_part`` and ``end_upload`` for what a service uploads in parts,
  ``buckets.clear()`` (forget all buckets and objects); ``agent_service.setup(app, cloud)`` adds the /_agent/ routes,
  ``agent_service.bundle(cloud)`` -> {"url", "sha256"} builds the client bundle for ``cloud.endpoint``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.contracts.errors import ServiceError, error
from sandbox.faults.rules import Faults
from sandbox.persistence import bucket_rows, fault_rows
from sandbox.persistence.state_file import FORMAT, Database
from sandbox.world.schema import World

from .clock import VirtualClock, iso
from .credentials import Credentials
from .draws import Draws
from .meter import GIB, Meter
from .nonces import Nonces
from .owners import owner_of
from .request_log import RequestLog
from .tables import Row, Store
from .work import Work

if TYPE_CHECKING:
    from sandbox.bytes.disks import DiskStore
    from sandbox.bytes.receiver import Receivers
    from sandbox.lifecycles.agenda import Agenda
    from sandbox.server.invariants import Invariants

    from .buckets import Buckets


@dataclass
class Cloud:
    """One account's world: tables, clock, meter, request log and the byte stores."""

    settings: World
    root: Path
    disk_store: DiskStore
    receivers: Receivers
    buckets: Buckets
    endpoint: str = ""
    agent_bundle: dict[str, str] = field(default_factory=dict)
    rate_card: Path | None = None
    database: Database | None = None
    origin: World | None = None
    agenda: Agenda | None = None
    invariants: Invariants | None = None

    def __post_init__(self) -> None:
        self.origin = self.origin or self.settings
        self._saved_worlds: tuple[World, World | None] | None = None
        self._saved_faults: dict[str, Any] | None = None
        self.draws = Draws(self.settings.seed)
        self.faults = Faults()
        self.clock = VirtualClock(self.settings.start, self.settings.rate)
        self.buckets.now = self.clock.time
        self.store = Store(self.clock.time)
        self.meter = Meter(self.clock, self.rate_card, self.store.table("ledger"), self._owner)
        self.requests = RequestLog()
        self.nonces = Nonces()
        self.work = Work()
        self.tokens = self.store.table("tokens")
        self.sources = self.store.table("sources")
        self.jobs = self.store.table("jobs")
        self.instances = self.store.table("instances")
        self.disks = self.store.table("disks")
        self.snapshots = self.store.table("snapshots")
        self.images = self.store.table("images")
        self.tasks = self.store.table("tasks")
        self.exports = self.store.table("exports")
        self.security_groups = self.store.table("security_groups")
        self.vpcs = self.store.table("vpcs")
        self.vswitches = self.store.table("vswitches")
        self.ens_images = self.store.table("ens_images")
        self.ens_instances = self.store.table("ens_instances")
        self.client_tokens = self.store.table("client_tokens")
        self.failures = self.store.table("failures")
        self.credentials = Credentials(self.store.table("credentials"))

    def rewrite(self) -> None:
        """Write the whole state anew, after a reset or restore: the state file has the old one or the new one."""
        self.store.touch()
        bucket_rows.touch(self.buckets)
        self.requests.touch()
        self._saved_worlds = self._saved_faults = None
        self.save(anew=True)

    def save(self, anew: bool = False) -> None:
        """Write what was changed since the last time to the state file; DatabaseError when that cannot be done.

        What could not be written is kept and tried again with the next change.
        """
        if self.database is None:
            return
        worlds = (self.settings, self.origin)
        meta: dict[str, Any] = {"clock": {"time": self.clock.time(), "rate": self.clock.rate}}
        if self._saved_worlds is None or any(a is not b for a, b in zip(worlds, self._saved_worlds, strict=True)):
            origin = self.origin or self.settings
            meta.update(format=FORMAT, settings=self.settings.model_dump(), origin=origin.model_dump())
        faults = fault_rows.dump(self.faults)
        if faults != self._saved_faults:
            meta["faults"] = faults
        rows = self.store.changes() + bucket_rows.changes(self.buckets)
        self.database.write(rows, meta, self.requests.unsaved, self.store.timeline.unsaved, anew, self.nonces.unsaved)
        self._saved_worlds, self._saved_faults = worlds, faults
        self.store.written()
        self.buckets.changed.clear()
        self.requests.unsaved.clear()
        self.nonces.unsaved.clear()

    def unsaved(self) -> bool:
        """True while there are rows that the state file does not have."""
        return bool(self.store.changes() or self.buckets.changed)

    def new_id(self, prefix: str, length: int = 20, of: str = "") -> str:
        """A fresh id such as ``j-`` and 20 characters, drawn from the seed and what it is made ``of``."""
        return prefix + self.draws.text(length, "id", prefix, of)

    def request_id(self) -> str:
        """A RequestId as the vendor writes it: an upper-case UUID."""
        return self.draws.uuid("request")

    def error(self, code: str, message: str | None = None, status: int | None = None) -> ServiceError:
        """The refusal with this code, to be raised."""
        return error(code, message, status)

    def expired(self, credential: Row) -> bool:
        """True when a temporary credential has ended on the virtual clock."""
        return credential["expires"] is not None and credential["expires"] <= self.clock.time()

    def log(
        self, product: str, action: str, params: Mapping[str, Any], status: int, code: str = "", result: Any = None
    ) -> None:
        """Note one request in the log; secrets are scrubbed there."""
        self.requests.add(iso(self.clock.time()), product, action, params, status, code, result)

    def object_stored(self, bucket: str, key: str, size: int) -> None:
        """Bill an object of ``size`` bytes from now on, each version by itself; an empty object costs nothing."""
        self._bill("oss_object", f"{bucket}/{self.buckets.billed_name(bucket, key)}", size)

    def object_removed(self, bucket: str, key: str) -> None:
        """Stop billing an object."""
        self.meter.stop("oss_object", f"{bucket}/{key}")

    def part_stored(self, bucket: str, key: str, upload_id: str, size: int) -> None:
        """Bill an open multipart upload that holds ``size`` bytes in all its parts."""
        self._bill("oss_part", f"{bucket}/{key}?uploadId={upload_id}", size)

    def part_removed(self, bucket: str, key: str, upload_id: str) -> None:
        """Stop billing a multipart upload that was completed or aborted."""
        self.meter.stop("oss_part", f"{bucket}/{key}?uploadId={upload_id}")

    def _owner(self, kind: str, resource_id: str) -> dict[str, Any]:
        return owner_of(self, kind, resource_id)

    def _bill(self, kind: str, resource_id: str, size: int) -> None:
        if size > 0:
            self.meter.start(kind, resource_id, size / GIB)
        else:
            self.meter.stop(kind, resource_id)
