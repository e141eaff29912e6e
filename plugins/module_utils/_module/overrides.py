# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Parameters of CreateReplicationJob, ImportImage and RunInstances that a user sets: what the SDK knows, and what stays
ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api import transport

ACTIONS: Final = {
    "job_parameters": ("smc", "CreateReplicationJob"),
    "import_parameters": ("ens", "ImportImage"),
    "instance_parameters": ("ens", "RunInstances"),
}
"""By option: the product and the action whose parameters it contains."""

OURS: Final[dict[str, dict[str, str]]] = {
    "job_parameters": {
        **dict.fromkeys(
            (
                "RegionId", "SourceId", "Name", "ClientToken", "Tags", "TargetType", "JobType", "ImageName",
                "SystemDiskSize", "DataDisks", "Disks", "SystemDiskParts", "InstanceId", "ScheduledStartTime",
                "ContainerNamespace", "ContainerRepository", "ContainerTag",
            ),
            "",
        ),
        "VpcId": "vpc_id",
        "VSwitchId": "vswitch_id",
        "NetMode": "net_mode",
        "RunOnce": "mode",
        "Frequency": "frequency",
        "MaxNumberOfImageToKeep": "images_to_keep",
        "ValidTime": "job_valid_days",
        "ReplicationParameters": "replication_parameters",
    },
    "import_parameters": {
        **dict.fromkeys(("ImageName", "OSSObject", "DiskDeviceMapping", "OSSRegion", "TargetOSSRegionId"), ""),
        "OSSBucket": "bucket",
        "ImageFormat": "image_format",
    },
    "instance_parameters": {
        **dict.fromkeys(
            (
                "Amount", "InstanceName", "UniqueSuffix", "ScheduleAreaLevel", "SchedulingStrategy", "NetDistrictCode",
                "InstanceChargeType", "Period", "PeriodUnit", "AutoRenew",
            ),
            "",
        ),
        "ImageId": "image_id",
        "EnsRegionId": "ens_region_id",
        "InstanceType": "instance_type",
        "Password": "password",
        "KeyPairName": "key_pair_name",
        "PasswordInherit": "password_inherit",
        "SystemDisk": "system_disk_size",
        "DataDisk": "data_disks",
        "VSwitchId": "vswitch_id",
        "NetWorkId": "network_id",
        "PrivateIpAddress": "private_ip",
        "SecurityId": "security_group_id",
        "InternetChargeType": "internet_charge_type",
        "InternetMaxBandwidthOut": "internet_max_bandwidth_out",
        "HostName": "host_name",
        "UserData": "user_data",
        "AutoReleaseTime": "auto_release_time",
        "Tags": "tags",
    },
}  # fmt: skip
"""By option: the parameters that the collection decides itself, each with the option that influences it, if any."""

DOCUMENTED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "job_parameters": {"LicenseType": ("BYOL",)},
    "import_parameters": {
        "Architecture": ("x86_64",),
        "OSType": ("linux",),
        "ComputeType": ("ens_vm",),
        "LicenseType": ("Aliyun", "BYOL"),
        "Platform": ("centos", "ubuntu"),
    },
    "instance_parameters": {
        "IpType": ("ipv4", "ipv6", "ipv4Andipv6", "ipv4Withipv6"),
        "InstanceChargeStrategy": ("instance",),
        "BillingCycle": ("Hour", "Day", "Month"),
        "SchedulingPriceStrategy": ("PriceHighPriority", "PriceLowPriority"),
        "SpotStrategy": ("NoSpot", "SpotAsPriceGo"),
    },
}
"""By option: the values that the references list (facts 1.3 and 4.1), as far as they fit a Linux server on x86_64. The
services refuse others only when the copy is billed."""

MOST_TEXT: Final = 2048
"""So many characters a text may have whose length the references do not limit. Our own line."""

LENGTHS: Final[dict[str, dict[str, tuple[int, int]]]] = {
    "job_parameters": {"Description": (2, 128)},
    "import_parameters": {"OSVersion": (1, 128)},
    "instance_parameters": {},
}
"""By option: the least and the most characters of a text. The second is our own: the reference names none."""


def known(option: str) -> list[str]:
    """Return the parameters that the installed SDK's request class has and the user may set."""
    product, action = ACTIONS[option]
    common = set(dir(transport.library("aliyunsdkcore.request", "aliyun-python-sdk-core").RpcRequest))
    setters = {name for name in dir(transport.build_request(product, action, {})) if name.startswith("set_")} - common
    return sorted({name.removeprefix("set_") for name in setters} - set(OURS[option]))


def problems(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the parameters that the user sets."""
    found = []
    for option in ACTIONS:
        given: Mapping[str, Any] = params.get(option) or {}
        names = known(option) if given else []
        for name, value in given.items():
            problem = _problem(option, str(name), value, names)
            found += [f"{option}: {problem}"] if problem else []
    return found


def _problem(option: str, name: str, value: Any, names: list[str]) -> str:
    if name in OURS[option]:
        instead = OURS[option][name]
        return f"{name} is decided by the collection" + (f", set {instead} instead" if instead else "")
    if name not in names:
        product, action = ACTIONS[option]
        return f"{product.upper()} {action} has no parameter {name!r}; known are {', '.join(names)}"
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return f"{name} must be a text, a number or a boolean"
    return _wrong_value(option, name, str(value))


def _wrong_value(option: str, name: str, value: str) -> str:
    """Return why a service would refuse a value of a parameter, '' for nothing."""
    allowed = DOCUMENTED[option].get(name)
    if allowed and value not in allowed:
        product, action = ACTIONS[option]
        told = f"{product.upper()} {action} documents {' and '.join(allowed)} for these servers"
        return f"{name} is {value[:40]!r}, {told}"
    least, most = LENGTHS[option].get(name, (1, MOST_TEXT))
    if not (least <= len(value) <= most and value.isprintable()):
        return f"{name} must have {least} to {most} printable characters, it has {len(value)}"
    if name == "Description" and value.startswith(("http://", "https://")):
        return f"{name} must not begin with http:// or https://"
    return ""
