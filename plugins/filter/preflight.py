# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the role preflight; what they do is in plugin_utils/_preflight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode, _untrusted
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import report, summary
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._report import files

if TYPE_CHECKING:
    from collections.abc import Callable


class FilterModule:
    """Registers the filters preflight_csv, preflight_json, preflight_judgement and the others of this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return _untrusted.untrusted(
            {
                "preflight_account": report.account_by_host,
                "preflight_csv": report.as_csv,
                "preflight_file_name": _encode.file_name,
                "preflight_html": files.preflight_html,
                "preflight_json": report.as_json,
                "preflight_judgement": report.judgement,
                "preflight_report": report.host_report,
                "preflight_source_images": report.source_images,
                "preflight_summary": summary.lines,
                "preflight_unreachable": report.unreachable,
                "preflight_variables": report.variables,
                "preflight_wave": report.wave,
            }
        )
