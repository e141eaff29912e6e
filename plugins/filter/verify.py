# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the role verify; what they do is in plugin_utils/_verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _untrusted
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._verify import outcome

if TYPE_CHECKING:
    from collections.abc import Callable


class FilterModule:
    """Registers the filters verify_instance, verify_result and verify_table."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        filters: dict[str, Callable[..., Any]] = {
            "verify_instance": outcome.instance,
            "verify_result": outcome.result,
            "verify_table": outcome.table,
        }
        return _untrusted.untrusted(filters)
