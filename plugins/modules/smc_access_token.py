#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_access_token
short_description: Manage activation codes of Server Migration Center
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Creates, replaces and deletes the activation code (access token) with which SMC clients register their servers.
  - SMC returns the code once, when it is created. No call returns it again.
requirements:
  - aliyun-python-sdk-smc
  - oss2
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.stages.part
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: The code is not part of the diff.
  idempotent:
    support: partial
    details: With O(rotate=true) every run creates a new code.
options:
  name:
    description:
      - The name of the activation code. The module manages all codes with exactly this name.
      - Either O(name) or O(migration) is required.
    type: str
  migration:
    description:
      - The full name of the migration that the activation code is for. The name and the description of the code are made from it, so
        that M(edgelift.ens_migration.smc_cleanup) finds the code.
      - A code with the same name whose description names another migration is neither used nor deleted.
    type: str
  state:
    description:
      - V(present) creates a code if there is none with which servers can register.
      - V(absent) disables and deletes every code with this name. Servers that are registered already stay registered.
    type: str
    choices:
      - present
      - absent
    default: present
  description:
    description:
      - A description, 2 to 128 characters, of a code that is created.
      - If unset, the code has none. Cannot be combined with O(migration).
    type: str
  count:
    description:
      - How many servers may register with a code that is made, 1 to 1000.
      - A code that exists is not changed to match. Use O(rotate=true) for that.
    type: int
    default: 100
  ttl_days:
    description:
      - How many days a code that is made can be used, 1 to 90.
      - A code that exists is not changed to match. Use O(rotate=true) for that.
    type: int
    default: 7
  rotate:
    description:
      - Whether to disable and delete a usable code with this name, and make a new one.
      - With V(false) a usable code is kept and returned without RV(access_token.code). One that is expired, disabled or
        used up is replaced anyway.
    type: bool
    default: false
  keep_others:
    description:
      - Whether to keep all other codes with this name. Another run of the migration may be using them, or may have registered servers with
        them and been killed. M(edgelift.ens_migration.smc_cleanup) deletes them.
      - With V(true), O(rotate=true) deletes no code, and O(state=absent) deletes only the code O(id).
    type: bool
    default: false
  id:
    description:
      - The ID of a code to delete with O(state=absent), even if servers can still register with it.
      - Give the code that this run created.
    type: str
seealso:
  - module: edgelift.ens_migration.smc_source_info
"""

EXAMPLES = r"""
- name: Create the activation code of a migration
  edgelift.ens_migration.smc_access_token:
    region: ap-southeast-1
    migration: wave_01
  register: token
  no_log: true

- name: Make an activation code for a wave, keeping it out of the log
  edgelift.ens_migration.smc_access_token:
    region: ap-southeast-1
    name: edgelift-wave-01
  register: token
  no_log: true

- name: Make a new code for ten servers that is valid for one day
  edgelift.ens_migration.smc_access_token:
    region: ap-southeast-1
    name: edgelift-wave-01
    count: 10
    ttl_days: 1
    rotate: true
  register: token
  no_log: true

- name: Make the code useless
  edgelift.ens_migration.smc_access_token:
    region: ap-southeast-1
    name: edgelift-wave-01
    state: absent
"""

RETURN = r"""
access_token:
  description: The activation code. Empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: The id of the code, which the SMC client needs too.
      returned: when it exists
      type: str
      sample: at-bp1akz2zp67r0k6r0000
    code:
      description:
        - The code itself, a secret. Set C(no_log) on the task, or the code is shown on the terminal.
      returned: only when this run has made it
      type: str
      sample: VALUE_SHOWN_ONCE
    name:
      description: Its name.
      returned: when it exists
      type: str
      sample: edgelift-wave-01
    description:
      description: Its description.
      returned: when it exists
      type: str
      sample: First wave
    status:
      description: C(activated), C(unactivated) or C(expired).
      returned: when it exists
      type: str
      sample: activated
    count:
      description: How many servers may register with it.
      returned: when it exists
      type: int
      sample: 100
    registered_count:
      description: How many servers have registered with it.
      returned: when it exists
      type: int
      sample: 3
    ttl_days:
      description: How many days it can be used after it was made.
      returned: when it exists
      type: int
      sample: 7
    creation_time:
      description: When it was made. Empty for a new one that SMC does not list yet.
      returned: when it exists
      type: str
      sample: '2026-11-24T08:00:00Z'
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: smc.CreateAccessToken
    code: InternalError
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 500
    retryable: true
    hint: "The service has a problem: try again later."
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_access_token, taking_part
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import ArgSpec, auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "name": {"type": "str"},
            "migration": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "description": {"type": "str"},
            "count": {"type": "int", "default": limits.DEFAULT_TOKEN_COUNT},
            "ttl_days": {"type": "int", "default": limits.DEFAULT_TOKEN_DAYS},
            "rotate": {"type": "bool", "default": False},
            "keep_others": {"type": "bool", "default": False},
            "id": {"type": "str"},
        },
        mutually_exclusive=[("name", "migration"), ("description", "migration")],
        required_one_of=[("name", "migration")],
    )
    run_module(AnsibleModule(supports_check_mode=True, **auth_spec().merge(taking_part.spec(), own).to_kwargs()), smc_access_token.work)


if __name__ == "__main__":
    main()
