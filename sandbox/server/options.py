# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.world.scenario import Scenario
from sandbox.world.schema import World


@dataclass(frozen=True)
class StartOptions:
    """The world of a new cloud and the options; a cloud in the state folder has its own world.

    ``profile`` and ``clock_rate`` apply to both; ``world`` includes them.
    """

    world: World
    world_given: bool = False
    profile: str | None = None
    clock_rate: float | None = None
    rate_card: Path | None = None
    fresh: bool = False
    scenarios: tuple[Scenario, ...] = ()
    check_invariants: bool = False
