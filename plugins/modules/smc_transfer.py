#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_transfer
short_description: Copy a server to an ECS image with SMC
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Creates the replication job of one registered source, starts it, and waits until its ECS image exists.
  - An existing job of this migration is continued. A failed job is started again if a retry can help, and created again
    if its intermediate instance no longer exists.
  - The intermediate instance of a running or failed job is billed. M(edgelift.ens_migration.smc_cleanup) deletes both.
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.alicloud.clients
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.server
  - edgelift.ens_migration.stages.own_network
  - edgelift.ens_migration.stages.regions
  - edgelift.ens_migration.stages.restart
  - edgelift.ens_migration.stages.transfer
  - edgelift.ens_migration.wait
attributes:
  check_mode:
    support: full
    details: Reports whether a step would be made now.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  source_id:
    required: true
  bucket:
    description:
      - The OSS bucket of the migration, in the same O(region). It contains the ledger of the migration.
    type: str
    required: true
  wait_timeout:
    default: 14400
  poll_interval:
    default: 15.0
seealso:
  - module: edgelift.ens_migration.smc_transfer_info
  - module: edgelift.ens_migration.ecs_image_export
"""

EXAMPLES = r"""
- name: Copy a server into an ECS image
  edgelift.ens_migration.smc_transfer:
    region: ap-southeast-1
    name: wave_01
    host: web-01
    source_id: s-bp1e2fsl57knvuug0000
    bucket: migration-images
  delegate_to: localhost

- name: Start the copy without waiting
  edgelift.ens_migration.smc_transfer:
    region: ap-southeast-1
    name: wave_01
    host: web-01
    source_id: s-bp1e2fsl57knvuug0000
    bucket: migration-images
    wait: false
  delegate_to: localhost
  register: started

- name: Show the state of the job
  edgelift.ens_migration.smc_transfer_info:
    region: ap-southeast-1
    job_ids:
      - "{{ started.transfer.job_id }}"
  delegate_to: localhost
"""

RETURN = r"""
transfer:
  description: The replication job.
  returned: always
  type: dict
  contains:
    migration_id:
      description: The migration id of the server. The name of every resource of the server contains it.
      returned: always
      type: str
      sample: el607cb8ded6d203aa8b68a55c697c
    job_id:
      description: The id of the job. Empty in check mode when there is none yet.
      returned: always
      type: str
      sample: j-bp17bclvg344jlyt0000
    name:
      description: The name of the job.
      returned: always
      type: str
      sample: web-01-el607cb8ded6d203aa8b68a55c697c
    source_id:
      description: The id of the source.
      returned: always
      type: str
      sample: s-bp1e2fsl57knvuug0000
    status:
      description: The status of the job.
      returned: always
      type: str
      sample: Finished
    business_status:
      description: The current step of a running job.
      returned: always
      type: str
      sample: Syncing
    progress:
      description: Percent.
      returned: always
      type: float
      sample: 100.0
    instance_id:
      description: The intermediate instance of the job, while SMC names it.
      returned: always
      type: str
      sample: i-t4n1dh0000000000
    image_id:
      description: The ECS image. Empty until the job is finished.
      returned: always
      type: str
      sample: m-t4n1dh0000000000
    image_name:
      description: The name of the ECS image, and later of the ENS image.
      returned: always
      type: str
      sample: web-01-el607cb8ded6d203aa8b68a55c697c
    state:
      description: The last state seen, as text.
      returned: always
      type: str
      sample: job j-bp17bclvg344jlyt0000 is Syncing
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: smc.CreateReplicationJob
    code: Throttling.User
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 400
    retryable: true
    hint: Run the task again later.
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
resources:
  description: What this run has seen of the migration.
  returned: always
  type: list
  elements: dict
  sample:
    - kind: smc_job
      id: j-bp17bclvg344jlyt0000
      host: web-01
      created: '2026-11-24T08:00:00Z'
      deleted: ''
      proof: ''
phase:
  description: The stage that was reached.
  returned: success
  type: str
  sample: transfer
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import options, smc_transfer
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import (
    ArgSpec,
    auth_spec,
    wait_spec,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits


def main() -> None:
    spec = auth_spec().merge(
        wait_spec(limits.STAGE_TIMEOUT, limits.STAGE_POLL_INTERVAL),
        options.identity_spec(),
        options.regions_spec(),
        options.restart_spec(),
        options.own_network_spec(),
        options.transfer_spec(),
        ArgSpec(argument_spec={name: {"type": "str", "required": True} for name in ("source_id", "bucket")}),
    )
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), smc_transfer.work)


if __name__ == "__main__":
    main()
