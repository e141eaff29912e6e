# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What to do about well-known error codes: a table that CloudError reads. Sources are sections of the fact sheet."""

from __future__ import annotations

import re

# (pattern of the whole code, what to do). The first match wins, so the narrow ones come first.
HINTS: tuple[tuple[str, str], ...] = (
    # facts 6.6: credentials and clocks
    (r"InvalidAccessKeyId.*", "Check the access key id: it is unknown to Alibaba Cloud, disabled or deleted."),
    (
        r"SignatureDoesNotMatch|InvalidAccessKeySecret",
        "Check the secret key: it does not belong to the access key id.",
    ),
    (r"InvalidSecurityToken.*|SecurityTokenExpired", "Get a new STS token: this one is expired or malformed."),
    (
        r"InvalidTimeStamp.*|IllegalTimestamp|RequestTimeTooSkewed",
        "Correct the clock (NTP, time zone): it is more than 15 minutes off.",
    ),
    # facts 7.1: rights and account
    (r"Forbidden\.SubUser", "Use an account or RAM user that may purchase ECS instances."),
    (r"Forbidden\.Unauthorized|NoPermission", "Grant the RAM user AliyunSMCFullAccess; for ENS AliyunENSFullAccess."),
    (r"Forbidden\.RAM", "Grant the RAM user AliyunECSFullAccess and AliyunVPCFullAccess."),
    (r"EntityNotExist\.Role", "Authorise SMC once in its console, so that AliyunServiceRoleForSMC exists."),
    (r"RealNameAuthenticationError", "Complete the real-name verification of the account."),
    (r"InvalidAccountStatus\.NotEnoughBalance", "Top up the account: pay-as-you-go resources need a balance."),
    (r"InvalidAccountStatus\.SnapshotServiceUnavailable", "Activate the ECS snapshot service."),
    # facts 1.2, 1.7, 7.1, 7.2: SMC
    (
        r"SourceServerState\.Invalid",
        "The source must be Available: restart its SMC client, or finish the job that uses it.",
    ),
    (r"SourceServer\.WithRunningReplicationJob", "Stop the running job of the source and delete it first."),
    (r"ReplicationJob\.Related", "Delete the job of the source first, or use force."),
    (r"ReplicationJob\.InvalidStatus", "The job's status does not allow it: start from Ready, Stopped or InError."),
    (r"ReplicationJob\.InvalidBusinessStatus", "A job can be stopped only while it is Syncing."),
    (r"ReplicationJobName\.Duplicate", "Another job has this name: choose another migration name."),
    (r"QuotaExceeded\.ReplicationJob", "Delete finished jobs: an account has 1000 at most."),
    (r"QuotaExceeded\.Vpc", "Give a shared vpc_id and vswitch_id, or raise the quota (10 VPCs per region)."),
    (r"VSwitchIdVpcId\.Mismatch", "Give a vSwitch that belongs to the VPC."),
    (r"ReplicationJobDataDiskIndex\.Invalid", "Give only data disk indexes that the source has."),
    (r"InvalidImageName\.Duplicated", "Choose an image name that does not exist yet."),
    # facts 3.1, 3.3: ECS images and export
    (
        r"NoSetRoletoECSServiceAc.*",
        "Create the RAM role AliyunECSImageExportDefaultRole for ecs.aliyuncs.com (AliyunECSImageExportRolePolicy).",
    ),
    (r"InvalidOSSBucket\..*", "Give a bucket of the same account in the image's region."),
    (r"InvalidOSSPrefix\.Malformed", "The OSS prefix may have 1 to 30 letters and digits only."),
    (r"InvalidImage\.DiskAmountOrSize", "An image can be exported with at most 4 data disks of at most 500 GiB each."),
    (r"ImageIsExporting", "The image is being exported: wait for that task, or cancel it."),
    (r"ConcurrentQuotaExceed\.ExportImage", "Too many exports run at once: try again when one has finished."),
    (r"WeeklyQuotaExceed\.ExportImage", "The weekly export quota is used up: retrying this week does not help."),
    (r"RegionNotSupported|InvalidRegion\.NotSupport", "Not offered in this region: use cn-beijing or ap-southeast-1."),
    (r"InvalidRegionId\..*", "Check the option region: it is not an Alibaba Cloud region id."),
    (r"InvalidOperation\.DeletionProtection", "Remove the deletion protection of the instance first."),
    (r"DependencyViolation.*", "Something still uses it: delete what is inside first."),
    # facts 5: OSS
    (r"NoSuchBucket", "Create the bucket, or correct its name."),
    (r"AccessDenied", "Grant the caller access to the bucket and its objects."),
    # transport
    (r".*Throttling.*", "The service limits the call rate: try again later, or raise the option http_retries."),
    (r"Connection\..*", "Check network, proxy and the option endpoints."),
    (r"ServiceUnavailable|InternalError|Answer\.Unreadable", "The service has a problem: try again later."),
)

# facts 7.1: conditions that the service reports in words only.
MESSAGE_HINTS: tuple[tuple[str, str], ...] = (
    (r"Real-name Authentication", "Complete the real-name verification of the account."),
    (r"Authorized For SMC RAM Role", "Authorise SMC once in its console, so that its RAM role exists."),
    (
        r"must be addressed using the specified endpoint",
        "The bucket is in another region: use one in the option region.",
    ),
    (r"CERTIFICATE_VERIFY_FAILED", "Give the certificate authority of the proxy or endpoint as ca_bundle."),
)


def hint_for(code: str, message: str = "") -> str:
    """Returns what to do about an error, or an empty string when nothing better than the message is known."""
    for pattern, hint in MESSAGE_HINTS:
        if re.search(pattern, message, re.IGNORECASE):
            return hint
    for pattern, hint in HINTS:
        if re.fullmatch(pattern, code):
            return hint
    return ""
