# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.world.scenario import Scenario
from sandbox.world.schema import World


@dataclass(frozen=True)
class StartOptions:
    """The world of a new cloud and the options; a cloud in the state folder has its own world.

    ``overrides`` are fields of the world that the command line sets: they apply to both; ``world`` includes them.
    ``agent_host`` is the address that clients on source servers connect to, if it is not the one that the sandbox
    listens on.
    """

    world: World
    world_given: bool = False
    overrides: Mapping[str, Any] = field(default_factory=dict)
    rate_card: Path | None = None
    fresh: bool = False
    scenarios: tuple[Scenario, ...] = ()
    check_invariants: bool = False
    agent_host: str = ""
