#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_export_digest
short_description: Compute the digests of exported disks in OSS
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Reads the exported objects of a migration from OSS, and returns the digest of the disk in each of them.
  - The digest covers the blocks of the disk that are not zero. It does not depend on the format or the compression of
    the object. The role P(edgelift.ens_migration.report#role) defines it.
  - Each object is read once, in pieces of at most 4 MiB. Nothing is stored. Outside of Alibaba Cloud, OSS bills the traffic.
  - An object that was replaced after its export, or while it is read, has no digest.
requirements:
  - oss2
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
options:
  bucket:
    description:
      - The bucket of the objects.
    type: str
    required: true
  resources:
    description:
      - The RV(edgelift.ens_migration.ens_migration#module:migration.resources) of a run.
      - Resources other than objects in O(bucket) are ignored.
    type: list
    elements: dict
    required: true
  hosts:
    description:
      - The hosts whose objects are read.
    type: list
    elements: str
    required: true
  parallel_calls:
    description:
      - How many objects are read at once. Each needs about 20 MiB of memory.
    type: int
    default: 4
  wait_timeout:
    description:
      - After so many seconds, no more is read. The objects that are left have a RV(digests[].problem).
    type: int
    default: 14400
seealso:
  - module: edgelift.ens_migration.ens_migration
"""

EXAMPLES = r"""
- name: Compute the digests of the migrated servers
  edgelift.ens_migration.ecs_export_digest:
    region: ap-southeast-1
    bucket: migration-images
    resources: "{{ migration_run.migration.resources }}"
    hosts:
      - web-01
  register: digests
"""

RETURN = r"""
digests:
  description: One element for each object, by host and disk.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The host of the server.
      returned: always
      type: str
      sample: web-01
    index:
      description: The disk, 0 is the system disk.
      returned: always
      type: int
      sample: 0
    object:
      description: The bucket and the key of the object.
      returned: always
      type: str
      sample: migration-images/el607cb8ded6d203aa8b68a55c697c_m-bp1_system.qcow2
    problem:
      description: Why there is no digest, or empty.
      returned: always
      type: str
      sample: ''
    format:
      description: What the object is, C(qcow2), C(raw.tar.gz), C(raw.tar) or C(raw).
      returned: if the object was read
      type: str
      sample: qcow2
    bytes:
      description: The size of the disk.
      returned: if the object was read
      type: int
      sample: 21474836480
    algorithm:
      description: The name of the definition of the digest.
      returned: if the object was read
      type: str
      sample: blocks-1
    sha256:
      description: The digest of the disk.
      returned: if the object was read
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    ranges:
      description: The digest of each 256 MiB of the disk that are not zero, by their number. 0 begins at the offset 0.
      returned: if the object was read
      type: dict
      sample:
        '0': 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: oss.GetObject
    code: AccessDenied
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 403
    retryable: false
    hint: "Grant the RAM user oss:GetObject on the bucket."
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ecs_export_digest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import ArgSpec, auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "bucket": {"type": "str", "required": True},
            "resources": {"type": "list", "elements": "dict", "required": True},
            "hosts": {"type": "list", "elements": "str", "required": True},
            "parallel_calls": {"type": "int", "default": 4},
            "wait_timeout": {"type": "int", "default": limits.STAGE_TIMEOUT},
        }
    )
    run_module(AnsibleModule(supports_check_mode=True, **auth_spec().merge(own).to_kwargs()), ecs_export_digest.work)


if __name__ == "__main__":
    main()
