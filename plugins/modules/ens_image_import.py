#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ens_image_import
short_description: Import an ENS image from OSS
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Imports the exported disks of a server as one ENS image, and waits until it is Available.
  - An existing image is accepted only if its name contains the migration ID and its disks are those of the server. Any other
    image is an error, because a name proves nothing.
  - ImportImage has no idempotency token. The module announces the call in the ledger of the migration first, so that an import whose answer was
    lost is found instead of repeated.
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.alicloud.clients
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.server
  - edgelift.ens_migration.stages.bucket
  - edgelift.ens_migration.stages.verify
  - edgelift.ens_migration.stages.import_
  - edgelift.ens_migration.stages.regions
  - edgelift.ens_migration.stages.restart
  - edgelift.ens_migration.wait
attributes:
  check_mode:
    support: full
    details: Reports whether an import would be requested.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  objects:
    description:
      - The keys of the exported objects, the system disk first, then the data disks by index.
      - If empty, the image must exist already.
    type: list
    elements: str
    default: []
  wait_timeout:
    default: 14400
  poll_interval:
    default: 15.0
seealso:
  - module: edgelift.ens_migration.ecs_image_export
  - module: edgelift.ens_migration.ens_image_info
"""

EXAMPLES = r"""
- name: Import the image of a server
  edgelift.ens_migration.ens_image_import:
    region: ap-southeast-1
    name: wave_01
    host: web-01
    source_id: s-bp1e2fsl57knvuug0000
    bucket: migration-images
    objects: "{{ exported.export.objects | map(attribute='key') }}"
  delegate_to: localhost
  register: imported

- name: Show the image
  ansible.builtin.debug:
    msg: "{{ imported.image.image_id }}"
"""

RETURN = r"""
image:
  description: The ENS image.
  returned: always
  type: dict
  contains:
    migration_id:
      description: The migration id of the server. The name of every resource of the server contains it.
      returned: always
      type: str
      sample: el607cb8ded6d203aa8b68a55c697c
    image_id:
      description: The id of the image. Empty in check mode when there is none yet.
      returned: always
      type: str
      sample: m-5wn1dh0000000000
    image_name:
      description: The name of the image.
      returned: always
      type: str
      sample: web-01-el607cb8ded6d203aa8b68a55c697c
    status:
      description: The status of the image.
      returned: always
      type: str
      sample: Available
    state:
      description: The last state seen, as text.
      returned: always
      type: str
      sample: ENS image m-5wn1dh0000000000 is Uploading
    warnings:
      description: What ENS reports otherwise of the image than expected, such as the sizes of its disks.
      returned: always
      type: list
      elements: str
      sample: []
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: ens.ImportImage
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
  sample: done
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_image_import, options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import (
    ArgSpec,
    auth_spec,
    wait_spec,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits


def main() -> None:
    own = ArgSpec(argument_spec={"objects": {"type": "list", "elements": "str", "default": []}})
    spec = auth_spec().merge(
        wait_spec(limits.STAGE_TIMEOUT, limits.STAGE_POLL_INTERVAL),
        options.identity_spec(),
        options.regions_spec(),
        options.restart_spec(),
        options.bucket_spec(),
        options.verify_spec(),
        options.import_spec(),
        own,
    )
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), ens_image_import.work)


if __name__ == "__main__":
    main()
