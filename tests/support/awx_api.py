# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the API of AWX. It is not AWX: it stores objects in memory, and starts no job.

It has what the modules of ``awx.awx`` call to load the objects of examples/awx, with the checks that the serializers of
AWX 24.6 make on them: required fields, references, unique names, the playbooks of a project that has been updated, the
specification of a survey, and the prompts that schedules and workflow nodes answer.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Row = dict[str, Any]
TOKEN = "a-token-of-the-stand-in"
HIDDEN = "$encrypted$"


class Rejected(Exception):
    """A request that the API refuses, with the status and the body of the answer."""

    def __init__(self, body: Row, status: int = 400) -> None:
        super().__init__(body)
        self.status, self.body = status, body


@dataclass(frozen=True)
class Kind:
    """One kind of object: its type, what a creation must give, what it has otherwise, references, roles, and lists."""

    type: str
    required: tuple[str, ...]
    defaults: Row = field(default_factory=dict)
    references: Row = field(default_factory=dict)
    unique: tuple[str, ...] = ("name", "organization")
    roles: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


ASKED = ("diff_mode", "execution_environment", "forks", "inventory", "job_slice_count", "job_type", "limit",
         "scm_branch", "skip_tags", "timeout", "variables", "verbosity")  # fmt: skip
"""What a template may ask at its launch."""
PROMPTS: Row = {"extra_data": {}, **dict.fromkeys(("job_type", "limit", "inventory", "scm_branch"))}
NOTIFIED = tuple(f"notification_templates_{event}" for event in ("started", "success", "error"))
OWNED: Row = {"organization": "organizations"}
EE: Row = {"execution_environment": "execution_environments"}
TEMPLATE: Row = {f"ask_{name}_on_launch": False for name in ASKED} | {
    "description": "", "extra_vars": "---", "survey_enabled": False, "allow_simultaneous": False, "diff_mode": False,
    "limit": "", "inventory": None, "execution_environment": None,
}  # fmt: skip
KINDS = {
    "organizations": Kind("organization", ("name",), {"description": "", "max_hosts": 0, "default_environment": None},
                          {"default_environment": "execution_environments"}, ("name",), ("admin", "auditor")),
    "teams": Kind("team", ("name", "organization"), {"description": ""}, OWNED),
    "credential_types": Kind("credential_type", ("name", "kind"),
                             {"description": "", "inputs": {}, "injectors": {}, "managed": False}, {}, ("name",)),
    "credentials": Kind("credential", ("name", "credential_type"), {"description": "", "inputs": {}},
                        {**OWNED, "credential_type": "credential_types"}, ("name", "organization", "credential_type")),
    "execution_environments": Kind("execution_environment", ("name", "image"), {"description": "", "pull": ""}, OWNED,
                                   ("name",)),
    "notification_templates": Kind("notification_template",
                                   ("name", "organization", "notification_type", "notification_configuration"),
                                   {"description": "", "messages": None}, OWNED),
    "projects": Kind("project", ("name",), {
        "description": "", "scm_type": "", "scm_url": "", "scm_branch": "", "scm_revision": "",
        "scm_update_on_launch": False, "scm_update_cache_timeout": 0, "allow_override": False, "timeout": 0,
    }, {**OWNED, "default_environment": "execution_environments"}),
    "inventories": Kind("inventory", ("name", "organization"),
                        {"description": "", "kind": "", "host_filter": None, "variables": ""}, OWNED),
    "inventory_sources": Kind("inventory_source", ("name", "inventory"), {
        "description": "", "source": "", "source_path": "", "overwrite": False, "overwrite_vars": False,
        "update_on_launch": False, "update_cache_timeout": 0,
    }, {"inventory": "inventories", "source_project": "projects", **EE}, ("name", "inventory")),
    "job_templates": Kind("job_template", ("name", "project", "playbook"),
                          {**TEMPLATE, "job_type": "run", "forks": 0, "verbosity": 0, "job_slice_count": 1},
                          {"inventory": "inventories", "project": "projects", **EE}, ("name", "organization"),
                          ("admin", "execute", "read"), ("credentials", *NOTIFIED)),
    "workflow_job_templates": Kind("workflow_job_template", ("name",), TEMPLATE, {**OWNED, "inventory": "inventories"},
                                   ("name", "organization"), ("admin", "execute", "read", "approval"),
                                   (*NOTIFIED, "notification_templates_approvals")),
    "workflow_approval_templates": Kind("workflow_approval_template", ("name",), {"description": "", "timeout": 0}, {},
                                        ("name", "node")),
    "workflow_job_template_nodes": Kind("workflow_job_template_node", ("workflow_job_template",), PROMPTS, {
        "workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates",
    }, ("identifier", "workflow_job_template"), (), ("success_nodes", "failure_nodes", "always_nodes", "credentials")),
    "schedules": Kind("schedule", ("name", "rrule", "unified_job_template"),
                      {**PROMPTS, "description": "", "enabled": True},
                      {"unified_job_template": "unified_job_templates"}, ("name", "unified_job_template")),
    "project_updates": Kind("project_update", ("name",)),
    "roles": Kind("role", ("name",), {}, {}, ("name", "object"), (), ("teams",)),
}  # fmt: skip
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources", "workflow_approval_templates")
RULE = re.compile(r"DTSTART(;\S+)?:\d+T\d+Z? RRULE:(?=\S*INTERVAL=)\S+")
QUESTIONS = {"text": str, "multiplechoice": str, "integer": int, "float": (int, float)}


class Controller:
    """The objects, and what the API does with a request."""

    def __init__(self, prefix: str, playbooks: list[str]) -> None:
        self.prefix, self.playbooks = prefix, playbooks
        self.rows: dict[str, dict[int, Row]] = {name: {} for name in KINDS}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Row] = {}
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        names = ("username", "ssh_key_data", "become_method")
        inputs = {"fields": [{"id": name, "secret": name == "ssh_key_data"} for name in names]}
        self.create("credential_types", {"name": "Machine", "kind": "ssh", "inputs": inputs, "managed": True})

    def count(self) -> dict[str, int]:
        """Return how many objects of each kind there are."""
        return {name: len(rows) for name, rows in self.rows.items() if rows}

    # ---- requests ----
    def answer(self, method: str, path: str, query: Row, body: Row) -> tuple[int, Any]:
        """Return the status and the body of the answer to a request."""
        match path.removeprefix(self.prefix).strip("/").split("/"):
            case ["ping"]:
                return 200, {"version": "24.6.1"}
            case [name] if method == "GET":
                found = [self.shown(kind, key) for kind, key in self.all_of(name)]
                return 200, listed([row for row in found if matches(row, query)])
            case [name] if method == "POST" and name in KINDS:
                return 201, self.shown(name, self.create(name, body))
            case [name, number]:
                return self.one(method, name, int(number), body)
            case [name, number, "survey_spec"] if name in UNIFIED:
                return self.survey(method, (name, int(number)), body)
            case ["workflow_job_template_nodes", number, "create_approval_template"] if method == "POST":
                key = self.create("workflow_approval_templates", {**body, "node": int(number)})
                self.rows["workflow_job_template_nodes"][int(number)]["unified_job_template"] = key
                return 201, self.shown("workflow_approval_templates", key)
            case [name, number, link]:
                return self.linked(method, (name, int(number), link), body)
        raise Rejected({"detail": "Not found."}, 404)

    def one(self, method: str, name: str, key: int, body: Row) -> tuple[int, Any]:
        """Show, change or delete one object."""
        if key not in self.rows.get(name, {}):
            raise Rejected({"detail": "Not found."}, 404)
        if method == "PATCH":
            self.check(name, {**self.rows[name][key], **body}, key)
            self.rows[name][key].update(body)
        elif method == "DELETE":
            del self.rows[name][key]
            return 204, None
        return 200, self.shown(name, key)

    def linked(self, method: str, link: tuple[str, int, str], body: Row) -> tuple[int, Any]:
        """List, add or remove what is associated with an object."""
        name, key, target = link
        if key not in self.rows.get(name, {}) or target not in KINDS[name].links:
            raise Rejected({"detail": "Not found."}, 404)
        if target.endswith("_nodes"):
            target = "workflow_job_template_nodes"
        if target.startswith("notification_templates_"):
            target = "notification_templates"
        ids = self.links.setdefault(link, [])
        if method == "GET":
            return 200, listed([self.shown(target, key) for key in ids])
        if body.get("disassociate"):
            ids.remove(body["id"])
        elif body["id"] in self.rows[target]:
            ids.append(body["id"])
        else:
            raise Rejected({"msg": f"{target} {body['id']} does not exist"})
        return 204, None

    def survey(self, method: str, place: tuple[str, int], body: Row) -> tuple[int, Any]:
        """Show or replace the survey of a template."""
        if method == "GET":
            return 200, self.surveys.get(place, {})
        check_survey(body)
        self.surveys[place] = body
        return 200, {}

    # ---- objects ----
    def all_of(self, name: str) -> list[tuple[str, int]]:
        """Return kind and key of every object of a list."""
        kinds = UNIFIED if name == "unified_job_templates" else (name,)
        if not set(kinds) <= set(KINDS):
            raise Rejected({"detail": "Not found."}, 404)
        return [(kind, key) for kind in kinds for key in self.rows[kind]]

    def create(self, name: str, body: Row) -> int:
        """Create an object, and return its key."""
        kind, key = KINDS[name], next(self.numbers)
        references = dict.fromkeys(kind.references)
        row = {**references, **kind.defaults, **{item: value for item, value in body.items() if item != "type"}}
        self.check(name, row, key)
        if name == "projects" and row["scm_type"]:
            row["update"] = self.create("project_updates", {"name": f"{row['name']} {key}", "status": "successful"})
            row["scm_revision"] = "0" * 40
        if name == "job_templates":
            row["organization"] = self.rows["projects"][row["project"]]["organization"]
        self.rows[name][key] = row
        for role in kind.roles:
            number = self.create("roles", {"name": role, "object": f"{name} {key}"})
            row.setdefault("roles", {})[f"{role}_role"] = number
        return key

    def shown(self, name: str, key: int) -> Row:
        """Return an object as the API shows it."""
        row = dict(self.rows[name][key])
        url = f"{self.prefix}{name}/{key}/"
        roles = {role: {"id": number} for role, number in row.pop("roles", {}).items()}
        summary: Row = {"object_roles": roles} if roles else {}
        if update := row.pop("update", None):
            summary["current_update"] = {"id": update}
        related = {"survey_spec": f"{url}survey_spec/"} if name.endswith("job_templates") else {}
        if name == "workflow_job_template_nodes" and row["unified_job_template"]:
            [place] = [kind for kind in UNIFIED if row["unified_job_template"] in self.rows[kind]]
            related["unified_job_template"] = f"{self.prefix}{place}/{row['unified_job_template']}/"
        if name == "credentials":
            given = row["inputs"].items()
            row["inputs"] = {item: HIDDEN if self.is_secret(row, item) else value for item, value in given}
        return {"id": key, "type": KINDS[name].type, "url": url, "related": related, "summary_fields": summary, **row}

    def is_secret(self, credential: Row, name: str) -> bool:
        """Tell whether the type of a credential hides this field."""
        fields = self.rows["credential_types"][credential["credential_type"]]["inputs"].get("fields", [])
        return any(item["id"] == name and item.get("secret") for item in fields)

    # ---- checks ----
    def check(self, name: str, row: Row, key: int) -> None:
        """Refuse what the serializers of AWX refuse."""
        kind = KINDS[name]
        if missing := [item for item in kind.required if row.get(item) in (None, "")]:
            raise Rejected({item: ["This field is required."] for item in missing})
        for item, place in kind.references.items():
            if row.get(item) is not None and row[item] not in {number for _kind, number in self.all_of(place)}:
                raise Rejected({item: [f'Invalid pk "{row[item]}" - object does not exist.']})
        same = [number for number, other in self.rows[name].items()
                if number != key and all(other.get(item) == row.get(item) for item in kind.unique)]  # fmt: skip
        if same:
            raise Rejected({"__all__": [f"{kind.type} with this {' and '.join(kind.unique)} already exists."]})
        if name == "job_templates":
            self.check_playbook(row)
        if name == "credentials":
            known = {item["id"] for item in self.rows["credential_types"][row["credential_type"]]["inputs"]["fields"]}
            if unknown := set(row["inputs"]) - known:
                raise Rejected({"inputs": [f"Additional properties are not allowed ({sorted(unknown)})"]})
        if name == "schedules" and not RULE.fullmatch(row["rrule"]):
            raise Rejected({"rrule": ["DTSTART, and a rule with INTERVAL, are required."]})
        if name in ("schedules", "workflow_job_template_nodes") and row.get("unified_job_template"):
            self.check_prompts(row, name == "schedules")

    def check_playbook(self, row: Row) -> None:
        """Refuse a playbook that the updated project does not have."""
        project = self.rows["projects"][row["project"]]
        if not project["scm_revision"] or row["playbook"] not in self.playbooks:
            raise Rejected({"playbook": ["Playbook not found for project."]})

    def check_prompts(self, row: Row, whole: bool) -> None:
        """Refuse an answer to what the template does not ask, and, where all are needed, a missing one.

        A default of a question counts when a job starts, but not for a schedule.
        """
        [(name, key)] = [(kind, key) for kind, key in self.all_of("unified_job_templates")
                         if key == row["unified_job_template"]]  # fmt: skip
        template = self.rows[name][key]
        given = [item for item in PROMPTS if item != "extra_data" and row.get(item)]
        if refused := [item for item in given if not template.get(f"ask_{item}_on_launch")]:
            raise Rejected({item: ["Field is not configured to prompt on launch."] for item in refused})
        survey = self.surveys.get((name, key), {"spec": []}) if template.get("survey_enabled") else {"spec": []}
        asked = {item["variable"]: item for item in survey["spec"]}
        unknown = set() if template.get("ask_variables_on_launch") else set(row["extra_data"]) - set(asked)
        if unknown:
            raise Rejected({"extra_data": [f"Variables {sorted(unknown)} are not allowed on launch."]})
        missing = [name for name, item in asked.items() if item["required"] and name not in row["extra_data"]]
        if whole and missing:
            raise Rejected({"variables_needed_to_start": [f"'{name}' value missing" for name in missing]})
        for variable, value in row["extra_data"].items():
            if variable in asked and value not in asked[variable].get("choices", [value]):
                raise Rejected({"extra_data": [f"Value {value} for '{variable}' not in choices."]})


def check_survey(spec: Row) -> None:
    """Refuse a survey that AWX refuses."""
    if not (isinstance(spec.get("name"), str) and isinstance(spec.get("description"), str) and spec.get("spec")):
        raise Rejected({"error": "name, description and spec are required in a survey."})
    for index, item in enumerate(spec["spec"]):
        for name, type_ in {"type": str, "question_name": str, "variable": str, "required": bool}.items():
            if not isinstance(item.get(name), type_):
                raise Rejected({"error": f"'{name}' of survey question {index} is not a {type_.__name__}."})
        if item["type"] not in QUESTIONS:
            raise Rejected({"error": f"'{item['type']}' of survey question {index} is not a type of questions."})
        default = item.get("default", "")
        if default != "" and not isinstance(default, QUESTIONS[item["type"]]):
            raise Rejected({"error": f"The default of survey question {index} has a wrong type."})
        if item["type"] == "multiplechoice" and default not in item.get("choices", []):
            raise Rejected({"error": f"The default of survey question {index} is not one of its choices."})
    if len({item["variable"] for item in spec["spec"]}) < len(spec["spec"]):
        raise Rejected({"error": "A variable is asked twice."})


def matches(row: Row, query: Row) -> bool:
    """Tell whether an object is what a list is filtered for."""
    wanted = {name: value for name, value in query.items() if name not in ("page_size", "order_by")}
    either = {name.removeprefix("or__"): value for name, value in wanted.items() if name.startswith("or__")}
    every = {name: value for name, value in wanted.items() if not name.startswith("or__")}
    return all(str(row.get(name)) == value for name, value in every.items()) and (
        not either or any(str(row.get(name)) == value for name, value in either.items())
    )


def listed(rows: list[Row]) -> Row:
    """Return the answer with a list."""
    return {"count": len(rows), "next": None, "previous": None, "results": rows}


@contextmanager
def serving(controller: Controller, product: str) -> Iterator[tuple[str, list[str]]]:
    """Serve a controller on loopback; yield its address, and the list of requests that change something."""
    changes: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            """Answer any request."""
            parts = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command != "GET":
                changes.append(f"{self.command} {parts.path}")
            try:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    raise Rejected({"detail": "Authentication credentials were not provided."}, 401)
                with controller.lock:
                    body = json.loads(text) if text else {}
                    status, answer = controller.answer(self.command, parts.path, dict(parse_qsl(parts.query)), body)
            except Rejected as refused:
                status, answer = refused.status, refused.body
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("X-API-Product-Name", product)
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = respond

        def log_message(self, *_words: Any) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", changes
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
