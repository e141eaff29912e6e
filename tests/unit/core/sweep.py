# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of leftovers share: a cloud full of them, cleanups, and what came of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import release
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.order import ORDER
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.scope import Scope
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, naming

from .cloud import Cloud
from .kit import MIGRATION, qcow2, server, stamp

SERVER, OTHER = server(1), server(2)
WAVE, NAME, TOKEN = naming.wave_id(MIGRATION), naming.network_name(MIGRATION), naming.token_name(MIGRATION)
NOTE = f"edgelift/{SERVER.id}/proof.json"


def scope(cloud: Cloud, *only: Any, **changes: Any) -> Scope:
    known = only or (SERVER, OTHER)
    values: dict[str, Any] = {
        "identities": frozenset(item.id for item in only) or None,
        "hosts": {item.id: item.host for item in known},
        "source_ids": {item.source_id: item.id for item in known},
    }
    return Scope(cloud, MIGRATION, "images", **{**values, **changes})


def remove(
    cloud: Cloud, *only: Any, known: Any = (), timeout: float = 900, **changes: Any
) -> release.Outcome:
    return release.remove(scope(cloud, *only, **changes), known, cloud.clock(), timeout, 5)


def deleted(outcome: release.Outcome) -> set[str]:
    return {row["kind"] for row in outcome.seen.rows() if row["deleted"]}


def reasons(outcome: release.Outcome) -> dict[str, str]:
    return {f"{row['kind']} {row['id']}": row["reason"] for row in outcome.residual}


def similar(outcome: release.Outcome) -> dict[str, str]:
    """Return the reasons by kind and id of what only has a similar name."""
    return {f"{row['kind']} {row['id']}": row["reason"] for row in outcome.similar_names}


TABLES = (
    "jobs", "instances", "disks", "groups", "images", "snapshots", "objects", "uploads", "sources", "tokens", "vpcs",
    "vswitches", "ens_images", "ens_instances",
)


def left(cloud: Cloud, *tables: str) -> list[str]:
    """Return which of these tables are not empty."""
    return [table for table in tables if getattr(cloud, table)]


def note(found: Mapping[str, Any]) -> bytes:
    return json.dumps(found).encode()


def exported(cloud: Cloud, item: Server, image: str) -> str:
    """Put an image's object into the bucket, with the finished task that wrote it; return its key."""
    key = f"{item.id}_{image}_system.qcow2"
    cloud.objects[key] = qcow2(20)
    cloud.add_task(image, "Finished", prefix=item.id, _keys=[key], FinishedTime=stamp(cloud.now))
    return key


def full() -> Cloud:
    """Return a cloud with everything that a migration can leave, for one server and for the wave."""
    cloud = Cloud()
    cloud.register(SERVER)
    job = cloud.add_job(SERVER, "InError", ImageId="m-1")
    cloud.add_instance(job)
    cloud.add_image("m-1", SERVER.image_name, (20,))
    key = exported(cloud, SERVER, "m-1")
    cloud.objects[f"edgelift/{SERVER.id}/proof.json"] = b"{}"
    cloud.uploads.append({"key": key, "upload_id": "u-1"})
    cloud.tokens["at-1"] = {
        "AccessTokenId": "at-1", "Name": TOKEN, "Description": naming.description(MIGRATION),
        "CreationTime": stamp(cloud.now), "TimeToLiveInDays": "7",
    }  # fmt: skip
    tags = {"Tag": [{"Key": "edgelift:wave", "Value": MIGRATION}]}
    cloud.vpcs["vpc-1"] = {"VpcId": "vpc-1", "VpcName": NAME, "Tags": tags}
    cloud.vswitches["vsw-1"] = {"VSwitchId": "vsw-1", "VSwitchName": NAME, "VpcId": "vpc-1"}
    cloud.add_ens_image(SERVER.image_name, "Unavailable")
    launched(cloud, "release")
    return cloud


def launched(cloud: Cloud, policy: str, item: Server = SERVER, **changes: Any) -> str:
    """Put an ENS instance of a server with this policy into the cloud; return its id."""
    tags = instances.tags(item.migration, item.host, item.id, policy, {})
    params = {"InstanceName": item.job_name, "EnsRegionId": "node-1", "InstanceType": "t", "ImageId": "m", "Tags": tags}
    return str(cloud.add_ens_instance({**params, **changes})["InstanceId"])


ALL_KINDS = {kind.name for kind in ORDER}


def sweep(cloud: Cloud) -> release.Outcome:
    """Return what a sweep with nothing but credentials does."""
    return release.remove(Scope(cloud, MIGRATION, "images"), [], cloud.clock(), 900, 5)
