# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of the fault scenarios: a function for each file of ``sandbox/scenarios``, in one file for each topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Check = Callable[[Any], None]


class Checks(dict[str, Check]):
    """Checks by the name of their scenario file, without its ending."""

    def shows(self, stem: str) -> Callable[[Check], Check]:
        """Register what a scenario file must show at the wire."""

        def keep(check: Check) -> Check:
            self[stem] = check
            return check

        return keep
