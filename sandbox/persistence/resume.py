# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes on where a former process, or a snapshot, left off: rows back in their tables, work that was under way again."""

from __future__ import annotations

import shutil

from sandbox.effects import ens_import, export, image, intermediate
from sandbox.faults.rules import Faults
from sandbox.state.cloud import Cloud
from sandbox.world.schema import World

from . import bucket_rows, fault_rows
from .state_file import StateFile


def load(cloud: Cloud, faults: Faults, file: StateFile) -> None:
    """Fill a cloud from a state file; virtual time goes on from the file's last moment.

    Ids that are made from now on come from a generator seeded with that moment and the number of requests until then,
    so that none is made twice.
    """
    meta, rows = file.meta(), file.rows()
    cloud.settings, cloud.origin = World.model_validate(meta["settings"]), World.model_validate(meta["origin"])
    cloud.clock.restart(meta["clock"]["time"], meta["clock"]["rate"])
    bucket_rows.load(cloud.buckets, rows)
    cloud.store.load({kind: found for kind, found in rows.items() if not kind.startswith("oss.")})
    cloud.requests.load(file.requests())
    cloud.nonces.load(file.nonces())
    cloud.draws.restart(f"{cloud.settings.seed}/{meta['clock']['time']!r}/{cloud.requests.last}")
    cloud.store.timeline.load(file.timeline())
    fault_rows.load(faults, meta.get("faults", {}), cloud.store.timeline.last)


def resume(cloud: Cloud) -> None:
    """Start again what ran in the background when the former process ended, and forget files that no row names."""
    _remove_unknown_disks(cloud)
    for source in cloud.sources:
        if not source["simulated"]:
            # Its client could not beat while nobody listened: it gets the usual time to come back.
            cloud.sources.update(source["id"], heartbeat_real=cloud.clock.real())
    for job in cloud.jobs:
        if job["state"].startswith("Running/") and job["transition_instance_id"] in cloud.instances:
            if not job["received"]:
                intermediate.open_receiver(cloud, job)
            elif not job["image_id"]:
                image.start(cloud, job)
    shutil.rmtree(cloud.root / "export", ignore_errors=True)
    for row in cloud.exports.where(state="Uploading"):
        export.convert(cloud, row)
    for ens_image in cloud.ens_images.where(state="Uploading"):
        shutil.rmtree(ens_import.folder(cloud, ens_image["id"]), ignore_errors=True)
        ens_import.start(cloud, ens_image)


def _remove_unknown_disks(cloud: Cloud) -> None:
    known = {row["id"] for table in (cloud.disks, cloud.snapshots) for row in table}
    known.update(snapshot_id for job in cloud.jobs for snapshot_id in job["frozen"])
    for disk_id in set(cloud.disk_store.ids()) - known:
        cloud.disk_store.delete(disk_id)
