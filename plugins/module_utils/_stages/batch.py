# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The calls of one tick, of all stages, as one batch: announced before, made once each, recorded after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError

from .stage import Call, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Announced, Seen, Server

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
        facts = self.stage.announced.get(self.action)
        return Call(self.server, self.stage.name, self.action, facts(self.server, self.seen)) if facts else None


def perform(context: Context, batch: Sequence[Act]) -> list[tuple[Act, Outcome]]:
    """Announce the calls that have no ClientToken, make every call that may be made, record the outcomes; return each
    act with its outcome. A server has one act in a batch."""
    calls = {act.server.id: call for act in batch if (call := act.call())}
    allowed = context.announcements.announce(list(calls.values())) if calls else {}
    outcomes, announced = [], []
    for act in batch:
        call, grant = calls.get(act.server.id), allowed.get(act.server.id)
        if call is None:
            outcome = _make(context, act)
        elif isinstance(grant, CloudError):
            outcome = Outcome(error=grant)
        elif grant is None:
            outcome = _wait_for_other(context, act)
        else:
            outcome = _make_announced(context, act, grant)
            announced.append((call, outcome))
        outcomes.append((act, outcome))
    if announced:
        context.announcements.record(announced)
    return outcomes


def _make(context: Context, act: Act) -> Outcome:
    try:
        return act.stage.act(context.of(act.stage), act.server, act.seen, act.action)
    except CloudError as error:
        return Outcome(error=error)


def _make_announced(context: Context, act: Act, announced: Announced) -> Outcome:
    act.seen.announced[act.stage.name] = announced
    outcome = _make(context, act)
    if outcome.made_nothing:
        act.seen.announced.pop(act.stage.name, None)
    return outcome


def _wait_for_other(context: Context, act: Act) -> Outcome:
    """Return that the call was announced by another controller, or by an earlier run, and remember its announcement."""
    try:
        last = context.announcements.last(act.server.id, act.stage.name)
    except CloudError as error:
        return Outcome(error=error)
    if last:
        act.seen.announced[act.stage.name] = last
    return Outcome(held=f"the {act.stage.name} of {act.server.host} was requested and is not listed yet")
