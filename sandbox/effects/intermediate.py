# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intermediate instance of a job with its disks, security group and network (facts 3.3, 7.2)."""

from __future__ import annotations

from sandbox.bytes.receiver import ReceiverDisk
from sandbox.contracts.regions import zones
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row
from sandbox.state.work import work_key

from . import runs
from .job_disks import drop_frozen, job_disks
from .simulated import write_content

NAME = "No_Delete_SMC_Transition_Instance"
# Where the real instance listens (facts 2.3); the actual ports are sent to the client only.
PORTS = ("8080/8080", "8703/8703")
# First choice of the vendor's default order is 1 vCPU / 2 GiB (facts 7.2).
_TYPE = "ecs.t6-c1m2.large"
_BOOT_DISK_GIB = 20


def create(cloud: Cloud, job: Row) -> None:
    """Create instance, disks, security group and, when none was given, VPC and vSwitch; then open the receiver.

    A job that is started again keeps its resources; only its receiver is opened again.
    """
    if not job["transition_instance_id"]:
        _network(cloud, job)
        group = _security_group(cloud, job)
        instance = _instance(cloud, job, group["id"])
        cloud.jobs.update(job["id"], transition_instance_id=instance["id"])
    open_receiver(cloud, job)


def tell_failure(cloud: Cloud, job: Row) -> None:
    """Note why the transfer failed (facts 7.1)."""
    reason = cloud.work.failure(work_key("receiver", job)) or cloud.receivers.error(job["transition_instance_id"])
    cloud.jobs.update(job["id"], error_code="Do Rsync Disk 0 Failed", status_info=reason or "", last_step="Syncing")


def release(cloud: Cloud, job: Row) -> None:
    """Release all resources of the job; a resource that is deleted already is no error."""
    cloud.work.forget(work_key("receiver", job))
    cloud.work.forget(work_key("image", job))
    drop_frozen(cloud, job)
    drop_instance(cloud, job["transition_instance_id"])
    for group in cloud.security_groups.where(job_id=job["id"]):
        cloud.security_groups.delete(group["id"])
    if job["own_vpc_id"]:
        for vswitch in cloud.vswitches.where(vpc_id=job["own_vpc_id"]):
            cloud.vswitches.delete(vswitch["id"])
        cloud.vpcs.delete(job["own_vpc_id"])
        cloud.jobs.update(job["id"], own_vpc_id="")


def finish(cloud: Cloud, job: Row) -> None:
    """End a successful job: release its resources; its source can have another job."""
    release(cloud, job)
    runs.end(cloud, job)


def drop_instance(cloud: Cloud, instance_id: str) -> None:
    """Delete an instance, its disks and its receiver, and stop billing them."""
    if cloud.instances.delete(instance_id) is None:
        return
    cloud.meter.stop("instance", instance_id)
    disks = [disk["id"] for disk in cloud.disks.where(instance_id=instance_id)]
    for disk_id in disks:
        cloud.disks.delete(disk_id)
        cloud.meter.stop("disk", disk_id)

    async def close() -> None:
        await cloud.receivers.close(instance_id)
        for disk_id in disks:
            cloud.disk_store.delete(disk_id)

    cloud.work.start(f"drop/{instance_id}", close)


def _network(cloud: Cloud, job: Row) -> None:
    if job["vswitch_id"]:
        return
    vpc_id, now = job["vpc_id"], cloud.clock.time()
    if not vpc_id:
        vpc_id = cloud.new_id("vpc-", of=job["id"])
        cloud.vpcs.add(
            {"id": vpc_id, "name": "SMC_Transition_VPC", "description": "Created by SMC", "region": job["region"],
             "cidr": "10.0.0.0/8", "created": now, "tags": {}}
        )
        cloud.jobs.update(job["id"], own_vpc_id=vpc_id)
    vswitch_id = cloud.new_id("vsw-", of=job["id"])
    cloud.vswitches.add(
        {"id": vswitch_id, "name": "SMC_Transition_VSwitch", "description": "Created by SMC", "region": job["region"],
         "vpc_id": vpc_id, "zone": zones(job["region"])[0], "cidr": "10.0.0.0/24", "created": now, "tags": {}}
    )
    cloud.jobs.update(job["id"], vpc_id=vpc_id, vswitch_id=vswitch_id)


def _security_group(cloud: Cloud, job: Row) -> Row:
    return cloud.security_groups.add(
        {"id": cloud.new_id("sg-", of=job["id"]), "name": "SMC_Transition_SecurityGroup",
         "description": "Created by SMC", "region": job["region"], "vpc_id": job["vpc_id"], "job_id": job["id"],
         "created": cloud.clock.time(),
         "permissions": [{"PortRange": ports, "IpProtocol": "TCP", "SourceCidrIp": "0.0.0.0/0"} for ports in PORTS],
         "tags": {}}
    )


def _instance(cloud: Cloud, job: Row, group_id: str) -> Row:
    vswitch = cloud.vswitches.get(job["vswitch_id"])
    now = cloud.clock.time()
    zone = zones(job["region"])[0] if vswitch is None else vswitch["zone"]
    instance = cloud.instances.add(
        {"id": cloud.new_id("i-", of=job["id"]),
         "name": NAME, "region": job["region"], "zone": zone, "state": "Pending",
         "since": now, "created": now, "instance_type": job["instance_type"] or _TYPE, "vpc_id": job["vpc_id"],
         "vswitch_id": job["vswitch_id"], "security_group_id": group_id, "job_id": job["id"],
         "private_ip": f"10.0.0.{len(cloud.instances) % 200 + 10}", "image_id": "", "protected": False, "tags": {}}
    )
    cloud.meter.start("instance", instance["id"])
    _disk(cloud, instance, "system", -1, _BOOT_DISK_GIB)
    for index, gib in job_disks(job):
        disk = _disk(cloud, instance, "data", index, gib)
        cloud.disk_store.create(disk["id"], gib * GIB)
    return instance


def _disk(cloud: Cloud, instance: Row, kind: str, index: int, gib: int) -> Row:
    disk = cloud.disks.add(
        {"id": cloud.new_id("d-", of=instance["id"]),
         "name": "", "region": instance["region"], "zone": instance["zone"], "kind": kind,
         "index": index, "size": gib, "device": f"/dev/xvd{'abcdefghijklmnopqrstuvwxyz'[index + 1]}",
         "instance_id": instance["id"], "status": "Attaching", "created": cloud.clock.time(),
         "since": cloud.clock.time(), "tags": {}}
    )
    cloud.meter.start("disk", disk["id"], gib)
    return disk


def open_receiver(cloud: Cloud, job: Row) -> None:
    """Receive the job's disks, unless everything was received; the content that they have already counts."""
    source = cloud.sources.get(job["source_id"])
    if job["received"] or source is None:
        return
    instance_id = job["transition_instance_id"]
    rows = [disk for disk in cloud.disks.where(instance_id=instance_id) if disk["index"] >= 0]

    async def open_() -> None:
        if source["simulated"]:
            await write_content(cloud, source, rows)
        else:
            disks = [ReceiverDisk(row["index"], row["id"], row["size"] * GIB) for row in rows]
            await cloud.receivers.open(instance_id, job["id"], job["source_id"], disks)

    cloud.work.start(work_key("receiver", job), open_)
