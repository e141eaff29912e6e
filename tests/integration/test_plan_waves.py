# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/plan_waves.yml: it writes a plan that people edit, and never overwrites one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support import CALM, PATIENCE
from support.wave import ROOT

pytestmark = pytest.mark.any_core

HOSTS = {
    "web-01": {"migration_environment": "production", "migration_after": ["db-01"], "migration_used_gib": 20},
    "db-01": {"migration_environment": "production", "migration_criticality": "critical"},
    "dev-01": {"migration_environment": "development", "migration_criticality": "low"},
}


def play(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook in a folder that has an inventory."""
    program = Path(sys.executable).parent / "ansible-playbook"
    return subprocess.run(
        [program, "-i", "hosts.yml", ROOT / "playbooks" / "plan_waves.yml", *words],
        cwd=folder, env={**os.environ, **CALM, "PWD": str(folder)}, capture_output=True, text=True, check=False,
        timeout=PATIENCE, stdin=subprocess.DEVNULL,
    )


def test_a_plan_is_written_once_and_an_edited_one_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": HOSTS}}), encoding="utf-8")
    first = play(tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    file = tmp_path / "waves.yml"
    waves = yaml.safe_load(file.read_text(encoding="utf-8"))["migration_waves"]
    assert [wave["hosts"] for wave in waves] == [["dev-01"], ["db-01", "web-01"]]
    again = play(tmp_path)
    assert again.returncode == 0, again.stdout
    assert "changed=0" in again.stdout

    edited = file.read_text(encoding="utf-8").replace("name: wave_01", "name: pilot").replace(
        "  - dev-01\n", "  - dev-01\n  keep: true\n"
    )
    file.write_text(edited, encoding="utf-8")
    refused = play(tmp_path)
    assert refused.returncode == 2
    assert "differs from the new plan" in " ".join(refused.stdout.split())
    assert file.read_text(encoding="utf-8") == edited

    kept = play(tmp_path, "-e", "@waves.yml", "-e", "waves_file=next.yml", "-e", "waves_max_servers=1")
    assert kept.returncode == 0, kept.stdout + kept.stderr
    waves = yaml.safe_load((tmp_path / "next.yml").read_text(encoding="utf-8"))["migration_waves"]
    assert [(wave["name"], wave["hosts"]) for wave in waves] == [
        ("pilot", ["dev-01"]), ("wave_02", ["db-01"]), ("wave_03", ["web-01"])
    ]
