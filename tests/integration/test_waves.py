# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/waves.yml on six real SSH hosts: refused input, the plan, gates, dependencies, and a second run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def test_six_hosts_in_three_waves(bed: Bed, sandbox: Any, tmp_path: Path) -> None:
    player = Player(bed, sandbox, tmp_path)
    after = {"all": {"vars": {"migration_name": "fleet"}, "hosts": {"app-03": {"migration_after": ["app-02"]}}}}
    (tmp_path / "after.json").write_text(json.dumps(after), encoding="utf-8")
    more = ("-i", str(tmp_path / "after.json"))

    wrong = [*WAVES, {"name": "twice", "hosts": ["app-02", "gone-01"]}]
    refused = player.play("waves.yml", *more, migration_waves=wrong, migration_name="fleet")
    assert refused.code == 2, refused.output
    for words in ("host 'app-02' is in the waves 'main' and 'twice'", "host 'gone-01', which the inventory lacks"):
        assert words in " ".join(refused.output.split())
    assert sandbox.requests("smc") == []

    foreseen = player.play("waves.yml", *more, "--check", migration_waves=WAVES, migration_name="fleet")
    assert foreseen.code == 0, foreseen.output
    assert foreseen.output.count("migration fleet:") == 4
    assert changing(sandbox.requests()) == []

    # A host of the pilot fails, which its gate allows. Within the main wave, app-03 waits for app-02.
    manual = {"migration_waves": WAVES, "migration_name": "fleet", "migration_gate": "manual"}
    first = player.play("waves.yml", *more, **manual)
    assert first.code == 2, first.output
    text = " ".join(first.output.split())
    assert "wave pilot: 1 failed, 1 migrated. migration_gate is manual" in text
    assert done(sandbox.requests(), "ImportImage") == 1

    # The failed host is tried again, and succeeds. The run goes on with the main wave, in two steps.
    automatic = {**manual, "migration_gate": "auto"}
    second = player.play("waves.yml", *more, "--limit", "!app-05", **automatic)
    assert second.code == 0, second.output
    text = " ".join(second.output.split())
    assert "wave main: 2 of 3 hosts are migrated now; 1 wait for others of the wave" in text
    assert "wave main: 1 of 3 hosts are migrated now; 2 are finished" in text
    assert "all waves of this run are settled: 5 migrated" in text
    assert len(sandbox.get("state")["ens_images"]) == 5
    assert remains(sandbox) == []

    third = player.play("waves.yml", *more, **automatic)
    assert third.code == 0, third.output
    since = sandbox.get("requests?since=0")["next"]
    nothing = player.play("waves.yml", *more, **automatic)
    assert (nothing.code, nothing.changed) == (0, 0), nothing.output
    assert changing(sandbox.requests(since=since)) == []
    assert done(sandbox.requests(), "ImportImage") == 6
    assert done(sandbox.requests(), "CreateReplicationJob") == 7
