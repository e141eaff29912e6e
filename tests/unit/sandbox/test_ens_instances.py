# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_cloud import Bench

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


def instances(bench: Bench, **filters: Any) -> list[dict[str, Any]]:
    return list(bench.ok("ens", "DescribeInstances", **filters)["Instances"]["Instance"])


def test_an_instance_boots_is_billed_and_is_released(bench: Bench) -> None:
    (instance_id,) = bench.ok("ens", "RunInstances", **RUN, InstanceName="edge-1", Tag__1__Key="wave",
                              Tag__1__Value="1", SystemDisk=json.dumps({"Size": 40}))["InstanceIds"]
    assert instances(bench)[0]["Status"] == "Creating"
    bench.advance(3600)
    (shown,) = instances(bench, InstanceIds=json.dumps([instance_id]))
    assert (shown["Status"], shown["ImageId"], shown["Disk"], shown["SpecName"]) == ("Running", OWN, 40, "ens.sn1.tiny")
    assert bench.code("ens", "DeleteImage", ImageId=OWN) == (400, "Forbidden.DelerrorteImage")
    bench.ok("ens", "ReleasePostPaidInstance", InstanceId=instance_id)
    bench.advance(3600)
    assert bench.cloud.meter.report()["seconds"]["ens_instance"] == 3600
    assert instances(bench) == []
    bench.ok("ens", "DeleteImage", ImageId=OWN)


def test_many_are_numbered_paged_and_filtered(bench: Bench) -> None:
    made = bench.ok("ens", "RunInstances", **{**RUN, "Amount": 12, "ImageId": PUBLIC}, InstanceName="edge",
                    UniqueSuffix=True)["InstanceIds"]
    assert (len(made), len(instances(bench)), len(instances(bench, PageSize=50))) == (12, 10, 12)
    assert [row["InstanceId"] for row in instances(bench, InstanceName="edge012")] == made[-1:]
    assert instances(bench, EnsRegionIds=json.dumps(["elsewhere"])) == []
    bench.advance(100)
    assert instances(bench, Status="Stopped") == []
    assert bench.code("ens", "DescribeInstances", Status="Creating") == (400, "InvalidParameter.Status")


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
        ({"DataDisk": "[]"}, "Sandbox.NotEmulated"),
    ],
)
def test_what_is_not_run(bench: Bench, changes: dict[str, Any], code: str) -> None:
    assert bench.code("ens", "RunInstances", **{**RUN, **changes})[1] == code
    assert instances(bench) == []


def test_what_is_not_released(bench: Bench) -> None:
    assert bench.code("ens", "ReleasePostPaidInstance", InstanceId="i-none") == (400, "InvalidParameter.InstanceId")
    (kept,) = bench.ok("ens", "RunInstances", **RUN, DeletionProtection=True)["InstanceIds"]
    refused = bench.code("ens", "ReleasePostPaidInstance", InstanceId=kept)
    assert refused == (400, "InvalidOperation.DeletionProtection")


def test_nodes_public_images_and_prices(bench: Bench) -> None:
    nodes = bench.ok("ens", "DescribeEnsRegions")["EnsRegions"]["EnsRegions"]
    assert NODE in [node["EnsRegionId"] for node in nodes]
    assert len(nodes) > 1
    assert len(bench.ok("ens", "DescribeEnsRegions", EnsRegionId=NODE)["EnsRegions"]["EnsRegions"]) == 1
    assert bench.code("ens", "DescribeEnsRegions", EnsRegionId="mars") == (400, "InvalidParameter.EnsRegionId")
    assert bench.ok("ens", "DescribeImageInfos", OsType="Linux")["Images"]["Image"][0]["ImageId"] == PUBLIC
    assert bench.ok("ens", "DescribeImageInfos", OsType="windows")["Images"]["Image"] == []
    price = bench.ok("ens", "DescribePrice", **PRICE, SystemDisk__Size=20)["PriceInfo"]["Price"]
    assert price["TradePrice"] == pytest.approx(2 * 30 * 24 * 0.02)
    for name in PRICE:
        assert bench.code("ens", "DescribePrice", **{**PRICE, name: ""}) == (400, "MissingParameter")
