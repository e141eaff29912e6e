# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Reading ahead: the first bytes of an object are read once, and what lies in them is taken from there."""

from __future__ import annotations

from typing import Final, Protocol

FIRST: Final = 256 * 1024
"""Bytes: header, refcount table and first refcounts of a qcow2 file with clusters of 64 KiB, or the headers of an
archive."""


class Ranges(Protocol):
    """What the checks of a content need of a bucket."""

    def read_range(self, key: str, start: int, end_inclusive: int) -> bytes:
        """Return the bytes from start to end, both included; fewer when the object is shorter."""


class Ahead:
    """The ranges of one object of ``size`` bytes, whose first bytes are ``known``; like the bucket, of which it uses
    that alone."""

    def __init__(self, oss: Ranges, size: int, known: bytes) -> None:
        self._oss, self._size, self._known = oss, size, known

    def read_range(self, key: str, start: int, end_inclusive: int) -> bytes:
        """Return the bytes from start to end, both included; fewer when the object is shorter."""
        if end_inclusive >= min(len(self._known), self._size):
            return self._oss.read_range(key, start, end_inclusive)
        return self._known[start : end_inclusive + 1]
