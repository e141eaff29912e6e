# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers as containers and AWX have them: a user without home, localhost in the inventory, odd host names."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import CALM, PATIENCE
from support.wave import ROOT, Played, Player
from support.wave_hosts import client_on, hosts_up
from testbed.hosts import Bed

WORLD = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
pytestmark = [pytest.mark.sandbox_world(WORLD), pytest.mark.any_core]
ODD = "DB/Größe-01"
NOBODY = 65534
# Root's rights to read everything stay, because the interpreter may be below root's home; those to write are gone.
UNPRIVILEGED = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"]  # fmt: skip


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), "legacy-01") as bed:
        yield bed


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can enter; pytest's own folders are closed to them."""
    with tempfile.TemporaryDirectory(prefix="controller-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def player(bed: Bed, sandbox: Any, folder: Path) -> Player:
    """The host under its odd name, beside a localhost that names no Python and no connection."""
    inventory = json.loads((bed.folder / "inventory.json").read_text(encoding="utf-8"))
    hosts = inventory["sources"]["hosts"]
    hosts[ODD] = hosts.pop("legacy-01")
    inventory["all"] = {"hosts": {"localhost": {}}, "vars": {"ansible_python_interpreter": "/no/such/python"}}
    (folder / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
    (folder / "ansible.cfg").touch()
    (folder / "home").mkdir()
    if os.geteuid() == 0:
        os.chown(folder / "home", NOBODY, NOBODY)
    return Player(bed, sandbox, folder)


def play(player: Player, playbook: str, *words: str, home: Path, **variables: Any) -> Played:
    """A run of a user without home: variables of Ansible name its own home and the folder of its sockets."""
    command = player.command(playbook, *words, agent_cache_dir=None, **variables)
    command[command.index("-i") + 1] = str(player.folder / "inventory.json")
    environment = {**CALM, "HOME": "/nonexistent", "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                   "ANSIBLE_SSH_CONTROL_PATH_DIR": str(home / "cp"),
                   "ANSIBLE_CONFIG": str(player.folder / "ansible.cfg"), "ANSIBLE_HOME": str(home),
                   "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"), "TMPDIR": "/nonexistent"}
    ended = subprocess.run(
        [*(UNPRIVILEGED if os.geteuid() == 0 else []), *command],
        env=environment, text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        timeout=PATIENCE, cwd="/",
    )
    return player.ended(ended.returncode, ended.stdout + ended.stderr)


def test_a_user_without_home_migrates_a_host_with_an_odd_name(player: Player, sandbox: Any) -> None:
    home = player.folder / "home"
    wave = {"migration_name": "wave", "report_receipt": str(home / "receipt.json")}
    played = play(player, "migrate.yml", home=home, **wave)
    assert played.code == 0, played.output
    assert (home / "receipt.json").is_file(), played.output
    receipt = json.loads((home / "receipt.json").read_text(encoding="utf-8"))
    row = next(row for row in receipt["servers"] if row["host"] == ODD)
    assert row["status"] == "migrated"
    assert row["image_name"].startswith("DB-Grosse-01-el")
    assert list((home / "edgelift").rglob("*.*"))
    assert client_on(player.bed, "legacy-01") == ""
    swept = play(player, "cleanup.yml", home=home, **wave)
    assert swept.code == 0, swept.output
    assert sandbox.get("meter")["running"] == []


def test_a_cache_that_cannot_be_written_is_named_with_its_variable(player: Player) -> None:
    home = player.folder / "home"
    wave = {"migration_name": "wave", "report_receipt": ""}
    played = play(player, "migrate.yml", "-e", "agent_cache_dir=/nonexistent/cache", home=home, **wave)
    assert played.code == 2, played.output
    told = " ".join(played.output.split())
    assert "agent_cache_dir is '/nonexistent/cache', which cannot be written on the controller" in told
