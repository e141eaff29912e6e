# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profile frozen: only the control call clock moves anything, by jumps or by steps."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from support import PATIENCE

from sandbox.state.clock import parse_iso

pytestmark = pytest.mark.any_core

START = 1_800_000_000
FROZEN = pytest.mark.sandbox_world({"profile": "frozen", "start": START})


def started(sandbox: Any) -> str:
    """A started job."""
    made = sandbox.call("smc", "CreateReplicationJob", SourceId="s-sandboxweb01", ImageName="web", SystemDiskSize=20)
    sandbox.call("smc", "StartReplicationJob", JobId=made["JobId"])
    return str(made["JobId"])


def state(sandbox: Any) -> str:
    """Where the only job is."""
    (job,) = sandbox.call("smc", "DescribeReplicationJobs")["ReplicationJobs"]["ReplicationJob"]
    return f"{job['Status']} {job['BusinessStatus']}"


@FROZEN
def test_nothing_moves_without_a_jump_of_the_clock(sandbox: Any) -> None:
    started(sandbox)
    seen = []
    for _turn in range(3):
        seen.append((state(sandbox), sandbox.get("clock")))
        time.sleep(0.15)
    assert seen == [("Running Preparing", {"now": "2027-01-15T08:00:00Z", "rate": 0.0})] * 3


@FROZEN
def test_steps_go_from_one_event_to_the_next(sandbox: Any) -> None:
    started(sandbox)
    seen: list[tuple[str, float]] = []
    while not seen or seen[-1][0] != "Finished Cleaning":
        now = parse_iso(sandbox.post("clock", {"step": 1})["now"])
        assert not seen or now >= seen[-1][1]
        seen.append((state(sandbox), now))
        assert len(seen) < 20
    order = list(dict.fromkeys(name for name, _moment in seen))
    assert order == ["Running Syncing", "Running Processing", "Running Cleaning", "Finished Cleaning"]
    # 180 s, what 2 MiB take, 600 s and 60 s, and less jitter than the tables allow.
    assert 840 < seen[-1][1] - START < 840 + 200


@FROZEN
def test_one_jump_takes_a_job_to_its_end_and_every_step_has_its_moment(sandbox: Any) -> None:
    job_id = started(sandbox)
    sandbox.advance(3600)
    assert state(sandbox) == "Finished Cleaning"
    (job,) = sandbox.call("smc", "DescribeReplicationJobs", JobIds=[job_id])["ReplicationJobs"]["ReplicationJob"]
    assert 840 < parse_iso(job["EndTime"]) - START < 840 + 200
    (image,) = sandbox.get("state")["images"]
    assert image["status"] == "Available"
    assert parse_iso(job["EndTime"]) - 80 < image["created"] < parse_iso(job["EndTime"]) - 59


@FROZEN
def test_there_is_no_pace_to_set(sandbox: Any) -> None:
    answer = requests.post(f"{sandbox.endpoint}/_sandbox/clock", data='{"rate": 1}', timeout=PATIENCE)
    assert answer.status_code == 400
    assert answer.json()["error"] == "rate 1: with the profile frozen, only advance and step move the clock"


@pytest.mark.parametrize(("world", "message"), [
    ({}, "step: the clock is running; freeze it first"),
    ({"profile": "frozen", "sources": []}, "step: no lifecycle step waits for time"),
])
def test_steps_that_cannot_be(sandbox: Any, world: dict[str, Any], message: str) -> None:
    sandbox.post("reset", world)
    answer = requests.post(f"{sandbox.endpoint}/_sandbox/clock", data='{"step": 1}', timeout=PATIENCE)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
