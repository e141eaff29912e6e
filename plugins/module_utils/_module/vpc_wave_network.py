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
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.client_tokens import ClientToken


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
    # Two runs that have begun at once may each have made one: all use the oldest, and the cleanup deletes all.
    vpc = next(iter(wave_network.own_vpcs(clients, migration)), None)
    vswitch = wave_network.own_vswitch(clients, migration, vpc)
    before = wave_network.summary(vpc, vswitch, True) if vpc else {}
    wanted = wave_network.wanted(clients, migration, vpc, vswitch, params)
    known = {"vpc_id": before.get("vpc_id", ""), "vswitch_id": before.get("vswitch_id", "")}
    change = Change({**before}, {**known, **wanted})
    if not change.changed:
        return change.result(module, network=change.after)
    with taking_part(module, clients, migration) as token:
        if module.check_mode:
            return change.result(module, network=change.after)
        made = _make(module, clients, migration, wanted, token)
    return Change(before, made).result(module, network=made)


def _make(module: AnsibleModule, clients: Clients, migration: str, wanted: Facts, token: ClientToken) -> Facts:
    """Make what is missing now that this run takes part: another one may have made it since the first look."""
    vpc = next(iter(wave_network.own_vpcs(clients, migration)), None)
    vswitch = wave_network.own_vswitch(clients, migration, vpc)
    if vpc and vswitch and vswitch.get("Status") == "Available":
        return wave_network.summary(vpc, vswitch, True)
    return wave_network.make(
        clients, migration, wanted, vpc, lambda what, rows: _available(module, what, rows), token
    )


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
    """Delete the migration's own network, and its doubles: the vSwitches first, then the VPCs."""
    migration = options.migration(module.params)
    vpcs = wave_network.own_vpcs(clients, migration)
    if not vpcs:
        return Change({}, {}).result(module, network={})
    ids = [row["VpcId"] for row in vpcs]
    vswitches = [row for vpc_id in ids for row in named_vswitches(clients, migration, vpc_id)]
    change = Change(wave_network.summary(vpcs[0], vswitches[0] if vswitches else None, True), {})
    if change.wanted(module):
        _delete(module, clients, VSWITCH, [row["VSwitchId"] for row in vswitches])
        _delete(module, clients, VPC, ids)
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
