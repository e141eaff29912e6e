# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The shared network of a wave: one VPC and one vSwitch, so that not every job makes its own (quota 10, facts 7.3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, is_gone
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.vpc import VPC
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from . import options
from .change import Change, refuse
from .waiter import wait_until

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts, Row

Rows = Callable[[], list[dict[str, Any]]]


def summary(vpc: Row, vswitch: Row | None, managed: bool) -> Facts:
    """Returns the facts of the network; ``managed`` says whether this collection has made it."""
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
    """Returns the migration's VPC, None when there is none; refuses a namesake and more than one (laws 7 and 9)."""
    name = naming.network_name(migration)
    namesakes = [row for row in clients.vpc.describe_vpcs(name=name) if row.get("VpcName") == name]
    foreign = [row["VpcId"] for row in namesakes if not naming.same_wave(migration, VPC.value(row, "tags"))]
    if foreign:
        raise refuse(
            f"Looking for the network of {migration}",
            "Network.NotOurs",
            f"VPC {', '.join(foreign)} is named {name} but has no tag {naming.WAVE_TAG}={migration}",
            "Rename that VPC, or give vpc_id and vswitch_id.",
        )
    if len(namesakes) > 1:
        raise refuse(
            f"Looking for the network of {migration}",
            "Network.Ambiguous",
            f"{', '.join(row['VpcId'] for row in namesakes)} are all named {name} and tagged for {migration}",
            "Delete all but one, or give vpc_id and vswitch_id.",
        )
    return namesakes[0] if namesakes else None


def own_vswitch(clients: Clients, vpc_id: str, migration: str) -> Row | None:
    """Returns the migration's vSwitch in its VPC, None when there is none."""
    name = naming.network_name(migration)
    rows = clients.vpc.describe_vswitches(vpc_id=vpc_id)
    return next((row for row in rows if row.get("VSwitchName") == name), None)


def present(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Returns the module's result for the network of O(name): found, made, or the given one checked."""
    params = module.params
    if params["vpc_id"]:
        found = given(clients, params["vpc_id"], params["vswitch_id"])
        return Change(found, found).result(module, network=found)
    migration = options.migration(params)
    vpc = own_vpc(clients, migration)
    vswitch = own_vswitch(clients, vpc["VpcId"], migration) if vpc else None
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


def make(
    module: AnsibleModule, clients: Clients, migration: str, wanted: dict[str, Any], vpc: Row | None
) -> Facts:
    """Returns the network after making what it lacks.

    Client tokens are new in each run: a token that is the same for ever would bring back the id of a VPC that has been
    deleted meanwhile. Inside the run they make a repeated call harmless.
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
    """Returns the network that the user has given; refuses what does not exist or does not belong together."""
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
    """Returns the first zone of the region by name."""
    zones = sorted(str(row["ZoneId"]) for row in clients.ecs.describe_zones())
    if not zones:
        raise refuse("Choosing a zone", "InvalidZoneId.NotFound", f"{clients.region} shows no zones", "Give zone_id.")
    return zones[0]


def absent(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Returns the module's result for the removal of the migration's own network: vSwitches first, then the VPC."""
    vpc = own_vpc(clients, options.migration(module.params))
    if vpc is None:
        return Change({}, {}).result(module, network={})
    vpc_id = vpc["VpcId"]
    vswitches = clients.vpc.describe_vswitches(vpc_id=vpc_id)
    change = Change(summary(vpc, vswitches[0] if vswitches else None, True), {})
    if change.wanted(module):
        for row in vswitches:
            _delete(partial(clients.vpc.delete_vswitch, row["VSwitchId"]))
        _gone(module, f"the vSwitches of VPC {vpc_id}", lambda: clients.vpc.describe_vswitches(vpc_id=vpc_id))
        _delete(partial(clients.vpc.delete_vpc, vpc_id))
        _gone(module, f"VPC {vpc_id}", lambda: clients.vpc.describe_vpcs(vpc_ids=[vpc_id]))
    return change.result(module, network={})


def _delete(call: Callable[[], None]) -> None:
    try:
        call()
    except CloudError as error:
        if not is_gone(error.code):
            raise


def _gone(module: AnsibleModule, what: str, rows: Rows) -> None:
    wait_until(
        f"{what} to be gone",
        rows,
        lambda seen: not seen,
        lambda seen: f"{len(seen)} still there",
        module.params["wait_timeout"],
        module.params["poll_interval"],
        key="network",
    )
