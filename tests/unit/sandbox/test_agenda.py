# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of what is due, held against a walk over every row; and the delays that rows get."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from support.local_cloud import LocalCloud

from sandbox.contracts.lifecycles import LIFECYCLES
from sandbox.lifecycles.agenda import outlook
from sandbox.lifecycles.timing import edge_seconds

SOURCES = [{"name": f"web{n}", "id": f"s-unitweb{n:05}", "disks": [{"gib": 20}, {"gib": 30}], "bandwidth_mbps": 10 * n}
           for n in range(1, 13)]


def forgotten(local: LocalCloud) -> list[str]:
    """The rows that could take a step now, found by looking at every one."""
    now = local.cloud.clock.time()
    return [f"{name} {row['id']}" for name, lifecycle in LIFECYCLES.items()
            for row in local.cloud.tables.table(lifecycle.table)
            if outlook(local.cloud, name, row, now).due is not None]


def disturb(local: LocalCloud, dice: random.Random, jobs: list[str]) -> None:
    """One thing that a client, an operator or the world may do; refusals are as good as anything."""
    number = dice.randrange(1, 13)
    row = dice.choice(jobs) if jobs else "j-none"
    choice = dice.randrange(8)
    if choice < 3:
        names = {"Name": f"name-{dice.randrange(10**9)}", "ImageName": f"image-{dice.randrange(1000)}"}
        reply = local.call("smc", "CreateReplicationJob", **{**local.job_params(number), **names})
        if reply.status == 200:
            jobs.append(reply.body["JobId"])
            local.call("smc", "StartReplicationJob", JobId=reply.body["JobId"])
    elif choice == 3:
        local.call("smc", dice.choice(["StopReplicationJob", "StartReplicationJob", "DeleteReplicationJob"]), JobId=row)
    elif choice == 4:
        local.cloud.sources.update(f"s-unitweb{number:05}", online=dice.random() < 0.7)
    elif choice == 5:
        for instance in list(local.cloud.instances)[:1]:
            local.call("ecs", "DeleteInstance", InstanceId=instance["id"], Force="true")
    elif choice == 6:
        for image in list(local.cloud.images)[-1:]:
            local.call("ecs", "ExportImage", ImageId=image["id"], OSSBucket="images-sg", ImageFormat="raw")
    else:
        local.call("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")


@pytest.mark.parametrize("profile", ["fast", "realistic"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_due_row_is_forgotten(tmp_path: Path, profile: str, seed: int) -> None:
    local = LocalCloud(tmp_path, {"profile": profile, "sources": SOURCES, "jitter": 1, "seed": seed})
    dice, jobs = random.Random(seed), []
    scale = 0.5 if profile == "fast" else 150
    for _turn in range(100):
        disturb(local, dice, jobs)
        local.cloud.clock.advance(dice.random() * scale)
        local.engine.tick()
        assert forgotten(local) == []
    states = {step["state"] for step in local.cloud.tables.timeline.steps if step["table"] == "jobs"}
    assert states >= {"Running/Syncing", "Finished", "InError", "Deleting", "gone"}


def test_the_next_moment_is_when_something_happens(local: LocalCloud) -> None:
    job_id = local.started()
    local.engine.tick()
    agenda, seen = local.engine.agenda, []
    for _turn in range(50):
        if (moment := agenda.next_moment()) > local.cloud.clock.time() + 100:
            break
        local.cloud.clock.advance(moment - local.cloud.clock.time())
        local.engine.tick()
        seen.append(local.show(job_id)["Status"])
    assert seen[-1] == "Finished"
    assert len(seen) < 12


def test_a_source_that_a_scenario_took_offline_comes_back_in_time(local: LocalCloud) -> None:
    local.cloud.sources.update("s-unitweb00001", offline_until=local.cloud.clock.time() + 50)
    seen = []
    for _turn in range(6):
        local.advance(10)
        (source,) = local.ok("smc", "DescribeSourceServers", SourceId__1="s-unitweb00001")["SourceServers"][
            "SourceServer"]
        seen.append(source["State"])
    assert seen == ["Unavailable"] * 4 + ["Available"] * 2


def delays(root: Path, world: dict[str, Any], order: list[int]) -> dict[int, float]:
    """How long Preparing takes for three sources whose jobs are made in this order."""
    local = LocalCloud(root, {"jitter": 1, "profile": "realistic", **world})
    (edge,) = [edge for edge in LIFECYCLES["smc.job"].edges if edge.effect == "create_intermediate"]
    jobs = {number: local.cloud.jobs.get(local.job(number)) for number in order}
    return {number: edge_seconds(local.cloud, "smc.job", row or {}, edge) for number, row in jobs.items()}


def test_the_jitter_of_a_row_is_that_of_seed_and_row_whoever_came_first(tmp_path: Path) -> None:
    first = delays(tmp_path / "a", {}, [1, 2, 3])
    assert first == delays(tmp_path / "b", {}, [3, 1, 2])
    assert len(set(first.values())) == 3
    assert all(180 <= seconds < 240 for seconds in first.values())
    assert first != delays(tmp_path / "c", {"seed": 2}, [1, 2, 3])
    assert set(delays(tmp_path / "d", {"jitter": 0}, [1, 2, 3]).values()) == {180.0}
