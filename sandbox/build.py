# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a cloud together from its parts and a world."""

from __future__ import annotations

from pathlib import Path

from sandbox import agent_service
from sandbox.bytes.disks import DiskStore
from sandbox.bytes.receiver import Receivers
from sandbox.cloud import Cloud
from sandbox.control import empty
from sandbox.oss.buckets import Buckets
from sandbox.seeding import seed
from sandbox.world import World


async def build_cloud(world: World, folder: Path, endpoint: str) -> Cloud:
    """A cloud over ``folder``, emptied of what a former process left there, holding what the world describes."""
    blobs = folder / "blobs"
    store = DiskStore(blobs / "disks")
    cloud = Cloud(world, blobs, store, Receivers(store), Buckets(blobs / "oss"), endpoint)
    await empty(cloud)
    seed(cloud, world)
    cloud.agent_bundle = agent_service.bundle(cloud)
    return cloud
