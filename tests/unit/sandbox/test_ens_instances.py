# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_cloud import LocalCloud

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
        ({"DataDisk": "[]"}, "Sandbox.NotEmulated"),
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
