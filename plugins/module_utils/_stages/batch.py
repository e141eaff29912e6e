# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The calls of one tick, of all stages, as one batch: announced before, made once each, recorded after."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, NotSent
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Call, Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.store import printable
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import error_codes

from .stage import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Seen, Server

    from .stage import Context, Stage


@dataclass(frozen=True)
class Act:
    """One call that a stage has decided on for a server."""

    stage: Stage
    server: Server
    seen: Seen
    action: str

    @property
    def step(self) -> str:
        """The name under which it is counted, such as ``export.export``."""
        return f"{self.stage.name}.{self.action}"

    def call(self) -> Call | None:
        """Return what is announced of it, None for a call with a ClientToken."""
        about = self.stage.announced.get(self.action)
        return Call(self.server.id, self.stage.name, about(self.server, self.seen)) if about else None


def perform(context: Context, batch: Sequence[Act], until: float = inf) -> list[tuple[Act, Outcome]]:
    """Announce the calls that have no ClientToken, make every call that may be made, several at the same time, and
    record the outcomes; return each act with its outcome. A server has one act in a batch.

    After a service has refused a start because it handles no more at once, or because of the account, no other one of
    its kind begins. After ``until``, by the clock, none begins: a tick that makes calls does not see what happens.
    """
    driver = context.driver
    early = {act.server.id for act in batch if act.stage.name in act.seen.requested}
    calls = {act.server.id: call for act in batch if (call := act.call()) and act.server.id not in early}
    allowed = driver.announce(list(calls.values()))
    results: dict[str, Result] = {}
    full: dict[str, str] = {}

    def make(act: Act) -> tuple[Act, Outcome]:
        call = calls.get(act.server.id)
        if act.call() and act.server.id in early:
            return act, Outcome(held=f"the {act.stage.name} of {act.server.host} was requested and is not listed yet")
        if (call and act.server.id not in allowed) or not driver.holds(act.server.id):
            outcome = Outcome(held=f"another run has taken over {act.server.host}")
            call = call if act.server.id in allowed else None
        elif context.clock.monotonic() >= until:
            outcome = Outcome(held=f"the {act.step} waits for the next look at the cloud: others were first")
        elif act.step in full:
            outcome = Outcome(held=full[act.step])
        else:
            outcome = _make(context, act)
            if outcome.full:
                full.setdefault(act.step, outcome.held)
            if outcome.error and account_wide(outcome.error):
                full.setdefault(act.step, f"not started: {outcome.error}")
        if call:
            results[act.server.id] = _result(call, outcome)
        return act, outcome

    try:
        return context.clients.pool.each(make, batch)
    finally:
        driver.record([results[act.server.id] for act in batch if act.server.id in results])


def account_wide(error: CloudError) -> bool:
    """Return whether an error would meet every other server of the account too."""
    known = error_codes.find(error.code, error.message)
    return bool(known and known.account)


def _make(context: Context, act: Act) -> Outcome:
    try:
        return act.stage.act(context.of(act.stage), act.server, act.seen, act.action)
    except NotSent as error:
        return Outcome(held=error.message)
    except CloudError as error:
        return Outcome(error=error)


def _result(call: Call, outcome: Outcome) -> Result:
    """Return the outcome of a call as it is in a ledger."""
    if outcome.error and outcome.error.uncertain:
        return Result(call.server, call.call, "unknown", printable(outcome.error.code))
    if outcome.error:
        return Result(call.server, call.call, "error", printable(outcome.error.code))
    if outcome.held:
        return Result(call.server, call.call, "unsent")
    return Result(call.server, call.call, "done", printable(next(iter(outcome.ids.values()), "")))
