# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPCs and vSwitches."""

from __future__ import annotations

import ipaddress
from typing import Any

from sandbox.contracts.regions import zones
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row, Table

from .call import Call, Handler, fuzzy, has_tags, listed, page, tag_list, tags_of


def create_vpc(cloud: Cloud, call: Call) -> dict[str, Any]:
    """A VPC; the same ClientToken gives the same one again, the region's quota refuses (local-cloud 10, facts 7.3)."""
    known = _replayed(cloud, call)
    if known is None:
        if len(cloud.vpcs.where(region=call.region)) >= cloud.settings.account.quotas.vpc:
            raise cloud.error("QuotaExceeded.Vpc")
        cidr = str(_network(cloud, call.params.get("CidrBlock", "172.16.0.0/12")))
        known = _add(cloud, call, cloud.vpcs, "vpc-", call.params.get("VpcName", ""), cidr=cidr)
    return {"VpcId": known, "VRouterId": f"vrt-{known[4:]}", "RouteTableId": f"vtb-{known[4:]}", "ResourceGroupId": ""}


def describe_vpcs(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the VPCs that match; VpcId takes a comma-separated list."""
    params = call.params
    rows = listed(cloud.vpcs.where(region=call.region), "id", params.get("VpcId"))
    rows = [] if params.get("IsDefault") else fuzzy(rows, "name", params.get("VpcName"))
    shown, keys = page([row for row in rows if has_tags(row, params)], params)
    return {**keys, "Vpcs": {"Vpc": [_vpc(cloud, row) for row in shown]}}


def delete_vpc(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes a VPC without vSwitches and security groups."""
    vpc = _find(cloud, call, cloud.vpcs, "VpcId")
    for dependents in (cloud.vswitches, cloud.security_groups):
        if dependents.where(vpc_id=vpc["id"]):
            raise cloud.error("DependencyViolation", f"The VPC {vpc['id']} still has {dependents.name}.")
    cloud.vpcs.delete(vpc["id"])
    return {}


def create_vswitch(cloud: Cloud, call: Call) -> dict[str, Any]:
    """A vSwitch inside its VPC's range that overlaps no other."""
    known = _replayed(cloud, call)
    if known is None:
        vpc = _find(cloud, call, cloud.vpcs, "VpcId")
        if call.params["ZoneId"] not in zones(vpc["region"]):
            raise cloud.error("InvalidZoneId.NotFound")
        network = _network(cloud, call.params["CidrBlock"])
        if not network.subnet_of(ipaddress.IPv4Network(vpc["cidr"])):
            raise cloud.error("InvalidCidrBlock.Malformed", f"{network} is not inside the VPC's {vpc['cidr']}.")
        for other in cloud.vswitches.where(vpc_id=vpc["id"]):
            if network.overlaps(ipaddress.IPv4Network(other["cidr"])):
                raise cloud.error("InvalidCidrBlock.Overlapped")
        name = call.params.get("VSwitchName", "")
        known = _add(
            cloud, call, cloud.vswitches, "vsw-", name, cidr=str(network), vpc_id=vpc["id"],
            zone=call.params["ZoneId"], region=vpc["region"],
        )
    return {"VSwitchId": known}


def describe_vswitches(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the vSwitches that match."""
    params = call.params
    columns = (("vpc_id", "VpcId"), ("zone", "ZoneId"))
    wanted = {column: params[name] for column, name in columns if name in params}
    if call.region:
        wanted["region"] = call.region
    rows = cloud.vswitches.where(**wanted)
    rows = listed(rows, "id", params["VSwitchId"].split(",") if "VSwitchId" in params else None)
    rows = [] if params.get("IsDefault") else fuzzy(rows, "name", params.get("VSwitchName"))
    shown, keys = page([row for row in rows if has_tags(row, params)], params)
    return {**keys, "VSwitches": {"VSwitch": [_vswitch(row) for row in shown]}}


def delete_vswitch(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes a vSwitch without instances."""
    vswitch = _find(cloud, call, cloud.vswitches, "VSwitchId")
    if cloud.instances.where(vswitch_id=vswitch["id"]):
        raise cloud.error("DependencyViolation", f"The vSwitch {vswitch['id']} still has instances.")
    cloud.vswitches.delete(vswitch["id"])
    return {}


def _find(cloud: Cloud, call: Call, table: Table, name: str) -> Row:
    row = table.get(call.params[name])
    if row is None or call.region not in ("", row["region"]):
        raise cloud.error(f"Invalid{name}.NotFound")
    return row


def _network(cloud: Cloud, cidr: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError as failed:
        raise cloud.error("InvalidCidrBlock.Malformed", f"The specified CidrBlock is not valid: {failed}.") from None


def _replayed(cloud: Cloud, call: Call) -> str | None:
    token = cloud.client_tokens.get(f"{call.action}/{call.params.get('ClientToken', '')}")
    return None if token is None else str(token["result"])


def _add(cloud: Cloud, call: Call, table: Table, prefix: str, name: str, **columns: str) -> str:
    new_id = cloud.new_id(prefix)
    table.add(
        {"id": new_id, "name": name, "description": call.params.get("Description", ""), "region": call.region,
         "created": cloud.clock.time(), "tags": tags_of(call.params), **columns}
    )
    if "ClientToken" in call.params:
        cloud.client_tokens.add({"id": f"{call.action}/{call.params['ClientToken']}", "result": new_id})
    return new_id


def _vpc(cloud: Cloud, row: Row) -> dict[str, Any]:
    return {
        "VpcId": row["id"],
        "VpcName": row["name"],
        "Description": row["description"],
        "RegionId": row["region"],
        "Status": "Available",
        "CidrBlock": row["cidr"],
        "IsDefault": False,
        "CreationTime": iso(row["created"]),
        "VSwitchIds": {"VSwitchId": [vswitch["id"] for vswitch in cloud.vswitches.where(vpc_id=row["id"])]},
        "Tags": tag_list(row),
    }


def _vswitch(row: Row) -> dict[str, Any]:
    return {
        "VSwitchId": row["id"],
        "VSwitchName": row["name"],
        "Description": row["description"],
        "VpcId": row["vpc_id"],
        "ZoneId": row["zone"],
        "Status": "Available",
        "CidrBlock": row["cidr"],
        "IsDefault": False,
        "AvailableIpAddressCount": 252,
        "CreationTime": iso(row["created"]),
        "Tags": tag_list(row),
    }


HANDLERS: dict[str, Handler] = {
    "CreateVpc": create_vpc,
    "DescribeVpcs": describe_vpcs,
    "DeleteVpc": delete_vpc,
    "CreateVSwitch": create_vswitch,
    "DescribeVSwitches": describe_vswitches,
    "DeleteVSwitch": delete_vswitch,
}
