# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that was registered again: the job of its former source is used or kept, never repeated or deleted."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import server
from .waves import cloud_with, fleet, run, verdicts

NOW = server()
FORMER = server(source_id="s-old")


def copied(**changes: Any) -> Cloud:
    """Return a cloud with the finished copy of a server under its former source; it is registered again."""
    cloud = Cloud()
    cloud.register(FORMER)
    run(fleet(cloud, FORMER, only="transfer"))
    next(iter(cloud.jobs.values())).update(changes)
    cloud.sources.clear()
    cloud.register(NOW)
    cloud.calls.clear()
    return cloud


@pytest.mark.parametrize("now", [NOW, server(source_id=""), server(source_id="s-gone")], ids=["again", "none", "gone"])
def test_a_finished_copy_needs_no_source(now: Any) -> None:
    cloud = copied()
    assert verdicts(run(fleet(cloud, now))) == ["migrated"]
    assert cloud.calls["smc.CreateReplicationJob"] == 0
    assert cloud.calls["ecs.ExportImage"] == 1


def test_a_copy_that_runs_is_followed() -> None:
    cloud = cloud_with(FORMER)
    made = fleet(cloud, FORMER)
    while not cloud.calls["smc.StartReplicationJob"]:
        made.tick()
    made.driver.leave()
    cloud.register(NOW)
    assert verdicts(run(fleet(cloud, NOW))) == ["migrated"]
    assert cloud.calls["smc.CreateReplicationJob"] == 1
    assert cloud.calls["ecs.ExportImage"] == 1


def test_a_wave_asks_by_name_once_and_by_id_for_what_it_has_found() -> None:
    cloud, wave = Cloud(), [server(number) for number in range(1, 31)]
    cloud.register(*wave)
    cloud.add_job(server(1, source_id="s-old"), "Running")
    made = fleet(cloud, *wave, only="transfer")
    for expected in (2, 2, 2):
        cloud.calls.clear()
        made.tick()
        assert cloud.calls["smc.DescribeReplicationJobs"] == expected
        assert made.rows[0].state.startswith("job j-")


@pytest.mark.parametrize("status", ["Ready", "Stopped", "InError", "Expired", "Finished"])
def test_any_other_job_of_the_former_source_is_kept_and_named(status: str) -> None:
    cloud = copied(Status=status, ImageId="")
    before = {key: dict(row) for key, row in cloud.jobs.items()}
    (row,) = run(fleet(cloud, NOW))
    assert (row.verdict, row.settled) == ("failed", False)
    assert "copies source s-old, and the server is now source s-01" in row.reasons[0]
    assert "playbook cleanup" in row.reasons[0]
    assert cloud.jobs == before
    assert cloud.calls["smc.CreateReplicationJob"] == 0


@pytest.mark.parametrize(
    "tags",
    [[], naming.tags("wave_01", "web-01", server(2).id), naming.tags("another", "web-01", NOW.id)],
    ids=["none", "server", "migration"],
)
def test_a_finished_job_that_only_has_the_name_is_not_taken_for_ours(tags: Any) -> None:
    cloud = copied(Tags={"Tag": tags})
    (row,) = run(fleet(cloud, NOW))
    assert (row.verdict, row.settled) == ("failed", False)
    assert cloud.calls["ecs.ExportImage"] == cloud.calls["smc.CreateReplicationJob"] == 0
    assert len(cloud.jobs) == 1


def test_a_job_that_the_first_look_did_not_show_is_found_when_its_name_is_taken() -> None:
    cloud = copied()
    cloud.edit("smc.DescribeReplicationJobs", lambda rows: [], times=2)
    assert verdicts(run(fleet(cloud, NOW))) == ["migrated"]
    assert len(cloud.jobs) == 1


def test_a_job_of_the_former_source_that_is_being_deleted_is_waited_for() -> None:
    cloud = copied(Status="Deleting")
    next(iter(cloud.jobs.values()))["_since"] = cloud.now
    made = fleet(cloud, NOW)
    made.tick()
    assert made.rows[0].state.endswith("is Deleting")
    assert verdicts(run(made)) == ["migrated"]
    assert cloud.calls["smc.CreateReplicationJob"] == 1
