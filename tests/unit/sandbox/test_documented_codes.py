# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every documented refusal is produced, and checks come in the documented order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documented_codes import BY_FAULT_ONLY, CASES, DOCUMENTED, EXPORT, IMAGE, INSTANCE, Case, pairs
from support.local_cloud import LocalCloud

from sandbox.contracts import CONTRACTS
from sandbox.contracts.errors import CATALOGUE


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.action}-{case.refusal[1]}")
def test_a_documented_refusal_is_produced(case: Case, tmp_path: Path) -> None:
    assert case.attempt(LocalCloud(tmp_path, case.world)) == case.refusal


def test_every_documented_pair_has_a_case_or_is_left_to_fault_rules() -> None:
    produced = {(case.action, case.refusal) for case in CASES}
    assert produced | pairs(BY_FAULT_ONLY) == pairs(DOCUMENTED)
    assert not produced & pairs(BY_FAULT_ONLY)
    assert all(name in CONTRACTS[product] for product, name in (action.split(":") for action in DOCUMENTED))


def test_codes_that_are_documented_bear_that_mark() -> None:
    # Which InvalidParameter.<name> comes is not listed anywhere.
    open_codes = {"InvalidParameter.ImageName.Duplicate"}
    known = {code for _action, (_status, code) in pairs(DOCUMENTED)} & set(CATALOGUE) - open_codes
    assert {code for code in known if CATALOGUE[code].provenance != "documented"} == set()


def climb(local: LocalCloud, product: str, action: str, params: dict[str, Any], steps: list[Any]) -> None:
    """Everything is wrong at first; each step says what is refused, and puts just that right."""
    for code, repair in steps:
        assert local.code(product, action, **params)[1] == code
        if isinstance(repair, dict):
            params.update(repair)
        else:
            repair()
    local.ok(product, action, **params)


def change_account(local: LocalCloud, **changes: Any) -> None:
    account = local.cloud.settings.account.model_copy(update=changes)
    local.cloud.settings = local.cloud.settings.model_copy(update={"account": account})


@pytest.mark.sandbox_world({"account": {"roles": [], "real_name": True}})
def test_the_order_of_create_replication_job(local: LocalCloud) -> None:
    quotas = local.cloud.settings.account.quotas
    change_account(local, roles=["AliyunServiceRoleForSMC"])
    local.job(1)
    vpcs = [local.ok("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")["VpcId"] for _turn in range(2)]
    vswitch = local.ok("vpc", "CreateVSwitch", VpcId=vpcs[0], ZoneId="ap-southeast-1a", CidrBlock="10.0.1.0/24")
    change_account(local, roles=[], real_name=False, quotas=quotas.model_copy(update={"jobs": 0}))
    params = local.job_params(2, SourceId="", RegionId="", Name="job-1", ImageName="image-1", DataDisk__1__Index=9,
                              VSwitchId=vswitch["VSwitchId"], VpcId=vpcs[1])
    climb(local, "smc", "CreateReplicationJob", params, [
        ("MissingParameter", {"SourceId": "s-nothing"}),
        ("MissingParameter", {"RegionId": "ap-southeast-1"}),
        ("SourceId.NotFound", {"SourceId": "s-unitweb00001"}),
        ("SourceServerState.Invalid", {"SourceId": "s-unitweb00002"}),
        ("QuotaExceeded.ReplicationJob", lambda: change_account(local, quotas=quotas)),
        ("ReplicationJobName.Duplicate", {"Name": "job-2"}),
        ("ImageName.UsedByReplicationJob", {"ImageName": "image-2"}),
        ("ReplicationJobDataDiskIndex.Invalid", {"DataDisk__1__Index": 1}),
        ("VSwitchIdVpcId.Mismatch", {"VpcId": vpcs[0]}),
        ("EntityNotExist.Role", lambda: change_account(local, roles=["AliyunServiceRoleForSMC"])),
        ("RealNameAuthenticationError", lambda: change_account(local, real_name=True)),
    ])


def test_the_order_of_modify_replication_job_attribute(local: LocalCloud) -> None:
    local.job(2)
    job_id = local.started(1)
    params = {"JobId": job_id, "Name": "job-2", "ImageName": "image-2", "DataDisk__1__Index": 9,
              "DataDisk__1__Size": 30, "DataDisk__2__Index": 9, "DataDisk__2__Size": 30}
    climb(local, "smc", "ModifyReplicationJobAttribute", params, [
        ("DataDisk.DuplicateIndex", lambda: [params.pop(f"DataDisk__2__{name}") for name in ("Index", "Size")]),
        ("ReplicationJobDataDiskIndex.Invalid", {"DataDisk__1__Index": 1}),
        ("ReplicationJobName.Duplicate", {"Name": "job-3"}),
        ("ReplicationJob.InvalidStatus", lambda: local.cloud.jobs.update(job_id, state="Ready")),
        ("ImageName.UsedByReplicationJob", {"ImageName": "image-3"}),
    ])


@pytest.mark.sandbox_world({
    "account": {"roles": [], "quotas": {"export_concurrent": 0, "export_weekly": 0}},
    "ecs_images": [{"name": "web", "id": IMAGE, "region": "ap-southeast-1", "disks": [{"gib": 1}] * 6,
                    "os_type": "windows", "status": "Creating"}],
})
def test_the_order_of_export_image(local: LocalCloud) -> None:
    quotas = local.cloud.settings.account.quotas

    def set_image(**changes: Any) -> Any:
        return lambda: local.cloud.images.update(IMAGE, **changes)

    params = {**EXPORT, "ImageId": "m-nothing", "OSSPrefix": "no-dashes", "OSSBucket": "nowhere", "DryRun": True}
    disks = local.cloud.images.where(id=IMAGE)[0]["disks"]
    climb(local, "ecs", "ExportImage", params, [
        ("InvalidOSSPrefix.Malformed", {"OSSPrefix": "web"}),
        ("InvalidImageId.NotFound", {"ImageId": IMAGE}),
        ("InvalidImageLicense.NotSupported", set_image(os_type="linux")),
        ("IncorrectImageStatus", set_image(status="Available")),
        ("InvalidImage.DiskAmountOrSize", set_image(disks=disks[:2])),
        ("InvalidOSSBucket.NotFound", {"OSSBucket": "images-bj"}),
        ("InvalidOSSBucket.NotMatched", {"OSSBucket": "images-sg"}),
        ("NoSetRoletoECSServiceAcount",
         lambda: change_account(local, roles=["AliyunECSImageExportDefaultRole"])),
        ("ConcurrentQuotaExceed.ExportImage",
         lambda: change_account(local, quotas=quotas.model_copy(update={"export_concurrent": 1}))),
        ("WeeklyQuotaExceed.ExportImage",
         lambda: change_account(local, quotas=quotas.model_copy(update={"export_concurrent": 1, "export_weekly": 1}))),
        ("DryRunOperation", {"DryRun": False}),
    ])


@pytest.mark.sandbox_world({
    "ecs_images": [{"name": "web", "id": IMAGE, "region": "ap-southeast-1", "disks": [{"gib": 1}], "shared": True,
                    "public": True}],
    "ecs_instances": [{"name": "own", "id": INSTANCE, "region": "ap-southeast-1", "image": IMAGE,
                       "deletion_protection": True}],
})
def test_the_order_of_delete_image_and_delete_instance(local: LocalCloud) -> None:
    local.work.later = True
    task = local.ok("ecs", "ExportImage", **EXPORT)["TaskId"]
    climb(local, "ecs", "DeleteImage", {"ImageId": IMAGE}, [
        ("ImageIsExporting", lambda: local.ok("ecs", "CancelTask", TaskId=task)),
        ("ImageUsingByInstance", {"Force": True}),
        ("ImageUseShared", lambda: local.cloud.images.update(IMAGE, shared=False)),
        ("ImageIsPublic", lambda: local.cloud.images.update(IMAGE, public=False)),
    ])
    local.cloud.instances.update(INSTANCE, state="Pending", since=local.cloud.clock.time())
    climb(local, "ecs", "DeleteInstance", {"InstanceId": "i-nothing"}, [
        ("InvalidInstanceId.NotFound", {"InstanceId": INSTANCE}),
        ("IncorrectInstanceStatus.Initializing", lambda: local.advance(1)),
        ("InvalidOperation.DeletionProtection", lambda: local.cloud.instances.update(INSTANCE, protected=False)),
        ("IncorrectInstanceStatus", {"Force": True}),
    ])


def test_the_order_of_source_server_actions(local: LocalCloud) -> None:
    job_id = local.started(1)
    local.advance(0.5)
    climb(local, "smc", "DeleteSourceServer", {"SourceId": "s-unitweb00001"}, [
        ("SourceServer.WithRunningReplicationJob",
         lambda: local.cloud.jobs.update(job_id, state="Stopped", last_step="Syncing")),
        ("ReplicationJob.Related", {"Force": True}),
    ])
    for name, code in (("web2", "SourceServerName.Duplicate"), ("free", "SourceServerState.Invalid")):
        assert local.code("smc", "ModifySourceServerAttribute", SourceId="s-unitweb00001", Name=name)[1] == code
