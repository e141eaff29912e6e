# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog of ENS: nodes, instance types, public images and prices (facts 4.2, 4.3)."""

from __future__ import annotations

from typing import Any, NamedTuple

from sandbox.state.cloud import Cloud

from .call import Call, Handler


class Node(NamedTuple):
    """One edge node: an EnsRegionId is not an Alibaba Cloud region."""

    id: str
    name: str
    area: str
    province: str


NODES = (
    Node("cn-dalian-unicom", "Dalian Unicom", "NorthEastChina", "Liaoning"),
    Node("cn-chenzhou-telecom_unicom_cmcc", "Chenzhou Multi-line", "CentralChina", "Hunan"),
    Node("ap-southeast-1-edge", "Singapore Edge", "AsiaPacific", "Singapore"),
)

# vCPUs and GiB of memory. The vendor's list is longer and not fixed.
TYPES = {"ens.sn1.stiny": (1, 1), "ens.sn1.tiny": (1, 2), "ens.sn1.small": (2, 4), "ens.sn1.medium": (4, 8)}

# Name and GiB by image id; the id is the vendor's own example.
PUBLIC_IMAGES = {"centos_6_08_64_20G_alibase_20171208": ("CentOS 6.8 64 bit", 20)}

_STOCK = 100
"""How many instances a node takes, unless the world file says it (``ens_stock``)."""

_HOURS = {"Day": 24, "Month": 30 * 24}


def regions(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Every node, or the one that is asked for; the double name is the vendor's."""
    wanted = call.params.get("EnsRegionId")
    if wanted is not None:
        checked_node(cloud, wanted)
    found = [{"EnsRegionId": node.id, "Name": node.name, "EnName": node.name, "Area": node.area,
              "Province": node.province} for node in NODES if wanted in (None, node.id)]
    return {"Code": 0, "EnsRegions": {"EnsRegions": found}}


def image_infos(_cloud: Cloud, call: Call) -> dict[str, Any]:
    """The public images, on one page; OsType filters."""
    shown = [
        {"ImageId": image_id, "OSName": name, "OSType": "linux", "ImageOwnerAlias": "system",
         "ImageSize": str(gib), "ImageVersion": "", "Description": "", "ComputeType": "ens_vm", "RegionId": ""}
        for image_id, (name, gib) in PUBLIC_IMAGES.items() if call.params.get("OsType", "linux") == "linux"
    ]
    return {"Code": 0, "Images": {"Image": shown}}


def price(cloud: Cloud, call: Call) -> dict[str, Any]:
    """What instances cost for a period by the rate card; disks and traffic are not reckoned."""
    params = call.params
    checked_node(cloud, params["EnsRegionId"])
    checked_type(cloud, params["InstanceType"])
    hours = _HOURS[params.get("PeriodUnit", "Month")] * params["Period"]
    amount = round(cloud.meter.per_hour("ens_instance") * hours * params["Quantity"], 4)
    shown = {"Currency": cloud.meter.currency, "OriginalPrice": amount, "TradePrice": amount, "DiscountPrice": 0.0}
    return {"PriceInfo": {"Price": shown}}


def available(cloud: Cloud, _call: Call) -> dict[str, Any]:
    """What can be bought where. Nodes without stock are left out: whether ENS lists them is not documented."""
    rows = [
        {"EnsRegionId": node.id, "InstanceSpec": name, "SupportResourcesCount": str(room(cloud, node.id)),
         "SystemDiskSize": "20", "DataDiskSize": "20"}
        for node in NODES if room(cloud, node.id) for name in TYPES
    ]
    images = [{"ImageId": image_id, "ImageName": name} for image_id, (name, _gib) in PUBLIC_IMAGES.items()]
    return {"Code": 0, "SupportResources": {"SupportResource": rows}, "Images": {"Image": images}}


def room(cloud: Cloud, node_id: str) -> int:
    """How many more instances a node takes."""
    return max(0, cloud.settings.ens_stock.get(node_id, _STOCK) - len(cloud.ens_instances.where(node=node_id)))


def checked_node(cloud: Cloud, node_id: str) -> str:
    """The node itself, or a refusal when it does not exist."""
    if node_id not in [node.id for node in NODES]:
        raise cloud.error("InvalidParameter.EnsRegionId", f"The specified EnsRegionId {node_id} does not exist.")
    return node_id


def checked_type(cloud: Cloud, name: str) -> tuple[int, int]:
    """vCPUs and GiB of an instance type, or a refusal when there is none."""
    if name not in TYPES:
        raise cloud.error("InvalidParameter.InstanceType", f"InstanceType {name}: allowed is {', '.join(TYPES)}.")
    return TYPES[name]


HANDLERS: dict[str, Handler] = {
    "DescribeEnsRegions": regions, "DescribeImageInfos": image_infos, "DescribePrice": price,
    "DescribeAvailableResource": available,
}
