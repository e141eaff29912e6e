#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_intermediate
short_description: Guard intermediate instances and manage the network they share
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - SMC copies every server to an intermediate instance of its own, which is billed until its job is finished or gone.
    Nobody may stop, change or release it meanwhile. With O(state=reported) this module says whether somebody has.
  - Without a VPC and vSwitch every job makes its own, and a region has room for ten. With O(state=present) this module
    makes one for a whole migration.
  - With O(state=absent) it removes that network, or an intermediate instance whose job no longer exists.
requirements:
  - aliyun-python-sdk-smc
  - aliyun-python-sdk-ecs
  - aliyun-python-sdk-vpc
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.wait
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(reported) looks at the intermediate instance of O(job_id) and changes nothing.
      - V(present) makes sure that the network of the migration O(name) exists.
      - V(absent) removes the network of the migration O(name), or releases the instance O(instance_id).
    type: str
    choices:
      - reported
      - present
      - absent
    default: reported
  job_id:
    description:
      - The replication job whose intermediate instance is looked at. Required with O(state=reported).
    type: str
  guard:
    description:
      - Whether O(state=reported) fails when RV(intermediate.interference) is not empty.
    type: bool
    default: false
  name:
    description:
      - The name of the migration that the network is for. The names and tags of VPC and vSwitch follow from it.
      - Required with O(state=present). A VPC that has the name without the tags is never touched.
    type: str
  vpc_cidr:
    description:
      - The addresses of a VPC that is made.
    type: str
    default: 192.168.0.0/16
  vswitch_cidr:
    description:
      - The addresses of a vSwitch that is made, inside those of the VPC.
    type: str
    default: 192.168.0.0/20
  zone_id:
    description:
      - The zone of a vSwitch that is made.
      - If unset, the first zone of the region by name.
    type: str
  vpc_id:
    description:
      - A VPC of your own. With O(state=present) nothing is made then. It is only checked, together with O(vswitch_id).
      - If unset, the migration's own VPC is used.
    type: str
  vswitch_id:
    description:
      - A vSwitch of your own in O(vpc_id).
      - If unset, the migration's own vSwitch is used.
    type: str
  instance_id:
    description:
      - The intermediate instance that O(state=absent) releases. It must bear the name that SMC gives it, and no job may
        own it. For an instance that a job owns, delete the job.
      - If unset, no instance is released.
    type: str
  wait:
    description:
      - Whether to wait until an instance that is released is gone.
      - A network that is made or removed is always waited for, because each step needs the one before it.
seealso:
  - module: edgelift.ens_migration.smc_transfer
  - module: edgelift.ens_migration.smc_cleanup
"""

EXAMPLES = r"""
- name: Look at the intermediate instance of a job
  edgelift.ens_migration.smc_intermediate:
    region: ap-southeast-1
    job_id: j-bp17bclvg344jlyt0000
  register: guarded

- name: Fail when somebody has interfered with it
  edgelift.ens_migration.smc_intermediate:
    region: ap-southeast-1
    job_id: j-bp17bclvg344jlyt0000
    guard: true

- name: Make the network that the intermediate instances of a migration share
  edgelift.ens_migration.smc_intermediate:
    region: ap-southeast-1
    name: wave_01
    state: present
  register: shared

- name: Remove it
  edgelift.ens_migration.smc_intermediate:
    region: ap-southeast-1
    name: wave_01
    state: absent

- name: Release an intermediate instance whose job no longer exists, without waiting
  edgelift.ens_migration.smc_intermediate:
    region: ap-southeast-1
    instance_id: i-t4n1dh0000000000
    state: absent
    wait: false
"""

RETURN = r"""
intermediate:
  description: The intermediate instance. Empty when it is released, or would be. On failure, what was seen last.
  returned: success, with O(job_id) or O(instance_id)
  type: dict
  contains:
    instance_id:
      description: The id of the instance. Empty while the job has none.
      returned: always
      type: str
      sample: i-t4n1dh0000000000
    instance_name:
      description: Its name, the same for all intermediate instances.
      returned: when it exists
      type: str
      sample: No_Delete_SMC_Transition_Instance
    status:
      description: Its status.
      returned: when it exists
      type: str
      sample: Running
    instance_type:
      description: Its type.
      returned: when it exists
      type: str
      sample: ecs.t6-c1m2.large
    charge_type:
      description: Its billing method.
      returned: when it exists
      type: str
      sample: PostPaid
    zone_id:
      description: Its zone.
      returned: when it exists
      type: str
      sample: ap-southeast-1a
    creation_time:
      description: When it was made.
      returned: when it exists
      type: str
      sample: '2026-11-24T08:00:00Z'
    public_ip:
      description: Its public addresses.
      returned: when it exists
      type: list
      elements: str
      sample: [198.51.100.7]
    private_ip:
      description: Its private addresses.
      returned: when it exists
      type: list
      elements: str
      sample: [192.168.0.5]
    security_group_ids:
      description: Its security groups.
      returned: when it exists
      type: list
      elements: str
      sample: [sg-t4n1dh0000000000]
    present:
      description: Whether it exists.
      returned: with O(job_id)
      type: bool
      sample: true
    job_id:
      description: The job.
      returned: with O(job_id)
      type: str
      sample: j-bp17bclvg344jlyt0000
    job_status:
      description: The status of the job.
      returned: with O(job_id)
      type: str
      sample: Running
    business_status:
      description: What the running job does.
      returned: with O(job_id)
      type: str
      sample: Syncing
    open_ports:
      description: Those of the ports 8080 and 8703 that its security groups accept.
      returned: with O(job_id)
      type: list
      elements: int
      sample: [8080, 8703]
    interference:
      description: What was done to it although nobody may touch it. Empty is good.
      returned: with O(job_id)
      type: list
      elements: dict
      sample:
        - id: stopped
          evidence: its status is Stopped
          fix: Start the instance.
network:
  description: The shared network. Empty when it is removed, or would be.
  returned: success, with O(name)
  type: dict
  contains:
    name:
      description: The name of VPC and vSwitch.
      returned: when it exists
      type: str
      sample: edgelift-el3fa2b1
    vpc_id:
      description: The VPC. Empty in check mode when there is none yet.
      returned: when it exists
      type: str
      sample: vpc-t4n1dh0000000000
    vpc_cidr:
      description: Its addresses.
      returned: when it exists
      type: str
      sample: 192.168.0.0/16
    vswitch_id:
      description: The vSwitch. Empty in check mode when there is none yet.
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
      description: Whether it is made, and can be removed, by this module.
      returned: when it exists
      type: bool
      sample: true
error:
  description: What went wrong, for programs.
  returned: failure
  type: dict
  sample:
    action: Guarding the intermediate instance of job j-bp17bclvg344jlyt0000
    code: Intermediate.Interference
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: null
    retryable: false
    hint: "Start the instance."
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_intermediate
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import (
    ArgSpec,
    auth_spec,
    wait_spec,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "state": {"type": "str", "choices": ["reported", "present", "absent"], "default": "reported"},
            "job_id": {"type": "str"},
            "guard": {"type": "bool", "default": False},
            "name": {"type": "str"},
            "vpc_cidr": {"type": "str", "default": "192.168.0.0/16"},
            "vswitch_cidr": {"type": "str", "default": "192.168.0.0/20"},
            "zone_id": {"type": "str"},
            "vpc_id": {"type": "str"},
            "vswitch_id": {"type": "str"},
            "instance_id": {"type": "str"},
        },
        mutually_exclusive=[("job_id", "name", "instance_id")],
        required_together=[("vpc_id", "vswitch_id")],
        required_if=[
            ("state", "reported", ("job_id",)),
            ("state", "present", ("name",)),
            ("state", "absent", ("name", "instance_id"), True),
        ],
    )
    spec = auth_spec().merge(wait_spec(), own)
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), smc_intermediate.work)


if __name__ == "__main__":
    main()
