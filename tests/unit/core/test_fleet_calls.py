# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wave costs in API calls: per server, per tick, and how that grows. ``make bench-fleet`` measures that too."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.pool import Pool
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import oss as cleanup_oss
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.scope import Scope

from .cloud import Cloud
from .kit import server
from .sweep import left, remove, scope
from .waves import cloud_with, fleet, run, verdicts

OF_ONE_SERVER = ("smc.CreateReplicationJob", "smc.StartReplicationJob", "ecs.ExportImage", "ens.ImportImage")


def migrated(count: int, workers: int = 1) -> Cloud:
    """Return the cloud after a wave of so many servers."""
    wave = [server(number) for number in range(1, count + 1)]
    cloud = cloud_with(*wave)
    cloud.pool = Pool(workers)
    rows = run(fleet(cloud, *wave), timeout=36000, interval=15)
    assert set(verdicts(rows)) == {"migrated"}
    return cloud


def test_a_server_costs_a_bounded_number_of_calls_and_more_servers_cost_no_more_for_each() -> None:
    costs = {count: migrated(count).calls for count in (50, 100, 200)}
    for count, calls in costs.items():
        assert {calls[name] for name in OF_ONE_SERVER} == {count}
    per_server = {count: calls.total() / count for count, calls in costs.items()}
    assert max(per_server.values()) < 8.6
    assert per_server[200] < 1.1 * per_server[50]


def test_the_whole_life_of_a_server_costs_at_most_fifteen_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = [server(number) for number in range(1, 51)]
    cloud = cloud_with(*wave)
    made = fleet(cloud, *wave)
    run(made, timeout=36000, interval=15)
    judged = Counter[str]()
    admits = Scope.admits

    def counted(self: Scope, identity: str | None) -> str | None:
        judged[identity or ""] += 1
        return admits(self, identity)

    monkeypatch.setattr(Scope, "admits", counted)
    outcome = remove(cloud, *wave, known=made.context.resources.rows())
    assert outcome.residual == []
    assert left(cloud, "jobs", "images", "snapshots", "objects", "sources") == []
    assert len(cloud.ens_images) == 50
    assert cloud.calls.total() / 50 <= 15, cloud.calls
    # One look judges a server some times, however many others there are.
    assert max(judged.values()) < 60, judged.most_common(3)


@pytest.mark.parametrize(("most", "listings"), [(10_000, 1), (5, 6)])
def test_one_listing_shows_the_objects_of_many_servers_unless_it_is_very_long(
    most: int, listings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup_oss, "MOST", most)
    cloud, wave = migrated(6), [server(number) for number in range(1, 7)]
    others = scope(cloud, *wave[:5])
    cloud.calls.clear()
    found = cleanup_oss.OBJECT.find(others)
    assert {item.identity for item in found if not item.foreign} == {item.id for item in wave[:5]}
    # Two more: the canaries, and the folder of the migration with nothing but the ledger.
    assert cloud.calls["oss.ListKeys"] == 2 + listings


def test_a_tick_over_jobs_that_run_or_wait_for_a_slot_costs_at_most_four_calls() -> None:
    wave = [server(number) for number in range(1, 301)]
    cloud = cloud_with(*wave, copy_seconds=3600)
    made = fleet(cloud, *wave)
    for _tick in range(4):
        made.tick()
        cloud.sleep(15)
    assert sum(job["Status"] == "Running" for job in cloud.jobs.values()) == 50
    for _tick in range(10):
        cloud.calls.clear()
        made.tick()
        assert cloud.calls.total() <= 4, cloud.calls
        cloud.sleep(15)


def test_calls_at_the_same_time_do_what_calls_one_after_another_do() -> None:
    one, several = migrated(60), migrated(60, workers=8)
    assert {name: several.calls[name] for name in OF_ONE_SERVER} == {name: one.calls[name] for name in OF_ONE_SERVER}
    for name in OF_ONE_SERVER:
        order = [call for call, _args in several.log if call in OF_ONE_SERVER]
        assert order.count(name) == 60
    assert len(several.ens_images) == 60
