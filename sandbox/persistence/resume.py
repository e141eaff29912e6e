# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads a cloud from a state file and restarts the work that was running."""

from __future__ import annotations

import shutil

from sandbox.effects import ens_import, export, image, intermediate, runs
from sandbox.faults.rules import Faults
from sandbox.state.cloud import Cloud
from sandbox.world.schema import World

from . import bucket_rows, fault_rows
from .state_file import StateFile


def load(cloud: Cloud, faults: Faults, file: StateFile) -> None:
    """Fill a cloud from a state file; virtual time continues from the file's last moment.

    Ids that are made from now on come from a generator seeded with that moment and the number of requests until then,
    so that none is made twice.
    """
    meta, rows = file.meta(), file.rows()
    cloud.settings, cloud.origin = World.model_validate(meta["settings"]), World.model_validate(meta["origin"])
    cloud.clock.restart(meta["clock"]["time"], meta["clock"]["rate"])
    bucket_rows.load(cloud.buckets, rows)
    cloud.tables.load({kind: found for kind, found in rows.items() if not kind.startswith("oss.")})
    cloud.requests.load(file.requests())
    cloud.nonces.load(file.nonces())
    cloud.draws.restart(f"{cloud.settings.seed}/{meta['clock']['time']!r}/{cloud.requests.last}")
    cloud.tables.timeline.load(file.timeline())
    fault_rows.load(faults, meta.get("faults", {}), cloud.tables.timeline.last)


def resume(cloud: Cloud) -> None:
    """Restart the background work that the former process left, and delete files without a row."""
    _remove_unknown_disks(cloud)
    for source in cloud.sources:
        if not source["simulated"]:
            # Its client could not send heartbeats while the sandbox was down: it gets the usual time.
            cloud.sources.update(source["id"], heartbeat_real=cloud.clock.real())
    for job in cloud.jobs:
        if job["state"].startswith("Running/") and job["transition_instance_id"] in cloud.instances:
            if not job["received"]:
                intermediate.open_receiver(cloud, job)
            elif not runs.has_image(job):
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
