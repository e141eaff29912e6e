# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What check mode, diff mode and repetition mean: the words are the same for all modules, the support is not."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status without modifying anything.
  diff_mode:
    description: Will return details on what has changed (or would change in C(check_mode)), when in diff mode.
  idempotent:
    description: When run twice in a row outside check mode with the same arguments, the second run changes nothing.
  action_group:
    description: Use C(group/edgelift.ens_migration.alicloud) in C(module_defaults) to set the connection options once.
    support: full
    membership:
      - edgelift.ens_migration.alicloud
"""

    # Ansible keeps the first value of a key, so a module lists this one before "attributes".
    SOURCE_ONLY = r"""
options: {}
attributes:
  action_group:
    support: none
    membership: []
    details: It talks to the source server only, so it has none of the connection options of the cloud.
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: This module changes nothing.
  diff_mode:
    support: N/A
    details: This module changes nothing.
  idempotent:
    support: full
    details: This module changes nothing.
"""
