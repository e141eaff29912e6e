# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/waves.yml on six real SSH hosts: refused input, the plan, gates, dependencies, and a second run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.wave import Player, changing, done
from support.wave_hosts import hosts_up, remains
from testbed.hosts import Bed

HOSTS = ("legacy-01", "app-01", "app-02", "app-03", "app-04", "app-05")
WORLD: dict[str, Any] = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
FAIL = [{"lifecycle": "smc.job", "at": "Running/Syncing", "name": "app-01", "code": "Do Grub Failed", "message": "No"}]
WAVES = [
    {"name": "pilot", "hosts": ["legacy-01", "app-01"], "max_failed": 1},
    {"name": "main", "hosts": ["app-02", "app-03", "app-04"]},
    {"name": "last", "hosts": ["app-05"]},
]
pytestmark = pytest.mark.sandbox_world({**WORLD, "failures": FAIL})


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *HOSTS) as bed:
        yield bed


@pytest.mark.any_core
def test_waves_that_cannot_be_used_are_refused_before_a_host_is_contacted(sandbox: Any, tmp_path: Path) -> None:
    inventory = {"all": {"hosts": {host: {"ansible_host": "192.0.2.1"} for host in HOSTS}}}
    (tmp_path / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
    player = Player(cast("Bed", SimpleNamespace(folder=tmp_path)), sandbox, tmp_path)
    wrong = [*WAVES, {"name": "twice", "hosts": ["app-02", "gone-01"]}]
    refused = player.play("waves.yml", migration_waves=wrong, migration_name="fleet")
    assert refused.code == 2, refused.output
    text = " ".join(refused.output.split())
    for words in ("host 'app-02' is in the waves 'main' and 'twice'", "host 'gone-01', which the inventory lacks"):
        assert words in text
    chosen = player.play("waves.yml", migration_waves=WAVES, migration_name="fleet", migration_wave="app-01")
    assert chosen.code == 2, chosen.output
    assert 'migration_wave is "app-01", and the playbook waves sets it' in " ".join(chosen.output.split())
    assert sandbox.requests("smc") == []


@pytest.mark.long
def test_the_plan_of_each_wave_changes_nothing(bed: Bed, sandbox: Any, tmp_path: Path) -> None:
    player = Player(bed, sandbox, tmp_path)
    two = [{"name": "one", "hosts": ["app-01", "app-02", "app-03"]}, {"name": "two", "hosts": ["app-04", "app-05"]}]
    foreseen = player.play("waves.yml", "--check", migration_waves=two, migration_name="fleet")
    assert foreseen.code == 0, foreseen.output
    assert foreseen.output.count("migration fleet:") == 2
    assert "all waves of this run are settled" in foreseen.output
    assert changing(sandbox.requests()) == []


@pytest.mark.long
def test_six_hosts_in_three_waves(bed: Bed, sandbox: Any, tmp_path: Path) -> None:
    player = Player(bed, sandbox, tmp_path)
    after = {"all": {"hosts": {"app-03": {"migration_after": ["app-02"]}}}}
    (tmp_path / "after.json").write_text(json.dumps(after), encoding="utf-8")
    more = ("-i", str(tmp_path / "after.json"))

    # A host of the pilot fails, which its gate allows. The manual gate ends the run.
    manual = {"migration_waves": WAVES, "migration_name": "fleet", "migration_gate": "manual"}
    first = player.play("waves.yml", *more, **manual)
    assert first.code == 2, first.output
    text = " ".join(first.output.split())
    assert "wave pilot: 1 failed, 1 migrated. migration_gate is manual" in text
    assert done(sandbox.requests(), "ImportImage") == 1

    # The failed host is tried again, alone. The gate ends this run too, because it has migrated a host of the pilot.
    second = player.play("waves.yml", *more, "--limit", "all:!app-05", **manual)
    assert second.code == 0, second.output
    assert "wave pilot: 2 migrated. migration_gate is manual" in " ".join(second.output.split())
    assert done(sandbox.requests(), "ImportImage") == 2

    # Within the main wave, app-03 waits for app-02.
    third = player.play("waves.yml", *more, "--limit", "all:!app-05", **manual)
    assert third.code == 0, third.output
    text = " ".join(third.output.split())
    assert "wave main: 2 of 3 hosts are migrated now; 1 wait for others of the wave" in text
    assert "wave main: 1 of 3 hosts are migrated now; 2 are finished" in text
    assert "all waves of this run are settled: 5 migrated" in text
    assert len(sandbox.get("state")["ens_images"]) == 5
    assert remains(sandbox) == []

    fourth = player.play("waves.yml", *more, **manual)
    assert fourth.code == 0, fourth.output
    since = sandbox.get("requests?since=0")["next"]
    nothing = player.play("waves.yml", *more, **manual)
    assert (nothing.code, nothing.changed) == (0, 0), nothing.output
    assert changing(sandbox.requests(since=since)) == []
    assert done(sandbox.requests(), "ImportImage") == 6
    assert done(sandbox.requests(), "CreateReplicationJob") == 7
