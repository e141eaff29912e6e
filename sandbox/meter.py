# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would be billed: virtual seconds per billed resource, and an amount by an illustrative rate card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sandbox.clock import VirtualClock, iso

KINDS = ("instance", "disk", "snapshot", "oss_object", "oss_part")
GIB = 1024**3


class Meter:
    """Runs one stop-watch per billed resource. ENS and ECS images, VPCs and security groups cost nothing here."""

    def __init__(self, clock: VirtualClock, rate_card: Path | None = None) -> None:
        self._clock = clock
        card = yaml.safe_load((rate_card or Path(__file__).with_name("ratecard.yml")).read_text(encoding="utf-8"))
        self._rates: dict[str, Any] = card["rates"]
        self._card = {"dated": card["dated"], "currency": card["currency"], "illustrative": True}
        self._running: dict[tuple[str, str], tuple[float, float]] = {}
        self._seconds = dict.fromkeys(KINDS, 0.0)
        self._amount = 0.0

    def start(self, kind: str, resource_id: str, units: float = 1.0) -> None:
        """Start billing a resource now, or change its units (GiB for everything but ``instance``)."""
        if kind not in self._seconds:
            raise KeyError(f"meter: {kind} is not one of {', '.join(KINDS)}")
        self.stop(kind, resource_id)
        self._running[(kind, resource_id)] = (self._clock.time(), units)

    def stop(self, kind: str, resource_id: str) -> None:
        """Stop billing a resource now; one that is not running is left alone."""
        entry = self._running.pop((kind, resource_id), None)
        if entry is not None:
            seconds, amount = self._accrued(kind, *entry)
            self._seconds[kind] += seconds
            self._amount += amount

    def report(self) -> dict[str, Any]:
        """The answer of ``GET /_sandbox/meter``: what runs now, seconds per kind, total seconds and amount."""
        seconds, amount = dict(self._seconds), self._amount
        running = []
        for (kind, resource_id), entry in self._running.items():
            more_seconds, more_amount = self._accrued(kind, *entry)
            seconds[kind] += more_seconds
            amount += more_amount
            running.append({"kind": kind, "id": resource_id, "since": iso(entry[0]), "units": round(entry[1], 9),
                            "rate_unit": f"{self._rates[kind]['unit']}-hour"})
        return {"now": iso(self._clock.time()), "running": running,
                "seconds": {kind: round(value, 3) for kind, value in seconds.items()},
                "total_seconds": round(sum(seconds.values()), 3), "amount": round(amount, 6),
                "rate_card": self._card}

    def clear(self) -> None:
        """Forget everything, as ``reset`` does."""
        self._running.clear()
        self._seconds = dict.fromkeys(KINDS, 0.0)
        self._amount = 0.0

    def _accrued(self, kind: str, since: float, units: float) -> tuple[float, float]:
        seconds = max(0.0, self._clock.time() - since)
        return seconds, seconds / 3600 * units * self._rates[kind]["per_hour"]
