# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a module is going to change: one object feeds changed, diff and check mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class Change:
    """The resource as it is and as it is wanted, as far as the module decides about it."""

    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after

    def wanted(self, module: AnsibleModule) -> bool:
        """Return whether to act: there is a change, and this is not check mode."""
        return self.changed and not module.check_mode

    def result(self, module: AnsibleModule, **facts: Any) -> dict[str, Any]:
        """Return the module's result: changed, the facts, and the diff when it is asked for."""
        diff = {"diff": {"before": self.before, "after": self.after}} if module._diff else {}
        return {"changed": self.changed, **facts, **diff}


def refuse(action: str, code: str, message: str, hint: str = "", **last: Any) -> CloudError:
    """Return the error for a request that this collection does not make, with the object of the request."""
    return CloudError(action, code, message, hint=hint or None, last=last)
