#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: role_options
short_description: Convert the variables of a role of this collection to their documented types
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Extra variables (C(-e key=value)) and survey answers are text. This action reads the argument spec of a role and returns every documented
    variable in its type, or fails with the name of each variable that cannot be converted.
  - Null and an empty text mean that a variable is not given. It then has the default of the role.
  - A date is its text. A list can be JSON, YAML, or text separated by commas or lines.
  - Every role of this collection begins with it. The playbooks also check the variables of all their roles before anything else.
notes:
  - This is an action. It runs on the controller and connects to no host.
  - Variables that are secret are checked, but not returned.
  - Ansible also validates the argument spec of a role, and refuses an empty text for a number. The playbooks disable that with
    C(rolespec_validate=false), because this action validates the same spec.
extends_documentation_fragment:
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
attributes:
  action_group:
    support: none
    membership: []
    details: It makes no call to the cloud, so it has none of the connection options.
options:
  entry:
    description:
      - The entry point of the role whose variables are read.
    type: str
    default: main
  roles:
    description:
      - Roles of this collection whose variables are checked, as far as they are given. Nothing is returned.
      - If unset, the variables of the role that contains the task are returned.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Check the variables before the first server is touched
  edgelift.ens_migration.role_options:
    roles:
      - preflight
      - migration
"""

RETURN = r"""
options:
  description: The variables by name, without the name of the role.
  returned: if O(roles) is unset
  type: dict
  sample: {"wait_timeout": 900, "state": "absent"}
"""
