# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Error codes: the cause, what to do, and whether a retry is safe. Hints, job errors and findings read this table.

The page is docs/error-codes.md, which ``python tools/error_codes.py`` writes. Errors that this collection raises with a
separate hint are not in the table.
"""

from __future__ import annotations

from typing import Final

from . import job_errors, limits
from .error_code import ErrorCode
from .job_errors import ARTICLES, FAQ

_SMC: Final = "SMC API reference"
_EXPORT: Final = "ECS ExportImage"
_ECS: Final = "ECS API reference"
_ENS: Final = "ENS API reference"
_OSS: Final = "OSS API reference"
_SIGN: Final = "signature of API calls"
OTHER_ENDPOINT: Final = "must be addressed using the specified endpoint"
"""OSS refuses a call to a bucket of another region with these words, and the code AccessDenied of a missing right."""

PAGES: Final = {
    FAQ: "https://www.alibabacloud.com/help/en/server-migration-center/latest/smc-faq",
    _SMC: "https://github.com/AlibabaCloudDocs/smc",
    _EXPORT: "https://www.alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-exportimage",
    ARTICLES: "https://help.aliyun.com/wordpower/5582211-1",
    _ECS: "https://github.com/AlibabaCloudDocs/ecs",
}
"""Where the vendor documents the codes."""


TABLE: Final = (
    # ---- credentials and clocks ----
    ErrorCode(
        ("InvalidAccessKeyId*",),
        "The access key id is unknown, disabled or deleted.",
        "Check the access key id: it is unknown to Alibaba Cloud, disabled or deleted.",
        FAQ,
        account=True,
    ),
    ErrorCode(
        ("SignatureDoesNotMatch", "InvalidAccessKeySecret"),
        "The signature of the request is wrong.",
        "Check the secret key: it does not belong to the access key id.",
        _SIGN,
        account=True,
    ),
    ErrorCode(
        ("InvalidSecurityToken*", "SecurityTokenExpired"),
        "The STS token is expired or malformed.",
        "Get a new STS token.",
        _SIGN,
    ),
    ErrorCode(
        ("InvalidTimeStamp*", "IllegalTimestamp", "RequestTimeTooSkewed"),
        "The clock of the controller or of the source is more than 15 minutes off.",
        "Correct the clock and the time zone (NTP): it is more than 15 minutes off. Then run again.",
        FAQ,
    ),
    # ---- permissions and account ----
    ErrorCode(
        ("Forbidden.SubUser",),
        "The user may not purchase ECS instances.",
        "Use an account or RAM user that may purchase ECS instances.",
        FAQ,
        account=True,
    ),
    ErrorCode(
        ("Forbidden.Unauthorized", "NoPermission"),
        "The RAM user may not use SMC or ENS.",
        "Grant the RAM user AliyunSMCFullAccess; for ENS AliyunENSFullAccess.",
        FAQ,
        account=True,
    ),
    ErrorCode(
        ("Forbidden.RAM",),
        "The RAM user may not use ECS or VPC.",
        "Grant the RAM user AliyunECSFullAccess and AliyunVPCFullAccess.",
        FAQ,
        account=True,
    ),
    ErrorCode(
        ("EntityNotExist.Role",),
        "The service-linked role of SMC, AliyunServiceRoleForSMC, does not exist.",
        "Open the SMC console once as an administrator, or authorize SMC in RAM.",
        FAQ,
        words="Authorized For SMC RAM Role",
        account=True,
    ),
    ErrorCode(
        ("RealNameAuthenticationError",),
        "The account has no real-name verification. Regions of mainland China require it.",
        "Complete the real-name verification in the Account Center.",
        FAQ,
        words="Real-name Authentication",
        account=True,
    ),
    ErrorCode(
        ("InvalidAccountStatus.NotEnoughBalance",),
        "The account has no balance for pay-as-you-go resources.",
        "Top up the account.",
        FAQ,
        account=True,
    ),
    ErrorCode(
        ("InvalidAccountStatus.SnapshotServiceUnavailable",),
        "The ECS snapshot service is not activated.",
        "Activate the snapshot service in the ECS console, under Snapshots.",
        FAQ,
        account=True,
    ),
    # ---- Server Migration Center ----
    ErrorCode(
        ("SourceServer.Offline",),
        "SMC lost the connection to the SMC client on the source.",
        "Check that the SMC client runs on the source and reaches SMC.",
        FAQ,
        retry=True,
    ),
    ErrorCode(
        ("SourceServerState.Invalid",),
        "The source is not Available.",
        "The source must be Available: restart its SMC client, or finish the job that uses it.",
        _SMC,
    ),
    ErrorCode(
        ("SourceServer.WithRunningReplicationJob",),
        "A replication job of the source is running.",
        "Stop the running job of the source and delete it first.",
        _SMC,
    ),
    ErrorCode(
        ("ReplicationJob.Related",),
        "The source has a replication job.",
        "Delete the job of the source first, or use force.",
        _SMC,
    ),
    ErrorCode(
        ("ReplicationJob.InvalidStatus",),
        "The replication job is not in a status that allows the request.",
        "The job's status does not allow it: start from Ready, Stopped or InError.",
        _SMC,
    ),
    ErrorCode(
        ("ReplicationJob.InvalidBusinessStatus",),
        "The replication job is not Syncing.",
        "A job can be stopped only while it is Syncing.",
        _SMC,
    ),
    ErrorCode(
        ("ReplicationJobName.Duplicate",),
        "Another replication job has this name.",
        "Another job has this name: choose another migration name.",
        _SMC,
    ),
    ErrorCode(
        ("QuotaExceeded.ReplicationJob",),
        f"The account has {limits.MAX_JOBS} replication jobs.",
        "Delete finished jobs, or request a quota increase.",
        _SMC,
    ),
    ErrorCode(
        ("VSwitchIdVpcId.Mismatch",),
        "The vSwitch does not belong to the VPC.",
        "Set vswitch_id to a vSwitch of the VPC.",
        _SMC,
    ),
    ErrorCode(
        ("ReplicationJobDataDiskIndex.Invalid",),
        "The source has no data disk with this index.",
        "Use only data disk indexes that the source has.",
        _SMC,
    ),
    ErrorCode(
        ("InvalidImageName.Duplicated",),
        "An image with this name exists.",
        "Choose an image name that does not exist yet.",
        FAQ,
    ),
    *job_errors.TABLE,
    # ---- ECS images and exports ----
    ErrorCode(
        ("NoSetRoletoECSServiceAc*",),
        "The RAM role AliyunECSImageExportDefaultRole does not exist.",
        "Create the role AliyunECSImageExportDefaultRole for ecs.aliyuncs.com with the policy "
        "AliyunECSImageExportRolePolicy.",
        _EXPORT,
        account=True,
    ),
    ErrorCode(
        ("InvalidOSSBucket.EncryptUnsupported",),
        "ECS does not export to a bucket that encrypts its objects.",
        "Use a bucket without default encryption.",
        _EXPORT,
    ),
    ErrorCode(
        ("InvalidOSSObject.NeedRestore",),
        "ECS does not export to a bucket of an archive storage class.",
        "Use a bucket of the storage class Standard.",
        _EXPORT,
    ),
    ErrorCode(
        ("InvalidOSSBucket.*",),
        "ECS cannot export to the bucket.",
        "Use a bucket of the same account in the region of the image.",
        _EXPORT,
    ),
    ErrorCode(
        ("InvalidOSS.NotAuthorized",),
        "The RAM role AliyunECSImageExportDefaultRole lacks a permission in the bucket.",
        "Attach the policy AliyunECSImageExportRolePolicy to the role, and remove what denies it (bucket policy).",
        _EXPORT,
    ),
    ErrorCode(
        ("ImageNotSupported", "InvalidImageLicense.NotSupported", "InvalidImageCategory.NotSupported"),
        "ECS does not export this image.",
        "Images of Windows, of the Marketplace, of other accounts and with encrypted snapshots cannot be exported.",
        _EXPORT,
    ),
    ErrorCode(
        ("UserNotInTheWhiteList", "ExportImageFailed", "OperationDenied"),
        "ECS does not export this image for the account.",
        "Ask the support of Alibaba Cloud for the export of images, with the code and the request id.",
        _EXPORT,
        account=True,
    ),
    ErrorCode(
        ("InvalidOSSPrefix.Malformed",),
        "The OSS prefix has characters that ECS rejects.",
        "The OSS prefix may have 1 to 30 letters and digits only.",
        _EXPORT,
    ),
    ErrorCode(
        ("InvalidImage.DiskAmountOrSize",),
        "The image has too many data disks, or one that is too large.",
        f"An image can be exported with at most {limits.MAX_DATA_DISKS} data disks of at most "
        f"{limits.MAX_DATA_DISK_GIB} GiB each.",
        _EXPORT,
    ),
    ErrorCode(
        ("ImageIsExporting",),
        "An export of the image is running.",
        "Wait for the running export task, or cancel it.",
        _EXPORT,
        retry=True,
    ),
    ErrorCode(
        ("ConcurrentQuotaExceed.ExportImage",),
        "Too many exports run at once.",
        "Wait until another export has finished.",
        _EXPORT,
        retry=True,
    ),
    ErrorCode(
        ("WeeklyQuotaExceed.ExportImage",),
        "The weekly export quota is used up.",
        "Run the same command again next week, or request a quota increase.",
        _EXPORT,
        account=True,
    ),
    ErrorCode(
        ("InvalidImageFormat.RegionNotSupported",),
        "ECS exports only RAW in this region.",
        "Set the option image_formats (variable migration_image_formats) for the region to raw.",
        _EXPORT,
    ),
    ErrorCode(
        ("InvalidRegion.NotSupport", "RegionNotSupported"),
        "The service does not offer this in the region.",
        "Migrate in a region in which ENS imports images (option import_regions, variable migration_import_regions).",
        _EXPORT,
    ),
    ErrorCode(
        ("InvalidRegionId.*",),
        "The region does not exist.",
        "Check the option region: it is not an Alibaba Cloud region id.",
        _ECS,
    ),
    ErrorCode(
        ("InvalidOperation.DeletionProtection",),
        "The instance has deletion protection.",
        "Remove the deletion protection of the instance first.",
        _ECS,
    ),
    ErrorCode(
        ("DependencyViolation*",),
        "Another resource uses this one.",
        "Delete the resources that use it first.",
        _ECS,
    ),
    ErrorCode(
        ("QuotaExceed",),
        "The account has as many images as its quota allows.",
        "Delete images that are not used in the console of ENS or ECS, or request a quota increase.",
        _ENS,
    ),
    # ---- Object Storage Service ----
    ErrorCode(("NoSuchBucket",), "The bucket does not exist.", "Create the bucket, or correct its name.", _OSS),
    ErrorCode(
        ("AccessDenied",),
        "The caller may not use the bucket or its objects, or the bucket is in another region.",
        "Grant the caller access to the bucket and its objects.",
        _OSS,
    ),
    ErrorCode(
        (),
        "The bucket is in another region.",
        "Use a bucket in the region of the migration (variables migration_bucket and alicloud_region).",
        _OSS,
        words=OTHER_ENDPOINT,
    ),
    # ---- connection and answers ----
    ErrorCode(
        (),
        "The TLS certificate of the proxy or endpoint is not trusted.",
        "Set ca_bundle to the certificate authority of the proxy or endpoint.",
        words="CERTIFICATE_VERIFY_FAILED",
    ),
    ErrorCode(
        ("*Throttling*",),
        "The service limits the rate of calls.",
        "Run again later, or increase the option http_retries: the service limits the call rate.",
        _ECS,
        retry=True,
    ),
    ErrorCode(
        ("Connection.*",),
        "The service cannot be reached, or its answer was lost.",
        "Check the network, the proxy and the option endpoints.",
        retry=True,
    ),
    ErrorCode(
        ("ServiceUnavailable", "InternalError", "Answer.Unreadable"),
        "The service has a transient failure.",
        "The service has a problem: try again later.",
        _ECS,
        retry=True,
    ),
    ErrorCode(
        ("Answer.Malformed",),
        "An answer of the service does not have its documented form. The message names the field.",
        "Run again. If the error persists, report it with the request id: the API may have changed.",
        retry=True,
    ),
)
"""Narrow codes come first: the first match counts."""

UNKNOWN: Final = ErrorCode(
    (), "The code is not in this table.", f"Search for the code in the SMC FAQ ({PAGES[FAQ]}).", FAQ, retry=True
)
"""What is said of a failed replication job that the table does not explain. It may be a transient failure."""


def find(code: str, message: str = "") -> ErrorCode | None:
    """Return what is known of an error: by the words of its message, which tell more than a code, then by its code."""
    lower = message.lower()
    by_words = (row for row in TABLE if row.words and row.words.lower() in lower)
    return next(by_words, None) or next((row for row in TABLE if row.matches(code)), None)


def find_job(code: str, info: str) -> ErrorCode:
    """Return what is known of the error of a failed replication job: by its code, by the codes in its StatusInfo, then
    by the phrases in both. Numbers and names in a phrase do not count."""
    named = (row for name in job_errors.codes_in(code, info) for row in TABLE if row.matches(name))
    return next(named, None) or job_errors.by_phrase(f"{code} {info}") or find(code, info) or UNKNOWN


def hint_for(code: str, message: str = "") -> str:
    """Return what to do about an error, '' when nothing better than the message is known."""
    known = find(code, message)
    return known.remedy if known else ""


def known(code: str) -> ErrorCode:
    """Return the row of a code that is in the table."""
    return next(row for row in TABLE if row.matches(code))
