# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing happens to a run at each of its steps, one after the other, while another run continues beside it.

A seed hits few of the steps of a run. Here none is left out: a number says what happens, at which step, and beside
which other run.
"""

from __future__ import annotations

from .controller import Fate, FateKind, Run
from .race import LEASE, Plan

KINDS: tuple[FateKind, ...] = ("stop", "kill before", "kill after", "kill in flight", "orphan", "late")
STEPS = 130
"""More steps than a run of one server takes here, its cleanup included."""

STOPPED = 3 * LEASE
_BESIDE = ("play", "end")


def stepped(number: int) -> Plan:
    """Return the plan of a number from 0 to ``COUNT`` - 1."""
    place, step = divmod(number, STEPS)
    kind, beside = KINDS[place // len(_BESIDE)], _BESIDE[place % len(_BESIDE)]
    hosts = ("web-1",)
    fate = Fate(kind, step + 1, STOPPED if kind == "stop" else 0.0)
    first = Run("c1.1", "play", hosts, interval=20.0, fates=(fate,))
    other = Run("c2.1", "end" if beside == "end" else "play", hosts, interval=20.0)
    return Plan(1, False, ((0.0, (first,)), (45.0, (other,))), "finish", LEASE)


COUNT = len(KINDS) * len(_BESIDE) * STEPS
"""How many plans there are."""
