# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the variables and the probe of a host say for a plan (pure): bytes to copy, lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Facts = Mapping[str, Any]

WAVE_GROUP: Final = "wave_"
"""What the names of the groups begin with that are waves."""


def listed(value: Any) -> tuple[str, ...]:
    """Return a variable that is a list, or a text with commas, as texts."""
    if isinstance(value, str):
        value = value.split(",")
    return tuple(text for item in value or () if (text := str(item).strip()))
