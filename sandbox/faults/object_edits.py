# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of objects: those of an export, and foreign objects beside them."""

from __future__ import annotations

from sandbox.state import versions
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row
from sandbox.world.fault_rules import StateFault


def remove_object(cloud: Cloud, task: Row, rule: StateFault) -> None:
    """Delete the exported object of ``disk``."""
    key = _key(cloud, task, rule)
    if key is not None:
        bucket = cloud.buckets.find(task["bucket"])
        for item in versions.delete(bucket, key).ended if bucket is not None else ():
            cloud.object_removed(task["bucket"], item.billed_name)


def empty_object(cloud: Cloud, task: Row, rule: StateFault) -> None:
    """Replace the exported object of ``disk`` by an empty one."""
    _replace(cloud, task, _key(cloud, task, rule), b"")


def truncate_object(cloud: Cloud, task: Row, rule: StateFault) -> None:
    """Remove the second half of the exported object of ``disk``."""
    key = _key(cloud, task, rule)
    if key is not None:
        content = cloud.buckets.object_path(task["bucket"], key).read_bytes()
        _replace(cloud, task, key, content[: len(content) // 2])


def spoil_object(cloud: Cloud, task: Row, rule: StateFault) -> None:
    """Replace the exported object of ``disk`` by another format: a VHD footer and zeros."""
    _replace(cloud, task, _key(cloud, task, rule), b"conectix" + bytes(65528))


def shrink_object(cloud: Cloud, task: Row, rule: StateFault) -> None:
    """Delete the exported object of ``disk`` and its name in the task."""
    key = _key(cloud, task, rule)
    if key is not None:
        remove_object(cloud, task, rule)
        cloud.tasks.update(task["id"], objects=[other for other in task["objects"] if other != key])


def add_objects(cloud: Cloud, task: Row, rule: StateFault) -> None:
    """Add ``count`` foreign objects to the bucket, under keys that begin like those of the export."""
    for number in range(rule.count):
        _put(cloud, task["bucket"], rule.key.format(id=task["prefix"], n=number), b"not yours")


def _key(cloud: Cloud, task: Row, rule: StateFault) -> str | None:
    keys = task["objects"]
    if not keys or rule.disk >= len(keys) or not cloud.buckets.exists(task["bucket"], keys[rule.disk]):
        return None
    return str(keys[rule.disk])


def _replace(cloud: Cloud, task: Row, key: str | None, content: bytes) -> None:
    if key is not None:
        _put(cloud, task["bucket"], key, content)


def _put(cloud: Cloud, bucket: str, key: str, content: bytes) -> None:
    path = cloud.root / "export" / "edit"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    cloud.buckets.put_file(bucket, key, path)
    cloud.object_stored(bucket, key, len(content))
