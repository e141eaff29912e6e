# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""When a failed call is made again: exponential backoff with jitter, only where a second call cannot do harm."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from .errors import CloudError

Result = TypeVar("Result")


class Retry:
    """The retry policy of one client.

    ``attempts`` counts the first call too. Delays are in seconds: half of ``base * 2**n`` (at most ``cap``) is fixed
    and half is random, so that a throttled wave spreads out. A further call is not made when it would start later than
    ``budget`` seconds after the first one.
    """

    def __init__(
        self,
        attempts: int = 5,
        base: float = 1.0,
        cap: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
        budget: float = 180.0,
    ) -> None:
        self.attempts = max(1, attempts)
        self.base = base
        self.cap = cap
        self.sleep = sleep
        self.clock = clock
        self.rng = rng
        self.budget = budget

    def delay(self, attempt: int, error: CloudError) -> float:
        """Returns the seconds to wait after the given attempt (from 1): what the service asks for, or the backoff."""
        ceiling = min(self.cap, self.base * 2.0 ** (attempt - 1))
        backoff = ceiling / 2 + self.rng() * ceiling / 2
        return max(backoff, error.retry_after or 0.0)

    def run(self, call: Callable[[], Result], repeatable: bool) -> Result:
        """Returns what the call returns, repeating it only where that is harmless; raises the last CloudError.

        A call is repeated when its failure is retryable and either the call is marked repeatable (a read, a deletion by
        id, a creation with ClientToken) or the failure proves that it had no effect: a Throttling* code, which the
        gateway answers before the service sees the call, or a connection that was never made. Every other call without
        ClientToken may have taken effect: its caller has to look before it calls again (design, law 2).
        """
        started = self.clock()
        attempt = 1
        while True:
            try:
                return call()
            except CloudError as error:
                harmless = repeatable or error.refused_before_effect
                if not (error.retryable and harmless) or attempt >= self.attempts:
                    raise
                delay = self.delay(attempt, error)
                if self.clock() - started + delay > self.budget:
                    raise
                self.sleep(delay)
            attempt += 1
