# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the network that the user has given for the intermediate instances."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from .rule import Facts, Rule

_FIX: Final = (
    "Set migration_vpc_id and migration_vswitch_id to a VPC of this region and to one of its vSwitches, or set neither."
)
_LARGER: Final = "Set migration_vswitch_id to a larger vSwitch of the VPC, or set neither it nor migration_vpc_id."


def _given(answers: Facts) -> dict[str, Any]:
    """Return what VPC reported about the network, an empty dict where none is given or the answer was refused."""
    return answers["network"]["value"] or {}


def unusable(answers: Facts) -> str | None:
    """Return which part of the network does not exist in the region, or that its parts do not belong together."""
    network = _given(answers)
    if not network:
        return None
    region, vpc, vswitch = answers["region"], network["vpc_id"], network["vswitch_id"]
    if not network["vpc_found"]:
        return f"region {region} has no VPC {vpc} (migration_vpc_id)"
    if not network["vswitch_found"]:
        return f"region {region} has no vSwitch {vswitch} (migration_vswitch_id)"
    owner = network["vswitch_vpc_id"]
    if owner != vpc:
        return f"vSwitch {vswitch} (migration_vswitch_id) belongs to VPC {owner}, not to {vpc} (migration_vpc_id)"
    return None


def _free(answers: Facts) -> int | None:
    network = _given(answers)
    return network["free_addresses"] if network and not unusable(answers) else None


def full(answers: Facts) -> str | None:
    """Return a vSwitch without a free address."""
    return f"vSwitch {_given(answers)['vswitch_id']} has no free address" if _free(answers) == 0 else None


def small(answers: Facts) -> str | None:
    """Return a vSwitch with fewer free addresses than the wave can use at once."""
    free, wanted = _free(answers), min(answers["servers"], limits.CONCURRENT_JOBS)
    if free is None or not 1 <= free < wanted:
        return None
    return f"vSwitch {_given(answers)['vswitch_id']} has {free} free addresses, the wave needs {wanted}"


def unknown(answers: Facts) -> str | None:
    """Return why the network could not be checked."""
    refused = answers["network"]["problem"]
    return f"network: {refused}" if refused else None


RULES: Final = (
    Rule(
        "network-unusable",
        0,
        "blocker",
        "SMC creates the intermediate instances in this vSwitch.",
        _FIX,
        "SMC, CreateReplicationJob: VpcId, VSwitchId",
        unusable,
        fact=True,
    ),
    Rule(
        "network-full",
        0,
        "blocker",
        "Every intermediate instance takes one address of the vSwitch.",
        _LARGER,
        "SMC, CreateReplicationJob: VSwitchId",
        full,
    ),
    Rule(
        "network-small",
        0,
        "risk",
        "Every intermediate instance takes one address of the vSwitch. Jobs without one fail, or wait for a retry.",
        f"{_LARGER} Or migrate in smaller waves.",
        "SMC, CreateReplicationJob: VSwitchId",
        small,
    ),
    Rule(
        "network-unknown",
        0,
        "note",
        "Could not check the network of the intermediate instances.",
        "Check the VPC and the vSwitch in the console, or grant vpc:DescribeVpcs and vpc:DescribeVSwitches.",
        "SMC, CreateReplicationJob: VpcId, VSwitchId",
        unknown,
    ),
)
"""Findings about a network of the user. They hold for the whole wave."""
