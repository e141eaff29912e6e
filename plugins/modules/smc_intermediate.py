#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_intermediate
short_description: Report, guard and release the intermediate instance of a replication job
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - SMC copies every server to a separate intermediate instance. The instance is billed until its job is finished or deleted, and it
    must not be stopped, changed or released before.
  - With O(state=reported) this module returns the instance of a job, and reports such changes.
  - With O(state=absent) it releases an intermediate instance whose job no longer exists.
  - The network that all jobs of a migration share is managed by M(edgelift.ens_migration.vpc_wave_network).
requirements:
  - aliyun-python-sdk-smc
  - aliyun-python-sdk-ecs
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
      - V(reported) reads the intermediate instance of O(job_id) and changes nothing.
      - V(absent) releases the instance O(instance_id).
    type: str
    choices:
      - reported
      - absent
    default: reported
  job_id:
    description:
      - The replication job of the intermediate instance. Required with O(state=reported).
    type: str
  guard:
    description:
      - Whether O(state=reported) fails when RV(intermediate.interference) is not empty.
    type: bool
    default: false
  instance_id:
    description:
      - The intermediate instance to release. Required with O(state=absent).
      - It must have the name that SMC gives to intermediate instances, and it must not belong to a job. To release the instance of a job,
        delete the job.
    type: str
  wait:
    description:
      - Whether to wait until the instance no longer exists.
seealso:
  - module: edgelift.ens_migration.smc_transfer
  - module: edgelift.ens_migration.vpc_wave_network
  - module: edgelift.ens_migration.smc_cleanup
"""

EXAMPLES = r"""
- name: Read the intermediate instance of a job
  edgelift.ens_migration.smc_intermediate:
    region: ap-southeast-1
    job_id: j-bp17bclvg344jlyt0000
  register: guarded

- name: Fail when the intermediate instance was changed
  edgelift.ens_migration.smc_intermediate:
    region: ap-southeast-1
    job_id: j-bp17bclvg344jlyt0000
    guard: true

- name: Release an intermediate instance whose job no longer exists, without waiting
  edgelift.ens_migration.smc_intermediate:
    region: ap-southeast-1
    instance_id: i-t4n1dh0000000000
    state: absent
    wait: false
"""

RETURN = r"""
intermediate:
  description: The intermediate instance. Empty when it is released, or would be in check mode. On failure, its last known state.
  returned: success
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
      description: When it was created.
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
      description: The ports among 8080 and 8703 that its security groups accept.
      returned: with O(job_id)
      type: list
      elements: int
      sample: [8080, 8703]
    interference:
      description: Changes to the instance that SMC did not make. Empty when there are none.
      returned: with O(job_id)
      type: list
      elements: dict
      sample:
        - id: stopped
          evidence: its status is Stopped
          fix: Start the instance.
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
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
            "state": {"type": "str", "choices": ["reported", "absent"], "default": "reported"},
            "job_id": {"type": "str"},
            "guard": {"type": "bool", "default": False},
            "instance_id": {"type": "str"},
        },
        mutually_exclusive=[("job_id", "instance_id")],
        required_if=[("state", "reported", ("job_id",)), ("state", "absent", ("instance_id",))],
    )
    spec = auth_spec().merge(wait_spec(), own)
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), smc_intermediate.work)


if __name__ == "__main__":
    main()
