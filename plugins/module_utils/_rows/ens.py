# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Edge Node Service 2017-11-10: the fields that are read of its answers (docs/facts.md, 4)."""

from __future__ import annotations

from math import ceil
from typing import Any, Final

from .reader import ENS_TAGS, Field, Malformed, Table, each, filled, flag, number, objects, required, size, whole


def gib(value: Any) -> int:
    """Return a size as ENS gives it, in whole GiB, rounded up. A text that is no number is 0, like a size that is not
    given: sizes only warn, so none of them may make the whole answer unreadable."""
    try:
        return max(0, ceil(number(value)))
    except Malformed:
        if isinstance(value, str):
            return 0
        raise


ENS_IMAGE: Final = Table(
    "ens.DescribeSelfImages",
    {
        "image_id": required("ImageId"),
        "image_name": Field("ImageName"),
        "status": required("Status"),
        "architecture": Field("Architecture"),
        "platform": Field("Platform"),
        "os_version": Field("OsVersion"),
        "compute_type": Field("ComputeType"),
        "region": Field("RegionId"),
        "creation_time": Field("CreationTime"),
        "size": Field("ImageSize", gib, 0),
        "disks": objects(
            "DiskDeviceMappings.DiskDeviceMapping",
            type=Field("Type"),
            format=Field("Format"),
            size=Field("Size", gib, 0),
        ),
    },
    rows="Images.Image",
    key="ImageId",
)


def _mib_as_gib(value: Any) -> int:
    """Return a size that ENS gives in MiB, in whole GiB, rounded up."""
    return ceil(gib(value) / 1024)


def _addresses(where: str) -> Field:
    """Return the field of the addresses of an instance: ENS gives them in several places, of which any may be empty."""
    return Field(where, each(filled), [])


ENS_INSTANCE: Final = Table(
    "ens.DescribeInstances",
    {
        "instance_id": required("InstanceId"),
        "instance_name": Field("InstanceName"),
        "host_name": Field("HostName"),
        "status": required("Status"),
        "ens_region_id": Field("EnsRegionId"),
        "image_id": Field("ImageId"),
        "instance_type": Field("SpecName"),
        "cpu": size("Cpu"),
        "memory_mib": size("Memory"),
        "system_disk_size": Field("SystemDisk.Size", _mib_as_gib, 0),
        "data_disk_sizes": Field("DataDisk.DataDisk[].Size", each(_mib_as_gib), []),
        "private_ips": _addresses(
            "PrivateIpAddresses.PrivateIpAddress[].Ip || InnerIpAddress.IpAddress || "
            "NetworkAttributes.PrivateIpAddress.IpAddress"
        ),
        "public_ips": _addresses("PublicIpAddresses.PublicIpAddress[].Ip || PublicIpAddress.IpAddress"),
        "internet_max_bandwidth_out": size("InternetMaxBandwidthOut"),
        "key_pair_name": Field("KeyPairName"),
        "auto_release_time": Field("AutoReleaseTime"),
        "deletion_protection": Field("DeletionProtection", flag, False),
        "creation_time": Field("CreationTime"),
        "tags": ENS_TAGS,
    },
    rows="Instances.Instance",
    key="InstanceId",
    page=100,
)

RUN: Final = Table("ens.RunInstances", {"instance_ids": Field("InstanceIds", each(filled), required=True)})

STOCK: Final = Table(
    "ens.DescribeAvailableResource",
    {
        "stock": objects(
            "SupportResources.SupportResource",
            ens_region_id=Field("EnsRegionId"),
            instance_type=Field("InstanceSpec"),
            count=Field("SupportResourcesCount", whole, 0),
        )
    },
)

NODES: Final = Table(
    "ens.DescribeEnsRegions",
    {"nodes": objects("EnsRegions.EnsRegions", ens_region_id=required("EnsRegionId"), name=Field("EnName"))},
)

PRICE: Final = Table(
    "ens.DescribePrice",
    {"currency": Field("PriceInfo.Price.Currency"), "amount": Field("PriceInfo.Price.TradePrice", number, 0.0)},
)

IMPORT: Final = Table("ens.ImportImage", {"image_id": required("ImageId")})
