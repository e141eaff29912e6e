# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover ENS images: imports that did not succeed. An Available image is the result and stays."""

from __future__ import annotations

from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import ens
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import states

from .scope import Found, Kind, Scope


def _find_ens_images(scope: Scope) -> list[Found]:
    found = []
    for image in scope.clients.ens.describe_self_images():
        owner = scope.owner(image.get("ImageName", ""))
        state = states.outcome(states.ENS_IMAGE, image.get("Status", ""))
        if owner and state != "success":
            busy_text = f"ENS is still importing it ({image.get('Status')})" if state == "pending" else ""
            found.append(Found(image["ImageId"], owner, image.get("CreationTime", ""), busy_text))
    return found


IMAGE = Kind(ens.IMAGE, _find_ens_images)
