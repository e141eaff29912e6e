# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the protocol asks of the bucket, and what the bucket answers: the requests and answers of ``session``."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from .lines import Mark


@dataclass(frozen=True)
class Listing:
    """List the numbers of the migration's ledgers; the answer is a Listed."""


@dataclass(frozen=True)
class Read:
    """Read a ledger from a position on; the answer is a Found."""

    number: int
    position: int = 0
    crc: int | None = None
    """The CRC-64 of what is before the position, as far as it is known."""


@dataclass(frozen=True)
class Append:
    """Append a text at a position, if that is the length of the ledger; the answer is an Appended."""

    number: int
    position: int
    crc: int | None
    text: str


@dataclass(frozen=True)
class Close:
    """Replace a ledger by an empty object that takes no appends, with this note; the answer is a Done."""

    number: int
    note: Note


Request: TypeAlias = "Listing | Read | Append | Close"


@dataclass(frozen=True)
class Note:
    """What the empty object that replaced a ledger tells: why and by whom it was ended, and when."""

    mark: Mark
    host: str
    at: float
    id: str = ""


@dataclass(frozen=True)
class Listed:
    """The numbers of the ledgers that exist."""

    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """What a read has found. ``replaced``: what is before the position is not what was there."""

    kind: Literal["absent", "open", "closed", "replaced"]
    date: float
    content: bytes = b""
    crc: int | None = None
    note: Note | None = None


@dataclass(frozen=True)
class Appended:
    """What came of an append: ``written``; ``refused`` because of its position or because the object takes none;
    ``lost`` when no answer came; ``replaced`` when the line went into another object than the ledger that was read."""

    outcome: Literal["written", "refused", "lost", "replaced"]
    date: float
    crc: int | None = None


@dataclass(frozen=True)
class Done:
    """The request was carried out."""

    date: float


Answer: TypeAlias = "Listed | Found | Appended | Done"
Value = TypeVar("Value")
Operation = Generator[Request, Answer, Value]
