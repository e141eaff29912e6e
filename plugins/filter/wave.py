# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the roles; what they do is in plugin_utils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import (
    _cutover,
    _receipt,
    _retry,
    _untrusted,
    _wave_hosts,
    _wave_status,
)
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan import plan
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan import text as plan_text
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._report import files
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import claims

if TYPE_CHECKING:
    from collections.abc import Callable


class FilterModule:
    """Registers the filters whose names begin with wave_."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return _untrusted.untrusted(
            {
                "wave_claims": claims.claims,
                "wave_servers": _receipt.servers,
                "wave_settled": _receipt.settled,
                "wave_unreachable": _receipt.unreachable,
                "wave_pending": _receipt.pending,
                "wave_resources": _receipt.resources,
                "wave_receipt": _receipt.receipt,
                "wave_retry": _retry.file,
                "wave_hosts": _wave_hosts.wave_hosts,
                "wave_cutover": _cutover.lines,
                "wave_csv": files.receipt_csv,
                "wave_html": files.receipt_html,
                "wave_plan": plan.wave_plan,
                "wave_plan_lines": plan_text.lines,
                "wave_known": _wave_status.known,
                "wave_status": _wave_status.lines,
                "wave_status_csv": files.status_csv,
                "wave_status_html": files.status_html,
                "wave_table": _receipt.table,
            }
        )
