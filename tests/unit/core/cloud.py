# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A FAKE of ``Clients``: a few tables in memory, a clock that only moves when told, faults that a test orders.

It knows just enough of SMC, ECS, ENS, VPC and OSS to let the stages, the fleet and the cleanup run without a network.
It proves nothing about the wire or the services' own rules: tests/integration runs the same code against the local
cloud, through the vendor's SDKs.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._fleet import Clock
from ansible_collections.edgelift.ens_migration.plugins.module_utils._limits import GIB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages._model import Disk, Policy, Server

Row = dict[str, Any]
START = datetime(2026, 11, 24, 8, 0, tzinfo=timezone.utc)
REGION, BUCKET, MIGRATION = "ap-southeast-1", "images", "wave_01"

MUTATING = frozenset(
    {
        "smc.CreateReplicationJob", "smc.StartReplicationJob", "smc.StopReplicationJob", "smc.DeleteReplicationJob",
        "smc.DeleteSourceServer", "smc.DisableAccessToken", "smc.DeleteAccessToken", "ecs.ExportImage",
        "ecs.CancelTask", "ecs.DeleteImage", "ecs.DeleteInstance", "ecs.DeleteDisk", "ecs.DeleteSnapshot",
        "ecs.DeleteSecurityGroup", "ens.ImportImage", "ens.DeleteImage", "vpc.DeleteVpc", "vpc.DeleteVSwitch",
        "oss.PutIntent", "oss.PutText", "oss.DeleteKeys", "oss.AbortUpload",
    }
)


def server(number: int = 1, disks: Iterable[int] = (20,), **changes: Any) -> Server:
    """Return a server named web-NN with disks of these GiB."""
    values: Row = {
        "migration": MIGRATION,
        "host": f"web-{number:02d}",
        "fingerprint": f"fp-{number:02d}",
        "source_id": f"s-{number:02d}",
        "disks": tuple(Disk(index, size * GIB) for index, size in enumerate(disks)),
    }
    return Server(**{**values, **changes})


def policy(**changes: Any) -> Policy:
    """Return a policy for the fake's region and bucket."""
    return Policy(**{"region": REGION, "bucket": BUCKET, "image_format": "qcow2", "run_id": "run-1", **changes})


def refused(code: str, retryable: bool = False, http_status: int | None = None) -> CloudError:
    """Return an error as the transport raises it: a retryable one that is no Throttling may have had its effect."""
    return CloudError("the.call", code, "as the test ordered", "req-1", http_status, retryable, hint="")


def lost() -> CloudError:
    """Return the error of an answer that never came: the call may have had its effect."""
    return refused("Connection.Lost", retryable=True)


def qcow2(gib: int, magic: bytes = b"QFI\xfb") -> bytes:
    """Return the beginning of a qcow2 file of this virtual size."""
    return magic + bytes(20) + struct.pack(">Q", gib * GIB) + bytes(32)


def stamp(when: datetime) -> str:
    """Return a time as the services write it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Fault:
    """An error for the next ``times`` calls, raised before the call's effect or after it."""

    error: CloudError
    after: bool
    times: int
    only: str


@dataclass
class Cloud:
    """The fake: also a ``Clients``, with ``smc``, ``ecs``, ``ens``, ``vpc`` and ``oss(bucket)``."""

    now: datetime = START
    region: str = REGION
    copy_seconds: float = 60
    export_seconds: float = 30
    import_seconds: float = 30
    release_seconds: float = 10
    releases: bool = True
    """Whether SMC releases the intermediate instance when its job is deleted."""
    calls: Counter[str] = field(default_factory=Counter)
    log: list[tuple[str, Any]] = field(default_factory=list)
    sources: dict[str, Row] = field(default_factory=dict)
    jobs: dict[str, Row] = field(default_factory=dict)
    instances: dict[str, Row] = field(default_factory=dict)
    disks: dict[str, Row] = field(default_factory=dict)
    groups: dict[str, Row] = field(default_factory=dict)
    images: dict[str, Row] = field(default_factory=dict)
    snapshots: dict[str, Row] = field(default_factory=dict)
    tasks: dict[str, Row] = field(default_factory=dict)
    ens_images: dict[str, Row] = field(default_factory=dict)
    tokens: dict[str, Row] = field(default_factory=dict)
    vpcs: dict[str, Row] = field(default_factory=dict)
    vswitches: dict[str, Row] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: list[Row] = field(default_factory=list)
    job_errors: dict[str, list[str]] = field(default_factory=dict)
    """By source id: the error codes in which its next runs end."""

    def __post_init__(self) -> None:
        self._faults: dict[str, list[Fault]] = {}
        self._edits: dict[str, list[Callable[[list[Row]], list[Row]]]] = {}
        self._numbers: Counter[str] = Counter()
        self.smc, self.ecs, self.ens, self.vpc = Smc(self), Ecs(self), Ens(self), Vpc(self)
        self._bucket = Oss(self)

    def oss(self, bucket: str) -> Oss:
        """Return the one bucket."""
        assert bucket == BUCKET
        return self._bucket

    # ---- what a test orders ----
    def fail(self, name: str, error: CloudError, after: bool = False, times: int = 1, only: str = "") -> None:
        """Let the next calls of ``name`` fail; ``only`` those whose arguments mention that word."""
        self._faults.setdefault(name, []).append(Fault(error, after, times, only))

    def edit(self, name: str, change: Callable[[list[Row]], list[Row]], times: int = 1) -> None:
        """Let ``change`` alter what the next calls of ``name`` list, as a stale read does."""
        self._edits.setdefault(name, []).extend([change] * times)

    def register(self, *servers: Server) -> None:
        """Register the servers in SMC, Available."""
        for item in servers:
            data = [{"Index": disk.index, "Size": disk.bytes // GIB} for disk in item.disks if disk.index]
            self.sources[item.source_id] = {
                "SourceId": item.source_id,
                "State": "Available",
                "SystemDiskSize": item.disks[0].bytes // GIB if item.disks else 20,
                "DataDisks": {"DataDisk": data},
                "CreationTime": stamp(self.now),
            }

    def clock(self) -> Clock:
        """Return the clock that the code under test gets."""
        return Clock(self.sleep, lambda: (self.now - START).total_seconds(), lambda: self.now)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def new_id(self, prefix: str) -> str:
        """Return an id that was never used."""
        self._numbers[prefix] += 1
        return f"{prefix}{self._numbers[prefix]:04d}"

    def mutations(self) -> list[str]:
        """Return the changing calls that were made, in order."""
        return [name for name, _args in self.log if name in MUTATING]

    # ---- the machinery ----
    def call(self, name: str, args: Any, effect: Callable[[], Any]) -> Any:
        """Count a call, let its ordered fault happen, and return what it lists or answers."""
        self.calls[name] += 1
        self.log.append((name, args))
        self._live()
        faults = [item for item in self._faults.get(name, []) if item.times and item.only in repr(args)]
        fault = faults[0] if faults else None
        if fault:
            fault.times -= 1
            if not fault.after:
                raise fault.error
        answer = effect()
        if fault:
            raise fault.error
        if isinstance(answer, list):
            answer = [dict(row) for row in answer]
            if self._edits.get(name):
                answer = self._edits[name].pop(0)(answer)
        return answer

    def _live(self) -> None:
        for job in list(self.jobs.values()):
            age = (self.now - job.get("_since", self.now)).total_seconds()
            if job["Status"] == "Running" and age >= self.copy_seconds:
                self._end_job(job)
            elif job["Status"] == "Running":
                job["Progress"] = 100 * age / self.copy_seconds
            elif job["Status"] == "Deleting" and age >= self.release_seconds:
                del self.jobs[job["JobId"]]
                if self.releases:
                    self.release(job.get("TransitionInstanceId", ""))
        for task in self.tasks.values():
            if task["TaskStatus"] == "Processing" and self.now >= task["_until"]:
                self._end_task(task)
        for image in self.ens_images.values():
            if image["Status"] == "Creating" and self.now >= image["_until"]:
                image["Status"] = image.pop("_end", "Available")

    def _end_job(self, job: Row) -> None:
        errors = self.job_errors.get(job["SourceId"])
        if errors:
            job.update(Status="InError", ErrorCode=errors.pop(0), StatusInfo="as the test ordered")
            return
        image_id = self.new_id("m-")
        sizes = [job["SystemDiskSize"], *(disk["Size"] for disk in job["DataDisks"]["DataDisk"])]
        self.add_image(image_id, job["ImageName"], sizes)
        self.release(job["TransitionInstanceId"])
        self.sources[job["SourceId"]]["State"] = "Available"
        job.update(Status="Finished", BusinessStatus="", ImageId=image_id, EndTime=stamp(self.now), Progress=100)

    def add_image(self, image_id: str, name: str, sizes: Iterable[int], status: str = "Available") -> Row:
        """Put an ECS image with its snapshots into the cloud."""
        mappings = []
        for size in sizes:
            snapshot = self.new_id("s-snap")
            self.snapshots[snapshot] = {"SnapshotId": snapshot, "CreationTime": stamp(self.now)}
            mappings.append({"SnapshotId": snapshot, "Size": size})
        self.images[image_id] = {
            "ImageId": image_id,
            "ImageName": name,
            "Status": status,
            "CreationTime": stamp(self.now),
            "DiskDeviceMappings": {"DiskDeviceMapping": mappings},
        }
        return self.images[image_id]

    def add_job(self, item: Server, status: str = "Finished", **changes: Any) -> Row:
        """Put a job of a server into the cloud."""
        job_id = self.new_id("j-")
        self.jobs[job_id] = {
            "JobId": job_id, "Name": item.job_name, "SourceId": item.source_id, "Status": status, "BusinessStatus": "",
            "ImageName": item.image_name, "SystemDiskSize": item.disks[0].bytes // GIB if item.disks else 20,
            "DataDisks": {"DataDisk": [{"Index": d.index, "Size": d.bytes // GIB} for d in item.disks[1:]]},
            "CreationTime": stamp(self.now), "_since": self.now, **changes,
        }
        return self.jobs[job_id]

    def add_instance(self, job: Row, status: str = "Running") -> Row:
        """Give a job its intermediate instance, with disk and security group."""
        instance_id, disk, group = self.new_id("i-"), self.new_id("d-"), self.new_id("sg-")
        job["TransitionInstanceId"] = instance_id
        self.disks[disk] = {"DiskId": disk, "InstanceId": instance_id, "CreationTime": stamp(self.now)}
        self.groups[group] = {"SecurityGroupId": group}
        self.instances[instance_id] = {
            "InstanceId": instance_id, "InstanceName": "No_Delete_SMC_Transition_Instance", "Status": status,
            "CreationTime": stamp(self.now), "SecurityGroupIds": {"SecurityGroupId": [group]},
            "VpcAttributes": {"VpcId": "vpc-smc", "VSwitchId": "vsw-smc"},
        }
        return self.instances[instance_id]

    def release(self, instance_id: str) -> None:
        """Let an intermediate instance go, with all that was made for it."""
        instance = self.instances.pop(instance_id, None)
        for group in (instance or {}).get("SecurityGroupIds", {}).get("SecurityGroupId", []):
            self.groups.pop(group, None)
        for disk in [row for row in self.disks.values() if row["InstanceId"] == instance_id]:
            del self.disks[disk["DiskId"]]

    def add_task(self, image_id: str, status: str = "Processing", prefix: str = "", **changes: Any) -> Row:
        """Put an export task into the cloud; it ends by itself while Processing."""
        task_id = self.new_id("t-")
        self.tasks[task_id] = {
            "TaskId": task_id, "TaskAction": "ExportImage", "TaskStatus": status, "ResourceId": image_id,
            "CreationTime": stamp(self.now), "_until": self.now + timedelta(seconds=self.export_seconds),
            "_prefix": prefix, "_keys": [], **changes,
        }
        return self.tasks[task_id]

    def _end_task(self, task: Row) -> None:
        mappings = self.images[task["ResourceId"]]["DiskDeviceMappings"]["DiskDeviceMapping"]
        for index, mapping in enumerate(mappings):
            end = "system" if index == 0 else f"data_xvd{'abcdef'[index]}"
            key = f"{task['_prefix']}_{task['ResourceId']}_{end}.qcow2"
            self.objects[key] = qcow2(mapping["Size"])
            task["_keys"].append(key)
        task.update(TaskStatus="Finished", FinishedTime=stamp(self.now))

    def add_ens_image(self, name: str, status: str = "Available", sizes: Iterable[int] = (20,)) -> Row:
        """Put an ENS image into the cloud; it becomes Available by itself while Creating."""
        image_id = self.new_id("m-ens")
        self.ens_images[image_id] = {
            "ImageId": image_id, "ImageName": name, "Status": status, "CreationTime": stamp(self.now),
            "DiskDeviceMappings": {"DiskDeviceMapping": [{"Size": str(size)} for size in sizes]},
            "_until": self.now + timedelta(seconds=self.import_seconds),
        }
        return self.ens_images[image_id]


def _among(rows: Mapping[str, Row], ids: Iterable[str] | None) -> list[Row]:
    return list(rows.values()) if ids is None else [rows[key] for key in dict.fromkeys(ids) if key in rows]


class Smc:
    """What the code uses of SmcApi."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def describe_source_servers(self, source_ids: Any = None, name: Any = None, state: Any = None) -> list[Row]:
        return self.cloud.call("smc.DescribeSourceServers", source_ids, lambda: _among(self.cloud.sources, source_ids))

    def describe_replication_jobs(
        self, job_ids: Any = None, source_ids: Any = None, name: Any = None, status: Any = None
    ) -> list[Row]:
        def show() -> list[Row]:
            rows = _among(self.cloud.jobs, job_ids)
            return [
                row
                for row in rows
                if (source_ids is None or row["SourceId"] in source_ids) and name in (None, row["Name"])
            ]

        return self.cloud.call("smc.DescribeReplicationJobs", source_ids or job_ids, show)

    def create_replication_job(self, params: Row, client_token: str) -> Row:
        def create() -> Row:
            unfinished = [
                job
                for job in self.cloud.jobs.values()
                if job["SourceId"] == params["SourceId"] and job["Status"] != "Finished"
            ]
            if any(job["Name"] == params["Name"] for job in self.cloud.jobs.values()):
                raise refused("ReplicationJobName.Duplicate")
            if unfinished:
                raise refused("SourceServerState.Invalid")
            job_id = self.cloud.new_id("j-")
            self.cloud.jobs[job_id] = {
                **params, "JobId": job_id, "Status": "Ready", "BusinessStatus": "",
                "DataDisks": {"DataDisk": params["DataDisks"]}, "CreationTime": stamp(self.cloud.now),
            }
            return {"JobId": job_id}

        return self.cloud.call("smc.CreateReplicationJob", params, create)

    def start_replication_job(self, job_id: str) -> None:
        def start() -> None:
            job = self.cloud.jobs[job_id]
            if job["Status"] not in ("Ready", "Stopped", "InError"):
                raise refused("ReplicationJob.InvalidStatus")
            job.update(
                Status="Running", BusinessStatus="Syncing", _since=self.cloud.now, StartTime=stamp(self.cloud.now)
            )
            self.cloud.sources[job["SourceId"]]["State"] = "InUse"
            if job.get("TransitionInstanceId", "") not in self.cloud.instances:
                self.cloud.add_instance(job)

        self.cloud.call("smc.StartReplicationJob", job_id, start)

    def stop_replication_job(self, job_id: str) -> None:
        self.cloud.call("smc.StopReplicationJob", job_id, lambda: self.cloud.jobs[job_id].update(Status="Stopped"))

    def delete_replication_job(self, job_id: str) -> None:
        def delete() -> None:
            job = self.cloud.jobs[job_id]
            if job["Status"] in ("Running", "Deleting"):
                raise refused("ReplicationJob.InvalidStatus")
            job.update(Status="Deleting", _since=self.cloud.now)
            if job["SourceId"] in self.cloud.sources:
                self.cloud.sources[job["SourceId"]]["State"] = "Available"

        self.cloud.call("smc.DeleteReplicationJob", job_id, delete)

    def delete_source_server(self, source_id: str, force: bool = False) -> None:
        self.cloud.call("smc.DeleteSourceServer", source_id, lambda: self.cloud.sources.pop(source_id))

    def list_access_tokens(self, name: str | None = None) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in self.cloud.tokens.values() if (name or "") in row["Name"]]

        return self.cloud.call("smc.ListAccessTokens", name, show)

    def disable_access_token(self, token_id: str) -> None:
        self.cloud.call("smc.DisableAccessToken", token_id, lambda: None)

    def delete_access_token(self, token_id: str) -> None:
        self.cloud.call("smc.DeleteAccessToken", token_id, lambda: self.cloud.tokens.pop(token_id))


class Ecs:
    """What the code uses of EcsApi."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def describe_images(self, image_id: str | None = None, image_name: str | None = None) -> list[Row]:
        ids = None if image_id is None else [image_id]
        return self.cloud.call("ecs.DescribeImages", image_id, lambda: _among(self.cloud.images, ids))

    def export_image(
        self, image_id: str, bucket: str, prefix: str, image_format: str | None = None, role_name: str | None = None
    ) -> Row:
        args = {"image_id": image_id, "prefix": prefix, "image_format": image_format, "role_name": role_name}
        return self.cloud.call("ecs.ExportImage", args, lambda: self.cloud.add_task(image_id, prefix=prefix))

    def describe_tasks(self, task_ids: Any = None, action: str = "ExportImage", resource_ids: Any = None) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in self.cloud.tasks.values() if row["ResourceId"] in resource_ids]

        return self.cloud.call("ecs.DescribeTasks", list(resource_ids), show)

    def describe_task_attribute(self, task_id: str) -> Row:
        def show() -> Row:
            task = self.cloud.tasks[task_id]
            named = [{"Name": "OSSBucket", "Value": BUCKET}]
            named += [{"Name": "OSSObject", "Value": key} for key in reversed(task["_keys"])]
            step = {"RelatedItemSet": {"RelatedItem": named}, **task.get("_error", {})}
            return {**task, "OperationProgressSet": {"OperationProgress": [step]}}

        return self.cloud.call("ecs.DescribeTaskAttribute", task_id, show)

    def cancel_task(self, task_id: str) -> None:
        self.cloud.call("ecs.CancelTask", task_id, lambda: self.cloud.tasks[task_id].update(TaskStatus="Cancelled"))

    def delete_image(self, image_id: str) -> None:
        self.cloud.call("ecs.DeleteImage", image_id, lambda: self.cloud.images.pop(image_id))

    def describe_instances(self, instance_ids: Any = None, name: str | None = None) -> list[Row]:
        def show() -> list[Row]:
            rows = _among(self.cloud.instances, instance_ids)
            return [row for row in rows if name in (None, row["InstanceName"])]

        return self.cloud.call("ecs.DescribeInstances", name or list(instance_ids), show)

    def delete_instance(self, instance_id: str) -> None:
        self.cloud.call("ecs.DeleteInstance", instance_id, lambda: self.cloud.release(instance_id))

    def describe_disks(self, disk_ids: Any = None, instance_id: str | None = None) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in _among(self.cloud.disks, disk_ids) if instance_id in (None, row["InstanceId"])]

        return self.cloud.call("ecs.DescribeDisks", instance_id or list(disk_ids), show)

    def delete_disk(self, disk_id: str) -> None:
        self.cloud.call("ecs.DeleteDisk", disk_id, lambda: self.cloud.disks.pop(disk_id))

    def describe_snapshots(self, snapshot_ids: Iterable[str]) -> list[Row]:
        wanted = list(snapshot_ids)
        return self.cloud.call("ecs.DescribeSnapshots", wanted, lambda: _among(self.cloud.snapshots, wanted))

    def delete_snapshot(self, snapshot_id: str) -> None:
        self.cloud.call("ecs.DeleteSnapshot", snapshot_id, lambda: self.cloud.snapshots.pop(snapshot_id))

    def describe_security_groups(self, ids: Any = None) -> list[Row]:
        return self.cloud.call("ecs.DescribeSecurityGroups", list(ids), lambda: _among(self.cloud.groups, ids))

    def delete_security_group(self, group_id: str) -> None:
        self.cloud.call("ecs.DeleteSecurityGroup", group_id, lambda: self.cloud.groups.pop(group_id))


class Ens:
    """What the code uses of EnsApi."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def import_image(self, params: Row) -> Row:
        def make() -> Row:
            mapping = json.loads(params.get("DiskDeviceMapping", "[]"))
            keys = [params["OSSObject"]] if "OSSObject" in params else [item["OSSObject"] for item in mapping]
            sizes = [struct.unpack(">Q", self.cloud.objects[key][24:32])[0] // GIB for key in keys]
            return self.cloud.add_ens_image(params["ImageName"], "Creating", sizes)

        return self.cloud.call("ens.ImportImage", params, make)

    def describe_self_images(self, image_id: Any = None, image_name: Any = None) -> list[Row]:
        return self.cloud.call("ens.DescribeSelfImages", None, lambda: list(self.cloud.ens_images.values()))

    def delete_image(self, image_id: str) -> None:
        self.cloud.call("ens.DeleteImage", image_id, lambda: self.cloud.ens_images.pop(image_id))


class Vpc:
    """What the code uses of VpcApi."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def describe_vpcs(self, vpc_ids: Any = None, name: str | None = None) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in _among(self.cloud.vpcs, vpc_ids) if (name or "") in row["VpcName"]]

        return self.cloud.call("vpc.DescribeVpcs", name or list(vpc_ids), show)

    def delete_vpc(self, vpc_id: str) -> None:
        self.cloud.call("vpc.DeleteVpc", vpc_id, lambda: self.cloud.vpcs.pop(vpc_id))

    def describe_vswitches(self, vpc_id: str | None = None, vswitch_ids: Any = None) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in _among(self.cloud.vswitches, vswitch_ids) if vpc_id in (None, row["VpcId"])]

        return self.cloud.call("vpc.DescribeVSwitches", vpc_id or list(vswitch_ids), show)

    def delete_vswitch(self, vswitch_id: str) -> None:
        self.cloud.call("vpc.DeleteVSwitch", vswitch_id, lambda: self.cloud.vswitches.pop(vswitch_id))


class Oss:
    """What the code uses of OssApi, for the one bucket."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def put_intent(self, key: str, text: str) -> bool:
        def put() -> bool:
            if key in self.cloud.objects:
                return False
            self.cloud.objects[key] = text.encode()
            return True

        return self.cloud.call("oss.PutIntent", key, put)

    def put_text(self, key: str, text: str) -> None:
        self.cloud.call("oss.PutText", key, lambda: self.cloud.objects.update({key: text.encode()}))

    def get_text(self, key: str) -> str | None:
        def get() -> str | None:
            return self.cloud.objects[key].decode(errors="replace") if key in self.cloud.objects else None

        return self.cloud.call("oss.GetText", key, get)

    def head(self, key: str) -> Row | None:
        def head() -> Row | None:
            return {"size": len(self.cloud.objects[key])} if key in self.cloud.objects else None

        return self.cloud.call("oss.Head", key, head)

    def read_range(self, key: str, start: int, end_inclusive: int) -> bytes:
        return self.cloud.call("oss.ReadRange", key, lambda: self.cloud.objects[key][start : end_inclusive + 1])

    def list_keys(self, prefix: str) -> list[Row]:
        def show() -> list[Row]:
            keys = [key for key in self.cloud.objects if key.startswith(prefix)]
            return [{"key": key, "size": len(self.cloud.objects[key])} for key in keys]

        return self.cloud.call("oss.ListKeys", prefix, show)

    def delete_keys(self, keys: Iterable[str]) -> list[str]:
        wanted = list(keys)

        def delete() -> list[str]:
            for key in wanted:
                self.cloud.objects.pop(key, None)
            return []

        self.cloud.call("oss.DeleteKeys", wanted, delete)
        return wanted

    def list_uploads(self, prefix: str) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in self.cloud.uploads if row["key"].startswith(prefix)]

        return self.cloud.call("oss.ListUploads", prefix, show)

    def abort_upload(self, key: str, upload_id: str) -> None:
        gone = {"key": key, "upload_id": upload_id}
        self.cloud.call("oss.AbortUpload", gone, lambda: self.cloud.uploads.remove(gone))
