# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for the API of AWX refuses what AWX refuses: otherwise, a load into it would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest
from support.awx_api import Controller, Rejected, matches

pytestmark = pytest.mark.any_core


@pytest.fixture
def controller() -> Controller:
    """A controller with a project, and a template that asks one question."""
    found = Controller("/api/v2/", ["a.yml"])
    found.create("projects", {"name": "p", "scm_type": "git"})
    project = found.create("projects", {"name": "project", "scm_type": "git"})
    template = found.create("job_templates", {"name": "t", "project": project, "playbook": "a.yml",
                                              "survey_enabled": True, "ask_limit_on_launch": True})  # fmt: skip
    question = {"question_name": "Q", "variable": "v", "type": "multiplechoice", "required": True, "default": "a",
                "choices": ["a", "b"]}  # fmt: skip
    spec = {"name": "", "description": "", "spec": [question]}
    assert found.answer("POST", f"/api/v2/job_templates/{template}/survey_spec/", {}, spec)[0] == 200
    return found


def template_of(controller: Controller) -> int:
    return next(iter(controller.rows["job_templates"]))


RULE = "DTSTART:20260101T000000Z RRULE:FREQ=HOURLY;INTERVAL=1"
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("teams", {"name": "x"}, "organization"),
    ("teams", {"name": "x", "organization": 99}, "organization"),
    ("projects", {"name": "p"}, "__all__"),
    ("job_templates", {"name": "x", "project": 5, "playbook": "b.yml"}, "playbook"),
    ("schedules", {"name": "x", "rrule": "RRULE:FREQ=HOURLY;INTERVAL=1"}, "rrule"),
    ("schedules", {"name": "x", "rrule": RULE.replace(";INTERVAL=1", "")}, "rrule"),
    ("schedules", {"name": "x", "rrule": RULE, "job_type": "run"}, "job_type"),
    ("schedules", {"name": "x", "rrule": RULE, "extra_data": {"other": "a"}}, "extra_data"),
    ("schedules", {"name": "x", "rrule": RULE, "extra_data": {"v": "c"}}, "extra_data"),
    ("schedules", {"name": "x", "rrule": RULE, "extra_data": {}}, "variables_needed_to_start"),
    ("workflow_job_template_nodes", {"identifier": "x"}, "workflow_job_template"),
]


@pytest.mark.parametrize(("name", "body", "field"), REFUSED)
def test_a_wrong_object_is_refused(controller: Controller, name: str, body: dict[str, Any], field: str) -> None:
    template = {"unified_job_template": template_of(controller)} if name == "schedules" else {}
    project = {"project": max(controller.rows["projects"])} if name == "job_templates" else {}
    with pytest.raises(Rejected) as refused:
        controller.answer("POST", f"/api/v2/{name}/", {}, {**body, **template, **project})
    assert list(refused.value.body) == [field]


@pytest.mark.parametrize("change", [
    {"required": "yes"}, {"type": "bool"}, {"default": "c"}, {"type": "integer", "default": "1"}, {"choices": []},
])  # fmt: skip
def test_a_wrong_survey_is_refused(controller: Controller, change: dict[str, Any]) -> None:
    path = f"/api/v2/job_templates/{template_of(controller)}/survey_spec/"
    spec = controller.answer("GET", path, {}, {})[1]
    wrong = {**spec, "spec": [{**spec["spec"][0], **change}]}
    for body in (wrong, {**spec, "spec": []}, {**spec, "spec": spec["spec"] * 2}):
        with pytest.raises(Rejected):
            controller.answer("POST", path, {}, body)


def test_a_secret_is_not_shown_and_an_unknown_input_is_refused(controller: Controller) -> None:
    machine = next(iter(controller.rows["credential_types"]))
    body = {"name": "c", "credential_type": machine, "inputs": {"username": "u", "ssh_key_data": "k"}}
    _status, shown = controller.answer("POST", "/api/v2/credentials/", {}, body)
    assert shown["inputs"] == {"username": "u", "ssh_key_data": "$encrypted$"}
    with pytest.raises(Rejected):
        controller.answer("POST", "/api/v2/credentials/", {}, {**body, "name": "d", "inputs": {"user": "u"}})


def test_a_list_is_filtered() -> None:
    row = {"id": 1, "name": "a", "organization": 2}
    assert matches(row, {"name": "a", "organization": "2", "page_size": "5"})
    assert matches(row, {"or__id": "9", "or__name": "a"})
    assert not matches(row, {"name": "b"})
