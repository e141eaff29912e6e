# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS 2014-05-26: what each action takes (facts 3)."""

from __future__ import annotations

from .errors import APPROXIMATE
from .spec import (
    PAGE_100,
    TAGS,
    Action,
    action,
    choice,
    csv,
    flag,
    integer,
    json_list,
    many,
    need,
    objects,
    text,
    token_page,
)

VERSION = "2014-05-26"

FORMATS = ("raw", "vhd", "qcow2", "vmdk", "vdi")
# Filters of DescribeImages for instances.
_FILTERS = ("NetworkType", "CpuOnlineUpgrade", "CpuOnlineDowngrade", "MemoryOnlineUpgrade", "MemoryOnlineDowngrade")
_LANGUAGE = choice("AcceptLanguage", "zh-CN", "zh_TW", "en-US", "ja", "fr", "de", "ko")

ACTIONS: tuple[Action, ...] = (
    action(
        "DescribeRegions",
        _LANGUAGE, choice("ResourceType", "instance", elsewhere=("disk", "reservedinstance", "scu")),
        choice("InstanceChargeType", "PostPaid", "PrePaid", "SpotWithPriceLimit", "SpotAsPriceGo"), regional=False,
    ),
    # The names of attributes that are left out are quotas of what does not exist here.
    action(
        "DescribeAccountAttributes",
        many("AttributeName", 8,
             choices=("max-security-groups", "max-postpaid-instance-vcpu-count", "used-postpaid-instance-vcpu-count",
                      "instance-network-type", "real-name-authentication"),
             elsewhere=("max-elastic-network-interfaces", "max-spot-instance-vcpu-count",
                        "used-spot-instance-vcpu-count", "max-postpaid-yundisk-capacity",
                        "used-postpaid-yundisk-capacity", "max-dedicated-hosts", "supported-postpaid-instance-types",
                        "max-axt-command-count", "max-axt-invocation-daily", "max-cloud-assistant-activation-count")),
        text("ZoneId"), provenance=APPROXIMATE,
    ),
    action("DescribeZones", _LANGUAGE, flag("Verbose"), choice("InstanceChargeType", "PostPaid", "PrePaid")),
    action(
        "DescribeImages",
        csv("Status", 20, choices=("Creating", "Waiting", "Available", "UnAvailable", "CreateFailed", "Deprecated")),
        text("ImageId"), text("ImageName"), text("SnapshotId"),
        choice("ImageOwnerAlias", "system", "self", "others", "marketplace"), choice("Usage", "instance", "none"),
        choice("OSType", "linux", "windows"), choice("Architecture", "i386", "x86_64", "arm64"), TAGS, *PAGE_100,
        objects("Filter", 10, need(choice("Key", "CreationStartTime", "CreationEndTime", elsewhere=_FILTERS)),
                need(text("Value"))),
    ),
    action(
        "ExportImage",
        need(text("ImageId")), need(text("OSSBucket")),
        text("OSSPrefix", r"[A-Za-z0-9]{1,30}", code="InvalidOSSPrefix.Malformed"),
        choice("ImageFormat", *FORMATS, code="InvalidImageFormat.Malformed"), text("RoleName"), flag("DryRun"),
    ),
    action(
        "DescribeTasks",
        csv("TaskIds", 100),
        choice("TaskAction", "ImportImage", "ExportImage", "RedeployInstance", "ModifyDiskSpec", "ArchiveSnapshot"),
        choice("TaskStatus", "Finished", "Processing", "Failed"), many("ResourceIds", 100), text("StartTime"),
        text("EndTime"), *PAGE_100,
    ),
    action("DescribeTaskAttribute", need(text("TaskId"))),
    action("CancelTask", need(text("TaskId"))),
    action("DeleteImage", need(text("ImageId")), flag("Force")),
    action(
        "DescribeInstances",
        json_list("InstanceIds", 100), text("InstanceName"),
        choice("Status", "Pending", "Running", "Starting", "Stopping", "Stopped"), text("VpcId"), text("VSwitchId"),
        text("ImageId"), text("SecurityGroupId"), TAGS, *PAGE_100, *token_page(100),
    ),
    action(
        "DeleteInstance",
        need(text("InstanceId")), flag("Force"), flag("ForceStop"), flag("TerminateSubscription"), regional=False,
    ),
    action(
        "StopInstance",
        need(text("InstanceId")), flag("ForceStop"), flag("ConfirmStop"),
        choice("StoppedMode", "KeepCharging", elsewhere=("StopCharging",)),
        flag("DryRun"), regional=False,
    ),
    action(
        "DeleteInstances",
        need(many("InstanceId", 100)), flag("Force"), flag("ForceStop"), flag("TerminateSubscription"), flag("DryRun"),
        text("ClientToken", r"[\x00-\x7f]{1,64}"),
    ),
    action(
        "DescribeDisks",
        json_list("DiskIds", 100), text("InstanceId"), text("DiskName"), choice("DiskType", "system", "data", "all"),
        choice("Status", "In_use", "Available", "Attaching", "Detaching", "Creating", "ReIniting", "All"),
        text("ZoneId"), TAGS, *PAGE_100, *token_page(500),
    ),
    action("DeleteDisk", need(text("DiskId")), regional=False),
    action(
        "DescribeSnapshots",
        json_list("SnapshotIds", 100), text("InstanceId"), text("DiskId"), text("SnapshotName"),
        choice("Status", "progressing", "accomplished", "failed", "all"), TAGS, *PAGE_100, *token_page(100),
    ),
    action("DeleteSnapshot", need(text("SnapshotId")), flag("Force"), regional=False),
    action(
        "DescribeSecurityGroups",
        text("SecurityGroupId"), json_list("SecurityGroupIds", 100), text("SecurityGroupName"), text("VpcId"), TAGS,
        *PAGE_100, *token_page(100),
    ),
    action(
        "DescribeSecurityGroupAttribute",
        need(text("SecurityGroupId")), choice("Direction", "egress", "ingress", "all"),
        choice("NicType", "internet", "intranet"), integer("MaxResults", 10, 1000), text("NextToken"),
    ),
    action("DeleteSecurityGroup", need(text("SecurityGroupId"))),
    action(
        "TagResources",
        need(choice("ResourceType", "instance", "disk", "snapshot", "image", "securitygroup",
                    elsewhere=("volume", "eni", "ddh", "ddhcluster", "keypair", "launchtemplate", "reservedinstance",
                               "snapshotpolicy", "elasticityassurance", "capacityreservation", "command", "invocation",
                               "activation", "managedinstance"))),
        need(many("ResourceId", 50)), need(objects("Tag", 20, need(text("Key")), text("Value"))),
    ),
)
