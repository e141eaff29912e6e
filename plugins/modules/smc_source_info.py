#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_source_info
short_description: Get information about the sources of Server Migration Center
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Returns the source servers that are registered in SMC, with the data that their clients reported.
  - A source must match all given options. Without options, all sources are returned.
requirements:
  - aliyun-python-sdk-smc
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
options:
  source_ids:
    description:
      - The ids of the sources. An empty list matches none.
      - If unset, sources are not chosen by id.
    type: list
    elements: str
  name:
    description:
      - The exact name of the sources. Names are not unique.
      - If unset, sources are not chosen by name.
    type: str
  state:
    description:
      - The state of the sources.
      - If unset, sources in any state are returned.
    type: str
    choices:
      - Unavailable
      - Available
      - InUse
      - Deleting
  migration:
    description:
      - The name of a migration. The result then has RV(codes). It does not choose sources.
      - If unset, activation codes are not listed.
    type: str
seealso:
  - module: edgelift.ens_migration.smc_source
"""

EXAMPLES = r"""
- name: Look up all sources
  edgelift.ens_migration.smc_source_info:
    region: ap-southeast-1
  register: registered

- name: Wait until a server is registered and online
  edgelift.ens_migration.smc_source_info:
    region: ap-southeast-1
    source_ids:
      - s-bp1e2fsl57knvuug0000
  register: registered
  until: registered.sources | map(attribute='state') | list == ['Available']
  retries: 20
  delay: 15
"""

RETURN = r"""
sources:
  description: The sources.
  returned: success
  type: list
  elements: dict
  contains:
    source_id:
      description: The id of the source.
      returned: always
      type: str
      sample: s-bp1e2fsl57knvuug0000
    name:
      description: Its name. Names are not unique.
      returned: always
      type: str
      sample: web-01
    description:
      description: Its description.
      returned: always
      type: str
      sample: Web server
    state:
      description: C(Unavailable), C(Available), C(InUse) or C(Deleting).
      returned: always
      type: str
      sample: Available
    state_info:
      description: Why it is C(Unavailable), in the words of SMC.
      returned: always
      type: str
      sample: ''
    error_code:
      description: The error code of an C(Unavailable) source.
      returned: always
      type: str
      sample: ''
    job_id:
      description: Its last replication job.
      returned: always
      type: str
      sample: j-bp17bclvg344jlyt0000
    platform:
      description: The distribution.
      returned: always
      type: str
      sample: Ubuntu
    architecture:
      description: The architecture.
      returned: always
      type: str
      sample: x86_64
    agent_version:
      description: The version of the SMC client.
      returned: always
      type: str
      sample: 2.8.5
    replication_driver:
      description: The replication driver.
      returned: always
      type: str
      sample: SMT
    system_disk_size:
      description: The size of the system disk in GiB.
      returned: always
      type: int
      sample: 20
    creation_time:
      description: When it registered.
      returned: always
      type: str
      sample: '2026-11-24T08:00:00Z'
    hostname:
      description: The host name that the SMC client has reported.
      returned: always
      type: str
      sample: web-01
    ipv4:
      description: The address that the SMC client has reported.
      returned: always
      type: str
      sample: 192.0.2.10
    system_info:
      description: All that the SMC client has reported.
      returned: always
      type: dict
      sample:
        hostname: web-01
        ipv4: 192.0.2.10
        cores: '2'
    data_disks:
      description: The data disks.
      returned: always
      type: list
      elements: dict
      sample:
        - index: 1
          path: /mnt/data
          size: 40
    tags:
      description: The tags.
      returned: always
      type: dict
      sample: {'edgelift:wave': wave_01}
missing:
  description: Those of O(source_ids) for which no source is returned.
  returned: success
  type: list
  elements: str
  sample: []
codes:
  description: The activation codes of O(migration) with which at least one server has registered. SMC does not show which one registered a source.
  returned: success, if O(migration) is set
  type: list
  elements: dict
  contains:
    id:
      description: The id of the code.
      returned: always
      type: str
      sample: at-bp1a2b3c4d5e6f7g8h9i
    creation_time:
      description: When it was created.
      returned: always
      type: str
      sample: '2026-11-24T08:00:00Z'
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: smc.DescribeSourceServers
    code: Forbidden.Unauthorized
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 403
    retryable: false
    hint: "Grant the RAM user AliyunSMCFullAccess; for ENS AliyunENSFullAccess."
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_source_info
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import ArgSpec, auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "source_ids": {"type": "list", "elements": "str"},
            "name": {"type": "str"},
            "migration": {"type": "str"},
            "state": {"type": "str", "choices": ["Unavailable", "Available", "InUse", "Deleting"]},
        }
    )
    run_module(AnsibleModule(supports_check_mode=True, **auth_spec().merge(own).to_kwargs()), smc_source_info.work)


if __name__ == "__main__":
    main()
