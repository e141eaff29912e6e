# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover networks: the shared network of a wave, and the network that SMC creates for a job without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.vpc import VPC as VPC_TABLE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .scope import Found, Kind, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row


def _networks(scope: Scope) -> list[Row]:
    """Return the VPCs with the name of the migration's shared network. The name proves nothing, the tag does
    (law 7)."""
    name = naming.network_name(scope.migration)
    shown = scope.clients.vpc.describe_vpcs(name=name) if scope.whole else []
    return [row for row in shown if row.get("VpcName") == name]


def _foreign(scope: Scope, row: Row) -> str:
    """Return why a network with the name of the shared network is not the migration's, '' when its tag says it is."""
    if naming.same_wave(scope.migration, VPC_TABLE.value(row, "tags")):
        return ""
    return f"it has no tag {naming.WAVE_TAG}={scope.migration}"


def _refuse_foreign(what: str, identity: str, ours: list[Found]) -> None:
    """Refuse a network without the name and the tag of the migration: SMC deletes the network that it created for a
    job, and the network can be one that the user gave to the job (law 7)."""
    if identity not in {item.id for item in ours if not item.foreign}:
        raise CloudError(
            f"Deleting {what} {identity}",
            "Network.NotOurs",
            "it was not created by this migration; SMC deletes what it created for a job",
            hint="Delete it yourself if nothing uses it.",
        )


def _find_vswitches(scope: Scope) -> list[Found]:
    wave, name = naming.wave_id(scope.migration), naming.network_name(scope.migration)
    return [
        Found(row["VSwitchId"], wave, row.get("CreationTime", ""), foreign=_foreign(scope, network))
        for network in _networks(scope)
        for row in scope.clients.vpc.describe_vswitches(vpc_id=network["VpcId"])
        if row.get("VSwitchName") == name
    ]


def _delete_vswitch(scope: Scope, identity: str) -> None:
    _refuse_foreign("vSwitch", identity, _find_vswitches(scope))
    scope.clients.vpc.delete_vswitch(identity)


def _remaining_vswitches(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {row["VSwitchId"] for row in scope.clients.vpc.describe_vswitches(vswitch_ids=list(ids))}


def _find_vpcs(scope: Scope) -> list[Found]:
    wave = naming.wave_id(scope.migration)
    return [
        Found(row["VpcId"], wave, row.get("CreationTime", ""), foreign=_foreign(scope, row)) for row in _networks(scope)
    ]


def _delete_vpc(scope: Scope, identity: str) -> None:
    _refuse_foreign("VPC", identity, _find_vpcs(scope))
    scope.clients.vpc.delete_vpc(identity)


def _remaining_vpcs(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {row["VpcId"] for row in scope.clients.vpc.describe_vpcs(vpc_ids=list(ids))}


VSWITCH = Kind("vswitch", "vpc.DescribeVSwitches", _find_vswitches, _delete_vswitch, _remaining_vswitches, grace=60.0)
VPC = Kind("vpc", "vpc.DescribeVpcs", _find_vpcs, _delete_vpc, _remaining_vpcs, grace=60.0)
