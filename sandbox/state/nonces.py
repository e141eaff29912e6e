# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recent signature nonces: a second use within the time-stamp window is a replay."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

WINDOW = 1800.0
"""Real seconds that a nonce is remembered: as long as its time stamp could still be accepted, twice 15 minutes."""


class Nonces:
    """The nonces of the window, in real time; `unsaved` are those that the state file does not have yet."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()
        self.unsaved: list[tuple[float, str]] = []

    def first_use(self, nonce: str, now: float) -> bool:
        """Tables the nonce; return False when it was used within the window already."""
        while self._seen and next(iter(self._seen.values())) < now - WINDOW:
            self._seen.popitem(last=False)
        if nonce in self._seen:
            return False
        self._seen[nonce] = now
        self.unsaved.append((now, nonce))
        return True

    def load(self, kept: Iterable[tuple[float, str]]) -> None:
        """Add the nonces of a state file: a replay stays a replay after a restart of the sandbox."""
        known = {nonce: seen for seen, nonce in kept} | self._seen
        self._seen = OrderedDict(sorted(known.items(), key=lambda item: item[1]))
