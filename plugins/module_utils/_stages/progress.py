# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The progress of a module, a line at a time: written by the module to a file, read by the action beside it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import ens_import

if TYPE_CHECKING:
    from .row import Progress
    from .stage import Clock

STRUCTURED = ".jsonl"
"""A progress file with this ending gets one JSON object per tick, for programs: every server that has changed since the
last look, with its exact percent."""

STEP_PERCENT = 10
"""A copy that continues without another change is reported once per this many percent."""


class Lines:
    """Appends lines to a file that the user sees while a module runs."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def write(self, *lines: str) -> bool:
        """Append lines, and return whether that was possible: what cannot be told is no reason to end the work."""
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(f"{text}\n" for text in lines)
        except OSError:
            return False
        return True


class ProgressFile:
    """Appends a line for every server whose phase, state or tenth of the copy is another than at the last look."""

    def __init__(self, path: str) -> None:
        self._lines = Lines(path)
        self._structured = Path(path).suffix == STRUCTURED
        self._told: dict[str, tuple[str, str, int]] = {}

    def write(self, rows: Sequence[Progress]) -> None:
        """Look at the servers after a tick."""
        step = 0.1 if self._structured else STEP_PERCENT
        changed = []
        for row in rows:
            news = (row.verdict if not row.open else row.phase, row.state, int((row.percent or 0) // step))
            if self._told.get(row.server.host) != news:
                self._told[row.server.host] = news
                changed.append(row)
        structured = [structured_line(changed)] if changed else []
        lines = structured if self._structured else [line(row) for row in changed]
        if lines and not self._lines.write(*lines):
            self._told.clear()


class Recorder:
    """Records in each server what changes while a run drives it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.began = clock.now()
        self._start = clock.monotonic()

    @property
    def seconds(self) -> float:
        """The seconds since the run began."""
        return self._clock.monotonic() - self._start

    def note(self, rows: Sequence[Progress]) -> None:
        """Look at the servers after a tick."""
        for row in rows:
            row.note(self.seconds)


class Teller:
    """Appends lines to a file: a text that is new at once, one that stays the same once per ``again`` seconds."""

    def __init__(
        self, path: str | None, again: float = 30.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._lines = Lines(path) if path else None
        self._again, self._monotonic = again, monotonic
        self._told: dict[str, float] = {}

    def __call__(self, text: str) -> None:
        """Append a text, unless it was told a short time ago."""
        now = self._monotonic()
        if self._lines is None or now - self._told.get(text, -self._again) < self._again:
            return
        self._told[text] = now
        self._lines.write(text)


def structured_line(rows: Sequence[Progress]) -> str:
    """Return a JSON object with the time, the migration and the state of these servers."""
    servers = [
        {
            "host": row.server.host,
            "phase": row.phase,
            "verdict": row.verdict,
            "state": row.state if row.open else "; ".join(row.reasons),
            "percent": row.percent if row.open else None,
            "limited": row.open and row.limited,
            "bytes": sum(disk.bytes for disk in row.server.disks),
            **ens_import.facts(row.seen),
        }
        for row in rows
    ]
    return json.dumps({"at": time.time(), "migration": rows[0].server.migration, "servers": servers})


def line(row: Progress) -> str:
    """Return what is said of one server, such as ``web-01: transfer, job j-1 is Syncing, 40 %``."""
    words = [row.phase if row.open else row.verdict, *(row.reasons if not row.open else [row.state])]
    if row.open and row.percent is not None:
        words.append(f"{row.percent:.0f} %")
    return f"{row.server.host}: {', '.join(word for word in words if word)}"


class Follower:
    """Reads the lines that were added to a file since the last look."""

    def __init__(self, path: str, show: Callable[[str], None]) -> None:
        self._path = Path(path)
        self._show = show
        self._offset = 0

    def look(self) -> None:
        """Show every whole line that is new."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._offset += len(whole)
        for text in whole.decode("utf-8").splitlines():
            self._show(text)
