# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assembles a local cloud from its parts: a new one from a world, or the one of the state folder."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.bytes.disks import DiskStore
from sandbox.bytes.receiver import Receivers
from sandbox.faults import state_rules
from sandbox.faults.play import go_on
from sandbox.faults.rules import Faults
from sandbox.guests.hypervisor import Guests
from sandbox.lifecycles.engine import Engine
from sandbox.persistence.resume import load, resume
from sandbox.persistence.state_file import StateFile
from sandbox.persistence.writer import StateWriter
from sandbox.state.buckets import Buckets
from sandbox.state.cloud import Cloud
from sandbox.world.schema import WorldError

from . import agent_routes
from .invariants import Invariants
from .local_cloud import LocalCloud
from .options import StartOptions
from .seeding import seed

STATE_FILE = "state.db"


async def assemble(options: StartOptions, folder: Path, endpoint: str) -> LocalCloud:
    """Return the cloud in the state folder, where it stopped; without one, a new cloud from the world.

    StateFileError when the state file cannot be read or written, WorldError when it belongs to another world,
    GuestsError when instances are to boot and this machine cannot do that.
    """
    blobs = folder / "blobs"
    if options.fresh:
        for path in folder.glob(f"{STATE_FILE}*"):
            path.unlink()
    file = StateFile(folder / STATE_FILE)
    held = file.meta()
    if not held:
        shutil.rmtree(blobs, ignore_errors=True)
    store = DiskStore(blobs / "disks")
    cloud = Cloud(options.world, blobs, store, Receivers(store, urlsplit(endpoint).hostname or "", options.agent_host),
                  Buckets(blobs / "oss"), endpoint, rate_card=options.rate_card)
    faults = Faults()
    engine = Engine(cloud, partial(state_rules.edit, cloud, faults))
    local = LocalCloud(cloud, faults, engine, StateWriter(cloud, faults, file))
    if held:
        load(cloud, faults, file)
        _refuse_another_world(cloud, options, folder)
        _override(cloud, options)
        resume(cloud)
    else:
        seed(cloud, faults, options.world)
    if cloud.settings.boot_instances:
        settings = cloud.settings
        cloud.guests = Guests(blobs / "guests", settings.boot_memory, settings.boot_port_offset, settings.boot_outbound)
    local.writer.rewrite()
    if options.check_invariants:
        local.invariants = Invariants(engine)
    for scenario in options.scenarios:
        go_on(cloud, faults, scenario)
    cloud.agent_bundle = agent_routes.bundle(cloud)
    return local


def _override(cloud: Cloud, options: StartOptions) -> None:
    cloud.settings = cloud.settings.model_copy(update=dict(options.overrides))
    if {"profile", "clock_rate"} & set(options.overrides) or cloud.settings.profile == "frozen":
        cloud.clock.set_rate(cloud.settings.rate)


def _refuse_another_world(cloud: Cloud, options: StartOptions, folder: Path) -> None:
    origin = cloud.origin
    overridden = {"profile", "clock_rate", "boot_instances", "boot_memory", "boot_port_offset", "boot_outbound"}
    if options.world_given and origin is not None \
            and options.world.model_dump(exclude=overridden) != origin.model_dump(exclude=overridden):
        raise WorldError(f"--state {folder}: the folder contains a cloud of another world than --world names. "
                         "Use --fresh to delete that cloud, or omit --world to continue with it.")
