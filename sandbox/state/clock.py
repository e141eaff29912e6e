# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual clock that every lifecycle, the meter and STS expiry run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from time import monotonic as real_monotonic
from time import time as real_time


class VirtualClock:
    """A clock that can run faster than real time, stand still, or be moved forward; never backwards.

    ``rate`` is virtual seconds per real second: 1 is real time, 0 is frozen.
    """

    def __init__(
        self,
        start: float | None = None,
        rate: float = 1.0,
        monotonic: Callable[[], float] = real_monotonic,
        wall: Callable[[], float] = real_time,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._base_real = monotonic()
        self._base_virtual = wall() if start is None else start
        self._rate = _checked_rate(rate)
        self._pinned: float | None = None

    @property
    def rate(self) -> float:
        """Virtual seconds per real second."""
        return self._rate

    def time(self) -> float:
        """Virtual now as seconds since the Unix epoch: what rows store."""
        if self._pinned is not None:
            return self._pinned
        return self._base_virtual + (self._monotonic() - self._base_real) * self._rate

    def now(self) -> datetime:
        """Virtual now as an aware UTC datetime."""
        return at(self.time())

    def real(self) -> float:
        """Real monotonic seconds: only to detect that a real client has stopped."""
        return self._monotonic()

    def advance(self, seconds: float) -> datetime:
        """Move virtual time forward by ``seconds`` and return the new now; a negative step is refused."""
        if seconds < 0:
            raise ValueError(f"advance: {seconds} is negative; virtual time never goes backwards")
        self._rebase(self.time() + seconds)
        return self.now()

    def advance_to(self, moment: float) -> None:
        """Move virtual time forward to ``moment`` exactly; one that is past is now."""
        self._rebase(max(moment, self.time()))

    def set_rate(self, rate: float) -> None:
        """Run virtual time at ``rate`` from now on; 0 freezes it."""
        checked = _checked_rate(rate)
        self._rebase(self.time())
        self._rate = checked

    @contextmanager
    def pinned(self, moment: float) -> Iterator[None]:
        """While inside, now is ``moment``: a lifecycle step that was due earlier happens at its own time."""
        self._pinned = moment
        try:
            yield
        finally:
            self._pinned = None

    def restart(self, start: float | None, rate: float) -> None:
        """Restart at ``start`` (unset: real now) and ``rate``; only ``reset`` and ``restore`` move time back."""
        self._rate = _checked_rate(rate)
        self._rebase(self._wall() if start is None else start)

    def _rebase(self, virtual: float) -> None:
        self._base_virtual = virtual
        self._base_real = self._monotonic()


def at(seconds: float) -> datetime:
    """The aware UTC datetime of an epoch second as rows store it."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def iso(seconds: float) -> str:
    """``2026-11-24T08:15:00Z``: how SMC, ENS, STS and most of ECS write a time (facts 1.1)."""
    return at(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_minutes(seconds: float) -> str:
    """``2026-11-24T08:15Z``: ECS tasks and snapshots write times without seconds (facts 3.2)."""
    return at(seconds).strftime("%Y-%m-%dT%H:%MZ")


def parse_iso(text: str) -> float:
    """The epoch second of ``2026-11-24T08:15:00Z`` or ``2026-11-24T08:15Z``; ValueError for anything else."""
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp()
        except ValueError:
            continue
    raise ValueError(f"{text!r} is not a time of the form yyyy-MM-ddTHH:mm:ssZ")


def _checked_rate(rate: float) -> float:
    if not 0 <= rate <= 100000:
        raise ValueError(f"rate: {rate} is outside 0..100000 virtual seconds per second")
    return float(rate)
