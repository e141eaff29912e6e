# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Stage export: ECS writes the custom image to OSS, one object per disk, and every object is looked into.

Done when the export task is Finished and each disk's object is present, complete, of the right format and of the
right virtual size. Leaves OSS objects and perhaps multipart parts, both billed.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils import _naming, _states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import intents
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages._model import (
    Decision,
    ExportedObject,
    Seen,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages._model import (
        Ledger,
        Policy,
        Row,
        Server,
    )

STAGE = "export"
_QUEUED = frozenset({"ConcurrentQuotaExceed.ExportImage", "ImageIsExporting"})
_QCOW2_MAGIC = b"QFI\xfb"
_GZIP_MAGIC = b"\x1f\x8b"


def observe(clients: Clients, servers: Sequence[Server], seen: dict[str, Seen], policy: Policy, ledger: Ledger) -> None:
    """Fill in ECS image, export task and exported objects of every server whose copy is finished."""
    wanted = {job["ImageId"]: server for server in servers if (job := seen[server.id].job) and job.get("ImageId")}
    if not wanted:
        return
    for server in wanted.values():
        seen[server.id].image = seen[server.id].task = None
    for image in clients.ecs.describe_images():
        owner = wanted.get(image["ImageId"])
        if owner:
            seen[owner.id].image = image
            ledger.saw("ecs_image", image["ImageId"], owner.host, image.get("CreationTime", ""))
            for snapshot in snapshot_ids(image):
                ledger.saw("ecs_snapshot", snapshot, owner.host, image.get("CreationTime", ""))
    for task in clients.ecs.describe_tasks(action="ExportImage", resource_ids=list(wanted)):
        owner = wanted.get(task.get("ResourceId", ""))
        if owner and task.get("CreationTime", "") >= (seen[owner.id].task or {}).get("CreationTime", ""):
            seen[owner.id].task = task
    for server in wanted.values():
        _observe_result(clients, server, seen[server.id], policy, ledger)


def _observe_result(clients: Clients, server: Server, seen: Seen, policy: Policy, ledger: Ledger) -> None:
    oss = clients.oss(policy.bucket)
    task = seen.task
    if task is None:
        seen.intent = intents.read(oss, server.id, STAGE)
        return
    if _states.outcome(_states.EXPORT_TASK, task.get("TaskStatus", "")) == "pending" or seen.objects:
        return
    seen.task_detail = clients.ecs.describe_task_attribute(task["TaskId"])
    if task.get("TaskStatus") == "Finished":
        seen.objects, seen.object_problem = inspect(oss, seen.task_detail, server, policy)
        for item in seen.objects:
            ledger.saw("oss_object", f"{item['bucket']}/{item['key']}", server.host, task.get("FinishedTime", ""))


def snapshot_ids(image: Row) -> list[str]:
    """Return the snapshots that an ECS image stands on; they outlive the image and are billed."""
    mappings = (image.get("DiskDeviceMappings") or {}).get("DiskDeviceMapping", [])
    return [mapping["SnapshotId"] for mapping in mappings if mapping.get("SnapshotId")]


def related(detail: Row, name: str) -> list[str]:
    """Return the values of one RelatedItem name of an export task: the only authority on what it wrote."""
    progress = (detail.get("OperationProgressSet") or {}).get("OperationProgress", [])
    return [
        item["Value"]
        for step in progress
        for item in (step.get("RelatedItemSet") or {}).get("RelatedItem", [])
        if item.get("Name") == name
    ]


def disk_order(keys: Iterable[str]) -> list[str]:
    """Return exported keys in disk order: the one named ``system`` first, then ``data`` by device letter."""

    def rank(key: str) -> tuple[int, str]:
        device = re.search(r"xvd([a-z]+)", key)
        return (0 if "system" in key else 1, device.group(1) if device else key)

    return sorted(keys, key=rank)


def inspect(oss: OssApi, detail: Row, server: Server, policy: Policy) -> tuple[list[ExportedObject], str]:
    """Return the exported objects in disk order, and what is wrong with them (empty: nothing)."""
    keys = disk_order(set(related(detail, "OSSObject")))
    if not keys:
        keys = disk_order(item["key"] for item in oss.list_keys(_naming.objects_prefix(server.id) + "_"))
    return verify(oss, keys, server, policy)


def verify(oss: OssApi, keys: Sequence[str], server: Server, policy: Policy) -> tuple[list[ExportedObject], str]:
    """Return what the objects under ``keys`` (in disk order) are, and what is wrong with them (empty: nothing)."""
    if server.disks and len(keys) != len(server.disks):
        return [], f"there are {len(keys)} objects for {len(server.disks)} disks: {', '.join(keys) or 'none'}"
    found: list[ExportedObject] = []
    for index, key in enumerate(keys):
        expected = server.disks[index].bytes if server.disks else 0
        item, problem = _inspect_one(oss, policy, index, key, expected)
        if problem:
            return found, problem
        found.append(item)
    return found, "" if found else "no object is named"


def _inspect_one(oss: OssApi, policy: Policy, index: int, key: str, expected: int) -> tuple[ExportedObject, str]:
    item = ExportedObject(index=index, bucket=policy.bucket, key=key, size=0, virtual_size=0)
    where = f"oss://{policy.bucket}/{key}"
    head = oss.head(key)
    if head is None:
        return item, f"{where} (disk {index}) is missing although the export task is Finished"
    item["size"] = int(head["size"])
    if item["size"] == 0:
        return item, f"{where} (disk {index}) is empty"
    start = oss.read_range(key, 0, min(item["size"], 32) - 1)
    if policy.image_format == "raw":
        problem = "" if start.startswith(_GZIP_MAGIC) else "is not a gzip archive (raw exports are .raw.tar.gz)"
        return item, problem and f"{where} (disk {index}) {problem}"
    if not start.startswith(_QCOW2_MAGIC) or len(start) < 32:
        return item, f"{where} (disk {index}) is not a qcow2 file"
    item["virtual_size"] = struct.unpack(">Q", start[24:32])[0]
    if expected and item["virtual_size"] != expected:
        return item, f"{where} (disk {index}) holds {item['virtual_size']} bytes, the source's disk has {expected}"
    return item, ""


def decide(server: Server, seen: Seen, now: datetime) -> Decision:
    """Return the next step of the export of a server whose copy is finished."""
    image = seen.image
    if image is None:
        return Decision.fail(
            f"ECS image {(seen.job or {}).get('ImageId')} of {server.host} is gone: somebody deleted it. "
            "Delete the job (role cleanup) and migrate again"
        )
    state = _states.outcome(_states.ECS_IMAGE, image.get("Status", ""))
    if state == "pending":
        return Decision.wait(f"ECS image {image['ImageId']} is {image.get('Status')}")
    if state == "failure":
        return Decision.fail(f"ECS image {image['ImageId']} is {image.get('Status')}: it cannot be exported")
    if seen.task is None:
        if intents.settled(seen.intent, now):
            return Decision.act("export", f"ECS image {image['ImageId']} is Available")
        return Decision.wait(f"an export of {image['ImageId']} was asked for and does not show yet")
    return _decide_task(seen.task, seen)


def _decide_task(task: Row, seen: Seen) -> Decision:
    status = task.get("TaskStatus", "")
    state = _states.outcome(_states.EXPORT_TASK, status)
    if state == "pending":
        return Decision.wait(f"export task {task['TaskId']} is {status}")
    if state == "failure":
        steps = ((seen.task_detail or {}).get("OperationProgressSet") or {}).get("OperationProgress", [])
        why = "; ".join(f"{step.get('ErrorCode', '')} {step.get('ErrorMsg', '')}".strip() for step in steps)
        return Decision.fail(f"export task {task['TaskId']} is {status}: {why or 'the cloud gives no reason'}")
    if seen.object_problem:
        return Decision.fail(f"export task {task['TaskId']} is Finished, but {seen.object_problem}")
    return Decision.done(task["TaskId"])


def act(clients: Clients, server: Server, seen: Seen, policy: Policy, now: datetime) -> str:
    """Ask for the export once, with the intent written first; return why it has to be asked again later, or ''."""
    if seen.image is None:
        return ""
    oss = clients.oss(policy.bucket)
    if not intents.write(oss, server.id, STAGE, policy.run_id, now, image_id=seen.image["ImageId"]):
        if not intents.settled(intents.read(oss, server.id, STAGE), now):
            return "another controller is exporting this image"
        intents.withdraw(oss, server.id, STAGE)
        return "an old intent without a result was withdrawn"
    # Outside these Regions ECS takes no ImageFormat at all: it always writes raw.
    image_format = None if policy.image_format == "raw" else policy.image_format
    try:
        clients.ecs.export_image(
            seen.image["ImageId"],
            policy.bucket,
            _naming.objects_prefix(server.id),
            image_format=image_format,
            role_name=policy.role_name,
        )
    except CloudError as error:
        if not error.retryable:
            intents.withdraw(oss, server.id, STAGE)
        if error.code in _QUEUED:
            intents.withdraw(oss, server.id, STAGE)
            return f"queued by ECS ({error.code})"
        raise
    return ""
