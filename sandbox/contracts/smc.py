# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMC 2019-06-01: what each action takes (facts 1.2, 1.3, 1.6)."""

from __future__ import annotations

from .spec import (
    DESCRIPTION,
    NAME,
    PAGE_50,
    TAGS,
    Action,
    action,
    choice,
    flag,
    integer,
    json_any,
    many,
    need,
    objects,
    text,
)

VERSION = "2019-06-01"

# ContainerImage, TargetInstance, schedules and partitions exist in the API and not here: a value or
# parameter that is left out below is refused as not emulated.
_JOB = (
    text("Name", NAME),
    text("Description", NAME),
    choice("TargetType", "Image", elsewhere=("ContainerImage", "TargetInstance")),
    text("ImageName", NAME),
    objects("DataDisk", 16, need(integer("Index", 1, 16)), need(integer("Size", 20, 32768))),
    choice("NetMode", "0", "2"),
    text("VpcId"),
    text("VSwitchId"),
    text("InstanceType"),
    text("ValidTime"),
    json_any("ReplicationParameters", r"(?s:.{2,2048})"),
    integer("Frequency", 1, 168),
    integer("MaxNumberOfImageToKeep", 1, 10),
)

ACTIONS: tuple[Action, ...] = (
    action(
        "CreateAccessToken",
        text("Name", NAME), text("Description", DESCRIPTION), integer("Count", 1, 1000),
        integer("TimeToLiveInDays", 1, 90),
    ),
    action(
        "ListAccessTokens",
        many("AccessTokenId", 100), text("Name"), choice("Status", "activated", "unactivated", "expired"),
    ),
    action("DisableAccessToken", need(text("AccessTokenId"))),
    action("DeleteAccessToken", need(text("AccessTokenId"))),
    action(
        "DescribeSourceServers",
        many("SourceId", 100), text("JobId"), text("Name"),
        choice("State", "Unavailable", "Available", "InUse", "Deleting"), TAGS, *PAGE_50,
    ),
    action(
        "ModifySourceServerAttribute",
        need(text("SourceId")), text("Name", NAME), text("Description", DESCRIPTION),
    ),
    action("DeleteSourceServer", need(text("SourceId")), flag("Force")),
    action(
        "CreateReplicationJob",
        need(text("RegionId")), need(text("SourceId")), *_JOB, integer("SystemDiskSize", 20, 2048), flag("RunOnce"),
        choice("JobType", "0", elsewhere=("1", "2", "3")),
        choice("LicenseType", "BYOL"), TAGS, text("ClientToken", r"[\x00-\x7f]{1,64}"),
    ),
    action("StartReplicationJob", need(text("JobId"))),
    action("StopReplicationJob", need(text("JobId"))),
    action("CutOverReplicationJob", need(text("JobId")), flag("SyncData")),
    action("ModifyReplicationJobAttribute", need(text("JobId")), *_JOB, integer("SystemDiskSize", 20, 500)),
    action(
        "DescribeReplicationJobs",
        many("JobId", 50), many("SourceId", 50), many("InstanceId", 21), text("Name"),
        choice("Status", "Ready", "Running", "Stopped", "InError", "Finished", "Waiting", "Expired", "Deleting"),
        choice("BusinessStatus", "Preparing", "Syncing", "Processing", "Cleaning"),
        choice("JobType", "0", elsewhere=("1", "2", "3")), TAGS, *PAGE_50,
    ),
    action("DeleteReplicationJob", need(text("JobId"))),
    action(
        "TagResources",
        need(choice("ResourceType", "sourceserver", "replicationjob", code="InvalidResourceType.NotFound")),
        need(many("ResourceId", 50, code="NumberExceed.ResourceIds")),
        need(objects("Tag", 20, need(text("Key")), text("Value"), code="NumberExceed.Tags")),
    ),
    action(
        "ListTagResources",
        need(choice("ResourceType", "sourceserver", "replicationjob", code="InvalidResourceType.NotFound")),
        many("ResourceId", 50, code="NumberExceed.ResourceIds"), TAGS, text("NextToken"),
    ),
)
