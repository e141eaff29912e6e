# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Server Migration Center 2019-06-01: the fields that are read of its answers (docs/facts.md, 1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from .reader import TAGS, Facts, Field, Malformed, Table, flag, number, objects, required, size, text, whole


def host_info(value: Any) -> Facts:
    """Return what the SMC client reports of a source, a JSON object as text; empty when the text is no JSON object."""
    try:
        info = json.loads(text(value) or "{}")
    except (ValueError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        return {}
    return info if isinstance(info, dict) else {}


def reported(name: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        return str(host_info(value).get(name) or "")

    return read


SOURCE: Final = Table(
    "smc.DescribeSourceServers",
    {
        "source_id": required("SourceId"),
        "name": Field("Name"),
        "description": Field("Description"),
        "state": required("State"),
        "state_info": Field("StatusInfo"),
        "error_code": Field("ErrorCode"),
        "job_id": Field("JobId"),
        "platform": Field("Platform"),
        "architecture": Field("Architecture"),
        "agent_version": Field("AgentVersion"),
        "replication_driver": Field("ReplicationDriver"),
        "system_disk_size": size("SystemDiskSize"),
        "creation_time": Field("CreationTime"),
        "hostname": Field("SystemInfo", reported("hostname")),
        "ipv4": Field("SystemInfo", reported("ipv4")),
        "system_info": Field("SystemInfo", host_info, {}),
        "data_disks": objects(
            "DataDisks.DataDisk", index=required("Index", whole), path=Field("Path"), size=size("Size")
        ),
        "tags": TAGS,
    },
    rows="SourceServers.SourceServer",
    key="SourceId",
)

JOB: Final = Table(
    "smc.DescribeReplicationJobs",
    {
        "job_id": required("JobId"),
        "name": Field("Name"),
        "description": Field("Description"),
        "source_id": required("SourceId"),
        "region": Field("RegionId"),
        "status": required("Status"),
        "business_status": Field("BusinessStatus"),
        "progress": Field("Progress", number, 0.0),
        "status_info": Field("StatusInfo"),
        "error_code": Field("ErrorCode"),
        "target_type": Field("TargetType"),
        "image_id": Field("ImageId"),
        "image_name": Field("ImageName"),
        "instance_id": Field("TransitionInstanceId"),
        "instance_type": Field("InstanceType"),
        "vpc_id": Field("VpcId"),
        "vswitch_id": Field("VSwitchId"),
        "run_once": Field("RunOnce", flag, None),
        "frequency": size("Frequency"),
        "images_to_keep": size("MaxNumberOfImageToKeep"),
        "runs": objects(
            "ReplicationJobRuns.ReplicationJobRun",
            image_id=Field("ImageId"),
            start_time=Field("StartTime"),
            end_time=Field("EndTime"),
        ),
        "system_disk_size": size("SystemDiskSize"),
        "creation_time": Field("CreationTime"),
        "start_time": Field("StartTime"),
        "end_time": Field("EndTime"),
        "valid_time": Field("ValidTime"),
        "data_disks": objects("DataDisks.DataDisk", index=required("Index", whole), size=size("Size")),
        "tags": TAGS,
    },
    rows="ReplicationJobs.ReplicationJob",
    key="JobId",
)

ACCESS_TOKEN: Final = Table(
    "smc.ListAccessTokens",
    {
        "id": required("AccessTokenId"),
        "name": Field("Name"),
        "description": Field("Description"),
        "status": Field("Status"),
        "creation_time": Field("CreationTime"),
        "count": size("Count"),
        "registered_count": size("RegisteredCount"),
        "ttl_days": size("TimeToLiveInDays"),
    },
    rows="AccessTokens.AccessToken",
    key="AccessTokenId",
)
"""The code itself is not among them: no call shows it again."""

NEW_JOB: Final = Table("smc.CreateReplicationJob", {"job_id": required("JobId")})

NEW_ACCESS_TOKEN: Final = Table(
    "smc.CreateAccessToken",
    {"id": required("AccessTokenId"), "code": required("AccessTokenCode")},
)
