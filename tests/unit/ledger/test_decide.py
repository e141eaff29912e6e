# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decisions of the ledger at their limits."""

from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import decide
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Who
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import LEASE, Owner, State


def owned(until: float) -> State:
    state = State("el000000")
    state.owners["other"] = Owner(Who("other", "host", 1), until)
    state.claims["server"] = "other"
    return state


@pytest.mark.parametrize(("more", "may"), [(1.0, True), (0.0, True), (-1.0, False)])
def test_a_call_is_sent_only_when_its_effect_comes_within_the_claim(more: float, may: bool) -> None:
    assert decide.may_send(1000.0, 1000.0 + decide.MARGIN + more) is may


def test_a_longer_time_limit_of_requests_needs_a_longer_margin() -> None:
    assert not decide.may_send(1000.0, 1150.0, margin=200.0)


@pytest.mark.parametrize(("until", "mine"), [(999.0, True), (1000.0, False), (1300.0, False)])
def test_a_server_is_free_when_the_claim_of_another_run_has_ended(until: float, mine: bool) -> None:
    free, others = decide.divide(owned(until), "me", ["server", "unknown"], 1000.0)
    assert free == (("server", "unknown") if mine else ("unknown",))
    assert set(others) == (set() if mine else {"server"})
    assert bool(decide.others_alive(owned(until), "me", 1000.0)) is not mine
    assert decide.may_close(owned(until), "me", 1000.0) is mine


def test_a_claim_is_renewed_long_before_it_ends() -> None:
    until = 1000.0 + LEASE
    assert not decide.renewal_due(1000.0 + decide.HEARTBEAT - 1, until)
    assert decide.renewal_due(1000.0 + decide.HEARTBEAT, until)
