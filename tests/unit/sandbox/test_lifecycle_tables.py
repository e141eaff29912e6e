# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from support.local_cloud import START, LocalCloud

from sandbox.contracts.lifecycles import GONE, LIFECYCLES, Lifecycle
from sandbox.lifecycles.effects import EFFECTS
from sandbox.lifecycles.guards import GUARDS
from sandbox.lifecycles.timing import SIZES


@pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=LIFECYCLES)
def test_every_guard_and_effect_of_a_table_exists(lifecycle: Lifecycle) -> None:
    for edge in lifecycle.edges:
        assert not edge.guard or edge.guard in GUARDS, edge
        assert not edge.effect or edge.effect in EFFECTS, edge


def test_no_guard_and_no_effect_is_without_use() -> None:
    edges = [edge for lifecycle in LIFECYCLES.values() for edge in lifecycle.edges]
    assert set(GUARDS) == {edge.guard for edge in edges if edge.guard}
    assert set(EFFECTS) == {edge.effect for edge in edges if edge.effect}


@pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=LIFECYCLES)
def test_only_one_edge_of_a_state_waits_for_time_alone_and_it_comes_last(lifecycle: Lifecycle) -> None:
    for origin in {edge.origin for edge in lifecycle.edges}:
        guarded = [bool(edge.guard) for edge in lifecycle.edges if edge.origin == origin]
        assert all(guarded[:-1]), origin


def test_realistic_delays_are_never_shorter_than_fast_ones() -> None:
    for lifecycle in LIFECYCLES.values():
        for edge in lifecycle.edges:
            assert edge.delay[0] <= edge.delay[1], edge
            assert edge.jitter[0] <= edge.jitter[1], edge
            assert edge.jitter[1] <= edge.delay[1], f"{edge}: jitter is a part of the delay, not most of it"
            assert not edge.size or edge.size in SIZES, edge
            assert edge.to != GONE or edge.delay[0] > 0, f"{edge}: a row has to be seen before it goes"


def test_steps_that_wait_for_time_happen_at_their_own_moment(local: LocalCloud) -> None:
    job_id = local.started()
    local.cloud.clock.advance(1000)
    local.engine.tick()
    job = local.cloud.jobs.get(job_id)
    assert job is not None
    # Preparing ends after 0.3 s whatever the jump; the bytes were looked at when the jump was over.
    instance = local.cloud.instances.get(job["transition_instance_id"])
    assert instance is not None
    assert instance["created"] == pytest.approx(START + 0.3)


def test_nothing_happens_on_a_frozen_clock(local: LocalCloud) -> None:
    job_id = local.started()
    assert [local.show(job_id)["BusinessStatus"] for _turn in range(3)] == ["Preparing"] * 3


@pytest.mark.sandbox_world({"profile": "realistic"})
def test_the_realistic_profile_takes_minutes(local: LocalCloud) -> None:
    job_id = local.started()
    local.advance(60)
    assert local.show(job_id)["BusinessStatus"] == "Preparing"
    local.advance(120)
    assert local.show(job_id)["BusinessStatus"] == "Syncing"
    local.advance(60)
    assert local.show(job_id)["BusinessStatus"] == "Processing"
    local.advance(600)
    assert local.show(job_id)["BusinessStatus"] == "Cleaning"
    local.advance(60)
    assert local.show(job_id)["Status"] == "Finished"


@pytest.mark.sandbox_world({"profile": "realistic"})
def test_disks_snapshots_and_images_take_their_time(local: LocalCloud) -> None:
    job_id = local.started()

    def statuses(kind: str, **filters: str) -> list[str]:
        answer = local.ok("ecs", f"Describe{kind}s", **filters)
        return [row["Status"] for row in answer[f"{kind}s"][kind]]

    local.advance(180)
    assert statuses("Disk") == ["Attaching"] * 3
    local.advance(8)
    assert statuses("Disk") == ["In_use"] * 3
    local.advance(60)
    local.advance(600)
    assert local.show(job_id)["BusinessStatus"] == "Cleaning"
    assert statuses("Snapshot") == ["progressing"] * 2
    assert statuses("Image", Status="Creating,Available") == ["Creating"]
    local.advance(20)
    assert statuses("Snapshot") == ["accomplished"] * 2
    assert statuses("Image") == ["Available"]
    local.advance(40)
    assert local.show(job_id)["Status"] == "Finished"
