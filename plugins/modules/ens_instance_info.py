#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ens_instance_info
short_description: Get information about instances of Edge Node Service
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Returns the instances of the account in ENS, with their status and addresses.
  - Can return what ENS offers at which node too.
requirements:
  - aliyun-python-sdk-ens
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
options:
  instance_ids:
    description:
      - The IDs of instances to return. An empty list matches none.
      - If neither O(instance_ids) nor O(names) is set, all instances are returned. If both are, those that match either.
    type: list
    elements: str
  names:
    description:
      - The exact names of instances to return. An empty list matches none.
      - If unset, see O(instance_ids).
    type: list
    elements: str
  migration:
    description:
      - The name of a migration. If set, only instances with the tag of this migration are returned.
    type: str
  stock:
    description:
      - Whether to return RV(stock).
    type: bool
    default: false
seealso:
  - module: edgelift.ens_migration.ens_image_info
"""

EXAMPLES = r"""
- name: Look up the instances of a migration
  edgelift.ens_migration.ens_instance_info:
    region: ap-southeast-1
    migration: wave_01
  register: edge

- name: Look up what the nodes offer
  edgelift.ens_migration.ens_instance_info:
    region: ap-southeast-1
    instance_ids: []
    stock: true
  register: edge

- name: Show the nodes with stock of an instance type
  ansible.builtin.debug:
    msg: "{{ edge.stock | selectattr('instance_type', 'eq', 'ens.sn1.small') | map(attribute='ens_region_id') }}"
"""

RETURN = r"""
instances:
  description: The instances.
  returned: success
  type: list
  elements: dict
  contains:
    instance_id:
      description: The ID of the instance.
      returned: always
      type: str
      sample: i-5wn1dh0000000000
    instance_name:
      description: Its name.
      returned: always
      type: str
      sample: web-01-el607cb8ded6d203aa8b68a55c697c
    host_name:
      description: The host name that was set when it was created.
      returned: always
      type: str
      sample: web-01
    status:
      description: Its status. ENS documents C(Running), C(Stopped) and C(Expired).
      returned: always
      type: str
      sample: Running
    ens_region_id:
      description: The node.
      returned: always
      type: str
      sample: cn-dalian-unicom
    image_id:
      description: The image from which it was created.
      returned: always
      type: str
      sample: m-5wn1dh0000000000
    instance_type:
      description: Its type.
      returned: always
      type: str
      sample: ens.sn1.small
    cpu:
      description: The number of its vCPUs.
      returned: always
      type: int
      sample: 2
    memory_mib:
      description: Its memory in MiB.
      returned: always
      type: int
      sample: 4096
    system_disk_size:
      description: The size of its system disk in GiB.
      returned: always
      type: int
      sample: 20
    data_disk_sizes:
      description: The sizes of its data disks in GiB.
      returned: always
      type: list
      elements: int
      sample: [40]
    private_ips:
      description: Its private addresses.
      returned: always
      type: list
      elements: str
      sample: [10.0.0.2]
    public_ips:
      description: Its public addresses.
      returned: always
      type: list
      elements: str
      sample: [203.0.113.2]
    internet_max_bandwidth_out:
      description: Its largest public bandwidth in Mbit/s, 0 for none.
      returned: always
      type: int
      sample: 5
    key_pair_name:
      description: Its key pair.
      returned: always
      type: str
      sample: ''
    auto_release_time:
      description: When ENS releases it. Empty for never.
      returned: always
      type: str
      sample: ''
    deletion_protection:
      description: Whether it is protected from being released.
      returned: always
      type: bool
      sample: false
    creation_time:
      description: When it was created.
      returned: always
      type: str
      sample: '2026-11-24T08:00:00Z'
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample:
        edgelift:wave: wave_01
stock:
  description: What ENS offers (C(DescribeAvailableResource)). Empty unless O(stock) is set.
  returned: success
  type: list
  elements: dict
  sample:
    - ens_region_id: cn-dalian-unicom
      instance_type: ens.sn1.small
      count: 50
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: ens.DescribeInstances
    code: NoPermission
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 400
    retryable: false
    hint: "Grant the RAM user AliyunSMCFullAccess; for ENS AliyunENSFullAccess."
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_instance_info
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import ArgSpec, auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "instance_ids": {"type": "list", "elements": "str"},
            "names": {"type": "list", "elements": "str"},
            "migration": {"type": "str"},
            "stock": {"type": "bool", "default": False},
        }
    )
    run_module(AnsibleModule(supports_check_mode=True, **auth_spec().merge(own).to_kwargs()), ens_instance_info.work)


if __name__ == "__main__":
    main()
