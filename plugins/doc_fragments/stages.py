# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How the stages work: the counterpart of transfer_spec(), own_network_spec(), bucket_spec(), restart_spec(),
    import_spec(), verify_spec(), incremental_spec() and export_spec() in module_utils/_module/options.py."""

    TRANSFER = r"""
options:
  network:
    description:
      - The network of the intermediate instance if O(vpc_id) and O(vswitch_id) are unset.
      - With V(shared), the first job of the migration makes a VPC with one vSwitch, and all jobs use it. The cleanup deletes it when no
        server of the migration needs it.
      - With V(job), SMC creates a VPC for every job. The default quota is 10 VPCs per region.
    type: str
    default: shared
    choices:
      - shared
      - job
  zone_id:
    description:
      - The zone of the shared vSwitch, for example V(ap-southeast-1a).
      - If unset, the first zone of the region by name.
    type: str
  net_mode:
    description:
      - Whether the source reaches the intermediate instance at its public address (V(internet)) or through a private
        connection to the VPC (V(vpc)).
    type: str
    default: internet
    choices:
      - internet
      - vpc
  job_valid_days:
    description:
      - Days until a job expires in SMC, 7 to 90. A running job does not expire.
    type: int
    default: 7
  job_retries:
    description:
      - How often a failed job is started again if a retry can help.
    type: int
    default: 2
  replication_parameters:
    description:
      - Parameters of the copy, such as C(bandwidth_limit) in KB/s, C(compress_level) from 0 to 10, and C(checksum).
      - If unset, SMC chooses.
    type: dict
  job_parameters:
    description:
      - More parameters of CreateReplicationJob, by the names of the SDK, such as C(InstanceType), C(InstanceRamRole), C(LicenseType) and
        C(Description). They replace what the module sends.
      - The installed SDK must know each of them, and a value must be one that the reference of the action documents. Names, ids, tokens, tags,
        disks and what has a separate option cannot be set.
    type: dict
"""

    VERIFY = r"""
options:
  verify:
    description:
      - How the content of the exported objects is checked before the import. An object that is missing, empty or replaced always fails.
      - With V(strict), so does one that is truncated, of another format, or smaller than its disk. With V(warn), this is a warning.
      - With V(off), the content is not read.
      - A larger disk than expected is a warning.
    type: str
    default: strict
    choices:
      - strict
      - warn
      - "off"
"""

    IMPORT_ = r"""
options:
  import_parameters:
    description:
      - More parameters of ImportImage, by the names of the SDK, such as C(OSVersion), C(Platform), C(OSType) and C(ComputeType). They replace what
        the module sends.
      - The installed SDK must know each of them, and a value must be one that the reference of the action documents for Linux servers on x86_64,
        such as V(centos) and V(ubuntu) for C(Platform). The name, the format, the bucket and the objects cannot be set.
    type: dict
"""

    OWN_NETWORK = r"""
options:
  vpc_id:
    description:
      - The VPC in which SMC places the intermediate instances, in the same O(region). Needs O(vswitch_id).
      - If unset, they get a network of their own.
    type: str
  vswitch_id:
    description:
      - The vSwitch of O(vpc_id) for the intermediate instances, each of which takes one of its addresses.
      - If unset, they get a network of their own.
    type: str
"""

    REGIONS = r"""
options:
  import_regions:
    description:
      - The regions in which ENS imports images. O(region) must be one of them.
      - If unset, V(cn-beijing) and V(ap-southeast-1), the regions that Alibaba Cloud documents today. If ENS opens another region, set the whole list.
        An import elsewhere fails after copy and export have been billed.
      - The source of the default is U(https://www.alibabacloud.com/help/en/smc/user-guide/edge-node-migration).
    type: list
    elements: str
"""

    BUCKET = r"""
options:
  bucket:
    description:
      - The OSS bucket for the exported images, in the same O(region).
      - A migration writes its exported objects to it and deletes them at the end. It also writes its ledger, C(edgelift/<wave id>/ledger), and
        replaces it with an empty object at the end. Other objects are not changed.
    type: str
    required: true
  image_format:
    description:
      - The format in which ECS exports and ENS imports.
      - If unset, the first of O(image_formats) for the O(region).
    type: str
    choices:
      - qcow2
      - raw
  image_formats:
    description:
      - The formats that ECS exports, as lists by region. The first one of each list is the default.
      - For a region that it does not name, V(qcow2) and V(raw) where Alibaba Cloud documents that ECS exports other formats than V(raw)
        (C(ap-southeast-1) among them), and V(raw) elsewhere (C(cn-beijing) among them). Set it when ECS changes this.
      - The source of the default is U(https://www.alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-exportimage).
    type: dict
  contract:
    description:
      - What M(edgelift.ens_migration.ens_canary) has proved of the account, as a mapping or as the path of a YAML file. It counts before the
        defaults of O(image_format) and of the parameters of ImportImage. Options that you set count before it.
      - A relative path begins at the folder of the playbook in a module, and at the current folder of the user in the roles.
      - If it is older than 30 days, or of another account, region or bucket, the module warns and uses it nevertheless. If it is malformed, or says
        that the import fails, the module fails before it makes anything.
    type: raw
"""

    CALLS = r"""
options:
  parallel_calls:
    description:
      - How many API calls the module makes at the same time, from 1 to 64. V(1) makes them one after another.
      - The calls for one server keep their order. When a service refuses a call because of the rate of calls, all calls of that API wait.
    type: int
    default: 8
"""

    RESTART = r"""
options:
  restart:
    description:
      - Whether to begin the migration again after a cleanup has ended it.
      - M(edgelift.ens_migration.smc_cleanup) with O(edgelift.ens_migration.smc_cleanup#module:scope=migration) ends a migration. Nothing is made
        for it after that, unless this option is set.
    type: bool
    default: false
"""

    PART = r"""
options:
  bucket:
    description:
      - The OSS bucket of the migration, in the same O(region). It contains the ledger of the migration.
      - With it, the module makes nothing for a migration that a cleanup has ended, and a cleanup waits for what is being made.
      - If unset, the module does not look.
    type: str
  restart:
    description:
      - Whether to begin the migration again after a cleanup has ended it.
    type: bool
    default: false
"""

    EXPORT = r"""
options:
  export_role_name:
    description:
      - The RAM role that lets ECS write to the bucket.
    type: str
    default: AliyunECSImageExportDefaultRole
  export_retries:
    description:
      - How often an image is exported again after an export failed or left an incomplete object.
      - The objects of the failed export are deleted from O(bucket) first. The export tasks that ECS lists are counted, so a
        further run does not start again from zero. Every export counts towards the weekly quota.
    type: int
    default: 1
"""

    INCREMENTAL = r"""
options:
  mode:
    description:
      - The kind of the replication jobs that the task makes. The kind of a job that exists does not change.
      - With V(once), a job copies the server one time, and its image is exported and imported.
      - With V(incremental), SMC repeats the copy and makes an image each time (C(RunOnce=false)). After the first copy, the
        verdict of the server is C(synced), and the task does not wait any longer. A task with O(cutover=true) finishes the migration.
    type: str
    default: once
    choices:
      - once
      - incremental
  frequency:
    description:
      - Hours between the end of a copy and the next one, with O(mode=incremental). SMC accepts 1 to 168.
    type: int
    default: 24
  images_to_keep:
    description:
      - How many images SMC keeps of a server, with O(mode=incremental). SMC accepts 1 to 10, and deletes the oldest. The snapshots of each are billed.
    type: int
    default: 2
  cutover:
    description:
      - Whether the incremental jobs of the servers get their last copy (C(CutOverReplicationJob) with C(SyncData)). Its image is exported and imported.
        Stop the services of the sources before, so that nothing is written after this copy.
      - No job is made, and a server whose job runs once or has no complete copy fails.
      - With C(state=checked), the task reports which servers are ready for it. A server whose maintenance window is closed is not.
    type: bool
    default: false
"""
