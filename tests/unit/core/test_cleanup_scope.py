# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scope of a cleanup inside a play: the servers that it names, and what they share only when no other needs it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

from .cloud import Cloud
from .kit import MIGRATION, qcow2, refused, server, stamp
from .sweep import OTHER, SERVER, TOKEN, full, left, remove, sweep

SHARED = {"vpc", "vswitch", "smc_access_token"}


def used_up(cloud: Cloud) -> None:
    """Let the activation code have no registration left: no run can be using it."""
    cloud.tokens["at-1"].update(Status="activated", Count="2", RegisteredCount="2")


def work_of(cloud: Cloud, kind: str) -> None:
    """Give the other server one resource of this kind, as another run, slice or host that dropped out has it."""
    if kind == "smc_job":
        cloud.register(OTHER)
        cloud.add_job(OTHER, "Finished", ImageId="m-2")
    elif kind == "ecs_image":
        cloud.add_image("m-2", OTHER.image_name, (20,))
    elif kind == "oss_object":
        cloud.objects[f"{OTHER.id}_m-2_system.qcow2"] = qcow2(20)
    else:
        cloud.add_ens_image(OTHER.image_name, "Importing")


@pytest.mark.parametrize("kind", ["smc_job", "ecs_image", "oss_object", "ens_image"])
def test_the_work_of_a_server_outside_the_scope_survives_with_all_that_it_needs(kind: str) -> None:
    cloud = full()
    used_up(cloud)
    work_of(cloud, kind)
    before = {name: set(getattr(cloud, name)) for name in ("vpcs", "vswitches", "tokens")}
    outcome = remove(cloud, SERVER)
    assert outcome.residual == []
    assert {row["kind"] for row in outcome.kept} == SHARED
    assert all(OTHER.id in row["reason"] and kind in row["reason"] for row in outcome.kept)
    assert {name: set(getattr(cloud, name)) for name in before} == before
    assert left(cloud, "instances", "disks", "snapshots", "uploads") == (["snapshots"] if kind == "ecs_image" else [])
    assert sweep(cloud).kept == []
    assert left(cloud, "vpcs", "vswitches", "tokens") == []


def test_the_last_server_takes_the_shared_resources_with_it() -> None:
    cloud = full()
    used_up(cloud)
    cloud.add_ens_image(OTHER.image_name, "Available")
    outcome = remove(cloud, SERVER)
    assert (outcome.kept, outcome.residual) == ([], [])
    assert left(cloud, "vpcs", "vswitches", "tokens", "jobs", "images", "objects") == []


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"Status": "activated", "Count": "5", "RegisteredCount": "2"}, True),
        ({"Status": "activated", "Count": "5", "RegisteredCount": "5"}, False),
        ({"Status": "expired", "Count": "5", "RegisteredCount": "2"}, False),
        ({"Status": "unactivated", "Count": "5", "RegisteredCount": "2"}, False),
    ],
)
def test_a_code_that_another_slice_may_be_using_stays_until_the_whole_migration_is_cleaned(
    row: dict[str, Any], kept: bool
) -> None:
    cloud = Cloud()
    code = {"AccessTokenId": "at-1", "Name": TOKEN, "Description": naming.description(MIGRATION)}
    cloud.tokens["at-1"] = {**code, **row}
    remove(cloud, SERVER)
    assert left(cloud, "tokens") == (["tokens"] if kept else [])
    sweep(cloud)
    assert left(cloud, "tokens") == []


def usable(cloud: Cloud) -> None:
    """Put a code there with which servers can still register."""
    cloud.tokens["at-1"] = {
        "AccessTokenId": "at-1", "Name": TOKEN, "Description": naming.description(MIGRATION), "Status": "activated",
        "Count": "5", "RegisteredCount": "2", "CreationTime": stamp(cloud.now),
    }


@pytest.mark.parametrize("late", [False, True])
def test_a_code_goes_with_the_last_server_when_its_run_must_have_registered_its_servers(late: bool) -> None:
    cloud = Cloud()
    usable(cloud)
    cloud.sleep(limits.CODE_IN_USE_SECONDS + late)
    cloud.oss("images").told = cloud.now.timestamp()
    remove(cloud, SERVER)
    assert left(cloud, "tokens") == ([] if late else ["tokens"])


def test_an_old_code_stays_while_another_server_is_not_settled() -> None:
    cloud = Cloud()
    usable(cloud)
    cloud.register(OTHER)
    cloud.add_job(OTHER, "Stopped")
    cloud.sleep(limits.CODE_IN_USE_SECONDS + 1)
    cloud.oss("images").told = cloud.now.timestamp()
    assert [row["kind"] for row in remove(cloud, SERVER).kept] == ["smc_access_token"]
    assert left(cloud, "tokens") == ["tokens"]


def test_when_the_other_servers_cannot_be_listed_the_shared_resources_stay() -> None:
    cloud = full()
    used_up(cloud)
    cloud.fail("ecs.DescribeImages", refused("Forbidden.RAM"), times=99)
    outcome = remove(cloud, SERVER)
    assert {row["kind"] for row in outcome.kept} == SHARED
    assert all("could not be listed" in row["reason"] for row in outcome.kept)


def test_many_unfinished_servers_are_counted_and_three_are_named() -> None:
    cloud = full()
    for number in range(2, 9):
        item = server(number)
        assert item.migration == MIGRATION
        cloud.add_job(item, "Finished")
    [reason] = {row["reason"] for row in remove(cloud, SERVER).kept}
    assert reason.endswith("and 4 more")
