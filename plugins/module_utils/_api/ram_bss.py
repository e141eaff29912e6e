# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What is read of the account itself: RAM 2015-05-01 and BssOpenApi 2017-12-14, one method per action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import account as tables

from .paging import one, rows_of

if TYPE_CHECKING:
    from .transport import Call


class RamApi:
    """The RAM actions that are used: reads."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def services_of_role(self, name: str) -> list[str]:
        """Returns the services that may take the role. A role that does not exist is EntityNotExist.Role."""
        answer = one(self._call, tables.ROLE, {"RoleName": name})
        services: list[str] = tables.ROLE.value(answer, "services")
        return services

    def policies_of_role(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """Returns the statements of each policy that is attached to a role, by the name of the policy."""
        found = {}
        for row in rows_of(self._call, tables.ROLE_POLICIES, {"RoleName": name}):
            policy, kind = tables.ROLE_POLICIES.value(row, "name"), tables.ROLE_POLICIES.value(row, "type")
            answer = one(self._call, tables.POLICY, {"PolicyName": policy, "PolicyType": kind})
            found[policy] = tables.POLICY.value(answer, "statements")
        return found


class BssApi:
    """The one action of the bill that is used: a read."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def available_amount(self) -> str:
        """Returns the balance that can be spent, as the string that the service gives; credit counts."""
        answer = one(self._call, tables.BALANCE)
        amount: str = tables.BALANCE.value(answer, "amount")
        return amount
