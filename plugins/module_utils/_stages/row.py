# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""How far one server has come in a run: a row of the fleet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypedDict

from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Seen, Verdict

from .stages import STAGES

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server


MOST_CHANGES: Final = 60
"""So many changes of a server are recorded, and after that only those of its phase: each server stays small."""


class Change(TypedDict):
    """What a look at the cloud showed that the look before did not: ``seconds`` after the begin of the run."""

    seconds: float
    phase: str
    state: str
    progress: float | None
    limited: bool


@dataclass
class Progress:
    """How far one server has come in this run."""

    server: Server
    seen: Seen = field(default_factory=Seen)
    phase: str = STAGES[0].name
    """The name of its stage; ``done`` after the last one, ``preflight`` before the first one."""
    verdict: Verdict = "pending"
    state: str = ""
    percent: float | None = None
    limited: bool = False
    """Whether it waits because a service handles no more servers at once."""
    reasons: list[str] = field(default_factory=list)
    error: dict[str, Any] | None = None
    existed: bool = False
    """Whether its result was there before this run did anything for it."""
    failures: Counter[str] = field(default_factory=Counter)
    """Failures in a row, of looks (by stage) and of acts."""
    seconds: float = 0.0
    settled: bool = False
    """Whether a stage has given the verdict: only then may a cleanup delete what is left."""
    soon: bool = False
    """Whether its next step is possible within seconds."""
    started: str = ""
    """The stage in which this run has started it since that stage looked at it."""
    next_look: float = 0.0
    """When a result that is being made is looked at again, by the clock: such a look lists all of the account."""
    elsewhere: bool = False
    """Whether another run drives it."""
    timeline: list[Change] = field(default_factory=list)
    """The changes that this run has seen, in their order."""

    @property
    def open(self) -> bool:
        """Return whether the server has no verdict yet."""
        return self.verdict == "pending"

    def end(self, verdict: Verdict, *reasons: str) -> None:
        """Give the server its verdict."""
        self.verdict = verdict
        self.reasons += reasons

    def note(self, seconds: float) -> None:
        """Record what a look at the cloud has shown ``seconds`` after the begin of the run, if it is new."""
        last = self.timeline[-1] if self.timeline else None
        if not self.open:
            return
        if last and last["phase"] == self.phase:
            known = (last["state"], last["limited"], last["progress"] is None)
            if known == (self.state, self.limited, self.percent is None) or len(self.timeline) >= MOST_CHANGES:
                return
        self.timeline.append(
            {
                "seconds": round(seconds, 1),
                "phase": self.phase,
                "state": self.state,
                "progress": self.percent,
                "limited": self.limited,
            }
        )
