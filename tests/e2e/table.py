# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table at the end: the wall time of each part, and bytes moved against bytes used. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from guests.image import MIB
from rich.box import SIMPLE
from rich.table import Table

from e2e.judge import the_server

STAGES = {"transfer": "copy and ECS image", "export": "export to OSS", "import": "import to ENS"}


@dataclass(frozen=True)
class Part:
    """One part of the way of a guest and its wall time; ``inside`` if the part before includes it."""

    guest: str
    what: str
    seconds: float
    inside: bool = False


@dataclass(frozen=True)
class Bytes:
    """Bytes of a guest: used in its file systems, size of its disks, sent by its network card, in exported objects."""

    used: int = 0
    disks: int = 0
    sent: int = 0
    exported: int = 0


def stages(receipt: Mapping[str, Any], name: str) -> list[Part]:
    """The parts of a run of migrate.yml that the receipt shows."""
    server = the_server(receipt, name)
    begins: dict[str, float] = {}
    for row in server.get("timeline", []):
        begins.setdefault(row["phase"], row["seconds"])
    known = [phase for phase in STAGES if phase in begins]
    ends = [begins[phase] for phase in known[1:]] + [float(server.get("seconds") or 0)]
    parts = [Part(name, STAGES[phase], end - begins[phase], True) for phase, end in zip(known, ends, strict=False)]
    told = server.get("verification") or {}
    if told:
        boot = told["seconds"] if told["boot_seconds"] is None else told["boot_seconds"]
        parts.append(Part(name, "boot of the copy until it answers", boot, True))
        parts.append(Part(name, "comparisons and checks", told["seconds"] - boot, True))
    return parts


def end(server: Mapping[str, Any]) -> str:
    """How the migration of a server has ended, and the checks of its copy that have passed, in words."""
    words = [str(server.get("status", "not in the receipt")), *server.get("reasons", [])]
    rows = (server.get("verification") or {}).get("checks", [])
    if rows:
        words.insert(1, f"{sum(row['ok'] for row in rows)} of {len(rows)} checks passed")
    return "; ".join(words)


def times(parts: Iterable[Part]) -> Table:
    """The wall times."""
    shown = Table(box=SIMPLE, header_style="bold", padding=0, collapse_padding=True)
    for name in ("guest", "part"):
        shown.add_column(name)
    shown.add_column("seconds", justify="right")
    for part in parts:
        shown.add_row(part.guest, ("  " if part.inside else "") + part.what, f"{part.seconds:.0f}")
    return shown


def volumes(rows: Mapping[str, Bytes]) -> Table:
    """The bytes in MiB."""
    shown = Table(box=SIMPLE, header_style="bold", padding=0, collapse_padding=True)
    shown.add_column("guest")
    for name in ("MiB used", "MiB of disks", "MiB sent", "MiB exported"):
        shown.add_column(name, justify="right")
    for guest, row in rows.items():
        shown.add_row(guest, *(f"{value / MIB:.0f}" for value in (row.used, row.disks, row.sent, row.exported)))
    return shown
