# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that ends without a result in the middle of the copies: the same command again finishes what it began."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.oss_client import bucket
from support.wave import Player, done, standing_still, utils
from support.wave_hosts import client_on, hosts_up, running, settled, statuses
from testbed.hosts import Bed

HOSTS = ("db-01", "legacy-01")
WORLD = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
MADE = ("CreateReplicationJob", "ExportImage", "ImportImage")
LATER_THAN_A_LEASE = 301
pytestmark = [pytest.mark.sandbox_world(WORLD), pytest.mark.any_core]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *HOSTS) as bed:
        yield bed


def kill_module(sandbox: Any, name: str) -> None:
    """Kill the process that has claimed the servers of a migration: it is the last one that the ledger names."""
    key = utils("_rules.naming").ledger_key(name, 1)
    rows = [json.loads(line) for line in bucket(sandbox).get_object(key).read().splitlines()]
    os.kill([row["pid"] for row in rows if "pid" in row][-1], signal.SIGKILL)


@pytest.mark.long
@pytest.mark.parametrize("playbook", ["migrate.yml", "step_by_step.yml"])
def test_a_time_limit_of_the_site_for_tasks_does_not_end_a_wave(
    bed: Bed, sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, playbook: str
) -> None:
    player, limit = Player(bed, sandbox, tmp_path), 60
    monkeypatch.setenv("ANSIBLE_TASK_TIMEOUT", str(limit))
    with running(player, playbook, migration_name="limited") as controller:
        sandbox.until(lambda: done(sandbox.requests("smc"), "StartReplicationJob") == len(HOSTS))
        sandbox.post("clock", {"rate": 0})
        with pytest.raises(subprocess.TimeoutExpired):
            controller.wait(limit + 10)
        sandbox.post("clock", {"rate": 1})
        code = controller.wait(PATIENCE)
    ended = player.ended(code, (player.folder / "running.log").read_text(encoding="utf-8"))
    assert ended.code == 0, ended.output
    settled(player, ended, *HOSTS)


@pytest.mark.long
def test_the_same_command_again_finishes_what_a_module_without_result_began(
    bed: Bed, sandbox: Any, tmp_path: Path
) -> None:
    playbook, player, name = "migrate.yml", Player(bed, sandbox, tmp_path), "cut off"
    with running(player, playbook, migration_name=name) as controller:
        sandbox.until(lambda: done(sandbox.requests("smc"), "StartReplicationJob") == len(HOSTS))
        # The copies stand still, so that they are under way when the module ends.
        sandbox.post("clock", {"rate": 0})
        kill_module(sandbox, name)
        code = controller.wait(PATIENCE)
    first = player.ended(code, (player.folder / "running.log").read_text(encoding="utf-8"))
    assert first.code == 2, first.output
    assert statuses(first) == dict.fromkeys(HOSTS, "failed")
    for host in HOSTS:
        (reason,) = first.row(host)["reasons"]
        assert re.match(r"the module ended without a result \(.+\); the SMC client and the cloud work", reason)
        assert "run the same command again" in reason
        assert client_on(bed, host) != "", "its copy needs the client"
    assert len(sandbox.get("state")["jobs"]) == len(HOSTS)

    sandbox.post("clock", {"rate": 1})
    sandbox.advance(LATER_THAN_A_LEASE)
    last = player.play(playbook, migration_name=name)
    assert last.code == 0, last.output
    settled(player, last, *HOSTS)
    assert standing_still(sandbox)
    assert [done(sandbox.requests(), action) for action in MADE] == [len(HOSTS)] * len(MADE)
