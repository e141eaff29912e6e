# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The fleet: which server does what next, one tick at a time.

A tick looks at the whole wave (batched describes), lets every server's stage decide, and performs what was decided.
Waiting only repeats ticks; a single tick is what a schedule needs (law 5 of the design).
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import (
    Decision,
    Ledger,
    Phase,
    Seen,
    Verdict,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, states

from . import ens_import, export, transfer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server

TRANSIENT_LIMIT = 5
"""Failures in a row that a retry could cure before a server, or the wave's look at the cloud, is given up."""

AFTER_ACT_SECONDS = 2.0
"""How soon the next tick follows one that changed something: its effect often allows the next step at once."""


@dataclass
class Clock:
    """Time as the fleet needs it; tests put their own in."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(timezone.utc))


@dataclass
class Progress:
    """How far one server has come in this run."""

    server: Server
    seen: Seen = field(default_factory=Seen)
    phase: Phase = "transfer"
    verdict: Verdict = "pending"
    state: str = ""
    percent: float | None = None
    reasons: list[str] = field(default_factory=list)
    error: dict[str, Any] | None = None
    existed: bool = False
    """Whether its ENS image was there before this run did anything for it."""
    retries: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """Failures in a row, of looks and of acts."""
    seconds: float = 0.0

    @property
    def open(self) -> bool:
        """Return whether the server has no verdict yet."""
        return self.verdict == "pending"

    def end(self, verdict: Verdict, *reasons: str) -> None:
        """Give the server its verdict."""
        self.verdict = verdict
        self.reasons += reasons


class Fleet:
    """The servers of a wave on their way to ENS images.

    ``only`` keeps the fleet to one stage: its result is then the verdict ``migrated`` of that stage.
    """

    def __init__(
        self,
        clients: Clients,
        servers: Sequence[Server],
        policy: Policy,
        clock: Clock | None = None,
        only: Phase | None = None,
        check_mode: bool = False,
    ) -> None:
        self.clients = clients
        self.policy = policy if policy.run_id else replace(policy, run_id=uuid.uuid4().hex)
        self.clock = clock or Clock()
        self.only = only
        self.check_mode = check_mode
        self.ledger = Ledger()
        self.acts: Counter[str] = Counter()
        self.rows = [Progress(server, phase=only or "transfer") for server in servers]
        self.on_tick: Callable[[Sequence[Progress]], None] | None = None
        """Called with all servers after every look at the cloud."""
        self._began = self.clock.monotonic()

    @property
    def changed(self) -> bool:
        """Return whether a mutating call was made (in check mode: would be made)."""
        return bool(self.acts)

    def run(self, wait: bool, timeout: float, interval: float) -> None:
        """Tick until every server has a verdict; a server without one when ``timeout`` seconds are over fails with
        the last state seen. Without ``wait`` ticks repeat only while they get something done; servers that are still
        under way stay ``pending``. A look at the cloud that fails is an error; with ``wait`` only if it goes on so."""
        deadline = self.clock.monotonic() + timeout
        blind = 0
        while True:
            before = sum(self.acts.values())
            try:
                self.tick()
                if self.on_tick:
                    self.on_tick(self.rows)
                blind = 0
            except CloudError as error:
                blind += 1
                if not (wait and error.retryable) or self.check_mode or blind >= TRANSIENT_LIMIT:
                    raise
            if self.check_mode or not any(row.open for row in self.rows):
                return
            acted = sum(self.acts.values()) > before
            if not (wait or acted):
                return
            pause = min(interval, AFTER_ACT_SECONDS) if acted else interval
            if wait and self.clock.monotonic() + pause > deadline:
                break
            self.clock.sleep(pause)
        for row in self.rows:
            if row.open:
                row.end("failed", f"timeout after {timeout:.0f} s in phase {row.phase}; last state: {row.state}")
                row.seconds = self.clock.monotonic() - self._began

    def tick(self) -> None:
        """Look at every open server once and let each take the steps that are possible now."""
        rows = [row for row in self.rows if row.open]
        seen = {row.server.id: row.seen for row in rows}
        if self.only in (None, "import"):
            ens_import.observe(self.clients, [row.server for row in rows], seen)
            rows = [row for row in rows if not self._finish_import(row)]
        if self.only in (None, "transfer"):
            self._copy(rows, seen)
        if self.only in (None, "export"):
            self._export([row for row in rows if row.open and row.phase == "export"], seen)
        for row in rows:
            if row.open and row.phase == "import":
                self._take(row, "import")

    def _copy(self, rows: Sequence[Progress], seen: dict[str, Seen]) -> None:
        transfer.observe(self.clients, [row.server for row in rows], seen, self.policy, self.ledger)
        running = sum(1 for row in rows if (row.seen.job or {}).get("Status") == "Running")
        for row in sorted(rows, key=_largest_first):
            running += self._take(row, "transfer", running)

    def _export(self, rows: Sequence[Progress], seen: dict[str, Seen]) -> None:
        if rows:
            export.observe(self.clients, [row.server for row in rows], seen, self.policy, self.ledger)
        for row in rows:
            if row.seen.trouble:
                self._doubt(row, row.seen.trouble, "look")
            else:
                row.failures["look"] = 0
                self._take(row, "export")

    def _finish_import(self, row: Progress) -> bool:
        """Settle a server whose ENS image exists already; return whether nothing of it is left to look at."""
        if not row.seen.ens_images:
            return False
        row.existed = row.existed or not self.acts
        row.phase = "import"
        self._apply(row, ens_import.decide(row.server, row.seen, self.clock.now()))
        return True

    def _take(self, row: Progress, phase: Phase, running: int = 0) -> bool:
        """Let one stage decide and act for one server; return whether a job was started."""
        row.phase = phase
        decision = self._decide(row, phase)
        starts = phase == "transfer" and decision.action == "start"
        if starts and running >= limits.CONCURRENT_JOBS:
            decision = Decision.wait(f"{running} jobs are running, SMC runs {limits.CONCURRENT_JOBS} at once")
            starts = False
        self._apply(row, decision)
        return starts

    def _decide(self, row: Progress, phase: Phase) -> Decision:
        if phase == "transfer":
            if self.check_mode and not row.server.source_id:
                return Decision.act("create", "the SMC client would register this server first")
            return transfer.decide(row.server, row.seen, self.policy, row.retries, self.clock.now())
        if phase == "export":
            return export.decide(row.server, row.seen, self.policy, self.clock.now())
        return ens_import.decide(row.server, row.seen, self.clock.now())

    def _apply(self, row: Progress, decision: Decision) -> None:
        row.state, row.percent = decision.text, decision.progress
        if decision.kind == "fail":
            self._end(row, "failed", decision.text)
        elif decision.kind == "act":
            self._act(row, decision)
        elif decision.kind == "done":
            self._advance(row)

    def _advance(self, row: Progress) -> None:
        following: dict[Phase, Phase] = {"transfer": "export", "export": "import", "import": "done"}
        if self.only == row.phase or row.phase == "import":
            row.phase = "done" if row.phase == "import" else row.phase
            self._end(row, "migrated")
        else:
            row.phase = following[row.phase]

    def _end(self, row: Progress, verdict: Verdict, *reasons: str) -> None:
        row.end(verdict, *reasons)
        row.seconds = self.clock.monotonic() - self._began

    def _act(self, row: Progress, decision: Decision) -> None:
        step = f"{row.phase}.{decision.action}"
        if self.check_mode:
            self.acts[step] += 1
            return
        retrying = row.phase == "transfer" and (row.seen.job or {}).get("Status") == "InError"
        try:
            held = self._perform(row, decision.action)
        except CloudError as error:
            if error.uncertain:
                self.acts[step] += 1
            self._doubt(row, error, "act")
            return
        if held:
            row.state = held
            return
        self.acts[step] += 1
        row.retries += retrying
        row.failures["act"] = 0

    def _perform(self, row: Progress, action: str) -> str:
        """Make one call; return why it has to be asked again later, or ''."""
        now = self.clock.now()
        if row.phase == "transfer":
            return transfer.act(self.clients, row.server, row.seen, self.policy, action, now)
        if row.phase == "export":
            return export.act(self.clients, row.server, row.seen, self.policy, now)
        return ens_import.act(self.clients, row.server, row.seen, self.policy, now)

    def _doubt(self, row: Progress, error: CloudError, what: str) -> None:
        """Keep a server for which a look failed, or a call that may have had its effect, or that came too early: the
        next tick looks before anything is called again."""
        row.error, row.state = error.as_dict(), str(error)
        row.failures[what] += 1
        passing = error.retryable or error.code in states.SMC_LOOK_AGAIN | states.ECS_LOOK_AGAIN
        if not passing or row.failures[what] >= TRANSIENT_LIMIT:
            self._end(row, "failed", f"{error}. {error.hint}".strip())


def _largest_first(row: Progress) -> tuple[int, str]:
    return (-sum(disk.bytes for disk in row.server.disks), row.server.host)
