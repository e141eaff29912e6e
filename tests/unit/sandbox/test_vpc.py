# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from support.local_cloud import Bench


def vpc(bench: Bench, **params: Any) -> str:
    return str(bench.ok("vpc", "CreateVpc", **{"CidrBlock": "10.0.0.0/16", **params})["VpcId"])


def vswitch(vpc_id: str, **params: Any) -> dict[str, Any]:
    return {"VpcId": vpc_id, "ZoneId": "ap-southeast-1a", "CidrBlock": "10.0.1.0/24", **params}


def test_client_tokens_make_creation_repeatable(bench: Bench) -> None:
    first = vpc(bench, ClientToken="t", VpcName="wave", Tag__1__Key="edgelift:wave", Tag__1__Value="w1")
    assert vpc(bench, ClientToken="t") == first
    (shown,) = bench.ok("vpc", "DescribeVpcs", VpcName="wave")["Vpcs"]["Vpc"]
    assert (shown["VpcId"], shown["CidrBlock"], shown["Status"]) == (first, "10.0.0.0/16", "Available")
    assert shown["Tags"] == {"Tag": [{"Key": "edgelift:wave", "Value": "w1"}]}
    made = bench.ok("vpc", "CreateVSwitch", **vswitch(first, ClientToken="t"))["VSwitchId"]
    assert bench.ok("vpc", "CreateVSwitch", **vswitch(first, ClientToken="t"))["VSwitchId"] == made
    assert bench.ok("vpc", "DescribeVSwitches", VpcId=first)["VSwitches"]["VSwitch"][0]["VSwitchId"] == made


def test_ten_vpcs_per_region(bench: Bench) -> None:
    for _turn in range(10):
        vpc(bench)
    assert bench.code("vpc", "CreateVpc") == (400, "QuotaExceeded.Vpc")
    vpc(bench, RegionId="cn-beijing")


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
def test_what_a_vswitch_is_refused_for(bench: Bench, params: dict[str, str], code: str) -> None:
    vpc_id = vpc(bench)
    bench.ok("vpc", "CreateVSwitch", **vswitch(vpc_id))
    assert bench.code("vpc", "CreateVSwitch", **vswitch(vpc_id, **params))[1] == code


def test_a_vpc_goes_after_its_vswitches(bench: Bench) -> None:
    vpc_id = vpc(bench)
    made = bench.ok("vpc", "CreateVSwitch", **vswitch(vpc_id))["VSwitchId"]
    assert bench.code("vpc", "DeleteVpc", VpcId=vpc_id) == (403, "DependencyViolation")
    bench.ok("vpc", "DeleteVSwitch", VSwitchId=made)
    bench.ok("vpc", "DeleteVpc", VpcId=vpc_id)
    assert bench.code("vpc", "DeleteVpc", VpcId=vpc_id) == (404, "InvalidVpcId.NotFound")
    assert bench.code("vpc", "DeleteVSwitch", VSwitchId=made) == (404, "InvalidVSwitchId.NotFound")


def test_the_vpc_tells_the_region_of_a_call_without_one(bench: Bench) -> None:
    vpc = bench.ok("vpc", "CreateVpc", RegionId="cn-beijing", CidrBlock="10.0.0.0/8")["VpcId"]
    vswitch = bench.ok("vpc", "CreateVSwitch", RegionId="", VpcId=vpc, ZoneId="cn-beijing-a", CidrBlock="10.0.0.0/24")
    (shown,) = bench.ok("vpc", "DescribeVSwitches", RegionId="")["VSwitches"]["VSwitch"]
    assert shown["VSwitchId"] == vswitch["VSwitchId"]
    assert bench.ok("vpc", "DescribeVSwitches", RegionId="cn-beijing")["TotalCount"] == 1
    bench.ok("vpc", "DeleteVSwitch", RegionId="", VSwitchId=vswitch["VSwitchId"])
    bench.ok("vpc", "DeleteVpc", RegionId="", VpcId=vpc)
    assert bench.code("vpc", "DescribeVpcs", RegionId="") == (400, "MissingParameter")
