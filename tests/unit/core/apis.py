# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API classes of the FAKE cloud (see cloud.py): each works on the cloud's tables."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import GIB

from .kit import BUCKET, Row, refused, stamp

if TYPE_CHECKING:
    from .cloud import Cloud


def _among(rows: Mapping[str, Row], ids: Iterable[str] | None) -> list[Row]:
    return list(rows.values()) if ids is None else [rows[key] for key in dict.fromkeys(ids) if key in rows]


NODES = ("node-1", "node-2")


def _tags_of(row: Row) -> list[dict[str, str]]:
    found: list[dict[str, str]] = row.get("Tags", {}).get("Tag", [])
    return found


def _with_tags(rows: list[Row], tags: Any) -> list[Row]:
    wanted = {(item["Key"], item["Value"]) for item in tags or ()}
    # Tags of a call are named Key and Value, those of an answer TagKey and TagValue.
    return [
        row
        for row in rows
        if wanted
        <= {
            (item.get("TagKey") or item.get("Key"), item.get("TagValue") or item.get("Value")) for item in _tags_of(row)
        }
    ]


class Smc:
    """What the code uses of SmcApi."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def describe_source_servers(
        self, source_ids: Any = None, name: Any = None, state: Any = None, tags: Any = None
    ) -> list[Row]:
        def show() -> list[Row]:
            return _with_tags(_among(self.cloud.sources, source_ids), tags)

        return self.cloud.call("smc.DescribeSourceServers", source_ids or tags, show)

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
                **params,
                "JobId": job_id,
                "Status": "Ready",
                "BusinessStatus": "",
                "DataDisks": {"DataDisk": params["DataDisks"]},
                "Tags": {"Tag": params["Tags"]},
                "CreationTime": stamp(self.cloud.now),
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
            self.cloud.begin_run(job)

        self.cloud.call("smc.StartReplicationJob", job_id, start)

    def cut_over_replication_job(self, job_id: str) -> None:
        def cut() -> None:
            job = self.cloud.jobs[job_id]
            if job["Status"] != "Waiting":
                raise refused("ReplicationJob.InvalidStatus")
            job.update(Status="Running", BusinessStatus="Syncing", _since=self.cloud.now, _final=True)
            self.cloud.begin_run(job)
            self.cloud.sources[job["SourceId"]]["State"] = "InUse"

        self.cloud.call("smc.CutOverReplicationJob", job_id, cut)

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

    def describe_zones(self) -> list[Row]:
        return self.cloud.call("ecs.DescribeZones", None, lambda: [{"ZoneId": "zone-b"}, {"ZoneId": "zone-a"}])

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
            known = self.cloud.shown(self.cloud.tasks.values())
            rows = [row for row in known if task_ids is None or row["TaskId"] in task_ids]
            return [row for row in rows if resource_ids is None or row["ResourceId"] in resource_ids]

        return self.cloud.call("ecs.DescribeTasks", list(resource_ids or task_ids or ()), show)

    def describe_task_attribute(self, task_id: str) -> Row:
        def show() -> Row:
            if not self.cloud.shown(row for row in self.cloud.tasks.values() if row["TaskId"] == task_id):
                raise refused("InvalidTaskId.NotFound")
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

    def describe_instances(self, instance_ids: Any = None, name: str | None = None, tags: Any = None) -> list[Row]:
        def show() -> list[Row]:
            rows = _with_tags(_among(self.cloud.instances, instance_ids), tags)
            return [row for row in rows if name in (None, row["InstanceName"])]

        return self.cloud.call("ecs.DescribeInstances", name or tags or list(instance_ids), show)

    def stop_instance(self, instance_id: str) -> None:
        self.cloud.call(
            "ecs.StopInstance", instance_id, lambda: self.cloud.instances[instance_id].update(Status="Stopped")
        )

    def delete_instance(self, instance_id: str) -> None:
        def delete() -> None:
            row = self.cloud.instances[instance_id]
            if row.get("DeletionProtection"):
                raise refused("InvalidOperation.DeletionProtection")
            if row["Status"] != "Stopped":
                raise refused("IncorrectInstanceStatus")
            self.cloud.release(instance_id)

        self.cloud.call("ecs.DeleteInstance", instance_id, delete)

    def describe_disks(self, disk_ids: Any = None, instance_id: str | None = None, tags: Any = None) -> list[Row]:
        def show() -> list[Row]:
            rows = _with_tags(_among(self.cloud.disks, disk_ids), tags)
            return [row for row in rows if instance_id in (None, row["InstanceId"])]

        return self.cloud.call("ecs.DescribeDisks", instance_id or tags or list(disk_ids), show)

    def delete_disk(self, disk_id: str) -> None:
        self.cloud.call("ecs.DeleteDisk", disk_id, lambda: self.cloud.disks.pop(disk_id, None))

    def describe_snapshots(self, snapshot_ids: Iterable[str] | None = None, tags: Any = None) -> list[Row]:
        wanted = list(self.cloud.snapshots if snapshot_ids is None else snapshot_ids)
        return self.cloud.call(
            "ecs.DescribeSnapshots", wanted, lambda: _with_tags(_among(self.cloud.snapshots, wanted), tags)
        )

    def delete_snapshot(self, snapshot_id: str) -> None:
        self.cloud.call("ecs.DeleteSnapshot", snapshot_id, lambda: self.cloud.snapshots.pop(snapshot_id))

    def describe_security_groups(self, ids: Any = None, tags: Any = None) -> list[Row]:
        return self.cloud.call(
            "ecs.DescribeSecurityGroups", tags or list(ids), lambda: _with_tags(_among(self.cloud.groups, ids), tags)
        )

    def tag_resources(self, kind: str, ids: Iterable[str], tags: Any) -> None:
        tables = {"instance": "instances", "disk": "disks", "securitygroup": "groups", "image": "images"}
        table = getattr(self.cloud, tables.get(kind, "snapshots"))

        def tag() -> None:
            if any(identity not in table for identity in ids):
                raise refused("InvalidResourceId.NotFound")
            for identity in ids:
                named = {item["TagKey"]: item["TagValue"] for item in _tags_of(table[identity])}
                named.update({item["Key"]: item["Value"] for item in tags})
                shown = [{"TagKey": key, "TagValue": value} for key, value in named.items()]
                table[identity]["Tags"] = {"Tag": shown}

        if list(ids):
            self.cloud.call("ecs.TagResources", (kind, list(ids)), tag)

    def delete_security_group(self, group_id: str) -> None:
        self.cloud.call("ecs.DeleteSecurityGroup", group_id, lambda: self.cloud.groups.pop(group_id, None))


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
        def show() -> list[Row]:
            return self.cloud.shown(self.cloud.ens_images.values())

        return self.cloud.call("ens.DescribeSelfImages", image_id, show)

    def delete_image(self, image_id: str) -> None:
        self.cloud.call("ens.DeleteImage", image_id, lambda: self.cloud.ens_images.pop(image_id))

    def run_instances(self, params: Row) -> list[str]:
        row = self.cloud.call("ens.RunInstances", params, lambda: self.cloud.add_ens_instance(params))
        return [row["InstanceId"]]

    def describe_instances(self, instance_ids: Any = None) -> list[Row]:
        def show() -> list[Row]:
            return self.cloud.shown(_among(self.cloud.ens_instances, instance_ids))

        return self.cloud.call("ens.DescribeInstances", instance_ids, show)

    def start_instance(self, instance_id: str) -> None:
        self._step("ens.StartInstance", instance_id, "Stopped", "Running")

    def stop_instance(self, instance_id: str) -> None:
        self._step("ens.StopInstance", instance_id, "Running", "Stopped")

    def _step(self, call: str, instance_id: str, origin: str, to: str) -> None:
        def step() -> None:
            row = self.cloud.ens_instances[instance_id]
            if row["Status"] != origin:
                raise refused("ens.interface.error")
            row["Status"] = to

        self.cloud.call(call, instance_id, step)

    def release_instance(self, instance_id: str) -> None:
        def release() -> None:
            if instance_id not in self.cloud.ens_instances:
                raise refused("InvalidParameter.InstanceId")
            del self.cloud.ens_instances[instance_id]

        self.cloud.call("ens.ReleasePostPaidInstance", instance_id, release)

    def tag_instance(self, instance_id: str, tags: list[dict[str, str]]) -> None:
        def tag() -> None:
            found = self.cloud.ens_instances[instance_id]["Tags"]["Tags"]
            rest = [row for row in found if row["TagKey"] not in {tag["Key"] for tag in tags}]
            found[:] = rest + [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]

        self.cloud.call("ens.TagResources", instance_id, tag)

    def describe_ens_regions(self) -> list[Row]:
        return self.cloud.call("ens.DescribeEnsRegions", None, lambda: [{"ens_region_id": node} for node in NODES])

    def describe_available_resource(self) -> list[Row]:
        rows = [{"ens_region_id": "node-1", "instance_type": "ens.sn1.tiny", "count": 3}]
        return self.cloud.call("ens.DescribeAvailableResource", None, lambda: rows)

    def describe_price(self, params: Row) -> Row:
        return dict(self.cloud.call("ens.DescribePrice", params, lambda: {"currency": "USD", "amount": 14.4}))


class Vpc:
    """What the code uses of VpcApi."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def describe_vpcs(self, vpc_ids: Any = None, name: str | None = None) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in _among(self.cloud.vpcs, vpc_ids) if (name or "") in row["VpcName"]]

        return self.cloud.call("vpc.DescribeVpcs", name or list(vpc_ids or ()), show)

    def create_vpc(self, name: str, cidr: str, client_token: str, tags: Any = None) -> Row:
        def make() -> Row:
            if client_token in self.cloud.client_tokens:
                return {"VpcId": self.cloud.client_tokens[client_token]}
            vpc_id = self.cloud.client_tokens[client_token] = self.cloud.new_id("vpc-")
            self.cloud.vpcs[vpc_id] = self._made("Vpc", vpc_id, name, cidr, tags)
            return {"VpcId": vpc_id}

        return self.cloud.call("vpc.CreateVpc", name, make)

    def create_vswitch(
        self, vpc_id: str, zone_id: str, cidr: str, name: str, client_token: str, tags: Any = None
    ) -> Row:
        def make() -> Row:
            assert self.cloud.vpcs[vpc_id]["Status"] == "Available"
            if client_token in self.cloud.client_tokens:
                return {"VSwitchId": self.cloud.client_tokens[client_token]}
            vswitch_id = self.cloud.client_tokens[client_token] = self.cloud.new_id("vsw-")
            row = self._made("VSwitch", vswitch_id, name, cidr, tags)
            self.cloud.vswitches[vswitch_id] = {**row, "VpcId": vpc_id, "ZoneId": zone_id}
            return {"VSwitchId": vswitch_id}

        return self.cloud.call("vpc.CreateVSwitch", name, make)

    def _made(self, kind: str, identity: str, name: str, cidr: str, tags: Any) -> Row:
        return {
            f"{kind}Id": identity,
            f"{kind}Name": name,
            "CidrBlock": cidr,
            "Status": "Available",
            "CreationTime": stamp(self.cloud.now),
            "Tags": {"Tag": list(tags or [])},
        }

    def delete_vpc(self, vpc_id: str) -> None:
        self.cloud.call("vpc.DeleteVpc", vpc_id, lambda: self.cloud.vpcs.pop(vpc_id))

    def describe_vswitches(self, vpc_id: str | None = None, vswitch_ids: Any = None) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in _among(self.cloud.vswitches, vswitch_ids) if vpc_id in (None, row["VpcId"])]

        return self.cloud.call("vpc.DescribeVSwitches", vpc_id or list(vswitch_ids), show)

    def delete_vswitch(self, vswitch_id: str) -> None:
        self.cloud.call("vpc.DeleteVSwitch", vswitch_id, lambda: self.cloud.vswitches.pop(vswitch_id))
