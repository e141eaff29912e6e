# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ens_instance_info: every page, ids and names compared exactly, and what can be bought where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import proof
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ens import ENS_INSTANCE

from .exact import among

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the instances with one of the ids or names, all of the account when neither is given, and the stock."""
    ids, names, migration = (module.params[name] for name in ("instance_ids", "names", "migration"))
    rows = clients.ens.describe_instances() if ids or names or (ids is None and names is None) else []
    found = among(map(ENS_INSTANCE.facts, rows), instance_id=ids, instance_name=names)
    if migration:
        found = [row for row in found if proof.names_migration(migration, row["tags"])]
    stock = clients.ens.describe_available_resource() if module.params["stock"] else []
    return {"changed": False, "instances": found, "stock": stock}
