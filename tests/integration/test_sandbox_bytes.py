# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen of bytes on their way: growing uploads of an export, what stays of one that ends early, sound images."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import oss2
import pytest
from support.oss_client import bucket

pytestmark = pytest.mark.any_core

GIB = 2**30
IMAGE_ID = "m-sandboximage1"
IMAGE = {"name": "web", "id": IMAGE_ID, "region": "ap-southeast-1",
         "disks": [{"gib": 20, "content_mib": 4}, {"gib": 30, "content_mib": 2}]}
FROZEN = {"profile": "frozen", "jitter": 0, "start": 1_800_000_000, "ecs_images": [IMAGE]}
# Of 20 and 30 GiB at 50 MB/s, in virtual seconds.
FIRST, SECOND = 20 * GIB / 50e6, 30 * GIB / 50e6


def export(sandbox: Any) -> str:
    """A started export."""
    answer = sandbox.call("ecs", "ExportImage", ImageId=IMAGE_ID, OSSBucket=sandbox.bucket, OSSPrefix="el1",
                          ImageFormat="qcow2")
    return str(answer["TaskId"])


def task(sandbox: Any, task_id: str) -> dict[str, Any]:
    """The task as the API shows it."""
    return sandbox.call("ecs", "DescribeTaskAttribute", TaskId=task_id)


def uploads(sandbox: Any) -> dict[str, list[int]]:
    """Every open upload's key, and the sizes of its parts."""
    oss = bucket(sandbox)
    return {upload.key: [part.size for part in oss.list_parts(upload.key, upload.upload_id).parts]
            for upload in oss2.MultipartUploadIterator(oss)}


def objects(sandbox: Any) -> list[str]:
    """The keys that are in the bucket."""
    return [item.key for item in oss2.ObjectIteratorV2(bucket(sandbox))]


def importing(sandbox: Any, name: str, keys: list[str], fmt: str = "qcow2") -> dict[str, Any]:
    """The row of an ENS image that was imported from these objects, at its end."""
    mapping = [{"OSSBucket": sandbox.bucket, "OSSObject": key, "OSSRegion": sandbox.region} for key in keys]
    image_id = sandbox.call("ens", "ImportImage", ImageName=name, ComputeType="ens_vm", OSType="linux",
                            Architecture="x86_64", ImageFormat=fmt, DiskDeviceMapping=json.dumps(mapping))["ImageId"]
    sandbox.advance(100_000)
    rows = {row["id"]: row for row in sandbox.get("state")["ens_images"]}
    return dict(rows[image_id])


@pytest.mark.sandbox_world(FROZEN)
def test_an_export_grows_in_the_bucket_one_disk_at_a_time(sandbox: Any) -> None:
    task_id = export(sandbox)
    (system,) = uploads(sandbox)
    assert (uploads(sandbox)[system], objects(sandbox)) == ([], [])
    seen = []
    for _turn in range(4):
        sandbox.advance(FIRST / 5)
        seen.append(uploads(sandbox)[system])
    assert [len(sizes) for sizes in seen] == [1, 2, 3, 4]
    assert objects(sandbox) == []
    billed = {entry["id"].partition("?")[0]: entry["units"] for entry in sandbox.get("meter")["running"]
              if entry["kind"] == "oss_part"}
    assert billed == {f"{sandbox.bucket}/{system}": pytest.approx(sum(seen[-1]) / GIB)}
    sandbox.advance(FIRST / 5)
    assert objects(sandbox) == [system]
    assert bucket(sandbox).head_object(system).content_length == sum(seen[-1])
    (data,) = uploads(sandbox)
    assert data != system
    sandbox.advance(SECOND)
    assert (sorted(objects(sandbox)), uploads(sandbox)) == (sorted([system, data]), {})
    assert task(sandbox, task_id)["TaskStatus"] == "Processing"
    sandbox.advance(31)
    assert task(sandbox, task_id)["TaskStatus"] == "Finished"
    assert {entry["kind"] for entry in sandbox.get("meter")["running"]} == {"snapshot", "oss_object"}


@pytest.mark.sandbox_world(FROZEN)
def test_a_cancelled_export_leaves_what_is_in_the_bucket(sandbox: Any) -> None:
    task_id = export(sandbox)
    sandbox.advance(FIRST + SECOND / 5)
    before = uploads(sandbox)
    assert [len(sizes) for sizes in before.values()] == [1]
    sandbox.call("ecs", "CancelTask", TaskId=task_id)
    sandbox.advance(3600)
    assert task(sandbox, task_id)["TaskStatus"] == "Failed"
    assert (uploads(sandbox), len(objects(sandbox))) == (before, 1)
    assert "oss_part" in {entry["kind"] for entry in sandbox.get("meter")["running"]}
    for upload in oss2.MultipartUploadIterator(bucket(sandbox)):
        bucket(sandbox).abort_multipart_upload(upload.key, upload.upload_id)
    assert "oss_part" not in {entry["kind"] for entry in sandbox.get("meter")["running"]}
    again = export(sandbox)
    sandbox.advance(7200)
    assert task(sandbox, again)["TaskStatus"] == "Finished"


@pytest.mark.sandbox_world(FROZEN)
def test_an_export_whose_upload_is_aborted_fails(sandbox: Any) -> None:
    task_id = export(sandbox)
    sandbox.advance(FIRST / 2)
    (upload,) = oss2.MultipartUploadIterator(bucket(sandbox))
    bucket(sandbox).abort_multipart_upload(upload.key, upload.upload_id)
    failed = task(sandbox, task_id)
    assert failed["TaskStatus"] == "Failed"
    (progress,) = failed["OperationProgressSet"]["OperationProgress"]
    assert (progress["ErrorCode"], upload.key in progress["ErrorMsg"]) == ("ExportImageFailed", True)
    assert (uploads(sandbox), objects(sandbox)) == ({}, [])


@pytest.mark.sandbox_world(FROZEN)
def test_every_qcow2_is_sound_and_imports_take_as_long_as_their_size(sandbox: Any, tmp_path: Path) -> None:
    task_id = export(sandbox)
    sandbox.advance(7200)
    (progress,) = task(sandbox, task_id)["OperationProgressSet"]["OperationProgress"]
    keys = [item["Value"] for item in progress["RelatedItemSet"]["RelatedItem"] if item["Name"] == "OSSObject"]
    begun = sandbox.get("clock")["now"]
    image = importing(sandbox, "whole", keys)
    assert image["state"] == "Available", begun
    # 60 s Creating, then 50 GiB at 30 MB/s and 30 s.
    assert image["since"] - image["created"] == pytest.approx(90 + 50 * GIB / 30e6)
    paths = [Path(disk["path"]) for disk in image["disks"]]
    for key in keys:
        paths.append(tmp_path / key)
        bucket(sandbox).get_object_to_file(key, str(paths[-1]))
    assert len(paths) == 4
    for path in paths:
        subprocess.run(["qemu-img", "check", "-f", "qcow2", str(path)], check=True, capture_output=True)


def sparse(sandbox: Any, key: str, size: int) -> None:
    """An object that is nothing but a hole: put by one byte, then made longer in the state folder."""
    bucket(sandbox).put_object(key, b"\1")
    (path,) = Path(sandbox.greeting["state"]).rglob(key)
    with path.open("r+b") as file:
        file.truncate(size)


def qcow2(folder: Path, name: str, gib: int) -> Path:
    """An empty qcow2 image, which is far smaller than its disk: what is judged is the size that the header names."""
    path = folder / name
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(path), f"{gib}G"], check=True)
    assert path.stat().st_size < 1024**2
    return path


@pytest.mark.sandbox_world(FROZEN)
def test_imports_at_their_limits_and_beyond(sandbox: Any, tmp_path: Path) -> None:
    oss = bucket(sandbox)
    for gib in (500, 501):
        oss.put_object_from_file(f"{gib}.qcow2", str(qcow2(tmp_path, f"{gib}.qcow2", gib)))
    oss.put_object("wrong.qcow2", b"\0" * 1024**2)
    oss.put_object("empty.qcow2", b"")
    for number in range(4):
        sparse(sandbox, f"quarter-{number}.raw", 256 * GIB)
    sparse(sandbox, "one-more.raw", 512)
    quarters = [f"quarter-{number}.raw" for number in range(4)]
    ends = {
        "500": importing(sandbox, "a500", ["500.qcow2"]),
        "501": importing(sandbox, "a501", ["501.qcow2"]),
        "data 500": importing(sandbox, "d500", ["501.qcow2", "500.qcow2"]),
        "data 501": importing(sandbox, "d501", ["500.qcow2", "501.qcow2"]),
        "wrong": importing(sandbox, "wrong", ["wrong.qcow2"]),
        "empty": importing(sandbox, "empty", ["empty.qcow2"]),
        "1 TiB": importing(sandbox, "tib", quarters, "raw"),
        "beyond": importing(sandbox, "beyond", [*quarters, "one-more.raw"], "raw"),
    }
    assert {name: row["state"] for name, row in ends.items()} == {
        "500": "Available", "501": "Available", "data 500": "Available", "data 501": "Upload_failed",
        "wrong": "Upload_failed", "empty": "Upload_failed", "1 TiB": "Available", "beyond": "Upload_failed",
    }, ends
    assert "501 GiB" in ends["data 501"]["status_info"]
    assert "the file is raw, not qcow2" in ends["wrong"]["status_info"]
    assert "at most 1 TiB" in ends["beyond"]["status_info"]
