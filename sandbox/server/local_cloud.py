# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One local cloud: its state, and the parts that act on the state."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.faults.rules import Faults
from sandbox.lifecycles.engine import Engine
from sandbox.persistence.writer import StateWriter
from sandbox.state.cloud import Cloud

from .invariants import Invariants


@dataclass
class LocalCloud:
    """The parts that ``sandbox.server.assembly`` creates; ``invariants`` only with ``--check-invariants``."""

    cloud: Cloud
    faults: Faults
    engine: Engine
    writer: StateWriter
    invariants: Invariants | None = None
