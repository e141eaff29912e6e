# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The permission check before an RPC call, and the errors of the products when it fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.ram.decide import first_denied
from sandbox.ram.needs import rpc_needs
from sandbox.state.cloud import Cloud

# (product, action) or (product, ""): code and status where that is not Forbidden.RAM, 403 (local-cloud 10, facts 7.1).
_CODES: dict[tuple[str, str], tuple[str, int]] = {
    ("smc", "DescribeSourceServers"): ("Forbidden.Unauthorized", 403),
    ("smc", "DescribeReplicationJobs"): ("Forbidden.Unauthorized", 403),
    ("ens", ""): ("NoPermission", 400),
    ("sts", ""): ("NoPermission", 403),
    ("ram", ""): ("NoPermission", 403),
    ("bss", ""): ("NotAuthorized", 400),
}


def refuse_unless_allowed(cloud: Cloud, product: str, action: str, params: Mapping[str, Any], user: str) -> None:
    """Refuse a checked call that the statements of the user in the world's ``identities`` do not allow."""
    if not cloud.settings.identities:
        return
    account = cloud.settings.account.id
    needs = rpc_needs(product, action, params, params.get("RegionId", ""), account)
    denied = first_denied(cloud.settings.identities, user, needs)
    if denied is None:
        return
    code, status = _CODES.get((product, action), _CODES.get((product, ""), ("Forbidden.RAM", 403)))
    message = f"The user {user} is not authorized to do {denied[0]} on {denied[1]}."
    raise cloud.error(code, message, status)
