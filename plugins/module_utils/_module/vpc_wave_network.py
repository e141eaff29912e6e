# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of vpc_wave_network: create, check or delete the shared network of a migration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import wave_network
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.vpc import (
    VPC,
    VSWITCH,
    named_vswitches,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from . import options
from .change import Change, refuse
from .taking_part import taking_part
from .waiter import wait_until

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.resource import Resource
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.wave_network import Rows
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts, Row


def own_vpc(clients: Clients, migration: str) -> Row | None:
    """Return the migration's VPC, None when there is none; refuse more than one (law 9)."""
    own = wave_network.own_vpcs(clients, migration)
    if len(own) > 1:
        raise refuse(
            f"Looking for the network of {migration}",
            "Network.Ambiguous",
            f"{', '.join(row['VpcId'] for row in own)} are all named {naming.network_name(migration)} and tagged for "
            f"{migration}",
            "Delete all but one, or set vpc_id and vswitch_id.",
        )
    return own[0] if own else None


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
    vswitch = wave_network.own_vswitch(clients, migration, vpc)
    before = wave_network.summary(vpc, vswitch, True) if vpc else {}
    wanted = wave_network.wanted(clients, migration, vpc, vswitch, params)
    known = {"vpc_id": before.get("vpc_id", ""), "vswitch_id": before.get("vswitch_id", "")}
    change = Change({**before}, {**known, **wanted})
    if not change.changed:
        return change.result(module, network=change.after)
    with taking_part(module, clients, migration):
        if module.check_mode:
            return change.result(module, network=change.after)
        made = wave_network.make(clients, migration, wanted, vpc, lambda what, rows: _available(module, what, rows))
    return Change(before, made).result(module, network=made)


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
    return wave_network.summary(vpc, vswitch, False)


def absent(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Delete the migration's own network: its vSwitches first, then the VPC."""
    migration = options.migration(module.params)
    vpc = own_vpc(clients, migration)
    if vpc is None:
        return Change({}, {}).result(module, network={})
    vpc_id = vpc["VpcId"]
    vswitches = named_vswitches(clients, migration, vpc_id)
    change = Change(wave_network.summary(vpc, vswitches[0] if vswitches else None, True), {})
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
