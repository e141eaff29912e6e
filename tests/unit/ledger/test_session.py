# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a participant may do after a pause, after a claim of another one, and after the end of the migration."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Call, Who
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.session import Session, Stopped
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import LEASE
from support.ledger_world import WAVE, ModelClock, World, perform


class Parties:
    """Participants of one ledger, in a world whose time a test moves."""

    def __init__(self, *names: str) -> None:
        self.world = World()
        self.clocks = {name: ModelClock() for name in names}
        self.sessions = {name: Session(WAVE, Who(name, name, 1), self.clocks[name], name) for name in names}
        for session in self.sessions.values():
            self.run(session.open())

    def run(self, operation: Generator[Any, Any, Any]) -> Any:
        """Return what an operation returns."""
        try:
            request = next(operation)
            while True:
                self.world, answer = perform(self.world, request)
                for clock in self.clocks.values():
                    clock.told = clock.true = self.world.now
                request = operation.send(answer)
        except StopIteration as end:
            return end.value

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.world = replace(self.world, now=self.world.now + seconds)
        for clock in self.clocks.values():
            clock.true = self.world.now


def test_a_claim_that_was_not_taken_is_renewed_after_any_pause() -> None:
    parties = Parties("one")
    one = parties.sessions["one"]
    parties.run(one.claim(["s1", "s2"]))
    parties.later(2 * LEASE)
    assert not one.may_send()
    parties.run(one.renew())
    assert (one.held(), one.may_send()) == (("s1", "s2"), True)


def test_a_server_that_another_has_driven_meanwhile_is_released() -> None:
    parties = Parties("one", "two")
    one, two = parties.sessions["one"], parties.sessions["two"]
    parties.run(one.claim(["s1", "s2"]))
    parties.later(2 * LEASE)
    parties.run(two.claim(["s1"]))
    parties.run(two.leave())
    # Free again, but what "one" has seen of it is older than what "two" has done.
    parties.run(one.renew())
    assert one.held() == ("s2",)
    assert parties.run(one.claim(["s1", "s2"])) == {}
    assert one.held() == ("s1", "s2")


def test_calls_are_announced_for_servers_that_are_held_alone() -> None:
    parties = Parties("one", "two")
    one, two = parties.sessions["one"], parties.sessions["two"]
    parties.run(one.claim(["s1", "s2"]))
    parties.later(2 * LEASE)
    parties.run(two.claim(["s1"]))
    calls = [Call(server, "export") for server in ("s1", "s2")]
    assert [call.server for call in parties.run(one.announce(calls))] == ["s2"]


@pytest.mark.parametrize("what", ["renew", "claim", "announce"])
def test_a_run_does_nothing_more_after_the_end(what: str) -> None:
    parties = Parties("one", "two")
    one, two = parties.sessions["one"], parties.sessions["two"]
    parties.run(one.claim(["s1"]))
    parties.later(2 * LEASE)
    parties.run(two.end())
    operations = {
        "renew": one.renew, "claim": lambda: one.claim(["s1"]), "announce": lambda: one.announce([Call("s1", "export")])
    }  # fmt: skip
    with pytest.raises(Stopped):
        parties.run(operations[what]())


def test_a_migration_that_was_ended_is_begun_again_only_on_demand() -> None:
    parties = Parties("one", "two", "three")
    one, two, three = parties.sessions.values()
    parties.run(one.claim(["s1"]))
    parties.run(one.leave())
    parties.run(two.end())
    with pytest.raises(Stopped):
        # The cleanup has not finished.
        parties.run(three.open(restart=True))
    parties.run(two.finish())
    with pytest.raises(Stopped):
        parties.run(three.open())
    parties.run(three.open(restart=True))
    assert parties.run(three.claim(["s1"])) == {}
    assert (three.number, three.held()) == (2, ("s1",))
