# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the objects of AWX: examples/awx/controller for infra.aap_configuration, examples/awx/assets.json for awxkit.

Both follow from tools/awx.yml. Type, choices, default and text of a survey question are those of the argument spec of
the role.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tools" / "awx.yml"
FOLDER = ROOT / "examples" / "awx"
HEAD = "---\n# Written by tools/awx.py from tools/awx.yml. Change that file, and run make awx.\n"
Row = dict[str, Any]
TYPES = {"str": "text", "raw": "text", "int": "integer", "float": "float", "list": "text"}
SAME = {
    "organization": "Edge migration", "inventory": "ENS migration", "project": "ENS migration",
    "execution_environment": "ENS migration", "notification_templates_error": ["ENS migration failures"],
}  # fmt: skip
"""What all job templates have in common."""
LOGIN, CLOUD = "ENS migration sources", "ENS migration account"
ON_SOURCES = ("preflight.yml", "migrate.yml", "verify.yml", "cutover.yml", "rollback.yml")


def plain(texts: Any) -> str:
    """Return the first sentence of a description without the marks of Ansible's documentation."""
    first = texts if isinstance(texts, str) else texts[0]
    return re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", first).split(". ")[0].rstrip(".")


@cache
def options(role: str) -> Row:
    """Return the documented variables of a role."""
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    found: Row = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    return found


def question(role: str, variable: str, words: str, default: str | None = None) -> Row:
    """Return one question of a survey. A boolean is a choice: AWX has no type for it, and the roles convert text."""
    option = options(role)[variable]
    choices = ["true", "false"] if option["type"] == "bool" else [item for item in option.get("choices", []) if item]
    value = option.get("default", "") if default is None else default
    shown = str(value).lower() if isinstance(value, bool) else value
    row = {
        "question_name": words,
        "question_description": plain(option["description"]),
        "required": value != "",
        "type": "multiplechoice" if choices else TYPES[option["type"]],
        "variable": variable,
        "default": shown,
    }
    return {**row, "choices": choices} if choices else row


def surveyed(row: Row) -> Row:
    """Return an object with its survey in place of its questions."""
    questions = row.pop("survey_questions", [])
    spec = {"name": "", "description": "", "spec": [question(*item) for item in questions]}
    return {**row, "survey_enabled": bool(questions), "survey_spec": spec}


def objects() -> dict[str, list[Row]]:
    """Return the objects in the variables of infra.aap_configuration."""
    found: dict[str, list[Row]] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    # A copy of each: YAML shares what an alias names.
    found = json.loads(json.dumps(found))
    templates = []
    for row in found["controller_templates"]:
        credentials = [CLOUD, LOGIN] if row["playbook"] in ON_SOURCES else [CLOUD]
        templates.append(surveyed({"job_type": "run", **SAME, "credentials": credentials, **row}))
    found["controller_templates"] = templates
    found["controller_workflows"] = [surveyed(row) for row in found["controller_workflows"]]
    asked = {row["name"]: row["survey_spec"]["spec"] for row in templates}
    for row in found["controller_schedules"]:
        # AWX refuses a schedule that leaves a required question open, also if the question has a default.
        questions = [item for item in asked[row["unified_job_template"]] if item["required"]]
        defaults = {item["variable"]: item["default"] for item in questions}
        row["extra_data"] = {**defaults, **row["extra_data"]}
    return found


# ---- infra.aap_configuration ----
class Indented(yaml.SafeDumper):
    """Writes lists below their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  the name is PyYAML's
        """Indent lists too."""
        super().increase_indent(flow, False)


def configuration() -> dict[str, str]:
    """Return one file for each variable.

    In an injector, the role wants blanks between the braces: it would be evaluated otherwise.
    """
    found = objects()
    for row in found["controller_credential_types"]:
        row["injectors"] = json.loads(json.dumps(row["injectors"]).replace("{{ ", "{  { "))
    style = {"Dumper": Indented, "sort_keys": False, "allow_unicode": True, "width": 140}
    return {
        f"controller/{name}.yml": HEAD + str(yaml.dump({name: rows}, **style)) for name, rows in found.items()
    }


# ---- awxkit ----
def key(type_: str, name: str, **more: Any) -> Row:
    """Return the natural key of an object."""
    owned = type_ not in ("organization", "credential_type", "execution_environment", "inventory_source", "schedule")
    owner = {"organization": {"name": SAME["organization"], "type": "organization"}} if owned else {}
    return {**owner, "name": name, "type": type_, **more}


def of_type(name: str) -> Row:
    """Return the natural key of a credential type."""
    return key("credential_type", name, kind="ssh" if name == "Machine" else "cloud")


def assets() -> str:
    """Return assets.json, as ``awx export`` writes it: references are natural keys, and secrets are empty."""
    found = objects()
    types = {row["name"]: of_type(row["credential_type"]) for row in found["controller_credentials"]}
    refer = {
        "organization": lambda name: key("organization", name),
        "inventory": lambda name: key("inventory", name),
        "project": lambda name: key("project", name),
        "source_project": lambda name: key("project", name),
        "execution_environment": lambda name: key("execution_environment", name),
        "default_environment": lambda name: key("execution_environment", name),
        "credential_type": of_type,
    }

    def asset(type_: str, row: Row, related: Row | None = None, **more: Any) -> Row:
        fields = {name: refer[name](value) if name in refer else value for name, value in row.items()}
        return {**fields, "related": related or {}, "natural_key": key(type_, row["name"], **more)}

    def without(row: Row, *names: str) -> Row:
        return {name: value for name, value in row.items() if name not in (*names, "extra_vars")} | (
            {"extra_vars": json.dumps(row["extra_vars"])} if "extra_vars" in row else {}
        )

    def notified(row: Row) -> Row:
        names = [name for name in row if name.startswith("notification_templates_")]
        return {name: [key("notification_template", item) for item in row[name]] for name in names}

    def template(kind: str, row: Row, **related: Any) -> Row:
        # A second import needs the field, because it writes the whole object.
        owner = {"unified_job_template": key(kind, row["name"])}
        schedules = [
            asset("schedule", without(item, "organization") | owner, **owner)
            for item in found["controller_schedules"] if item["unified_job_template"] == row["name"]
        ]  # fmt: skip
        fields = without(row, "survey_spec", "credentials", "simplified_workflow_nodes", *notified(row))
        all_related = {**notified(row), "survey_spec": row["survey_spec"], "schedules": schedules, **related}
        return asset(kind, fields, all_related)

    inputs = {row["name"]: dict.fromkeys(row["inputs"], "") for row in found["controller_credentials"]}
    return json.dumps({
        "organizations": [asset("organization", row) for row in found["aap_organizations"]],
        "teams": [asset("team", row, {"roles": roles(found, row["name"])}) for row in found["aap_teams"]],
        "credential_types": [
            asset("credential_type", row, kind=row["kind"]) for row in found["controller_credential_types"]
        ],
        "credentials": [
            asset("credential", {**row, "inputs": inputs[row["name"]]}, credential_type=types[row["name"]])
            for row in found["controller_credentials"]
        ],
        "execution_environments": [
            asset("execution_environment", row) for row in found["controller_execution_environments"]
        ],
        "notification_templates": [asset("notification_template", row) for row in found["controller_notifications"]],
        "projects": [asset("project", row) for row in found["controller_projects"]],
        "inventory": [asset("inventory", row) for row in found["controller_inventories"]],
        "inventory_sources": [
            asset("inventory_source", without(row, "organization"), inventory=key("inventory", row["inventory"]))
            for row in found["controller_inventory_sources"]
        ],
        "job_templates": [
            template("job_template", row, credentials=[
                key("credential", name, credential_type=types[name]) for name in row["credentials"]
            ])
            for row in found["controller_templates"]
        ],
        "workflow_job_templates": [
            template("workflow_job_template", row, workflow_nodes=nodes(row)) for row in found["controller_workflows"]
        ],
    }, indent=2) + "\n"  # fmt: skip


def roles(found: dict[str, list[Row]], team: str) -> list[Row]:
    """Return the roles of a team."""
    names = {"execute": "Execute", "approval": "Approve", "auditor": "Auditor"}
    kinds = {"job_templates": "job_template", "workflows": "workflow_job_template", "organizations": "organization"}
    return [
        {"name": names[row["role"]], "type": "role", "content_object": key(kind, name)}
        for row in found["controller_roles"] if row["team"] == team
        for field, kind in kinds.items() for name in row.get(field, [])
    ]  # fmt: skip


def nodes(workflow: Row) -> list[Row]:
    """Return the nodes of a workflow, each with the keys of the nodes that follow it."""
    owner = key("workflow_job_template", workflow["name"])

    def node(identifier: str) -> Row:
        return {"workflow_job_template": owner, "identifier": identifier, "type": "workflow_job_template_node"}

    found = []
    for row in workflow["simplified_workflow_nodes"]:
        fields = {name: row[name] for name in ("identifier", "job_type", "extra_data") if name in row}
        related = {name: [node(item) for item in row[name]] for name in row if name.endswith("_nodes")}
        if "approval_node" in row:
            related["create_approval_template"] = row["approval_node"]
        else:
            fields["unified_job_template"] = key("job_template", row["unified_job_template"])
        found.append({**fields, "related": related, "natural_key": node(row["identifier"])})
    return found


def files() -> dict[str, str]:
    """Return the text of each file by its path in examples/awx."""
    return {**configuration(), "assets.json": assets()}


def main() -> None:
    """Write the files."""
    for name, text in files().items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
