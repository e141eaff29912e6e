# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ens_image_info: every page, ids and names compared exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ens import ENS_IMAGE

from .exact import among

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the ENS images with one of the ids or names, all of the account when none is given."""
    ids, names = module.params["image_ids"], module.params["names"]
    wanted = [*(ids or ()), *(names or ())]
    if len(wanted) == 1:
        # One fuzzy filter saves pages; for more the whole list costs fewer calls than one call for each.
        rows = clients.ens.describe_self_images(
            image_id=ids[0] if ids else None, image_name=names[0] if names else None
        )
    else:
        rows = clients.ens.describe_self_images() if wanted or (ids is None and names is None) else []
    found = among(map(ENS_IMAGE.facts, rows), image_id=ids, image_name=names)
    return {"changed": False, "images": found}
