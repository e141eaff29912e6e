#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_agent_log
short_description: Get the end of the logs of the SMC client of a source server
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Returns the last 300 lines of at most six log files of the SMC client. The source needs no Python.
  - Activation codes, access keys, signed URLs, and the values of variables and environment variables whose names say that they are secret are replaced
    by C(***). A line of more than 1,000 characters is left out.
notes:
  - This is an action. What is documented here runs on the controller, over the connection of the task.
  - It needs root on the source.
extends_documentation_fragment:
  - edgelift.ens_migration.answers
  - edgelift.ens_migration.attributes.source_only
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
options:
  install_dir:
    description: The folder in which the SMC client is installed.
    type: str
    default: /smc
seealso:
  - module: edgelift.ens_migration.smc_agent
  - module: edgelift.ens_migration.diagnostics_bundle
"""

EXAMPLES = r"""
- name: Read the end of the client logs
  edgelift.ens_migration.smc_agent_log:
  become: true
  register: logs
"""

RETURN = r"""
logs:
  description: The log files with their last lines. The list is empty if the host has no client.
  returned: success
  type: list
  elements: dict
  sample:
    - path: /smc/.edgelift/console.log
      lines:
        - Import Source Server [s-bp1e2fsl57knvuug0000] Successfully!
"""
