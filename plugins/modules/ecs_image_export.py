#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_image_export
short_description: Export an ECS image to OSS
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Exports the ECS image of a replication job to OSS, one object per disk, and verifies every object. It must exist, be complete,
    and have the right format and the size of the disk.
  - ExportImage has no idempotency token. The module announces the call in the ledger of the migration first, so that an export whose answer was
    lost is found instead of repeated.
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.alicloud.clients
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.server
  - edgelift.ens_migration.stages.bucket
  - edgelift.ens_migration.stages.verify
  - edgelift.ens_migration.stages.regions
  - edgelift.ens_migration.stages.restart
  - edgelift.ens_migration.stages.export
  - edgelift.ens_migration.wait
attributes:
  check_mode:
    support: full
    details: Reports whether an export would be requested.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  image_id:
    description:
      - The ECS image.
    type: str
    required: true
  wait_timeout:
    default: 14400
  poll_interval:
    default: 15.0
seealso:
  - module: edgelift.ens_migration.smc_transfer
  - module: edgelift.ens_migration.ens_image_import
"""

EXAMPLES = r"""
- name: Export the image of a server
  edgelift.ens_migration.ecs_image_export:
    region: ap-southeast-1
    name: wave_01
    host: web-01
    source_id: s-bp1e2fsl57knvuug0000
    image_id: m-t4n1dh0000000000
    bucket: migration-images
  delegate_to: localhost
  register: exported

- name: Show the objects
  ansible.builtin.debug:
    msg: "{{ exported.export.objects | map(attribute='key') }}"
"""

RETURN = r"""
export:
  description: The export.
  returned: always
  type: dict
  contains:
    migration_id:
      description: The migration id of the server. The name of every resource of the server contains it.
      returned: always
      type: str
      sample: el607cb8ded6d203aa8b68a55c697c
    image_id:
      description: The ECS image.
      returned: always
      type: str
      sample: m-t4n1dh0000000000
    task_id:
      description: The export task. Empty in check mode when there is none yet.
      returned: always
      type: str
      sample: t-t4n1dh0000000000
    status:
      description: The status of the task.
      returned: always
      type: str
      sample: Finished
    objects:
      description: The objects in the order of the disks, sizes in bytes. The virtual size of raw archives is not known.
      returned: always
      type: list
      elements: dict
      sample:
        - index: 0
          bucket: migration-images
          key: el607cb8ded6d203aa8b68a55c697c_m-t4n1dh0000000000_system.qcow2
          size: 31457280
          virtual_size: 21474836480
    state:
      description: The last state seen, as text.
      returned: always
      type: str
      sample: export task t-t4n1dh0000000000 is Processing
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: ecs.ExportImage
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
  sample: export
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ecs_image_export, options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import (
    ArgSpec,
    auth_spec,
    wait_spec,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits


def main() -> None:
    own = ArgSpec(argument_spec={"image_id": {"type": "str", "required": True}})
    spec = auth_spec().merge(
        wait_spec(limits.STAGE_TIMEOUT, limits.STAGE_POLL_INTERVAL),
        options.identity_spec(),
        options.regions_spec(),
        options.restart_spec(),
        options.bucket_spec(),
        options.verify_spec(),
        options.export_spec(),
        own,
    )
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), ecs_image_export.work)


if __name__ == "__main__":
    main()
