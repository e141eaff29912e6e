# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Which hosts are refused because another one has their fingerprint or their source: asks SMC about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import machines
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts

_MOST: Final = 50
"""So many sources of one host are asked for: a host can name any number of them."""


def refused(clients: Clients, params: Mapping[str, Any], servers: Sequence[Server]) -> Mapping[str, machines.Refused]:
    """Return the hosts that share their identity with another one and may not keep it. SMC is asked only if there are
    any; what it does not tell decides nothing."""
    told = {entry["host"]: entry.get("claim") or {} for entry in params["servers"] or []}
    claims = [_claim(server, told.get(server.host, {})) for server in servers]
    found = machines.refused(claims)
    rows = {row["source_id"]: row for claim in claims if claim.host in found for row in _sources(clients, claim)}
    return machines.refused(claims, machines.Shown(params["name"], rows)) if rows else found


def _sources(clients: Clients, claim: machines.Claim) -> list[Facts]:
    """Return the sources that a host names. Each host is a separate query: SMC may refuse what one of them names."""
    ids = sorted({*claim.sources, *claim.seen})[:_MOST]
    try:
        return [SOURCE.facts(row) for row in clients.smc.describe_source_servers(source_ids=ids)] if ids else []
    except CloudError:
        return []


def _claim(server: Server, told: Mapping[str, Any]) -> machines.Claim:
    """Return what a host says of itself. Sources that only its probe has named show which machine it is; whose they
    are is compared when the clients run."""
    return machines.Claim(
        host=server.host,
        identity=server.id,
        fingerprint=server.fingerprint,
        sources=tuple(filter(None, [server.source_id])),
        seen=tuple(str(source) for source in told.get("source_ids") or []),
        hostname=str(told.get("hostname") or ""),
        addresses=tuple(str(address) for address in told.get("addresses") or []),
        sizes=tuple(disk.bytes for disk in server.disks),
    )
