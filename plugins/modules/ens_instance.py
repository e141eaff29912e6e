#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ens_instance
short_description: Create, start, stop or release the ENS instance of a migrated server
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Creates one pay-as-you-go instance of Edge Node Service from the ENS image of a server, and waits until it is Running.
  - An instance is Running also if its system does not boot. The role P(edgelift.ens_migration.verify#role) checks that.
  - A server has at most one instance per migration. It is found by its exact name, which is the inventory name with the migration ID, and proven by
    its tags. The same task run again changes nothing.
  - RunInstances has no idempotency token. The module announces the call in the ledger of the migration first, so that an instance whose answer was
    lost is found instead of created twice.
  - Before anything billable exists, the module refuses a password that breaks the rule of ENS, an image that is not Available or not from this
    migration, a node that does not exist, and an instance type without stock.
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.alicloud.clients
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.stages.restart
  - edgelift.ens_migration.wait
attributes:
  check_mode:
    support: full
    details: Makes all checks that need no change, those of node and stock included.
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
  host:
    description:
      - The inventory name of the migrated server.
    type: str
    required: true
  bucket:
    description:
      - The OSS bucket of the migration, in the same O(region). It contains the ledger of the migration.
    type: str
    required: true
  state:
    description:
      - V(running) creates the instance if it does not exist, and starts it if it is stopped.
      - V(stopped) stops an existing instance. ENS bills it nevertheless.
      - V(absent) releases it with its disks. An instance with the O(policy) V(keep) is not released.
    type: str
    choices:
      - running
      - stopped
      - absent
    default: running
  policy:
    description:
      - Who releases the instance. The policy is a tag of the instance, so it is known to every later cleanup. A repeated task can change it.
      - With V(manual), only O(state=absent) releases it. A cleanup reports it.
      - With V(keep), this collection never releases it. It is the result of the migration.
      - With V(release), every cleanup of its server or of the migration releases it, and O(state=absent) too.
    type: str
    choices:
      - manual
      - keep
      - release
    default: manual
  image_id:
    description:
      - The ENS image. It must be an image of this migration.
      - If unset, the image with the name that the migration has given to O(host).
      - If the instance exists, it must have been created from this image.
    type: str
  image_name:
    description:
      - The prefix of the image name, if the server was migrated with one.
    type: str
  ens_region_id:
    description:
      - The node, such as V(cn-dalian-unicom). Required to create an instance. An existing instance must be on this node.
    type: str
  instance_type:
    description:
      - The instance type, such as V(ens.sn1.small). Required to create an instance. An existing instance must have this type.
    type: str
  password:
    description:
      - The password of the instance. One of O(password), O(key_pair_name) and O(password_inherit) is required to create an instance.
      - ENS accepts 8 to 30 characters of at least three kinds among uppercase letters, lowercase letters, digits and special characters.
      - It is sent to ENS over HTTPS, and appears in no result and no log of this collection.
    type: str
  key_pair_name:
    description:
      - The name of an existing ENS key pair.
    type: str
  password_inherit:
    description:
      - Whether the users and passwords of the image stay as they are.
    type: bool
    default: false
  system_disk_size:
    description:
      - The size of the system disk in GiB, a multiple of 10 and at least the size in the image.
      - If unset, the size in the image, rounded up to a multiple of 10.
    type: int
  system_disk_category:
    description:
      - The category of the system disk. If unset, ENS chooses it.
    type: str
    choices:
      - cloud_efficiency
      - cloud_ssd
      - local_hdd
      - local_ssd
  data_disks:
    description:
      - Further empty data disks. Those of the image are created by ENS.
    type: list
    elements: dict
    default: []
    suboptions:
      size:
        description: The size in GiB, 20 or more.
        type: int
        required: true
      category:
        description: The category. If unset, ENS chooses it.
        type: str
        choices:
          - cloud_efficiency
          - cloud_ssd
          - local_hdd
          - local_ssd
  vswitch_id:
    description:
      - The vSwitch of the node. If unset, ENS uses the default network of the node.
    type: str
  network_id:
    description:
      - The network of the node. ENS uses it only together with O(vswitch_id).
    type: str
  private_ip:
    description:
      - The private address, in the network of O(vswitch_id).
    type: str
  security_group_id:
    description:
      - The security group of the instance.
    type: str
  internet_charge_type:
    description:
      - How public bandwidth is billed. ENS uses it only at the first purchase of an account.
    type: str
    choices:
      - BandwidthByDay
      - 95BandwidthByMonth
  internet_max_bandwidth_out:
    description:
      - The largest public bandwidth in Mbit/s. If it is more than 0, ENS assigns a public address.
    type: int
  host_name:
    description:
      - The host name that ENS sets with cloud-init. If unset, ENS chooses.
    type: str
  user_data:
    description:
      - The user data for cloud-init as plain text. The module encodes it. ENS accepts 16 KiB in base64.
      - It is treated as a secret.
    type: str
  auto_release_time:
    description:
      - When ENS releases the instance by itself, in UTC and in whole minutes, such as V(2026-11-24T08:00:00Z). At least an hour from now.
      - Cannot be used with O(policy=keep). For an instance that exists, it is neither changed nor compared.
    type: str
  commit_hours:
    description:
      - After how many hours a new instance with O(policy=manual) has to be committed, 0 to 8760. With V(0), there is no such time. It is a tag of the instance.
      - Another O(policy), such as V(keep), commits the instance permanently, if it is set until then. After that time, the policy cannot be changed.
      - An instance that is not committed is overdue 45 minutes later. The playbook C(rollback) stops and releases it.
    type: float
    default: 0.0
  only_overdue:
    description:
      - Whether to change only an instance that is overdue (O(commit_hours)). Any other instance stays as it is, without a failure.
      - For O(state=stopped) and O(state=absent).
    type: bool
    default: false
  create:
    description:
      - Whether O(state=running) creates an instance that does not exist. Otherwise, the task fails.
    type: bool
    default: true
  tags:
    description:
      - Further tags for a new instance, at most 16, or 15 with O(commit_hours).
    type: dict
    default: {}
  required_tags:
    description:
      - Tags that an existing instance must have. An instance without them is not changed and not released, and the task fails.
      - Use it with the same O(tags), so that the task never touches an instance that another task has created.
    type: dict
    default: {}
  instance_parameters:
    description:
      - Other parameters of RunInstances for a new instance, by the name in the API reference, such as C(Carrier), C(IpType) or C(BillingCycle).
    type: dict
  check_stock:
    description:
      - Whether to refuse an O(instance_type) that C(DescribeAvailableResource) does not list for O(ens_region_id).
    type: bool
    default: true
  wait:
    description:
      - Whether to wait until the instance has the wanted state.
  wait_timeout:
    default: 1800
seealso:
  - module: edgelift.ens_migration.ens_instance_info
  - module: edgelift.ens_migration.ens_image_import
  - module: edgelift.ens_migration.smc_cleanup
"""

EXAMPLES = r"""
- name: Launch a migrated server at the edge
  edgelift.ens_migration.ens_instance:
    region: ap-southeast-1
    name: wave_01
    host: web-01
    bucket: migration-images
    ens_region_id: cn-dalian-unicom
    instance_type: ens.sn1.small
    password_inherit: true
    policy: keep
  delegate_to: localhost
  register: launched

- name: Launch it for a test, and let ENS release it after two hours in any case
  edgelift.ens_migration.ens_instance:
    region: ap-southeast-1
    name: wave_01
    host: web-01
    bucket: migration-images
    ens_region_id: cn-dalian-unicom
    instance_type: ens.sn1.small
    key_pair_name: operators
    policy: release
    auto_release_time: "{{ '%Y-%m-%dT%H:%M:00Z' | strftime(now(utc=true).timestamp() | int + 7200, utc=true) }}"
  delegate_to: localhost

- name: Release it
  edgelift.ens_migration.ens_instance:
    region: ap-southeast-1
    name: wave_01
    host: web-01
    bucket: migration-images
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
instance:
  description:
    - The instance, with all fields of RV(edgelift.ens_migration.ens_instance_info#module:instances) and these. Empty if it does not exist.
  returned: always
  type: dict
  contains:
    instance_id:
      description: The ID of the instance.
      returned: when it exists
      type: str
      sample: i-5wn1dh0000000000
    instance_name:
      description: Its name.
      returned: when it exists
      type: str
      sample: web-01-el607cb8ded6d203aa8b68a55c697c
    migration_id:
      description: The migration ID of the server.
      returned: when it exists
      type: str
      sample: el607cb8ded6d203aa8b68a55c697c
    policy:
      description: Who releases it.
      returned: when it exists
      type: str
      sample: manual
    commit_by:
      description: Until when it has to be committed, in UTC. Empty for an instance that is committed or has no such time.
      returned: when it exists
      type: str
      sample: '2026-11-26T08:00:00Z'
    overdue:
      description: Whether it was not committed in time, so that the playbook C(rollback) releases it.
      returned: when it exists
      type: bool
      sample: false
    state:
      description: The last state seen, as text.
      returned: when it exists
      type: str
      sample: ENS instance i-5wn1dh0000000000 is Running
    status:
      description: Its status. ENS documents C(Running), C(Stopped) and C(Expired).
      returned: when it exists
      type: str
      sample: Running
    private_ips:
      description: Its private addresses.
      returned: when it exists
      type: list
      elements: str
      sample: [10.0.0.2]
    public_ips:
      description: Its public addresses.
      returned: when it exists
      type: list
      elements: str
      sample: [203.0.113.2]
price:
  description: What a subscription with these properties costs for a month (C(DescribePrice)). Empty unless an instance is created, or would be.
  returned: success
  type: dict
  sample:
    currency: USD
    amount: 14.4
    period: Month
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: Checking the input
    code: Input.Invalid
    request_id: ''
    http_status: null
    retryable: false
    hint: Nothing was created.
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
    - kind: ens_instance
      id: i-5wn1dh0000000000
      host: web-01
      created: '2026-11-24T08:00:00Z'
      deleted: ''
      proof: ''
phase:
  description: C(launch) until the instance has the wanted state, then C(done).
  returned: success
  type: str
  sample: done
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_instance, options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import auth_spec, wait_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits


def main() -> None:
    spec = auth_spec().merge(wait_spec(limits.LAUNCH_TIMEOUT), options.restart_spec(), ens_instance.spec())
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), ens_instance.work)


if __name__ == "__main__":
    main()
