# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error of the RPC products, and the catalogue of codes with status, message and provenance."""

from __future__ import annotations

from typing import NamedTuple

DOCUMENTED = "documented"
APPROXIMATE = "approximate"
INVENTED = "invented"

NOT_EMULATED = "Sandbox.NotEmulated"


class Known(NamedTuple):
    """One error code: HTTP status, message, and how well the pair is documented."""

    status: int
    message: str
    provenance: str


class ServiceError(Exception):
    """An error of the API: ``code``, ``message``, ``status``, ``provenance``."""

    def __init__(self, code: str, message: str, status: int = 400, provenance: str = APPROXIMATE) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.provenance = provenance

    def body(self, request_id: str, product: str) -> dict[str, str]:
        """Return the body of the answer: five keys, all of them text (local-cloud 3.2)."""
        return {
            "RequestId": request_id,
            "HostId": f"{product}.aliyuncs.com",
            "Code": self.code,
            "Message": self.message,
            "Recommend": f"https://next.api.aliyun.com/troubleshoot?q={self.code}&product={product}",
        }


def error(code: str, message: str | None = None, status: int | None = None) -> ServiceError:
    """Return the ServiceError for ``code``: status and message from the catalogue unless given.

    A code missing from the catalogue is approximate, 400.
    """
    known = CATALOGUE.get(code, Known(400, f"The request was refused with {code}.", APPROXIMATE))
    return ServiceError(code, message or known.message, status or known.status, known.provenance)


def not_emulated(what: str) -> ServiceError:
    """Return the error for something that the real cloud may support and the sandbox does not."""
    return ServiceError(NOT_EMULATED, f"The local cloud does not emulate {what}.", 501, INVENTED)


# Status and code: local-cloud.md 3.2 and 10, facts 1.7, 3.1-3.4. Wording of most messages is approximate by nature;
# the mark tells about code and status.
CATALOGUE: dict[str, Known] = {
    # gateway
    "InvalidAccessKeyId.NotFound": Known(404, "Specified access key is not found.", DOCUMENTED),
    "InvalidAccessKeyId.Inactive": Known(400, "Specified access key is disabled.", APPROXIMATE),
    "SignatureDoesNotMatch": Known(400, "Specified signature is not matched with our calculation.", DOCUMENTED),
    "IncompleteSignature": Known(400, "The request signature does not conform to Aliyun standards.", DOCUMENTED),
    "MissingParameter": Known(400, "A parameter that is mandatory for this action is missing.", DOCUMENTED),
    "SignatureNonceUsed": Known(400, "Specified signature nonce was used already.", DOCUMENTED),
    "InvalidTimeStamp.Expired": Known(400, "Specified time stamp or date value is expired.", DOCUMENTED),
    "InvalidTimeStamp.Format": Known(400, "Specified time stamp or date value is not well formatted.", APPROXIMATE),
    "InvalidSecurityToken.Expired": Known(400, "Specified SecurityToken is expired.", DOCUMENTED),
    "InvalidSecurityToken.Malformed": Known(400, "Specified SecurityToken is malformed.", DOCUMENTED),
    "InvalidSecurityToken.MismatchWithAccessKey": Known(
        400, "Specified SecurityToken mismatch with the AccessKey.", APPROXIMATE
    ),
    "MissingSecurityToken": Known(400, "SecurityToken is mandatory for this action.", APPROXIMATE),
    "InvalidAction.NotFound": Known(404, "Specified api is not found, please check your url and method.", DOCUMENTED),
    "Throttling.User": Known(400, "Request was denied due to user flow control.", DOCUMENTED),
    "Forbidden.RAM": Known(403, "User not authorized to operate on the specified resource.", DOCUMENTED),
    "Forbidden.Unauthorized": Known(403, "The user is not authorized to use SMC.", DOCUMENTED),
    "InternalError": Known(500, "The request processing has failed due to some unknown error.", DOCUMENTED),
    "InvalidRegionId.NotFound": Known(404, "The specified RegionId does not exist.", DOCUMENTED),
    # smc
    "SourceServerState.Invalid": Known(
        400, "The state of the source server does not support this operation.", DOCUMENTED
    ),
    "SourceServerName.Duplicate": Known(400, "The name of the source server exists.", DOCUMENTED),
    "SourceServer.WithRunningReplicationJob": Known(
        400, "The source server has a running replication job.", DOCUMENTED
    ),
    "ReplicationJob.Related": Known(400, "The source server is related to a replication job.", DOCUMENTED),
    "QuotaExceeded.ReplicationJob": Known(400, "The quota of replication jobs is exceeded.", DOCUMENTED),
    "ReplicationJobName.Duplicate": Known(400, "The name of the replication job exists.", DOCUMENTED),
    "ImageName.UsedByReplicationJob": Known(400, "The image name is used by another replication job.", DOCUMENTED),
    "ReplicationJobDataDiskIndex.Invalid": Known(
        400, "The index of the data disk does not exist on the source server.", DOCUMENTED
    ),
    "DataDisk.DuplicateIndex": Known(400, "The index of a data disk is given twice.", DOCUMENTED),
    "VSwitchIdVpcId.Mismatch": Known(400, "The specified VSwitchId does not belong to the VpcId.", DOCUMENTED),
    "ReplicationJob.InvalidStatus": Known(
        400, "The status of the replication job does not support this operation.", DOCUMENTED
    ),
    "ReplicationJob.InvalidBusinessStatus": Known(
        400, "The business status of the replication job does not support this operation.", DOCUMENTED
    ),
    "EntityNotExist.Role": Known(
        403, "Your Account Haven't Authorized For SMC RAM Role (AliyunServiceRoleForSMC).", DOCUMENTED
    ),
    "RealNameAuthenticationError": Known(
        403, "Your Account Haven't Completed Real-name Authentication.", DOCUMENTED
    ),
    "SourceId.NotFound": Known(400, "The specified SourceId does not exist.", INVENTED),
    "JobId.NotFound": Known(400, "The specified JobId does not exist.", INVENTED),
    "AccessTokenId.NotFound": Known(400, "The specified AccessTokenId does not exist.", INVENTED),
    "QuotaExceeded.ConcurrentJobs": Known(400, "The number of running replication jobs is at its limit.", INVENTED),
    "InvalidResourceId.NotFound": Known(400, "A specified ResourceId does not exist.", DOCUMENTED),
    "NumberExceed.Tags": Known(400, "The number of tags is at its limit.", DOCUMENTED),
    # ecs
    "InvalidImageId.NotFound": Known(404, "The specified ImageId does not exist.", DOCUMENTED),
    "IncorrectImageStatus": Known(400, "The specified Image is not available.", DOCUMENTED),
    "ImageIsExporting": Known(403, "The image is being exported.", DOCUMENTED),
    # 403 for an image of the Marketplace, 400 for one with an encrypted snapshot.
    "ImageNotSupported": Known(403, "The specified Image cannot be exported.", DOCUMENTED),
    "InvalidImageLicense.NotSupported": Known(403, "The license of the image does not allow its export.", DOCUMENTED),
    "InvalidImageCategory.NotSupported": Known(403, "The specified image category is not supported.", DOCUMENTED),
    "InvalidRegion.NotSupport": Known(
        400, "The specified region does not support image import or export.", DOCUMENTED
    ),
    "OperationDenied": Known(
        400, "Images that contain snapshots of data disks do not support this operation.", DOCUMENTED
    ),
    "UserNotInTheWhiteList": Known(403, "The account is not on the list of those that export images.", DOCUMENTED),
    "ExportImageFailed": Known(403, "The image cannot be exported. Contact the administrator.", DOCUMENTED),
    "InvalidImageName.Malformed": Known(400, "The specified image name is wrongly formed.", DOCUMENTED),
    "InvalidOSSPrefix.Malformed": Known(
        400, "OSSPrefix must have 1 to 30 characters, letters and digits only.", DOCUMENTED
    ),
    "InvalidOSSBucket.NotFound": Known(400, "The specified bucket does not exist.", DOCUMENTED),
    "InvalidOSSBucket.EncryptUnsupported": Known(403, "An encrypted bucket is not supported.", DOCUMENTED),
    "InvalidOSSObject.NeedRestore": Known(400, "An archive object has to be restored first.", DOCUMENTED),
    "InvalidOSS.NotAuthorized": Known(403, "The specified bucket or object may not be accessed.", DOCUMENTED),
    "InvalidOSSBucket.NotMatched": Known(
        400, "The specified bucket is not in the region of the image.", DOCUMENTED
    ),
    "NoSetRoletoECSServiceAcount": Known(
        403, "ECS service account is not authorised: the role to export images is missing.", DOCUMENTED
    ),
    "InvalidImageFormat.RegionNotSupported": Known(
        400, "The specified image format is not supported in the current region.", DOCUMENTED
    ),
    "InvalidImageFormat.Malformed": Known(400, "The specified ImageFormat is not supported.", DOCUMENTED),
    "InvalidImage.DiskAmountOrSize": Known(
        400, "An exported image has at most 4 data disks of at most 500 GiB each.", DOCUMENTED
    ),
    "ConcurrentQuotaExceed.ExportImage": Known(403, "Too many images are being exported at once.", DOCUMENTED),
    "WeeklyQuotaExceed.ExportImage": Known(403, "The weekly quota of image exports is used up.", DOCUMENTED),
    "DryRunOperation": Known(400, "Request validation has been passed with DryRun flag set.", DOCUMENTED),
    "InvalidTaskId.NotFound": Known(404, "The specified TaskId does not exist.", DOCUMENTED),
    "InvalidTaskId.IncorrectTaskStatus": Known(403, "The status of the task does not allow this.", DOCUMENTED),
    "InvalidInstanceId.NotFound": Known(404, "The specified InstanceId does not exist.", DOCUMENTED),
    "IncorrectInstanceStatus": Known(
        403, "The current status of the instance does not support this operation.", DOCUMENTED
    ),
    "IncorrectInstanceStatus.Initializing": Known(403, "The instance is initializing.", DOCUMENTED),
    "InvalidOperation.DeletionProtection": Known(
        403, "The instance is protected against deletion.", DOCUMENTED
    ),
    "DRYRUN.SUCCESS": Known(400, "Request validation has been passed with DryRun flag set.", DOCUMENTED),
    "ImageUsingByInstance": Known(403, "The image is used by an instance.", DOCUMENTED),
    "ImageUseShared": Known(403, "The image is shared with other accounts.", DOCUMENTED),
    "ImageIsPublic": Known(403, "The image is public.", DOCUMENTED),
    "InvalidTaskId.TaskActionNotSupport": Known(403, "The task cannot be cancelled.", DOCUMENTED),
    "DiskStillAttached": Known(403, "The disk is still attached to an instance.", APPROXIMATE),
    "SnapshotCreatedImage": Known(403, "The snapshot is used by an image.", APPROXIMATE),
    "InvalidSecurityGroupId.NotFound": Known(404, "The specified SecurityGroupId does not exist.", APPROXIMATE),
    "DependencyViolation": Known(403, "The resource still has dependents.", APPROXIMATE),
    # vpc
    "QuotaExceeded.Vpc": Known(400, "VPC quota exceeded.", DOCUMENTED),
    "InvalidVpcId.NotFound": Known(404, "The specified VpcId does not exist.", APPROXIMATE),
    "InvalidVSwitchId.NotFound": Known(404, "The specified VSwitchId does not exist.", APPROXIMATE),
    "InvalidCidrBlock.Malformed": Known(400, "The specified CidrBlock is not valid.", APPROXIMATE),
    "InvalidCidrBlock.Overlapped": Known(400, "The CidrBlock overlaps another vSwitch.", APPROXIMATE),
    "InvalidZoneId.NotFound": Known(404, "The specified ZoneId does not exist.", APPROXIMATE),
    # ens: everything 400 (local-cloud 4)
    "NoPermission": Known(400, "You are not authorised to do this.", DOCUMENTED),
    "CallInterface": Known(400, "The call of an inner interface failed.", APPROXIMATE),
    "Error.DeleteImage": Known(400, "The image cannot be deleted.", DOCUMENTED),
    # The spelling is the vendor's.
    "Forbidden.DelerrorteImage": Known(400, "The image is used by an instance.", DOCUMENTED),
    "InvalidParameter.ImageName.Duplicate": Known(400, "The image name exists.", APPROXIMATE),
    # what the client on a source server is told: the vendor's own protocol is not public
    "InvalidAccessToken": Known(403, "The activation code does not exist or its code is wrong.", INVENTED),
    "InvalidAccessToken.Expired": Known(403, "The activation code is disabled or has expired.", INVENTED),
    "AccessToken.CountExceeded": Known(403, "The activation code has registered its Count of sources.", INVENTED),
    "QuotaExceeded.SourceServer": Known(403, "The quota of source servers is exceeded.", INVENTED),
    # ram, sts
    "EntityNotExist.Policy": Known(404, "The policy does not exist.", DOCUMENTED),
    "EntityNotExist.RoleArn": Known(404, "The role does not exist.", APPROXIMATE),
}
