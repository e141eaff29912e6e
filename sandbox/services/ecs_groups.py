# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS security groups (facts 3.3)."""

from __future__ import annotations

from typing import Any

from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .call import Call, Handler, ecs_tag_list, has_tags, listed, named, token_page


def describe(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the groups that match."""
    params = call.params
    columns = (("id", "SecurityGroupId"), ("vpc_id", "VpcId"))
    wanted = {column: params[name] for column, name in columns if name in params}
    rows = listed(cloud.security_groups.where(region=call.region, **wanted), "id", params.get("SecurityGroupIds"))
    rows = [row for row in named(rows, params.get("SecurityGroupName")) if has_tags(row, params)]
    shown, keys = token_page(rows, params)
    return {**keys, "RegionId": call.region, "SecurityGroups": {"SecurityGroup": [_view(row) for row in shown]}}


def attribute(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One group with its rules; PortRange is written ``8080/8080``."""
    group = _find(cloud, call)
    rules = [
        {"Direction": "ingress", "Policy": "Accept", "Priority": "1", "NicType": "intranet", "DestCidrIp": "",
         "Description": "", "CreateTime": iso(group["created"]), **permission}
        for permission in group["permissions"]
        if call.params.get("Direction", "all") in ("all", "ingress")
    ]
    return {
        "RegionId": call.region,
        "SecurityGroupId": group["id"],
        "SecurityGroupName": group["name"],
        "Description": group["description"],
        "VpcId": group["vpc_id"],
        "InnerAccessPolicy": "Accept",
        "Permissions": {"Permission": rules},
    }


def delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes a group without instances."""
    group = _find(cloud, call)
    if cloud.instances.where(security_group_id=group["id"]):
        raise cloud.error("DependencyViolation")
    cloud.security_groups.delete(group["id"])
    return {}


def _find(cloud: Cloud, call: Call) -> Row:
    group = cloud.security_groups.get(call.params["SecurityGroupId"])
    if group is None or group["region"] != call.region:
        raise cloud.error("InvalidSecurityGroupId.NotFound")
    return group


def _view(group: Row) -> dict[str, Any]:
    return {
        "SecurityGroupId": group["id"],
        "SecurityGroupName": group["name"],
        "Description": group["description"],
        "VpcId": group["vpc_id"],
        "SecurityGroupType": "normal",
        "ServiceManaged": False,
        "CreationTime": iso(group["created"]),
        "Tags": ecs_tag_list(group),
    }


HANDLERS: dict[str, Handler] = {
    "DescribeSecurityGroups": describe,
    "DescribeSecurityGroupAttribute": attribute,
    "DeleteSecurityGroup": delete,
}
