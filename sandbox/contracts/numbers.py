# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers in requests: ASCII digits, few enough for every place that uses them."""

from __future__ import annotations

_MOST_DIGITS = 19


def is_number(text: str) -> bool:
    """Return True for 1 to 19 ASCII digits: ``str.isdigit`` also accepts ``²``, and int() refuses 4,301 digits."""
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
