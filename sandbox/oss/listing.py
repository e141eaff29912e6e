# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a listing shows: one page of keys and common prefixes; a pure function for objects and uploads alike."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Page:
    """One page; `next` is where the next one continues, empty when this is the last."""

    keys: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next: str = ""

    @property
    def truncated(self) -> bool:
        """Whether there is more."""
        return bool(self.next)


def page_of(keys: Iterable[str], prefix: str, delimiter: str, marker: str, limit: int) -> Page:
    """Return the first `limit` entries after `marker`; keys with `delimiter` behind `prefix` fold into one prefix.

    `keys` are sorted, begin with `prefix` and sort after `marker`.
    """
    page = Page()
    last = ""
    for key in keys:
        entry = key
        if delimiter:
            at = key.find(delimiter, len(prefix))
            if at >= 0:
                entry = key[:at + len(delimiter)]
        folded = entry != key
        if folded and (page.prefixes[-1:] == [entry] or entry <= marker):
            continue
        if len(page.keys) + len(page.prefixes) >= limit:
            # With a limit of 0 nothing can be named to continue from.
            page.next = last
            return page
        (page.prefixes if folded else page.keys).append(entry)
        last = entry
    return page
