#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_cleanup
short_description: Delete the leftover resources of a migration and verify the deletion
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Finds the leftover resources of a migration in the account, deletes them, and verifies each deletion with a describe call.
    Leftover resources are replication jobs, intermediate instances, ECS images and their snapshots, exported objects and upload
    parts, ENS images whose import failed, sources, the activation code and the shared network.
  - Only resources with the migration ID, and resources that belong to them, are deleted. Available ENS images are the result
    and are never deleted.
  - ENS instances with the policy V(release) of M(edgelift.ens_migration.ens_instance) are released. Those with V(manual) or V(keep)
    stay, and RV(cleanup.kept) lists them.
  - The module needs only credentials, the region, the name of the migration and the bucket, so it works after a crash and from any controller.
requirements:
  - aliyun-python-sdk-ecs
  - aliyun-python-sdk-ens
  - aliyun-python-sdk-smc
  - aliyun-python-sdk-vpc
  - oss2
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.server.servers
  - edgelift.ens_migration.stages.calls
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - The name of the migration.
    type: str
    required: true
  state:
    description:
      - V(absent) deletes the leftover resources.
      - V(reported) only lists them.
    type: str
    default: absent
    choices:
      - absent
      - reported
  bucket:
    description:
      - The OSS bucket through which the images went.
    type: str
    required: true
  scope:
    description:
      - V(migration) covers all servers of the migration, and what they share.
      - V(servers) covers only the O(servers) given. The activation codes and the shared network are deleted with the last
        servers of the migration, and stay before. A code with which another run may be registering servers stays for 30 minutes.
    type: str
    default: migration
    choices:
      - migration
      - servers
  servers:
    description:
      - The servers, as the filter P(edgelift.ens_migration.wave_servers#filter) returns them.
      - If unset, the module finds the resources by name. The result then names no hosts, and sources without a job are not
        found.
  delete_sources:
    description:
      - Whether to delete the sources of the servers in SMC too. Sources cost nothing, but count towards a quota.
    type: bool
    default: true
  rejected_images:
    description:
      - IDs of ENS images that are Available and not usable, such as those of servers whose verification has failed. Without their ID,
        Available images always stay.
      - An image is deleted only if it is proven that this migration has made it. Its replication job must still exist, or O(resources) must list it.
    type: list
    elements: str
    default: []
  unsettled:
    description:
      - Inventory names of hosts of the migration whose cloud work stays, such as hosts that cannot be reached.
      - The result lists what of it is billed meanwhile.
    type: list
    elements: str
    default: []
  progress_file:
    description:
      - A file to which the module appends a line about each run of the migration for whose end it waits.
      - If unset, and the task runs on the controller, the lines are shown while the task runs.
    type: path
  resources:
    description:
      - The resources that an earlier result listed. The module verifies the deletion of each of them. With O(scope=servers), only
        those of the O(servers).
      - If empty, it verifies only the deletion of the resources that it finds.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: The kind of the resource, such as C(ecs_instance).
        type: str
        required: true
      id:
        description: The id of the resource.
        type: str
        required: true
      host:
        description: The server for which it was created. Empty if unknown.
        type: str
        default: ''
      created:
        description: When it was created. Empty if unknown.
        type: str
        default: ''
      deleted:
        description: When the deletion was verified. Empty if it was not.
        type: str
        default: ''
      proof:
        description: The describe call that no longer listed it. Empty if there is none.
        type: str
        default: ''
  wait_timeout:
    description:
      - Seconds to wait for the deletions. Resources that then still exist are returned as residual.
    type: int
    default: 900
  poll_interval:
    description:
      - Seconds between two queries.
    type: float
    default: 5.0
seealso:
  - module: edgelift.ens_migration.ens_migration
"""

EXAMPLES = r"""
- name: Delete the leftover resources of a migration
  edgelift.ens_migration.smc_cleanup:
    region: ap-southeast-1
    name: wave_01
    bucket: migration-images

- name: Delete the leftover resources of some servers, and verify each deletion
  edgelift.ens_migration.smc_cleanup:
    region: ap-southeast-1
    name: wave_01
    bucket: migration-images
    servers: "{{ ansible_play_hosts | edgelift.ens_migration.wave_servers(hostvars) }}"
    resources: "{{ result.migration.resources }}"
  run_once: true
  delegate_to: localhost

- name: List the leftover resources without deleting them
  edgelift.ens_migration.smc_cleanup:
    region: ap-southeast-1
    name: wave_01
    bucket: migration-images
    state: reported
  register: left

- name: Fail when anything is left
  ansible.builtin.assert:
    that: left.cleanup.residual | length == 0
"""

RETURN = r"""
cleanup:
  description: The resources that were found, and the result for each.
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
    resources:
      description: Everything found or given, with the proof of its end.
      returned: always
      type: list
      elements: dict
      sample:
        - kind: smc_job
          id: j-bp17bclvg344jlyt0000
          host: web-01
          created: '2026-11-24T08:00:00Z'
          deleted: '2026-11-24T08:31:12Z'
          proof: smc.DescribeReplicationJobs at 2026-11-24T08:31:12Z does not list j-bp17bclvg344jlyt0000
    residual:
      description: The resources that still exist, with the reason. They may be billed.
      returned: always
      type: list
      elements: dict
      sample:
        - kind: ecs_image
          id: m-t4n1dh0000000000
          host: web-01
          reason: ecs.DescribeImages still lists it
    similar_names:
      description:
        - Resources that have a similar name or key and are never deleted, with the reason. Nothing that the service itself keeps
          shows that they belong to the migration. Of objects in the bucket the first five are listed, the others are counted.
      returned: always
      type: list
      elements: dict
      sample:
        - kind: ecs_instance
          id: i-t4n0000000000000
          created: '2026-11-24T08:00:00Z'
          reason: >-
            similar name, not deleted: it has the name of every intermediate instance, and no job and no tag of this migration
            names it
    kept:
      description: >-
        Shared resources of the migration, and its ledger, that stay because other servers of it are not finished or another run
        takes part in it, with the reason. Servers that another run drives. Sources that the migration uses or may have registered.
        ENS instances whose policy is not C(release).
      returned: always
      type: list
      elements: dict
      sample:
        - kind: vpc
          id: vpc-t4n0000000000000
          reason: "other servers of this migration are not finished: el3fa2b19c0d1e2f3a4b5c6d7e8f90 (smc_job j-bp1000)"
    billed:
      description: What is billed of the hosts in O(unsettled), with the service that bills it.
      returned: always
      type: list
      elements: dict
      sample:
        - host: web-01
          kind: ecs_snapshot
          id: s-t4n0000000000000
          billed_by: ECS
    calls:
      description: How often each API action was called.
      returned: always
      type: dict
      sample:
        smc.DescribeReplicationJobs: 3
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: smc.DescribeReplicationJobs
    code: Forbidden.Unauthorized
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 403
    retryable: false
    hint: Grant AliyunSMCFullAccess.
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import options, smc_cleanup
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    spec = auth_spec().merge(options.servers_spec(False), options.calls_spec(), smc_cleanup.spec())
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), smc_cleanup.work)


if __name__ == "__main__":
    main()
