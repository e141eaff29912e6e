# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The progress of a wave while it runs (pure): changes, rates, ends, and a summary. The callback shows it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode

SUMMARY_SECONDS: Final = 60.0
"""Seconds between two summaries."""

_LEAST_PERCENT: Final = 1.0
"""A rate needs at least so much progress."""


@dataclass
class Server:
    """One server as the callback knows it. Times are seconds of one clock."""

    host: str
    phase: str = ""
    verdict: str = "pending"
    state: str = ""
    percent: float | None = None
    bytes: int = 0
    limited: bool = False
    """Whether it waits because a service handles no more servers at once."""
    first: tuple[float, float] | None = None
    """Time and percent when the present copy was first seen."""
    last: tuple[float, float] | None = None

    @property
    def rate(self) -> float | None:
        """Percent per second, the mean since the copy was first seen; None where that is not known."""
        if not (self.first and self.last):
            return None
        (began, low), (now, high) = self.first, self.last
        return (high - low) / (now - began) if high - low >= _LEAST_PERCENT and now > began else None

    def left(self, now: float) -> float | None:
        """Return the seconds until the copy ends at its mean rate, None where that is not known."""
        rate = self.rate
        if rate is None or self.last is None:
            return None
        return max(0.0, (100 - self.last[1]) / rate - (now - self.last[0]))

    @property
    def place(self) -> str:
        """Its phase, or its verdict where it has one."""
        return self.phase if self.verdict == "pending" else self.verdict


@dataclass
class Wave:
    """All servers of the run that is shown."""

    servers: dict[str, Server] = field(default_factory=dict)

    def read(self, line: str) -> list[Server]:
        """Take over a line of the progress file; return the servers whose phase, verdict or state is another one. A
        line that is no line of this collection changes nothing."""
        try:
            row = json.loads(line)
            now, rows = float(row["at"]), list(row["servers"])
            return [server for item in rows if (server := self._take(now, item))]
        except (ValueError, TypeError, KeyError, AttributeError):
            return []

    def _take(self, now: float, row: Mapping[str, Any]) -> Server | None:
        host, size, limited = str(row["host"]), int(row["bytes"]), bool(row["limited"])
        percent = None if row["percent"] is None else float(row["percent"])
        news = tuple(_encode.one_line(row[name]) for name in ("phase", "verdict", "state"))
        server = self.servers.setdefault(host, Server(host))
        before = server.phase, server.verdict, server.state
        server.phase, server.verdict, server.state = news
        server.bytes, server.limited = size, limited
        # A job that was started again begins at 0.
        if percent is None or server.last is None or percent < server.last[1]:
            server.first = None if percent is None else (now, percent)
        server.last = None if percent is None else (now, percent)
        server.percent = percent
        return server if news != before else None

    def left(self, now: float) -> float | None:
        """Return the seconds until the last running copy ends, None where that is not known."""
        lefts = [left for server in self.servers.values() if (left := server.left(now)) is not None]
        return max(lefts, default=None)

    def summary(self, now: float) -> str:
        """Return the state of the wave in one line."""
        rows = self.servers.values()
        counts = Counter(row.place for row in rows)
        words = [f"{len(rows)} servers", *(f"{count} {name}" for name, count in sorted(counts.items()))]
        copies = [row.percent for row in rows if row.percent is not None and row.verdict == "pending"]
        if copies:
            words.append(f"{len(copies)} copies at {sum(copies) / len(copies):.0f} % on average")
        left = self.left(now)
        if left is not None:
            words.append(f"the last of them ends in about {duration(left)}")
        waits = Counter(row.state for row in rows if row.limited)
        if waits:
            reason, count = min(waits.items(), key=lambda item: (-item[1], item[0]))
            words.append(f"{count} wait: {reason}")
        return "wave: " + ", ".join(words)


def line(server: Server, now: float) -> str:
    """Return what is shown of a server, such as ``web-01: transfer, job j-1 is Syncing, 40 %, 2.0 %/min, 30 min``."""
    words = [server.place, server.state]
    if server.percent is not None and server.verdict == "pending":
        words.append(f"{server.percent:.0f} %")
        rate, left = server.rate, server.left(now)
        words += [f"{rate * 60:.1f} %/min"] if rate else []
        words += [f"{duration(left)} left"] if left is not None else []
    return f"{server.host}: {', '.join(word for word in words if word)}"


def duration(seconds: float) -> str:
    """Return seconds as text: ``50 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def lines(wave: Wave, fresh: Iterable[str], now: float) -> list[str]:
    """Return one line for each change of state in new lines of the progress file."""
    changed: dict[str, Server] = {}
    for text in fresh:
        changed.update({server.host: server for server in wave.read(text)})
    return [line(server, now) for server in changed.values()]
