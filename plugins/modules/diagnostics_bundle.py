#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnostics_bundle
short_description: Write an archive with diagnostics of a migration for support
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Writes a C(tar.gz) archive of at most 5 MB on the controller. It contains the versions of the software, the state of the migration, files that you
    name, and the client logs that M(edgelift.ens_migration.smc_agent_log) has read on the hosts. C(contents.json) lists them.
  - Secrets are replaced by C(***) before anything is written. These are the values of variables, environment variables and profiles of the Alibaba Cloud
    command line whose names say that they are secret, also as URLs, JSON and base64 write them. These are also access keys, tokens,
    signed URLs, authorization headers and private keys in any text.
  - Host names, addresses, and IDs of resources are not removed. Read the archive before you send it.
notes:
  - This is an action. It runs on the controller and connects to no host.
  - If the archive would be too large, later members are left out. O(files) come before the logs.
extends_documentation_fragment:
  - edgelift.ens_migration.attributes
attributes:
  action_group:
    support: none
    membership: []
    details: It makes no call to the cloud, so it has none of the connection options.
  check_mode:
    support: full
    details: Builds the archive and does not write it.
  diff_mode:
    support: none
    details: The archive is no text.
  idempotent:
    support: none
    details: It replaces the archive.
options:
  dest:
    description: The archive. A missing folder is created.
    type: path
    required: true
  hosts:
    description: The hosts whose client logs are included. The result of M(edgelift.ens_migration.smc_agent_log) is their variable C(__diagnostics_log).
    type: list
    elements: str
    default: []
  state:
    description: The registered result of M(edgelift.ens_migration.ens_migration_info), also if it failed.
    type: dict
    default: {}
  files:
    description: Text files on the controller, such as receipt and plan. Of a file of more than 20 MB, the last part is included.
    type: list
    elements: path
    default: []
seealso:
  - module: edgelift.ens_migration.smc_agent_log
  - module: edgelift.ens_migration.ens_migration_info
"""

EXAMPLES = r"""
- name: Write the archive
  edgelift.ens_migration.diagnostics_bundle:
    dest: diagnostics.tar.gz
    hosts: "{{ ansible_play_hosts_all }}"
    files:
      - receipt.json
  run_once: true
"""

RETURN = r"""
dest:
  description: The archive.
  returned: success
  type: str
  sample: diagnostics.tar.gz
size:
  description: Its size in bytes.
  returned: success
  type: int
  sample: 48213
members:
  description: The number of texts that were considered.
  returned: success
  type: int
  sample: 7
left:
  description: What is not in the archive, with the reason.
  returned: success
  type: list
  elements: str
  sample:
    - 'files/2-plan.json: cannot be read: No such file or directory'
"""
