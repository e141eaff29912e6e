# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions and zones that exist here."""

from __future__ import annotations

from typing import Literal, get_args

Region = Literal[
    "cn-beijing", "cn-hangzhou", "cn-shanghai", "cn-shenzhen", "cn-hongkong", "ap-southeast-1", "ap-southeast-3",
    "ap-southeast-5", "ap-northeast-1", "eu-central-1", "eu-west-1", "us-east-1", "us-west-1", "me-east-1",
]

REGIONS: tuple[str, ...] = get_args(Region)

# OSSRegion of ImportImage: the vendor's text says cn-beijing only, TargetOSSRegionId allows Singapore too (facts 9.4).
ImportRegion = Literal["cn-beijing", "ap-southeast-1"]

IMPORT_REGIONS: tuple[str, ...] = get_args(ImportRegion)
"""Where ENS imports images."""

_ZONES = "abc"


def zones(region: str) -> list[str]:
    """Return the zone ids of a region: ``cn-beijing-a``, but ``ap-southeast-1a`` where the region ends in a digit."""
    joint = "" if region[-1].isdigit() else "-"
    return [f"{region}{joint}{letter}" for letter in _ZONES]
