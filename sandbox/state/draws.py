# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is drawn by lot: ids and keys, from the world's seed alone."""

from __future__ import annotations

import random
import string
import uuid
from collections import Counter

_ALPHABET = string.ascii_lowercase + string.digits


class Draws:
    """A generator per purpose, so that no draw depends on how many others were made for other purposes before it.

    What an id is made ``of`` (the source of a job, the job of an image) makes it independent of the order in which
    parallel clients come: the first job of a source has the same id whoever was first.
    """

    def __init__(self, seed: object) -> None:
        self.restart(seed)

    def restart(self, seed: object) -> None:
        """Begin anew; the same seed gives the same draws again."""
        self._seed = str(seed)
        self._counts: Counter[str] = Counter()

    def text(self, length: int, *purpose: str) -> str:
        """Lower-case letters and digits, others every time."""
        return "".join(self._next(*purpose).choices(_ALPHABET, k=length))

    def hexadecimal(self, digits: int, *purpose: str) -> str:
        """Upper-case hexadecimal digits, others every time."""
        return f"{self._next(*purpose).getrandbits(4 * digits):0{digits}X}"

    def uuid(self, *purpose: str) -> str:
        """An upper-case UUID, another one every time."""
        return str(uuid.UUID(int=self._next(*purpose).getrandbits(128), version=4)).upper()

    def _next(self, *purpose: str) -> random.Random:
        name = "/".join(purpose)
        self._counts[name] += 1
        return random.Random(f"{self._seed}/{name}/{self._counts[name]}")
