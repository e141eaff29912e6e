# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first task of every role in real runs: text, native values, null and empty text lead to the same variables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import CALM, PATIENCE
from support.role_options import DATE, ROLES, ROOT, entries, forms, native, unfit, usable, variables
from support.source import ACTIONS

SHOWN = """
- name: Write what the other tasks of the role see
  keep_on_controller:
    content: "{{ __%s_options | to_json }}"
    dest: "{{ folder }}/%s.json"
"""
NAMES = [name for _role, _entry, name, _option in variables()]


@pytest.fixture(scope="module")
def playbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A playbook over copies of all roles that end after their first task."""
    folder = tmp_path_factory.mktemp("roles")
    for role in ROLES:
        for part in ("defaults", "vars", "meta"):
            (folder / "roles" / role).mkdir(parents=True, exist_ok=True)
            (folder / "roles" / role / part).symlink_to(ROOT / "roles" / role / part)
        tasks = yaml.safe_load((ROOT / "roles" / role / "tasks" / "main.yml").read_text(encoding="utf-8"))
        (folder / "roles" / role / "tasks").mkdir()
        text = yaml.safe_dump(tasks[:1]) + SHOWN % (role, role)
        (folder / "roles" / role / "tasks" / "main.yml").write_text(text, encoding="utf-8")
    include = {"name": "{{ item }}", "rolespec_validate": False}
    tasks = [{"ansible.builtin.include_role": include, "loop": ROLES}]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (folder / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    return folder / "play.yml"


def run(playbook: Path, folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of a run that writes the variables of every role to ``folder``."""
    program = Path(sys.executable).parent / "ansible-playbook"
    ended = subprocess.run(
        [str(program), "-i", "another,", str(playbook), "-e", f"folder={folder}", *words],
        env={**os.environ, **CALM, **ACTIONS}, text=True, capture_output=True, check=False, timeout=PATIENCE, cwd=ROOT,
    )
    return ended.returncode, ended.stdout + ended.stderr


def seen(playbook: Path, folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """The variables of every role under these extra variables."""
    folder.mkdir()
    (folder / "given.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    code, output = run(playbook, folder, "-e", f"@{folder / 'given.yml'}")
    assert code == 0, output
    return {role: json.loads((folder / f"{role}.json").read_text(encoding="utf-8")) for role in ROLES}


def test_text_gives_every_role_the_native_values(playbook: Path, tmp_path: Path) -> None:
    options = {name: usable(name, option, tmp_path) for _role, _entry, name, option in variables()}
    values = {name: native(option) for name, option in options.items()}
    text = {name: next((form for form in forms(option) if isinstance(form, str)), values[name])
            for name, option in options.items()}  # fmt: skip
    expected = seen(playbook, tmp_path / "native", values)
    for role in ROLES:
        spec = {name: option for name, option in entries(role)["main"].items() if not option.get("no_log")}
        assert expected[role] == {name.removeprefix(f"{role}_"): values[name] for name in spec}
    assert seen(playbook, tmp_path / "text", text) == expected


@pytest.mark.long
def test_null_and_empty_text_give_every_role_its_defaults(playbook: Path, tmp_path: Path) -> None:
    required = {"migration_name": DATE, "migration_bucket": "images"}
    optional = [name for name in NAMES if name not in required]
    expected = seen(playbook, tmp_path / "unset", required)
    names = [expected["migration"]["name"], expected["agent"]["migration_name"], expected["cleanup"]["name"]]
    assert names == ["2026-11-28"] * 3
    assert expected["agent"]["available_timeout"] == 300
    assert expected["transfer"]["job_retries"] == 2
    for name, nothing in (("null", None), ("empty", "")):
        given = {**required, **dict.fromkeys(optional, nothing)}
        assert seen(playbook, tmp_path / name, given) == expected, name


def test_extra_variables_of_the_command_line_are_converted(playbook: Path, tmp_path: Path) -> None:
    words = ["migration_name=20261128 migration_bucket=images", "migration_wait=false", "agent_available_timeout=60",
             "report_fail_on=failed,pending", "migration_poll_interval=", "preflight_egress=[]"]
    code, output = run(playbook, tmp_path, *(word for text in words for word in ("-e", text)))
    assert code == 0, output
    roles = {role: json.loads((tmp_path / f"{role}.json").read_text(encoding="utf-8")) for role in ROLES}
    assert roles["migration"]["name"] == roles["report"]["name"] == "20261128"
    assert roles["migration"]["wait"] is False
    assert roles["migration"]["poll_interval"] == 15
    assert roles["agent"]["available_timeout"] == 60
    assert roles["report"]["fail_on"] == ["failed", "pending"]
    assert roles["preflight"]["egress"] == []


@pytest.mark.parametrize("role", ["agent", "cleanup"])
def test_every_unfit_variable_of_a_role_is_named_in_one_message(playbook: Path, tmp_path: Path, role: str) -> None:
    wrong = {name: unfit(option)[0] for name, option in entries(role)["main"].items()}
    (tmp_path / "given.yml").write_text(yaml.safe_dump(wrong), encoding="utf-8")
    code, output = run(playbook, tmp_path, "-e", f"@{tmp_path / 'given.yml'}", "-e", json.dumps({"item": role}))
    assert code == 2, output
    told = output.partition("These variables cannot be used")[2]
    assert [name for name in wrong if name not in told] == []
