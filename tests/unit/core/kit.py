# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the core share: servers, policies, errors and small files."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import Driver
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import (
    Policy,
    Requested,
    ResourcesSeen,
    Seen,
    Server,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import Disk
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.error_codes import TABLE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import GIB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import batch
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock, Context, Stage

Row = dict[str, Any]
START = datetime(2026, 11, 24, 8, 0, tzinfo=timezone.utc)
REGION, BUCKET, MIGRATION = "ap-southeast-1", "images", "wave_01"

MUTATING = frozenset(
    {
        "smc.CreateReplicationJob",
        "smc.StartReplicationJob",
        "smc.CutOverReplicationJob",
        "smc.StopReplicationJob",
        "smc.DeleteReplicationJob",
        "smc.DeleteSourceServer",
        "smc.DisableAccessToken",
        "smc.DeleteAccessToken",
        "ecs.ExportImage",
        "ecs.CancelTask",
        "ecs.DeleteImage",
        "ecs.StopInstance",
        "ecs.DeleteInstance",
        "ecs.TagResources",
        "ecs.DeleteDisk",
        "ecs.DeleteSnapshot",
        "ecs.DeleteSecurityGroup",
        "ens.ImportImage",
        "ens.DeleteImage",
        "ens.RunInstances",
        "ens.StartInstance",
        "ens.StopInstance",
        "ens.ReleasePostPaidInstance",
        "ens.TagResources",
        "vpc.CreateVpc",
        "vpc.CreateVSwitch",
        "vpc.DeleteVpc",
        "vpc.DeleteVSwitch",
        "oss.PutText",
        "oss.DeleteKeys",
        "oss.AbortUpload",
    }
)


def server(number: int = 1, disks: Iterable[int] = (20,), **changes: Any) -> Server:
    """Return a server named web-NN with disks of these GiB."""
    values: Row = {
        "migration": MIGRATION,
        "host": f"web-{number:02d}",
        "fingerprint": f"fp-{number:02d}",
        "source_id": f"s-{number:02d}",
        "disks": tuple(Disk(index, size * GIB) for index, size in enumerate(disks)),
    }
    return Server(**{**values, **changes})


def policy(**changes: Any) -> Policy:
    """Return a policy for the fake's region and bucket."""
    return Policy(**{"region": REGION, "bucket": BUCKET, "image_format": "qcow2", **changes})


def context(
    cloud: Any, now: datetime = START, resources: ResourcesSeen | None = None, check_mode: bool = False, **changes: Any
) -> Context:
    """Return what the stages work with, at this time: the fake cloud, and a policy with these changes."""
    clock, of_wave = Clock(now=lambda: now), policy(**changes)
    seen = ResourcesSeen() if resources is None else resources
    return Context(cloud, of_wave, Driver(cloud, BUCKET, MIGRATION, restart=False), clock, check_mode, seen)


def requested(left: float, identity: str = "") -> Requested:
    """Return a call whose result may still appear for so many seconds."""
    return Requested(START + timedelta(seconds=left), identity)


def perform(stage: Stage, given: Context, item: Server, seen: Seen, action: str) -> str:
    """Make one call of a stage as the fleet does: the server claimed, the call announced before and recorded after.
    Return why it is held, or ''."""
    given.driver.own([item.id])
    ((_act, outcome),) = batch.perform(given, [batch.Act(stage, item, seen, action)])
    if outcome.error:
        raise outcome.error
    return outcome.held


def codes(retry: bool) -> list[str]:
    """Return the error codes that a retry can cure, or those for which there is no automatic cure."""
    rows = [row for row in TABLE if (row.retry if retry else not row.automatic)]
    return [code.replace("*", "") for row in rows for code in row.codes]


def refused(code: str, retryable: bool = False, http_status: int | None = None) -> CloudError:
    """Return an error as the transport raises it: a retryable one that is no Throttling may have had its effect."""
    return CloudError("the.call", code, "as the test ordered", "req-1", http_status, retryable, hint="")


def lost() -> CloudError:
    """Return the error of an answer that never came: the call may have had its effect."""
    return refused("Connection.Lost", retryable=True)


def qcow2(gib: int, magic: bytes = b"QFI\xfb") -> bytes:
    """Return a qcow2 file of this virtual size without content: header, refcount table, refcounts, L1 table, each in
    a cluster of 512 bytes."""
    header = magic + struct.pack(">IQIIQIIQQIIQ", 2, 0, 0, 9, gib * GIB, 0, 1, 1536, 512, 1, 0, 0)
    table, counts = struct.pack(">Q", 1024), struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(512, b"\0") for part in (header, table, counts, b""))


def stamp(when: datetime) -> str:
    """Return a time as the services write it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Fault:
    """An error for the next ``times`` calls, raised before the call's effect or after it."""

    error: CloudError
    after: bool
    times: int
    only: str
