# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of the user: both parts or none, and checked before anything is made."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError

from .test_account import Cloud, look, refusal

GIVEN = {"vpc_id": "vpc-1", "vswitch_id": "vsw-1"}


def cloud(vpcs: tuple[str, ...] = ("vpc-1",), **vswitch: Any) -> Cloud:
    """An account with these VPCs, and one vSwitch unless it is told that there is none."""
    row = {"VSwitchId": "vsw-1", "VpcId": "vpc-1", "AvailableIpAddressCount": 252, **vswitch}
    rows = [row] if row["VpcId"] else []
    listed = [{"VpcId": name} for name in vpcs]
    return Cloud(
        DescribeVpcs={"TotalCount": len(listed), "Vpcs": {"Vpc": listed}},
        DescribeVSwitches={"TotalCount": len(rows), "VSwitches": {"VSwitch": rows}},
    )


def found(account: Cloud, **params: Any) -> list[tuple[str, str]]:
    """The findings about the network, with their evidence."""
    rows = look(account, **{**GIVEN, **params})["findings"]
    return [(row["id"], row["evidence"]) for row in rows if row["id"].startswith("network-")]


def test_a_network_that_can_take_the_wave_is_no_finding() -> None:
    assert found(cloud()) == []
    assert found(cloud(AvailableIpAddressCount=None)) == [], "what VPC does not report is no finding"


def test_without_a_network_no_call_asks_for_one() -> None:
    account = cloud()
    assert found(account, vpc_id=None, vswitch_id=None) == []
    assert "DescribeVSwitches" not in account.asked


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (cloud(vpcs=()), "region ap-southeast-1 has no VPC vpc-1 (migration_vpc_id)"),
        (cloud(VpcId=""), "region ap-southeast-1 has no vSwitch vsw-1 (migration_vswitch_id)"),
        (
            cloud(VpcId="vpc-2"),
            "vSwitch vsw-1 (migration_vswitch_id) belongs to VPC vpc-2, not to vpc-1 (migration_vpc_id)",
        ),
    ],
)
def test_a_network_that_cannot_be_used_is_a_blocker_or_an_error(account: Cloud, words: str) -> None:
    assert found(account) == [("network-unusable", words)]
    assert look(account, **GIVEN)["verdict"] == "blocked"
    with pytest.raises(CloudError) as caught:
        look(account, strict=True, **GIVEN)
    assert words in caught.value.message


def test_free_addresses_are_compared_with_the_wave() -> None:
    assert found(cloud(AvailableIpAddressCount=0)) == [("network-full", "vSwitch vsw-1 has no free address")]
    one = {"host": "web-01", "fingerprint": "a" * 64, "disks": []}
    wave = [one, {**one, "host": "web-02", "fingerprint": "b" * 64}]
    assert found(cloud(AvailableIpAddressCount=1), servers=wave) == [
        ("network-small", "vSwitch vsw-1 has 1 free addresses, the wave needs 2")
    ]
    assert found(cloud(AvailableIpAddressCount=2), servers=wave) == []


def test_a_refused_answer_is_a_note() -> None:
    account = Cloud(DescribeVpcs=refusal("Forbidden.RAM"))
    assert [name for name, _evidence in found(account)] == ["network-unknown"]


@pytest.mark.parametrize(("given", "missing"), [("vpc_id", "vswitch_id"), ("vswitch_id", "vpc_id")])
def test_half_a_network_is_refused_before_any_call(given: str, missing: str) -> None:
    account = cloud()
    with pytest.raises(CloudError, match=f"{given} is 'x-1' and {missing} is not set"):
        look(account, **{given: "x-1", missing: None})
    assert account.asked == []
