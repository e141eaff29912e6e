# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Live bars in a terminal, with the package rich; the callback works without it."""

from __future__ import annotations

import importlib
from typing import Any

from . import wave

_MOST = 40
"""So many servers have a bar at once; the others are counted."""


def available() -> bool:
    """Return whether the package rich is installed."""
    try:
        importlib.import_module("rich.live")
    except ImportError:
        return False
    return True


class Bars:
    """One bar per server that is copied, and one line for the wave."""

    def __init__(self) -> None:
        self._live: Any = None

    def start(self) -> None:
        """Begin to draw."""
        live = importlib.import_module("rich.live")
        self._live = live.Live(refresh_per_second=2, transient=True)
        self._live.start()

    def stop(self) -> None:
        """Remove what was drawn."""
        if self._live:
            self._live.stop()
        self._live = None

    def show(self, found: wave.Wave, now: float) -> None:
        """Draw the present state."""
        if self._live:
            self._live.update(table(found, now))


def table(found: wave.Wave, now: float) -> Any:
    """Return what is drawn, as an object of rich."""
    grid = importlib.import_module("rich.table").Table.grid(padding=(0, 1))
    progress = importlib.import_module("rich.progress_bar").ProgressBar
    text = importlib.import_module("rich.text").Text
    rows = sorted(found.servers.values(), key=lambda row: (row.verdict != "pending", row.percent is None, row.host))
    for row in rows[:_MOST]:
        rate, left = row.rate, row.left(now)
        done = 100.0 if row.verdict == "migrated" else row.percent or 0.0
        grid.add_row(
            text(row.host),
            text(row.place),
            progress(total=100, completed=done, width=24),
            text("" if row.percent is None else f"{row.percent:.0f} %"),
            text(f"{rate * 60:.1f} %/min" if rate else ""),
            text("" if left is None else wave.duration(left)),
            text(row.state[:60]),
        )
    more = len(rows) - _MOST
    if more > 0:
        grid.add_row(text(f"and {more} more"))
    group = importlib.import_module("rich.console").Group
    return group(grid, text(found.summary(now)))
