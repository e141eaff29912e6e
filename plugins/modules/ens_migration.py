#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ens_migration
short_description: Migrate a wave of servers to ENS images
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Runs all cloud stages for every server of a wave in one process. SMC copies the server to an ECS image, ECS exports
    the image to OSS, and ENS imports it.
  - The state is read from the cloud, so the same task continues after a crash, on any controller. A server whose ENS image
    is Available is not changed.
  - The input and the account are checked before a billable resource exists.
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.alicloud.clients
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.server.servers
  - edgelift.ens_migration.stages.bucket
  - edgelift.ens_migration.stages.calls
  - edgelift.ens_migration.stages.verify
  - edgelift.ens_migration.stages.import_
  - edgelift.ens_migration.stages.export
  - edgelift.ens_migration.stages.incremental
  - edgelift.ens_migration.stages.own_network
  - edgelift.ens_migration.stages.regions
  - edgelift.ens_migration.stages.restart
  - edgelift.ens_migration.stages.transfer
  - edgelift.ens_migration.wait
attributes:
  check_mode:
    support: full
    details: Reports the next step of each server. Later steps depend on it and are not reported.
  diff_mode:
    support: full
    details: Shows the ENS images before and after.
  idempotent:
    support: full
options:
  name:
    description:
      - The name of the migration, usually the name of the wave.
      - The migration id of a server is derived from this name, the host and the fingerprint. To migrate the same server again,
        use another name.
    type: str
    required: true
  state:
    description:
      - V(present) migrates.
      - V(checked) checks the input and the account and reports the state of each server. It only reads.
    type: str
    default: present
    choices:
      - present
      - checked
  servers:
    required: true
  unreachable:
    description:
      - Hosts of the wave that cannot be reached. If the copy of such a host is finished, its export and its import continue without the host.
      - The tags of its replication job show its migration ID. A host for which they show none, or several, stays as it is.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: The inventory name.
        type: str
        required: true
      fingerprint:
        description: The fingerprint, if the host was probed before the connection was lost. Only this machine then continues.
        type: str
      image_name:
        description: The prefix of the image name, as in O(servers[].image_name).
        type: str
  max_parallel:
    description:
      - How many servers of a group are copied at the same time, by the names of O(servers[].copy.groups). Each is at least 1.
      - Only the copies of this task count, not those that another run drives, and not those of O(unreachable).
      - If unset, the limit of SMC counts alone.
    type: dict
  copy_rate:
    description:
      - MB/s that one copy reaches if nothing limits it. It decides among how many copies the uplink of a site is divided, and is the largest limit of a
        copy there. A smaller C(bandwidth_limit) in O(replication_parameters) counts.
    type: float
    default: 20
  progress_file:
    description:
      - A file to which the module appends a line at every step of a server.
      - If unset, and the task runs on the controller, the lines are shown while the task runs.
    type: path
  wait:
    description:
      - Whether to wait until every server has a verdict.
      - Without waiting, the module makes the calls that are possible now and returns. It does not wait for a copy, an export or an import, and begins
        no call after 12 seconds. Unfinished servers are C(pending), and their C(state) says what they wait for.
        Run the same task again to continue.
  wait_timeout:
    description:
      - Seconds to wait. A server that has no verdict by then fails, with the last state seen. Its cloud work is kept, and the next run continues.
      - V(0) is the same as O(wait=false).
    default: 21600
  poll_interval:
    default: 15.0
seealso:
  - module: edgelift.ens_migration.smc_cleanup
"""

EXAMPLES = r"""
- name: Migrate the hosts of this play
  edgelift.ens_migration.ens_migration:
    region: ap-southeast-1
    name: wave_01
    bucket: migration-images
    servers: "{{ ansible_play_hosts | edgelift.ens_migration.wave_servers(hostvars) }}"
  run_once: true
  delegate_to: localhost

- name: Check what could be migrated, without changing anything
  edgelift.ens_migration.ens_migration:
    region: ap-southeast-1
    name: wave_01
    state: checked
    bucket: migration-images
    servers: "{{ ansible_play_hosts | edgelift.ens_migration.wave_servers(hostvars) }}"
  run_once: true
  delegate_to: localhost

- name: Advance a wave as far as it can go now, to be called again on a schedule
  edgelift.ens_migration.ens_migration:
    region: ap-southeast-1
    name: wave_01
    bucket: migration-images
    servers: "{{ ansible_play_hosts | edgelift.ens_migration.wave_servers(hostvars) }}"
    wait: false
  run_once: true
  delegate_to: localhost
  register: result

- name: Show the servers that are not finished
  ansible.builtin.debug:
    msg: "{{ result.migration.servers | selectattr('verdict', 'eq', 'pending') | map(attribute='host') }}"
"""

RETURN = r"""
migration:
  description: The wave.
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
    began:
      description: When the run began, by the clock of the controller. Empty with O(state=checked).
      returned: always
      type: str
      sample: '2026-11-24T07:58:00Z'
    seconds:
      description: How many seconds the run took. It is 0 with O(state=checked).
      returned: always
      type: float
      sample: 1902.4
    finished:
      description: Whether every server has a verdict.
      returned: always
      type: bool
      sample: true
    servers:
      description: The servers.
      returned: always
      type: list
      elements: dict
      contains:
        host:
          description: The inventory name.
          returned: always
          type: str
          sample: web-01
        migration_id:
          description: The migration id of the server. The name of every resource of the server contains it.
          returned: always
          type: str
          sample: el607cb8ded6d203aa8b68a55c697c
        image_name:
          description: The name of the ENS image.
          returned: always
          type: str
          sample: web-01-el607cb8ded6d203aa8b68a55c697c
        source_id:
          description: The id of the source in SMC.
          returned: always
          type: str
          sample: s-bp1e2fsl57knvuug0000
        phase:
          description: C(preflight), C(transfer), C(export), C(import) or C(done).
          returned: always
          type: str
          sample: done
        verdict:
          description:
            - C(migrated), C(synced), C(failed), C(blocked), C(pending), or C(clear) when O(state=checked) finds no blocker.
            - A server is C(synced) if its incremental job has copied it at least once, and its cutover is due.
          returned: always
          type: str
          sample: migrated
        settled:
          description: Whether the verdict is final. Only then may a cleanup delete what is left of the server.
          returned: always
          type: bool
          sample: true
        state:
          description: The last state seen.
          returned: always
          type: str
          sample: job j-bp17bclvg344jlyt0000 is Syncing
        progress:
          description: The progress of the copy in percent, while there is one.
          returned: always
          type: float
          sample: 42.5
        reasons:
          description: Why the server failed or is blocked, and what to do.
          returned: always
          type: list
          elements: str
          sample: []
        warnings:
          description:
            - What is unusual about the image of a server that was migrated, such as sizes or an order of disks that ENS reports otherwise.
            - Of a server that was not migrated, what was unusual about its exported objects, such as a format that O(verify=warn) accepts.
          returned: always
          type: list
          elements: str
          sample: []
        error:
          description: The last error of a call for this server.
          returned: always
          type: dict
          sample:
        job_id:
          description: The replication job.
          returned: always
          type: str
          sample: j-bp17bclvg344jlyt0000
        image_id:
          description: The ECS image between copy and export.
          returned: always
          type: str
          sample: m-t4n1dh0000000000
        ens_image_id:
          description: The ENS image.
          returned: always
          type: str
          sample: m-5wn1dh0000000000
        disks:
          description: The disks as they were given.
          returned: always
          type: list
          elements: dict
          sample: [{index: 0, bytes: 21474836480}]
        seconds:
          description: Seconds until the server had its verdict in this run.
          returned: always
          type: float
          sample: 1834.2
        exported_bytes:
          description: The size of the exported objects in bytes. It is 0 if this run has not verified them.
          returned: always
          type: int
          sample: 3221225472
        timeline:
          description:
            - What each look at the cloud has shown of the server, in order. One element for each change.
            - C(seconds) is the time since C(began). C(phase), C(state) and C(progress) are those of the server at this time.
            - C(limited) is whether the server waits because a service handles no more servers at once.
            - After 60 changes, only changes of the phase are recorded.
          returned: always
          type: list
          elements: dict
          sample:
            - {seconds: 0.8, phase: transfer, state: job j-bp17bclvg344jlyt0000 is Syncing, progress: 0.0, limited: false}
        cut_over:
          description: When the cutover of the server was announced in the ledger, by this run or an earlier one. Empty before that.
          returned: always
          type: str
          sample: ''
        sync:
          description:
            - The last complete copy of an incremental job, if there is one. C(next) is when the next copy is expected, as far as SMC shows it.
            - C(lag) is how many seconds ago the copy began. What was written on the source since then may be missing in its image.
          returned: always
          type: dict
          sample: {job_id: j-bp17bclvg344jlyt0000, status: Waiting, runs: 3, began: "2026-11-24T08:00:00Z", seconds: 412.0, lag: 2100}
        forecast:
          description:
            - How many seconds the cutover of an incremental job with a complete copy is expected to take.
            - C(sync) is the time of the newest copy with its image. C(export) and C(import) are the used bytes of the source at 40 MB/s.
            - C(most) expects that the last copy takes as long as the longest one.
          returned: always
          type: dict
          sample: {seconds: 680, most: 2310, parts: {sync: 412, export: 134, import: 134}, bytes: 5368709120}
    unreachable:
      description: The hosts of O(unreachable) that do not continue, with the reason in C(state). C(migration_id) is empty if it is not known.
      returned: always
      type: list
      elements: dict
      sample:
        - {host: db-01, migration_id: el607cb8ded6d203bb1c79b71a2b3c, state: "job j-bp17bclvg344jlyt0000 is Running: its copy needs the host"}
    resources:
      description: Everything that this run has seen of the migration, apart from the ENS images.
      returned: always
      type: list
      elements: dict
      sample:
        - {kind: smc_job, id: j-bp17bclvg344jlyt0000, host: web-01, created: '2026-11-24T08:00:00Z', deleted: '', proof: ''}
    calls:
      description: How often each API action was called.
      returned: always
      type: dict
      sample: {smc.DescribeReplicationJobs: 12}
acts:
  description: How often each changing step was taken, or in check mode would be taken next.
  returned: when O(state=present)
  type: dict
  sample:
    transfer.create: 3
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
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_migration, options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import (
    ArgSpec,
    auth_spec,
    wait_spec,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "default": "present", "choices": ["present", "checked"]},
            "progress_file": {"type": "path"},
        }
    )
    spec = auth_spec().merge(
        wait_spec(limits.WAVE_TIMEOUT, limits.STAGE_POLL_INTERVAL),
        options.servers_spec(True),
        options.unreachable_spec(),
        options.own_network_spec(),
        options.transfer_spec(),
        options.incremental_spec(),
        options.schedule_spec(),
        options.regions_spec(),
        options.restart_spec(),
        options.calls_spec(),
        options.bucket_spec(),
        options.verify_spec(),
        options.import_spec(),
        options.export_spec(),
        own,
    )
    run_module(AnsibleModule(supports_check_mode=True, **spec.to_kwargs()), ens_migration.work)


if __name__ == "__main__":
    main()
