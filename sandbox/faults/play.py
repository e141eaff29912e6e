# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Activates scenarios."""

from __future__ import annotations

from sandbox.lifecycles import failures
from sandbox.state.cloud import Cloud
from sandbox.world.scenario import Scenario

from .rules import Faults


def play(cloud: Cloud, faults: Faults, scenario: Scenario) -> None:
    """Add the rules and failures of a scenario to the active ones."""
    faults.played.add(scenario.digest)
    faults.add(scenario.faults)
    failures.add(cloud, scenario.failures)


def go_on(cloud: Cloud, faults: Faults, scenario: Scenario) -> None:
    """Activate a scenario unless it is active: a restart must not renew rules that were used up."""
    if scenario.digest not in faults.played:
        play(cloud, faults, scenario)
