# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of an operation as plain values; sandbox.oss.wire sends it."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

XML = {"Content-Type": "application/xml"}


@dataclass(frozen=True)
class Stretch:
    """`length` bytes of a file from `start`, gzipped on the way if wanted.

    `sent` is how many of them leave before the connection breaks; None: all of them, and it does not.
    """

    path: Path
    start: int
    length: int
    compress: bool = False
    sent: int | None = None


@dataclass(frozen=True)
class Answer:
    """Status, headers, and a small document or a stretch of a file.

    `end` is what happens to the connection: it stays open, closes after the answer, or breaks instead of it.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stretch: Stretch | None = None
    end: Literal["continues", "closes", "breaks"] = "continues"
