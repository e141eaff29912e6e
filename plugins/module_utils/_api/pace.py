# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""How fast each API is called: one token bucket per action, shared by all threads of a module run.

The services document no rates (facts 3.4). So a bucket has no limit until its API refuses a call because of the rate.
Then all calls of that API pause, and continue at half the rate that was refused. The rate rises while none is refused.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from .errors import CloudError, is_throttling

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 20.0
SLOWEST: Final = 0.5
"""Calls per second, at least."""
RISE: Final = 1.1
"""By how much a rate rises in each second without a refusal."""
FREE_SECONDS: Final = 60.0
"""A rate that rises for so long is no limit any more."""


class Calls(Counter[str]):
    """The requests sent, by "product.Action"."""

    _lock = threading.Lock()

    def add(self, name: str) -> None:
        """Count one request."""
        with self._lock:
            self[name] += 1


class _Bucket:
    """The calls of one API."""

    def __init__(self) -> None:
        self.sent: deque[float] = deque(maxlen=4096)
        self.rate = 0.0
        """Calls per second; 0 is no limit."""
        self.next = 0.0
        """When the next call may be sent, by the clock."""
        self.refused = 0.0
        """When a call was refused last because of the rate."""
        self.pause = FIRST_PAUSE

    def take(self, now: float) -> float:
        """Return when a call may be sent, which is then reserved for it."""
        if self.rate and now - self.refused > FREE_SECONDS:
            self.rate, self.pause = 0.0, FIRST_PAUSE
        at = max(now, self.next)
        if self.rate:
            self.next = at + 1 / (self.rate * RISE ** max(0.0, at - self.refused))
        self.sent.append(at)
        return at

    def refuse(self, sent: float, now: float, wait: float | None) -> None:
        """Pause all calls. Several refusals of calls that were under way together count once."""
        if sent > self.refused or not self.rate:
            recent = sum(1 for at in self.sent if now - 1.0 < at <= now)
            self.rate = max(SLOWEST, (self.rate or recent) / 2)
            self.next = max(self.next, now + max(self.pause, wait or 0.0))
            self.pause = min(LONGEST_PAUSE, self.pause * 2)
            self.refused = now
        elif wait:
            self.next = max(self.next, now + wait)


class Pace:
    """The token buckets of all APIs of one module run."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, name: str) -> float:
        """Wait until a call may be sent; return when that is, for ``saw``."""
        with self._lock:
            now = self._clock()
            at = self._buckets.setdefault(name, _Bucket()).take(now)
        if at > now:
            self._sleep(at - now)
        return at

    def saw(self, name: str, sent: float, error: CloudError) -> None:
        """Take over that a call failed: after a refusal because of the rate all calls of its API wait."""
        if is_throttling(error.code) or error.http_status == 429:
            with self._lock:
                self._buckets[name].refuse(sent, self._clock(), error.retry_after)
