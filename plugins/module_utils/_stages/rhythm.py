# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""When the next tick of a run follows, and for how long a tick begins calls (pure)."""

from __future__ import annotations

from math import inf
from typing import Final

AFTER_ACT_SECONDS: Final = 2.0
"""How soon the next tick follows one that changed something: its effect often allows the next step at once."""

CALLS_SECONDS: Final = 10.0
"""For how long a tick begins calls. The others wait for the next tick: meanwhile nothing is seen of the cloud."""

PASS_SECONDS: Final = 12.0
"""For how long a run that does not wait begins ticks and calls."""

LEAST_SECONDS: Final = 3.0
"""For how long every tick may begin calls, however long its looks have taken."""

PASS_PAUSE_SECONDS: Final = 0.5
"""How soon a run that does not wait looks again at what it has changed."""

MOST_HURRIED: Final = 10
"""So many short pauses follow each other without a call: what should end within seconds may not."""


class Rhythm:
    """The times of one run, in seconds of a clock. Without time to wait it is one pass (law 5): ticks repeat only for
    the servers whose next step is possible within seconds."""

    def __init__(self, wait: bool, timeout: float, interval: float, now: float) -> None:
        self.waits = wait and timeout > 0
        self.interval = interval
        self._deadline = now + (timeout if self.waits else PASS_SECONDS)
        self._hurried = 0

    def until(self, now: float) -> float:
        """Return when a tick that makes its calls now begins the last one."""
        if self.waits:
            return now + CALLS_SECONDS
        return max(now + LEAST_SECONDS, min(now + CALLS_SECONDS, self._deadline))

    def pause(self, now: float, acted: bool, soon: bool) -> float | None:
        """Return the seconds until the next tick, None at the end of the run. ``acted``: whether this tick has changed
        something, ``soon``: whether the next step of a server is possible within seconds."""
        self._hurried = 0 if acted else self._hurried + 1
        quick = soon and self._hurried <= MOST_HURRIED
        if not (self.waits or quick):
            return None
        short = AFTER_ACT_SECONDS if self.waits else PASS_PAUSE_SECONDS
        pause = min(self.interval, short) if acted or quick else self.interval
        return pause if now + pause <= self._deadline else None


ALWAYS: Final = Rhythm(True, inf, 0.0, 0.0)
"""The times of single ticks."""
