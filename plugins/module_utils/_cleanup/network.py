# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover networks: the shared network of a wave, and the network that SMC creates for a job without one."""

from __future__ import annotations

from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import vpc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .scope import Found, Kind, Scope


def _find_vswitches(scope: Scope) -> list[Found]:
    wave = naming.wave_id(scope.migration)
    return [
        Found(row["VSwitchId"], wave, row.get("CreationTime", ""), foreign=network.foreign)
        for network in _find_vpcs(scope)
        for row in vpc.named_vswitches(scope.clients, scope.migration, network.id)
    ]


def _find_vpcs(scope: Scope) -> list[Found]:
    wave = naming.wave_id(scope.migration)
    return [
        Found(row["VpcId"], wave, row.get("CreationTime", ""), foreign=doubt)
        for row, doubt in vpc.similar_vpcs(scope.clients, scope.migration)
    ]


def _refused(_scope: Scope, _identity: str) -> str:
    # It can be the network that the user gave to a job (law 7).
    return "it was not created by this migration; SMC deletes what it created for a job"


VSWITCH = Kind(vpc.VSWITCH, _find_vswitches, earlier=_refused, grace=60.0, shared=True)
VPC = Kind(vpc.VPC, _find_vpcs, earlier=_refused, grace=60.0, shared=True)
