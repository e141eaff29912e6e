# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is random: ids and keys, generated from the world's seed alone."""

from __future__ import annotations

import random
import string
import uuid
from collections import Counter

_ALPHABET = string.ascii_lowercase + string.digits


class Draws:
    """A generator per purpose: the values for one purpose do not depend on those for another.

    What an id is made ``of`` (the source of a job, the job of an image) makes it independent of the order in which
    parallel clients call: the first job of a source always has the same id.
    """

    def __init__(self, seed: object) -> None:
        self.restart(seed)

    def restart(self, seed: object) -> None:
        """Restart; the same seed gives the same values again."""
        self._seed = str(seed)
        self._counts: Counter[str] = Counter()

    def text(self, length: int, *purpose: str) -> str:
        """Return lower-case letters and digits, different at each call."""
        return "".join(self._next(*purpose).choices(_ALPHABET, k=length))

    def hexadecimal(self, digits: int, *purpose: str) -> str:
        """Return upper-case hexadecimal digits, different at each call."""
        return f"{self._next(*purpose).getrandbits(4 * digits):0{digits}X}"

    def uuid(self, *purpose: str) -> str:
        """Return an upper-case UUID, different at each call."""
        return str(uuid.UUID(int=self._next(*purpose).getrandbits(128), version=4)).upper()

    def _next(self, *purpose: str) -> random.Random:
        name = "/".join(purpose)
        self._counts[name] += 1
        return random.Random(f"{self._seed}/{name}/{self._counts[name]}")
