# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts the next run continues, above all after a module that has ended without a result."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.filter.wave import FilterModule

FILTERS = FilterModule().filters()
CLEAR = {"preflight_verdict": "clear"}
AGAIN = {**CLEAR, "__agent_steps": ["install", "register", "start"]}
TIMED_OUT = {"failed": True, "msg": "Timed out after 60 second(s).", "timedout": {"period": 60}}
KILLED = {"failed": True, "msg": "Module result deserialization failed.", "module_stdout": "", "rc": -9}
REFUSED = {"failed": True, "msg": "no such zone", "error": {"code": "Options.Invalid"}, "request_id": ""}


def wave(run: dict[str, Any], **hosts: dict[str, Any]) -> Any:
    return FILTERS["wave_pending"](hosts, hosts, run)


def stages(**hosts: dict[str, Any]) -> Any:
    return FILTERS["wave_pending"](hosts, hosts)


@pytest.mark.parametrize("run", [TIMED_OUT, KILLED, {}, {"failed": True, "msg": "value of net_mode must be one of"}])
def test_without_a_result_all_servers_of_the_wave_are_pending(run: dict[str, Any]) -> None:
    assert wave(run, old=CLEAR, new=AGAIN) == ["old", "new"]
    # A name of migration_servers need not be in the inventory.
    assert FILTERS["wave_pending"](["elsewhere"], {}, run) == ["elsewhere"]


def test_a_wave_that_was_refused_leaves_no_client_that_this_play_has_registered() -> None:
    assert wave(REFUSED, old=CLEAR, new=AGAIN) == ["old"]


def test_a_result_names_the_pending_servers() -> None:
    rows = [
        {"host": "done", "verdict": "migrated", "settled": True},
        {"host": "failed", "verdict": "failed", "settled": True},
        {"host": "kept", "verdict": "failed", "settled": False},
        {"host": "copying", "verdict": "pending", "settled": False},
        {"host": "twin", "verdict": "blocked", "settled": False},
    ]
    run = {"failed": True, "error": {}, "migration": {"servers": rows}}
    assert wave(run, **{row["host"]: AGAIN for row in rows}) == ["kept", "copying"]
    assert wave({"migration": {"servers": []}}, new=AGAIN) == []


def test_stages_that_have_not_settled_a_host_leave_it_pending() -> None:
    copied = {"transfer": {"status": "Finished"}, "resources": []}
    assert stages(
        timed_out={**AGAIN, "transfer_run": TIMED_OUT},
        killed={**AGAIN, "transfer_run": copied, "export_run": KILLED},
        refused_later={**AGAIN, "transfer_run": copied, "export_run": REFUSED},
        interrupted={**AGAIN, "transfer_run": {"failed": True, "error": {}, "resources": []}},
        earlier={**CLEAR, "transfer_run": REFUSED},
        before_its_turn=CLEAR,
        refused={**AGAIN, "transfer_run": REFUSED},
        never_begun=AGAIN,
        settled={**AGAIN, "transfer_run": {"failed": True, "settled": True}},
        imported={**AGAIN, "transfer_run": copied, "ens_import_run": {"image": {"status": "Available"}}},
        migrated={"preflight_verdict": "migrated"},
        blocked={"preflight_verdict": "blocked"},
        unready={**AGAIN, "agent_error": "no space"},
        unreachable={},
    ) == ["timed_out", "killed", "refused_later", "interrupted", "earlier", "before_its_turn"]


@pytest.mark.parametrize("result", [TIMED_OUT, KILLED])
@pytest.mark.parametrize("name", ["migration_run", "transfer_run", "export_run"])
def test_the_report_says_that_a_module_ended_and_what_to_do(name: str, result: dict[str, Any]) -> None:
    facts = {**CLEAR, name: result, "migration_error": result["msg"]}
    (row,) = FILTERS["wave_receipt"](["web-01"], {"web-01": facts}, "wave_01")["servers"]
    assert row["status"] == "failed"
    (reason,) = row["reasons"]
    for words in ("the module ended without a result", result["msg"].rstrip("."), "kept", "run the same command again"):
        assert words in reason
