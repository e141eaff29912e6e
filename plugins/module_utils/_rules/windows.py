# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Maintenance windows: texts such as ``Sat-Sun 22:00-06:00``, in UTC, and when the next one opens (pure)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

RULE: Final = "optional days (Mon, Sat-Sun) and hours in UTC, such as 'Sat-Sun 22:00-06:00' or '20:00-04:00'"
"""What a window looks like."""

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES
_TEXT: Final = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+)?(?P<open>\d{2}:\d{2})-(?P<close>\d{2}:\d{2})\Z"
)

Span = tuple[int, int]
"""Minutes of the week from Monday 00:00, the end excluded; the end may lie in the next week."""


def problems(texts: Iterable[object]) -> list[str]:
    """Return what is wrong with each text that is no window."""
    return [f"{text!r} is no window: {RULE}" for text in texts if not _spans(text)]


def spans(texts: Iterable[object]) -> tuple[Span, ...]:
    """Return the minutes of the week in which the windows are open; a text that is no window has none."""
    return tuple(sorted(span for text in texts for span in _spans(text)))


def _spans(text: object) -> list[Span]:
    found = _TEXT.match(str(text).strip().lower())
    if not found:
        return []
    begin, end = _minute(found["open"]), _minute(found["close"])
    first, last = found["first"] or "mon", found["last"] or found["first"] or "sun"
    if begin is None or end is None or first not in _DAYS or last not in _DAYS:
        return []
    length = (end - begin) % _DAY_MINUTES or _DAY_MINUTES
    begins, count = _DAYS.index(first), (_DAYS.index(last) - _DAYS.index(first)) % 7 + 1
    starts = [((begins + day) % 7) * _DAY_MINUTES + begin for day in range(count)]
    return [(start, start + length) for start in starts]


def _minute(clock: str) -> int | None:
    hours, minutes = map(int, clock.split(":"))
    inside = minutes < 60 and (hours < 24 or (hours, minutes) == (24, 0))
    return (hours * 60 + minutes) % _DAY_MINUTES if inside else None


def open_minutes(windows: Sequence[Span], when: datetime) -> int:
    """Return for how many minutes a window that is open at ``when`` stays open, 0 where none is."""
    minute = when.weekday() * _DAY_MINUTES + when.hour * 60 + when.minute
    left = [end - at for start, end in windows for at in (minute, minute + _WEEK_MINUTES) if start <= at < end]
    return max(left, default=0)


def shortest(found: Iterable[Sequence[Span]]) -> int:
    """Return the minutes of the shortest of several hosts' windows, 0 where there is none."""
    return min((end - start for windows in found for start, end in windows), default=0)


def next_open(windows: Sequence[Span], when: datetime) -> datetime:
    """Return ``when`` if a window is open then, or there is none; else the time at which the next one opens (UTC)."""
    if not windows:
        return when
    minute = when.weekday() * _DAY_MINUTES + when.hour * 60 + when.minute
    if any(start <= at < end for start, end in windows for at in (minute, minute + _WEEK_MINUTES)):
        return when
    wait = min((start - minute) % _WEEK_MINUTES for start, _end in windows)
    return when.replace(second=0, microsecond=0) + timedelta(minutes=wait)
