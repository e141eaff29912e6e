# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Resources of VPC: the shared network of a migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import vpc as tables
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .resource import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row


def named_vpcs(clients: Clients, migration: str) -> list[Row]:
    """Return the VPCs with exactly the name of the migration's shared network."""
    name = naming.network_name(migration)
    return [row for row in clients.vpc.describe_vpcs(name=name) if row.get("VpcName") == name]


def named_vswitches(clients: Clients, migration: str, vpc_id: str) -> list[Row]:
    """Return the vSwitches of a VPC with exactly the name of the migration's shared network."""
    name = naming.network_name(migration)
    return [row for row in clients.vpc.describe_vswitches(vpc_id=vpc_id) if row.get("VSwitchName") == name]


def similar_vpcs(clients: Clients, migration: str) -> list[tuple[Row, str]]:
    """Return the VPCs that have the name or the tag of the migration's shared network, each with why it is not that
    network, or ''. The name proves nothing, and whoever may tag a VPC may put our tag on any."""
    name = naming.network_name(migration)
    found = list[tuple["Row", str]]()
    for row in clients.vpc.describe_vpcs():
        named, foreign = row.get("VpcName") == name, other_wave(migration, row)
        if named or not foreign:
            found.append((row, foreign or ("" if named else f"its name is {row.get('VpcName') or ''!r}, not {name}")))
    return found


def other_wave(migration: str, vpc: Row) -> str:
    """Return why a VPC is not the migration's own, '' when its tag says that it is. The name proves nothing (law 7)."""
    ours = naming.same_wave(migration, tables.VPC.value(vpc, "tags"))
    return "" if ours else f"it has no tag {naming.WAVE_TAG}={migration}"


def _vpcs(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [*clients.vpc.describe_vpcs(vpc_ids=list(ids))]


def _send_vpc(clients: Clients, identity: str) -> None:
    clients.vpc.delete_vpc(identity)


def _vswitches(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [*clients.vpc.describe_vswitches(vswitch_ids=list(ids))]


def _send_vswitch(clients: Clients, identity: str) -> None:
    clients.vpc.delete_vswitch(identity)


VSWITCH = Resource("vswitch", "vpc.DescribeVSwitches", "VSwitchId", _vswitches, _send_vswitch)
VPC = Resource("vpc", "vpc.DescribeVpcs", "VpcId", _vpcs, _send_vpc)
