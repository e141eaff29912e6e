# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter of the role handover; what it does is in plugin_utils/_handover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _handover, _untrusted

if TYPE_CHECKING:
    from collections.abc import Callable


class FilterModule:
    """Registers the filter handover_checklist."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return _untrusted.untrusted({"handover_checklist": _handover.checklist})
