# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the guests of a cloud like its ENS instances: which run, which are shut down, which are gone."""

from __future__ import annotations

import os

from sandbox.guests.machine import Machine, disks_of
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row


def boots(cloud: Cloud, image_id: str) -> bool:
    """Return whether instances of this image are guests: the image has disks, and the sandbox boots instances."""
    image = cloud.ens_images.get(image_id)
    return cloud.guests is not None and image is not None and bool(image["disks"])


def follow(cloud: Cloud) -> None:
    """Start, stop and end guests so that they are in the states of their instances. Without guests, do nothing."""
    if cloud.guests is None:
        return
    rows = [row for row in cloud.ens_instances if row.get("boots")]
    for row in rows:
        if row["state"] == "Running":
            cloud.guests.run(row["id"], row["boots"], _machine(cloud, row))
        else:
            cloud.guests.stop(row["id"], row["forced"])
    cloud.guests.keep([row["id"] for row in rows])


def _machine(cloud: Cloud, row: Row) -> Machine:
    image, guests = cloud.ens_images.get(row["image_id"]), cloud.guests
    assert guests is not None
    disks = disks_of(image["disks"] if image else [], row["disk"], row["data_disks"])
    memory = min(row["memory"] * 1024, guests.memory)
    return Machine(row["id"], min(row["cpu"], os.cpu_count() or 1), memory, disks, row["inner_ip"], row["public_ip"],
                   guests.port_offset, guests.outbound)
