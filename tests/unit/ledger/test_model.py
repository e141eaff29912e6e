# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real protocol against every order of events within small bounds; ``make ledger-model`` has larger ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import decide
from support.ledger_model import FAST, SCENARIOS, Explorer, Violation


@pytest.mark.parametrize("bounds", FAST)
@pytest.mark.parametrize("name", [name for name, scripts in SCENARIOS.items() if len(scripts) == 2])
def test_no_order_of_two_participants_breaks_a_promise(name: str, bounds: tuple[int, ...]) -> None:
    explorer = Explorer(SCENARIOS[name], *bounds).run()
    assert explorer.exhausted
    assert explorer.finished > 0


@pytest.mark.parametrize("name", [name for name, scripts in SCENARIOS.items() if len(scripts) == 3])
def test_no_order_of_three_participants_and_a_kill_breaks_a_promise(name: str) -> None:
    assert Explorer(SCENARIOS[name], jumps=0, kills=1, switches=1).run().exhausted


PLANTED: dict[str, tuple[str, Callable[..., Any]]] = {
    "a call is sent whatever is left of the lease": ("may_send", lambda *_args: True),
    "a call is repeated without a look": ("next_step", lambda *_args: decide.Step("make")),
    "a cleanup does not wait for the drivers": ("others_alive", lambda *_args: []),
    "the mark of a cleanup is ignored": ("stop", lambda *_args: None),
}
WHERE = {"the mark of a cleanup is ignored": "a driver, a cleanup and a restart",
         "a cleanup does not wait for the drivers": "a driver and a cleanup"}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, broken = PLANTED[bug]
    monkeypatch.setattr(decide, function, broken)
    with pytest.raises(Violation):
        Explorer(SCENARIOS[WHERE.get(bug, "two drivers of one server")], *FAST[0]).run()
