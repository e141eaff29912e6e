# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that fails changes nothing, after any exception."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from support.local_cloud import LocalCloud

from sandbox.services import registry


@pytest.mark.parametrize("problem", [KeyError("x"), RuntimeError("x"), MemoryError("x"), ValueError("x")])
def test_a_handler_with_a_bug_leaves_no_trace(
    local: LocalCloud, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    make = registry.HANDLERS["smc"]["CreateAccessToken"]

    def broken(cloud: Any, call: Any) -> Any:
        make(cloud, call)
        cloud.sources.delete(next(iter(cloud.sources))["id"])
        raise problem

    monkeypatch.setitem(registry.HANDLERS["smc"], "CreateAccessToken", broken)
    before = copy.deepcopy(local.cloud.tables.dump())
    reply = local.call("smc", "CreateAccessToken", Name="wave", Count="1", TimeToLiveInDays="1")
    assert (reply.status, reply.headers["x-sandbox-bug"]) == (500, type(problem).__name__)
    assert local.cloud.tables.dump() == before
