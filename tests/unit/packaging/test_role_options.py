# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of roles: every form that users give is converted, or refused with the name of the variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _role_options
from support.role_options import DATE, ROLES, ROOT, entries, forms, native, unfit, variables

CASES = list(variables())
NAMES = [f"{name} of {role} {entry}" for role, entry, name, _option in CASES]
BY_FILTERS = {"migration_image_name", "preflight_source_image_id"}
"""Variables of a host that filters read for all hosts, as text."""


@pytest.mark.parametrize(("role", "entry", "name", "option"), CASES, ids=NAMES)
def test_every_form_of_every_variable_is_its_native_value(role: str, entry: str, name: str, option: Any) -> None:
    value = native(option)
    optional = {name: {**option, "required": False}}
    assert _role_options.convert(optional, {name: value}) == ({name: value}, [])
    for form in forms(option):
        converted, problems = _role_options.convert(optional, {name: form})
        assert (problems, converted, type(converted[name])) == ([], {name: value}, type(value)), form


@pytest.mark.parametrize(("role", "entry", "name", "option"), CASES, ids=NAMES)
def test_what_cannot_be_converted_is_refused_by_name(role: str, entry: str, name: str, option: Any) -> None:
    for value in unfit(option):
        _converted, problems = _role_options.convert({name: {**option, "required": False}}, {name: value})
        assert problems, value
        assert name in problems[0], value


def test_a_date_is_its_text() -> None:
    assert _role_options.convert({"migration_name": {"type": "str"}}, {"migration_name": DATE}) == (
        {"migration_name": "2026-11-28"},
        [],
    )


def test_the_date_of_a_waiver_is_its_text() -> None:
    spec = {"preflight_waivers": entries("preflight")["main"]["preflight_waivers"]}
    given = {"preflight_waivers": [{"id": "low-cpu", "reason": "known", "expires": DATE}]}
    assert _role_options.convert(spec, given)[0]["preflight_waivers"][0]["expires"] == "2026-11-28"


@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_null_and_empty_text_are_no_value(value: Any) -> None:
    assert not _role_options.is_given(value)


@pytest.mark.parametrize("value", [0, False, [], {}, "0", "false"])
def test_a_value_that_is_false_is_a_value(value: Any) -> None:
    assert _role_options.is_given(value)


def test_every_problem_is_reported_at_once() -> None:
    spec = {"number": {"type": "int"}, "switch": {"type": "bool"}, "text": {"type": "str"}}
    _converted, problems = _role_options.convert(spec, {"number": "x", "switch": "perhaps", "text": ["z"]})
    assert [name for name in spec if not any(name in text for text in problems)] == []
    assert len(problems) == len(spec)


def expressions(value: Any, inside: bool = False) -> Iterator[str]:
    """Every Jinja expression of a task or a variable, without the texts in it."""
    if isinstance(value, dict):
        for key, row in value.items():
            yield from expressions(row, key in ("when", "that", "until", "failed_when", "changed_when"))
    elif isinstance(value, list):
        for row in value:
            yield from expressions(row, inside)
    elif isinstance(value, str):
        found = [value] if inside else re.findall(r"{{(.*?)}}", value, flags=re.DOTALL)
        yield from (re.sub(r"'[^']*'", "''", text) for text in found)


@pytest.mark.parametrize("role", ROLES)
def test_tasks_use_the_converted_values_only(role: str) -> None:
    """One place converts: a task that reads the variable itself would get the text that the user gave."""
    spec = {name: option for entry in entries(role).values() for name, option in entry.items()}
    raw = set(spec) - _role_options.secrets(spec) - BY_FILTERS
    files = [*(ROOT / "roles" / role / "tasks").glob("*.yml"), *(ROOT / "roles" / role / "vars").glob("*.yml")]
    found = [
        (path.name, name)
        for path in files
        for text in expressions(yaml.safe_load(path.read_text(encoding="utf-8")))
        for name in raw & set(re.findall(r"(?<![\w.])\w+", text))
    ]
    assert found == []


@pytest.mark.parametrize(("role", "entry"), [(role, entry) for role in ROLES for entry in entries(role)])
def test_every_entry_point_reads_its_variables_first(role: str, entry: str) -> None:
    tasks = yaml.safe_load((ROOT / "roles" / role / "tasks" / f"{entry}.yml").read_text(encoding="utf-8"))
    if not entries(role)[entry]:
        return
    first = tasks[0]
    assert first["register"] == f"__{role}_read"
    assert (first["edgelift.ens_migration.role_options"] or {}).get("entry", "main") == entry


@pytest.mark.parametrize("playbook", sorted(path.name for path in (ROOT / "playbooks").glob("*.yml")))
def test_playbooks_leave_the_validation_to_the_conversion(playbook: str) -> None:
    """Ansible's own validation comes before any task of a role, and refuses an empty survey answer for a number."""

    def included(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for task in tasks:
            if "ansible.builtin.include_role" in task:
                yield task["ansible.builtin.include_role"]
            for block in ("block", "rescue", "always"):
                yield from included(task.get(block, []))

    plays = yaml.safe_load((ROOT / "playbooks" / playbook).read_text(encoding="utf-8"))
    # A playbook that imports another one is judged there.
    roles = [role for play in plays for role in included(play.get("tasks", []))]
    assert roles or any("ansible.builtin.import_playbook" in play for play in plays)
    assert [role["name"] for role in roles if role.get("rolespec_validate") is not False] == []


@pytest.mark.parametrize("playbook", ["migrate.yml", "step_by_step.yml"])
def test_playbooks_that_migrate_check_the_variables_of_all_their_roles_first(playbook: str) -> None:
    text = (ROOT / "playbooks" / playbook).read_text(encoding="utf-8")
    used = set(re.findall(r"name: edgelift\.ens_migration\.(\w+)", text))
    # The role verify includes the role launch.
    used |= {"launch"} if "verify" in used else set()
    tasks = yaml.safe_load(text)[0]["tasks"]
    action = "edgelift.ens_migration.role_options"
    checks = [task[action] for task in tasks if action in task]
    assert [set(check["roles"]) for check in checks] == [used]
    assert [list(task).count("ansible.builtin.include_role") for task in tasks[:2]] == [0, 0]
