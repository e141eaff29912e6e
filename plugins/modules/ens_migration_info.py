#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ens_migration_info
short_description: Get the state of every server of a migration
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Returns the state of a migration that runs or is finished, from any machine that has credentials. It reads the ledger of the
    migration in the bucket, and the lists of SMC, ECS and ENS.
  - It connects to no source server and needs no fingerprints.
  - A server that failed and whose leftover resources were deleted is C(not_started) again, because the services no longer show it.
requirements:
  - aliyun-python-sdk-ecs
  - aliyun-python-sdk-ens
  - aliyun-python-sdk-smc
  - oss2
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
options:
  name:
    description:
      - The name of the migration.
    type: str
    required: true
  bucket:
    description:
      - The OSS bucket of the migration. It contains the ledger.
    type: str
    required: true
  hosts:
    description:
      - The hosts that belong to the migration, as the filter P(edgelift.ens_migration.wave_known#filter) returns them.
      - If unset, only servers that the services show are returned.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description:
          - The inventory name.
        type: str
        required: true
      image_name:
        description:
          - The first part of the image name, if it is not the inventory name.
        type: str
        default: ''
seealso:
  - module: edgelift.ens_migration.ens_migration
"""

EXAMPLES = r"""
- name: Look at a migration
  edgelift.ens_migration.ens_migration_info:
    region: ap-southeast-1
    name: wave_01
    bucket: migration-images
  register: seen

- name: Show the servers that failed
  ansible.builtin.debug:
    msg: "{{ seen.migration.servers | selectattr('status', 'eq', 'failed') }}"
"""

RETURN = r"""
migration:
  description: The migration.
  returned: success
  type: dict
  contains:
    name:
      description: The name of the migration.
      returned: always
      type: str
      sample: wave_01
    wave_id:
      description: The common prefix of the migration ids of all its servers.
      returned: always
      type: str
      sample: el607cb8ded6d203
    time:
      description: The time of the query, by the clock of OSS.
      returned: always
      type: str
      sample: '2026-11-24T08:30:00Z'
    ended:
      description: By which cleanup the migration was ended. Empty if it can continue.
      returned: always
      type: str
      sample: ''
    summary:
      description: The number of servers by status, whether each is migrated, and the estimated end of the last running copy.
      returned: always
      type: dict
      sample:
        servers: 6
        migrated: 3
        synced: 0
        running: 2
        waiting: 0
        failed: 1
        not_started: 0
        finished: false
        copies_end: '2026-11-24T09:10:00Z'
    servers:
      description: The servers, those of O(hosts) first.
      returned: always
      type: list
      elements: dict
      contains:
        host:
          description: The inventory name.
          returned: always
          type: str
          sample: web-01
        status:
          description:
            - C(synced), if its incremental job waits for the cutover.
            - C(migrated), if the ENS image is Available. C(running), if a service works on the server. C(waiting), if the next call of a run is due.
            - C(failed), if a service shows a failure. The next run may repeat the stage. C(not_started), if no service shows the server.
          returned: always
          type: str
          sample: running
        phase:
          description: C(agent), C(transfer), C(export), C(import), C(done), or empty.
          returned: always
          type: str
          sample: transfer
        state:
          description: What the services show.
          returned: always
          type: str
          sample: job j-bp17bclvg344jlyt0000 is Syncing
        progress:
          description: The progress of the copy in percent, while there is one.
          returned: always
          type: float
          sample: 42.5
        started:
          description: When the present phase began.
          returned: always
          type: str
          sample: '2026-11-24T08:00:00Z'
        ends:
          description: When the copy ends, if it continues at its mean rate. Empty if that cannot be estimated.
          returned: always
          type: str
          sample: '2026-11-24T08:40:00Z'
        driven_by:
          description: The process that has claimed the server. Empty if no run drives it.
          returned: always
          type: str
          sample: controller-1 (process 4711) since 2026-11-24T07:58:00Z
        migration_id:
          description: The migration id of the server.
          returned: always
          type: str
          sample: el607cb8ded6d203aa8b68a55c697c
        source_id:
          description: The source in SMC.
          returned: always
          type: str
          sample: s-bp1e2fsl57knvuug0000
        job_id:
          description: The replication job.
          returned: always
          type: str
          sample: j-bp17bclvg344jlyt0000
        image_id:
          description: The ECS image between copy and export.
          returned: always
          type: str
          sample: ''
        ens_image_id:
          description: The ENS image.
          returned: always
          type: str
          sample: ''
    calls:
      description: How often each API action was called.
      returned: always
      type: dict
      sample:
        smc.DescribeReplicationJobs: 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_migration_info
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    spec = auth_spec().merge(ens_migration_info.spec())
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), ens_migration_info.work)


if __name__ == "__main__":
    main()
