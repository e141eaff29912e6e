# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions and zones that exist here."""

from __future__ import annotations

from typing import Any

from sandbox.contracts.regions import REGIONS, zones
from sandbox.state.cloud import Cloud

from .call import Call, Handler


def known_region(cloud: Cloud, region: str) -> str:
    """The region itself, or a refusal when it does not exist."""
    if region not in REGIONS:
        raise cloud.error("InvalidRegionId.NotFound", f"The specified RegionId {region!r} does not exist.")
    return region


def describe_regions(_cloud: Cloud, _call: Call) -> dict[str, Any]:
    """Every region, on one page."""
    regions = [
        {"RegionId": region, "LocalName": region, "RegionEndpoint": f"ecs.{region}.aliyuncs.com", "Status": "available"}
        for region in REGIONS
    ]
    return {"Regions": {"Region": regions}}


def describe_zones(_cloud: Cloud, call: Call) -> dict[str, Any]:
    """The zones of the region."""
    found = [{"ZoneId": zone, "LocalName": zone, "ZoneType": "AvailabilityZone"} for zone in zones(call.region)]
    return {"Zones": {"Zone": found}}


HANDLERS: dict[str, Handler] = {"DescribeRegions": describe_regions, "DescribeZones": describe_zones}
