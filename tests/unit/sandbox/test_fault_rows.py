# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fault rules that were kept continue where they were, the drawing of lots included."""

from __future__ import annotations

import json

from sandbox.faults.rules import Faults
from sandbox.persistence import fault_rows
from sandbox.world.scenario import FOLDER, load_scenario, parse_scenario

LOTS = """
meaning: every second call or so is refused
faults:
  - {match: {product: smc, probability: 0.5}, kind: error, code: ServiceUnavailable, times: 1000}
  - {state: {lifecycle: smc.job, at: Finished}, do: delete_image, after: 30}
"""


def through_json(faults: Faults) -> Faults:
    """What the next process has of them."""
    again = Faults()
    fault_rows.load(again, json.loads(json.dumps(fault_rows.dump(faults))), last=99)
    return again


def hits(faults: Faults, calls: int) -> list[bool]:
    """Which of so many calls meet a rule."""
    return [faults.pick("smc", "DescribeReplicationJobs", {}) is not None for _call in range(calls)]


def test_lots_continue_in_their_order():
    undisturbed, ended = Faults(), Faults()
    for faults in (undisturbed, ended):
        faults.add(parse_scenario(LOTS, "lots").faults)
    whole = hits(undisturbed, 60)
    assert {True, False} == set(whole)
    assert hits(ended, 25) + hits(through_json(ended), 35) == whole


def test_edits_that_wait_for_their_time_are_kept():
    faults = Faults()
    faults.add(parse_scenario(LOTS, "lots").faults)
    faults.waiting.append((1800000030.0, faults.states[0], "j-1"))
    faults.noted = 7
    again = through_json(faults)
    assert again.waiting == faults.waiting
    assert again.waiting[0][1] is again.states[0]
    assert again.noted == 7


def test_without_rules_nothing_is_kept_and_the_past_is_not_met_again():
    assert fault_rows.dump(Faults()) == {}
    assert through_json(Faults()).noted == 99


def test_every_scenario_is_kept_as_it_is():
    for path in sorted(FOLDER.glob("*.yml")):
        scenario, faults = load_scenario(path), Faults()
        faults.add(scenario.faults)
        faults.played.add(scenario.digest)
        again = through_json(faults)
        assert again.report() == faults.report()
        assert again.played == {load_scenario(path).digest}
