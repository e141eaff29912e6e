# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The shared network of a migration: one VPC with one vSwitch for the intermediate instances of all its jobs.

Without it SMC creates a VPC for each job, and the default quota is 10 VPCs (facts 7.3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .vpc import named_vpcs, named_vswitches, other_wave

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts, Row
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.client_tokens import ClientToken

VPC_CIDR: Final = "192.168.0.0/16"
VSWITCH_CIDR: Final = "192.168.0.0/20"
"""Addresses of the shared network: 4,092 usable ones, and SMC runs 50 jobs at once."""

Rows = Callable[[], list[dict[str, Any]]]
Available = Callable[[str, Rows], "Row"]
"""Waits until the resource of a name and a describe call is Available, and returns its row."""


def summary(vpc: Row, vswitch: Row | None, managed: bool) -> Facts:
    """Return the facts of the network; ``managed`` says whether this collection created it."""
    vswitch = vswitch or {}
    return {
        "name": vpc.get("VpcName", ""),
        "vpc_id": vpc["VpcId"],
        "vpc_cidr": vpc.get("CidrBlock", ""),
        "vswitch_id": vswitch.get("VSwitchId", ""),
        "vswitch_cidr": vswitch.get("CidrBlock", ""),
        "zone_id": vswitch.get("ZoneId", ""),
        "managed": managed,
    }


def own_vpcs(clients: Clients, migration: str) -> list[Row]:
    """Return the VPCs of the migration, the oldest first: two controllers that start at once may each make one, and
    all use the oldest. Refuse a VPC with the same name that is not the migration's (law 7)."""
    named = named_vpcs(clients, migration)
    foreign = [row["VpcId"] for row in named if other_wave(migration, row)]
    if foreign:
        name = naming.network_name(migration)
        raise CloudError(
            f"Looking for the network of {migration}",
            "Network.NotOurs",
            f"VPC {', '.join(foreign)} is named {name} but has no tag {naming.WAVE_TAG}={migration}",
            hint="Rename that VPC, or set vpc_id and vswitch_id.",
        )
    return sorted(named, key=lambda row: (row.get("CreationTime", ""), row["VpcId"]))


def own_vswitch(clients: Clients, migration: str, vpc: Row | None) -> Row | None:
    """Return the oldest vSwitch of the migration in its VPC, or None."""
    rows = named_vswitches(clients, migration, vpc["VpcId"]) if vpc else []
    return min(rows, key=lambda row: (row.get("CreationTime", ""), row["VSwitchId"]), default=None)


def wanted(clients: Clients, migration: str, vpc: Row | None, vswitch: Row | None, given: Facts) -> Facts:
    """Return the network as it shall be: what exists, else what is ``given``, else the defaults."""
    zone = vswitch["ZoneId"] if vswitch else given.get("zone_id") or first_zone(clients)
    return {
        "name": naming.network_name(migration),
        "vpc_cidr": vpc["CidrBlock"] if vpc else given.get("vpc_cidr") or VPC_CIDR,
        "vswitch_cidr": vswitch["CidrBlock"] if vswitch else given.get("vswitch_cidr") or VSWITCH_CIDR,
        "zone_id": zone,
        "managed": True,
    }


def make(
    clients: Clients, migration: str, network: Facts, vpc: Row | None, available: Available, token: ClientToken
) -> Facts:
    """Create what the network lacks and return it."""
    vpc_id = vpc["VpcId"] if vpc else make_vpc(clients, migration, network, token("vpc"))
    # A new VPC is Pending for some seconds and takes no vSwitch until then.
    vpc = available(f"VPC {vpc_id}", lambda: clients.vpc.describe_vpcs(vpc_ids=[vpc_id]))
    vswitch_id = make_vswitch(clients, migration, network, vpc_id, token("vswitch", vpc_id))
    vswitch = available(f"vSwitch {vswitch_id}", lambda: clients.vpc.describe_vswitches(vswitch_ids=[vswitch_id]))
    return summary(vpc, vswitch, True)


def make_vpc(clients: Clients, migration: str, network: Facts, token: str) -> str:
    """Create the VPC and return its id."""
    tags = naming.tags(migration)
    created: str = clients.vpc.create_vpc(network["name"], network["vpc_cidr"], token, tags)["VpcId"]
    return created


def make_vswitch(clients: Clients, migration: str, network: Facts, vpc_id: str, token: str) -> str:
    """Create the vSwitch in an Available VPC and return its id."""
    tags = naming.tags(migration)
    created: str = clients.vpc.create_vswitch(
        vpc_id, network["zone_id"], network["vswitch_cidr"], network["name"], token, tags
    )["VSwitchId"]
    return created


def first_zone(clients: Clients) -> str:
    """Return the first zone of the region by name."""
    zones = sorted(str(row["ZoneId"]) for row in clients.ecs.describe_zones())
    if not zones:
        raise CloudError(
            "Choosing a zone", "InvalidZoneId.NotFound", f"{clients.region} has no zones", hint="Set zone_id."
        )
    return zones[0]
