# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over calls and states: which call or row they choose, what they do, and what a wrong file is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests
from support import PATIENCE
from support.oss_client import bucket
from support.scenario import SOURCE, hits, jobs, refusal, started

from sandbox.world.scenario import FOLDER, load_scenario, parse_scenario
from sandbox.world.schema import WorldError

pytestmark = pytest.mark.any_core


def test_nth_and_params_choose_the_call(sandbox: Any) -> None:
    sandbox.post("faults", {"meaning": "m", "faults": [
        {"match": {"params": {"PageSize": "7"}, "nth": 2}, "kind": "error", "code": "InternalError", "status": 500}]})
    sandbox.call("smc", "DescribeSourceServers")
    sandbox.call("smc", "DescribeSourceServers", PageSize=7)
    assert refusal(sandbox, "smc", "DescribeSourceServers", PageSize=7) == (500, "InternalError")
    assert [(rule["seen"], rule["hits"]) for rule in sandbox.get("faults")["faults"]] == [(2, 1)]
    sandbox.reset()
    assert sandbox.get("faults")["faults"] == []


@pytest.mark.sandbox_world({"faults": [{"match": {"product": "oss", "key": "a/*"}, "kind": "error", "code": "Mine",
                                        "status": 418, "headers": {"x-acs-retry-after": "200"}, "times": 2}]})
def test_a_world_has_faults_and_bucket_and_key_choose_the_request(sandbox: Any) -> None:
    oss = bucket(sandbox)
    oss.put_object("b/1", b"")
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        oss.put_object("a/1", b"")
    assert (refused.value.status, refused.value.code) == (418, "Mine")
    assert refused.value.headers["x-acs-retry-after"] == "200"
    sandbox.post("seed", {"faults": [{"kind": "drop", "match": {"action": "DescribeRegions"}}]})
    assert len(sandbox.get("faults")["faults"]) == 2
    assert sandbox.delete("faults")["faults"] == []
    sandbox.call("ecs", "DescribeRegions")


@pytest.mark.sandbox_world({"clock_rate": 0})
def test_an_answer_shows_what_was_true_some_seconds_ago(sandbox: Any) -> None:
    sandbox.post("faults", {"meaning": "m", "faults": [
        {"match": {"action": "DescribeReplicationJobs"}, "kind": "stale", "seconds": 10, "times": 3}]})
    job_id = started(sandbox)
    assert jobs(sandbox) == []
    sandbox.advance(9)
    assert jobs(sandbox) == []
    sandbox.advance(1.1)
    assert jobs(sandbox)[0]["Status"] == "Running"
    assert jobs(sandbox)[0]["Status"] == "Finished"
    assert jobs(sandbox)[0]["JobId"] == job_id


def test_a_scenario_is_loaded_from_the_command_line(start_sandbox: Any) -> None:
    sandbox = start_sandbox(None, "--scenario", str(FOLDER / "01-throttling.yml"))
    assert refusal(sandbox, "smc", "DescribeSourceServers") == (400, "Throttling.User")


def test_a_wrong_file_names_line_and_field(sandbox: Any) -> None:
    for path in FOLDER.glob("*.yml"):
        assert load_scenario(path).meaning
    wrong = "meaning: m\nfaults:\n  - kind: error\n    code: A\n    times: none\n"
    with pytest.raises(WorldError, match=r"^x\.yml: line 5: faults\[0\]\.times: "):
        parse_scenario(wrong, "x.yml")
    answer = requests.post(f"{sandbox.endpoint}/_sandbox/faults", data=wrong, timeout=PATIENCE)
    assert (answer.status_code, "line 5: faults[0].times" in answer.json()["error"]) == (400, True)


def test_rules_of_a_restart_meet_what_happens_from_then_on(start_sandbox: Callable[..., Any], tmp_path: Path) -> None:
    """What has happened to a cloud before a scenario became active has ended."""
    first = start_sandbox({"ens_images": [{"name": "before"}]})
    assert first.stop() == 0
    rule = {"state": {"lifecycle": "ens.image", "at": "Available"}, "do": "spoil_image", "times": 9}
    (tmp_path / "scenario.yml").write_text(json.dumps({"meaning": "images go bad", "faults": [rule]}))
    second = start_sandbox(None, "--scenario", str(tmp_path / "scenario.yml"), state=first.greeting["state"])
    (image,) = second.call("ens", "DescribeSelfImages")["Images"]["Image"]
    assert image["Status"] == "Available"
    (row,) = second.get("faults")["faults"]
    assert (row["seen"], row["hits"]) == (0, 0)


SPENT = """
meaning: two calls are refused, and an hour after the stream began the intermediate instance is released
faults:
  - {match: {product: vpc, action: CreateVpc}, kind: error, code: ServiceUnavailable, status: 503, times: 2}
  - {state: {lifecycle: smc.job, at: Running/Syncing, name: web-01}, do: release_instance, after: 3600}
failures:
  - {lifecycle: ecs.task, at: Processing, name: "*", code: InternalError}
"""


def test_what_is_spent_stays_spent_after_a_kill(start_sandbox: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "scenario.yml").write_text(SPENT)
    words = ("--scenario", str(tmp_path / "scenario.yml"))
    first = start_sandbox({"sources": [
        {"name": "web-01", "id": SOURCE, "disks": [{"gib": 20}], "bandwidth_mbps": 0.001}]}, *words)
    started(first)
    first.until(lambda: first.get("faults")["faults"][1]["seen"] == 1)
    assert refusal(first, "vpc", "CreateVpc", CidrBlock="10.0.0.0/8") == (503, "ServiceUnavailable")
    before = first.get("faults")
    assert [(rule["seen"], rule["hits"]) for rule in before["faults"]] == [(1, 1), (1, 0)]
    first.process.kill()
    first.process.wait(PATIENCE)

    second = start_sandbox(None, *words, state=first.greeting["state"])
    assert second.get("faults") == before
    assert len(second.get("state")["failures"]) == 1
    assert refusal(second, "vpc", "CreateVpc", CidrBlock="10.0.0.0/8") == (503, "ServiceUnavailable")
    assert second.call("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")["VpcId"]
    assert jobs(second)[0]["Status"] == "Running"
    second.advance(3600)
    second.until(lambda: jobs(second)[0]["Status"] == "InError")
    assert hits(second) == [2, 1]


def test_what_is_seeded_leaves_the_pace_as_it_is(start_sandbox: Callable[..., Any]) -> None:
    names = [f"server000{number}" for number in range(4)]
    sandbox = start_sandbox({"profile": "frozen", "jitter": 0, "sources": [
        {"name": name, "id": f"s-{name}", "disks": [{"gib": 20}]} for name in names]})

    def seconds_to_go(name: str) -> float:
        sandbox.call("smc", "DeleteSourceServer", SourceId=f"s-{name}")
        times = [sandbox.get("clock")["now"], sandbox.post("clock", {"step": 1})["now"]]
        before, after = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in times)
        return (after - before).total_seconds()

    exact = [seconds_to_go(name) for name in names[:2]]
    sandbox.post("seed", {"sources": [{"name": "later", "disks": [{"gib": 20}]}]})
    assert len({*exact, *(seconds_to_go(name) for name in names[2:])}) == 1
