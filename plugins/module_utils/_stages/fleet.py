# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The fleet: which server does what next, one tick at a time.

A tick looks at the whole wave (batched describes), lets the stages decide for every server, and makes the calls that
were decided as one batch. Waiting only repeats ticks; a single tick is what a schedule needs (law 5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import parent
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import Driver, driven_by
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision, Verdict
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import states

from .batch import Act, account_wide, perform
from .rhythm import ALWAYS, Rhythm
from .row import Progress
from .stage import Clock, Context, check
from .stages import STAGES
from .turns import Turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import (
        Policy,
        Requested,
        ResourcesSeen,
        Server,
    )

    from .stage import Stage

TRANSIENT_LIMIT = 5
"""Retryable failures in a row after which a server, or the wave's query of the cloud, fails."""

KEPT = "Its client and its cloud work are kept, and billed: run the same command again to continue"
"""The reason of a server that has no result at the timeout."""


class Fleet:
    """The servers of a wave on their way through the stages.

    ``only`` keeps the fleet to the stage of this name: its result is then the verdict ``migrated`` of that stage.
    """

    def __init__(
        self,
        clients: Clients,
        servers: Sequence[Server],
        policy: Policy,
        clock: Clock | None = None,
        only: str | None = None,
        check_mode: bool = False,
        stages: Sequence[Stage] = STAGES,
    ) -> None:
        check(stages)
        clock = clock or Clock()
        migration = servers[0].migration if servers else ""
        self.driver = Driver(clients, policy.bucket, migration, policy.restart)
        if policy.contract:
            self.driver.settle_seconds = max(self.driver.settle_seconds, policy.contract.settle_seconds)
        self.context = Context(clients, policy, self.driver, clock, check_mode)
        self.stages = tuple(stage for stage in stages if only in (None, stage.name))
        self._last = stages[-1].name
        self.acts: Counter[str] = Counter()
        self.rows = [Progress(server, phase=self.stages[0].name) for server in servers]
        self.on_tick: Callable[[Sequence[Progress]], None] | None = None
        """Called with all servers after every look at the cloud."""
        self.causes: list[str] = []
        """The causes in the account for which a stage starts no further server."""
        self.warnings: list[str] = []
        """What was found in the ledger that this collection has not written."""
        self._began, self._rhythm = clock.monotonic(), ALWAYS
        self._looked: set[tuple[str, str]] = set()
        """The stages that have looked at a server in this tick, by the names of both."""
        self._halted: dict[str, str] = {}
        """By stage: the cause in the account for which it starts no further server."""
        self._turns = Turns(servers, policy, clock)
        self._due: frozenset[str] | None = None
        """The servers of the present tick, None for all."""

    @property
    def resources(self) -> ResourcesSeen:
        """The resources that this run has seen."""
        return self.context.resources

    @property
    def changed(self) -> bool:
        """Return whether a mutating call was made (in check mode: would be made)."""
        return bool(self.acts)

    def run(self, wait: bool, timeout: float, interval: float) -> None:
        """Tick until every server has a verdict. A server without one when ``timeout`` seconds are over fails with the
        last state seen, and keeps its cloud work, which may be hours of copying. Without ``wait`` ticks repeat only
        for the servers whose next step is possible within seconds, and for some seconds; servers that are not
        finished stay ``pending``, and so do those that another run drives. A look at the cloud that fails is an error;
        with ``wait`` only if it repeats."""
        try:
            self._run(wait, timeout, interval)
        finally:
            self.warnings = [*self.causes, *self.driver.warnings()]
            self.driver.leave()

    def _run(self, wait: bool, timeout: float, interval: float) -> None:
        clock, blind = self.context.clock, 0
        self._due, self._rhythm = None, Rhythm(wait, timeout, interval, clock.monotonic())
        waits = self._rhythm.waits
        while True:
            before = sum(self.acts.values())
            try:
                self.tick()
                if self.on_tick:
                    self.on_tick(self.rows)
                blind = 0
            except CloudError as error:
                blind += 1
                if not (waits and error.retryable) or self.context.check_mode or blind >= TRANSIENT_LIMIT:
                    raise
            if self.context.check_mode or not any(row.open for row in self.rows):
                return
            acted = sum(self.acts.values()) > before
            soon = frozenset(row.server.id for row in self.rows if row.open and row.soon)
            pause = self._rhythm.pause(clock.monotonic(), acted, bool(soon))
            if pause is None:
                break
            self._due = None if waits else soon
            clock.sleep(pause)
        # Without time to wait, what is not finished is no failure.
        for row in self._open_rows() if waits else ():
            why = f"timeout after {timeout:.0f} s in phase {row.phase}; last state: {row.state}. {KEPT}"
            self._end(row, "failed", why)
            row.settled = False

    def tick(self) -> None:
        """Claim every open server, look at those that are due once, let their stages decide, and make the calls that
        they decided on as one batch. Servers whose result exists already need no claim."""
        parent.check()
        self._looked.clear()
        batch: list[Act] = []
        rows = self._open_rows()
        if self.context.check_mode or not self.driver.opened:
            rows = self._settle_all(rows, batch)
        if rows and self.context.check_mode:
            self.driver.look()
        elif not self.context.check_mode and self._open_rows():
            batch.clear()
            self._looked.clear()
            rows = [row for row in self._own(self._open_rows()) if self._due is None or row.server.id in self._due]
            rows = self._settle_all(rows, batch, ahead=True)
            self._look_elsewhere()
        for stage in self.stages:
            rows = self._go_through(stage, rows, batch)
        self._perform(batch)

    def _open_rows(self) -> list[Progress]:
        return [row for row in self.rows if row.open]

    def _own(self, rows: Sequence[Progress]) -> list[Progress]:
        """Claim servers and return those that are ours; the others say who drives them."""
        others = self.driver.own([row.server.id for row in rows])
        for row in rows:
            owner = others.get(row.server.id)
            row.elsewhere, row.soon = owner is not None, False
            if owner or row.server.id in self.driver.gained:
                row.seen.stale.update(stage.name for stage in self.stages)
            row.state = driven_by(owner) if owner else row.state
        return [row for row in rows if not row.elsewhere]

    def _look_elsewhere(self) -> None:
        """End the servers of other runs whose result exists by now: it needs no claim, and its run may be gone."""
        stage, rows = self.stages[-1], [row for row in self._open_rows() if row.elsewhere]
        if not rows or not stage.settles_first or stage.name != self._last:
            return
        # What the ledger tells of its calls is followed by the run that drives it.
        stage.observe(self.context.of(stage), [row.server for row in rows], {row.server.id: row.seen for row in rows})
        for row in rows:
            if stage.decide(self.context, row.server, row.seen).kind == "done":
                self._advance(stage, row)
                row.reasons.append(f"another run has finished it ({row.state})")

    def _settle_all(self, rows: list[Progress], batch: list[Act], ahead: bool = False) -> list[Progress]:
        """Return the servers that have no result yet. With ``ahead`` the first stage looks at the same time at those
        that had none when they were looked at last."""
        first, now = self.stages[0], self.context.clock.monotonic()
        ahead = ahead and not first.settles_first
        for stage in self.stages:
            if stage.settles_first:
                due = [row for row in rows if stage.name in row.seen.stale or not stage.idle(row.seen)]
                look = [row for row in due if stage.name in row.seen.stale or row.seen.trouble or row.next_look <= now]
                early = [row for row in rows if not stage.settles_first(row.seen)] if ahead else []
                self._observe((stage, look), (first, early))
                ahead = False
                over = {row.server.id for row in due if self._settle(stage, row, batch)}
                rows = [row for row in rows if row.server.id not in over]
        return rows

    def _observe(self, *looks: tuple[Stage, Sequence[Progress]]) -> None:
        """Let stages look at servers, at the same time where there are several."""
        looks = tuple((stage, rows) for stage, rows in looks if rows)
        for row in (row for _stage, rows in looks for row in rows):
            row.seen.trouble = None
        self.context.clients.pool.each(lambda look: self._look(*look), looks)
        for stage, rows in looks:
            self._looked_at(stage, rows)

    def _look(self, stage: Stage, rows: Sequence[Progress]) -> None:
        seen = {row.server.id: row.seen for row in rows}
        stage.observe(self.context.of(stage), [row.server for row in rows], seen)

    def _looked_at(self, stage: Stage, rows: Sequence[Progress]) -> None:
        again = self.context.clock.monotonic() + self._rhythm.interval
        for row in rows:
            if stage.settles_first:
                row.next_look = again if stage.settles_first(row.seen) else 0.0
            row.seen.stale.discard(stage.name)
            row.started = "" if row.started == stage.name else row.started
            self._looked.add((stage.name, row.server.id))
            for about in stage.announced.values():
                self._follow(stage, row, about(row.server, row.seen))

    def _follow(self, stage: Stage, row: Progress, about: str) -> None:
        """Take over what the ledger tells of an announced call, and look for its result by the id that it returned."""
        seen, server = row.seen, row.server

        def ask() -> Requested | None:
            return self.driver.requested(server.id, stage.name, about, stage.failed(seen), self.context.now)

        requested = ask()
        if requested and requested.id and stage.follow and not seen.trouble:
            try:
                stage.follow(self.context.of(stage), server, seen, requested.id)
            except CloudError as error:
                seen.trouble = error
            # The result that was found may have failed.
            requested = ask()
        seen.requested.pop(stage.name, None)
        found = stage.found(seen)
        if requested and not requested.id and found and found != stage.failed(seen):
            self.driver.tell([Result(server.id, stage.name, "done", found)])
        if requested:
            seen.requested[stage.name] = requested

    def _settle(self, stage: Stage, row: Progress, batch: list[Act]) -> bool:
        """Apply the decision for a server whose result exists already; return whether no other stage is asked now."""
        if self._troubled(stage, row):
            return True
        if stage.settles_first is None or not stage.settles_first(row.seen):
            return False
        row.existed = row.existed or not self.acts
        row.phase = stage.name
        decision = stage.decide(self.context, row.server, row.seen)
        if decision.kind == "fail":
            # What earlier stages have made is not known yet. It decides whether the server continues, and what is kept.
            for earlier in self.stages:
                if not earlier.settles_first:
                    self._observe((earlier, [row]))
            decision = stage.decide(self.context, row.server, row.seen)
        self._apply(stage, row, decision, batch)
        return True

    def _go_through(self, stage: Stage, rows: Sequence[Progress], batch: list[Act]) -> list[Progress]:
        """Let one stage query its servers and decide for each; return the servers that continue with the next stage."""
        self._observe((stage, [row for row in rows if (stage.name, row.server.id) not in self._looked]))
        done = set()
        for row, decision in self._decisions(stage, rows):
            self._apply(stage, row, decision, batch)
            if decision.kind == "done":
                done.add(row.server.id)
        return [row for row in rows if row.open and row.server.id in done]

    def _decisions(self, stage: Stage, rows: Sequence[Progress]) -> list[tuple[Progress, Decision]]:
        found = []
        for row in rows:
            row.phase = stage.name
            if not self._troubled(stage, row):
                found.append((row, stage.decide(self.context, row.server, row.seen)))
        # What would be made in check mode is all of it, at whatever time. A stage that starts no further server makes
        # none of them wait: all of them fail now.
        starts_all = self.context.check_mode or stage.name in self._halted
        return found if starts_all else self._turns.grant(stage, self.rows, found)

    def _troubled(self, stage: Stage, row: Progress) -> bool:
        """Return whether the last look of a stage failed for this server alone; count such failures."""
        look = f"{stage.name}.look"
        if row.seen.trouble:
            self._doubt(row, row.seen.trouble, look)
            return True
        row.failures[look] = 0
        return False

    def _apply(self, stage: Stage, row: Progress, decision: Decision, batch: list[Act]) -> None:
        row.state, row.percent, row.limited = decision.text, decision.progress, decision.limited
        row.soon = decision.brief
        if decision.account:
            self._halt(stage.name, row, decision.account)
        if decision.kind == "fail":
            self._give_up(row, decision.text, decision.keep)
        elif decision.kind == "act" and stage.name in self._halted and decision.action in stage.starts:
            self._give_up(row, f"its {stage.name} was not started: {self._halted[stage.name]}. Then run it again", True)
        elif decision.kind == "done":
            self._advance(stage, row)
        elif decision.kind == "synced":
            self._end(row, decision.kind, decision.text)
        elif decision.kind == "act":
            batch.append(Act(stage, row.server, row.seen, decision.action))

    def _halt(self, stage: str, row: Progress, cause: str) -> None:
        """Start no further server in a stage, and say once why: the others would fail with the same cause."""
        if stage not in self._halted:
            self._halted[stage] = f"see {row.server.host}"
            if len(self.rows) == 1:
                return
            self.causes.append(
                f"No further {stage} is started, because {row.server.host} has failed for a cause in the account: "
                f"{cause.rstrip('.')}. Servers that were started continue"
            )

    def _advance(self, stage: Stage, row: Progress) -> None:
        place = self.stages.index(stage)
        if place + 1 < len(self.stages):
            row.phase = self.stages[place + 1].name
        else:
            row.phase = "done" if stage.name == self._last else stage.name
            self._end(row, "migrated")

    def _give_up(self, row: Progress, reason: str, keep: bool = False) -> None:
        """Let a server fail, if it is still this run's: what was seen before a long pause may be the work of another
        run, and a cleanup deletes what a server that has failed has left, unless ``keep``."""
        if self.context.check_mode or self.driver.holds(row.server.id):
            self._end(row, "failed", reason)
            row.settled = not (keep or self._keep_worth(row))
        else:
            row.state = f"another run has taken over {row.server.host}"

    def _keep_worth(self, row: Progress) -> bool:
        """Return whether a failed server has a result that took long to make; add to its reasons that it is kept."""
        kept = next(filter(None, (stage.worth(row.seen) for stage in self.stages)), "")
        if kept:
            row.reasons.append(
                f"its finished copy {kept} is kept with what belongs to it, and billed. Remove the cause and run the "
                "same command again, with wait enabled: it continues from there. The playbook cleanup deletes it"
            )
        return bool(kept)

    def _end(self, row: Progress, verdict: Verdict, *reasons: str) -> None:
        row.end(verdict, *reasons)
        row.settled = verdict != "synced"
        row.seconds = self.context.clock.monotonic() - self._began

    def _perform(self, batch: Sequence[Act]) -> None:
        """Make the calls of a tick, or in check mode only count them, and take over their outcomes."""
        if self.context.check_mode:
            self.acts.update(act.step for act in batch)
            return
        rows = {row.server.id: row for row in self.rows}
        # What frees a slot, or ends a server, comes before what begins.
        batch = sorted(batch, key=lambda act: -self.stages.index(act.stage))
        outcomes = perform(self.context, batch, self._rhythm.until(self.context.clock.monotonic()))
        for act, outcome in outcomes:
            row = rows[act.server.id]
            row.seen.stale.add(act.stage.name)
            if outcome.error:
                if outcome.error.uncertain:
                    self.acts[act.step] += 1
                if account_wide(outcome.error):
                    self._halt(act.stage.name, row, f"{outcome.error}. {outcome.error.hint}".strip())
                self._doubt(row, outcome.error, "act")
            elif outcome.held:
                row.state, row.limited = outcome.held, outcome.full
                row.soon = not outcome.full and act.action not in act.stage.lasting
            else:
                self.acts[act.step] += 1
                row.failures["act"] = 0
                row.soon = act.action not in act.stage.lasting
                if not row.soon:
                    row.started, row.state = act.stage.name, f"{row.state}; {act.action} was called"
        self._turns.refused(outcomes, self.rows)

    def _doubt(self, row: Progress, error: CloudError, what: str) -> None:
        """Keep a server for which a look failed, or a call that may have had its effect, or that came too early: the
        next tick looks before anything is called again."""
        row.error, row.state = error.as_dict(), str(error)
        row.failures[what] += 1
        transient = error.retryable or error.code in states.SMC_LOOK_AGAIN | states.ECS_LOOK_AGAIN
        if not transient or row.failures[what] >= TRANSIENT_LIMIT:
            self._give_up(row, f"{error}. {error.hint}".strip())
