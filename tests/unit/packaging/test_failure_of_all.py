# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that runs once for all hosts fails on one of them: each host gets the reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]


def rescues(tasks: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Every rescue of a play, also of the blocks inside."""
    for task in tasks:
        if "rescue" in task:
            yield task["rescue"]
        for part in ("block", "rescue", "always"):
            yield from rescues(task.get(part, []))


def all_rescues(playbook: str) -> list[list[dict[str, Any]]]:
    plays = yaml.safe_load((ROOT / "playbooks" / playbook).read_text(encoding="utf-8"))
    return [tasks for play in plays for tasks in rescues(play["tasks"])]


@pytest.mark.parametrize(("playbook", "count"), [("migrate.yml", 8), ("step_by_step.yml", 5)])
def test_every_rescue_records_the_reason_for_every_host(playbook: str, count: int, tmp_path: Path) -> None:
    """Each rescue of the playbook, after a task that runs once for all hosts has failed in an included file."""
    found = all_rescues(playbook)
    assert len(found) == count
    facts = [next(iter(tasks[-1]["ansible.builtin.set_fact"])) for tasks in found]
    assert len(set(facts)) == count
    once: dict[str, Any] = {"ansible.builtin.fail": {"msg": "the account is locked"}, "run_once": True}
    (tmp_path / "once.yml").write_text(json.dumps([once]), encoding="utf-8")
    blocks = [{"block": [{"ansible.builtin.include_tasks": "once.yml"}], "rescue": tasks} for tasks in found]
    shown = {"ansible.builtin.debug": {"msg": "{{ [inventory_hostname] + [" + ", ".join(facts) + "] }}"}}
    play = {"hosts": "all", "gather_facts": False, "strategy": "linear", "tasks": [*blocks, shown]}
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    (tmp_path / "hosts.ini").write_text("web-01\nweb-02\nweb-03\n", encoding="utf-8")
    env = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.ini", "play.yml"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=env, cwd=tmp_path, timeout=300
    )
    output = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout + done.stderr
    for host in ("web-01", "web-02", "web-03"):
        assert ", ".join(f'"{text}"' for text in (host, *["the account is locked"] * count)) in output, output
