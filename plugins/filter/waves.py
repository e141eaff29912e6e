# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that plan waves; what they do is in plugin_utils/_waves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _untrusted
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._waves import plan, steps

if TYPE_CHECKING:
    from collections.abc import Callable


class FilterModule:
    """Registers the filters plan_waves, plan_waves_text, waves_of_run, waves_results and waves_next."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return _untrusted.untrusted(
            {
                "plan_waves": plan.plan_waves,
                "plan_waves_text": plan.text,
                "waves_of_run": steps.plan,
                "waves_results": steps.results,
                "waves_next": steps.next_step,
            }
        )
