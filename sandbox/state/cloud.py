# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one local cloud, and the few operations on it that every package shares. It imports no behaviour:
the package ``sandbox.server`` puts the engine, the fault rules and the state file beside it.

* ``clock.now()`` is virtual time (aware UTC datetime), ``clock.time()`` the same as epoch seconds: rows store epoch
  seconds. The skew of request dates is compared with real time, never with this clock.
* ``object_stored`` after every put, ``object_removed`` after every delete, ``part_stored`` with the upload's total size
  after each part and ``part_removed`` after complete or abort tell the meter what is billed.
* ``work`` runs background work; files belong below ``root``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.bytes.disks import DiskStore
from sandbox.bytes.receiver import Receivers
from sandbox.contracts.errors import ServiceError, error
from sandbox.guests.hypervisor import Guests
from sandbox.world.schema import World

from .buckets import Buckets
from .clock import VirtualClock, iso
from .credentials import Credentials
from .draws import Draws
from .meter import GIB, Meter
from .nonces import Nonces
from .owners import owner_of
from .request_log import RequestLog
from .tables import Row, Tables
from .work import Work


@dataclass
class Cloud:
    """The state of one account: tables, clock, meter, request log and the byte stores."""

    settings: World
    root: Path
    disk_store: DiskStore
    receivers: Receivers
    buckets: Buckets
    endpoint: str = ""
    agent_bundle: dict[str, str] = field(default_factory=dict)
    rate_card: Path | None = None
    origin: World | None = None
    guests: Guests | None = None

    def __post_init__(self) -> None:
        self.origin = self.origin or self.settings
        self.draws = Draws(self.settings.seed)
        self.clock = VirtualClock(self.settings.start, self.settings.rate)
        self.buckets.now = self.clock.time
        self.tables = Tables(self.clock.time)
        self.meter = Meter(self.clock, self.rate_card, self.tables.table("ledger"), partial(owner_of, self.tables))
        self.requests = RequestLog()
        self.nonces = Nonces()
        self.work = Work()
        self.tokens = self.tables.table("tokens")
        self.sources = self.tables.table("sources")
        self.jobs = self.tables.table("jobs")
        self.instances = self.tables.table("instances")
        self.disks = self.tables.table("disks")
        self.snapshots = self.tables.table("snapshots")
        self.images = self.tables.table("images")
        self.tasks = self.tables.table("tasks")
        self.exports = self.tables.table("exports")
        self.security_groups = self.tables.table("security_groups")
        self.vpcs = self.tables.table("vpcs")
        self.vswitches = self.tables.table("vswitches")
        self.ens_images = self.tables.table("ens_images")
        self.ens_instances = self.tables.table("ens_instances")
        self.client_tokens = self.tables.table("client_tokens")
        self.failures = self.tables.table("failures")
        self.credentials = Credentials(self.tables.table("credentials"))

    def new_id(self, prefix: str, length: int = 20, of: str = "") -> str:
        """Return a new id, such as ``j-`` and 20 characters, generated from the seed and from the parent id ``of``."""
        return prefix + self.draws.text(length, "id", prefix, of)

    def request_id(self) -> str:
        """Return a RequestId in the vendor's form: an upper-case UUID."""
        return self.draws.uuid("request")

    def error(self, code: str, message: str | None = None, status: int | None = None) -> ServiceError:
        """Return the error with this code, to be raised."""
        return error(code, message, status)

    def expired(self, credential: Row) -> bool:
        """Return True when a temporary credential has expired on the virtual clock."""
        return credential["expires"] is not None and credential["expires"] <= self.clock.time()

    def log(
        self, product: str, action: str, params: Mapping[str, Any], status: int, code: str = "", result: Any = None
    ) -> None:
        """Note one request in the log; secrets are scrubbed there."""
        self.requests.add(iso(self.clock.time()), product, action, params, status, code, result)

    def object_stored(self, bucket: str, key: str, size: int) -> None:
        """Bill an object of ``size`` bytes from now on, each version separately; an empty object costs nothing."""
        self._bill("oss_object", f"{bucket}/{self.buckets.billed_name(bucket, key)}", size)

    def object_removed(self, bucket: str, key: str) -> None:
        """Stop billing an object."""
        self.meter.stop("oss_object", f"{bucket}/{key}")

    def part_stored(self, bucket: str, key: str, upload_id: str, size: int) -> None:
        """Bill an open multipart upload that contains ``size`` bytes in all its parts."""
        self._bill("oss_part", f"{bucket}/{key}?uploadId={upload_id}", size)

    def part_removed(self, bucket: str, key: str, upload_id: str) -> None:
        """Stop billing a multipart upload that was completed or aborted."""
        self.meter.stop("oss_part", f"{bucket}/{key}?uploadId={upload_id}")

    def _bill(self, kind: str, resource_id: str, size: int) -> None:
        if size > 0:
            self.meter.start(kind, resource_id, size / GIB)
        else:
            self.meter.stop(kind, resource_id)
