# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates the resources of a world file in a cloud."""

from __future__ import annotations

from sandbox.contracts.regions import zones
from sandbox.effects.image import add_image
from sandbox.faults.rules import Faults
from sandbox.lifecycles import failures
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.world.schema import DiskSpec, EcsImage, EcsInstance, EnsImage, Source, World

_MIB = 1024**2


def seed(cloud: Cloud, faults: Faults, world: World) -> None:
    """Add credentials, buckets, sources, images, failures and faults of the world to the cloud.

    Account, quotas, profile and accepted formats of the cloud are those of the world given last.
    """
    cloud.settings = world
    if world.profile == "frozen":
        cloud.clock.set_rate(0)
    now = cloud.clock.time()
    for access_key, credential in world.credentials.items():
        expires = now + credential.ttl if credential.token else None
        cloud.credentials.add(access_key, credential.secret, credential.token, expires, credential.user)
    for bucket in world.buckets:
        if cloud.buckets.bucket(bucket.name) is None:
            owner = bucket.owner or world.account.id
            cloud.buckets.create_bucket(bucket.name, bucket.region, owner, storage_class=bucket.storage_class,
                                        encryption=bucket.encryption)
    for source in world.sources:
        _source(cloud, source, now)
    for ecs_image in world.ecs_images:
        _ecs_image(cloud, ecs_image)
    with cloud.clock.pinned(now):
        # An instance is billed from its creation on.
        for instance in world.ecs_instances:
            _ecs_instance(cloud, instance, now)
    for ens_image in world.ens_images:
        _ens_image(cloud, ens_image, now)
    failures.load(cloud, world)
    faults.add(world.faults)


def _source(cloud: Cloud, source: Source, now: float) -> None:
    disks = [
        {"index": index, "path": f"/dev/vd{'abcdefghijklmnopqrstuvwxyz'[index]}", "size_bytes": disk.gib * GIB,
         "content_bytes": disk.content_mib * _MIB, "parts": []}
        for index, disk in enumerate(source.disks)
    ]
    hostname = source.hostname or source.name
    cloud.sources.add(
        {"id": source.id or cloud.new_id("s-", of=source.name), "name": source.name, "description": "",
         "state": "Available" if source.online else "Unavailable", "since": now, "created": now,
         "error_code": "" if source.online else "SourceServer.Offline", "status_info": "", "job_id": "",
         "token_id": None, "tags": {}, "simulated": True, "online": source.online, "heartbeat_real": 0.0,
         "bandwidth_mbps": source.bandwidth_mbps, "platform": source.platform, "architecture": source.arch,
         "agent_version": "2.8.5", "kernel_level": 1, "disks": disks,
         "system_info": {"hostname": hostname, "ipv4": source.ipv4, "client_type": "linux", "agent_type": "normal"}}
    )


def _ecs_image(cloud: Cloud, image: EcsImage) -> None:
    disks = []
    for index, disk in enumerate(image.disks):
        snapshot_id = cloud.new_id("s-", of=image.name)
        cloud.disk_store.create(snapshot_id, disk.gib * GIB)
        _fill(cloud, snapshot_id, disk)
        disks.append((snapshot_id, index, disk.gib, ""))
    row = add_image(
        cloud, image.name, image.region, disks, image_id=image.id, platform=image.platform, os_type=image.os_type,
        status=image.status,
    )
    cloud.images.update(row["id"], shared=image.shared, public=image.public, encrypted=image.encrypted,
                        owner=image.owner)


def _ecs_instance(cloud: Cloud, instance: EcsInstance, now: float) -> None:
    row = cloud.instances.add(
        {"id": instance.id or cloud.new_id("i-", of=instance.name), "name": instance.name, "region": instance.region,
         "zone": zones(instance.region)[0], "state": instance.status, "since": now, "created": now,
         "instance_type": "ecs.t6-c1m2.large", "vpc_id": "", "vswitch_id": "", "security_group_id": "", "job_id": "",
         "private_ip": "10.0.0.250", "image_id": instance.image, "protected": instance.deletion_protection,
         "tags": {}}
    )
    cloud.meter.start("instance", row["id"])


def _fill(cloud: Cloud, disk_id: str, disk: DiskSpec) -> None:
    for block in range(min(disk.content_mib, disk.gib * 1024)):
        cloud.disk_store.write(disk_id, block * _MIB, bytes([block % 251 + 1]) * _MIB)


def _ens_image(cloud: Cloud, image: EnsImage, now: float) -> None:
    cloud.ens_images.add(
        {"id": image.id or cloud.new_id("m-", of=image.name),
         "name": image.name, "state": image.status, "since": now, "created": now,
         "region": image.region, "format": "qcow2", "platform": "ubuntu", "os_version": "", "objects": [], "disks": [],
         "error_code": "", "status_info": ""}
    )
