# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the contracts differ from the vendor's request models, and why (docs/sandbox-differences.md)."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "not emulated": "Parameters that are refused as not emulated",
    "needed": "Parameters that are needed here alone",
    "not needed": "Parameters that the vendor alone needs",
    "fewer values": "Values that are limited here alone",
    "more values": "Values that are accepted here alone",
    "another range": "Other ranges",
    "another items": "Other numbers of items",
    "another form": "Forms that are checked here alone",
    "another type": "Other types",
    "read by the action": "Structures that no contract describes",
}
"""What the local cloud does, and the heading of its parameters."""


@dataclass(frozen=True)
class Difference:
    """Parameters, by ``product:Action``, that differ in one way for one reason."""

    kind: str
    reason: str
    parameters: dict[str, tuple[str, ...]]


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "not emulated",
        "dry runs exist for ExportImage, StopInstance and DeleteInstances only",
        {
            "ecs:DeleteImage": ("DryRun",),
            "ecs:DeleteInstance": ("DryRun",),
            "ecs:DescribeDisks": ("DryRun",),
            "ecs:DescribeImages": ("DryRun",),
            "ecs:DescribeInstances": ("DryRun",),
            "ecs:DescribeSecurityGroups": ("DryRun",),
            "ecs:DescribeSnapshots": ("DryRun",),
            "vpc:CreateVpc": ("DryRun",),
            "vpc:DeleteVSwitch": ("DryRun",),
            "vpc:DeleteVpc": ("DryRun",),
            "vpc:DescribeVSwitches": ("DryRun",),
            "vpc:DescribeVpcs": ("DryRun",),
        },
    ),
    Difference(
        "not emulated",
        "there are no resource groups",
        {
            "ecs:DescribeDisks": ("ResourceGroupId",),
            "ecs:DescribeImages": ("ResourceGroupId",),
            "ecs:DescribeInstances": ("ResourceGroupId",),
            "ecs:DescribeSecurityGroups": ("ResourceGroupId",),
            "ecs:DescribeSnapshots": ("ResourceGroupId",),
            "smc:CreateReplicationJob": ("ResourceGroupId",),
            "smc:DescribeReplicationJobs": ("ResourceGroupId",),
            "smc:DescribeSourceServers": ("ResourceGroupId",),
            "vpc:CreateVpc": ("ResourceGroupId",),
            "vpc:DescribeVSwitches": ("ResourceGroupId",),
            "vpc:DescribeVpcs": ("ResourceGroupId",),
        },
    ),
    Difference(
        "not emulated",
        "the spelling of old clients; Tag.N.Key and Tag.N.Value are emulated",
        {
            "ecs:DescribeDisks": ("Tag.N.key", "Tag.N.value"),
            "ecs:DescribeImages": ("Tag.N.key", "Tag.N.value"),
            "ecs:DescribeInstances": ("Tag.N.key", "Tag.N.value"),
            "ecs:DescribeSecurityGroups": ("Tag.N.key", "Tag.N.value"),
            "ecs:DescribeSnapshots": ("Tag.N.key", "Tag.N.value"),
        },
    ),
    Difference(
        "not emulated",
        "container images, target instances, launch templates, partitions, LVM and scheduled starts are not emulated",
        {
            "smc:CreateReplicationJob": (
                "ContainerNamespace", "ContainerRepository", "ContainerTag", "DataDisk.N.Part", "Disks",
                "InstanceId", "InstanceRamRole", "LaunchTemplateId", "LaunchTemplateVersion",
                "ScheduledStartTime", "SystemDiskPart",
            ),
            "smc:ModifyReplicationJobAttribute": (
                "ContainerNamespace", "ContainerRepository", "ContainerTag", "DataDisk.N.Part",
                "InstanceId", "InstanceRamRole", "LaunchTemplateId", "LaunchTemplateVersion",
                "ScheduledStartTime", "SystemDiskPart",
            ),
        },
    ),
    Difference(
        "not emulated",
        "there are no workgroups, and jobs of one type only",
        {
            "smc:DescribeSourceServers": ("RelatedJobType", "WorkgroupId"),
        },
    ),
    Difference(
        "not emulated",
        "filters that the collection does not use",
        {
            "ecs:DescribeDisks": (
                "AdditionalAttributes", "AutoSnapshotPolicyId", "Category", "DeleteAutoSnapshot",
                "DeleteWithInstance", "DiskChargeType", "EnableAutoSnapshot",
                "EnableAutomatedSnapshotPolicy", "EnableShared", "Encrypted", "Filter", "KMSKeyId",
                "LockReason", "MultiAttach", "PerformanceLevel", "Portable", "SnapshotId",
            ),
            "ecs:DescribeImages": (
                "ActionType", "ImageFamily", "ImageOwnerId", "InstanceType", "IsPublic",
                "IsSupportCloudinit", "IsSupportIoOptimized", "ShowExpired", "Usable",
            ),
            "ecs:DescribeInstances": (
                "AdditionalAttributes", "DeviceAvailable", "EipAddresses", "Filter", "HpcClusterId",
                "HttpEndpoint", "HttpPutResponseHopLimit", "HttpTokens", "InnerIpAddresses",
                "InstanceChargeType", "InstanceNetworkType", "InstanceType", "InstanceTypeFamily",
                "InternetChargeType", "IoOptimized", "Ipv6Address", "KeyPairName", "LockReason",
                "NeedSaleCycle", "PrivateIpAddresses", "PublicIpAddresses", "RdmaIpAddresses", "ZoneId",
            ),
            "ecs:DescribeSecurityGroupAttribute": ("Attribute",),
            "ecs:DescribeSecurityGroups": (
                "FuzzyQuery", "IsQueryEcsCount", "NetworkType", "SecurityGroupType", "ServiceManaged",
            ),
            "ecs:DescribeSnapshots": (
                "Category", "Encrypted", "Filter", "KMSKeyId", "SnapshotLinkId", "SnapshotType",
                "SourceDiskType", "Usage",
            ),
            "ecs:DescribeTasks": ("TaskGroupId",),
            "ecs:DescribeZones": ("SpotStrategy",),
            "ens:DescribeImages": ("EnsRegionId", "SnapshotId"),
            "ens:DescribeInstances": (
                "EipAddresses", "EnsServiceId", "InstanceResourceType", "IntranetIp", "NetworkId",
                "OrderByParams", "SearchKey", "SecurityGroupId", "ServiceStatus", "Tags", "VSwitchId",
                "VpdId", "VpdVSwitchId",
            ),
            "vpc:DescribeVSwitches": ("EnableIpv6", "RouteTableId", "VSwitchOwnerId"),
            "vpc:DescribeVpcs": ("DhcpOptionsSetId", "EnableIpv6", "VpcOwnerId"),
        },
    ),
    Difference(
        "not emulated",
        "areas, subscriptions, spot instances, launch templates and networks of ENS instances are not emulated",
        {
            "ens:RunInstances": (
                "AutoInstallCloudAssistant", "AutoRenew", "AutoUseCoupon", "Carrier", "CloudAssistantRegion",
                "DeploymentSetId", "Ipv6AddressCount",
                "LaunchTemplateId", "LaunchTemplateName", "LaunchTemplateVersion", "NetDistrictCode",
                "NetWorkId", "Period", "PeriodUnit", "PrivateIpAddress", "SecurityId", "SpotDuration",
                "SpotStrategy", "VSwitchId", "VpdId", "VpdVSwitchIds",
            ),
        },
    ),
    Difference(
        "not emulated",
        "IPv6, address pools and several address ranges are not emulated",
        {
            "vpc:CreateVSwitch": ("CidrMask", "Ipv6CidrBlock", "Ipv6CidrMask", "VpcIpv6CidrBlock"),
            "vpc:CreateVpc": (
                "EnableDnsHostname", "EnableIpv6", "Ipv4CidrMask", "Ipv4IpamPoolId", "Ipv6CidrBlock",
                "Ipv6CidrMask", "Ipv6IpamPoolId", "Ipv6Isp", "UserCidr",
            ),
        },
    ),
    Difference(
        "not emulated",
        "a VPC that is in use is not deleted",
        {
            "vpc:DeleteVpc": ("ForceDelete",),
        },
    ),
    Difference(
        "not emulated",
        "instances do not hibernate",
        {
            "ecs:StopInstance": ("Hibernate",),
        },
    ),
    Difference(
        "not emulated",
        "sessions have all permissions of their role",
        {
            "sts:AssumeRole": ("Policy", "SourceIdentity"),
        },
    ),
    Difference(
        "needed",
        "without it the call has no object; the pages of RAM require it",
        {
            "ram:GetPolicy": ("PolicyName", "PolicyType"),
            "ram:GetRole": ("RoleName",),
            "ram:ListPoliciesForRole": ("RoleName",),
        },
    ),
    Difference(
        "needed",
        "the page of the action requires it (facts 4.3)",
        {
            "ens:RunInstances": (
                "Amount", "EnsRegionId", "ImageId", "InstanceChargeType", "InstanceType",
                "ScheduleAreaLevel",
            ),
        },
    ),
    Difference(
        "needed",
        "an entry without it says nothing",
        {
            "ecs:DescribeImages": ("Filter.N.Key", "Filter.N.Value"),
            "smc:CreateReplicationJob": ("DataDisk.N.Index", "DataDisk.N.Size"),
            "smc:ModifyReplicationJobAttribute": ("DataDisk.N.Index", "DataDisk.N.Size"),
            "smc:TagResources": ("Tag.N.Key",),
        },
    ),
    Difference(
        "not needed",
        "the value of a tag may be empty, and an empty text means not given",
        {
            "ecs:TagResources": ("Tag.N.Value",),
        },
    ),
    Difference(
        "another range",
        "the help of 2021 names the range (facts 1.3)",
        {
            "smc:CreateReplicationJob": ("DataDisk.N.Index", "DataDisk.N.Size"),
            "smc:ModifyReplicationJobAttribute": ("DataDisk.N.Index", "DataDisk.N.Size"),
        },
    ),
    Difference(
        "another range",
        "there is no page 0, and the default of the other pages is the largest one",
        {
            "ens:DescribeImages": ("PageNumber", "PageSize"),
            "ens:DescribeInstances": ("PageSize",),
            "ens:DescribeSelfImages": ("PageNumber", "PageSize"),
        },
    ),
    Difference(
        "another range",
        "12 hours are the longest session that a role can allow",
        {
            "sts:AssumeRole": ("DurationSeconds",),
        },
    ),
    Difference(
        "another range",
        "a size, a number or a bandwidth below the smallest, or beyond what a node has, is refused later at "
        "the latest",
        {
            "ens:DescribePrice": ("DataDisk.N.Size", "Quantity", "SystemDisk.Size"),
            "ens:RunInstances": ("InternetMaxBandwidthOut",),
        },
    ),
    Difference(
        "another items",
        "the text names 20 tags for each resource, the document 21",
        {
            "smc:CreateReplicationJob": ("Tag",),
            "smc:DescribeReplicationJobs": ("Tag",),
            "smc:DescribeSourceServers": ("Tag",),
            "smc:ListTagResources": ("Tag",),
            "smc:TagResources": ("Tag",),
            "vpc:CreateVSwitch": ("Tag",),
            "vpc:CreateVpc": ("Tag",),
        },
    ),
    Difference(
        "another items",
        "there are not more disks in an image, or values of the status",
        {
            "ecs:DescribeImages": ("Status",),
            "ens:DescribePrice": ("DataDisk", "DataDisks"),
            "ens:ImportImage": ("DiskDeviceMapping",),
        },
    ),
    Difference(
        "another form",
        "the page of the action, or that of the idempotence of calls, names the form",
        {
            "ram:GetPolicy": ("PolicyName",),
            "ram:ListPoliciesForRole": ("RoleName",),
            "smc:CreateAccessToken": ("Description",),
            "sts:AssumeRole": ("RoleArn",),
            "vpc:CreateVSwitch": ("CidrBlock", "ClientToken"),
            "vpc:CreateVpc": ("CidrBlock", "ClientToken"),
        },
    ),
    Difference(
        "another type",
        "the document has text; every sample and every answer has a number",
        {
            "ens:DescribeImages": ("PageNumber",),
        },
    ),
    Difference(
        "fewer values",
        "the text says that only linux is supported today",
        {
            "ens:ImportImage": ("OSType",),
        },
    ),
    Difference(
        "fewer values",
        "the document names no values; these are those of the page",
        {
            "ecs:DescribeImages": ("Filter.N.Key",),
        },
    ),
    Difference(
        "more values",
        "the text names one region or two examples, the document has an empty list; the world file can limit "
        "OSSRegion (ens_imports.oss_region)",
        {
            "ens:ImportImage": ("OSSRegion", "Platform"),
        },
    ),
    Difference(
        "read by the action",
        "the action reads the JSON itself and refuses other keys and sizes",
        {
            "ens:RunInstances": ("DataDisk", "SystemDisk"),
        },
    ),
)
