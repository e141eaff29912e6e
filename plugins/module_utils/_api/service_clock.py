# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The time of a service, by the Date header of its answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime


class ServiceClock:
    """The time of the service, as far as the Date of its newest answer tells it, in seconds since the epoch.

    The local time that has passed is the larger one of what two clocks show: CLOCK_BOOTTIME continues while a machine
    sleeps, and the wall clock is set right after a virtual machine was paused.
    """

    def __init__(self, readings: Callable[[], tuple[float, float]] | None = None) -> None:
        self._readings = readings or _readings
        self._newest = (0.0, (0.0, 0.0))
        """The Date of the newest answer, and when its request was sent: one value, because threads read it."""

    def reading(self) -> tuple[float, float]:
        """Returns what the local clocks show, for ``saw``: to be taken before a request is sent."""
        return self._readings()

    def saw(self, date: str, sent: tuple[float, float]) -> None:
        """Takes over the Date header of an answer to a request that was sent then; one that is no date is ignored."""
        try:
            newest = parsedate_to_datetime(date).timestamp(), sent
        except (TypeError, ValueError):
            return
        # Of calls at the same time, the answer to an earlier one may come later.
        if sent >= self._newest[1]:
            self._newest = newest

    def now(self) -> float:
        """Returns what the time of the service is at least; 0 before the first answer."""
        return self._newest[0]

    def skew(self) -> float | None:
        """Returns by how many seconds the local clock is ahead of the service, by its newest answer; None before the
        first one. The time that the answer took and the fraction of a second of its Date make it too large or small."""
        date, sent = self._newest
        return sent[1] - date if date else None

    def latest(self) -> float:
        """Returns what the time of the service is at most: a Date leaves out the fraction of its second."""
        date, sent = self._newest
        passed = max(now - before for now, before in zip(self._readings(), sent, strict=True))
        return date + 1.0 + max(0.0, passed)


def _readings() -> tuple[float, float]:
    steady = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
    return steady, time.time()
