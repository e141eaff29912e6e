# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules and actions: complete documentation, one action group, thin files."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
FQCN = "edgelift.ens_migration"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
ACTIONS = sorted(path.stem for path in (ROOT / "plugins" / "action").glob("*.py") if path.stem != "__init__")
CODE_LINES = 60


def parsed(name: str) -> ast.Module:
    return ast.parse((ROOT / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8"))


@cache
def texts(name: str) -> dict[str, Any]:
    """The documentation blocks of a module, read as YAML."""
    found = {}
    for node in parsed(name).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found[ast.unparse(node.targets[0])] = yaml.load(node.value.value, Loader=yaml.CSafeLoader)
    return found


def fragments(name: str) -> list[str]:
    """The doc fragments that a module's documentation is extended by."""
    named: list[str] = texts(name)["DOCUMENTATION"].get("extends_documentation_fragment", [])
    return named


def options_of_fragments(documentation: dict[str, Any], key: str) -> dict[str, Any]:
    """What the named doc fragments of this collection add under ``key``."""
    merged: dict[str, Any] = {}
    for fragment in documentation.get("extends_documentation_fragment", []):
        file, _dot, variant = fragment.removeprefix(f"{FQCN}.").partition(".")
        tree = ast.parse((ROOT / "plugins" / "doc_fragments" / f"{file}.py").read_text(encoding="utf-8"))
        wanted = (variant or "documentation").upper()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == wanted:
                merged.update(yaml.load(ast.literal_eval(node.value), Loader=yaml.CSafeLoader).get(key, {}))
    return merged


def test_the_action_group_has_every_module_that_takes_the_connection_options() -> None:
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    connected = [name for name in MODULES if f"{FQCN}.alicloud" in fragments(name)]
    assert groups["alicloud"] == connected
    # The others are actions that need no credentials: they work on the controller, or on a source over its connection.
    controller = ["diagnostics_bundle", "role_options"]
    source = ["instance_check", "smc_agent", "smc_agent_log", "source_probe", "source_remediation"]
    others = sorted([*controller, *source])
    assert sorted(set(MODULES) - set(connected)) == others


def test_every_action_has_a_module_that_documents_it() -> None:
    assert ACTIONS
    assert set(ACTIONS) <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_documentation_is_complete(name: str) -> None:
    blocks = texts(name)
    documentation = blocks["DOCUMENTATION"]
    assert documentation["module"] == name
    assert blocks["RETURN"]
    attributes = {**options_of_fragments(documentation, "attributes"), **documentation.get("attributes", {})}
    assert {"check_mode", "diff_mode", "idempotent"} <= set(attributes)
    assert all(row.get("support") in {"full", "partial", "none", "N/A"} for row in attributes.values())
    vague = [key for key, row in attributes.items() if row["support"] == "partial" and not row.get("details")]
    assert vague == [], "partial support says what is missing"


class Captured(Exception):
    """The argument spec that a module builds, instead of a run."""


def argument_spec(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The argument spec of a module whose code is not an action plugin."""
    module = importlib.import_module(f"ansible_collections.{FQCN}.plugins.modules.{name}")

    def capture(**arguments: Any) -> None:
        raise Captured(arguments["argument_spec"])

    monkeypatch.setattr(module, "AnsibleModule", capture)
    with pytest.raises(Captured) as caught:
        module.main()
    spec: dict[str, Any] = caught.value.args[0]
    return spec


@pytest.mark.parametrize("name", [name for name in MODULES if "def main(" in ast.unparse(parsed(name))])
def test_documented_defaults_are_those_of_the_argument_spec(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    documentation = texts(name)["DOCUMENTATION"]
    documented = options_of_fragments(documentation, "options")
    for option, row in documentation["options"].items():
        documented[option] = {**documented.get(option, {}), **row}
    spec = argument_spec(name, monkeypatch)
    assert set(spec) == set(documented)
    told = {option: row.get("default") for option, row in documented.items()}
    assert told == {option: row.get("default") for option, row in spec.items()}


@pytest.mark.parametrize("name", MODULES)
def test_examples_call_the_module_by_its_full_name(name: str) -> None:
    tasks = texts(name)["EXAMPLES"]
    assert any(f"{FQCN}.{name}" in task for task in tasks)
    short = [key for task in tasks for key in task if key in MODULES]
    assert short == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_file_is_documentation_and_one_call(name: str) -> None:
    text_lines: set[int] = set()
    for node in ast.walk(parsed(name)):
        if isinstance(node, (ast.Assign, ast.Expr)) and isinstance(node.value, ast.Constant):
            text_lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    source = (ROOT / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8").splitlines()
    code = [line.strip() for number, line in enumerate(source, start=1) if number not in text_lines]
    assert len([line for line in code if line and not line.startswith("#")]) <= CODE_LINES


def test_nothing_that_a_module_ships_needs_the_controller() -> None:
    """Ansible sends modules and module_utils to the target alone, so neither may import plugin_utils."""
    files = [path for folder in ("modules", "module_utils") for path in (ROOT / "plugins" / folder).rglob("*.py")]
    assert files
    assert [str(path.relative_to(ROOT)) for path in files if "plugin_utils" in path.read_text(encoding="utf-8")] == []
