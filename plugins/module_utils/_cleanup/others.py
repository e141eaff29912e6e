# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The servers of a migration that a cleanup of some servers does not cover, and that still have work in the cloud.

The network and the activation codes of a migration belong to no single server. A cleanup of some servers deletes them
only when the cloud itself lists nothing of the other servers: what this play did not look at belongs to another run.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .scope import Kind, Scope

SHOWN = 3
"""How many of the other servers a reason names."""


def reason(scope: Scope, kinds: Iterable[Kind]) -> str:
    """Return why the shared resources have to stay, or '' when no other server of the migration needs them."""
    if scope.identities is None:
        return ""
    try:
        found = unsettled(scope, kinds)
    except CloudError as error:
        return f"the other servers of this migration could not be listed: {error}"
    if not found:
        return ""
    named = ", ".join(f"{identity} ({found[identity]})" for identity in sorted(found)[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"other servers of this migration are not finished: {named}{more}"


def unsettled(scope: Scope, kinds: Iterable[Kind]) -> dict[str, str]:
    """Return the migration ids outside the scope that have work in the cloud, each with one of its resources."""
    rest = scope.others()
    found: dict[str, str] = {}
    for kind in kinds:
        if kind.shared or kind.by_server:
            continue
        for item in kind.find(rest):
            inside = item.identity in (scope.identities or ())
            # What only has a similar name counts: nothing shows that no other run needs the shared resources.
            if inside or not naming.is_id(item.identity) or rest.foreign(item.identity):
                continue
            found.setdefault(item.identity, f"{kind.name} {item.id}")
    return found
