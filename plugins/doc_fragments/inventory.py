# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the inventory plugins share. Each adds the choices of ``plugin`` and the default of ``hostnames``."""

    """The options that the inventory plugins share."""

    DOCUMENTATION = r"""
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
  hostnames:
    description:
      - Fields and tags to take the name of a host from. The first one with a usable value counts. V(tag:KEY) is the value of the tag C(KEY).
      - A host without a usable value is listed under its ID, with a warning. So is a host whose name is that of several hosts, and one whose
        name is V(all), V(ungrouped) or C(localhost).
      - A host that the inventory has already, from another file, gets the variables of this plugin, and keeps its address. A warning names it.
    type: list
    elements: str
  migration:
    description:
      - The name of a migration. If set, only hosts with the tag of this migration are listed.
    type: str
"""
