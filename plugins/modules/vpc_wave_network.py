#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_wave_network
short_description: Manage the VPC and vSwitch that all jobs of a migration share
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Without a VPC and vSwitch SMC creates one VPC for every replication job, and the default quota is 10 VPCs per region.
  - With O(state=present) this module creates one VPC with one vSwitch for a whole migration. Their name and tags are derived from the
    name of the migration.
  - With O(state=absent) it deletes them. A VPC without the tag of the migration is never changed or deleted, whatever its name.
  - M(edgelift.ens_migration.smc_cleanup) deletes the shared network too.
requirements:
  - aliyun-python-sdk-ecs
  - aliyun-python-sdk-vpc
  - oss2
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.stages.part
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
      - The name of the migration. It cannot be empty.
    type: str
    required: true
  state:
    description:
      - V(present) creates the VPC and the vSwitch of the migration where they do not exist.
      - V(absent) deletes them.
    type: str
    choices:
      - present
      - absent
    default: present
  vpc_cidr:
    description:
      - The address range of a new VPC.
    type: str
    default: 192.168.0.0/16
  vswitch_cidr:
    description:
      - The address range of a new vSwitch, inside that of the VPC.
    type: str
    default: 192.168.0.0/20
  zone_id:
    description:
      - The zone of a new vSwitch.
      - If unset, the first zone of the region by name.
    type: str
  vpc_id:
    description:
      - A VPC of your own. The module then creates nothing. It checks the VPC and O(vswitch_id) and returns them.
      - If unset, the migration's own VPC is used.
      - Ignored with O(state=absent).
    type: str
  vswitch_id:
    description:
      - A vSwitch of your own in O(vpc_id).
      - If unset, the migration's own vSwitch is used.
    type: str
  wait_timeout:
    description:
      - Seconds to wait until a new network is available, or until a deleted one no longer exists.
    type: int
    default: 600
  poll_interval:
    description:
      - Seconds between two queries.
    type: float
    default: 5.0
seealso:
  - module: edgelift.ens_migration.smc_transfer
  - module: edgelift.ens_migration.ens_migration
  - module: edgelift.ens_migration.smc_cleanup
"""

EXAMPLES = r"""
- name: Create the network that all jobs of a migration share
  edgelift.ens_migration.vpc_wave_network:
    region: ap-southeast-1
    name: wave_01
  register: shared

- name: Migrate the servers through this network
  edgelift.ens_migration.ens_migration:
    region: ap-southeast-1
    name: wave_01
    bucket: migration-images
    vpc_id: "{{ shared.network.vpc_id }}"
    vswitch_id: "{{ shared.network.vswitch_id }}"
    servers: "{{ ansible_play_hosts | edgelift.ens_migration.wave_servers(hostvars) }}"

- name: Delete the network
  edgelift.ens_migration.vpc_wave_network:
    region: ap-southeast-1
    name: wave_01
    state: absent
"""

RETURN = r"""
network:
  description: The shared network. Empty when it is deleted, or would be in check mode.
  returned: success
  type: dict
  contains:
    name:
      description: The name of VPC and vSwitch.
      returned: when it exists
      type: str
      sample: edgelift-el607cb8ded6d203
    vpc_id:
      description: The VPC. Empty in check mode if it does not exist yet.
      returned: when it exists
      type: str
      sample: vpc-t4n1dh0000000000
    vpc_cidr:
      description: Its addresses.
      returned: when it exists
      type: str
      sample: 192.168.0.0/16
    vswitch_id:
      description: The vSwitch. Empty in check mode if it does not exist yet.
      returned: when it exists
      type: str
      sample: vsw-t4n1dh0000000000
    vswitch_cidr:
      description: Its addresses.
      returned: when it exists
      type: str
      sample: 192.168.0.0/20
    zone_id:
      description: Its zone.
      returned: when it exists
      type: str
      sample: ap-southeast-1a
    managed:
      description: Whether this module manages it. V(false) for a network of your own.
      returned: when it exists
      type: bool
      sample: true
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: Looking for the network of wave_01
    code: Network.NotOurs
    request_id: ""
    http_status: null
    retryable: false
    hint: Rename that VPC, or set vpc_id and vswitch_id.
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import taking_part, vpc_wave_network
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import ArgSpec, auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "vpc_cidr": {"type": "str", "default": "192.168.0.0/16"},
            "vswitch_cidr": {"type": "str", "default": "192.168.0.0/20"},
            "zone_id": {"type": "str"},
            "vpc_id": {"type": "str"},
            "vswitch_id": {"type": "str"},
            "wait_timeout": {"type": "int", "default": limits.WAIT_TIMEOUT},
            "poll_interval": {"type": "float", "default": limits.POLL_INTERVAL},
        },
        required_together=[("vpc_id", "vswitch_id")],
    )
    spec = auth_spec().merge(taking_part.spec(), own)
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), vpc_wave_network.work)


if __name__ == "__main__":
    main()
