# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of examples/awx are loaded with the real collection awx.awx into a stand-in for the API of AWX."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import CALM, PATIENCE
from support.awx_api import TOKEN, Controller, serving
from support.wave import ROOT
from testbed.playbook import read_recap

EXAMPLES = ROOT / "examples" / "awx"
PLAYBOOKS = [path.name for path in (EXAMPLES / "project").glob("*.yml")]
SECRETS = {name: f"value of {name}" for name in (
    "awx_access_key_id", "awx_access_key_secret", "awx_region", "awx_ssh_user", "awx_ssh_key")}  # fmt: skip
COLLECTION = Path(os.environ.get("AWX_COLLECTION", "/nonexistent"))
pytestmark = [
    pytest.mark.any_core, pytest.mark.long,
    pytest.mark.skipif(not COLLECTION.is_dir(), reason="make awx-load gets the collection awx.awx"),
]  # fmt: skip


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., dict[str, int]]:
    """Runs examples/awx/load.yml; returns the counts of the recap."""

    def run(address: str, controller: Controller, **variables: Any) -> dict[str, int]:
        path = tmp_path / "variables.yml"
        path.write_text(yaml.safe_dump({**SECRETS, **variables}), encoding="utf-8")
        environment = {
            **os.environ, **CALM, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2]), "CONTROLLER_HOST": address,
            "CONTROLLER_OAUTH_TOKEN": TOKEN, "ANSIBLE_INJECT_FACT_VARS": "false", "ANSIBLE_LOCALHOST_WARNING": "false",
            "CONTROLLER_OPTIONAL_API_URLPATTERN_PREFIX": controller.prefix.removesuffix("v2/"),
        }  # fmt: skip
        program = Path(sys.executable).parent / "ansible-playbook"
        command = [str(program), str(EXAMPLES / "load.yml"), "-e", f"@{path}"]
        ended = subprocess.run(command, env=environment, cwd=tmp_path, text=True, stdin=subprocess.DEVNULL,
                               capture_output=True, check=False, timeout=PATIENCE)  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return read_recap(ended.stdout)["localhost"]

    return run


def test_the_objects_are_created_once(load: Any) -> None:
    controller = Controller("/api/v2/", PLAYBOOKS)
    with serving(controller, "AWX") as (address, changes):
        load(address, controller)
        counts = controller.count()
        wanted = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))[path.stem]
                  for path in (EXAMPLES / "controller").glob("*.yml")}  # fmt: skip
        assert {name: counts[name] for name in ("job_templates", "schedules", "credentials", "teams")} == {
            name: len(wanted[variable]) for name, variable in {
                "job_templates": "controller_templates", "schedules": "controller_schedules",
                "credentials": "controller_credentials", "teams": "aap_teams"}.items()}  # fmt: skip
        nodes = [node for row in wanted["controller_workflows"] for node in row["simplified_workflow_nodes"]]
        assert counts["workflow_job_template_nodes"] == len(nodes)
        assert counts["workflow_approval_templates"] == sum("approval_node" in node for node in nodes)
        links = Counter(name for _kind, _key, name in controller.links for _id in controller.links[_kind, _key, name])
        assert links["success_nodes"] == sum(len(node.get("success_nodes", [])) for node in nodes)
        [kind] = [row for row in controller.rows["credential_types"].values() if row["name"] == "Alibaba Cloud"]
        assert kind["injectors"]["env"]["ALIBABA_CLOUD_REGION"] == "{{ region }}"

        changes.clear()
        assert load(address, controller, awx_update_secrets=False)["changed"] == 0
        assert changes == []
    assert controller.count() == counts
