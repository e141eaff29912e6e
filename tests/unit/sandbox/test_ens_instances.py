# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_cloud import START, LocalCloud

from sandbox.state.clock import iso

OWN = "m-unitensimage01"
PUBLIC = "centos_6_08_64_20G_alibase_20171208"
NODE = "cn-dalian-unicom"
RUN = {"Amount": 1, "InstanceType": "ens.sn1.tiny", "ScheduleAreaLevel": "Region", "EnsRegionId": NODE, "ImageId": OWN,
       "InstanceChargeType": "PostPaid", "PasswordInherit": True}
PRICE = {"EnsRegionId": NODE, "InstanceType": "ens.sn1.tiny", "InternetChargeType": "BandwidthByDay", "Period": 1,
         "Quantity": 2}

pytestmark = pytest.mark.sandbox_world({"ens_images": [
    {"name": "web-01", "id": OWN}, {"name": "half", "id": "m-unitensimage02", "status": "Uploading"},
]})


def instances(local: LocalCloud, **filters: Any) -> list[dict[str, Any]]:
    return list(local.ok("ens", "DescribeInstances", **filters)["Instances"]["Instance"])


def test_an_instance_boots_is_billed_and_is_released(local: LocalCloud) -> None:
    (instance_id,) = local.ok("ens", "RunInstances", **RUN, InstanceName="edge-1", Tag__1__Key="wave",
                              Tag__1__Value="1", SystemDisk=json.dumps({"Size": 40}))["InstanceIds"]
    assert instances(local)[0]["Status"] == "Creating"
    local.advance(3600)
    (shown,) = instances(local, InstanceIds=json.dumps([instance_id]))
    assert (shown["Status"], shown["ImageId"], shown["Disk"], shown["SpecName"]) == ("Running", OWN, 40, "ens.sn1.tiny")
    assert local.code("ens", "DeleteImage", ImageId=OWN) == (400, "Forbidden.DelerrorteImage")
    local.ok("ens", "ReleasePostPaidInstance", InstanceId=instance_id)
    local.advance(3600)
    assert local.cloud.meter.report()["seconds"]["ens_instance"] == 3600
    assert instances(local) == []
    local.ok("ens", "DeleteImage", ImageId=OWN)


def test_an_address_belongs_to_one_instance(local: LocalCloud) -> None:
    run = {**RUN, "InternetMaxBandwidthOut": 5}
    first, _second = (local.ok("ens", "RunInstances", **run)["InstanceIds"][0] for _number in range(2))
    local.ok("ens", "ReleasePostPaidInstance", InstanceId=first)
    local.ok("ens", "RunInstances", **run)
    for name in ("InnerIpAddress", "PublicIpAddress"):
        assert len({row[name]["IpAddress"][0] for row in instances(local)}) == 2


def test_many_are_numbered_paged_and_filtered(local: LocalCloud) -> None:
    made = local.ok("ens", "RunInstances", **{**RUN, "Amount": 12, "ImageId": PUBLIC}, InstanceName="edge",
                    UniqueSuffix=True)["InstanceIds"]
    assert (len(made), len(instances(local)), len(instances(local, PageSize=50))) == (12, 10, 12)
    assert [row["InstanceId"] for row in instances(local, InstanceName="edge012")] == made[-1:]
    assert instances(local, EnsRegionIds=json.dumps(["elsewhere"])) == []
    local.advance(100)
    assert instances(local, Status="Stopped") == []
    assert local.code("ens", "DescribeInstances", Status="Creating") == (400, "InvalidParameter.Status")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        *(({name: ""}, "MissingParameter") for name in RUN),
        ({"Amount": 101}, "InvalidParameter.Amount"),
        ({"EnsRegionId": "cn-beijing"}, "InvalidParameter.EnsRegionId"),
        ({"InstanceType": "ecs.t6"}, "InvalidParameter.InstanceType"),
        ({"ImageId": "m-nothing"}, "InvalidParameter.ImageId"),
        ({"ImageId": "m-unitensimage02"}, "InvalidParameter.ImageId"),
        ({"SystemDisk": '{"Size": 25}'}, "InvalidParameter.SystemDisk"),
        ({"ImageId": PUBLIC, "SystemDisk": '{"Size": 10}'}, "InvalidParameter.SystemDisk"),
        ({"SystemDisk": "40"}, "InvalidParameter.SystemDisk"),
        ({"ScheduleAreaLevel": "Big"}, "Sandbox.NotEmulated"),
        ({"InstanceChargeType": "PrePaid"}, "Sandbox.NotEmulated"),
        ({"VSwitchId": "vsw-1"}, "Sandbox.NotEmulated"),
        ({"DataDisk": "{}"}, "InvalidParameter.DataDisk"),
        ({"DataDisk": '[{"Size": 10}]'}, "InvalidParameter.DataDisk"),
        ({"DataDisk": '[{"Size": 20, "Colour": "red"}]'}, "InvalidParameter.DataDisk"),
        ({"Password": "short1!"}, "InvalidParameter.Password"),
        ({"Password": "onlylowercase1"}, "InvalidParameter.Password"),
        ({"AutoReleaseTime": "tomorrow"}, "InvalidParameter.AutoReleaseTime"),
        ({"AutoReleaseTime": iso(START + 3500)}, "InvalidParameter.AutoReleaseTime"),
    ],
)
def test_what_is_not_run(local: LocalCloud, changes: dict[str, Any], code: str) -> None:
    assert local.code("ens", "RunInstances", **{**RUN, **changes})[1] == code
    assert instances(local) == []


def test_what_is_not_released(local: LocalCloud) -> None:
    assert local.code("ens", "ReleasePostPaidInstance", InstanceId="i-none") == (400, "InvalidParameter.InstanceId")
    (kept,) = local.ok("ens", "RunInstances", **RUN, DeletionProtection=True)["InstanceIds"]
    refused = local.code("ens", "ReleasePostPaidInstance", InstanceId=kept)
    assert refused == (400, "InvalidOperation.DeletionProtection")


def test_nodes_public_images_and_prices(local: LocalCloud) -> None:
    nodes = local.ok("ens", "DescribeEnsRegions")["EnsRegions"]["EnsRegions"]
    assert NODE in [node["EnsRegionId"] for node in nodes]
    assert len(nodes) > 1
    assert len(local.ok("ens", "DescribeEnsRegions", EnsRegionId=NODE)["EnsRegions"]["EnsRegions"]) == 1
    assert local.code("ens", "DescribeEnsRegions", EnsRegionId="mars") == (400, "InvalidParameter.EnsRegionId")
    assert local.ok("ens", "DescribeImageInfos", OsType="Linux")["Images"]["Image"][0]["ImageId"] == PUBLIC
    assert local.ok("ens", "DescribeImageInfos", OsType="windows")["Images"]["Image"] == []
    price = local.ok("ens", "DescribePrice", **PRICE, SystemDisk__Size=20)["PriceInfo"]["Price"]
    assert price["TradePrice"] == pytest.approx(2 * 30 * 24 * 0.02)
    for name in PRICE:
        assert local.code("ens", "DescribePrice", **{**PRICE, name: ""}) == (400, "MissingParameter")


def test_an_instance_is_stopped_started_and_tagged(local: LocalCloud) -> None:
    (instance_id,) = local.ok("ens", "RunInstances", **RUN, Tag__1__Key="keep", Tag__1__Value="no")["InstanceIds"]
    assert local.code("ens", "StopInstance", InstanceId=instance_id) == (400, "ens.interface.error")
    local.advance(100)
    assert local.code("ens", "StartInstance", InstanceId=instance_id) == (400, "ens.interface.error")
    local.ok("ens", "StopInstance", InstanceId=instance_id, ForceStop="true")
    assert instances(local)[0]["Status"] == "Stopping"
    local.advance(100)
    assert instances(local, Status="Stopped")[0]["InstanceId"] == instance_id
    local.ok("ens", "StartInstance", InstanceId=instance_id)
    local.advance(100)
    local.ok("ens", "TagResources", ResourceType="instance", ResourceId__1=instance_id, Tag__1__Key="keep",
             Tag__1__Value="yes")
    (shown,) = instances(local)
    assert (shown["Status"], shown["Tags"]["Tags"]) == ("Running", [{"TagKey": "keep", "TagValue": "yes"}])
    for action in ("StartInstance", "StopInstance"):
        assert local.code("ens", action, InstanceId="i-none") == (400, "InvalidParameter.InstanceId")


def test_an_instance_ends_at_its_time_and_is_billed_until_then(local: LocalCloud) -> None:
    at = iso(START + 7200)
    local.ok("ens", "RunInstances", **RUN, AutoReleaseTime=at, InternetMaxBandwidthOut=5,
             DataDisk=json.dumps([{"Size": 40}]))
    local.advance(3600)
    (shown,) = instances(local)
    assert (shown["AutoReleaseTime"], shown["DataDisk"]["DataDisk"][0]["DiskSize"]) == (f"{at[:-3]}00Z", 40)
    assert shown["PublicIpAddress"]["IpAddress"] == [shown["PublicIpAddresses"]["PublicIpAddress"][0]["Ip"]]
    local.advance(7200)
    assert instances(local) == []
    report = local.cloud.meter.report()
    assert (report["running_count"], report["seconds"]["ens_instance"]) == (0, pytest.approx(7200, abs=60))


@pytest.mark.sandbox_world({"ens_stock": {NODE: 1}, "account": {"quotas": {"ens_instances": 2}}})
def test_a_node_without_stock_and_a_quota_that_is_used_up(local: LocalCloud) -> None:
    def offered() -> set[str]:
        rows = local.ok("ens", "DescribeAvailableResource")["SupportResources"]["SupportResource"]
        return {row["EnsRegionId"] for row in rows if row["InstanceSpec"] == RUN["InstanceType"]}

    public = {**RUN, "ImageId": PUBLIC}
    assert NODE in offered()
    local.ok("ens", "RunInstances", **public)
    assert NODE not in offered()
    assert local.code("ens", "RunInstances", **public) == (400, "ens.interface.error")
    elsewhere = {**public, "EnsRegionId": "ap-southeast-1-edge"}
    local.ok("ens", "RunInstances", **elsewhere)
    assert local.code("ens", "RunInstances", **elsewhere) == (400, "QuotaExceed")
