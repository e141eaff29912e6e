# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and playbooks: documented, specified, and named in the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())


def values(role: str) -> dict[str, Any]:
    """The role's defaults."""
    file = ROOT / "roles" / role / "defaults" / "main.yml"
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}


def entries(role: str) -> dict[str, Any]:
    """The role's argument specs by entry point."""
    file = ROOT / "roles" / role / "meta" / "argument_specs.yml"
    specs: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"]
    return specs


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_a_readme_that_says_more_than_its_name(role: str) -> None:
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert f"edgelift.ens_migration.{role}" in text
    assert len(text.split()) > 40


@pytest.mark.parametrize("role", ROLES)
def test_argument_specs_cover_every_entry_point_and_default(role: str) -> None:
    assert "main" in entries(role)
    tasks = ROOT / "roles" / role / "tasks"
    assert [entry for entry in entries(role) if not (tasks / f"{entry}.yml").is_file()] == []
    documented = {option for entry in entries(role).values() for option in entry.get("options", {})}
    assert set(values(role)) <= documented


@pytest.mark.parametrize("role", ROLES)
def test_specs_and_defaults_give_the_same_value(role: str) -> None:
    given = {option: value for option, value in values(role).items() if "{{" not in str(value)}
    different = [
        (option, row["default"], given[option])
        for entry in entries(role).values()
        for option, row in entry.get("options", {}).items()
        if "default" in row and option in given and row["default"] != given[option]
    ]
    assert different == []


WAITS = [
    ("transfer", "smc_transfer"),
    ("export", "ecs_image_export"),
    ("ens_import", "ens_image_import"),
    ("migration", "ens_migration"),
    ("cleanup", "smc_cleanup"),
    ("canary", "ens_canary"),
    ("launch", "ens_instance"),
]


DEFAULTS: dict[str, Any] = {
    "migration_wait_timeout": limits.WAVE_TIMEOUT,
    "transfer_wait_timeout": limits.STAGE_TIMEOUT,
    "export_wait_timeout": limits.STAGE_TIMEOUT,
    "ens_import_wait_timeout": limits.STAGE_TIMEOUT,
    "cleanup_wait_timeout": limits.CLEANUP_TIMEOUT,
    "migration_digest_wait_timeout": limits.STAGE_TIMEOUT,
    "canary_wait_timeout": limits.CANARY_TIMEOUT,
    "canary_poll_interval": limits.POLL_INTERVAL,
    "launch_wait_timeout": limits.LAUNCH_TIMEOUT,
    "launch_poll_interval": limits.POLL_INTERVAL,
    "verify_poll_interval": limits.POLL_INTERVAL,
    "migration_poll_interval": limits.STAGE_POLL_INTERVAL,
    "transfer_poll_interval": limits.STAGE_POLL_INTERVAL,
    "export_poll_interval": limits.STAGE_POLL_INTERVAL,
    "ens_import_poll_interval": limits.STAGE_POLL_INTERVAL,
    "cleanup_poll_interval": limits.POLL_INTERVAL,
    "migration_job_valid_days": limits.JOB_VALID_DAYS[0],
    "migration_job_retries": limits.JOB_RETRIES,
    "migration_export_retries": limits.EXPORT_RETRIES,
    "migration_parallel_calls": limits.PARALLEL_CALLS,
}
"""The defaults of roles that are written in limits.py too: YAML cannot read them from there."""

FALLBACKS = {
    "transfer_job_valid_days": "migration_job_valid_days",
    "transfer_job_retries": "migration_job_retries",
    "export_retries": "migration_export_retries",
    "cleanup_parallel_calls": "migration_parallel_calls",
}
"""Variables that default to another one, and to its value where that is not defined."""


def test_the_defaults_of_roles_are_those_of_the_modules() -> None:
    given = {name: value for role in ROLES for name, value in values(role).items()}
    assert {name: given[name] for name in DEFAULTS} == DEFAULTS
    for name, other in FALLBACKS.items():
        assert given[name] == f"{{{{ {other} | default({DEFAULTS[other]}) }}}}"


def test_every_default_of_a_wait_or_a_retry_is_compared() -> None:
    own = {"agent_poll_interval"}
    found = {
        name
        for role in ROLES
        for name in values(role)
        if name.endswith(("_wait_timeout", "_poll_interval", "_retries", "_valid_days", "_parallel_calls"))
    }
    assert found - own == set(DEFAULTS) | set(FALLBACKS)


@pytest.mark.parametrize(
    ("file", "option", "bounds"),
    [
        ("plugins/doc_fragments/stages.py", "job_valid_days", limits.JOB_VALID_DAYS),
        ("roles/migration/meta/argument_specs.yml", "migration_job_valid_days", limits.JOB_VALID_DAYS),
        ("plugins/modules/smc_access_token.py", "ttl_days", limits.TOKEN_DAYS),
        ("plugins/modules/smc_access_token.py", "count", limits.TOKEN_COUNT),
        ("roles/agent/meta/argument_specs.yml", "agent_token_days", limits.TOKEN_DAYS),
    ],
)
def test_documentation_gives_the_limits(file: str, option: str, bounds: tuple[int, int]) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    description = re.split(rf"^ +{option}:$", text, maxsplit=1, flags=re.MULTILINE)[1][:400]
    assert f"{bounds[0]} to {bounds[1]}" in description


@pytest.mark.parametrize(("role", "module"), WAITS)
def test_a_role_waits_as_long_as_its_module_and_documents_it(role: str, module: str) -> None:
    default = values(role)[f"{role}_wait_timeout"]
    source = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    documentation = yaml.safe_load(source.split('DOCUMENTATION = r"""')[1].split('"""')[0])
    assert documentation["options"]["wait_timeout"]["default"] == default
    readme = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert f"| `{role}_wait_timeout` | `{default}` |" in readme


def test_every_role_that_waits_is_compared_with_its_module() -> None:
    assert {role for role in ROLES if f"{role}_wait_timeout" in values(role)} == {role for role, _module in WAITS}


CONTROLLER = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "ansible_remote_tmp": "{{ lookup('ansible.builtin.config', 'ANSIBLE_HOME') }}/tmp",
}
"""What makes an explicit localhost of an inventory the controller: it is else reached over SSH, with any Python."""


def tasks_in(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every task and block."""
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_in(task.get(part, []))


def plays(path: Path) -> list[dict[str, Any]]:
    """The plays of a playbook; those that it imports are judged in their own file."""
    rows: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [row for row in rows if "ansible.builtin.import_playbook" not in row]


@pytest.mark.parametrize("path", sorted(ROOT.glob("playbooks/*.yml")), ids=lambda path: str(path.name))
def test_every_play_says_what_a_site_could_change(path: Path) -> None:
    """ansible.cfg of a site can set another strategy, end a play at the first failure, or become root everywhere."""
    for play in plays(path):
        assert (play["strategy"], play["any_errors_fatal"]) == ("ansible.builtin.linear", False), play["name"]
        assert play["hosts"] != "localhost" or play["become"] is False, play["name"]


@pytest.mark.parametrize("name", ["migrate.yml", "step_by_step.yml"])
def test_after_the_clients_were_started_every_play_survives_an_error_of_a_role(name: str) -> None:
    """A host that fails in a play takes no part in the next one: without a rescue, no client is removed or reported."""
    *_before, report = plays = yaml.safe_load((ROOT / "playbooks" / name).read_text(encoding="utf-8"))
    assert report["name"] == "Report"
    for play in plays[:-1]:
        started = play is not plays[0]
        for task in play["tasks"]:
            role = task.get("ansible.builtin.include_role", {}).get("name", "")
            started = started or any("agent" in str(inner) for inner in task.get("block", []))
            assert not (started and role), f"{play['name']}: {role} has no rescue"
            assert "rescue" in task or not started, f"{play['name']}: {task['name']} has no rescue"


def test_every_task_on_the_controller_uses_the_python_and_the_folders_of_ansible() -> None:
    files = sorted(ROOT.glob("roles/*/tasks/*.yml"))
    lists = {str(path.relative_to(ROOT)): yaml.safe_load(path.read_text(encoding="utf-8")) for path in files}
    for path in sorted(ROOT.glob("playbooks/*.yml")):
        for play in plays(path):
            lists[f"{path.name}: {play['name']}"] = play["tasks"]
            if play["hosts"] == "localhost":
                assert {key: play["vars"].get(key) for key in CONTROLLER} == CONTROLLER, path.name
    delegated = [(name, task) for name, tasks in lists.items() for task in tasks_in(tasks) if "delegate_to" in task]
    assert delegated
    wrong = [
        (name, task["name"])
        for name, task in delegated
        if {key: task.get("vars", {}).get(key) for key in CONTROLLER} != CONTROLLER
    ]
    assert wrong == []


def test_the_readme_names_every_module_and_role() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    modules = [path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__"]
    assert [name for name in (*modules, *ROLES) if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("role", "file", "options"),
    [
        ("preflight", "account", ("import_regions", "image_formats", "contract")),
        ("transfer", "main", ("import_regions",)),
        ("export", "main", ("import_regions", "image_formats", "contract")),
        ("ens_import", "main", ("import_regions", "image_formats", "contract")),
        ("migration", "main", ("import_regions", "image_formats", "contract")),
    ],
)
def test_the_regions_and_formats_of_the_user_reach_the_modules(role: str, file: str, options: tuple[str, ...]) -> None:
    tasks = yaml.safe_load((ROOT / "roles" / role / "tasks" / f"{file}.yml").read_text(encoding="utf-8"))
    tasks += [inner for task in tasks for inner in task.get("block", [])]
    modules = [
        value
        for task in tasks
        for name, value in task.items()
        if name.startswith("edgelift.ens_migration.") and not name.endswith((".role_options", ".vpc_wave_network"))
    ]
    for option in options:
        variable = f"{role}_{option}"
        assert {row[option] for row in modules} == {f"{{{{ __{role}_options.{option} | default(omit, true) }}}}"}
        if role != "migration":
            assert f"migration_{option}" in values(role)[variable]


def test_a_variable_that_others_default_to_is_documented_with_the_same_type() -> None:
    """Who sets migration_x for all roles finds it in the role migration, in the form that every role reads."""
    shared = entries("migration")["main"]["options"]
    readme = (ROOT / "roles" / "migration" / "README.md").read_text(encoding="utf-8")
    pairs = []
    for role in ROLES:
        own = {name: row for entry in entries(role).values() for name, row in entry.get("options", {}).items()}
        for name, value in values(role).items():
            if found := re.match(r"{{ (migration_\w+) \| default\(", str(value)):
                pairs.append((name, own[name], found[1]))
    set_by_a_run = {"migration_pending", "migration_hosts"}
    pairs = [pair for pair in pairs if pair[2] not in set_by_a_run]
    assert pairs
    assert [(name, other) for name, _row, other in pairs if other not in shared or f"`{other}`" not in readme] == []
    keys = ("type", "elements", "choices")
    different = [
        (name, other)
        for name, row, other in pairs
        if [row.get(key) for key in keys] != [shared[other].get(key) for key in keys]
    ]
    assert different == []


@pytest.mark.parametrize("role", ROLES)
def test_every_description_is_text(role: str) -> None:
    """A colon makes a mapping of a sentence that is not quoted; ansible-lint needs a minute to report it."""

    def options_of(options: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, option in options.items():
            yield name, option.get("description")
            yield from options_of(option.get("options", {}))

    described = [row for entry in entries(role).values() for row in options_of(entry.get("options", {}))]
    texts = [(name, text) for name, told in described for text in (told if isinstance(told, list) else [told])]
    assert [(name, text) for name, text in texts if not isinstance(text, str)] == []


LONG = {
    "ens_migration", "smc_transfer", "ecs_image_export", "ens_image_import", "smc_cleanup", "source_remediation",
    "smc_agent", "ens_instance",
}
"""Modules that may take longer than the time limit that a site sets for all tasks."""


def test_no_task_that_waits_is_ended_by_a_time_limit_of_the_site() -> None:
    found = 0
    for path in sorted(ROOT.glob("roles/*/tasks/*.yml")):
        for task in tasks_in(yaml.safe_load(path.read_text(encoding="utf-8"))):
            names = {name.rpartition(".")[2] for name in task if name.startswith("edgelift.")}
            waits = (names & LONG and not task.get("check_mode")) or "canary_run" in str(task.get("register"))
            # Neither the removal of a client nor that of a fix waits.
            if waits and "absent" not in str(task) and path.name != "undo.yml":
                assert task.get("timeout") == 0, f"{path.relative_to(ROOT)}: {task['name']}"
                found += 1
    assert found >= len(LONG)
