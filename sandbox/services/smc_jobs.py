# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMC replication jobs (facts 1.3, 1.4; contract: local-cloud 10)."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.contracts.check import missing
from sandbox.effects import runs
from sandbox.lifecycles.progress import job_progress
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from . import smc_sources
from .call import Call, Handler, has_tags, listed, page, tag_list, tags_of
from .places import known_region
from .smc_job_rules import (
    checked_disks,
    checked_network,
    release_source,
    running,
    schedule,
    status,
    unfinished,
    valid_until,
)

_NUMBER = re.compile(r"[SBE]\d+(_[A-Z]?\d+)?")


def create(cloud: Cloud, call: Call) -> dict[str, Any]:
    """A job in Ready; the same ClientToken gives the same job again."""
    params = call.params
    token = params.get("ClientToken", "")
    replayed = cloud.client_tokens.get(f"smc.job/{token}") if token else None
    if replayed is not None:
        return {"JobId": replayed["result"]}
    known_region(cloud, call.region)
    source = smc_sources.find(cloud, params["SourceId"])
    in_the_way = unfinished(cloud, source["id"])
    if source["state"] != "Available" or in_the_way is not None:
        reason = f"has the unfinished job {in_the_way['id']}" if in_the_way else f"is {source['state']}"
        raise cloud.error("SourceServerState.Invalid", f"The source server {source['id']} {reason}.")
    if len(cloud.jobs) >= cloud.settings.account.quotas.jobs:
        raise cloud.error("QuotaExceeded.ReplicationJob")
    if "Name" in params and cloud.jobs.where(name=params["Name"]):
        raise cloud.error("ReplicationJobName.Duplicate")
    for name in ("ImageName", "SystemDiskSize"):
        if name not in params:
            raise missing(name)
    repeats = schedule(params)
    _refuse_used_image_name(cloud, params["ImageName"], "")
    disks = checked_disks(cloud, source, params)
    network = checked_network(cloud, params, call.region)
    if "AliyunServiceRoleForSMC" not in cloud.settings.account.roles:
        raise cloud.error("EntityNotExist.Role")
    if not cloud.settings.account.real_name:
        raise cloud.error("RealNameAuthenticationError")
    now = cloud.clock.time()
    job_id = cloud.new_id("j-", of=source["id"])
    taken = any(image["region"] == call.region for image in cloud.images.where(name=params["ImageName"]))
    cloud.jobs.add(
        {"id": job_id, "name": params.get("Name", job_id), "description": params.get("Description", ""),
         "source_id": source["id"], "region": call.region, "state": "Ready", "last_step": "", "since": now,
         "progress": 0.0, "error_code": "", "status_info": "",
         # A name that an image has is suffixed, not refused (facts 1.3).
         "image_name": f"{params['ImageName']}_{job_id}" if taken else params["ImageName"],
         "image_id": "", "system_disk_size": params["SystemDiskSize"], "data_disks": disks,
         "net_mode": int(params.get("NetMode", "0")), **network, "own_vpc_id": "",
         "instance_type": params.get("InstanceType", ""), "transition_instance_id": "", "received": False, "frozen": [],
         "replication_parameters": json.dumps(params.get("ReplicationParameters", {})),
         "license_type": params.get("LicenseType", ""), "created": now, "started": None, "ended": None,
         "valid_until": valid_until(cloud, params, now), "runs": 0, "history": [], "final": False, **repeats,
         "tags": tags_of(params)}
    )
    cloud.sources.update(source["id"], job_id=job_id)
    if token:
        cloud.client_tokens.add({"id": f"smc.job/{token}", "result": job_id})
    return {"JobId": job_id}


def start(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Starts, or retries, a job from Ready, Stopped or InError; one that is Waiting begins its next run early."""
    job = find(cloud, call)
    if job["state"] not in ("Ready", "Stopped", "InError", "Waiting"):
        raise cloud.error("ReplicationJob.InvalidStatus")
    _refuse_start(cloud, job)
    now = cloud.clock.time()
    if not job["run_once"] and job["state"] in ("Ready", "Waiting"):
        runs.begin(cloud, job, "Manual")
        cloud.jobs.update(job["id"], state="Running/Preparing", since=now)
        return {}
    cloud.jobs.update(
        # A run that has its image has nothing to copy any more.
        job["id"], state="Running/Cleaning" if runs.has_image(job) else "Running/Preparing", since=now,
        started=job["started"] or now, ended=None, error_code="", status_info="", runs=job["runs"] + 1,
    )
    return {}


def _refuse_start(cloud: Cloud, job: Row) -> None:
    source = cloud.sources.get(job["source_id"])
    if source is None or source["state"] != "Available":
        raise cloud.error("SourceServerState.Invalid")
    if sum(map(running, cloud.jobs)) >= cloud.settings.account.quotas.concurrent_jobs:
        raise cloud.error("QuotaExceeded.ConcurrentJobs")


def stop(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Stops a job that is Syncing; progress and the intermediate instance stay, and the instance is billed."""
    job = find(cloud, call)
    if not running(job):
        raise cloud.error("ReplicationJob.InvalidStatus")
    if job["state"] != "Running/Syncing":
        raise cloud.error("ReplicationJob.InvalidBusinessStatus")
    job_progress(cloud, job)
    cloud.jobs.update(job["id"], state="Stopped", last_step="Syncing", since=cloud.clock.time())
    return {}


def cut_over(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Ends an incremental job that waits for its next run, with SyncData after a last run. Its images stay."""
    job = find(cloud, call)
    if job["run_once"] or not (running(job) or job["state"] == "Waiting"):
        raise cloud.error("ReplicationJob.InvalidStatus")
    if running(job):
        raise cloud.error("ReplicationJob.InvalidBusinessStatus")
    _refuse_start(cloud, job)
    if call.params.get("SyncData"):
        runs.begin(cloud, job, "Manual")
    state = "Running/Preparing" if call.params.get("SyncData") else "Running/Cleaning"
    cloud.jobs.update(job["id"], state=state, since=cloud.clock.time(), final=True)
    return {}


def modify(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Changes a job: name and description always, everything else before the first start."""
    params, job = call.params, find(cloud, call)
    source = smc_sources.find(cloud, job["source_id"])
    disks = checked_disks(cloud, source, params)
    if params.get("Name", job["name"]) != job["name"] and cloud.jobs.where(name=params["Name"]):
        raise cloud.error("ReplicationJobName.Duplicate")
    early = {"ImageName", "SystemDiskSize", "DataDisk", "NetMode", "VpcId", "VSwitchId", "InstanceType", "ValidTime",
             "ReplicationParameters", "TargetType"}
    if early & set(params) and job["state"] != "Ready":
        raise cloud.error("ReplicationJob.InvalidStatus")
    if {"Frequency", "MaxNumberOfImageToKeep"} & set(params) and job["state"] not in ("Ready", "Waiting"):
        raise cloud.error("ReplicationJob.InvalidStatus")
    _refuse_used_image_name(cloud, params.get("ImageName", ""), job["id"])
    changes: dict[str, Any] = {
        column: params[name]
        for column, name in (
            ("name", "Name"), ("description", "Description"), ("image_name", "ImageName"),
            ("system_disk_size", "SystemDiskSize"), ("instance_type", "InstanceType"),
            ("frequency", "Frequency"), ("images_to_keep", "MaxNumberOfImageToKeep"),
        )
        if name in params
    }
    if "DataDisk" in params:
        changes["data_disks"] = disks
    if "VSwitchId" in params or "VpcId" in params or "NetMode" in params:
        changes.update(checked_network(cloud, params, job["region"]), net_mode=int(params.get("NetMode", "0")))
    if "ValidTime" in params:
        changes["valid_until"] = valid_until(cloud, params, job["created"])
    if "ReplicationParameters" in params:
        changes["replication_parameters"] = json.dumps(params["ReplicationParameters"])
    cloud.jobs.update(job["id"], **changes)
    return {}


def describe(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the jobs that match every filter; unknown ids match nothing. RegionId filters too (facts 1.1)."""
    params = call.params
    rows = cloud.jobs.where(**({"name": params["Name"]} if "Name" in params else {}))
    for name, column in (("JobId", "id"), ("SourceId", "source_id"), ("InstanceId", "transition_instance_id")):
        rows = listed(rows, column, params.get(name))
    for position, name in enumerate(("Status", "BusinessStatus")):
        rows = [row for row in rows if params.get(name) in (None, status(row)[position])]
    rows = [row for row in rows if params.get("RegionId") in (None, row["region"]) and has_tags(row, params)]
    shown, keys = page(rows, params)
    return {**keys, "ReplicationJobs": {"ReplicationJob": [_view(cloud, job) for job in shown]}}


def delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Moves a job that does not run to Deleting, which releases its intermediate resources."""
    job = find(cloud, call)
    if running(job):
        raise cloud.error("ReplicationJob.InvalidStatus")
    release_source(cloud, job)
    return {}


def find(cloud: Cloud, call: Call) -> Row:
    """The job that a call names, or a refusal (its code is not documented: facts 1.7)."""
    job = cloud.jobs.get(call.params["JobId"])
    if job is None:
        raise cloud.error("JobId.NotFound", f"The specified JobId {call.params['JobId']} does not exist.")
    return job


def _refuse_used_image_name(cloud: Cloud, image_name: str, own_id: str) -> None:
    for job in cloud.jobs.where(image_name=image_name):
        if job["id"] != own_id and job["state"] not in ("Finished", "Deleting"):
            raise cloud.error("ImageName.UsedByReplicationJob")


def _error(cloud: Cloud, job: Row) -> dict[str, str]:
    """The error of a job, as a word or as a number with the word within the JSON of StatusInfo (facts 7.1)."""
    code, info = job["error_code"], job["status_info"]
    if cloud.settings.job_error_form == "word" or not code or _NUMBER.fullmatch(code):
        return {"StatusInfo": info, "ErrorCode": code}
    told = code if " " in code else f"The job failed ({code})."
    return {"StatusInfo": json.dumps({"error_code": "S1", "error_msg": f"{told} {info}".strip()}), "ErrorCode": "S1"}


def _view(cloud: Cloud, job: Row) -> dict[str, Any]:
    state, business = status(job)
    return {
        "JobId": job["id"],
        "Name": job["name"],
        "Description": job["description"],
        "SourceId": job["source_id"],
        "RegionId": job["region"],
        "Status": state,
        "BusinessStatus": business,
        "Progress": job_progress(cloud, job),
        **_error(cloud, job),
        "TargetType": "Image",
        "JobType": 0,
        "ImageId": job["image_id"],
        "ImageName": job["image_name"],
        "InstanceId": "",
        "InstanceType": job["instance_type"],
        "TransitionInstanceId": job["transition_instance_id"],
        "SystemDiskSize": job["system_disk_size"],
        "DataDisks": {
            "DataDisk": [
                {"Index": disk["index"], "Size": disk["size"], "Parts": {"Part": []}} for disk in job["data_disks"]
            ]
        },
        "NetMode": job["net_mode"],
        "VpcId": job["vpc_id"],
        "VSwitchId": job["vswitch_id"],
        "RunOnce": job["run_once"],
        "Frequency": job["frequency"],
        "MaxNumberOfImageToKeep": job["images_to_keep"],
        "CreationTime": iso(job["created"]),
        "StartTime": iso(job["started"]) if job["started"] else "",
        "EndTime": iso(job["ended"]) if job["ended"] else "",
        "ValidTime": iso(job["valid_until"]),
        "LicenseType": job["license_type"],
        "ReplicationParameters": job["replication_parameters"],
        "ReplicationJobRuns": {
            "ReplicationJobRun": [
                {"ImageId": run["image_id"], "StartTime": iso(run["started"]), "Type": run["type"],
                 "EndTime": iso(run["ended"]) if run["ended"] else ""}
                for run in job["history"]
            ]
        },
        "Tags": tag_list(job),
    }


HANDLERS: dict[str, Handler] = {
    "CreateReplicationJob": create,
    "StartReplicationJob": start,
    "StopReplicationJob": stop,
    "CutOverReplicationJob": cut_over,
    "ModifyReplicationJobAttribute": modify,
    "DescribeReplicationJobs": describe,
    "DeleteReplicationJob": delete,
}
