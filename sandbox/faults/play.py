# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a scenario in force in a cloud."""

from __future__ import annotations

from sandbox.lifecycles import failures
from sandbox.state.cloud import Cloud
from sandbox.world.scenario import Scenario

from .rules import Faults


def play(cloud: Cloud, faults: Faults, scenario: Scenario) -> None:
    """From now on calls and states meet the scenario's rules and lifecycles its failures, besides those there."""
    faults.played.add(scenario.digest)
    faults.add(scenario.faults)
    failures.add(cloud, scenario.failures)


def go_on(cloud: Cloud, faults: Faults, scenario: Scenario) -> None:
    """Put a scenario in force unless it is already: a restart must not give rules back that were spent."""
    if scenario.digest not in faults.played:
        play(cloud, faults, scenario)
