# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import vpc_wave_network
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .conftest import DROP, FakeModule

NAME = naming.network_name("wave_01")
TAGS = {"Tag": [{"Key": "edgelift:wave", "Value": "wave_01"}]}
VPC = {"VpcId": "vpc-1", "VpcName": NAME, "CidrBlock": "192.168.0.0/16", "Status": "Available", "Tags": TAGS}
VSWITCH = {"VSwitchId": "vsw-1", "VSwitchName": NAME, "CidrBlock": "192.168.0.0/20", "ZoneId": "z-a",
           "VpcId": "vpc-1", "Status": "Available"}  # fmt: skip
PARAMS = {"state": "present", "name": "wave_01", "vpc_cidr": "192.168.0.0/16", "vswitch_cidr": "192.168.0.0/20",
          "zone_id": None, "vpc_id": None, "vswitch_id": None, "wait_timeout": 5,
          "poll_interval": 0}  # fmt: skip


def vpcs(wire: Any, *rows: dict[str, Any], **params: str) -> None:
    wire.expect("DescribeVpcs", {"TotalCount": len(rows), "Vpcs": {"Vpc": list(rows)}}, **params)


def vswitches(wire: Any, *rows: dict[str, Any], **params: str) -> None:
    wire.expect("DescribeVSwitches", {"TotalCount": len(rows), "VSwitches": {"VSwitch": list(rows)}}, **params)


def run(clients: Any, check: bool = False, **params: Any) -> dict[str, Any]:
    return vpc_wave_network.work(FakeModule({**PARAMS, **params}, check), clients)


def test_the_network_is_made_step_by_step(clients: Any, wire: Any) -> None:
    vpcs(wire, {**VPC, "VpcName": f"{NAME}-other"}, VpcName=NAME)
    wire.expect("DescribeZones", {"Zones": {"Zone": [{"ZoneId": "z-b"}, {"ZoneId": "z-a"}]}})
    vpcs(wire, VpcName=NAME)
    wire.expect(
        "CreateVpc", {"VpcId": "vpc-1"}, VpcName=NAME, **{"Tag.1.Key": "edgelift:wave", "Tag.1.Value": "wave_01"}
    )
    vpcs(wire, VpcId="vpc-1")
    vpcs(wire, {**VPC, "Status": "Pending"}, VpcId="vpc-1")
    vpcs(wire, VPC, VpcId="vpc-1")
    wire.expect("CreateVSwitch", {"VSwitchId": "vsw-1"}, VpcId="vpc-1", ZoneId="z-a", VSwitchName=NAME)
    vswitches(wire, VSWITCH, VSwitchId="vsw-1")
    result = run(clients)
    assert result["changed"]
    assert result["network"] == {
        "name": NAME,
        "vpc_id": "vpc-1",
        "vpc_cidr": "192.168.0.0/16",
        "vswitch_id": "vsw-1",
        "vswitch_cidr": "192.168.0.0/20",
        "zone_id": "z-a",
        "managed": True,
    }


def test_a_lost_answer_makes_no_second_vpc(clients: Any, wire: Any) -> None:
    vpcs(wire)
    vpcs(wire)
    wire.expect("CreateVpc", DROP)
    wire.expect("CreateVpc", {"VpcId": "vpc-1"})
    vpcs(wire, VPC)
    wire.expect("CreateVSwitch", {"VSwitchId": "vsw-1"})
    vswitches(wire, VSWITCH)
    run(clients, zone_id="z-a")
    tokens = [request.params["ClientToken"] for request in wire.received if request.name == "CreateVpc"]
    assert tokens[0] == tokens[1]


def test_the_network_is_found_again(clients: Any, wire: Any) -> None:
    vpcs(wire, VPC)
    vswitches(wire, {**VSWITCH, "VSwitchId": "vsw-0", "VSwitchName": "other"}, VSWITCH, VpcId="vpc-1")
    result = run(clients, vpc_cidr="10.0.0.0/8")
    assert (result["changed"], result["network"]["vswitch_id"]) == (False, "vsw-1")


def test_a_half_made_network_is_completed(clients: Any, wire: Any) -> None:
    vpcs(wire, VPC)
    vswitches(wire)
    vpcs(wire, VPC)
    vswitches(wire)
    vpcs(wire, VPC, VpcId="vpc-1")
    wire.expect("CreateVSwitch", {"VSwitchId": "vsw-1"}, ZoneId="z-a")
    vswitches(wire, VSWITCH)
    assert run(clients, zone_id="z-a")["changed"]


def test_check_mode_makes_nothing(clients: Any, wire: Any) -> None:
    vpcs(wire)
    result = run(clients, check=True, zone_id="z-a")
    assert result["changed"]
    assert (result["network"]["vpc_id"], result["network"]["name"]) == ("", NAME)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_namesake_without_our_tag_is_never_touched(clients: Any, wire: Any, state: str) -> None:
    vpcs(wire, {**VPC, "Tags": {"Tag": [{"Key": "edgelift:wave", "Value": "wave_02"}]}})
    with pytest.raises(CloudError, match=f"VPC vpc-1 is named {NAME} but has no tag edgelift:wave=wave_01"):
        run(clients, state=state)


OLDER = {**VPC, "VpcId": "vpc-2", "CreationTime": "2026-11-29T08:00:00Z"}
NEWER = {**VPC, "VpcId": "vpc-1", "CreationTime": "2026-11-29T08:00:01Z"}


def test_of_two_networks_of_the_migration_the_oldest_is_used(clients: Any, wire: Any) -> None:
    vpcs(wire, NEWER, OLDER)
    vswitches(wire, {**VSWITCH, "VpcId": "vpc-2"}, VpcId="vpc-2")
    result = run(clients)
    assert (result["changed"], result["network"]["vpc_id"]) == (False, "vpc-2")


def test_a_double_is_deleted_with_the_network(clients: Any, wire: Any) -> None:
    vpcs(wire, NEWER, OLDER)
    vswitches(wire, VSWITCH, VpcId="vpc-2")
    vswitches(wire, VpcId="vpc-1")
    wire.expect("DeleteVSwitch", VSwitchId="vsw-1")
    vswitches(wire)
    wire.expect("DeleteVpc", VpcId="vpc-2")
    wire.expect("DeleteVpc", VpcId="vpc-1")
    vpcs(wire)
    vpcs(wire)
    assert run(clients, state="absent")["network"] == {}


def test_a_double_without_our_tag_is_refused(clients: Any, wire: Any) -> None:
    vpcs(wire, OLDER, {**NEWER, "Tags": {}})
    with pytest.raises(CloudError, match=f"VPC vpc-1 is named {NAME} but has no tag edgelift:wave=wave_01"):
        run(clients)


def test_what_another_run_has_made_since_the_first_look_is_used(clients: Any, wire: Any) -> None:
    vpcs(wire)
    vpcs(wire, OLDER)
    vswitches(wire, {**VSWITCH, "VpcId": "vpc-2"}, VpcId="vpc-2")
    assert run(clients, zone_id="z-a")["network"]["vpc_id"] == "vpc-2"


def test_a_given_network_is_checked(clients: Any, wire: Any) -> None:
    vpcs(wire, {**VPC, "VpcName": "mine", "Tags": {}}, VpcId="vpc-1")
    vswitches(wire, VSWITCH, VpcId="vpc-1")
    result = run(clients, vpc_id="vpc-1", vswitch_id="vsw-1")
    assert (result["changed"], result["network"]["managed"]) == (False, False)


def test_a_given_vswitch_must_be_in_the_given_vpc(clients: Any, wire: Any) -> None:
    vpcs(wire, VPC)
    vswitches(wire, VSWITCH)
    with pytest.raises(CloudError, match="vSwitch vsw-9 is not in it; it has vsw-1"):
        run(clients, vpc_id="vpc-1", vswitch_id="vsw-9")
    vpcs(wire)
    with pytest.raises(CloudError, match="there is no such VPC in cn-beijing"):
        run(clients, vpc_id="vpc-9", vswitch_id="vsw-1")


def test_the_network_is_removed_from_the_inside_out(clients: Any, wire: Any) -> None:
    vpcs(wire, VPC)
    vswitches(wire, VSWITCH)
    wire.expect("DeleteVSwitch", VSwitchId="vsw-1")
    vswitches(wire, VSWITCH)
    vswitches(wire)
    wire.refuse("DeleteVpc", "InvalidVpcId.NotFound", 404)
    vpcs(wire)
    assert run(clients, state="absent")["changed"]


def test_a_vswitch_with_another_name_stays(clients: Any, wire: Any) -> None:
    vpcs(wire, VPC)
    vswitches(wire, {**VSWITCH, "VSwitchId": "vsw-2", "VSwitchName": "other"}, VSWITCH)
    wire.expect("DeleteVSwitch", VSwitchId="vsw-1")
    vswitches(wire, VSwitchId="vsw-1")
    wire.refuse("DeleteVpc", "DependencyViolation.VSwitch", 400)
    vpcs(wire, VPC)
    with pytest.raises(CloudError, match=r"vpc\.DeleteVpc failed"):
        run(clients, state="absent")


def test_a_network_in_use_stays_and_is_reported(clients: Any, wire: Any) -> None:
    vpcs(wire, VPC)
    vswitches(wire, VSWITCH)
    wire.refuse("DeleteVSwitch", "DependencyViolation", 400)
    vswitches(wire, VSWITCH)
    with pytest.raises(CloudError, match=r"vpc\.DeleteVSwitch failed") as raised:
        run(clients, state="absent")
    assert raised.value.hint


def test_a_network_that_is_gone_changes_nothing(clients: Any, wire: Any) -> None:
    vpcs(wire)
    assert not run(clients, state="absent")["changed"]


def test_check_mode_removes_nothing(clients: Any, wire: Any) -> None:
    vpcs(wire, VPC)
    vswitches(wire, VSWITCH)
    assert run(clients, check=True, state="absent")["changed"]
