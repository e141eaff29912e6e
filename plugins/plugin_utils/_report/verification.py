# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.
"""What the role verify has recorded of a server, as a report shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from . import words

_CHECKS: Final = 200
"""So many checks of one server are shown."""


def shown(result: Any) -> dict[str, Any]:
    """Return the verdict, the reasons and the checks with their evidence; {} for a server that was not verified."""
    if not isinstance(result, Mapping) or not result:
        return {}
    checks = [item for item in result.get("checks") or [] if isinstance(item, Mapping)]
    return {
        "verified": result.get("verdict") == "verified",
        "reasons": [words.text(item) for item in _listed(result.get("reasons"))],
        "checks": [
            {
                "name": words.text(item.get("name") or words.UNKNOWN, 200),
                "passed": item.get("ok") is True,
                "evidence": words.text(f"expected: {item.get('expected', '')}; seen: {item.get('seen', '')}"),
            }
            for item in checks[:_CHECKS]
        ],
        "more": max(0, len(checks) - _CHECKS),
    }


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value] if value else []
