# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The (action, code) pairs that are documented (local-cloud 10, and 4 for ExportImage), and how each is produced.

``python -m support.documented_codes`` prints how many of them the local cloud produces from its contracts, and which
are left to fault rules.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support.local_cloud import KEY, SECRET, LocalCloud

Refusal = tuple[int, str]

INTERNAL = (500, "InternalError")
MISSING = (400, "MissingParameter")
STATUS = (400, "ReplicationJob.InvalidStatus")
BUSINESS = (400, "ReplicationJob.InvalidBusinessStatus")
SOURCE = (400, "SourceServerState.Invalid")
NAME = (400, "ReplicationJobName.Duplicate")
IMAGE_NAME = (400, "ImageName.UsedByReplicationJob")
DISK = (400, "ReplicationJobDataDiskIndex.Invalid")
UNAUTHORIZED = (403, "Forbidden.Unauthorized")

DOCUMENTED: dict[str, tuple[Refusal, ...]] = {
    "smc:CreateAccessToken": (INTERNAL,),
    "smc:ListAccessTokens": (INTERNAL,),
    "smc:DisableAccessToken": (INTERNAL,),
    "smc:DeleteAccessToken": (INTERNAL,),
    "smc:DescribeSourceServers": (UNAUTHORIZED,),
    "smc:ModifySourceServerAttribute": ((400, "SourceServerName.Duplicate"), SOURCE),
    "smc:DeleteSourceServer": (
        (400, "SourceServer.WithRunningReplicationJob"), (400, "ReplicationJob.Related"), SOURCE,
    ),
    "smc:CreateReplicationJob": (
        MISSING, SOURCE, (400, "QuotaExceeded.ReplicationJob"), NAME, IMAGE_NAME, DISK,
        (400, "VSwitchIdVpcId.Mismatch"), (403, "EntityNotExist.Role"), (403, "RealNameAuthenticationError"),
    ),
    "smc:StartReplicationJob": (STATUS, SOURCE),
    "smc:StopReplicationJob": (STATUS, BUSINESS),
    "smc:ModifyReplicationJobAttribute": ((400, "DataDisk.DuplicateIndex"), DISK, NAME, STATUS, IMAGE_NAME),
    "smc:CutOverReplicationJob": (STATUS, BUSINESS, SOURCE),
    "smc:DescribeReplicationJobs": (UNAUTHORIZED,),
    "smc:DeleteReplicationJob": (STATUS,),
    "ecs:ExportImage": (
        MISSING, (404, "InvalidRegionId.NotFound"), (404, "InvalidImageId.NotFound"), (400, "InvalidRegion.NotSupport"),
        (403, "UserNotInTheWhiteList"), (400, "ImageNotSupported"), (403, "ImageNotSupported"),
        (403, "InvalidImageLicense.NotSupported"), (403, "InvalidImageCategory.NotSupported"),
        (400, "IncorrectImageStatus"), (403, "ImageIsExporting"), (400, "OperationDenied"),
        (400, "InvalidImage.DiskAmountOrSize"), (400, "InvalidImageFormat.Malformed"),
        (400, "InvalidImageFormat.RegionNotSupported"), (400, "InvalidOSSPrefix.Malformed"),
        (400, "InvalidOSSBucket.NotFound"), (400, "InvalidOSSBucket.NotMatched"), (400, "InvalidOSSObject.NeedRestore"),
        (403, "InvalidOSSBucket.EncryptUnsupported"), (403, "NoSetRoletoECSServiceAcount"),
        (403, "InvalidOSS.NotAuthorized"), (403, "ConcurrentQuotaExceed.ExportImage"),
        (403, "WeeklyQuotaExceed.ExportImage"), (400, "DryRunOperation"), (403, "ExportImageFailed"),
        (400, "InvalidImageName.Malformed"),
    ),
    "ecs:DescribeTaskAttribute": ((400, "InvalidTaskId.NotFound"),),
    "ecs:CancelTask": (
        (404, "InvalidTaskId.NotFound"), (403, "InvalidTaskId.IncorrectTaskStatus"),
        (403, "InvalidTaskId.TaskActionNotSupport"),
    ),
    "ecs:DeleteImage": (
        (403, "ImageIsExporting"), (403, "ImageUsingByInstance"), (403, "ImageUseShared"), (403, "ImageIsPublic"),
    ),
    "ecs:DeleteInstance": (
        (404, "InvalidInstanceId.NotFound"), (403, "IncorrectInstanceStatus.Initializing"),
        (403, "InvalidOperation.DeletionProtection"),
    ),
    "ens:ImportImage": (MISSING, (400, "InvalidParameter.ImageFormat"), (400, "InvalidParameter.ImageName.Duplicate")),
    "ens:DescribeSelfImages": (MISSING, (400, "NoPermission"), (400, "InvalidParameter.PageSize")),
    "ens:DescribeImages": (MISSING, (400, "NoPermission"), (400, "InvalidParameter.PageSize")),
    "ens:DescribeImageInfos": (MISSING, (400, "NoPermission"), (400, "InvalidParameter.OsType")),
    "ens:DeleteImage": ((400, "Error.DeleteImage"), (400, "Forbidden.DelerrorteImage")),
    "sts:AssumeRole": (
        (404, "EntityNotExist.Role"), (403, "NoPermission"), (400, "InvalidParameter.DurationSeconds"),
    ),
}

# No parameter of these is required, ExportImage has no name, and nothing here is an inner failure or a task that cannot
# be cancelled.
BY_FAULT_ONLY: dict[str, tuple[Refusal, ...]] = {
    **{f"smc:{name}": (INTERNAL,) for name in ("CreateAccessToken", "ListAccessTokens", "DisableAccessToken",
                                               "DeleteAccessToken")},
    "ecs:CancelTask": ((403, "InvalidTaskId.TaskActionNotSupport"),),
    "ecs:ExportImage": ((403, "ExportImageFailed"), (400, "InvalidImageName.Malformed")),
    **{f"ens:{name}": (MISSING,) for name in ("DescribeSelfImages", "DescribeImages", "DescribeImageInfos")},
}

SECOND = "s-unitweb00002"
IMAGE = "m-unitimage00001"
INSTANCE = "i-unitinst00001"
ENS_IMAGE = "m-unitensimage01"
REPEATED = {"RunOnce": False, "Frequency": 1, "MaxNumberOfImageToKeep": 1}
EXPORT = {"ImageId": IMAGE, "OSSBucket": "images-sg"}
IMPORT = {"ImageName": "web-01", "ComputeType": "ens_vm", "OSType": "linux", "Architecture": "x86_64",
          "ImageFormat": "qcow2", "OSSBucket": "images-sg", "OSSObject": "one.qcow2"}
ROLE = "acs:ram::1234567890123456:role/{}"


def denied() -> dict[str, Any]:
    """A world whose caller may do nothing."""
    return {"credentials": {KEY: {"secret": SECRET, "user": "nobody"}},
            "identities": {"nobody": {"statements": [{"effect": "deny", "action": "*"}]}}}


def image(region: str = "ap-southeast-1", disks: int = 1, **changes: Any) -> dict[str, Any]:
    """A world with one ECS image."""
    return {"ecs_images": [{"name": "web", "id": IMAGE, "region": region, "disks": [{"gib": 1}] * disks, **changes}]}


def bucket(**changes: Any) -> dict[str, Any]:
    """A world with one ECS image and a bucket for it."""
    return {**image(), "buckets": [{"name": "images-sg", "region": "ap-southeast-1", **changes}]}


def instance(**changes: Any) -> dict[str, Any]:
    """A world with one ECS instance and the image that it runs from."""
    own = {"name": "own", "id": INSTANCE, "region": "ap-southeast-1", "image": IMAGE, **changes}
    return {**image(), "ecs_instances": [own]}


def account(**changes: Any) -> dict[str, Any]:
    """A world with another account."""
    return {"account": changes}


def call(action: str, **params: Any) -> Callable[[LocalCloud], Refusal]:
    """One call that must be refused."""
    return lambda local: local.code(*action.split(":"), **params)


def job(**changes: Any) -> Callable[[LocalCloud], Refusal]:
    """A job for the second source while the first one has a job."""
    def attempt(local: LocalCloud) -> Refusal:
        local.job(1)
        return local.code("smc", "CreateReplicationJob", **local.job_params(2, **changes))
    return attempt


def on_job(action: str, state: str = "", **params: Any) -> Callable[[LocalCloud], Refusal]:
    """A call about a job that is ``started`` or ``finished``, or still Ready; another job exists too."""
    def attempt(local: LocalCloud) -> Refusal:
        local.job(2)
        job_id = local.finished(1)["JobId"] if state == "finished" else local.job(1)
        if state == "started":
            local.ok("smc", "StartReplicationJob", JobId=job_id)
        return local.code("smc", action, JobId=job_id, **params)
    return attempt


def offline(local: LocalCloud) -> None:
    """Let the client on the first source go."""
    local.cloud.sources.update("s-unitweb00001", online=False)
    local.advance(1)


def start_offline(local: LocalCloud) -> Refusal:
    """A start while the client is away."""
    job_id = local.job(1)
    offline(local)
    return local.code("smc", "StartReplicationJob", JobId=job_id)


def cut_over_running(local: LocalCloud) -> Refusal:
    """A cutover while the first run is under way."""
    return local.code("smc", "CutOverReplicationJob", JobId=local.started(1, **REPEATED))


def cut_over_offline(local: LocalCloud) -> Refusal:
    """A cutover while the client is away."""
    job_id = local.started(1, **REPEATED)
    local.finish()
    offline(local)
    return local.code("smc", "CutOverReplicationJob", JobId=job_id)


def source_with(state: str) -> Callable[[LocalCloud], Refusal]:
    """Delete a source whose job is ready or running, or which is going already."""
    def attempt(local: LocalCloud) -> Refusal:
        if state == "Deleting":
            local.ok("smc", "DeleteSourceServer", SourceId=SECOND)
        else:
            job_id = local.job(2)
            if state == "Running":
                local.ok("smc", "StartReplicationJob", JobId=job_id)
        return local.code("smc", "DeleteSourceServer", SourceId=SECOND)
    return attempt


def rename_deleted(local: LocalCloud) -> Refusal:
    """Rename a source that is going."""
    local.ok("smc", "DeleteSourceServer", SourceId=SECOND)
    return local.code("smc", "ModifySourceServerAttribute", SourceId=SECOND, Name="other")


def mismatch(local: LocalCloud) -> Refusal:
    """A job with a vSwitch of one VPC and the id of another."""
    vpcs = [local.ok("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")["VpcId"] for _turn in range(2)]
    vswitch = local.ok("vpc", "CreateVSwitch", VpcId=vpcs[0], ZoneId="ap-southeast-1a", CidrBlock="10.0.1.0/24")
    network = {"VSwitchId": vswitch["VSwitchId"], "VpcId": vpcs[1]}
    return local.code("smc", "CreateReplicationJob", **local.job_params(1, **network))


def after_export(action: str, **params: Any) -> Callable[[LocalCloud], Refusal]:
    """A call while an export of the image runs."""
    def attempt(local: LocalCloud) -> Refusal:
        local.work.later = True
        local.ok("ecs", "ExportImage", **EXPORT)
        return local.code("ecs", action, **{"ImageId": IMAGE, **params})
    return attempt


def cancel_twice(local: LocalCloud) -> Refusal:
    """Cancel a task that was cancelled."""
    local.work.later = True
    task = local.ok("ecs", "ExportImage", **EXPORT)["TaskId"]
    local.ok("ecs", "CancelTask", TaskId=task)
    return local.code("ecs", "CancelTask", TaskId=task)


def delete_initializing(local: LocalCloud) -> Refusal:
    """Delete an instance at the moment of its creation."""
    local.started(1)
    local.cloud.clock.advance(0.31)
    (found,) = local.ok("ecs", "DescribeInstances")["Instances"]["Instance"]
    return local.code("ecs", "DeleteInstance", InstanceId=found["InstanceId"])


def delete_used_ens_image(local: LocalCloud) -> Refusal:
    """Delete an ENS image from which an instance was booted."""
    local.ok("ens", "RunInstances", Amount=1, InstanceType="ens.sn1.tiny", ScheduleAreaLevel="Region",
             EnsRegionId="cn-dalian-unicom", ImageId=ENS_IMAGE, InstanceChargeType="PostPaid", PasswordInherit=True)
    return local.code("ens", "DeleteImage", ImageId=ENS_IMAGE)


@dataclass(frozen=True)
class Case:
    """One way to one refusal."""

    action: str
    refusal: Refusal
    attempt: Callable[[LocalCloud], Refusal]
    world: dict[str, Any] = field(default_factory=dict)


def _assume(role: str, **params: Any) -> Callable[[LocalCloud], Refusal]:
    return call("sts:AssumeRole", RoleArn=ROLE.format(role), RoleSessionName="me", **params)


_CREATE, _MODIFY, _EXPORT = "smc:CreateReplicationJob", "smc:ModifyReplicationJobAttribute", "ecs:ExportImage"
_ENS = {"ens_images": [{"name": "web-01", "id": ENS_IMAGE}]}

CASES: tuple[Case, ...] = (
    Case("smc:DescribeSourceServers", UNAUTHORIZED, call("smc:DescribeSourceServers"), denied()),
    Case("smc:ModifySourceServerAttribute", (400, "SourceServerName.Duplicate"),
         call("smc:ModifySourceServerAttribute", SourceId=SECOND, Name="web1")),
    Case("smc:ModifySourceServerAttribute", SOURCE, rename_deleted),
    Case("smc:DeleteSourceServer", (400, "SourceServer.WithRunningReplicationJob"), source_with("Running")),
    Case("smc:DeleteSourceServer", (400, "ReplicationJob.Related"), source_with("Ready")),
    Case("smc:DeleteSourceServer", SOURCE, source_with("Deleting")),
    Case(_CREATE, MISSING, job(SourceId="")),
    Case(_CREATE, SOURCE, job(SourceId="s-unitweb00001")),
    Case(_CREATE, (400, "QuotaExceeded.ReplicationJob"), job(), account(quotas={"jobs": 1})),
    Case(_CREATE, NAME, job(Name="job-1")),
    Case(_CREATE, IMAGE_NAME, job(ImageName="image-1")),
    Case(_CREATE, DISK, job(DataDisk__1__Index=9)),
    Case(_CREATE, (400, "VSwitchIdVpcId.Mismatch"), mismatch),
    Case(_CREATE, (403, "EntityNotExist.Role"), call(_CREATE, **LocalCloud.job_params(2)), account(roles=[])),
    Case(_CREATE, (403, "RealNameAuthenticationError"), call(_CREATE, **LocalCloud.job_params(2)),
         account(real_name=False)),
    Case("smc:StartReplicationJob", STATUS, on_job("StartReplicationJob", "started")),
    Case("smc:StartReplicationJob", SOURCE, start_offline),
    Case("smc:StopReplicationJob", STATUS, on_job("StopReplicationJob")),
    Case("smc:StopReplicationJob", BUSINESS, on_job("StopReplicationJob", "started")),
    Case(_MODIFY, (400, "DataDisk.DuplicateIndex"),
         on_job("ModifyReplicationJobAttribute", DataDisk__1__Index=1, DataDisk__1__Size=30, DataDisk__2__Index=1,
                DataDisk__2__Size=30)),
    Case(_MODIFY, DISK, on_job("ModifyReplicationJobAttribute", DataDisk__1__Index=9, DataDisk__1__Size=30)),
    Case(_MODIFY, NAME, on_job("ModifyReplicationJobAttribute", Name="job-2")),
    Case(_MODIFY, STATUS, on_job("ModifyReplicationJobAttribute", "started", ImageName="another")),
    Case(_MODIFY, IMAGE_NAME, on_job("ModifyReplicationJobAttribute", ImageName="image-2")),
    Case("smc:CutOverReplicationJob", STATUS, on_job("CutOverReplicationJob", "finished")),
    Case("smc:CutOverReplicationJob", BUSINESS, cut_over_running),
    Case("smc:CutOverReplicationJob", SOURCE, cut_over_offline),
    Case("smc:DescribeReplicationJobs", UNAUTHORIZED, call("smc:DescribeReplicationJobs"), denied()),
    Case("smc:DeleteReplicationJob", STATUS, on_job("DeleteReplicationJob", "started")),
    Case(_EXPORT, (404, "InvalidImageId.NotFound"), call(_EXPORT, **EXPORT)),
    Case(_EXPORT, MISSING, call(_EXPORT, ImageId=IMAGE, OSSBucket=""), image()),
    Case(_EXPORT, (404, "InvalidRegionId.NotFound"), call(_EXPORT, **EXPORT, RegionId="cn-nowhere"), image()),
    Case(_EXPORT, (400, "InvalidRegion.NotSupport"), call(_EXPORT, **EXPORT),
         {**image(), **account(export_refused_regions=["ap-southeast-1"])}),
    Case(_EXPORT, (403, "UserNotInTheWhiteList"), call(_EXPORT, **EXPORT),
         {**image(), **account(export_allowed=False)}),
    Case(_EXPORT, (400, "ImageNotSupported"), call(_EXPORT, **EXPORT), image(encrypted=True)),
    Case(_EXPORT, (403, "ImageNotSupported"), call(_EXPORT, **EXPORT), image(owner="marketplace")),
    Case(_EXPORT, (403, "InvalidImageLicense.NotSupported"), call(_EXPORT, **EXPORT), image(os_type="windows")),
    Case(_EXPORT, (403, "InvalidImageCategory.NotSupported"), call(_EXPORT, **EXPORT), image(owner="system")),
    Case(_EXPORT, (400, "IncorrectImageStatus"), call(_EXPORT, **EXPORT), image(status="Creating")),
    Case(_EXPORT, (400, "OperationDenied"), call(_EXPORT, **EXPORT),
         {**image(disks=2), **account(export_data_disks=False)}),
    Case(_EXPORT, (400, "InvalidImageFormat.Malformed"), call(_EXPORT, **EXPORT, ImageFormat="iso"), image()),
    Case(_EXPORT, (400, "InvalidOSSObject.NeedRestore"), call(_EXPORT, **EXPORT), bucket(storage_class="ColdArchive")),
    Case(_EXPORT, (403, "InvalidOSSBucket.EncryptUnsupported"), call(_EXPORT, **EXPORT), bucket(encryption="AES256")),
    Case(_EXPORT, (403, "InvalidOSS.NotAuthorized"), call(_EXPORT, **EXPORT),
         {**image(), **account(role_policies={"AliyunECSImageExportDefaultRole": []})}),
    Case(_EXPORT, (403, "ImageIsExporting"), after_export("ExportImage", **EXPORT), image()),
    Case(_EXPORT, (400, "InvalidImage.DiskAmountOrSize"), call(_EXPORT, **EXPORT), image(disks=6)),
    Case(_EXPORT, (400, "InvalidImageFormat.RegionNotSupported"),
         call(_EXPORT, ImageId=IMAGE, OSSBucket="images-bj", ImageFormat="qcow2", RegionId="cn-beijing"),
         image("cn-beijing")),
    Case(_EXPORT, (400, "InvalidOSSPrefix.Malformed"), call(_EXPORT, **EXPORT, OSSPrefix="web-01"), image()),
    Case(_EXPORT, (400, "InvalidOSSBucket.NotFound"), call(_EXPORT, ImageId=IMAGE, OSSBucket="nowhere"), image()),
    Case(_EXPORT, (400, "InvalidOSSBucket.NotMatched"), call(_EXPORT, ImageId=IMAGE, OSSBucket="images-bj"), image()),
    Case(_EXPORT, (403, "NoSetRoletoECSServiceAcount"), call(_EXPORT, **EXPORT), {**image(), **account(roles=[])}),
    Case(_EXPORT, (403, "ConcurrentQuotaExceed.ExportImage"), call(_EXPORT, **EXPORT),
         {**image(), **account(quotas={"export_concurrent": 0})}),
    Case(_EXPORT, (403, "WeeklyQuotaExceed.ExportImage"), call(_EXPORT, **EXPORT),
         {**image(), **account(quotas={"export_weekly": 0})}),
    Case(_EXPORT, (400, "DryRunOperation"), call(_EXPORT, **EXPORT, DryRun=True), image()),
    Case("ecs:DescribeTaskAttribute", (400, "InvalidTaskId.NotFound"), call("ecs:DescribeTaskAttribute", TaskId="t-1")),
    Case("ecs:CancelTask", (404, "InvalidTaskId.NotFound"), call("ecs:CancelTask", TaskId="t-1")),
    Case("ecs:CancelTask", (403, "InvalidTaskId.IncorrectTaskStatus"), cancel_twice, image()),
    Case("ecs:DeleteImage", (403, "ImageIsExporting"), after_export("DeleteImage"), image()),
    Case("ecs:DeleteImage", (403, "ImageUsingByInstance"), call("ecs:DeleteImage", ImageId=IMAGE), instance()),
    Case("ecs:DeleteImage", (403, "ImageUseShared"), call("ecs:DeleteImage", ImageId=IMAGE), image(shared=True)),
    Case("ecs:DeleteImage", (403, "ImageIsPublic"), call("ecs:DeleteImage", ImageId=IMAGE), image(public=True)),
    Case("ecs:DeleteInstance", (404, "InvalidInstanceId.NotFound"), call("ecs:DeleteInstance", InstanceId=INSTANCE)),
    Case("ecs:DeleteInstance", (403, "IncorrectInstanceStatus.Initializing"), delete_initializing),
    Case("ecs:DeleteInstance", (403, "InvalidOperation.DeletionProtection"),
         call("ecs:DeleteInstance", InstanceId=INSTANCE, Force=True), instance(deletion_protection=True)),
    Case("ens:ImportImage", MISSING, call("ens:ImportImage", **{**IMPORT, "ComputeType": ""})),
    Case("ens:ImportImage", (400, "InvalidParameter.ImageFormat"),
         call("ens:ImportImage", **{**IMPORT, "ImageFormat": "vmdk"})),
    Case("ens:ImportImage", (400, "InvalidParameter.ImageName.Duplicate"), call("ens:ImportImage", **IMPORT), _ENS),
    *(Case(f"ens:{name}", (400, "NoPermission"), call(f"ens:{name}"), denied())
      for name in ("DescribeSelfImages", "DescribeImages", "DescribeImageInfos")),
    *(Case(f"ens:{name}", (400, "InvalidParameter.PageSize"), call(f"ens:{name}", PageSize=51))
      for name in ("DescribeSelfImages", "DescribeImages")),
    Case("ens:DescribeImageInfos", (400, "InvalidParameter.OsType"), call("ens:DescribeImageInfos", OsType="plan9")),
    Case("ens:DeleteImage", (400, "Error.DeleteImage"), call("ens:DeleteImage", ImageId="m-nothing")),
    Case("ens:DeleteImage", (400, "Forbidden.DelerrorteImage"), delete_used_ens_image, _ENS),
    Case("sts:AssumeRole", (404, "EntityNotExist.Role"), _assume("Nobody")),
    Case("sts:AssumeRole", (403, "NoPermission"), _assume("AliyunServiceRoleForSMC"), denied()),
    Case("sts:AssumeRole", (400, "InvalidParameter.DurationSeconds"),
         _assume("AliyunServiceRoleForSMC", DurationSeconds=899)),
)


def pairs(table: dict[str, tuple[Refusal, ...]]) -> set[tuple[str, Refusal]]:
    """Every (action, refusal) of a table."""
    return {(action, refusal) for action, refusals in table.items() for refusal in refusals}


def main() -> int:
    """Print the figure, and what is left to fault rules."""
    total, left = pairs(DOCUMENTED), pairs(BY_FAULT_ONLY)
    sys.stdout.write(f"{len(total - left)} of {len(total)} documented (action, code) pairs come from the contracts; "
                     f"the other {len(left)} from fault rules only:\n")
    sys.stdout.writelines(f"  {action} {code}\n" for action, (_status, code) in sorted(left))
    return 0


if __name__ == "__main__":
    sys.exit(main())
