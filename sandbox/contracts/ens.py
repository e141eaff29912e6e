# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS 2017-11-10: what each action takes (facts 4)."""

from __future__ import annotations

from sandbox.contracts.spec import NAME, PAGE_50, Action, action, choice, json_list, need, text

VERSION = "2017-11-10"

# OSSRegion: the vendor's text says cn-beijing only, TargetOSSRegionId allows Singapore too; both are taken (facts 9.4).
_OSS_REGIONS = ("cn-beijing", "ap-southeast-1")

ACTIONS: tuple[Action, ...] = (
    action(
        "ImportImage",
        need(text("ImageName", NAME)), need(choice("ComputeType", "ens_vm")), need(choice("OSType", "linux")),
        need(choice("ImageFormat", "qcow2", "raw", "vhd")), need(choice("Architecture", "x86_64")),
        text("Platform"), text("OSVersion"), choice("OSSRegion", *_OSS_REGIONS), text("OSSBucket"), text("OSSObject"),
        json_list("DiskDeviceMapping", 17), choice("TargetOSSRegionId", *_OSS_REGIONS),
        choice("LicenseType", "Aliyun", "BYOL"),
    ),
    action("DescribeSelfImages", text("ImageId"), text("ImageName"), text("SnapshotId"), *PAGE_50),
    action("DescribeImages", text("ImageId"), text("ImageName"), text("Status"), *PAGE_50),
    action("DeleteImage", need(text("ImageId"))),
)
