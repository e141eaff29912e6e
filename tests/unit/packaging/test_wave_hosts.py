# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variable migration_wave: what selects no host is an error, in every play of every playbook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._wave_hosts import wave_hosts

ROOT = Path(__file__).resolve().parents[3]
GROUPS = {"all": ["web-01", "web-02", "localhost"], "wave_01": ["web-01", "web-02"], "empty": [], "ungrouped": []}
CHECK = "{{ migration_wave | default('', true) | edgelift.ens_migration.wave_hosts(groups) }}"


@pytest.mark.parametrize(
    "pattern",
    ["wave_01", "web-01", "web-*", "all:!localhost", "wave_01:!web-02", "wave_01[0]", "~web-0[12]", "web-01,web-02",
     ["web-01", "wave_01"], "all"],
)
def test_a_pattern_that_selects_hosts_is_taken_as_it_is(pattern: object) -> None:
    assert wave_hosts(pattern, GROUPS) == pattern


@pytest.mark.parametrize("pattern", ["", None, []])
def test_without_a_pattern_all_hosts_but_the_controller_are_taken(pattern: object) -> None:
    assert wave_hosts(pattern, GROUPS) == "all:!localhost"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("typo", "no host or group 'typo'"),
        ("wave_01:typo", "no host or group 'typo'"),
        ("empty", "no host or group 'empty'"),
        ("db-*", "no host or group 'db-*'"),
        ("~db", "no host or group '~db'"),
        ("localhost", "localhost is the controller"),
    ],
)
def test_a_pattern_that_selects_nothing_is_refused_with_the_groups(pattern: str, words: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        wave_hosts(pattern, GROUPS)
    text = str(caught.value)
    assert f"migration_wave is {pattern!r}" in text
    assert words in text
    assert "these groups: wave_01." in text


@pytest.mark.parametrize("path", sorted(ROOT.glob("playbooks/*.yml")), ids=lambda path: str(path.name))
def test_every_play_on_sources_checks_the_wave(path: Path) -> None:
    plays = yaml.safe_load(path.read_text(encoding="utf-8"))
    # A playbook that imports another one is judged there.
    hosts = [play["hosts"] for play in plays if "ansible.builtin.import_playbook" not in play]
    assert set(hosts) in ({CHECK}, {"localhost"}) or (not hosts and plays)


@pytest.mark.parametrize("playbook", ["migrate", "preflight", "remediate", "step_by_step"])
def test_the_playbooks_end_with_an_error_for_a_name_that_does_not_exist(playbook: str, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("[wave_01]\nweb-01\n", encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "playbook", f"edgelift.ens_migration.{playbook}", "-i", str(inventory)]
    done = {
        wave: subprocess.run(
            [*command, "--list-hosts", "-e", f"migration_wave={wave}"],
            capture_output=True, text=True, check=False, env=dict(os.environ), timeout=300,
        )
        for wave in ("typo", "wave_01")
    }
    output = " ".join((done["typo"].stdout + done["typo"].stderr).split())
    assert done["typo"].returncode != 0
    assert "migration_wave is 'typo'" in output
    assert "these groups: wave_01" in output
    assert done["wave_01"].returncode == 0, done["wave_01"].stderr
    assert "web-01" in done["wave_01"].stdout
