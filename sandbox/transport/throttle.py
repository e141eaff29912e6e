# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls per second and API, as the gateway limits them for one account."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from fnmatch import fnmatchcase

_WINDOW = 1.0


class Throttle:
    """Counts the calls of each API over the last second.

    Of real time: a client that was refused sleeps for real, and on a clock that stands still or races it would wait
    for ever or meet no limit at all.
    """

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = {}

    def allows(self, limits: Mapping[str, int], product: str, action: str, now: float) -> bool:
        """True, and counted, when this API has not had its calls of the last second; refused calls do not count.

        ``limits``: ``product:Action`` with wildcards to calls per second; the first that fits applies, for each API.
        """
        name = f"{product}:{action}"
        limit = next((most for pattern, most in limits.items() if fnmatchcase(name, pattern)), None)
        if limit is None:
            return True
        calls = self._calls.setdefault(name, deque())
        while calls and calls[0] <= now - _WINDOW:
            calls.popleft()
        if len(calls) >= limit:
            return False
        calls.append(now)
        return True
