#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ens_account_info
short_description: Check an Alibaba Cloud account for problems that would block a migration
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Checks the account with read-only calls (but see O(prove_bucket)) for problems that would block a wave. It checks balance, real-name verification,
    roles, quotas, bucket, region and format, image names, and the source images of ECS instances.
  - The findings have the same form as those of M(edgelift.ens_migration.source_probe). If a call is rejected, or no API returns
    the information, the finding is a note.
  - Only invalid credentials are an error, unless O(strict) is set.
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.alicloud.clients
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
  - edgelift.ens_migration.server.servers
  - edgelift.ens_migration.stages.bucket
  - edgelift.ens_migration.stages.own_network
  - edgelift.ens_migration.stages.regions
  - edgelift.ens_migration.stages.restart
options:
  name:
    description:
      - The name of the migration.
    type: str
    required: true
  servers:
    required: true
  source_images:
    description:
      - The ID of the source image of each server that is an ECS instance, by host name. If the ID is empty, the image is
        unknown.
      - If unset, no server is an ECS instance.
    type: dict
  strict:
    description:
      - Whether an unusable region, format, name, network or bucket is an error instead of a finding.
    type: bool
    default: false
  prove_bucket:
    description:
      - Whether to prove that the bucket gives back what it takes. The module appends one small object to C(edgelift/) in the bucket and
        deletes it again. Nothing else shows a policy that denies deletions.
      - In check mode, the object is not written, and a note reports it. The module does nothing else that is no read.
    type: bool
    default: false
seealso:
  - module: edgelift.ens_migration.source_probe
  - module: edgelift.ens_migration.ens_migration
"""

EXAMPLES = r"""
- name: Check the account
  edgelift.ens_migration.ens_account_info:
    region: ap-southeast-1
    name: wave_01
    bucket: migration-images
    servers: "{{ ansible_play_hosts | edgelift.ens_migration.wave_servers(hostvars) }}"
  delegate_to: localhost
  run_once: true
  register: account

- name: Show the summary
  ansible.builtin.debug:
    var: account.summary
"""

RETURN = r"""
verdict:
  description: V(clear), or V(blocked) if a finding about the whole wave is a blocker.
  returned: success
  type: str
  sample: blocked
findings:
  description:
    - The findings about the whole wave, blockers first, in the form of M(edgelift.ens_migration.source_probe).
  returned: success
  type: list
  elements: dict
  sample:
    - id: export-role-missing
      number: 22
      severity: blocker
      evidence: the account has no role AliyunECSImageExportDefaultRole
      why: >-
        ECS exports images only with this role. Without it, ECS rejects the export after the copy has been billed.
      fix: Create the role AliyunECSImageExportDefaultRole for ecs.aliyuncs.com with the policy AliyunECSImageExportRolePolicy.
      source: 'ECS ExportImage: NoSetRoletoECSServiceAcount'
      remediation: ''
reasons:
  description: One sentence for each blocker.
  returned: success
  type: list
  elements: str
  sample: []
summary:
  description: One paragraph for each finding, as text.
  returned: success
  type: list
  elements: str
  sample: []
servers:
  description:
    - The state of every server, as M(edgelift.ens_migration.ens_migration) returns it with O(edgelift.ens_migration.ens_migration#module:state=checked),
      and the findings about this server.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The host.
      returned: always
      type: str
      sample: web-01
    verdict:
      description: V(clear), V(blocked), or V(migrated) if its image exists already. Empty if ENS rejected the query.
      returned: always
      type: str
      sample: clear
    reasons:
      description: Why it is blocked.
      returned: always
      type: list
      elements: str
      sample: []
    findings:
      description: The findings, in the same form.
      returned: always
      type: list
      elements: dict
      sample: []
account:
  description: The answers. Each has C(value), or C(problem) and C(code) if the service rejected the call.
  returned: success
  type: dict
  sample:
    id: '1234567890123456'
    region: ap-southeast-1
    vpcs:
      value: 3
      problem:
      code:
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: sts.GetCallerIdentity
    code: InvalidAccessKeyId.NotFound
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 404
    retryable: false
    hint: Check the access key id.
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_account_info, options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import ArgSpec, auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "name": {"type": "str", "required": True},
            "source_images": {"type": "dict"},
            "strict": {"type": "bool", "default": False},
            "prove_bucket": {"type": "bool", "default": False},
        }
    )
    shared = (options.regions_spec(), options.restart_spec(), options.bucket_spec(), options.own_network_spec())
    spec = auth_spec().merge(options.servers_spec(required=True), *shared, own)
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), ens_account_info.look)


if __name__ == "__main__":
    main()
