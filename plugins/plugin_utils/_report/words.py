# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Values as the reports show them: texts of hosts and services, sizes, rates and times."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment, stamp
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode

UNKNOWN: Final = "not known"
LONGEST: Final = 2000
"""Characters of one text in a report. The receipt has the whole text."""
_READ: Final = 20 * LONGEST
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")


def text(value: Any, most: int = LONGEST) -> str:
    """Return a text in one line, without characters that have no glyph, and cut to ``most`` characters."""
    whole = str(value)
    found = _encode.one_line(whole[:_READ])
    rest = len(found) - most + max(0, len(whole) - _READ)
    return f"{found[:most]}… ({rest} more characters)" if rest > 0 else found


def number(value: Any) -> float:
    """Return a number of a receipt, 0 for anything else: a receipt may come from a file."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable and value > 0 else 0.0


def size(value: float) -> str:
    """Return bytes as text, such as ``3.5 GiB``."""
    place = 0
    while value >= 1024 and place < len(_UNITS) - 1:
        value, place = value / 1024, place + 1
    return f"{value:.0f} {_UNITS[place]}" if place == 0 or value >= 100 else f"{value:.3g} {_UNITS[place]}"


def rate(amount: float, seconds: float) -> str:
    """Return bytes in seconds as text, such as ``80 MiB/s``; not known where one of them is 0."""
    return f"{size(amount / seconds)}/s" if amount > 0 and seconds > 0 else UNKNOWN


def duration(seconds: float) -> str:
    """Return seconds as text: ``0.8 s``, ``5 s``, ``12 min 30 s``, ``3 h 20 min``."""
    if seconds < 59.5:
        return f"{seconds:.1f} s".replace(".0 ", " ") if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes + (rest >= 30)} min"
    return f"{minutes // 60} h {minutes % 60} min"


def count(amount: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 server``, ``2 servers``."""
    return f"{amount} {one if amount == 1 else many or one + 's'}"


def time(value: Any) -> datetime | None:
    """Return a time of a receipt, None for anything that is none."""
    return moment(str(value)) if value else None


def shown_time(value: Any) -> str:
    """Return a time for people, such as ``2026-11-24 08:00:00 UTC``, or that it is not known."""
    found = time(value)
    try:
        return stamp(found).replace("T", " ").replace("Z", " UTC") if found else UNKNOWN
    except OverflowError:
        # The first and the last day of the calendar, in some time zones.
        return UNKNOWN
