# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finished copy has taken hours: what fails after it keeps it, and the next run continues from there."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import policy, refused, server
from .waves import cloud_with, fleet, run, verdicts

ONE = server(1)
FRESH = policy(fresh=True)


def imports_end(cloud: Cloud, *ends: str) -> None:
    """Let the next imports end so; later ones succeed."""
    left = list(ends)

    def order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for row in cloud.ens_images.values():
            if row["Status"] == "Creating" and "_ordered" not in row:
                row["_ordered"] = True
                if left:
                    row["_end"] = left.pop(0)
        return rows

    cloud.edit("ens.DescribeSelfImages", order, times=10_000)


def copies(cloud: Cloud) -> int:
    return cloud.calls["smc.CreateReplicationJob"]


def test_an_export_that_fails_without_a_retry_left_keeps_the_copy_and_says_what_to_do() -> None:
    cloud = cloud_with(ONE, export_ends=["Failed", "Failed"])
    (row,) = run(fleet(cloud, ONE))
    image = next(iter(cloud.images))
    assert (row.verdict, row.settled) == ("failed", False)
    assert row.reasons[0].startswith("export task ")
    assert f"its finished copy {image} is kept with what belongs to it, and billed" in row.reasons[1]
    assert "The playbook cleanup deletes it" in row.reasons[1]


def test_the_next_run_that_waits_continues_from_the_copy_and_one_that_does_not_ends() -> None:
    cloud = cloud_with(ONE, export_ends=["Failed"] * 4)
    assert verdicts(run(fleet(cloud, ONE, using=FRESH))) == ["failed"]
    # A run of a schedule does not export again and again.
    assert verdicts(run(fleet(cloud, ONE), wait=False)) == ["failed"]
    assert cloud.calls["ecs.ExportImage"] == 2
    # It is tried as often as in the first run, and no more.
    assert verdicts(run(fleet(cloud, ONE, using=FRESH))) == ["failed"]
    assert cloud.calls["ecs.ExportImage"] == 4
    assert verdicts(run(fleet(cloud, ONE, using=FRESH))) == ["migrated"]
    assert (copies(cloud), cloud.calls["ecs.ExportImage"]) == (1, 5)


@pytest.mark.parametrize("end", ["Upload_failed", "Unavailable"])
def test_an_import_that_failed_is_discarded_once_by_the_next_run_and_made_again(end: str) -> None:
    cloud = cloud_with(ONE)
    imports_end(cloud, end, end)
    (row,) = run(fleet(cloud, ONE, using=FRESH))
    assert (row.verdict, row.settled) == ("failed", False)
    (bad,) = cloud.ens_images
    # A run of a schedule leaves it, and so does one that cannot prove whose it is.
    (scheduled,) = run(fleet(cloud, ONE), wait=False)
    assert (scheduled.verdict, scheduled.settled) == ("failed", False)
    assert list(cloud.ens_images) == [bad]
    (again,) = run(fleet(cloud, ONE, using=FRESH))
    assert (again.verdict, again.settled) == ("failed", False)
    assert bad not in cloud.ens_images
    assert len(cloud.ens_images) == 1
    assert verdicts(run(fleet(cloud, ONE, using=FRESH))) == ["migrated"]
    assert (copies(cloud), cloud.calls["ecs.ExportImage"], cloud.calls["ens.ImportImage"]) == (1, 1, 3)


@pytest.mark.parametrize("proof", ["no job", "another server", "older"])
def test_a_failed_image_that_is_not_proven_is_never_discarded(proof: str) -> None:
    cloud = cloud_with(ONE)
    image = cloud.add_ens_image(ONE.image_name, "Unavailable")
    if proof != "no job":
        cloud.sleep(60)
        other = naming.tags(ONE.migration, ONE.host, server(2).id)
        changes = {"Tags": {"Tag": other}} if proof == "another server" else {}
        job = cloud.add_job(ONE, "Finished", ImageId="m-1", **changes)
        image["CreationTime"] = "2026-11-24T09:00:00Z" if proof == "another server" else image["CreationTime"]
        assert job["CreationTime"] > "2026-11-24T08:00:00Z"
        cloud.add_image("m-1", ONE.image_name, (20,))
    assert verdicts(run(fleet(cloud, ONE, using=FRESH))) == ["failed"]
    assert list(cloud.ens_images) == [image["ImageId"]]
    assert cloud.calls["ens.DeleteImage"] == 0


def test_the_end_of_the_time_keeps_a_copy_that_is_finished_and_one_that_is_not() -> None:
    cloud = cloud_with(ONE, export_seconds=50_000)
    (row,) = run(fleet(cloud, ONE))
    assert row.reasons[0].startswith("timeout after 3600 s in phase export")
    assert not row.settled
    cloud = cloud_with(ONE, copy_seconds=50_000)
    (row,) = run(fleet(cloud, ONE))
    assert row.reasons[0].startswith("timeout after 3600 s in phase transfer")
    assert not row.settled


def test_a_refused_call_after_the_copy_keeps_it_too() -> None:
    cloud = cloud_with(ONE)
    cloud.fail("ens.ImportImage", refused("NoPermission"), times=10)
    (row,) = run(fleet(cloud, ONE))
    assert (row.verdict, row.settled) == ("failed", False)
    assert "is kept" in row.reasons[-1]


def test_an_image_that_cannot_be_exported_or_is_gone_is_not_worth_keeping() -> None:
    cloud = cloud_with(ONE)
    cloud.add_job(ONE, "Finished", ImageId="m-1")
    (row,) = run(fleet(cloud, ONE))
    assert (row.verdict, row.settled) == ("failed", True)
    cloud.add_image("m-1", ONE.image_name, (20,), status="CreateFailed")
    (row,) = run(fleet(cloud, ONE))
    assert (row.verdict, row.settled) == ("failed", True)


def test_a_copy_is_known_before_an_image_of_the_same_name_ends_a_server() -> None:
    cloud = cloud_with(ONE)
    run(fleet(cloud, ONE, only="transfer"))
    cloud.add_ens_image(ONE.image_name, sizes=(80,))
    (row,) = run(fleet(cloud, ONE))
    assert "is not from this server" in row.reasons[0]
    assert not row.settled
