# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The limits that SMC, ECS and ENS put on a migration, each with the place where the rule is written down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GIB: Final = 1024**3

MEGABYTE: Final = 1_000_000
"""Bytes, as in a rate in MB/s."""

MEGABIT: Final = 125_000
"""Bytes, as in a rate in Mbit/s."""

IMPORT_REGIONS: Final = ("cn-beijing", "ap-southeast-1")
"""Where the vendor documents the import of images to ENS today (ENS, ImportImage: TargetOSSRegionId; SMC, edge node
migration, limits, 2025-12). The option C(import_regions) replaces the list on the day ENS opens another region."""

EXPORT_FORMAT_REGIONS: Final = (
    "ap-northeast-1",
    "ap-southeast-5",
    "eu-central-1",
    "me-east-1",
    "us-east-1",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-3",
    "us-west-1",
)
"""ECS ExportImage honours ImageFormat only here; elsewhere it always writes raw (ExportImage reference, 2026-07)."""

FORMATS: Final = ("qcow2", "raw")
"""Formats that ECS can write and ENS stores (DescribeSelfImages, DiskDeviceMapping.Format), the preferred one first:
ENS documents qcow2 for its API (ENS, ImportImage). The collection verifies the objects of these formats."""

MAX_DATA_DISKS: Final = 4
"""ExportImage and the ENS limits page."""

MAX_DATA_DISK_GIB: Final = 500
"""ExportImage and the ENS limits page."""

MAX_TOTAL_BYTES: Final = 1024 * GIB
"""Sum of the compressed disk files of one ENS image (ENS limits page)."""

NAME_RULE: Final = "2 to 128 characters: a letter first, then letters, digits, '_', ':' or '-'"
"""What SMC, ECS and ENS all take as Name and ImageName."""

NAME_PATTERN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_:-]{1,127}\Z")

BUCKET_RULE: Final = "3 to 63 lower-case letters, digits and hyphens, with no hyphen at the beginning or the end"
"""Names of OSS buckets (OSS, bucket naming conventions)."""

REPLICATION_PARAMETERS: Final[Mapping[str, tuple[int, int | None]]] = {
    "bandwidth_limit": (0, None),
    "compress_level": (0, 10),
    "checksum": (0, 1),
}
"""ReplicationParameters of the driver SMT with the smallest and the largest value (facts 1.3): KB/s, a level, a
boolean."""

SYNC_HOURS: Final = (1, 168)
"""Frequency of CreateReplicationJob: hours between the end of a run of an incremental job and the next one."""

SYNC_HOURS_DEFAULT: Final = 24

IMAGES_TO_KEEP: Final = (1, 10)
"""MaxNumberOfImageToKeep of CreateReplicationJob."""

IMAGES_TO_KEEP_DEFAULT: Final = 2
"""The image of the last run, and the one before it."""

JOB_VALID_DAYS: Final = (7, 90)
"""SMC ValidTime: created + 7 days to created + 90 days (CreateReplicationJob)."""

CONCURRENT_JOBS: Final = 50
"""Replication jobs that SMC runs at once in one account (SMC limits, 2023-06)."""

SYSTEM_DISK_GIB: Final = (20, 2048)
"""SystemDiskSize of CreateReplicationJob."""

DATA_DISK_GIB: Final = (20, 32768)
"""DataDisk.N.Size of CreateReplicationJob."""

CODE_IN_USE_SECONDS: Final = 1800
"""How long after its creation a run may be registering servers with an activation code."""

LIST_SETTLE_SECONDS: Final = 120
"""How long a list may not show yet what was made and whose id is known: describe calls may lag behind a write."""

CALL_SETTLE_SECONDS: Final = 1800
"""How long a call without ClientToken whose answer was lost is looked for before it is made again: a list of ECS or
ENS may lag behind a write by as much as half an hour."""

SIGNATURE_SECONDS: Final = 900
"""How far a clock may be off before signed calls are refused (gateway: InvalidTimeStamp.Expired beyond 15 minutes)."""

COMMIT_GRACE_SECONDS: Final = 3 * SIGNATURE_SECONDS
"""How long after the time to commit an instance it is rolled back. The clocks of two controllers that can sign calls
differ by twice SIGNATURE_SECONDS at most; the rest is for a commit that is on its way."""

DRIFT_SECONDS: Final = 60
"""A clock that is more than this off is not kept by anything; our own line, below every limit of the services."""

CLIENT_FREE_BYTES: Final = 512 * 1024**2
"""Free space that we advise for the SMC client with its logs; the vendor documents no figure (facts 2.4)."""

INODES_USED_PERCENT: Final = 99
"""Above this the vendor warns (SMC, migration walkthrough)."""

MEMORY_USED_PERCENT: Final = 95
"""Above this the vendor warns (SMC, migration walkthrough)."""

LOAD_PER_CPU: Final = 10
"""A load per processor that cannot be anything but more than the 90 % above which the vendor warns; our own line."""

SITE_COPIES: Final = 4
"""Among so many copies the uplink of a site is divided, or more where they are needed to use it."""

COPY_RATE: Final = 20.0 * MEGABYTE
"""Bytes per second of one copy, if the user expects no other rate; the plan assumes the same."""

LEAST_RATE: Final = 0.001
"""MB/s: the smallest rate that an option takes."""

EXPORT_RATE: Final = 40.0 * MEGABYTE
"""Bytes per second of one export, as the plan assumes by default; no document says more."""

IMPORT_RATE: Final = 40.0 * MEGABYTE
"""The same of one import."""

MAX_JOBS: Final = 1000
"""Replication jobs of one account (SMC limits, 2023-06)."""

MAX_SOURCES: Final = 1000
"""Registered sources of one account (SMC limits, 2023-06)."""

DEFAULT_VPCS: Final = 10
"""VPCs of one region unless the quota was raised (SMC FAQ, 2021)."""

# ---- defaults of options: code reads them here; a test compares documentation and roles with them ----
CONNECT_TIMEOUT: Final = 10.0
"""Seconds."""

READ_TIMEOUT: Final = 70.0
"""Seconds. The SDK itself waits 66 s for DeleteInstance, the slowest call used here (facts 6.5)."""

HTTP_RETRIES: Final = 4
"""Further calls after a transient failure."""

PARALLEL_CALLS: Final = 8
"""API calls that a module makes at the same time."""

MOST_PARALLEL_CALLS: Final = 64
"""Each of them needs a thread and a connection."""

WAIT_TIMEOUT: Final = 600
"""Seconds that a module waits for one resource."""

STAGE_TIMEOUT: Final = 14400
"""Seconds for one stage of one server: the copy and the export of large disks take hours."""

WAVE_TIMEOUT: Final = 21600
"""Seconds for all stages of a wave."""

CLEANUP_TIMEOUT: Final = 900
"""Seconds for the deletion of all leftover resources."""

CANARY_TIMEOUT: Final = 1800
"""Seconds that a canary waits for one round of imports, and for the deletion of its images."""

POLL_INTERVAL: Final = 5.0
"""Seconds between two looks at one resource."""

STAGE_POLL_INTERVAL: Final = 15.0
"""Seconds between two looks at a stage or a wave."""

JOB_RETRIES: Final = 2
"""Further starts of a failed replication job."""

RETRY_PAUSE: Final = 30
"""Seconds between the first two further starts of a failed job; each later pause is twice as long."""

QUOTA_RETRIES: Final = 12
"""Further starts of a job that failed because a quota was used up."""

LONGEST_PAUSE: Final = 600
"""Seconds between two further starts at most."""

ENLARGED_GIB: Final = 3
"""GiB by which target disks are enlarged at most, 1 at a time, when SMC finds them too small."""

EXPORT_RETRIES: Final = 1
"""Further exports of an image whose export failed."""

TOKEN_COUNT: Final = (1, 1000)
"""Sources that can register with one activation code (CreateAccessToken)."""

TOKEN_DAYS: Final = (1, 90)
"""TimeToLiveInDays of an activation code (CreateAccessToken)."""

DEFAULT_TOKEN_COUNT: Final = 100
"""Sources per activation code unless the user sets another number."""

DEFAULT_TOKEN_DAYS: Final = 7
"""Days that an activation code is valid unless the user sets another number."""


def image_formats(region: str, known: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the formats that ECS exports in ``region``, the default first. ``known`` is the option C(image_formats):
    formats by region, which count before what the vendor documents."""
    return tuple(known.get(region) or (FORMATS if region in EXPORT_FORMAT_REGIONS else ("raw",)))


def image_formats_problem(known: Mapping[str, Sequence[str]]) -> str | None:
    """Return what is wrong with the option C(image_formats), or None."""
    for region, formats in known.items():
        if not isinstance(formats, (list, tuple)) or not formats or any(item not in FORMATS for item in formats):
            return f"image_formats of {region} is {formats!r}, it must be a list of {' and '.join(FORMATS)}"
    return None


def format_problem(region: str, image_format: str, known: Mapping[str, Sequence[str]]) -> str | None:
    """Return why ECS cannot export ``image_format`` in ``region``, or None; ``known`` as in image_formats."""
    if image_format not in FORMATS:
        return f"image_format {image_format!r} is not one of {', '.join(FORMATS)}"
    formats = image_formats(region, known)
    if image_format in formats:
        return None
    exported = " and ".join(formats)
    return f"image_format {image_format!r} cannot be exported in {region}: ECS exports only {exported} there"


def format_advice(region: str, image_format: str, known: Mapping[str, Sequence[str]]) -> str:
    """Return what to do about a format_problem: options of the modules, and the variables of the roles."""
    return (
        f"Use image_format {image_formats(region, known)[0]} (variable migration_image_format). "
        f"If ECS exports {image_format} in {region} today, set image_formats (variable migration_image_formats)"
    )


def region_problem(region: str, import_regions: Sequence[str]) -> str | None:
    """Return why ``region`` cannot be the target of an ENS migration, or None."""
    if region in import_regions:
        return None
    return f"region {region!r} cannot be used: ENS imports images only in {' and '.join(import_regions)}"


REGION_ADVICE: Final = (
    "Use one of these regions (variable alicloud_region). "
    "If ENS imports images in another region today, set import_regions (variable migration_import_regions)"
)
"""What to do about a region_problem."""


def name_problem(value: str) -> str | None:
    """Say why ``value`` cannot be an image or job name, or return None."""
    if not NAME_PATTERN.match(value):
        return f"{value!r} is not a valid image name: {NAME_RULE}"
    if value.lower().startswith(("http:", "https:", "aliyun", "acs:")):
        return f"{value!r} is not a valid image name: it must not begin with 'http:', 'https:', 'acs:' or 'aliyun'"
    return None


def bucket_problem(name: str) -> str | None:
    """Return why ``name`` cannot be the name of a bucket, or None."""
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name):
        return None
    bare = ". Set the name alone, without oss:// and without a folder" if "/" in name else ""
    return f"{name!r}, which is not the name of a bucket: {BUCKET_RULE}{bare}"


PASSWORD_LENGTH: Final = (8, 30)
PASSWORD_SPECIAL: Final = "()`~!@#$%^&*-_+=|{}[]:;\\\"<>,.?/"
"""The length of a password of an ENS instance, and its special characters (ENS, CreateInstance)."""


def password_problem(password: str) -> str | None:
    """Return why ENS refuses a password, None when it does not. The text does not contain the password."""
    kinds = [
        any("A" <= one <= "Z" for one in password),
        any("a" <= one <= "z" for one in password),
        any("0" <= one <= "9" for one in password),
        any(one in PASSWORD_SPECIAL for one in password),
    ]
    least, most = PASSWORD_LENGTH
    allowed = all(one in PASSWORD_SPECIAL or (one.isascii() and one.isalnum()) for one in password)
    if least <= len(password) <= most and sum(kinds) >= 3 and allowed:
        return None
    return (
        f"it has {len(password)} characters of {sum(kinds)} kinds"
        f"{'' if allowed else ', and characters that ENS does not accept'}. ENS accepts {least} to {most} characters "
        f"of at least three kinds: uppercase letters, lowercase letters, digits, and {PASSWORD_SPECIAL}"
    )


INSTANCE_DISK_GIB: Final = 20
"""The least size of a disk of an ENS instance in GiB (ENS, RunInstances)."""

SYSTEM_DISK_STEP_GIB: Final = 10
"""The size of a system disk is a multiple of so many GiB (ENS, RunInstances)."""

USER_DATA_BYTES: Final = 16 * 1024
"""The most that UserData may have, base64-encoded (ENS, RunInstances)."""

AUTO_RELEASE_SECONDS: Final = 3600
"""AutoReleaseTime is at least so many seconds after the call (ENS, RunInstances)."""

LAUNCH_TIMEOUT: Final = 1800
"""Seconds to wait until an ENS instance is Running. Terraform waits for 600 seconds."""


def network_problem(vpc_id: str | None, vswitch_id: str | None) -> str | None:
    """Return why a network of the user cannot be used, or None. With half of it, SMC would make the other half in the
    user's VPC, and no cleanup would know that."""
    given, missing, value = ("vpc_id", "vswitch_id", vpc_id) if vpc_id else ("vswitch_id", "vpc_id", vswitch_id)
    if bool(vpc_id) == bool(vswitch_id):
        return None
    return (
        f"{given} is {value!r} and {missing} is not set: set both or neither "
        "(variables migration_vpc_id and migration_vswitch_id)"
    )


def gib(size_bytes: int) -> int:
    """Return a disk size in whole GiB, rounded up as the services bill it."""
    return -(-size_bytes // GIB)


def target_gib(size_bytes: int) -> int:
    """Return the size in GiB of the disk that takes the content of one of ``size_bytes``: disks in the cloud are whole
    GiB and have at least 20 of them (CreateReplicationJob), those of real machines need not."""
    return max(gib(size_bytes), DATA_DISK_GIB[0])
