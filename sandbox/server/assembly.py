# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a cloud together from its parts: a new one from a world, or the one that the state folder holds."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.bytes.disks import DiskStore
from sandbox.bytes.receiver import Receivers
from sandbox.faults.play import go_on
from sandbox.persistence.resume import load, resume
from sandbox.persistence.state_file import Database
from sandbox.state.buckets import Buckets
from sandbox.state.cloud import Cloud
from sandbox.world.schema import WorldError

from . import agent_routes
from .invariants import Invariants
from .options import Start
from .seeding import seed

STATE_FILE = "state.db"


async def build_cloud(start: Start, folder: Path, endpoint: str) -> Cloud:
    """The cloud that ``folder`` holds, going on where it was; without one a new cloud as the world describes."""
    blobs = folder / "blobs"
    if start.fresh:
        for path in folder.glob(f"{STATE_FILE}*"):
            path.unlink()
    database = Database(folder / STATE_FILE)
    held = database.meta()
    if not held:
        shutil.rmtree(blobs, ignore_errors=True)
    store = DiskStore(blobs / "disks")
    cloud = Cloud(start.world, blobs, store, Receivers(store, urlsplit(endpoint).hostname or ""),
                  Buckets(blobs / "oss"), endpoint, rate_card=start.rate_card, database=database)
    if held:
        load(cloud, database)
        _refuse_another_world(cloud, start, folder)
        _override(cloud, start)
        resume(cloud)
        cloud.rewrite()
    else:
        seed(cloud, start.world)
        cloud.rewrite()
    if start.check_invariants:
        cloud.invariants = Invariants(cloud)
    for scenario in start.scenarios:
        go_on(cloud, scenario)
    cloud.agent_bundle = agent_routes.bundle(cloud)
    return cloud


def _override(cloud: Cloud, start: Start) -> None:
    given = {"profile": start.profile, "clock_rate": start.clock_rate}
    changes = {name: value for name, value in given.items() if value is not None}
    cloud.settings = cloud.settings.model_copy(update=changes)
    if changes or cloud.settings.profile == "frozen":
        cloud.clock.set_rate(cloud.settings.rate)


def _refuse_another_world(cloud: Cloud, start: Start, folder: Path) -> None:
    origin = cloud.origin
    overridden = {"profile", "clock_rate"}
    if start.world_given and origin is not None \
            and start.world.model_dump(exclude=overridden) != origin.model_dump(exclude=overridden):
        raise WorldError(f"--state {folder}: holds a cloud that began with another world than --world says; "
                         "--fresh forgets it, leaving --world out goes on with it")
