# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A FAKE of ``Clients``: a few tables in memory, a clock that only moves when told, faults that a test orders.

It knows just enough of SMC, ECS, ENS, VPC and OSS to let the stages, the fleet and the cleanup run without a network.
It proves nothing about the wire or the services' own rules: tests/integration runs the same code against the local
cloud, through the vendor's SDKs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.gate import Gate
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.pool import Pool
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import GIB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock

from .apis import Ecs, Ens, Smc, Vpc
from .bucket import Oss
from .kit import BUCKET, MUTATING, REGION, START, Fault, Row, qcow2, stamp


@dataclass
class Cloud:
    """The fake: also a ``Clients``, with ``smc``, ``ecs``, ``ens``, ``vpc`` and ``oss(bucket)``."""

    now: datetime = START
    region: str = REGION
    copy_seconds: float = 60
    export_seconds: float = 30
    import_seconds: float = 30
    release_seconds: float = 10
    call_seconds: float = 0
    """How long each call takes."""
    listing_seconds: float = 0
    """For how long no call shows a new export task or ENS image."""
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
    ens_instances: dict[str, Row] = field(default_factory=dict)
    tokens: dict[str, Row] = field(default_factory=dict)
    client_tokens: dict[str, str] = field(default_factory=dict)
    """The ClientTokens that VPC has seen, with the id that it returns for each."""
    vpcs: dict[str, Row] = field(default_factory=dict)
    vswitches: dict[str, Row] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: list[Row] = field(default_factory=list)
    written: dict[str, datetime] = field(default_factory=dict)
    """By key: when an object was written or an upload begun; the start of the test where it is not given."""
    job_errors: dict[str, list[str]] = field(default_factory=dict)
    """By source id: the error codes in which its next runs end."""
    export_ends: list[str] = field(default_factory=list)
    """How the next exports end that fail: "Failed", with parts of an object, or "cut off"."""

    def __post_init__(self) -> None:
        self._faults: dict[str, list[Fault]] = {}
        self._edits: dict[str, list[Callable[[list[Row]], list[Row]]]] = {}
        self._numbers: Counter[str] = Counter()
        self.smc, self.ecs, self.ens, self.vpc = Smc(self), Ecs(self), Ens(self), Vpc(self)
        self._bucket = Oss(self)
        self.gate = Gate()
        self._one_call = RLock()
        self.pool = Pool()
        self.request_seconds = 80.0

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
        """Register the servers in SMC, Available, with the tags that the agent role gives."""
        for item in servers:
            data = [{"Index": disk.index, "Size": disk.bytes // GIB} for disk in item.disks if disk.index]
            self.sources[item.source_id] = {
                "SourceId": item.source_id,
                "State": "Available",
                "SystemDiskSize": item.disks[0].bytes // GIB if item.disks else 20,
                "DataDisks": {"DataDisk": data},
                "CreationTime": stamp(self.now),
                "Tags": {"Tag": naming.tags(item.migration, item.host, item.id)},
            }

    def clock(self) -> Clock:
        """Return the clock that the code under test gets."""
        return Clock(self.sleep, self.monotonic, lambda: self.now)

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return (self.now - START).total_seconds()

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

    def shown(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that are listed by now."""
        return [row for row in rows if self.now >= row.get("_shown", self.now)]

    # ---- the machinery ----
    def call(self, name: str, args: Any, effect: Callable[[], Any]) -> Any:
        """Count a call, let its ordered fault happen, and return what it lists or answers."""
        if name in MUTATING:
            self.gate(name)
        with self._one_call:
            return self._answer(name, args, effect)

    def _answer(self, name: str, args: Any, effect: Callable[[], Any]) -> Any:
        self.calls[name] += 1
        self.now += timedelta(seconds=self.call_seconds)
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
        for instance in self.ens_instances.values():
            if instance["Status"] == "Creating" and self.now >= instance["_until"]:
                instance["Status"] = "Running"

    def _end_job(self, job: Row) -> None:
        errors = self.job_errors.get(job["SourceId"])
        if errors:
            job.update(Status="InError", ErrorCode=errors.pop(0), StatusInfo="as the test ordered")
            return
        image_id = self.new_id("m-")
        sizes = [job["SystemDiskSize"], *(disk["Size"] for disk in job["DataDisks"]["DataDisk"])]
        self.add_image(image_id, job["ImageName"], sizes)
        if job.get("RunOnce") is False:
            _runs(job)[-1].update(ImageId=image_id, EndTime=stamp(self.now))
        if job.get("RunOnce") is False and not job.get("_final"):
            self.sources[job["SourceId"]]["State"] = "Available"
            job.update(Status="Waiting", BusinessStatus="", ImageId=image_id, Progress=100)
            return
        self.release(job["TransitionInstanceId"])
        self.sources[job["SourceId"]]["State"] = "Available"
        job.update(Status="Finished", BusinessStatus="", ImageId=image_id, EndTime=stamp(self.now), Progress=100)

    def begin_run(self, job: Row) -> None:
        """Note that an incremental job begins a run; one that failed is continued."""
        runs = _runs(job)
        if job.get("RunOnce") is False and (not runs or runs[-1]["ImageId"]):
            runs.append({"ImageId": "", "StartTime": stamp(self.now), "EndTime": ""})

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
            "JobId": job_id,
            "Name": item.job_name,
            "SourceId": item.source_id,
            "Status": status,
            "BusinessStatus": "",
            "ImageName": item.image_name,
            "SystemDiskSize": item.disks[0].bytes // GIB if item.disks else 20,
            "DataDisks": {"DataDisk": [{"Index": d.index, "Size": d.bytes // GIB} for d in item.disks[1:]]},
            "CreationTime": stamp(self.now),
            "Tags": {"Tag": naming.tags(item.migration, item.host, item.id)},
            "_since": self.now,
            **changes,
        }
        return self.jobs[job_id]

    def add_instance(self, job: Row, status: str = "Running") -> Row:
        """Give a job its intermediate instance, with disk and security group."""
        instance_id, disk, group = self.new_id("i-"), self.new_id("d-"), self.new_id("sg-")
        job["TransitionInstanceId"] = instance_id
        self.disks[disk] = {"DiskId": disk, "InstanceId": instance_id, "CreationTime": stamp(self.now)}
        self.groups[group] = {"SecurityGroupId": group, "CreationTime": stamp(self.now)}
        self.instances[instance_id] = {
            "InstanceId": instance_id,
            "InstanceName": "No_Delete_SMC_Transition_Instance",
            "Status": status,
            "CreationTime": stamp(self.now),
            "SecurityGroupIds": {"SecurityGroupId": [group]},
            "VpcAttributes": {"VpcId": "vpc-smc", "VSwitchId": "vsw-smc"},
        }
        return self.instances[instance_id]

    def release(self, instance_id: str) -> None:
        """Let an intermediate instance go, with all that was made for it. What is older stays."""
        instance = self.instances.pop(instance_id, None) or {}
        began = instance.get("CreationTime", "")
        for group in instance.get("SecurityGroupIds", {}).get("SecurityGroupId", []):
            if self.groups.get(group, {}).get("CreationTime", began) >= began:
                self.groups.pop(group, None)
        for disk in [row for row in self.disks.values() if row["InstanceId"] == instance_id]:
            if disk.get("CreationTime", began) >= began:
                del self.disks[disk["DiskId"]]
            else:
                disk["InstanceId"] = ""

    def add_task(self, image_id: str, status: str = "Processing", prefix: str = "", **changes: Any) -> Row:
        """Put an export task into the cloud; the cloud ends it while Processing."""
        task_id = self.new_id("t-")
        self.tasks[task_id] = {
            "TaskId": task_id,
            "TaskAction": "ExportImage",
            "TaskStatus": status,
            "ResourceId": image_id,
            "CreationTime": stamp(self.now),
            "_until": self.now + timedelta(seconds=self.export_seconds),
            "_shown": self.now + timedelta(seconds=self.listing_seconds),
            "_prefix": prefix,
            "_keys": [],
            **changes,
        }
        return self.tasks[task_id]

    def _end_task(self, task: Row) -> None:
        mappings = self.images[task["ResourceId"]]["DiskDeviceMappings"]["DiskDeviceMapping"]
        end = self.export_ends.pop(0) if self.export_ends else ""
        if end == "Failed":
            key = f"{task['_prefix']}_{task['ResourceId']}_{task['TaskId']}.qcow2"
            self.written[key] = self.now
            self.uploads.append({"key": key, "upload_id": self.new_id("u-")})
            task.update(TaskStatus=end, _error={"ErrorCode": "ExportImageFailed", "ErrorMsg": "no reason"})
            return
        for index, mapping in enumerate(mappings):
            disk = "system" if index == 0 else f"data_xvd{'abcdef'[index]}"
            key = f"{task['_prefix']}_{task['ResourceId']}_{disk}.qcow2"
            self.written[key] = self.now
            self.objects[key] = qcow2(mapping["Size"])[: 700 if end else None]
            task["_keys"].append(key)
        task.update(TaskStatus="Finished", FinishedTime=stamp(self.now))

    def add_ens_image(self, name: str, status: str = "Available", sizes: Iterable[int] = (20,)) -> Row:
        """Put an ENS image into the cloud; the cloud makes it Available while Creating."""
        image_id = self.new_id("m-ens")
        self.ens_images[image_id] = {
            "ImageId": image_id,
            "ImageName": name,
            "Status": status,
            "CreationTime": stamp(self.now),
            "DiskDeviceMappings": {"DiskDeviceMapping": [{"Size": str(size)} for size in sizes]},
            "_until": self.now + timedelta(seconds=self.import_seconds),
            "_shown": self.now + timedelta(seconds=self.listing_seconds),
        }
        return self.ens_images[image_id]

    def add_ens_instance(self, params: Row) -> Row:
        """Put an ENS instance into the cloud, as RunInstances is asked for it; the cloud makes it Running."""
        instance_id = self.new_id("i-ens")
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in params["Tags"]]
        self.ens_instances[instance_id] = {
            "InstanceId": instance_id,
            "InstanceName": params["InstanceName"],
            "Status": "Creating",
            "EnsRegionId": params["EnsRegionId"],
            "SpecName": params["InstanceType"],
            "ImageId": params["ImageId"],
            "CreationTime": stamp(self.now),
            "Tags": {"Tags": tags},
            "_until": self.now + timedelta(seconds=30),
            "_shown": self.now + timedelta(seconds=self.listing_seconds),
        }
        return self.ens_instances[instance_id]


def _runs(job: Row) -> list[Row]:
    rows: list[Row] = job.setdefault("ReplicationJobRuns", {"ReplicationJobRun": []})["ReplicationJobRun"]
    return rows
