# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose names and answers are hostile, through the roles preflight and report and the playbook preflight."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import CALM, PATIENCE
from support.wave import ROOT

OLD = tuple(int(part) for part in version("ansible-core").split(".")[:2]) < (2, 19)
PLAYBOOK = "edgelift.ens_migration.preflight"

# Stands in for ssh: Ansible reports what it says as the reason why the host is unreachable.
SSH = """\
#!/bin/sh
cat "$(dirname "$0")/said" >&2
exit 255
"""
SAID = (
    "=1+1 {{{{ lookup('pipe', 'touch {mark}') }}}} <img src=x onerror=alert(1)> [a](javascript:1) `x`\\x1b[2J\\u202e\\n"
    "remediate_rsync: true\\r\\n---\\n"
)


def names(mark: Path) -> list[str]:
    """An ordinary host name, and some that no host should have."""
    found = [
        "web-01",
        "DB/Berlin-01",
        "../../up",
        "up\n- nl: true",
        "=cmd|' /C calc'!A1",
        "<script>alert(1)</script>",
        "b\u00fccher-01",
        "a" * 300,
    ]
    # Until 2.18, ansible-core itself takes the names of hosts for templates.
    return found if OLD else [*found, f"x{{{{ lookup('pipe', 'touch {mark}') }}}}"]


def files(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def play(folder: Path, play_or_name: Any, inventory: Path, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run a playbook of the collection, or a list of plays."""
    if not isinstance(play_or_name, str):
        (folder / "play.yml").write_text(yaml.safe_dump(play_or_name, sort_keys=False), encoding="utf-8")
    given = play_or_name if isinstance(play_or_name, str) else str(folder / "play.yml")
    program = Path(sys.executable).parent / "ansible-playbook"
    return subprocess.run(
        [str(program), "-i", str(inventory), given, "-e", json.dumps(variables)],
        cwd=ROOT,
        text=True,
        env={**os.environ, **CALM},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.oldest_core
def test_hostile_hosts_write_their_own_files_and_nothing_else(tmp_path: Path) -> None:
    mark, deep = tmp_path / "executed", tmp_path / "a" / "b" / "reports"
    hosts = names(mark)
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(SSH, encoding="utf-8")
    ssh.chmod(0o755)
    said = SAID.format(mark=mark).encode().decode("unicode_escape")
    (ssh.parent / "said").write_text(said, encoding="utf-8")
    variables = {"ansible_host": "127.0.0.1", "ansible_connection": "ssh", "ansible_ssh_executable": str(ssh)}
    inventory = tmp_path / "bin" / "inventory"
    data = {"all": {"hosts": hosts}, "_meta": {"hostvars": dict.fromkeys(hosts, variables)}}
    inventory.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(data)}\nEND\n", encoding="utf-8")
    inventory.chmod(0o755)
    # What the user writes may contain templates, as everywhere in Ansible.
    odd = said.replace("{", "(")
    waiver = {"id": "low-memory", "reason": odd, "expires": "2199-12-31"}
    ended = play(
        tmp_path,
        PLAYBOOK,
        inventory,
        preflight_report_dir=str(deep),
        preflight_check_account=False,
        preflight_waivers=[waiver],
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    receipt = deep / "receipt.json"
    role = {"name": "edgelift.ens_migration.report"}
    probe = {"name": "edgelift.ens_migration.preflight"}
    variables = {"preflight_check_account": False, "preflight_show_summary": False}
    ended = play(
        tmp_path,
        [
            {
                "hosts": "all",
                "gather_facts": False,
                "ignore_unreachable": True,
                "any_errors_fatal": False,
                "tasks": [
                    {"ansible.builtin.include_role": probe, "vars": variables},
                    {"ansible.builtin.include_role": role},
                ],
            }
        ],
        inventory,
        report_receipt=str(receipt),
        report_html=str(deep / "report.html"),
        report_csv=str(deep / "report.csv"),
        report_name="wave",
        report_fail_on=[],
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr

    assert not mark.exists()
    assert files(tmp_path) == sorted([*files(ssh.parent), *files(deep), tmp_path / "play.yml"])
    assert len(list(deep.glob("*.md"))) == len(list((deep / "host_vars").glob("*.yml"))) == len(hosts)
    assert (deep / "web-01.md").is_file()
    lines = {len(path.read_text(encoding="utf-8").splitlines()) for path in deep.glob("*.md")}
    assert len(lines) == 1
    for path in deep.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert "<img" not in text
        assert "<script" not in text
        assert "\x1b" not in text
    for path in (deep / "host_vars").glob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8")) is None
    for table in ("wave.csv", "report.csv"):
        with (deep / table).open(encoding="utf-8") as handle:
            rows = list(csv.reader(handle))
        assert len(rows) == len(hosts) + 1
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    page = (deep / "report.html").read_text(encoding="utf-8")
    assert page.count("<details") == len(hosts)
    assert not {"<script", "<img", "\x1b", "\u202e"} & set(re.findall(r"<script|<img|[\x1b\u202e]", page))
    for path in (deep / "wave.json", receipt):
        assert path.read_text(encoding="utf-8").isascii()
        assert [row["host"] for row in json.loads(path.read_text(encoding="utf-8"))["servers"]] == hosts
