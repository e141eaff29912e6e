# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of the account, and calls per second."""

from __future__ import annotations

from typing import Any

import pytest
from support.local_cloud import LocalCloud

from sandbox.transport.throttle import Throttle
from sandbox.world.schema import Quotas, WorldError, parse_world

IMAGE = {"name": "old", "region": "ap-southeast-1", "disks": [{"gib": 1}]}


def ended(local: LocalCloud, number: int = 1) -> tuple[str, str]:
    job_id = local.started(number)
    local.finish()
    shown = local.show(job_id)
    return shown["Status"], shown["ErrorCode"]


def test_the_documented_numbers_hold_unless_told_otherwise() -> None:
    quotas = Quotas()
    documented = (quotas.vpc, quotas.jobs, quotas.sources, quotas.concurrent_jobs, quotas.images)
    assert documented == (10, 1000, 1000, 50, 100)


@pytest.mark.sandbox_world({"sources": [
    {"name": f"web{number}", "id": f"s-unitweb{number:05}", "disks": [{"gib": 20}, {"gib": 30}],
     "bandwidth_mbps": 0.001}
    for number in range(1, 12)
]})
def test_every_job_without_network_has_a_vpc_of_its_own_until_there_are_ten(local: LocalCloud) -> None:
    jobs = [local.started(number) for number in range(1, 12)]
    local.advance(2)
    assert local.ok("vpc", "DescribeVpcs", PageSize=50)["TotalCount"] == 10
    codes = [local.show(job_id)["ErrorCode"] for job_id in jobs]
    assert sorted(codes) == [""] * 10 + ["QuotaExceeded.Vpc"]


@pytest.mark.sandbox_world({"account": {"quotas": {"images": 1}}, "ecs_images": [IMAGE]})
def test_a_job_ends_where_no_image_more_is_allowed_and_continues_below_the_quota(local: LocalCloud) -> None:
    assert ended(local) == ("InError", "QuotaExceed.Image")
    (image,) = local.ok("ecs", "DescribeImages")["Images"]["Image"]
    local.ok("ecs", "DeleteImage", ImageId=image["ImageId"])
    (job,) = local.ok("smc", "DescribeReplicationJobs")["ReplicationJobs"]["ReplicationJob"]
    local.ok("smc", "StartReplicationJob", JobId=job["JobId"])
    local.finish()
    assert local.show(job["JobId"])["Status"] == "Finished"


@pytest.mark.sandbox_world({"account": {"quotas": {"images": 1}}, "ecs_images": [{**IMAGE, "region": "cn-beijing"}]})
def test_images_of_another_region_do_not_count(local: LocalCloud) -> None:
    assert ended(local) == ("Finished", "")


@pytest.mark.sandbox_world({"account": {"quotas": {"vcpu": 0}}})
def test_without_vcpus_there_is_no_intermediate_instance(local: LocalCloud) -> None:
    assert ended(local) == ("InError", "QuotaExceed.ElasticQuota")


@pytest.mark.sandbox_world({"account": {"snapshot_service": False}})
def test_without_the_snapshot_service_there_is_no_image(local: LocalCloud) -> None:
    assert ended(local) == ("InError", "InvalidAccountStatus.SnapshotServiceUnavailable")


def test_calls_are_counted_for_each_api_over_the_last_second() -> None:
    throttle, limits = Throttle(), {"smc:Describe*": 2, "ecs:*": 1, "*:*": 3}

    def allows(product: str, action: str, now: float) -> bool:
        return throttle.allows(limits, product, action, now)

    assert [allows("smc", "DescribeSourceServers", 10.0) for _turn in range(3)] == [True, True, False]
    assert allows("smc", "DescribeReplicationJobs", 10.0), "another API has its own count"
    assert not allows("smc", "DescribeSourceServers", 10.9)
    assert allows("smc", "DescribeSourceServers", 11.0)
    assert [allows("ens", "ImportImage", 20.0) for _turn in range(4)] == [True, True, True, False]
    assert all(throttle.allows({}, "ens", "ImportImage", 20.0) for _turn in range(9))


@pytest.mark.sandbox_world({"account": {"throttling": {"smc:DescribeSourceServers": 2}}})
def test_one_call_too_many_is_refused_as_the_gateway_does(local: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(local.cloud.clock, "real", lambda: now[0])
    for _turn in range(2):
        local.ok("smc", "DescribeSourceServers")
    assert local.code("smc", "DescribeSourceServers") == (400, "Throttling.User")
    local.ok("smc", "DescribeReplicationJobs")
    now[0] += 1
    local.ok("smc", "DescribeSourceServers")


@pytest.mark.parametrize(
    ("throttling", "problem"),
    [({"smc": 3}, "account.throttling.smc"), ({"smc:*": -1}, "account.throttling.smc:*"),
     ({"smc:*": "many"}, "account.throttling.smc:*")],
)
def test_a_malformed_limit_is_named(throttling: dict[str, Any], problem: str) -> None:
    with pytest.raises(WorldError) as refused:
        parse_world({"account": {"throttling": throttling}}, "w.yml")
    assert problem in str(refused.value)
