# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.smc_cleanup: runs the module and shows its progress."""

from __future__ import annotations

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._progress import WithProgress


class ActionModule(WithProgress):
    """Runs the module on the controller and shows its progress line by line."""
