# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a replication job is asked for, and whether the disks that SMC sees are the server's (pure)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB, SOURCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming, schedule

if TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Seen, Server
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Row, Table


def params(server: Server, seen: Seen, policy: Policy, now: datetime) -> dict[str, Any]:
    """Return the CreateReplicationJob parameters. Sizes are those of the probe in whole GiB, so that what is exported
    and imported later can be compared with them; where the probe has none, what SMC itself reports of the source."""
    source = seen.source or {}
    ours = {disk.index: limits.target_gib(disk.bytes) for disk in server.disks}

    def size(index: int, reported: int) -> int:
        wanted = ours.get(index) or max(reported, limits.DATA_DISK_GIB[0])
        most = limits.SYSTEM_DISK_GIB[1] if index == 0 else limits.MAX_DATA_DISK_GIB
        return max(wanted, min(wanted + seen.enlarged, most))

    # Inside of what SMC takes even where the clocks differ by the 15 minutes at which calls are refused.
    longest = timedelta(days=limits.JOB_VALID_DAYS[1], minutes=-20)
    valid = min(timedelta(days=policy.job_valid_days, minutes=20), longest)
    wanted: dict[str, Any] = {
        "RegionId": policy.region,
        "SourceId": server.source_id,
        "Name": server.job_name,
        "Description": naming.description(server.migration, server.host),
        "TargetType": "Image",
        "ImageName": server.image_name,
        "SystemDiskSize": size(0, SOURCE.value(source, "system_disk_size")),
        "DataDisks": [
            {"Index": disk["index"], "Size": size(disk["index"], disk["size"])}
            for disk in _data_disks(SOURCE, source)
            if disk["index"]
        ],
        "NetMode": policy.net_mode,
        "RunOnce": policy.run_once,
        "ValidTime": stamp(now + valid),
        "Tags": naming.tags(server.migration, server.host, server.id),
    }
    optional: dict[str, Any] = {
        "VpcId": policy.vpc_id,
        "VSwitchId": policy.vswitch_id,
        "ReplicationParameters": _replication(policy.replication_parameters, seen.limit),
    }
    if not policy.run_once:
        optional.update(Frequency=policy.sync_hours, MaxNumberOfImageToKeep=policy.images_to_keep)
    wanted.update({key: value for key, value in optional.items() if value})
    return {**wanted, **policy.job_parameters}


def _replication(chosen: str, share: float) -> str:
    """Return the parameters of the copy: those that the user has chosen, and its share of the uplink of the site where
    that is less."""
    if not share:
        return chosen
    wanted: dict[str, Any] = json.loads(chosen) if chosen else {}
    own, most = int(wanted.get("bandwidth_limit") or 0), schedule.limit_kilobytes(share)
    return json.dumps({**wanted, "bandwidth_limit": min(own or most, most)})


def _data_disks(table: Table, row: Row) -> list[dict[str, Any]]:
    """Return the data disks of a source or job by index."""
    return sorted(table.value(row, "data_disks"), key=lambda disk: int(disk["index"]))


def _sizes(table: Table, row: Row) -> list[int]:
    """Return the sizes in GiB that SMC gives for the disks of a source or job, the system disk first."""
    return [table.value(row, "system_disk_size"), *(disk["size"] for disk in _data_disks(table, row))]


def disk_problem(server: Server, source: Row) -> str:
    """Return why the disks that SMC sees are not those that the probe expects it to transfer, or ''.

    An image with other disks would be refused only hours later, after the export. Sizes may differ by rounding, or by
    a GB of 10^9 bytes.
    """
    sizes = _sizes(SOURCE, source)
    if not server.disks:
        return "" if sizes[0] else f"SMC knows no disk size of source {server.source_id}: give the disks of the server"
    if len(sizes) != len(server.disks):
        return (
            f"SMC sees {len(sizes)} disks of source {server.source_id}, the probe expects {len(server.disks)} "
            "(the system disk, and data disks with a mounted file system). Compare the disks of the "
            "source in the SMC console with the preflight report, mount what is to be migrated, run the preflight "
            "again, and restart the SMC client"
        )
    for size, disk in zip(sizes, server.disks, strict=True):
        ours = limits.gib(disk.bytes)
        if size and abs(size - ours) > max(1, ours / 10):
            return (
                f"SMC sees {size} GiB for disk {disk.index} of source {server.source_id}, the host has {ours} GiB: "
                "this is another machine, or its disks are in another order"
            )
    return ""


def sizes(server: Server, job: Row | None) -> list[int]:
    """Return the bytes that each disk of the image must have, in disk order; [] when they are not known."""
    of_job = _sizes(JOB, job) if job and JOB.value(job, "system_disk_size") else []
    if server.disks:
        ours = [limits.target_gib(disk.bytes) for disk in server.disks]
        larger = [size - own for own, size in zip(ours, of_job, strict=False)]
        if len(of_job) != len(ours) or not all(0 <= more <= limits.ENLARGED_GIB for more in larger):
            of_job = ours
    return [size * limits.GIB for size in of_job]
