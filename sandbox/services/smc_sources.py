# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMC source servers (facts 1.5) and the tags of sources and jobs."""

from __future__ import annotations

import json
import math
from typing import Any

from sandbox.contracts.lifecycles import HEARTBEAT
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row, Table

from .call import Call, Handler, add_tags, has_tags, listed, page, tag_list
from .smc_job_rules import release_source, running


def describe(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the sources that match every filter given."""
    columns = (("name", "Name"), ("state", "State"), ("job_id", "JobId"))
    wanted = {column: call.params[name] for column, name in columns if name in call.params}
    rows = listed(cloud.sources.where(**wanted), "id", call.params.get("SourceId"))
    rows, keys = page([row for row in rows if has_tags(row, call.params)], call.params)
    return {**keys, "SourceServers": {"SourceServer": [_view(cloud, row) for row in rows]}}


def modify(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Renames or re-describes a source in any state but Deleting."""
    source = find(cloud, call.params["SourceId"])
    name = call.params.get("Name", source["name"])
    # Names are not unique when a client registers (trap 13); only a rename is checked.
    if name != source["name"] and cloud.sources.where(name=name):
        raise cloud.error("SourceServerName.Duplicate")
    if source["state"] == "Deleting":
        raise cloud.error("SourceServerState.Invalid")
    cloud.sources.update(source["id"], name=name, description=call.params.get("Description", source["description"]))
    return {}


def delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Moves a source to Deleting; with Force also its jobs that do not run, and their resources.

    Without Force any job keeps it, a Finished one too.
    """
    source = find(cloud, call.params["SourceId"])
    jobs = cloud.jobs.where(source_id=source["id"])
    if any(running(job) for job in jobs):
        raise cloud.error("SourceServer.WithRunningReplicationJob")
    if jobs and not call.params.get("Force"):
        raise cloud.error("ReplicationJob.Related")
    if source["state"] == "Deleting":
        raise cloud.error("SourceServerState.Invalid")
    for job in jobs:
        release_source(cloud, job)
    cloud.sources.update(source["id"], state="Deleting", since=cloud.clock.time())
    return {}


def tag(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Adds tags to sources or jobs."""
    return add_tags(_tagged(cloud, call), call.params)


def list_tags(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Every tag of the resources that match."""
    rows = listed(_tagged(cloud, call), "id", call.params.get("ResourceId"))
    found = [
        {"ResourceId": row["id"], "ResourceType": call.params["ResourceType"], "TagKey": key, "TagValue": value}
        for row in rows
        if has_tags(row, call.params)
        for key, value in row["tags"].items()
    ]
    return {"NextToken": "", "TagResources": {"TagResource": found}}


def find(cloud: Cloud, source_id: str) -> Row:
    """The source with this id, or a refusal."""
    source = cloud.sources.get(source_id)
    if source is None:
        raise cloud.error("SourceId.NotFound", f"The specified SourceId {source_id} does not exist.")
    return source


def _tagged(cloud: Cloud, call: Call) -> Table:
    return cloud.sources if call.params["ResourceType"] == "sourceserver" else cloud.jobs


def _view(cloud: Cloud, source: Row) -> dict[str, Any]:
    disks = {int(disk["index"]): disk for disk in source["disks"]}
    return {
        "SourceId": source["id"],
        "Name": source["name"],
        "Description": source["description"],
        "State": source["state"],
        "StatusInfo": source["status_info"],
        "ErrorCode": source["error_code"],
        "JobId": source["job_id"],
        "Platform": source["platform"],
        "Architecture": source["architecture"],
        "AgentVersion": source["agent_version"],
        "KernelLevel": source["kernel_level"],
        "ReplicationDriver": "SMT",
        "HeartbeatRate": HEARTBEAT[cloud.settings.profile],
        "SystemDiskSize": _gib(disks[0]) if 0 in disks else 0,
        "SystemInfo": json.dumps(source["system_info"]),
        "CreationTime": iso(source["created"]),
        "SystemDiskParts": {"SystemDiskPart": _parts(disks.get(0))},
        "DataDisks": {
            "DataDisk": [
                {"Index": index, "Path": disk["path"], "Size": _gib(disk), "Parts": {"Part": _parts(disk)}}
                for index, disk in sorted(disks.items())
                if index > 0
            ]
        },
        "Tags": tag_list(source),
    }


def _gib(disk: Row) -> int:
    return math.ceil(int(disk["size_bytes"]) / GIB)


def _parts(disk: Row | None) -> list[dict[str, Any]]:
    parts = [] if disk is None else disk.get("parts", [])
    return [
        {"Device": part.get("device", ""), "Path": part.get("path", ""), "SizeBytes": int(part.get("size_bytes", 0)),
         "CanBlock": True, "Need": True}
        for part in parts
    ]


HANDLERS: dict[str, Handler] = {
    "DescribeSourceServers": describe,
    "ModifySourceServerAttribute": modify,
    "DeleteSourceServer": delete,
    "TagResources": tag,
    "ListTagResources": list_tags,
}
