# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the changes of a cloud and its fault rules to the state file."""

from __future__ import annotations

from typing import Any

from sandbox.faults.rules import Faults
from sandbox.state.cloud import Cloud
from sandbox.world.schema import World

from . import bucket_rows, fault_rows
from .state_file import FORMAT, StateFile


class StateWriter:
    """The writer of one cloud; it knows what the state file has already."""

    def __init__(self, cloud: Cloud, faults: Faults, file: StateFile) -> None:
        self.file = file
        self._cloud = cloud
        self._faults = faults
        self._written_worlds: tuple[World, World | None] | None = None
        self._written_faults: dict[str, Any] | None = None

    def rewrite(self) -> None:
        """Replace the whole content of the state file, after a reset or restore, in one transaction."""
        self._cloud.tables.touch()
        bucket_rows.touch(self._cloud.buckets)
        self._cloud.requests.touch()
        self._written_worlds = self._written_faults = None
        self.save(replace=True)

    def save(self, replace: bool = False) -> None:
        """Write what has changed since the last call; StateFileError when that is not possible.

        What could not be written is written with the next change.
        """
        cloud = self._cloud
        worlds = (cloud.settings, cloud.origin)
        meta: dict[str, Any] = {"clock": {"time": cloud.clock.time(), "rate": cloud.clock.rate}}
        written = self._written_worlds
        if written is None or any(a is not b for a, b in zip(worlds, written, strict=True)):
            origin = cloud.origin or cloud.settings
            meta.update(format=FORMAT, settings=cloud.settings.model_dump(), origin=origin.model_dump())
        faults = fault_rows.dump(self._faults)
        if faults != self._written_faults:
            meta["faults"] = faults
        rows = cloud.tables.changes() + bucket_rows.changes(cloud.buckets)
        steps = cloud.tables.timeline.unsaved
        self.file.write(rows, meta, cloud.requests.unsaved, steps, replace, cloud.nonces.unsaved)
        self._written_worlds, self._written_faults = worlds, faults
        cloud.tables.written()
        cloud.buckets.changed.clear()
        cloud.requests.unsaved.clear()
        cloud.nonces.unsaved.clear()

    def unsaved(self) -> bool:
        """Return True while there are rows that the state file does not have."""
        return bool(self._cloud.tables.changes() or self._cloud.buckets.changed)
