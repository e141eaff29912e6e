#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_source
short_description: Change or delete a source of Server Migration Center
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Changes the name and description of a registered source server, or deletes the source from SMC.
  - This module does not create sources. The SMC client registers a source when it starts on the server.
  - Deleting a source does not change the server itself. Remove the SMC client there first, or it registers again.
requirements:
  - aliyun-python-sdk-smc
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.stages.calls
  - edgelift.ens_migration.wait
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  source_id:
    description:
      - The id of the source. Names are not unique, so a source is never chosen by name.
      - Either this or O(sources) is required.
    type: str
  sources:
    description:
      - Several sources, to add tags to all of them in one task. What fails for one source is in RV(problems), and the others get their tags.
      - Cannot be used together with the options for one source.
    type: list
    elements: dict
    suboptions:
      source_id:
        description: The id of the source.
        type: str
        required: true
      tags:
        description: Tags to add, with texts as values.
        type: dict
        required: true
  state:
    description:
      - V(present) changes a source that exists.
      - V(absent) deletes it. That is refused while it has a running job, and while it has an unfinished one unless
        O(force=true).
    type: str
    choices:
      - present
      - absent
    default: present
  name:
    description:
      - The new name, 2 to 128 characters, a letter first.
      - If unset, the name stays.
    type: str
  description:
    description:
      - The new description, 2 to 128 characters.
      - If unset, the description stays.
    type: str
  tags:
    description:
      - Tags to add, with texts as values. Tags that are not named here stay.
      - If unset, the tags stay.
    type: dict
  force:
    description:
      - Whether O(state=absent) also deletes an unfinished job of the source that is not running, with the resources
        of this job.
    type: bool
    default: false
seealso:
  - module: edgelift.ens_migration.smc_source_info
"""

EXAMPLES = r"""
- name: Rename a source
  edgelift.ens_migration.smc_source:
    region: ap-southeast-1
    source_id: s-bp1e2fsl57knvuug0000
    name: web-01

- name: Delete a source with its failed job, and wait until it is gone
  edgelift.ens_migration.smc_source:
    region: ap-southeast-1
    source_id: s-bp1e2fsl57knvuug0000
    state: absent
    force: true

- name: Tag two sources
  edgelift.ens_migration.smc_source:
    region: ap-southeast-1
    sources:
      - source_id: s-bp1e2fsl57knvuug0000
        tags: {team: edge}
      - source_id: s-bp1e2fsl57knvuug0001
        tags: {team: core}

- name: Start the deletion of a source
  edgelift.ens_migration.smc_source:
    region: ap-southeast-1
    source_id: s-bp1e2fsl57knvuug0000
    state: absent
    wait: false

- name: See whether it is gone
  edgelift.ens_migration.smc_source_info:
    region: ap-southeast-1
    source_ids:
      - s-bp1e2fsl57knvuug0000
  register: registered
"""

RETURN = r"""
source:
  description: The source. Empty when it is gone, or would be. On failure, what was seen last.
  returned: success, with O(source_id)
  type: dict
  contains:
    source_id:
      description: The id of the source.
      returned: when it exists
      type: str
      sample: s-bp1e2fsl57knvuug0000
    name:
      description: Its name. Names are not unique.
      returned: when it exists
      type: str
      sample: web-01
    description:
      description: Its description.
      returned: when it exists
      type: str
      sample: Web server
    state:
      description: C(Unavailable), C(Available), C(InUse) or C(Deleting).
      returned: when it exists
      type: str
      sample: Available
    state_info:
      description: Why it is C(Unavailable), in the words of SMC.
      returned: when it exists
      type: str
      sample: ''
    error_code:
      description: The error code of an C(Unavailable) source.
      returned: when it exists
      type: str
      sample: ''
    job_id:
      description: Its last replication job.
      returned: when it exists
      type: str
      sample: j-bp17bclvg344jlyt0000
    platform:
      description: The distribution.
      returned: when it exists
      type: str
      sample: Ubuntu
    architecture:
      description: The architecture.
      returned: when it exists
      type: str
      sample: x86_64
    agent_version:
      description: The version of the SMC client.
      returned: when it exists
      type: str
      sample: 2.8.5
    replication_driver:
      description: The replication driver.
      returned: when it exists
      type: str
      sample: SMT
    system_disk_size:
      description: The size of the system disk in GiB.
      returned: when it exists
      type: int
      sample: 20
    creation_time:
      description: When it registered.
      returned: when it exists
      type: str
      sample: '2026-11-24T08:00:00Z'
    hostname:
      description: The host name that the SMC client has reported.
      returned: when it exists
      type: str
      sample: web-01
    ipv4:
      description: The address that the SMC client has reported.
      returned: when it exists
      type: str
      sample: 192.0.2.10
    system_info:
      description: All that the SMC client has reported.
      returned: when it exists
      type: dict
      sample:
        hostname: web-01
        ipv4: 192.0.2.10
        cores: '2'
    data_disks:
      description: The data disks.
      returned: when it exists
      type: list
      elements: dict
      sample:
        - index: 1
          path: /mnt/data
          size: 40
    tags:
      description: The tags.
      returned: when it exists
      type: dict
      sample: {'edgelift:wave': wave_01}
problems:
  description: Why sources did not get their tags, by the ids of the sources.
  returned: success, with O(sources)
  type: dict
  sample: {s-bp1e2fsl57knvuug0001: SMC has no such source}
transfers:
  description: The jobs that prevent the deletion, as M(edgelift.ens_migration.smc_transfer_info) shows them.
  returned: when a deletion is refused because of them
  type: list
  elements: dict
  sample:
    - job_id: j-bp17bclvg344jlyt0000
      status: Running
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: Deleting the source
    code: SourceServer.InUse
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: null
    retryable: false
    hint: "Stop and delete the job first, or, when it is not running, use force."
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_source
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import (
    ArgSpec,
    auth_spec,
    wait_spec,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.options import calls_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "source_id": {"type": "str"},
            "sources": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "source_id": {"type": "str", "required": True},
                    "tags": {"type": "dict", "required": True},
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "name": {"type": "str"},
            "description": {"type": "str"},
            "tags": {"type": "dict"},
            "force": {"type": "bool", "default": False},
        },
        required_one_of=[("source_id", "sources")],
        mutually_exclusive=[("sources", name) for name in ("source_id", "name", "description", "tags")],
    )
    spec = auth_spec().merge(calls_spec(), wait_spec(), own)
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), smc_source.work)


if __name__ == "__main__":
    main()
