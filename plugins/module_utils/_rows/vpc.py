# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Virtual Private Cloud 2016-04-28: the fields that are read of its answers."""

from __future__ import annotations

from typing import Final

from .reader import TAGS, Field, Table, required, whole

VPC: Final = Table(
    "vpc.DescribeVpcs",
    {
        "vpc_id": required("VpcId"),
        "name": Field("VpcName"),
        "cidr": Field("CidrBlock"),
        "status": Field("Status"),
        "creation_time": Field("CreationTime"),
        "tags": TAGS,
    },
    rows="Vpcs.Vpc",
    key="VpcId",
)

VSWITCH: Final = Table(
    "vpc.DescribeVSwitches",
    {
        "vswitch_id": required("VSwitchId"),
        "name": Field("VSwitchName"),
        "cidr": Field("CidrBlock"),
        "zone_id": Field("ZoneId"),
        "status": Field("Status"),
        "creation_time": Field("CreationTime"),
    },
    {"vpc_id": Field("VpcId"), "free_addresses": Field("AvailableIpAddressCount", whole, None)},
    rows="VSwitches.VSwitch",
    key="VSwitchId",
)

NEW_VPC: Final = Table("vpc.CreateVpc", {"vpc_id": required("VpcId")})

NEW_VSWITCH: Final = Table("vpc.CreateVSwitch", {"vswitch_id": required("VSwitchId")})
