# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Security Token Service 2015-04-01: who we are, and temporary credentials of a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import account as tables

from .auth import Credentials
from .paging import one

if TYPE_CHECKING:
    from .transport import Call


class StsApi:
    """The STS actions that are used. Both are repeatable: they change nothing."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def get_caller_identity(self) -> dict[str, Any]:
        """Returns AccountId, Arn and IdentityType of the credentials."""
        return one(self._call, tables.CALLER)

    def assume_role(self, arn: str, session_name: str, duration: int, external_id: str = "") -> dict[str, Any]:
        """Returns the answer with Credentials of the role, valid for ``duration`` seconds.

        A role of another account can demand the external id that its owner gave us.
        """
        params: dict[str, Any] = {"RoleArn": arn, "RoleSessionName": session_name, "DurationSeconds": duration}
        if external_id:
            params["ExternalId"] = external_id
        return one(self._call, tables.SESSION, params)

    def session_credentials(self, arn: str, session_name: str, duration: int, external_id: str = "") -> Credentials:
        """Returns the role's temporary credentials in our own form."""
        return Credentials(**tables.SESSION.facts(self.assume_role(arn, session_name, duration, external_id)))
