#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_transfer_info
short_description: Get information about replication jobs of Server Migration Center
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Returns the replication jobs of O(region), with their status and progress.
  - A job must match all given options. Without options, all jobs of the region are returned.
  - Any number of IDs can be given. The module sends up to 50 IDs in one call.
requirements:
  - aliyun-python-sdk-smc
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
options:
  job_ids:
    description:
      - The ids of the jobs. An empty list matches none.
      - If unset, jobs are not chosen by id.
    type: list
    elements: str
  source_ids:
    description:
      - The ids of the sources whose jobs are looked up. An empty list matches none.
      - If unset, jobs are not chosen by source.
    type: list
    elements: str
  name:
    description:
      - The exact name of a job.
      - If unset, jobs are not chosen by name.
    type: str
  status:
    description:
      - The status of the jobs.
      - If unset, jobs in any status are returned.
    type: str
    choices:
      - Ready
      - Running
      - Stopped
      - InError
      - Finished
      - Waiting
      - Expired
      - Deleting
seealso:
  - module: edgelift.ens_migration.smc_transfer
"""

EXAMPLES = r"""
- name: Look up all jobs of a region
  edgelift.ens_migration.smc_transfer_info:
    region: ap-southeast-1
  register: jobs

- name: Look at jobs that were started without waiting
  edgelift.ens_migration.smc_transfer_info:
    region: ap-southeast-1
    job_ids:
      - j-bp17bclvg344jlyt0000
      - j-bp17bclvg344jlyt0001
  register: jobs
"""

RETURN = r"""
transfers:
  description: The replication jobs.
  returned: success
  type: list
  elements: dict
  contains:
    job_id:
      description: The id of the job.
      returned: always
      type: str
      sample: j-bp17bclvg344jlyt0000
    name:
      description: Its name.
      returned: always
      type: str
      sample: web-01-el607cb8ded6d203aa8b68a55c697c
    description:
      description: Its description.
      returned: always
      type: str
      sample: ''
    source_id:
      description: The source.
      returned: always
      type: str
      sample: s-bp1e2fsl57knvuug0000
    region:
      description: The region that the server is copied to.
      returned: always
      type: str
      sample: ap-southeast-1
    status:
      description: C(Ready), C(Running), C(Stopped), C(InError), C(Finished), C(Waiting), C(Expired) or C(Deleting).
      returned: always
      type: str
      sample: Running
    business_status:
      description: What a running job does. C(Preparing), C(Syncing), C(Processing) or C(Cleaning).
      returned: always
      type: str
      sample: Syncing
    progress:
      description: Progress from 0 to 100.
      returned: always
      type: float
      sample: 42.5
    status_info:
      description: Why a job is C(InError), in the words of SMC.
      returned: always
      type: str
      sample: ''
    error_code:
      description: The error code of a job that is C(InError).
      returned: always
      type: str
      sample: ''
    target_type:
      description: What the job makes.
      returned: always
      type: str
      sample: Image
    image_id:
      description: The ECS image, once it is made.
      returned: always
      type: str
      sample: m-t4n1dh0000000000
    image_name:
      description: The name of the ECS image.
      returned: always
      type: str
      sample: web-01-el607cb8ded6d203aa8b68a55c697c
    instance_id:
      description: The intermediate instance, while SMC names it.
      returned: always
      type: str
      sample: i-t4n1dh0000000000
    instance_type:
      description: The instance type that was asked for.
      returned: always
      type: str
      sample: ''
    vpc_id:
      description: The VPC that was asked for.
      returned: always
      type: str
      sample: ''
    vswitch_id:
      description: The vSwitch that was asked for.
      returned: always
      type: str
      sample: ''
    run_once:
      description: Whether the job runs once.
      returned: always
      type: bool
      sample: true
    frequency:
      description: Hours between two runs of an incremental job, 0 for another job.
      returned: always
      type: int
      sample: 0
    images_to_keep:
      description: How many images SMC keeps of an incremental job, 0 for another job.
      returned: always
      type: int
      sample: 0
    runs:
      description: The runs of an incremental job, each with its image, its begin and its end.
      returned: always
      type: list
      elements: dict
      sample: []
    system_disk_size:
      description: The size of the system disk in GiB.
      returned: always
      type: int
      sample: 20
    creation_time:
      description: When it was made.
      returned: always
      type: str
      sample: '2026-11-24T08:00:00Z'
    start_time:
      description: When it was started.
      returned: always
      type: str
      sample: '2026-11-24T08:01:00Z'
    end_time:
      description: When it ended.
      returned: always
      type: str
      sample: ''
    valid_time:
      description: When it expires.
      returned: always
      type: str
      sample: '2026-12-01T08:00:00Z'
    data_disks:
      description: The data disks that are copied.
      returned: always
      type: list
      elements: dict
      sample:
        - index: 1
          size: 40
    tags:
      description: The tags.
      returned: always
      type: dict
      sample: {'edgelift:wave': wave_01}
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
    hint: "Grant the RAM user AliyunSMCFullAccess; for ENS AliyunENSFullAccess."
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_transfer_info
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import ArgSpec, auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    statuses = ["Ready", "Running", "Stopped", "InError", "Finished", "Waiting", "Expired", "Deleting"]
    own = ArgSpec(
        argument_spec={
            "job_ids": {"type": "list", "elements": "str"},
            "source_ids": {"type": "list", "elements": "str"},
            "name": {"type": "str"},
            "status": {"type": "str", "choices": statuses},
        },
        mutually_exclusive=[("job_ids", "source_ids")],
    )
    run_module(AnsibleModule(supports_check_mode=True, **auth_spec().merge(own).to_kwargs()), smc_transfer_info.work)


if __name__ == "__main__":
    main()
