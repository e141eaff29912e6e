# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ids that ExportImage and ImportImage return are kept and followed, however late a list shows them (law 15).

Time is that of the fake cloud.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.ens_migration import describe, look
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from .cloud import Cloud
from .kit import lost, policy, server
from .waves import cloud_with, fleet, run, verdicts

DELAYS = (0, limits.LIST_SETTLE_SECONDS - 1, limits.LIST_SETTLE_SECONDS + 5, 600, limits.CALL_SETTLE_SECONDS)


@pytest.mark.parametrize("delay", DELAYS)
def test_no_listing_delay_makes_a_second_export_or_import(delay: float) -> None:
    wave = [server(number) for number in (1, 2, 3)]
    cloud = cloud_with(*wave, listing_seconds=delay)
    rows = run(fleet(cloud, *wave), timeout=20_000)
    assert verdicts(rows) == ["migrated"] * 3
    assert (cloud.calls["ecs.ExportImage"], cloud.calls["ens.ImportImage"]) == (3, 3)
    assert len(cloud.ens_images) == 3
    assert not any(describe(row)["warnings"] for row in rows)


@pytest.mark.parametrize("delay", DELAYS)
def test_runs_that_do_not_wait_follow_the_same_ids(delay: float) -> None:
    cloud, ticks = cloud_with(listing_seconds=delay), 0
    made = fleet(cloud)
    while verdicts(made.rows) == ["pending"] and ticks < 1000:
        # Each run is another process, which knows only what the ledger says.
        made = fleet(cloud)
        run(made, wait=False)
        cloud.sleep(60)
        ticks += 1
    assert verdicts(made.rows) == ["migrated"]
    assert (cloud.calls["ecs.ExportImage"], cloud.calls["ens.ImportImage"]) == (1, 1)


@pytest.mark.parametrize("call", ["ecs.ExportImage", "ens.ImportImage"])
@pytest.mark.parametrize("delay", [0, 125, 1700])
def test_a_lost_answer_is_looked_for_as_long_as_a_list_may_lag(call: str, delay: float) -> None:
    cloud = cloud_with(listing_seconds=delay)
    cloud.fail(call, lost(), after=True)
    assert verdicts(run(fleet(cloud), timeout=20_000)) == ["migrated"]
    assert cloud.calls[call] == 1


def misreporting(cloud: Cloud, sizes: list[Any]) -> None:
    """Let every list of ENS images give these sizes."""

    def change(rows: list[Any]) -> list[Any]:
        mapping = {"DiskDeviceMapping": [{"Size": size} for size in sizes]}
        return [{**row, "DiskDeviceMappings": mapping} for row in rows]

    cloud.edit("ens.DescribeSelfImages", change, times=1000)


@pytest.mark.parametrize("sizes", [["30"], ["20.0", "40.0"], ["900", "1"], [None], ["big"]])
def test_other_sizes_are_a_warning_of_the_server_that_the_ledger_proves(sizes: list[Any]) -> None:
    item = server(disks=(20, 40))
    cloud = cloud_with(item)
    misreporting(cloud, sizes)
    (row,) = run(fleet(cloud, item))
    assert row.verdict == "migrated"
    assert bool(describe(row)["warnings"]) is (sizes != ["20.0", "40.0"])
    # The next runs, also those that only look, know it from the ledger.
    (again,) = run(fleet(cloud, item))
    assert (again.verdict, again.existed) == ("migrated", True)
    (checked,) = run(fleet(cloud, item, check_mode=True))
    assert checked.verdict == "migrated"
    clients: Any = cloud
    (seen,) = look(clients, [item], policy(), {})
    assert seen.verdict == "migrated"
    assert cloud.calls["ens.ImportImage"] == 1


def test_a_foreign_image_of_the_same_name_and_other_disks_fails_the_server() -> None:
    cloud = cloud_with()
    cloud.add_ens_image(server().image_name, sizes=(900,))
    (row,) = run(fleet(cloud))
    assert row.verdict == "failed"
    assert "is not from this server" in row.reasons[0]
    assert cloud.calls["ens.ImportImage"] == 0


@pytest.mark.parametrize(
    ("system", "data", "told"),
    [("40", "20", True), ("20", "40", False), ("40.0", "20.0", True), ("50", "20", True), ("30", "40", False)],
)
def test_an_image_whose_system_disk_is_a_data_disk_is_a_warning(system: str, data: str, told: bool) -> None:
    item = server(disks=(20, 40))
    cloud = cloud_with(item)
    mapping = [{"Size": system, "Type": "system"}, {"Size": data, "Type": "data"}]

    def change(rows: list[Any]) -> list[Any]:
        return [{**row, "DiskDeviceMappings": {"DiskDeviceMapping": mapping}} for row in rows]

    cloud.edit("ens.DescribeSelfImages", change, times=1000)
    (row,) = run(fleet(cloud, item))
    assert row.verdict == "migrated"
    assert ("the disks are in the wrong order" in " ".join(describe(row)["warnings"])) is told
