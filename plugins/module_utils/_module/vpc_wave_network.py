# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The shared network of a migration: one VPC with one vSwitch for all its jobs. Without it SMC creates a VPC for each
job, and the default quota is 10 VPCs (facts 7.3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.vpc import (
    VPC,
    VSWITCH,
    named_vpcs,
    named_vswitches,
    other_wave,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from . import options
from .change import Change, refuse
from .waiter import wait_until

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.resource import Resource
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts, Row

Rows = Callable[[], list[dict[str, Any]]]


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


def own_vpc(clients: Clients, migration: str) -> Row | None:
    """Return the migration's VPC, None when there is none; refuse a VPC with the same name that is not the migration's,
    and more than one (laws 7 and 9)."""
    name = naming.network_name(migration)
    named = named_vpcs(clients, migration)
    foreign = [row["VpcId"] for row in named if other_wave(migration, row)]
    if foreign:
        raise refuse(
            f"Looking for the network of {migration}",
            "Network.NotOurs",
            f"VPC {', '.join(foreign)} is named {name} but has no tag {naming.WAVE_TAG}={migration}",
            "Rename that VPC, or set vpc_id and vswitch_id.",
        )
    if len(named) > 1:
        raise refuse(
            f"Looking for the network of {migration}",
            "Network.Ambiguous",
            f"{', '.join(row['VpcId'] for row in named)} are all named {name} and tagged for {migration}",
            "Delete all but one, or set vpc_id and vswitch_id.",
        )
    return named[0] if named else None


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the module's result for its O(state)."""
    return absent(module, clients) if module.params["state"] == "absent" else present(module, clients)


def present(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the network of O(name): the existing one, a new one, or the given one after a check."""
    params = module.params
    if params["vpc_id"]:
        found = given(clients, params["vpc_id"], params["vswitch_id"])
        return Change(found, found).result(module, network=found)
    migration = options.migration(params)
    vpc = own_vpc(clients, migration)
    vswitch = next(iter(named_vswitches(clients, migration, vpc["VpcId"])), None) if vpc else None
    before = summary(vpc, vswitch, True) if vpc else {}
    zone = vswitch["ZoneId"] if vswitch else params["zone_id"] or first_zone(clients)
    wanted = {
        "name": naming.network_name(migration),
        "vpc_cidr": vpc["CidrBlock"] if vpc else params["vpc_cidr"],
        "vswitch_cidr": vswitch["CidrBlock"] if vswitch else params["vswitch_cidr"],
        "zone_id": zone,
        "managed": True,
    }
    known = {"vpc_id": before.get("vpc_id", ""), "vswitch_id": before.get("vswitch_id", "")}
    change = Change({**before}, {**known, **wanted})
    if not change.wanted(module):
        return change.result(module, network=change.after)
    made = make(module, clients, migration, wanted, vpc)
    return Change(before, made).result(module, network=made)


def make(module: AnsibleModule, clients: Clients, migration: str, wanted: dict[str, Any], vpc: Row | None) -> Facts:
    """Create what the network lacks and return it.

    Client tokens are new in each run: with the same token, VPC would return the id of a VPC that was deleted meanwhile.
    Within a run they make a repeated call harmless.
    """
    name, tags = wanted["name"], naming.tags(migration)
    if vpc is None:
        vpc_id = clients.vpc.create_vpc(name, wanted["vpc_cidr"], str(uuid.uuid4()), tags)["VpcId"]
    else:
        vpc_id = vpc["VpcId"]
    # A new VPC is Pending for some seconds and takes no vSwitch until then.
    vpc = _available(module, f"VPC {vpc_id}", lambda: clients.vpc.describe_vpcs(vpc_ids=[vpc_id]))
    vswitch_id = clients.vpc.create_vswitch(
        vpc_id, wanted["zone_id"], wanted["vswitch_cidr"], name, str(uuid.uuid4()), tags
    )["VSwitchId"]
    vswitch = _available(
        module, f"vSwitch {vswitch_id}", lambda: clients.vpc.describe_vswitches(vswitch_ids=[vswitch_id])
    )
    return summary(vpc, vswitch, True)


def _available(module: AnsibleModule, what: str, rows: Rows) -> Row:
    def observe() -> Row:
        return next(iter(rows()), {})

    return wait_until(
        f"{what} to be Available",
        observe,
        lambda row: row.get("Status") == "Available",
        lambda row: f"status {row.get('Status', 'not there yet')}",
        module.params["wait_timeout"],
        module.params["poll_interval"],
        key="network",
    )


def given(clients: Clients, vpc_id: str, vswitch_id: str) -> Facts:
    """Return the network that the user has given; refuse a VPC or a vSwitch that does not exist, and a vSwitch of
    another VPC."""
    action = f"Using VPC {vpc_id}"
    vpc = next((row for row in clients.vpc.describe_vpcs(vpc_ids=[vpc_id]) if row["VpcId"] == vpc_id), None)
    if vpc is None:
        raise refuse(action, "InvalidVpcId.NotFound", f"there is no such VPC in {clients.region}")
    rows = clients.vpc.describe_vswitches(vpc_id=vpc_id)
    vswitch = next((row for row in rows if row["VSwitchId"] == vswitch_id), None)
    if vswitch is None:
        shown = ", ".join(row["VSwitchId"] for row in rows) or "none"
        raise refuse(action, "VSwitchIdVpcId.Mismatch", f"vSwitch {vswitch_id} is not in it; it has {shown}")
    return summary(vpc, vswitch, False)


def first_zone(clients: Clients) -> str:
    """Return the first zone of the region by name."""
    zones = sorted(str(row["ZoneId"]) for row in clients.ecs.describe_zones())
    if not zones:
        raise refuse("Choosing a zone", "InvalidZoneId.NotFound", f"{clients.region} has no zones", "Set zone_id.")
    return zones[0]


def absent(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Delete the migration's own network: its vSwitches first, then the VPC."""
    migration = options.migration(module.params)
    vpc = own_vpc(clients, migration)
    if vpc is None:
        return Change({}, {}).result(module, network={})
    vpc_id = vpc["VpcId"]
    vswitches = named_vswitches(clients, migration, vpc_id)
    change = Change(summary(vpc, vswitches[0] if vswitches else None, True), {})
    if change.wanted(module):
        _delete(module, clients, VSWITCH, [row["VSwitchId"] for row in vswitches])
        _delete(module, clients, VPC, [vpc_id])
    return change.result(module, network={})


def _delete(module: AnsibleModule, clients: Clients, kind: Resource, ids: Sequence[str]) -> None:
    for identity in ids:
        kind.delete(clients, identity)
    wait_until(
        f"{kind.name} {', '.join(ids)} to be deleted",
        lambda: sorted(kind.remaining(clients, ids)),
        lambda left: not left,
        lambda left: f"{', '.join(left)} still exists",
        module.params["wait_timeout"],
        module.params["poll_interval"],
        key="network",
    )
