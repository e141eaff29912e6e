# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The proof that a bucket gives back what it takes: one small object is appended, and deleted again.

A policy that denies deletions, a retention policy that these credentials may not read, and encryption that forbids
appends show nowhere else, and they cost most where they show too late: after the disks were copied.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server

_ATTEMPTS: Final = 3
"""How often the object is written where another check of the same server writes it at the same time."""


def prove(oss: OssApi, server: Server) -> str:
    """Return what the service said when it refused the write or the deletion, '' when both are possible.

    The object names the migration, so that a cleanup deletes it if this process is killed in between. Raises CloudError
    where the service did not decide.
    """
    key = naming.proof_key(server.id)
    place = f"oss://{oss.name}/{key}"
    text = json.dumps({naming.WAVE_FIELD: server.migration}) + "\n"
    for _attempt in range(_ATTEMPTS):
        try:
            written = oss.append(key, 0, text)
        except CloudError as error:
            return _refusal(error, f"appending to {place} was refused")
        try:
            oss.delete_key(key)
            if written is not None and oss.head(key) is None:
                return ""
        except CloudError as error:
            return _refusal(error, f"deleting {place} was refused, and the object stays")
    return f"{place} is still there after its deletion was confirmed"


def _refusal(error: CloudError, what: str) -> str:
    """Return the words of the service; raise the error again where a later call could be answered otherwise."""
    if error.http_status is None or error.http_status >= 500 or error.retryable:
        raise error
    return f"{what} ({error.code}): {error.message}"
