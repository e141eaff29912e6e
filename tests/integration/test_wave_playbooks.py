# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks on real SSH hosts: stage by stage, limited, foreseen, in ticks, and killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from source_bench import ask
from testbed.__main__ import CACHE
from testbed.digest import digest
from testbed.fleet import fleet
from testbed.hosts import Bed
from testbed.privilege import choose
from testbed.rootfs import rootfs
from wave_bench import ROOT, Played, Player, changing, done, standing_still

HOSTS = ("web-01", "legacy-01")
WORLD = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
pytestmark = pytest.mark.sandbox_world(WORLD)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    way = choose()
    bed = Bed(tmp_path_factory.mktemp("bed"), port=0)
    bed.up(fleet(list(HOSTS), {}), rootfs(CACHE, way), way)
    yield bed
    bed.down()


@pytest.fixture
def player(bed: Bed, sandbox: Any, tmp_path: Path) -> Player:
    return Player(bed, sandbox, tmp_path)


def same_content(player: Player, played: Played, host: str) -> bool:
    """Whether every disk of the host's ENS image holds what the source's disk holds, each by its own bytes."""
    disks = player.sandbox.get(f"images/{played.row(host)['ens_image_id']}")["disks"]
    sources = sorted((player.bed.disks / host).iterdir())
    return [digest(path) for path in sources] == [digest(Path(disk["path"])) for disk in disks]


def settled(player: Player, played: Played, *hosts: str) -> None:
    """Require that these hosts are migrated, and nothing is left in the cloud or on the sources."""
    assert {host: played.row(host)["status"] for host in hosts} == dict.fromkeys(hosts, "migrated"), played.output
    assert played.receipt["residual"] == []
    assert all(same_content(player, played, host) for host in hosts)
    assert standing_still(player.sandbox)
    state = player.sandbox.get("state")
    assert {name: state[name] for name in ("sources", "tokens", "jobs", "images", "objects")} == {
        "sources": [], "tokens": [], "jobs": [], "images": [], "objects": [],
    }
    for host in hosts:
        assert ask(player.bed, host, "ls -d /smc/* 2>/dev/null; true").strip() == ""


def test_step_by_step_gives_the_same_as_the_wave(player: Player, sandbox: Any) -> None:
    first = player.play("step_by_step.yml", migration_name="steps")
    assert first.code == 0, first.output
    settled(player, first, *HOSTS)
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


def test_foreseen_then_limited(player: Player, sandbox: Any) -> None:
    foreseen = player.play("migrate.yml", "--check", "--diff", migration_name="limited")
    assert foreseen.code == 0, foreseen.output
    assert foreseen.changed > 0
    assert changing(sandbox.requests()) == []
    assert ask(player.bed, "web-01", "ls -d /smc 2>/dev/null; true").strip() == ""

    limited = player.play("migrate.yml", "--limit", "web-01", migration_name="limited")
    assert limited.code == 0, limited.output
    assert [row["host"] for row in limited.receipt["servers"]] == ["web-01"]

    # The same server once more, because it is asked for by a new name.
    renamed = player.play("migrate.yml", "--limit", "web-01", migration_name="limited again")
    assert renamed.code == 0, renamed.output
    assert renamed.row("web-01")["ens_image_id"] != limited.row("web-01")["ens_image_id"]
    assert len(sandbox.get("state")["ens_images"]) == 2
    settled(player, renamed, "web-01")


def test_ticks_are_enough(player: Player) -> None:
    for tick in range(12):
        played = player.play("migrate.yml", migration_name="ticks", migration_wait=False)
        assert played.code == 0, played.output
        under_way = [host for host in HOSTS if played.row(host)["status"] == "pending"]
        if not under_way:
            break
        for host in under_way:
            assert ask(player.bed, host, "cat /smc/go2*/go2aliyun_client.pid").strip(), f"tick {tick}: no client"
    settled(player, played, *HOSTS)


@pytest.mark.parametrize("moment", ["StartReplicationJob", "ExportImage"])
def test_killed_in_the_middle_and_run_again(player: Player, sandbox: Any, moment: str) -> None:
    name = f"killed at {moment}"
    controller = subprocess.Popen(
        player.command("migrate.yml", migration_name=name),
        env=player.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        sandbox.until(lambda: done(sandbox.requests(), moment), 90)
    finally:
        os.killpg(controller.pid, signal.SIGKILL)
        controller.wait()
    # What the dead controller began goes on and is billed, until somebody ends it.
    sandbox.until(lambda: sandbox.get("meter")["running"])

    again = player.play("migrate.yml", migration_name=name)
    assert again.code == 0, again.output
    settled(player, again, *HOSTS)
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [2, 2, 2]
    assert len(sandbox.get("state")["ens_images"]) == 2


def test_a_sweep_after_a_wave_that_nobody_finishes(player: Player, sandbox: Any) -> None:
    player.play("migrate.yml", migration_name="left", migration_wait=False)
    told = player.play("cleanup.yml", migration_name="left", cleanup_state="reported")
    assert told.code == 2, "what is left is a failure of the sweep that only looks"
    swept = player.play("cleanup.yml", migration_name="left")
    assert swept.code == 0, swept.output
    assert swept.changed == 1
    assert standing_still(sandbox)
    again = player.play("cleanup.yml", migration_name="left")
    assert (again.code, again.changed) == (0, 0)
    for host in HOSTS:
        ask(player.bed, host, "for d in /smc/go2*; do $d/go2aliyun_client --abort; done; rm -rf /smc")
