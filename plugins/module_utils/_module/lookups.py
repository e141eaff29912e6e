# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The read-only modules: every page, exact comparison, calls of at most 50 ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import facts

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def _matching(rows: Iterable[facts.Facts], **wanted: str | None) -> list[facts.Facts]:
    """Returns the rows with exactly the given values: name filters of the services are not promised to be exact."""
    given = {name: value for name, value in wanted.items() if value is not None}
    return [row for row in rows if all(row[name] == value for name, value in given.items())]


def sources(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Returns the sources that match all options given."""
    params = module.params
    rows = clients.smc.describe_source_servers(params["source_ids"], params["name"], params["state"])
    found = _matching(map(facts.source, rows), name=params["name"], state=params["state"])
    return {"changed": False, "sources": found}


def transfers(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Returns the jobs of the region that match all options given."""
    params = module.params
    rows = clients.smc.describe_replication_jobs(
        params["job_ids"], params["source_ids"], params["name"], params["status"]
    )
    found = _matching(map(facts.transfer, rows), name=params["name"], status=params["status"])
    return {"changed": False, "transfers": found}


def ens_images(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Returns the ENS images with one of the ids or names, all of the account when none is given."""
    ids, names = module.params["image_ids"], module.params["names"]
    wanted = [*(ids or ()), *(names or ())]
    if len(wanted) == 1:
        # One fuzzy filter saves pages; for more the whole list costs fewer calls than one call for each.
        rows = clients.ens.describe_self_images(
            image_id=ids[0] if ids else None, image_name=names[0] if names else None
        )
    else:
        rows = clients.ens.describe_self_images() if wanted or (ids is None and names is None) else []
    found = [facts.ens_image(row) for row in rows]
    if ids is not None or names is not None:
        found = [image for image in found if image["image_id"] in (ids or ()) or image["image_name"] in (names or ())]
    return {"changed": False, "images": found}
