# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for single resources, run by ansible-playbook against the local cloud.

Each follows the same rhythm: check, apply, repeat, change, repeat, remove, repeat. Connection options come from
module_defaults of the action group, so every test shows that its module is in that group.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from support import PATIENCE
from support.source import DEPRECATION

COLLECTION = "edgelift.ens_migration"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
pytestmark = pytest.mark.oldest_core
Step = list[dict[str, Any]]


def step(module: str, *conditions: str, check: bool = False, **options: Any) -> Step:
    """Returns the tasks that run a module and then check its result, which the conditions call ``r``."""
    name = f"{module} {options}"
    run = {"name": name, f"{COLLECTION}.{module}": options, "register": "r", "check_mode": check, "ignore_errors": True}
    judge = {"name": "Judge it", "ansible.builtin.assert": {"that": list(conditions)}}
    return [run, judge]


def defaults(sandbox: Any, **changes: Any) -> dict[str, Any]:
    """Returns the connection options as defaults of the action group."""
    connection = {
        "region": sandbox.region,
        "access_key": sandbox.access_key,
        "secret_key": sandbox.secret_key,
        "endpoints": sandbox.endpoints,
        **changes,
    }
    return {f"group/{COLLECTION}.alicloud": connection}


@pytest.fixture
def play(sandbox: Any, tmp_path: Path) -> Callable[..., str]:
    """Runs steps in one play on localhost, and returns what ansible-playbook has printed."""

    def run(*steps: Step) -> str:
        book = tmp_path / "play.json"
        tasks = [task for tasks in steps for task in tasks]
        text = [{"name": "Test modules", "hosts": "localhost", "gather_facts": False, "tasks": tasks,
                 "module_defaults": defaults(sandbox)}]  # fmt: skip
        book.write_text(json.dumps(text), encoding="utf-8")
        env = {key: value for key, value in os.environ.items() if not key.startswith(("ALIBABA", "ALICLOUD"))}
        env |= {
            "ANSIBLE_COLLECTIONS_PATH": str(Path(str(naming.__file__)).parents[5]),
            "HOME": str(tmp_path),
            "ANSIBLE_HOME": str(tmp_path / "ansible"),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_DIFF_ALWAYS": "true",
        }
        done = subprocess.run(
            [str(PLAYBOOK), "-i", "localhost,", "-c", "local", str(book)],
            env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        assert sandbox.secret_key not in output
        assert DEPRECATION not in output
        return output

    return run


def test_access_token(play: Any, sandbox: Any) -> None:
    token = {"name": "edgelift-test"}
    output = play(
        step("smc_access_token", "r is changed", "r.access_token.code is undefined", check=True, **token),
        step("smc_access_token", "r is changed", "r.access_token.code | length > 8",
             "r.access_token.count == 5", "r.access_token.id is match('at-')", count=5, ttl_days=2, **token),
        step("smc_access_token", "r is not changed", "r.access_token.code is undefined", "r.access_token.count == 5",
             "r.access_token.status == 'activated'", count=9, **token),
        step("smc_access_token", "r is changed", "r.access_token.code is undefined", check=True, rotate=True, **token),
        step("smc_access_token", "r is changed", "r.access_token.code | length > 8", rotate=True, count=9, **token),
        step("smc_access_token", "r is not changed", "r.access_token.count == 9", **token),
        step("smc_access_token", "r is not changed", state="absent", name="edgelift"),
        step("smc_access_token", "r is changed", check=True, state="absent", **token),
        step("smc_access_token", "r is changed", "r.access_token == {}", state="absent", **token),
        step("smc_access_token", "r is not changed", state="absent", **token),
        step("smc_access_token", "r is failed", "r.error.code == 'InvalidParameter'", count=0, **token),
    )  # fmt: skip
    assert sandbox.get("state")["tokens"] == []
    made = [entry["result"] for entry in sandbox.requests("smc") if entry["action"] == "CreateAccessToken"]
    assert len(made) == 2
    assert '+    "count": 9' in output


def test_source(play: Any, sandbox: Any) -> None:
    source = {"source_id": "s-sandboxweb01", "poll_interval": 0.1, "wait_timeout": int(PATIENCE)}
    output = play(
        step("smc_source", "r is not changed", "r.source.name == 'web-01'", "r.source.hostname != ''", **source),
        step("smc_source", "r is changed", "r.source.name == 'web-new'", check=True, name="web-new", **source),
        step("smc_source_info", "r.sources | length == 1", "r is not changed", name="web-01"),
        step("smc_source", "r is changed", "r.source.name == 'web-new'", name="web-new", description="first", **source),
        step("smc_source", "r is not changed", name="web-new", description="first", **source),
        step("smc_source", "r is changed", "r.source.name == 'web-new'", description="second", **source),
        step("smc_source", "r is not changed", "r.source.description == 'second'", description="second", **source),
        step("smc_source", "r is changed", "r.problems.keys() | list == ['s-none']", sources=[
            {"source_id": "s-sandboxweb01", "tags": {"team": "edge"}}, {"source_id": "s-none", "tags": {"team": "x"}}]),
        step("smc_source", "r is changed", check=True, state="absent", **source),
        step("smc_source", "r is changed", "r.source == {}", state="absent", **source),
        step("smc_source", "r is not changed", state="absent", **source),
        step("smc_source", "r is failed", "r.error.code == 'SourceServer.NotFound'", name="web-x", **source),
    )
    assert [row["id"] for row in sandbox.get("state")["sources"]] == ["s-sandboxdb01"]
    assert '-    "name": "web-01"' in output
    assert '+    "name": "web-new"' in output


JOB = {"SourceId": "s-sandboxweb01", "Name": "web-01-job", "TargetType": "Image", "ImageName": "web-01-image",
       "SystemDiskSize": 20}  # fmt: skip


@pytest.mark.sandbox_world({"job_errors": {"web-01": "Connect to Server Failed"}})
def test_source_with_a_failed_job(play: Any, sandbox: Any) -> None:
    job = sandbox.call("smc", "CreateReplicationJob", **JOB)["JobId"]
    sandbox.call("smc", "StartReplicationJob", JobId=job)
    sandbox.until(lambda: sandbox.get("state")["jobs"][0]["state"] == "InError")
    source = {"source_id": "s-sandboxweb01", "poll_interval": 0.1, "state": "absent"}
    play(
        step("smc_transfer_info", "r.transfers[0].status == 'InError'", "r.transfers[0].instance_id is match('i-')",
             "r.transfers[0].error_code == 'Connect to Server Failed'", job_ids=[job]),
        step("smc_transfer_info", "r.transfers == []", job_ids=[job], status="Running"),
        step("smc_transfer_info", "r.transfers | length == 1", source_ids=["s-sandboxweb01", "s-sandboxdb01"]),
        step("smc_transfer_info", "r.transfers == []", name="web-01"),
        step("smc_transfer_info", "r.transfers == []", job_ids=[]),
        step("smc_source", "r is failed", "r.error.code == 'SourceServer.InUse'", f"r.transfers[0].job_id == '{job}'",
             check=True, **source),
        step("smc_source", "r is failed", "r.error.code == 'SourceServer.InUse'", "r.source.name != ''", **source),
        step("smc_source", "r is changed", force=True, **source),
        step("smc_source", "r is not changed", force=True, **source),
    )  # fmt: skip
    sandbox.until(lambda: sandbox.get("state")["instances"] == [])


@pytest.mark.sandbox_world({"job_errors": {"web-01": "Connect to Server Failed"}})
def test_intermediate_instance(play: Any, sandbox: Any) -> None:
    job = sandbox.call("smc", "CreateReplicationJob", **JOB)["JobId"]
    guard = {"job_id": job, "guard": True}
    play(step("smc_intermediate", "r is not changed", "not r.intermediate.present", **guard))
    sandbox.call("smc", "StartReplicationJob", JobId=job)
    sandbox.until(lambda: sandbox.get("state")["jobs"][0]["state"] == "InError")
    instance = sandbox.get("state")["instances"][0]["id"]
    sandbox.until(lambda: sandbox.get("state")["instances"][0]["state"] == "Running")
    play(
        step("smc_intermediate", "r is not changed", "r.intermediate.present", "r.intermediate.interference == []",
             "r.intermediate.open_ports == [8080, 8703]", "r.intermediate.status == 'Running'",
             f"r.intermediate.instance_id == '{instance}'", "r.intermediate.charge_type == 'PostPaid'", **guard),
        step("smc_intermediate", "r is failed", "r.error.code == 'Intermediate.InUse'", f"'{job}' in r.msg",
             state="absent", instance_id=instance),
    )  # fmt: skip
    sandbox.call("ecs", "DeleteInstance", InstanceId=instance, Force="true")
    play(
        step("smc_intermediate", "r.intermediate.interference[0].id == 'released'", job_id=job),
        step("smc_intermediate", "r is failed", "r.error.code == 'Intermediate.Interference'",
             "not r.intermediate.present", **guard),
        step("smc_intermediate", "r is not changed", state="absent", instance_id=instance),
        step("smc_intermediate", "r is failed", "'no such job' in r.msg", job_id="j-none"),
        step("smc_intermediate", "r is failed", "'job_id' in r.msg"),
    )  # fmt: skip


def test_shared_network(play: Any, sandbox: Any) -> None:
    network = {"name": "wave_01", "poll_interval": 0.1, "wait_timeout": int(PATIENCE)}
    name = naming.network_name("wave_01")
    play(
        step("vpc_wave_network", "r is changed", "r.network.vpc_id == ''", check=True, state="present", **network),
        step("vpc_wave_network", "r is changed", "r.network.vpc_id is match('vpc-')", f"r.network.name == '{name}'",
             "r.network.vswitch_id is match('vsw-')", state="present", **network),
        step("vpc_wave_network", "r is not changed", "r.network.managed", state="present", **network),
        step("vpc_wave_network", "r is not changed", check=True, state="present", **network),
    )  # fmt: skip
    state = sandbox.get("state")
    assert state["vpcs"][0]["tags"]["edgelift:wave"] == "wave_01"
    vpc, vswitch = state["vpcs"][0]["id"], state["vswitches"][0]["id"]
    play(
        step("vpc_wave_network", "r is not changed", "not r.network.managed", state="present", vpc_id=vpc,
             vswitch_id=vswitch, **network),
        step("vpc_wave_network", "r is failed", "r.error.code == 'VSwitchIdVpcId.Mismatch'", state="present",
             vpc_id=vpc, vswitch_id="vsw-none", **network),
        step("vpc_wave_network", "r is not changed", state="absent", name="wave_02"),
        step("vpc_wave_network", "r is changed", check=True, state="absent", **network),
        step("vpc_wave_network", "r is changed", "r.network == {}", state="absent", **network),
        step("vpc_wave_network", "r is not changed", state="absent", **network),
    )  # fmt: skip
    assert (sandbox.get("state")["vpcs"], sandbox.get("state")["vswitches"]) == ([], [])
    sandbox.call("vpc", "CreateVpc", VpcName=name, CidrBlock="192.168.0.0/16")
    play(
        step("vpc_wave_network", "r is failed", "r.error.code == 'Network.NotOurs'", state="present", **network),
        step("vpc_wave_network", "r is failed", "r.error.code == 'Network.NotOurs'", state="absent", **network),
    )
    assert len(sandbox.get("state")["vpcs"]) == 1


@pytest.mark.sandbox_world(
    {"ens_images": [{"name": "web", "id": "m-sandboxweb"}, {"name": "web-old", "id": "m-sandboxwebold"}]}
)
def test_ens_images(play: Any) -> None:
    play(
        step("ens_image_info", "r.images | length == 2", "r is not changed"),
        step("ens_image_info", "r.images | map(attribute='image_id') | list == ['m-sandboxweb']", names=["web"]),
        step("ens_image_info", "r.images | map(attribute='image_name') | list == ['web']", image_ids=["m-sandboxweb"]),
        step("ens_image_info", "r.images == []", image_ids=["m-sandboxwe"]),
        step("ens_image_info", "r.images == []", names=[]),
    )


BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"access_key": "LTAIwrongAccessKey"}, ["r.error.code == 'InvalidAccessKeyId.NotFound'", "r.request_id != ''"]),
    ({"secret_key": "wrong-secret"}, ["r.error.code == 'SignatureDoesNotMatch'", "'secret key' in r.error.hint"]),
    ({"secret_key": "{{ omit }}"}, ["'access_key' in r.msg", "'secret_key' in r.msg"]),
    ({"region": "nowhere"}, ["r.error.code == 'InvalidRegionId.Malformed'"]),
    ({"endpoints": {"ecs": "127.0.0.1:9"}}, ["r.error.code == 'Endpoint.Missing'", "'endpoints.smc' in r.msg"]),
    ({"endpoints": {"smc": "http://smc.aliyuncs.com"}}, ["r.error.code == 'Endpoint.Insecure'"]),
    ({"endpoints": {"smc": "127.0.0.1:9"}, "http_retries": 0}, ["r.error.code == 'Connection.Refused'"]),
    ({"access_key": "{{ omit }}", "secret_key": "{{ omit }}", "profile": "none"},
     ["r.error.code == 'Credentials.Invalid'"]),
]


def test_bad_connection_options(play: Any, sandbox: Any) -> None:
    blocks = [
        {"block": step("smc_source_info", "r is failed", *conditions), "module_defaults": defaults(sandbox, **options)}
        for options, conditions in BAD
    ]
    output = play(blocks)
    for secret in ("LTAIwrongAccessKey", "wrong-secret", "Signature="):
        assert secret not in output
