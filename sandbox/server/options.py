# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.world.scenario import Scenario
from sandbox.world.schema import World


@dataclass(frozen=True)
class StartOptions:
    """The world to begin with and how; a state folder that holds a cloud goes on with that one instead.

    ``profile`` and ``clock_rate`` hold for either; they are already in ``world``.
    """

    world: World
    world_given: bool = False
    profile: str | None = None
    clock_rate: float | None = None
    rate_card: Path | None = None
    fresh: bool = False
    scenarios: tuple[Scenario, ...] = ()
    check_invariants: bool = False
