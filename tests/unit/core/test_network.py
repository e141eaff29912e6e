# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of the intermediate instances: one for all jobs of a migration, made by the first job."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import MIGRATION, policy, refused, server
from .test_ownership import driver, sweep
from .waves import cloud_with, fleet, run, verdicts

ONE, TWO = server(1), server(2)
SHARED = policy(shared_network=True)
THREE = [server(number) for number in (1, 2, 3)]


def networks(cloud: Cloud) -> list[tuple[str, str]]:
    """The network of each job that was asked for."""
    return [(args["VpcId"], args["VSwitchId"]) for name, args in cloud.log if name == "smc.CreateReplicationJob"]


def test_the_first_job_makes_the_network_and_all_use_it() -> None:
    cloud = cloud_with(*THREE)
    made = fleet(cloud, *THREE, using=SHARED)
    assert verdicts(run(made)) == ["migrated"] * 3
    assert (cloud.calls["vpc.CreateVpc"], cloud.calls["vpc.CreateVSwitch"]) == (1, 1)
    ((vpc_id, vpc),) = cloud.vpcs.items()
    ((vswitch_id, vswitch),) = cloud.vswitches.items()
    assert networks(cloud) == [(vpc_id, vswitch_id)] * 3
    assert vpc["VpcName"] == vswitch["VSwitchName"] == naming.network_name(MIGRATION)
    assert vswitch["ZoneId"] == "zone-a"
    # They belong to no server, so the cleanup of some servers keeps them.
    rows = {row["kind"]: row for row in made.resources.rows() if row["kind"] in ("vpc", "vswitch")}
    assert {kind: (row["id"], row["host"]) for kind, row in rows.items()} == {
        "vpc": (vpc_id, ""), "vswitch": (vswitch_id, ""),
    }


def test_a_later_run_adopts_it_and_a_finished_one_needs_none() -> None:
    cloud = cloud_with(*THREE)
    run(fleet(cloud, THREE[0], using=SHARED))
    run(fleet(cloud, *THREE, using=SHARED))
    assert (cloud.calls["vpc.CreateVpc"], len(set(networks(cloud)))) == (1, 1)
    cloud.vpcs.clear()
    cloud.vswitches.clear()
    run(fleet(cloud, *THREE, using=SHARED))
    assert cloud.calls["vpc.CreateVpc"] == 1


def test_a_vpc_whose_vswitch_was_never_made_is_completed() -> None:
    cloud = cloud_with(THREE[0])
    tags = naming.tags(MIGRATION)
    vpc_id = cloud.vpc.create_vpc(naming.network_name(MIGRATION), "192.168.0.0/16", "t", tags)["VpcId"]
    assert verdicts(run(fleet(cloud, THREE[0], using=SHARED))) == ["migrated"]
    assert (cloud.calls["vpc.CreateVpc"], cloud.calls["vpc.CreateVSwitch"]) == (1, 1)
    assert networks(cloud)[0][0] == vpc_id


def test_of_two_that_were_made_at_once_the_oldest_is_used() -> None:
    cloud = cloud_with(*THREE)
    tags, name = naming.tags(MIGRATION), naming.network_name(MIGRATION)
    first = cloud.vpc.create_vpc(name, "192.168.0.0/16", "a", tags)["VpcId"]
    cloud.sleep(5)
    cloud.vpc.create_vpc(name, "192.168.0.0/16", "b", tags)
    run(fleet(cloud, *THREE, using=SHARED))
    assert {vpc for vpc, _vswitch in networks(cloud)} == {first}


def test_a_vswitch_that_another_run_makes_at_the_same_time_is_used() -> None:
    cloud = cloud_with(THREE[0])
    tags, name = naming.tags(MIGRATION), naming.network_name(MIGRATION)
    vpc_id = cloud.vpc.create_vpc(name, "192.168.0.0/16", "a", tags)["VpcId"]
    real = cloud.vpc.create_vswitch

    def first_the_other(*given: Any, **more: Any) -> Any:
        cloud.vpc.create_vswitch = real
        real(*given, **more)
        raise refused("InvalidCidrBlock.Overlapped")

    cloud.vpc.create_vswitch = first_the_other
    assert verdicts(run(fleet(cloud, THREE[0], using=SHARED))) == ["migrated"]
    assert networks(cloud) == [(vpc_id, next(iter(cloud.vswitches)))]
    assert len(cloud.vswitches) == 1


def test_two_runs_that_make_it_in_the_same_second_make_one() -> None:
    """No list shows what the first one has made when the second one makes its own: the ClientTokens are the same."""
    cloud = cloud_with(*THREE)
    one, two = fleet(cloud, THREE[0], using=SHARED), fleet(cloud, THREE[1], using=SHARED)
    for _tick in range(4):
        cloud.edit("vpc.DescribeVpcs", lambda _rows: [], times=2)
        cloud.edit("vpc.DescribeVSwitches", lambda _rows: [], times=2)
        one.tick()
        two.tick()
        cloud.sleep(2)
    for made in (one, two):
        assert verdicts(run(made)) == ["migrated"]
    assert (len(cloud.vpcs), len(cloud.vswitches)) == (1, 1)
    assert cloud.calls["vpc.CreateVpc"] == 2
    assert len(set(networks(cloud))) == 1


def test_a_network_that_was_deleted_in_use_gets_another_token() -> None:
    """VPC answers a token that it knows with the id of what was deleted."""
    cloud = cloud_with(THREE[0])
    made = fleet(cloud, THREE[0], using=SHARED)
    cloud.edit("vpc.DescribeVpcs", lambda _rows: [], times=1)
    made.tick()
    cloud.vpcs.clear()
    assert verdicts(run(made)) == ["migrated"]
    assert (cloud.calls["vpc.CreateVpc"], len(cloud.vpcs)) == (2, 1)


@pytest.mark.parametrize("code", ["IdempotentParameterMismatch", "OperationFailed.IdempotentTokenProcessing"])
def test_a_token_that_another_run_is_using_is_waited_for(code: str) -> None:
    cloud = cloud_with(THREE[0])
    cloud.fail("vpc.CreateVpc", refused(code))
    assert verdicts(run(fleet(cloud, THREE[0], using=SHARED))) == ["migrated"]


def test_a_network_of_the_user_or_one_for_each_job_is_left_as_it_is() -> None:
    cloud = cloud_with(THREE[0])
    run(fleet(cloud, THREE[0], using=policy(shared_network=True, vpc_id="vpc-9", vswitch_id="vsw-9")))
    assert networks(cloud) == [("vpc-9", "vsw-9")]
    cloud = cloud_with(THREE[0])
    run(fleet(cloud, THREE[0]))
    assert cloud.calls["vpc.CreateVpc"] == cloud.calls["vpc.DescribeVpcs"] == 0


def test_a_quota_that_is_used_up_fails_the_server_with_its_code_and_makes_no_job() -> None:
    cloud = cloud_with(THREE[0])
    cloud.fail("vpc.CreateVpc", CloudError("vpc CreateVpc", "QuotaExceeded.Vpc", "the quota is 10", "R-1"), times=9)
    rows = run(fleet(cloud, THREE[0], using=SHARED))
    assert verdicts(rows) == ["failed"]
    assert "QuotaExceeded.Vpc" in rows[0].reasons[0]
    assert cloud.calls["smc.CreateReplicationJob"] == 0


def test_a_network_that_a_cleanup_has_deleted_meanwhile_is_made_again() -> None:
    cloud = cloud_with(*THREE[:2])
    gone = CloudError("smc CreateReplicationJob", "InvalidVSwitchId.NotFound", "no such vSwitch", "R-2")
    made = fleet(cloud, *THREE[:2], using=SHARED)
    cloud.fail("smc.CreateReplicationJob", gone, only="s-02")
    assert verdicts(run(made)) == ["migrated"] * 2
    assert cloud.calls["vpc.CreateVpc"] == 1
    assert len([name for name, _args in cloud.log if name == "smc.CreateReplicationJob"]) == 3


def test_a_network_of_the_user_that_does_not_exist_fails_the_server() -> None:
    cloud = cloud_with(THREE[0])
    gone = CloudError("smc CreateReplicationJob", "InvalidVSwitchId.NotFound", "no such vSwitch", "R-2")
    cloud.fail("smc.CreateReplicationJob", gone, times=9)
    rows = run(fleet(cloud, THREE[0], using=policy(shared_network=True, vpc_id="vpc-9", vswitch_id="vsw-9")))
    assert verdicts(rows) == ["failed"]
    assert "InvalidVSwitchId.NotFound" in rows[0].reasons[0]


def test_what_a_list_does_not_show_yet_is_not_made_twice() -> None:
    cloud = cloud_with(THREE[0])
    cloud.edit("vpc.DescribeVpcs", lambda _rows: [], times=4)
    cloud.edit("vpc.DescribeVSwitches", lambda _rows: [], times=3)
    assert verdicts(run(fleet(cloud, THREE[0], using=SHARED))) == ["migrated"]
    assert (cloud.calls["vpc.CreateVpc"], cloud.calls["vpc.CreateVSwitch"]) == (1, 1)


def test_a_run_that_begins_while_a_cleanup_deletes_keeps_the_shared_network() -> None:
    cloud = cloud_with(ONE, TWO)
    run(fleet(cloud, ONE, using=SHARED))
    other, deleting = driver(cloud), cloud.smc.delete_replication_job

    def meanwhile(*args: Any) -> Any:
        # The cleanup has looked for other runs before.
        other.own([TWO.id])
        return deleting(*args)

    cloud.smc.delete_replication_job = meanwhile  # type: ignore[method-assign]  # another run begins before this call
    outcome = sweep(cloud, ONE)
    assert {row["kind"] for row in outcome.kept} == {"vpc", "vswitch", "ledger"}
    assert all("another run of this migration is driven by" in row["reason"] for row in outcome.kept)
    assert (len(cloud.vpcs), len(cloud.vswitches), cloud.jobs, outcome.residual) == (1, 1, {}, [])
    other.leave()
    assert sweep(cloud, TWO).kept == []
    assert (cloud.vpcs, cloud.vswitches) == ({}, {})
