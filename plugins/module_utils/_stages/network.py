# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.
"""The network of the intermediate instances: the user's, one that all jobs of a migration share, or one per job.

SMC creates a VPC for every job without a network, and an account has ten (facts 7.3). So the first job of a migration
makes a network, and all later ones, of other runs too, use it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import wave_network
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Row

    from .stage import Context

_GONE: Final = frozenset({"VSwitchIdVpcId.Mismatch", "InvalidVSwitchId.NotFound", "InvalidVpcId.NotFound"})

_RACED: Final = frozenset({"InvalidCidrBlock.Overlapped", "InvalidVpcId.NotFound"})
"""Why a vSwitch is refused that another run has made since the look, or whose VPC a cleanup has deleted since then."""

_SAME: Final = ("Idempoten", "OperationFailed.Idempotent")
"""How the codes begin with which VPC says that another run has sent this ClientToken: with other parameters, or right
now."""


def wanted(policy: Policy) -> bool:
    """Return whether the jobs share a network that this collection makes."""
    return policy.shared_network and not (policy.vpc_id or policy.vswitch_id)


def observe(context: Context, migration: str) -> None:
    """Look for the shared network. A known one is not looked for again."""
    shared, clients = context.network, context.clients
    shared.making = False
    if shared.ready:
        return
    shared.vpc = next(iter(wave_network.own_vpcs(clients, migration)), None) or _made(context, "vpc", "VpcId")
    shared.vswitch = wave_network.own_vswitch(clients, migration, shared.vpc) or _made(context, "vswitch", "VSwitchId")
    # They belong to no server: a cleanup deletes them when the migration has no unsettled server.
    for kind, row, key in (("vpc", shared.vpc, "VpcId"), ("vswitch", shared.vswitch, "VSwitchId")):
        if row:
            context.resources.saw(kind, row[key], "", row.get("CreationTime", ""))


def _made(context: Context, kind: str, key: str) -> Row | None:
    """Return a row for what this run has made and no list shows yet, None when it should be listed by now."""
    identity, since = context.network.made.get(kind, ("", context.now))
    listed_by = since + timedelta(seconds=limits.LIST_SETTLE_SECONDS)
    return {key: identity, "Status": "not listed yet"} if identity and context.now <= listed_by else None


def decide(context: Context) -> Decision | None:
    """Return what has to be done about the network before a job can be created, None when nothing has."""
    shared = context.network
    # What would be made is the job; the network is a part of that.
    if not wanted(context.policy) or context.check_mode or shared.ready:
        return None
    for row, key in ((shared.vpc, "VpcId"), (shared.vswitch, "VSwitchId")):
        if row and row.get("Status") != "Available":
            text = f"the shared network is not ready: {row[key]} is {row.get('Status', 'not known')}"
            return Decision("wait", text, brief=True)
    return Decision.act("network", "the jobs of this migration need a shared network")


def act(context: Context, migration: str) -> str:
    """Make the next part of the network; return why to wait when another server of this tick has done that."""
    shared, clients = context.network, context.clients
    with shared.lock:
        if shared.making:
            return "the shared network is being made"
        shared.making = True
    network = wave_network.wanted(clients, migration, shared.vpc, None, {"zone_id": context.policy.zone_id})
    try:
        if shared.vpc is None:
            kind, made = "vpc", wave_network.make_vpc(clients, migration, network, _token(context, "vpc"))
        else:
            vpc_id = shared.vpc["VpcId"]
            token = _token(context, "vswitch", vpc_id)
            kind, made = "vswitch", wave_network.make_vswitch(clients, migration, network, vpc_id, token)
    except CloudError as error:
        if not error.code.startswith(_SAME) and (shared.vpc is None or error.code not in _RACED):
            raise
        # The next tick looks again.
        shared.vpc = None
        shared.made.clear()
        return f"the shared network was changed by another run ({error.code})"
    shared.made[kind] = made, context.now
    shared.returned[kind].add(made)
    return ""


def _token(context: Context, kind: str, *parts: str) -> str:
    """Return the ClientToken with which two runs that make the network in the same second make one. With a token that
    it knows, VPC returns the id of what was deleted meanwhile: such ids are a part of the next token."""
    return context.driver.token(kind, *parts, *sorted(context.network.returned[kind]))


def placed(context: Context) -> Policy:
    """Return the policy with the network of the next job."""
    shared = context.network
    if not (wanted(context.policy) and shared.vpc and shared.vswitch):
        return context.policy
    return replace(context.policy, vpc_id=shared.vpc["VpcId"], vswitch_id=shared.vswitch["VSwitchId"])


def gone(context: Context, error: CloudError) -> str:
    """Return why to wait when a job was refused because a cleanup has deleted the shared network, '' for another error.
    The next tick looks for the network, and makes it again."""
    if error.code not in _GONE or not wanted(context.policy):
        return ""
    context.network.vpc = context.network.vswitch = None
    context.network.made.clear()
    return f"a cleanup has deleted the shared network ({error.code})"
