# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a canary waits for: told once, and again when it is something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _quiet(_text: str) -> None:
    """Tell nothing."""


@dataclass
class Waits:
    """Tells what is waited for. ``tell`` is called with each new text."""

    tell: Callable[[str], Any] = _quiet
    _last: str = ""

    def says(self, text: str) -> None:
        """Tell a text, unless it was told last."""
        if text != self._last:
            self._last = text
            self.tell(text)
