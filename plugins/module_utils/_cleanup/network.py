# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover networks: the shared network of a wave, and the network that SMC creates for a job without one."""

from __future__ import annotations

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import vpc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .scope import Found, Kind, Scope


def _refuse_foreign(what: str, identity: str, ours: list[Found]) -> None:
    """Refuse a network without the name and the tag of the migration: SMC deletes the network that it created for a
    job, and the network can be one that the user gave to the job (law 7)."""
    if identity not in {item.id for item in ours if not item.foreign}:
        raise CloudError(
            f"Deleting {what} {identity}",
            "NotOurs.Network",
            "it was not created by this migration; SMC deletes what it created for a job",
            hint="Delete it yourself if nothing uses it.",
        )


def _find_vswitches(scope: Scope) -> list[Found]:
    wave = naming.wave_id(scope.migration)
    return [
        Found(row["VSwitchId"], wave, row.get("CreationTime", ""), foreign=network.foreign)
        for network in _find_vpcs(scope)
        for row in vpc.named_vswitches(scope.clients, scope.migration, network.id)
    ]


def _guard_vswitch(scope: Scope, identity: str) -> None:
    _refuse_foreign("vSwitch", identity, _find_vswitches(scope))


def _find_vpcs(scope: Scope) -> list[Found]:
    wave = naming.wave_id(scope.migration)
    return [
        Found(row["VpcId"], wave, row.get("CreationTime", ""), foreign=vpc.other_wave(scope.migration, row))
        for row in vpc.named_vpcs(scope.clients, scope.migration)
    ]


def _guard_vpc(scope: Scope, identity: str) -> None:
    _refuse_foreign("VPC", identity, _find_vpcs(scope))


VSWITCH = Kind(vpc.VSWITCH, _find_vswitches, before=_guard_vswitch, grace=60.0, shared=True)
VPC = Kind(vpc.VPC, _find_vpcs, before=_guard_vpc, grace=60.0, shared=True)
