# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One migration in slices, with hosts that drop out and settings that break: finished work stays, nothing is left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.wave import Player, done, standing_still
from support.wave_hosts import client_on, hosts_up, settled
from testbed.hosts import Bed

HOSTS = ("db-01", "legacy-01")
WORLD = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
pytestmark = [pytest.mark.sandbox_world(WORLD), pytest.mark.any_core]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *HOSTS) as bed:
        yield bed


@pytest.fixture
def player(bed: Bed, sandbox: Any, tmp_path: Path) -> Player:
    return Player(bed, sandbox, tmp_path)


def finished_jobs(sandbox: Any) -> list[str]:
    rows = sandbox.call("smc", "DescribeReplicationJobs")["ReplicationJobs"]["ReplicationJob"]
    return [row["JobId"] for row in rows if row["Status"] == "Finished"]


def test_a_slice_and_a_host_that_drops_out_keep_their_work(player: Player, sandbox: Any) -> None:
    first = player.play("migrate.yml", migration_name="sliced", migration_wave="db-01", migration_wait=False)
    assert first.code == 0, first.output
    assert first.row("db-01")["status"] == "pending"
    sandbox.until(lambda: finished_jobs(sandbox), seconds=PATIENCE)

    # The second slice ends. Nothing of the first one is its business, although no limit is set.
    second = player.play("migrate.yml", migration_name="sliced", migration_wave="legacy-01")
    assert second.code == 0, second.output
    assert second.row("legacy-01")["status"] == "migrated"
    assert len(sandbox.get("state")["images"]) == 1
    assert client_on(player.bed, "legacy-01") == ""

    # The host of the first slice cannot be reached. With the tag of the cleanup its finished copy stays, and is shown.
    nowhere = player.folder / "nowhere.json"
    nowhere.write_text(json.dumps({"all": {"hosts": {"db-01": {"ansible_port": 9}}}}), encoding="utf-8")
    kept = player.play("migrate.yml", "-i", str(nowhere), "--tags", "cleanup", migration_name="sliced")
    assert kept.code == 2, kept.output
    assert re.search(r"db-01 +unreachable", kept.output), kept.output
    assert "billed meanwhile: ecs_snapshot " in kept.output, kept.output
    assert len(sandbox.get("state")["images"]) == 1

    # Its export and its import continue without it, although no host of the play can be reached.
    away = player.play("migrate.yml", "-i", str(nowhere), migration_name="sliced", migration_wave="db-01")
    assert away.code == 2, away.output
    assert re.search(r"db-01 +migrated", away.output), away.output
    row = away.row("db-01")
    assert (row["status"], row["billed"], len(row["disks"])) == ("migrated", [], 3)
    assert "the SMC client is still on this host" in row["warnings"][-1]
    assert sandbox.get("meter")["running"] == []
    assert client_on(player.bed, "db-01") != ""

    last = player.play("migrate.yml", migration_name="sliced")
    assert last.code == 0, last.output
    settled(player, last, *HOSTS)
    assert standing_still(sandbox)
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [2, 2, 2]


def test_an_error_after_the_clients_were_started_leaves_none_behind(player: Player, sandbox: Any) -> None:
    # The preflight does not ask for zones: the network of the wave does, after the clients were started.
    rule = {"match": {"action": "DescribeZones"}, "kind": "error", "status": 403, "code": "Forbidden.RAM", "times": 99}
    sandbox.post("faults", {"meaning": "a right is missing", "faults": [rule]})
    broken = player.play("migrate.yml", migration_name="broken", migration_wave="legacy-01")
    assert broken.code == 2, broken.output
    assert "Forbidden.RAM" in broken.output
    assert "Show the migration summary" in broken.output
    assert broken.row("legacy-01")["status"] == "failed"
    assert client_on(player.bed, "legacy-01") == ""
    assert sandbox.get("meter")["running"] == []


@pytest.mark.long
def test_one_machine_in_two_inventories_is_migrated_once(player: Player, sandbox: Any) -> None:
    first = player.play("migrate.yml", migration_name="twice", migration_wave="legacy-01", migration_wait=False)
    assert first.code == 0, first.output
    assert first.row("legacy-01")["status"] == "pending"

    hosts = json.loads((player.bed.folder / "inventory.json").read_text(encoding="utf-8"))["sources"]["hosts"]
    alias = player.folder / "alias.json"
    alias.write_text(json.dumps({"sources": {"hosts": {"alias-01": hosts["legacy-01"]}}}), encoding="utf-8")
    second = player.play("migrate.yml", "-i", str(alias), migration_name="twice", migration_wave="alias-01")
    row = second.row("alias-01")
    assert row["status"] in ("blocked", "failed"), second.output
    assert "legacy-01" in " ".join(row["reasons"])
    assert client_on(player.bed, "legacy-01") != "", "the copy under the other name needs the client"

    last = player.play("migrate.yml", migration_name="twice", migration_wave="legacy-01")
    assert last.code == 0, last.output
    settled(player, last, "legacy-01")
    assert done(sandbox.requests(), "CreateReplicationJob") == 1
