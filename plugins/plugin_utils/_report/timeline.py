# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The timeline of a run: what each server waited for in each stage, and the bars that show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES

from . import words

TITLES: Final = {"transfer": "copy", "export": "export", "import": "import"}
"""What people call a stage; another stage has its own name."""
STYLES: Final = 4
"""So many fills of bars there are. They differ in colour and in pattern."""
_WIDTH: Final = 92.0
"""Percent of the width that the whole run takes. The mark of the result follows the last bar."""
_LEAST: Final = 0.4
_TICKS: Final = 4
_NICE: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)


@dataclass(frozen=True)
class Part:
    """A time in which a server showed the same state. Times are seconds since the begin of the run."""

    phase: str
    state: str
    begin: float
    end: float
    limited: bool
    copies: bool
    """Whether SMC reported the progress of a copy."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.begin


def title(phase: str) -> str:
    """Return the name of a stage for people."""
    return TITLES.get(phase, words.text(phase, 40))


def style(phase: str) -> int:
    """Return the number of the fill of a stage."""
    names = [stage.name for stage in STAGES]
    return names.index(phase) % STYLES if phase in names else STYLES - 1


def parts(row: Mapping[str, Any], run_seconds: float) -> list[Part]:
    """Return what the run has recorded of a server, in order; nothing where it has recorded nothing."""
    changes = [change for change in row.get("timeline") or [] if isinstance(change, Mapping)]
    begins = [words.number(change.get("seconds")) for change in changes]
    # Only a server without a verdict has no time of its own: it waited until the end of the run.
    ends = [*begins, words.number(row.get("seconds")) or run_seconds][1:]
    return [
        Part(
            words.text(change.get("phase", ""), 40),
            words.text(change.get("state", "")),
            begin,
            max(begin, end),
            bool(change.get("limited")),
            change.get("progress") is not None,
        )
        for change, begin, end in zip(changes, begins, ends, strict=True)
    ]


def by_stage(found: Iterable[Part]) -> dict[str, float]:
    """Return the seconds of each stage, in the order in which the server reached them."""
    sums: dict[str, float] = {}
    for part in found:
        sums[part.phase] = sums.get(part.phase, 0.0) + part.seconds
    return sums


def copy_seconds(found: Iterable[Part]) -> float:
    """Return the seconds in which SMC reported progress of the copy."""
    return sum(part.seconds for part in found if part.copies)


def bars(found: Sequence[Part], whole: float) -> list[dict[str, Any]]:
    """Return one bar for each stage, split where the server waited for a free place, as percent of the width."""
    joined: list[dict[str, Any]] = []
    for part in found:
        last = joined[-1] if joined else None
        if last and (last["phase"], last["limited"]) == (part.phase, part.limited):
            last["end"] = part.end
        else:
            joined.append({"phase": part.phase, "limited": part.limited, "begin": part.begin, "end": part.end})
    return [
        {
            "x": f"{place(row['begin'], whole):.2f}",
            "width": f"{max(_LEAST, place(row['end'], whole) - place(row['begin'], whole)):.2f}",
            "style": "wait" if row["limited"] else str(style(row["phase"])),
            "title": f"{'waits for ' if row['limited'] else ''}{title(row['phase'])}, "
            f"{words.duration(row['end'] - row['begin'])}",
        }
        for row in joined
    ]


def place(seconds: float, whole: float) -> float:
    """Return where a time is in the width, in percent."""
    return min(seconds / whole, 1.0) * _WIDTH if whole > 0 else 0.0


def ticks(whole: float) -> list[dict[str, str]]:
    """Return the marks of the axis: round times, at most five of them."""
    step = next((nice for nice in _NICE if whole / nice <= _TICKS), max(_NICE[-1], whole / _TICKS))
    numbers = range(int(whole / step) + 1) if whole > 0 else range(1)
    return [
        {"x": f"{place(number * step, whole):.2f}", "text": words.duration(number * step) if number else "0"}
        for number in numbers
    ]
