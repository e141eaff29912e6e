# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS 2017-11-10: what each action takes (facts 4)."""

from __future__ import annotations

from .errors import APPROXIMATE
from .regions import IMPORT_REGIONS
from .spec import (
    NAME,
    PAGE_50,
    PAGE_100,
    TAGS,
    Action,
    action,
    choice,
    flag,
    integer,
    json_any,
    json_list,
    json_objects,
    many,
    need,
    objects,
    structure,
    text,
)

VERSION = "2017-11-10"

ACTIONS: tuple[Action, ...] = (
    action(
        "ImportImage",
        need(text("ImageName", NAME)), need(choice("ComputeType", "ens_vm")), need(choice("OSType", "linux")),
        need(choice("ImageFormat", "qcow2", "raw", "vhd")), need(choice("Architecture", "x86_64")),
        text("Platform"), text("OSVersion"), choice("OSSRegion", *IMPORT_REGIONS), text("OSSBucket"), text("OSSObject"),
        json_list("DiskDeviceMapping", 17), choice("TargetOSSRegionId", *IMPORT_REGIONS),
        choice("LicenseType", "Aliyun", "BYOL"),
    ),
    action("DescribeSelfImages", text("ImageId"), text("ImageName"), text("SnapshotId"), *PAGE_50),
    action("DescribeImages", text("ImageId"), text("ImageName"), text("Status"), *PAGE_50),
    action("DeleteImage", need(text("ImageId"))),
    action("DescribeImageInfos", choice("OsType", "linux", "windows")),
    action("DescribeEnsRegions", text("EnsRegionId")),
    action(
        "DescribePrice",
        need(text("EnsRegionId")), need(text("InstanceType")),
        need(choice("InternetChargeType", "BandwidthByDay", "95BandwidthByMonth", "PayByBandwidth4thMonth",
                    "PayByBandwidth")),
        need(integer("Period", 1, 12)), choice("PeriodUnit", "Month", "Day"), need(integer("Quantity", 1, 100)),
        need(structure("SystemDisk", need(integer("Size", 1)))), objects("DataDisk", 16, integer("Size", 1)),
        json_objects("DataDisks", 16, choice("Category", "cloud_efficiency", "cloud_ssd", "local_hdd", "local_ssd"),
                     integer("Size", 20)),
        provenance=APPROXIMATE,
    ),
    action("DescribeAvailableResource", provenance=APPROXIMATE),
    # Scheduling over an area, subscriptions and networks of one's own exist in the API and not here.
    action(
        "RunInstances",
        need(integer("Amount", 1, 100)), need(text("InstanceType")),
        need(choice("ScheduleAreaLevel", "Region", elsewhere=("Big", "Middle", "Small"))), need(text("EnsRegionId")),
        need(text("ImageId")), need(choice("InstanceChargeType", "PostPaid", elsewhere=("PrePaid",))),
        choice("InternetChargeType", "BandwidthByDay", "95BandwidthByMonth"),
        integer("InternetMaxBandwidthOut", 0, 10000), flag("PublicIpIdentification"),
        choice("IpType", "ipv4", elsewhere=("ipv6", "ipv4Andipv6", "ipv4Withipv6")),
        choice("InstanceChargeStrategy", "instance"), choice("BillingCycle", "Hour", "Day", "Month"),
        choice("SchedulingStrategy", "Concentrate", elsewhere=("Disperse",)),
        choice("SchedulingPriceStrategy", "PriceHighPriority", "PriceLowPriority"),
        text("Password"), text("KeyPairName"), flag("PasswordInherit"), json_any("SystemDisk"), json_any("DataDisk"),
        text("AutoReleaseTime"),
        text("InstanceName", r"(?!https?://)[^\W\d_][\w.:-]{1,127}"), text("HostName"), flag("UniqueSuffix"),
        text("UserData", r"(?s:.{1,16384})"), flag("DeletionProtection"), TAGS, provenance=APPROXIMATE,
    ),
    action(
        "DescribeInstances",
        text("InstanceId"), json_list("InstanceIds", 100), text("EnsRegionId"), json_list("EnsRegionIds", 100),
        text("InstanceName"), text("ImageId"), text("InstanceType"),
        choice("Status", "Running", "Stopped", "Expired"), *PAGE_100,
    ),
    action("StartInstance", need(text("InstanceId")), provenance=APPROXIMATE),
    action("StopInstance", need(text("InstanceId")), choice("ForceStop", "true", "false"), provenance=APPROXIMATE),
    action("RebootInstance", need(text("InstanceId")), choice("ForceStop", "true", "false"), provenance=APPROXIMATE),
    action("ReleasePostPaidInstance", need(text("InstanceId")), provenance=APPROXIMATE),
    action("DescribeInstanceVncUrl", need(text("InstanceId")), provenance=APPROXIMATE),
    action(
        "TagResources",
        need(choice("ResourceType", "instance",
                    elsewhere=("eip", "disk", "vswitch", "network", "natgateway", "armserver"))),
        need(many("ResourceId", 50)), need(objects("Tag", 20, need(text("Key")), need(text("Value")))),
        provenance=APPROXIMATE,
    ),
)
