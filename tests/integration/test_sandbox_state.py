# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state folder: a killed sandbox continues, snapshots are restored, a full disk is reported and survived."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential
from aliyunsdkcore.auth.signers.access_key_signer import AccessKeySigner
from conftest import ROOT, Sandbox
from support import PATIENCE
from support.oss_client import bucket

from sandbox.state.clock import parse_iso

pytestmark = pytest.mark.any_core

WORLD: dict[str, Any] = {
    "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
    "sources": [
        {"name": "web-01", "id": "s-sandboxweb01", "disks": [{"gib": 20}]},
        {"name": "slow-01", "id": "s-sandboxslow1", "disks": [{"gib": 20}], "bandwidth_mbps": 0.001},
    ],
}


def kill(sandbox: Sandbox) -> None:
    """End it as a power cut of the process would."""
    sandbox.process.send_signal(signal.SIGKILL)
    sandbox.process.wait(PATIENCE)


def job(sandbox: Sandbox, source_id: str, name: str) -> str:
    """A started job."""
    made = sandbox.call("smc", "CreateReplicationJob", SourceId=source_id, Name=name, ImageName=name, SystemDiskSize=20)
    sandbox.call("smc", "StartReplicationJob", JobId=made["JobId"])
    return str(made["JobId"])


def status(sandbox: Sandbox, job_id: str) -> str:
    """Status of a job."""
    shown = sandbox.call("smc", "DescribeReplicationJobs", JobIds=[job_id])
    return str(shown["ReplicationJobs"]["ReplicationJob"][0]["Status"])


def test_a_killed_sandbox_finishes_the_migration_after_its_restart(start_sandbox):
    first = start_sandbox(WORLD)
    job_id = job(first, "s-sandboxweb01", "web-01")
    first.until(lambda: status(first, job_id) == "Running")
    bucket(first).put_object("edgelift/intent", b"planned", headers={"x-oss-meta-wave": "one"})
    before = first.get("requests")
    meter = first.get("meter")
    kill(first)

    second = start_sandbox(state=first.greeting["state"])
    assert second.endpoint == first.endpoint
    assert second.access_key == first.access_key
    log = second.get("requests")
    assert log["requests"][: len(before["requests"])] == before["requests"]
    assert second.get("meter")["total_seconds"] >= meter["total_seconds"]
    found = bucket(second).get_object("edgelift/intent")
    assert (found.read(), found.headers["x-oss-meta-wave"]) == (b"planned", "one")
    second.until(lambda: status(second, job_id) == "Finished")
    image_id = second.get("state")["images"][0]["id"]
    task = second.call("ecs", "ExportImage", ImageId=image_id, OSSBucket=second.bucket, ImageFormat="qcow2")
    task_id = task["TaskId"]
    kill(second)

    third = start_sandbox(state=second.greeting["state"])
    third.until(lambda: third.call("ecs", "DescribeTaskAttribute", TaskId=task_id)["TaskStatus"] == "Finished")
    (task,) = third.get("state")["tasks"]
    assert bucket(third).get_object(task["objects"][0], byte_range=(0, 3)).read() == b"QFI\xfb"
    states = [step["state"] for step in timeline(third) if step["id"] == job_id]
    assert states == ["Ready", "Running/Preparing", "Running/Syncing", "Running/Processing", "Running/Cleaning",
                      "Finished"]
    assert third.stop() == 0


def test_a_request_from_before_the_kill_is_not_taken_twice(start_sandbox):
    first = start_sandbox(WORLD)
    request = first.request("vpc", "CreateVpc", CidrBlock="10.0.0.0/8", RegionId=first.region)
    request.set_accept_format("JSON")
    signer = AccessKeySigner(AccessKeyCredential(first.access_key, first.secret_key))
    url = first.endpoint + signer.sign(first.region, request)[1]
    assert requests.post(url, timeout=PATIENCE).status_code == 200
    kill(first)
    second = start_sandbox(state=first.greeting["state"])
    answer = requests.post(url, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["Code"]) == (400, "SignatureNonceUsed")
    assert second.call("vpc", "DescribeVpcs")["TotalCount"] == 1


def timeline(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The steps in the state file."""
    with sqlite3.connect(f"file:{sandbox.greeting['state']}/state.db?mode=ro", uri=True) as database:
        return [json.loads(body) for (body,) in database.execute("SELECT body FROM timeline ORDER BY n")]


def test_a_killed_import_is_read_again(start_sandbox):
    first = start_sandbox({**WORLD, "ens_accept_formats": ["raw"], "profile": "realistic"})
    bucket(first).put_object("disk.raw", b"\1" * 1024**2)
    mapping = [{"OSSRegion": first.region, "OSSBucket": first.bucket, "OSSObject": "disk.raw"}]
    first.call("ens", "ImportImage", ImageName="im", ComputeType="ens_vm", OSType="linux", Architecture="x86_64",
               ImageFormat="raw", TargetOSSRegionId=first.region, DiskDeviceMapping=json.dumps(mapping))
    first.advance(80)
    assert first.get("state")["ens_images"][0]["state"] == "Uploading"
    kill(first)
    second = start_sandbox(state=first.greeting["state"])

    def landed() -> bool:
        second.advance(300)
        return second.get("state")["ens_images"][0]["state"] == "Available"

    second.until(landed)
    (disk,) = second.get("state")["ens_images"][0]["disks"]
    assert disk["virtual_size"] == 1024**2


def test_multipart_uploads_and_tokens_outlive_a_kill(start_sandbox):
    first = start_sandbox(WORLD)
    upload = bucket(first).init_multipart_upload("big")
    bucket(first).upload_part("big", upload.upload_id, 1, b"a" * 102400)
    lost = bucket(first).init_multipart_upload("aborted")
    bucket(first).abort_multipart_upload("aborted", lost.upload_id)
    bucket(first).put_object("gone", b"x")
    bucket(first).delete_object("gone")
    token = first.call("smc", "CreateAccessToken", Name="wave")
    kill(first)
    second = start_sandbox(state=first.greeting["state"])
    parts = bucket(second).list_parts("big", upload.upload_id).parts
    second_part = bucket(second).upload_part("big", upload.upload_id, 2, b"b")
    bucket(second).complete_multipart_upload("big", upload.upload_id, [
        *parts, oss2.models.PartInfo(2, second_part.etag)])
    assert bucket(second).get_object("big").read() == b"a" * 102400 + b"b"
    assert [item.key for item in oss2.ObjectIterator(bucket(second))] == ["big"]
    assert not list(oss2.MultipartUploadIterator(bucket(second)))
    shown = second.call("smc", "ListAccessTokens")["AccessTokens"]["AccessToken"]
    assert [item["AccessTokenId"] for item in shown] == [token["AccessTokenId"]]


def test_another_world_is_refused_unless_the_cloud_is_forgotten(start_sandbox, tmp_path):
    first = start_sandbox(WORLD)
    assert first.stop() == 0
    world = tmp_path / "other.yml"
    world.write_text("sources: []")
    ended = subprocess.run([sys.executable, "-m", "sandbox", "--state", first.greeting["state"], "--world", str(world)],
                           capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE, check=False)
    assert ended.returncode == 2
    assert "the folder contains a cloud of another world" in ended.stderr
    fresh = start_sandbox(None, "--world", str(world), "--fresh", state=first.greeting["state"])
    assert fresh.call("smc", "DescribeSourceServers")["TotalCount"] == 0
    assert fresh.stop() == 0


def beginning(path: Path) -> bytes:
    """The first MiB of a disk."""
    with path.open("rb") as file:
        return file.read(1024**2)


def test_a_snapshot_comes_back_with_its_time_and_bytes(start_sandbox):
    cloud = start_sandbox(WORLD)
    job_id = job(cloud, "s-sandboxslow1", "slow-01")
    cloud.until(lambda: cloud.get("state")["jobs"][0]["state"] == "Running/Syncing")
    bucket(cloud).put_object("kept", b"old")
    refusal = {"match": {"action": "CreateVpc"}, "kind": "error", "code": "ServiceUnavailable", "times": 9}
    cloud.post("faults", {"meaning": "no network to be had", "faults": [refusal]})
    cloud.post("snapshot", {"name": "before"})
    seen = cloud.get("state")
    with pytest.raises(ServerException, match="ServiceUnavailable"):
        cloud.call("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")
    bucket(cloud).put_object("kept", b"new and longer")
    bucket(cloud).put_object("later", b"x")
    disk_id = next(disk["id"] for disk in seen["disks"] if disk["index"] == 0)
    path = Path(cloud.greeting["state"]) / "blobs" / "disks" / f"{disk_id}.raw"
    content = beginning(path)
    cloud.advance(7200)
    cloud.call("ecs", "DeleteInstance", InstanceId=seen["instances"][0]["id"], Force=True)
    cloud.until(lambda: status(cloud, job_id) == "InError")

    for _turn in range(2):
        cloud.post("restore", {"name": "before"})
        after = cloud.get("state")
        assert parse_iso(after["now"]) - parse_iso(seen["now"]) < 60
        assert [row["id"] for row in after["instances"]] == [row["id"] for row in seen["instances"]]
        assert after["objects"] == seen["objects"]
        assert [(rule["seen"], rule["hits"]) for rule in cloud.get("faults")["faults"]] == [(0, 0)]
        assert bucket(cloud).get_object("kept").read() == b"old"
        assert beginning(path) == content
        with path.open("r+b") as file:
            file.write(b"written after the restore")
        assert status(cloud, job_id) == "Running"
    kill(cloud)
    second = start_sandbox(state=cloud.greeting["state"])
    assert status(second, job_id) == "Running"
    assert second.get("snapshots") == {"snapshots": ["before"]}


@pytest.mark.parametrize(("call", "body", "message"), [
    ("restore", '{"name": "none"}', "there is no snapshot none; there are: none"),
    ("snapshot", '{"name": "../x"}', "allowed are 1 to 64 letters"),
    ("snapshot", "{}", "the body must be"),
])
def test_snapshots_that_cannot_be(sandbox, call, body, message):
    answer = requests.post(f"{sandbox.endpoint}/_sandbox/{call}", data=body, timeout=PATIENCE)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_a_state_file_that_is_none(tmp_path):
    (tmp_path / "state.db").write_bytes(b"this is not a database" * 100)
    ended = subprocess.run([sys.executable, "-m", "sandbox", "--state", str(tmp_path)], capture_output=True, text=True,
                           cwd=ROOT, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"sandbox: {tmp_path}/state.db: file is not a database\n"


def test_a_rate_card_that_is_wrong_names_file_and_field(tmp_path):
    card = tmp_path / "rates.yml"
    card.write_text("dated: '2027-01-01'\ncurrency: EUR\nrates: {instance: {unit: instance, per_hour: free}}\n")
    ended = subprocess.run([sys.executable, "-m", "sandbox", "--rate-card", str(card)], capture_output=True, text=True,
                           cwd=ROOT, timeout=PATIENCE, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"sandbox: {card}: rates.disk.per_hour: a number of 0 or more is required")
    assert len(ended.stderr.splitlines()) == 1


def refuses_changes_and_reads_on(cloud: Sandbox, state: Path, copies: Path) -> None:
    """Fill the file system up to the last page, so that not even a row fits, then give it room again."""
    filler = state / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))

    def grow() -> None:
        for number in range(400):
            cloud.call("smc", "CreateAccessToken", Name=f"t-{number}", Description="x" * 100)

    with pytest.raises(Exception, match=r"cannot save its state: .*state\.db: database or disk is full") as refused:
        grow()
    assert refused.value.get_http_status() == 500
    seen = cloud.call("smc", "ListAccessTokens")["AccessTokens"]["AccessToken"]
    assert seen
    assert bucket(cloud).get_object("small").read() == b"kept"
    filler.unlink()
    cloud.call("smc", "CreateAccessToken", Name="after")
    for path in state.glob("state.db*"):
        shutil.copy(path, copies)
    with sqlite3.connect(copies / "state.db") as database:
        kept = [json.loads(body) for (body,) in database.execute("SELECT body FROM rows WHERE kind = 'tokens'")]
    assert {row["name"] for row in kept} >= {"t-0", "after"}
    assert len(kept) == len(seen) + 1


def on_a_small_disk(tmp_path: Path, *arguments: str) -> Sandbox:
    """A sandbox on a separate file system of 24 MiB, in a mount name space where no privilege is needed."""
    script = (f"mount -t tmpfs -o size=24m sandbox {tmp_path} && "
              f"exec {sys.executable} -m sandbox --state {tmp_path}/state {' '.join(arguments)}")
    if shutil.which("unshare") is None:
        pytest.skip("unshare (util-linux) is not installed")
    probe = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "x",
                            str(tmp_path)], capture_output=True, check=False, timeout=PATIENCE)
    if probe.returncode:
        pytest.skip("with this kernel, only root can mount in a new name space")
    process = subprocess.Popen(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], text=True,
                               stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert process.stdout is not None
    return Sandbox(process, json.loads(process.stdout.readline()))


def test_a_disk_that_is_full_while_a_server_sends_ends_its_job_with_the_reason(tmp_path, tmp_path_factory):
    world = tmp_path_factory.mktemp("world") / "world.yml"
    world.write_text(json.dumps({**WORLD, "sources": [
        {"name": "big-01", "id": "s-sandboxbig01", "disks": [{"gib": 20, "content_mib": 64}]}]}))
    cloud = on_a_small_disk(tmp_path, "--world", str(world))
    try:
        bucket(cloud).put_object("small", b"kept")
        job_id = job(cloud, "s-sandboxbig01", "big-01")
        cloud.until(lambda: status(cloud, job_id) == "InError")
        (shown,) = cloud.call("smc", "DescribeReplicationJobs")["ReplicationJobs"]["ReplicationJob"]
        assert shown["ErrorCode"] == "Do Rsync Disk 0 Failed"
        assert "No space left on device" in shown["StatusInfo"]
        assert bucket(cloud).get_object("small").read() == b"kept"
        # Not even this may fit into the state file: it is answered as refused then, and what it frees makes room.
        with contextlib.suppress(ServerException):
            cloud.call("smc", "DeleteReplicationJob", JobId=job_id)
        cloud.until(lambda: not cloud.get("state")["jobs"])
        bucket(cloud).put_object("after", bytes(8 * 1024**2))
        assert {item["key"] for item in cloud.get("state")["objects"]} == {"after", "small"}
    finally:
        assert cloud.stop() == 0


def test_a_full_disk_is_said_and_what_was_stored_can_be_read(tmp_path):
    cloud = on_a_small_disk(tmp_path)
    try:
        bucket(cloud).put_object("small", b"kept")
        with pytest.raises(oss2.exceptions.ServerError, match="No space left on device") as refused:
            bucket(cloud).put_object("large", bytes(32 * 1024**2))
        assert (refused.value.status, refused.value.code) == (500, "InternalError")
        assert refused.value.request_id == refused.value.details["RequestId"] != ""
        assert bucket(cloud).get_object("small").read() == b"kept"
        assert not bucket(cloud).object_exists("large")
        assert cloud.call("smc", "DescribeSourceServers")["TotalCount"] == 0
        bucket(cloud).put_object("small-too", b"fits again")
        assert [item["key"] for item in cloud.get("state")["objects"]] == ["small", "small-too"]
        refuses_changes_and_reads_on(cloud, Path(f"/proc/{cloud.pid}/root{tmp_path}/state"), tmp_path)
    finally:
        assert cloud.stop() == 0


def test_a_killed_export_continues_with_its_next_part(start_sandbox, tmp_path):
    image = {"name": "web", "id": "m-sandboximage1", "region": "ap-southeast-1",
             "disks": [{"gib": 20, "content_mib": 8}]}
    first = start_sandbox({**WORLD, "profile": "frozen", "jitter": 0, "start": 1_800_000_000, "ecs_images": [image]})
    first.call("ecs", "ExportImage", ImageId=image["id"], OSSBucket=first.bucket, ImageFormat="qcow2")
    first.advance(200)
    (upload,) = oss2.MultipartUploadIterator(bucket(first))
    parts = [(part.part_number, part.etag) for part in bucket(first).list_parts(upload.key, upload.upload_id).parts]
    assert len(parts) == 2
    kill(first)
    second = start_sandbox(state=first.greeting["state"])
    shown = bucket(second).list_parts(upload.key, upload.upload_id).parts
    assert [(part.part_number, part.etag) for part in shown] == parts
    second.advance(1000)
    assert second.get("state")["tasks"][0]["state"] == "Finished"
    assert not list(oss2.MultipartUploadIterator(bucket(second)))
    bucket(second).get_object_to_file(upload.key, str(tmp_path / "disk.qcow2"))
    subprocess.run(["qemu-img", "check", "-q", str(tmp_path / "disk.qcow2")], check=True)
    for name in ("export", "oss/.scratch"):
        assert not list((Path(second.greeting["state"]) / "blobs" / name).iterdir())


def test_instance_seconds_are_lifetimes_across_kills_and_jumps(start_sandbox):
    """The timeline tells when instances lived; nothing of the meter is in it."""
    world = {**WORLD, "clock_rate": 0, "start": 1_800_000_000, "profile": "realistic"}
    first = start_sandbox(world)
    finishing, lingering = job(first, "s-sandboxweb01", "web-01"), job(first, "s-sandboxslow1", "slow-01")
    first.advance(250)
    kill(first)
    second = start_sandbox(state=first.greeting["state"])
    assert {status(second, job_id) for job_id in (finishing, lingering)} == {"Running"}
    second.advance(2000)
    assert status(second, finishing) == "Finished"
    kill(second)
    third = start_sandbox(state=second.greeting["state"])
    third.advance(10_000)
    (instance,) = third.get("state")["instances"]
    third.call("ecs", "DeleteInstance", InstanceId=instance["id"], Force=True)
    third.advance(1000)
    lives: dict[str, list[float]] = {}
    for step in timeline(third):
        if step["table"] == "instances" and step["state"] in ("Pending", "gone"):
            lives.setdefault(step["id"], []).append(step["at"])
    meter = third.get("meter")
    billed = {row["id"]: row["seconds"] for row in meter["resources"] if row["kind"] == "instance"}
    assert len(billed) == 2
    assert billed == {name: pytest.approx(gone - made) for name, (made, gone) in lives.items()}
    assert meter["seconds"]["instance"] == pytest.approx(sum(gone - made for made, gone in lives.values()))
    assert max(billed.values()) > 10_000
