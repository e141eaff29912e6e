# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of AWX: written from one source, surveys as the roles document them, dry runs by default."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api import places

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

import awx  # noqa: E402  a program of tools, which is no package

pytestmark = pytest.mark.any_core
FOUND = awx.objects()
TEMPLATES = {row["name"]: row for row in FOUND["controller_templates"]}
# Which module of awx.awx takes the rows of a variable, and the keys that infra.aap_configuration handles itself.
MODULES = {
    "aap_organizations": "organization", "aap_teams": "team", "controller_credential_types": "credential_type",
    "controller_credentials": "credential", "controller_execution_environments": "execution_environment",
    "controller_projects": "project", "controller_inventories": "inventory", "controller_roles": "role",
    "controller_inventory_sources": "inventory_source", "controller_notifications": "notification_template",
    "controller_templates": "job_template", "controller_workflows": "workflow_job_template",
    "controller_schedules": "schedule",
}  # fmt: skip
# What awxkit 24.6.1 finds an object by (NATURAL_KEY of its pages; for an inventory source, what "awx export" writes).
NATURAL = {
    "organization": {"name"}, "credential_type": {"name", "kind"}, "execution_environment": {"name"},
    "credential": {"organization", "name", "credential_type"}, "inventory_source": {"name", "inventory"},
    "schedule": {"name", "unified_job_template"}, "workflow_job_template_node": {"workflow_job_template", "identifier"},
}  # fmt: skip
OWN_KEYS = {"controller_workflows": {"simplified_workflow_nodes"}}
KINDS: dict[str, Any] = {"str": str, "bool": bool, "int": int, "list": list, "dict": dict}


def test_the_files_are_written_from_the_source() -> None:
    texts = awx.files()
    old = [name for name, text in texts.items() if (awx.FOLDER / name).read_text(encoding="utf-8") != text]
    assert old == [], "run make awx"
    written = {str(path.relative_to(awx.FOLDER)) for path in awx.FOLDER.glob("controller/*")}
    assert written == set(texts) - {"assets.json"}


def test_the_credential_sets_the_variables_that_the_modules_read_first() -> None:
    (kind,) = FOUND["controller_credential_types"]
    assert list(kind["injectors"]["env"]) == [*places.ENVIRONMENT[0], places.REGION_NAMES[0]]
    fields = [field["id"] for field in kind["inputs"]["fields"]]
    assert list(kind["injectors"]["env"].values()) == [f"{{{{ {name} }}}}" for name in fields]
    secret = {field["id"] for field in kind["inputs"]["fields"] if field.get("secret")}
    assert secret == set(fields) - {"region"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_asks_at_most_six_questions_with_answers(name: str) -> None:
    template = TEMPLATES[name]
    questions = template["survey_spec"]["spec"]
    assert 0 < len(questions) <= 6
    assert [row["variable"] for row in questions if row["required"] and row["default"] == ""] == []
    assert [row["variable"] for row in questions if row.get("choices") and row["default"] not in row["choices"]] == []
    played = yaml.safe_load((awx.FOLDER / "project" / template["playbook"]).read_text(encoding="utf-8"))
    assert played[0]["ansible.builtin.import_playbook"] == f"edgelift.ens_migration.{template['playbook'][:-4]}"
    assert (ROOT / "playbooks" / template["playbook"]).is_file()


def test_nothing_is_changed_without_a_choice() -> None:
    def is_dry(template: dict[str, Any]) -> bool:
        answers = {row["variable"]: row["default"] for row in template["survey_spec"]["spec"]}
        answers |= template.get("extra_vars", {})
        looks = template["playbook"] in ("preflight.yml", "status.yml")
        reads = looks and answers.get("preflight_prove_bucket") != "true"
        return reads or template["job_type"] == "check" or answers.get("cleanup_state") == "reported"

    assert [name for name, template in TEMPLATES.items() if not is_dry(template)] == []
    assert [row["name"] for row in FOUND["controller_schedules"] if row["enabled"]] == []


def test_only_owners_approve_and_delete() -> None:
    operators = [row for row in FOUND["controller_roles"] if row["team"] == "Migration operators"]
    assert {row["role"] for row in operators} == {"execute"}
    started = {name for row in operators for name in row["job_templates"]}
    assert set(TEMPLATES) - started == {"ENS Canary", "ENS Cutover", "ENS Commit", "ENS Rollback", "ENS Cleanup"}
    owned = {name for row in FOUND["controller_roles"] if row["team"] == "Migration owners"
             for name in row.get("job_templates", [])}  # fmt: skip
    assert owned == set(TEMPLATES)
    approving = [row["team"] for row in FOUND["controller_roles"] if row["role"] == "approval"]
    assert approving == ["Migration owners"]


@pytest.mark.parametrize(("workflow", "first", "approved"), [
    ("ENS Migrate a wave", "preflight", {"run", "cleanup"}), ("ENS Cut over a wave", "check", {"cutover"}),
])  # fmt: skip
def test_a_workflow_runs_and_deletes_only_after_an_approval(workflow: str, first: str, approved: set[str]) -> None:
    [row] = [row for row in FOUND["controller_workflows"] if row["name"] == workflow]
    nodes = {row["identifier"]: row for row in row["simplified_workflow_nodes"]}
    after: dict[str, set[str]] = {name: set() for name in nodes}
    for name, row in nodes.items():
        for following in [item for key in row if key.endswith("_nodes") for item in row[key]]:
            after[following].add(name)
    assert [name for name, before in after.items() if not before] == [first]
    changing = {name for name, node in nodes.items()
                if node.get("job_type") == "run" or "cleanup_state" in node.get("extra_data", {})}  # fmt: skip
    assert changing == approved
    assert [["approval_node" in nodes[name] for name in after[step]] for step in approved] == [[True]] * len(approved)
    assert {row["unified_job_template"] for row in nodes.values() if "approval_node" not in row} <= set(TEMPLATES)
    for node in nodes.values():
        asked = TEMPLATES.get(node.get("unified_job_template", ""), {}).get("survey_spec", {}).get("spec", [])
        assert set(node.get("extra_data", {})) <= {row["variable"] for row in asked}


def test_a_schedule_answers_only_what_is_asked() -> None:
    for row in FOUND["controller_schedules"]:
        asked = {item["variable"] for item in TEMPLATES[row["unified_job_template"]]["survey_spec"]["spec"]}
        assert set(row["extra_data"]) <= asked


def test_the_assets_have_the_same_objects_and_no_secret() -> None:
    assets = json.loads(awx.assets())
    names = {kind: [row["name"] for row in rows] for kind, rows in assets.items()}
    same = {
        "job_templates": "controller_templates", "workflow_job_templates": "controller_workflows",
        "projects": "controller_projects", "credentials": "controller_credentials", "teams": "aap_teams",
    }  # fmt: skip
    for kind, variable in same.items():
        assert names[kind] == [row["name"] for row in FOUND[variable]]
    assert {value for row in assets["credentials"] for value in row["inputs"].values()} == {""}


def test_awxkit_finds_the_assets_again() -> None:
    """Otherwise, a second import fails or makes an object twice."""

    def dicts(value: Any) -> Iterator[dict[str, Any]]:
        yield from [value] if isinstance(value, dict) else []
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
            yield from dicts(item)

    keys = [row["natural_key"] for row in dicts(json.loads(awx.assets())) if "natural_key" in row]
    assert [row for row in keys if {*row} - {"type"} != NATURAL.get(row["type"], {"organization", "name"})] == []
    schedules = [row for row in dicts(json.loads(awx.assets())) if "rrule" in row]
    assert [row for row in schedules if row["unified_job_template"] != row["natural_key"]["unified_job_template"]] == []


@pytest.mark.long
def test_the_objects_fit_the_modules_of_awx() -> None:
    """Names, required options, types and choices, against the documentation of awx.awx."""
    folder = Path(os.environ.get("AWX_COLLECTION", "/nonexistent"))
    if not folder.is_dir():
        pytest.skip("AWX_COLLECTION does not name the folder of the collection awx.awx (PyPI package ansible, 12.3.0)")
    wrong = []
    for variable, rows in FOUND.items():
        tree = ast.parse((folder / "plugins" / "modules" / f"{MODULES[variable]}.py").read_text(encoding="utf-8"))
        [text] = [node.value for node in tree.body
                  if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION"]  # fmt: skip
        options = yaml.safe_load(ast.literal_eval(text))["options"]
        for row in rows:
            wrong += [f"{variable}: {name} is missing" for name, option in options.items()
                      if option.get("required") and name not in row]  # fmt: skip
            for name in set(row) - OWN_KEYS.get(variable, set()):
                option = options.get(name, {"type": "unknown"})
                if not isinstance(row[name], KINDS.get(option.get("type", "str"), ())):
                    wrong.append(f"{variable}: {name} is {row[name]!r}, not {option}")
                elif option.get("choices") and row[name] not in option["choices"]:
                    wrong.append(f"{variable}: {name} is {row[name]!r}, not one of {option['choices']}")
    assert wrong == []


def test_the_execution_environment_has_the_version_of_the_collection() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    definition = (ROOT / "execution-environment.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"edgelift-ens_migration-(.*?)\.tar\.gz", definition)) == {version}
    assert f"ens-migration-ee:{version}" == FOUND["controller_execution_environments"][0]["image"].rpartition("/")[2]
