# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks on real SSH hosts: stage by stage, limited, foreseen, in ticks, and killed in the middle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.role_options import DATE
from support.source import ask
from support.wave import Played, Player, changing, done, standing_still
from support.wave_hosts import hosts_up, killed_at, remains, running, settled
from testbed.hosts import Bed

HOSTS = ("db-01", "legacy-01")
WORLD = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
pytestmark = pytest.mark.sandbox_world(WORLD)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *HOSTS) as bed:
        yield bed


@pytest.fixture
def player(bed: Bed, sandbox: Any, tmp_path: Path) -> Player:
    return Player(bed, sandbox, tmp_path)


def ended(player: Player, played: Played, *hosts: str) -> None:
    """Require the end of ``settled``, and that an hour later nothing more is billed."""
    settled(player, played, *hosts)
    assert standing_still(player.sandbox)


@pytest.mark.any_core
@pytest.mark.long
def test_step_by_step_gives_the_same_as_the_wave(player: Player, sandbox: Any) -> None:
    first = player.play("step_by_step.yml", migration_name="steps")
    assert first.code == 0, first.output
    ended(player, first, *HOSTS)
    kinds = {row["kind"] for row in first.receipt["resources"]}
    assert {"smc_job", "ecs_instance", "ecs_image", "ecs_snapshot", "oss_object", "smc_access_token"} <= kinds
    assert all(row["deleted"] and row["proof"] for row in first.receipt["resources"])

    since = sandbox.get("requests?since=0")["next"]
    again = player.play("step_by_step.yml", migration_name="steps")
    assert (again.code, again.changed) == (0, 0), again.output
    assert changing(sandbox.requests(since=since)) == []
    # The receipt of the run that did it stays; a wave run sees the same images.
    assert again.receipt == first.receipt
    wave = player.play("migrate.yml", migration_name="steps")
    assert (wave.code, wave.changed) == (0, 0), wave.output


@pytest.mark.long
def test_text_of_surveys_and_a_date_as_name_migrate_as_well(player: Player, sandbox: Any) -> None:
    wrong = player.play("migrate.yml", "--limit", "legacy-01", migration_name=DATE, cleanup_wait_timeout="soon")
    assert wrong.code == 2, wrong.output
    assert "cleanup_wait_timeout" in wrong.output
    assert changing(sandbox.requests()) == []
    assert ask(player.bed, "legacy-01", "ls -d /smc 2>/dev/null; true").strip() == ""

    texts = {"migration_wait": "true", "migration_wait_timeout": str(int(PATIENCE)), "migration_job_retries": "2",
             "agent_available_timeout": str(int(PATIENCE)), "agent_poll_interval": "1", "agent_force": "false",
             "agent_start_on_boot": "no", "agent_arguments": "--nocheckversion,--noenterkey", "preflight_egress": "[]",
             "preflight_check_account": "true", "migration_vpc_id": None, "migration_import_regions": "",
             "remediate_rsync": "false", "report_fail_on": "failed,pending", "migration_wave": "",
             "alicloud_profile": None}
    played = player.play("migrate.yml", "--limit", "legacy-01", migration_name=DATE, **texts)
    assert played.code == 0, played.output
    assert played.receipt["wave"] == "2026-11-28"
    ended(player, played, "legacy-01")
    again = player.play("migrate.yml", "--limit", "legacy-01", migration_name="2026-11-28")
    assert (again.code, again.changed) == (0, 0), again.output


@pytest.mark.long
def test_foreseen_then_limited(player: Player, sandbox: Any) -> None:
    file = player.folder / "plan.json"
    foreseen = player.play("migrate.yml", "--check", "--diff", migration_name="limited", migration_plan_file=str(file))
    assert foreseen.code == 0, foreseen.output
    assert foreseen.changed > 0
    plan = json.loads(file.read_text(encoding="utf-8"))
    assert {row["host"]: (row["status"], row["bytes"] > 0) for row in plan["servers"]} == dict.fromkeys(
        HOSTS, ("new", True)
    )
    assert changing(sandbox.requests()) == []
    assert ask(player.bed, "db-01", "ls -d /smc 2>/dev/null; true").strip() == ""

    limited = player.play("migrate.yml", "--limit", "db-01", migration_name="limited")
    assert limited.code == 0, limited.output
    assert [row["host"] for row in limited.receipt["servers"]] == ["db-01"]

    # The same server again, because it is requested under a new name.
    renamed = player.play("migrate.yml", "--limit", "db-01", migration_name="limited again")
    assert renamed.code == 0, renamed.output
    assert renamed.row("db-01")["ens_image_id"] != limited.row("db-01")["ens_image_id"]
    assert len(sandbox.get("state")["ens_images"]) == 2
    ended(player, renamed, "db-01")


@pytest.mark.long
def test_ticks_are_enough(player: Player) -> None:
    for tick in range(12):
        played = player.play("migrate.yml", migration_name="ticks", migration_wait=False)
        assert played.code == 0, played.output
        under_way = [host for host in HOSTS if played.row(host)["status"] == "pending"]
        if not under_way:
            break
        for host in under_way:
            assert ask(player.bed, host, "cat /smc/go2*/go2aliyun_client.pid").strip(), f"tick {tick}: no client"
    ended(player, played, *HOSTS)


@pytest.mark.any_core
@pytest.mark.long
@pytest.mark.parametrize("moment", ["StartReplicationJob", "ExportImage"])
def test_killed_in_the_middle_and_run_again(player: Player, sandbox: Any, moment: str) -> None:
    name = f"killed at {moment}"
    killed_at(moment, player, "migrate.yml", migration_name=name)
    # The job of the killed controller continues and is billed until another run ends it.
    sandbox.until(lambda: sandbox.get("meter")["running"])

    again = player.play("migrate.yml", migration_name=name)
    assert again.code == 0, again.output
    ended(player, again, *HOSTS)
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [2, 2, 2]
    assert len(sandbox.get("state")["ens_images"]) == 2


@pytest.mark.long
def test_two_controllers_migrate_once(player: Player, sandbox: Any, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Player(player.bed, sandbox, tmp_path / "other")
    with running(player, "migrate.yml", migration_name="both") as first:
        sandbox.until(lambda: done(sandbox.requests(), "StartReplicationJob") == 2)
        second = other.play("migrate.yml", migration_name="both")
        code = first.wait(PATIENCE)
    assert (code, second.code) == (0, 0), second.output
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [2, 2, 2]
    assert {row["ens_image_id"] for row in second.receipt["servers"]} == {
        row["id"] for row in sandbox.get("state")["ens_images"]
    }
    ended(player, second, *HOSTS)


@pytest.mark.any_core
@pytest.mark.long
def test_a_sweep_after_a_wave_that_is_never_finished(player: Player, sandbox: Any) -> None:
    killed_at("StartReplicationJob", player, "migrate.yml", migration_name="left")
    told = player.play("cleanup.yml", migration_name="left", cleanup_state="reported")
    assert told.code == 2, "what is left is a failure of the sweep that only looks"
    swept = player.play("cleanup.yml", migration_name="left")
    assert swept.code == 0, swept.output
    assert swept.changed == 1
    assert sandbox.get("meter")["running"] == []
    again = player.play("cleanup.yml", migration_name="left")
    assert (again.code, again.changed) == (0, 0)

    # The cleanup has ended the migration: it is started again on demand only.
    refused = player.play("migrate.yml", migration_name="left")
    assert {row["status"] for row in refused.receipt["servers"]} == {"blocked"}, refused.output
    assert refused.code == 2, refused.output
    assert "ended by a cleanup" in " ".join(refused.row("db-01")["reasons"]), refused.output
    assert "migration_restart" in " ".join(refused.row("db-01")["reasons"])
    # It has removed the clients, and with them their sources, which the sweep has kept.
    assert remains(sandbox) == [], refused.output
    mended = player.play("migrate.yml", migration_name="left", migration_restart="yes")
    assert mended.code == 0, mended.output
    ended(player, mended, *HOSTS)
