#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ens_canary
short_description: Prove with small images how ENS imports in an account
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Makes small images on the controller, puts them into the bucket, imports each into ENS in the forms that the documents of
    Alibaba Cloud leave open, and deletes everything. It needs no source server and does not use SMC.
  - The result is a contract with an answer and the evidence for each question. M(edgelift.ens_migration.ens_migration) and the
    other modules take it as O(edgelift.ens_migration.ens_migration#module:contract).
  - It also appends to one object over eight connections at once, and at an old position after a deletion. The ledger of a migration
    needs that exactly one of them succeeds.
  - The images are written without C(qemu-img).
  - What is made carries the migration ID of O(name). A canary that was interrupted is removed by the next one of the same name, and by
    M(edgelift.ens_migration.smc_cleanup).
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.alicloud.clients
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.stages.regions
attributes:
  check_mode:
    support: full
    details: Lists the calls and makes none.
  diff_mode:
    support: none
  idempotent:
    support: none
options:
  name:
    description:
      - The name of the canary. Use no name of a migration.
    type: str
    required: true
  bucket:
    description:
      - The OSS bucket of the migrations, in the same O(region).
    type: str
    required: true
  state:
    description:
      - With V(present), the canary runs.
      - With V(absent), only what interrupted canaries of this O(name) have left is deleted.
      - With V(planned), no call is made. The result lists the calls and the worst case of the costs.
    type: str
    default: present
    choices:
      - present
      - absent
      - planned
  progress_file:
    description:
      - A file to which the module appends a line for everything that it waits for.
      - If unset, and the task runs on the controller, the lines are shown while the task runs.
    type: path
  wait_timeout:
    description:
      - Seconds to wait for one round of imports, and for the deletion of the images. There are at most two rounds.
    type: int
    default: 1800
  poll_interval:
    description:
      - Seconds between two queries, at most 30.
    type: float
    default: 5.0
seealso:
  - module: edgelift.ens_migration.ens_account_info
  - module: edgelift.ens_migration.ens_image_import
"""

EXAMPLES = r"""
- name: Prove the account
  edgelift.ens_migration.ens_canary:
    region: ap-southeast-1
    name: canary
    bucket: migration-images
  delegate_to: localhost
  register: proved

- name: Write the contract
  ansible.builtin.copy:
    content: "{{ proved.canary.contract | to_nice_yaml }}"
    dest: contract.yml
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
canary:
  description: The result of the canary.
  returned: always
  type: dict
  contains:
    plan:
      description: The calls, and the most that stays billed if nothing is deleted before the end.
      returned: always
      type: dict
      sample:
        calls:
          - 'oss.PutObject: a disk of 1 GiB as qcow2, raw.tar.gz, vhd, raw'
        worst_case:
          oss_gib: 2
          ens_gib: 31
          hours: 1.5
          gib_hours: 50
    contract:
      description: The contract. Empty in check mode and for O(state=absent) and O(state=planned).
      returned: always
      type: dict
      sample:
        version: 1
        written: '2026-11-29T12:00:00Z'
        account: '1234567890123456'
        region: ap-southeast-1
        bucket: migration-images
        questions:
          oss_region:
            answer: given
            evidence:
              - action: ens.ImportImage
                code: OK
                request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
                time: '2026-11-29T12:01:00Z'
                seen: canary-qcow2-object, image m-5wn1dh0000000000 Available
    problem:
      description:
        - Why the contract does not say that a wave can be imported. Empty if ENS has imported at least one form, in check mode, and for
          O(state=absent) and O(state=planned).
      returned: always
      type: str
      sample: ''
    deleted:
      description: What was deleted, each with the call that no longer shows it.
      returned: always
      type: list
      elements: dict
      sample:
        - kind: ens_image
          id: m-5wn1dh0000000000
          proof: ens.DescribeSelfImages
    left:
      description: What could not be deleted, each with the reason. Run the module again with O(state=absent).
      returned: always
      type: list
      elements: dict
      sample: []
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: ens.DescribeSelfImages
    code: NoPermission
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 400
    retryable: false
    hint: Grant the RAM user the permission.
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_canary, options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    spec = auth_spec().merge(options.regions_spec(), ens_canary.spec())
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), ens_canary.work)


if __name__ == "__main__":
    main()
