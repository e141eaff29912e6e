# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from support.local_cloud import LocalCloud


def vpc(local: LocalCloud, **params: Any) -> str:
    return str(local.ok("vpc", "CreateVpc", **{"CidrBlock": "10.0.0.0/16", **params})["VpcId"])


def vswitch(vpc_id: str, **params: Any) -> dict[str, Any]:
    return {"VpcId": vpc_id, "ZoneId": "ap-southeast-1a", "CidrBlock": "10.0.1.0/24", **params}


def test_client_tokens_make_creation_repeatable(local: LocalCloud) -> None:
    first = vpc(local, ClientToken="t", VpcName="wave", Tag__1__Key="edgelift:wave", Tag__1__Value="w1")
    assert vpc(local, ClientToken="t") == first
    (shown,) = local.ok("vpc", "DescribeVpcs", VpcName="wave")["Vpcs"]["Vpc"]
    assert (shown["VpcId"], shown["CidrBlock"], shown["Status"]) == (first, "10.0.0.0/16", "Available")
    assert shown["Tags"] == {"Tag": [{"Key": "edgelift:wave", "Value": "w1"}]}
    made = local.ok("vpc", "CreateVSwitch", **vswitch(first, ClientToken="t"))["VSwitchId"]
    assert local.ok("vpc", "CreateVSwitch", **vswitch(first, ClientToken="t"))["VSwitchId"] == made
    assert local.ok("vpc", "DescribeVSwitches", VpcId=first)["VSwitches"]["VSwitch"][0]["VSwitchId"] == made


def test_ten_vpcs_per_region(local: LocalCloud) -> None:
    for _turn in range(10):
        vpc(local)
    assert local.code("vpc", "CreateVpc") == (400, "QuotaExceeded.Vpc")
    vpc(local, RegionId="cn-beijing")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"CidrBlock": "10.1.0.0/24"}, "InvalidCidrBlock.Malformed"),
        ({"CidrBlock": "10.0.1.7/24"}, "InvalidCidrBlock.Malformed"),
        ({"CidrBlock": "everything"}, "InvalidCidrBlock.Malformed"),
        ({"CidrBlock": "10.0.0.0/23"}, "InvalidCidrBlock.Overlapped"),
        ({"ZoneId": "cn-beijing-a"}, "InvalidZoneId.NotFound"),
        ({"VpcId": "vpc-none"}, "InvalidVpcId.NotFound"),
    ],
)
def test_what_a_vswitch_is_refused_for(local: LocalCloud, params: dict[str, str], code: str) -> None:
    vpc_id = vpc(local)
    local.ok("vpc", "CreateVSwitch", **vswitch(vpc_id))
    assert local.code("vpc", "CreateVSwitch", **vswitch(vpc_id, **params))[1] == code


def test_a_vpc_goes_after_its_vswitches(local: LocalCloud) -> None:
    vpc_id = vpc(local)
    made = local.ok("vpc", "CreateVSwitch", **vswitch(vpc_id))["VSwitchId"]
    assert local.code("vpc", "DeleteVpc", VpcId=vpc_id) == (403, "DependencyViolation")
    local.ok("vpc", "DeleteVSwitch", VSwitchId=made)
    local.ok("vpc", "DeleteVpc", VpcId=vpc_id)
    assert local.code("vpc", "DeleteVpc", VpcId=vpc_id) == (404, "InvalidVpcId.NotFound")
    assert local.code("vpc", "DeleteVSwitch", VSwitchId=made) == (404, "InvalidVSwitchId.NotFound")


def test_the_vpc_tells_the_region_of_a_call_without_one(local: LocalCloud) -> None:
    vpc = local.ok("vpc", "CreateVpc", RegionId="cn-beijing", CidrBlock="10.0.0.0/8")["VpcId"]
    vswitch = local.ok("vpc", "CreateVSwitch", RegionId="", VpcId=vpc, ZoneId="cn-beijing-a", CidrBlock="10.0.0.0/24")
    (shown,) = local.ok("vpc", "DescribeVSwitches", RegionId="")["VSwitches"]["VSwitch"]
    assert shown["VSwitchId"] == vswitch["VSwitchId"]
    assert local.ok("vpc", "DescribeVSwitches", RegionId="cn-beijing")["TotalCount"] == 1
    local.ok("vpc", "DeleteVSwitch", RegionId="", VSwitchId=vswitch["VSwitchId"])
    local.ok("vpc", "DeleteVpc", RegionId="", VpcId=vpc)
    assert local.code("vpc", "DescribeVpcs", RegionId="") == (400, "MissingParameter")
