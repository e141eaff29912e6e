# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signature nonces seen lately: a second use within the time-stamp window is a replay."""

from __future__ import annotations

from collections import OrderedDict

_WINDOW = 1800.0


class Nonces:
    """Remembers nonces for as long as their time stamp could still be accepted (twice 15 minutes)."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()

    def first_use(self, nonce: str, now: float) -> bool:
        """True, and remembered, when this nonce has not been used within the window."""
        while self._seen and next(iter(self._seen.values())) < now - _WINDOW:
            self._seen.popitem(last=False)
        if nonce in self._seen:
            return False
        self._seen[nonce] = now
        return True
