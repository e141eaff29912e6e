# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The active rules as plain values, so that they survive a restart: a rule that is used up stays used up.

The moments that answers of kind ``stale`` show are not saved: they start with the process.
"""

from __future__ import annotations

from typing import Any

from sandbox.faults.rules import CallRule, Faults, StateRule
from sandbox.world.fault_rules import Fault, StateFault


def dump(faults: Faults) -> dict[str, Any]:
    """Return everything about the rules as JSON-able values; empty while no rule was ever active."""
    if not (faults.calls or faults.states or faults.played):
        return {}
    places = {id(rule): place for place, rule in enumerate(faults.states)}
    return {
        "calls": [_entry(rule) for rule in faults.calls],
        "states": [_entry(rule) for rule in faults.states],
        "waiting": [[moment, places[id(rule)], row_id] for moment, rule, row_id in faults.waiting],
        "noted": faults.noted,
        "drawn": faults.drawn,
        "played": sorted(faults.played),
    }


def load(faults: Faults, kept: dict[str, Any], last: int) -> None:
    """Activate what ``dump`` returned; without any, later rules apply to what follows the step ``last``."""
    faults.clear()
    faults.noted = kept.get("noted", last)
    faults.played.update(kept.get("played", ()))
    for entry in kept.get("calls", ()):
        faults.calls.append(CallRule(Fault.model_validate(entry["rule"]), entry["seen"], entry["hits"]))
    for entry in kept.get("states", ()):
        faults.states.append(StateRule(StateFault.model_validate(entry["rule"]), entry["seen"], entry["hits"]))
    for moment, place, row_id in kept.get("waiting", ()):
        faults.waiting.append((moment, faults.states[place], row_id))
    for _turn in range(kept.get("drawn", 0)):
        faults.draw()


def _entry(rule: CallRule | StateRule) -> dict[str, Any]:
    return {"rule": rule.fault.model_dump(mode="json", exclude_defaults=True), "seen": rule.seen, "hits": rule.hits}
