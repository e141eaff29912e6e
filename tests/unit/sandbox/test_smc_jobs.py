# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_cloud import START, LocalCloud

from sandbox.state.clock import iso

DAY = 86400
MANY = {"sources": [{"name": f"web{n}", "id": f"s-unitweb{n:05}", "disks": [{"gib": 20}]} for n in range(1, 61)]}


def small(local: LocalCloud, number: int, **params: Any) -> str:
    answer = local.ok("smc", "CreateReplicationJob", SourceId=f"s-unitweb{number:05}", Name=f"job-{number}",
                      ImageName=f"image-{number}", SystemDiskSize=20, **params)
    return str(answer["JobId"])


def test_a_job_waits_in_ready_until_it_is_started(local: LocalCloud) -> None:
    job_id = local.job()
    local.advance(3600)
    shown = local.show(job_id)
    assert (shown["Status"], shown["BusinessStatus"], shown["Progress"], shown["ErrorCode"]) == ("Ready", "", 0.0, "")


def test_a_client_token_gives_the_same_job_again(local: LocalCloud) -> None:
    first = local.job(ClientToken="abc")
    assert local.job(ClientToken="abc") == first
    assert local.ok("smc", "DescribeReplicationJobs")["TotalCount"] == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"RegionId": ""}, "MissingParameter"),
        ({"SourceId": "s-nothing"}, "SourceId.NotFound"),
        ({"Name": "1-job"}, "InvalidParameter.Name"),
        ({"ImageName": ""}, "MissingParameter"),
        ({"ImageName": "has space"}, "InvalidParameter.ImageName"),
        ({"SystemDiskSize": 19}, "InvalidParameter.SystemDiskSize"),
        ({"SystemDiskSize": 2049}, "InvalidParameter.SystemDiskSize"),
        ({"DataDisk__1__Index": 2}, "ReplicationJobDataDiskIndex.Invalid"),
        ({"DataDisk__2__Index": 1, "DataDisk__2__Size": 30}, "DataDisk.DuplicateIndex"),
        ({"DataDisk__1__Size": 29}, "Sandbox.NotEmulated"),
        ({"TargetType": "TargetInstance"}, "Sandbox.NotEmulated"),
        ({"RunOnce": "false"}, "MissingParameter"),
        ({"NetMode": 2}, "MissingParameter"),
        ({"VSwitchId": "vsw-nothing"}, "InvalidVSwitchId.NotFound"),
        ({"ReplicationParameters": "{not json"}, "InvalidParameter.ReplicationParameters"),
        ({"ValidTime": iso(START + 6 * DAY)}, "InvalidParameter.ValidTime"),
        ({"ValidTime": iso(START + 91 * DAY)}, "InvalidParameter.ValidTime"),
        ({"ValidTime": "next week"}, "InvalidParameter.ValidTime"),
    ],
)
def test_what_a_job_is_refused_for(local: LocalCloud, params: dict[str, Any], code: str) -> None:
    assert local.code("smc", "CreateReplicationJob", **local.job_params(**params))[1] == code
    assert local.ok("smc", "DescribeReplicationJobs")["TotalCount"] == 0


def test_an_unknown_region_is_refused(local: LocalCloud) -> None:
    params = local.job_params(RegionId="mars-1")
    assert local.code("smc", "CreateReplicationJob", **params) == (404, "InvalidRegionId.NotFound")


@pytest.mark.sandbox_world({"account": {"roles": []}})
def test_without_the_service_role_there_are_no_jobs(local: LocalCloud) -> None:
    assert local.code("smc", "CreateReplicationJob", **local.job_params()) == (403, "EntityNotExist.Role")


@pytest.mark.sandbox_world({"account": {"real_name": False}})
def test_without_real_name_authentication_there_are_no_jobs(local: LocalCloud) -> None:
    assert local.code("smc", "CreateReplicationJob", **local.job_params()) == (403, "RealNameAuthenticationError")


def test_a_source_has_one_unfinished_job(local: LocalCloud) -> None:
    job_id = local.job()
    status, code = local.code("smc", "CreateReplicationJob", **local.job_params(Name="other", ImageName="other"))
    assert (status, code) == (400, "SourceServerState.Invalid")
    local.ok("smc", "DeleteReplicationJob", JobId=job_id)
    local.job(Name="other", ImageName="other")


def test_names_are_unique_and_an_image_name_belongs_to_one_job(local: LocalCloud) -> None:
    local.job(1)
    second = local.job_params(2)
    assert local.code("smc", "CreateReplicationJob", **{**second, "Name": "job-1"})[1] == "ReplicationJobName.Duplicate"
    used = local.code("smc", "CreateReplicationJob", **{**second, "ImageName": "image-1"})
    assert used == (400, "ImageName.UsedByReplicationJob")


def test_an_image_name_that_exists_is_suffixed_with_the_job_id(local: LocalCloud) -> None:
    local.finished(1)
    job_id = local.job(2, ImageName="image-1")
    assert local.show(job_id)["ImageName"] == f"image-1_{job_id}"


def test_vswitch_and_vpc_must_belong_together(local: LocalCloud) -> None:
    vpcs = [local.ok("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")["VpcId"] for _turn in range(2)]
    vswitch = local.ok("vpc", "CreateVSwitch", VpcId=vpcs[0], ZoneId="ap-southeast-1a", CidrBlock="10.0.1.0/24")
    network = {"VSwitchId": vswitch["VSwitchId"], "VpcId": vpcs[1]}
    mismatch = local.code("smc", "CreateReplicationJob", **local.job_params(**network))
    assert mismatch == (400, "VSwitchIdVpcId.Mismatch")
    shown = local.finished(1, **{**network, "VpcId": vpcs[0]})
    assert (shown["VpcId"], shown["VSwitchId"]) == (vpcs[0], vswitch["VSwitchId"])
    assert local.ok("vpc", "DescribeVpcs")["TotalCount"] == 2, "a given network stays"


@pytest.mark.sandbox_world({"account": {"quotas": {"jobs": 1}}})
def test_the_quota_of_jobs(local: LocalCloud) -> None:
    local.job(1)
    assert local.code("smc", "CreateReplicationJob", **local.job_params(2)) == (400, "QuotaExceeded.ReplicationJob")


@pytest.mark.sandbox_world(MANY)
def test_fifty_jobs_run_at_once(local: LocalCloud) -> None:
    jobs = [small(local, number) for number in range(1, 52)]
    for job_id in jobs[:50]:
        local.ok("smc", "StartReplicationJob", JobId=job_id)
    assert local.code("smc", "StartReplicationJob", JobId=jobs[50]) == (400, "QuotaExceeded.ConcurrentJobs")


@pytest.mark.sandbox_world(MANY)
def test_jobs_page_and_filter(local: LocalCloud) -> None:
    jobs = [small(local, number, RegionId="cn-beijing" if number % 2 else "ap-southeast-1") for number in range(1, 25)]
    here = local.ok("smc", "DescribeReplicationJobs")
    assert (here["TotalCount"], len(here["ReplicationJobs"]["ReplicationJob"])) == (12, 10), "RegionId is a filter"
    everywhere = local.ok("smc", "DescribeReplicationJobs", RegionId="", PageSize=50)
    assert [job["JobId"] for job in everywhere["ReplicationJobs"]["ReplicationJob"]] == jobs
    assert local.ok("smc", "DescribeReplicationJobs", Name="job-2")["TotalCount"] == 1
    assert local.ok("smc", "DescribeReplicationJobs", Status="Running")["TotalCount"] == 0
    assert local.ok("smc", "DescribeReplicationJobs", JobId__1="j-nothing")["TotalCount"] == 0
    too_many = {f"JobId__{n}": f"j-{n}" for n in range(1, 52)}
    assert local.code("smc", "DescribeReplicationJobs", **too_many) == (400, "InvalidParameter.JobId")


def test_steps_of_a_job_and_its_progress(local: LocalCloud) -> None:
    job_id = local.started()
    seen = []
    for _turn in range(80):
        shown = local.show(job_id)
        step = (shown["Status"], shown["BusinessStatus"])
        if not seen or seen[-1][0] != step:
            seen.append((step, shown["Progress"]))
        assert isinstance(shown["Progress"], float)
        assert shown["Progress"] >= seen[-1][1]
        assert bool(shown["ImageId"]) == (step[1] == "Cleaning" or step[0] == "Finished")
        local.advance(0.02)
    assert [step for step, _progress in seen] == [
        ("Running", "Preparing"), ("Running", "Syncing"), ("Running", "Processing"), ("Running", "Cleaning"),
        ("Finished", "Cleaning"),
    ]
    assert local.show(job_id)["Progress"] == 100.0


def test_the_intermediate_instance_exists_from_syncing_to_cleaning(local: LocalCloud) -> None:
    job_id = local.started()
    assert local.ok("ecs", "DescribeInstances")["TotalCount"] == 0
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    local.advance(0.3)
    shown = local.show(job_id)
    (instance,) = local.ok("ecs", "DescribeInstances")["Instances"]["Instance"]
    assert instance["InstanceId"] == shown["TransitionInstanceId"]
    assert instance["InstanceName"] == "No_Delete_SMC_Transition_Instance"
    disks = local.ok("ecs", "DescribeDisks", InstanceId=instance["InstanceId"])["Disks"]["Disk"]
    assert [(disk["Type"], disk["Size"]) for disk in disks] == [("system", 20), ("data", 20), ("data", 30)]
    group = instance["SecurityGroupIds"]["SecurityGroupId"][0]
    rules = local.ok("ecs", "DescribeSecurityGroupAttribute", SecurityGroupId=group)["Permissions"]["Permission"]
    assert [rule["PortRange"] for rule in rules] == ["8080/8080", "8703/8703"]
    assert local.ok("vpc", "DescribeVpcs")["TotalCount"] == 1
    assert {entry["kind"] for entry in local.cloud.meter.report()["running"]} == {"instance", "disk"}
    local.finish()
    assert local.show(job_id)["Status"] == "Finished"
    for product, action, key in (("ecs", "DescribeInstances", "TotalCount"), ("ecs", "DescribeDisks", "TotalCount"),
                                 ("ecs", "DescribeSecurityGroups", "TotalCount"), ("vpc", "DescribeVpcs", "TotalCount"),
                                 ("vpc", "DescribeVSwitches", "TotalCount")):
        assert local.ok(product, action)[key] == 0, action


def test_the_image_is_made_of_the_bytes_received(local: LocalCloud) -> None:
    shown = local.finished()
    (image,) = local.ok("ecs", "DescribeImages", ImageId=shown["ImageId"])["Images"]["Image"]
    mappings = image["DiskDeviceMappings"]["DiskDeviceMapping"]
    assert [(disk["Device"], disk["Type"], disk["Size"]) for disk in mappings] == [
        ("/dev/xvda", "system", "20"), ("/dev/xvdb", "data", "30")
    ]
    for disk in mappings:
        assert local.cloud.disk_store.size(disk["SnapshotId"]) == int(disk["Size"]) * 2**30
        assert local.cloud.disk_store.used_bytes(disk["SnapshotId"]) == 2 * 2**20
    assert {entry["kind"] for entry in local.cloud.meter.report()["running"]} == {"snapshot"}


def test_stop_only_while_syncing_and_start_again_keeps_instance_and_progress(local: LocalCloud) -> None:
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = local.job()
    assert local.code("smc", "StopReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    assert local.code("smc", "StopReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidBusinessStatus")
    assert local.code("smc", "StartReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    local.advance(10)
    local.ok("smc", "StopReplicationJob", JobId=job_id)
    stopped = local.show(job_id)
    assert stopped["Status"] == "Stopped"
    assert 5 < stopped["Progress"] < 80
    local.advance(1000)
    assert local.cloud.meter.report()["seconds"]["instance"] > 1000, "a stopped job's instance bills"
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    local.advance(1)
    again = local.show(job_id)
    assert again["TransitionInstanceId"] == stopped["TransitionInstanceId"]
    assert again["Progress"] >= stopped["Progress"]
    local.finish()
    assert local.show(job_id)["Status"] == "Finished"


def test_delete_is_refused_while_running_then_frees_everything(local: LocalCloud) -> None:
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = local.started()
    local.advance(1)
    assert local.code("smc", "DeleteReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    local.ok("smc", "StopReplicationJob", JobId=job_id)
    local.ok("smc", "DeleteReplicationJob", JobId=job_id)
    assert local.show(job_id)["Status"] == "Deleting"
    local.advance(1)
    assert local.show(job_id) == {}
    assert local.cloud.meter.report()["running"] == []
    assert local.cloud.disk_store.ids() == []
    assert local.code("smc", "DeleteReplicationJob", JobId=job_id)[1] == "JobId.NotFound"


def test_a_released_instance_ends_the_job_and_start_does_not_bring_it_back(local: LocalCloud) -> None:
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = local.started()
    local.advance(1)
    instance_id = local.show(job_id)["TransitionInstanceId"]
    assert local.code("ecs", "DeleteInstance", InstanceId=instance_id) == (403, "IncorrectInstanceStatus")
    local.ok("ecs", "DeleteInstance", InstanceId=instance_id, Force=True)
    lost = local.show(job_id)
    assert (lost["Status"], lost["ErrorCode"]) == ("InError", "TransitionInstance.NotFound")
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    local.advance(1)
    assert local.show(job_id)["Status"] == "InError"
    local.ok("smc", "DeleteReplicationJob", JobId=job_id)
    local.advance(1)
    assert local.cloud.meter.report()["running"] == []


def test_an_offline_source_stops_the_job_which_keeps_and_bills_its_instance(local: LocalCloud) -> None:
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = local.started()
    local.advance(1)
    local.cloud.sources.update("s-unitweb00001", online=False)
    shown = local.show(job_id)
    assert (shown["Status"], shown["ErrorCode"]) == ("InError", "SourceServer.Offline")
    assert local.code("smc", "StartReplicationJob", JobId=job_id) == (400, "SourceServerState.Invalid")
    assert "instance" in {entry["kind"] for entry in local.cloud.meter.report()["running"]}
    local.cloud.sources.update("s-unitweb00001", online=True)
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    local.finish()
    assert local.show(job_id)["Status"] == "Finished"


@pytest.mark.sandbox_world({"account": {"balance": 0}})
def test_without_balance_nothing_is_created(local: LocalCloud) -> None:
    job_id = local.started()
    local.advance(60)
    shown = local.show(job_id)
    assert (shown["Status"], shown["ErrorCode"]) == ("InError", "InvalidAccountStatus.NotEnoughBalance")
    assert local.ok("ecs", "DescribeInstances")["TotalCount"] == 0


@pytest.mark.sandbox_world({"account": {"quotas": {"vpc": 1}}})
def test_every_job_without_a_network_takes_a_vpc_of_the_quota(local: LocalCloud) -> None:
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    first = local.started(1)
    local.advance(1)
    second = local.started(2)
    local.advance(1)
    assert local.show(first)["BusinessStatus"] == "Syncing"
    shown = local.show(second)
    assert (shown["Status"], shown["ErrorCode"]) == ("InError", "QuotaExceeded.Vpc")
    assert local.code("vpc", "CreateVpc") == (400, "QuotaExceeded.Vpc")


def test_jobs_expire_and_are_deleted_seven_days_later(local: LocalCloud) -> None:
    job_id = local.job(ValidTime=iso(START + 7 * DAY))
    local.advance(7 * DAY)
    assert local.show(job_id)["Status"] == "Expired"
    assert local.code("smc", "StartReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    again = local.code("smc", "CreateReplicationJob", **local.job_params(Name="b1", ImageName="b1"))
    assert again == (400, "SourceServerState.Invalid"), "an expired job counts as unfinished"
    local.advance(7 * DAY)
    assert local.show(job_id) == {}


def test_thirty_days_are_the_default(local: LocalCloud) -> None:
    assert local.show(local.job())["ValidTime"] == iso(START + 30 * DAY)


def test_modify_before_and_after_the_start(local: LocalCloud) -> None:
    job_id = local.job()
    local.ok("smc", "ModifyReplicationJobAttribute", JobId=job_id, ImageName="better", SystemDiskSize=40,
             DataDisk__1__Index=1, DataDisk__1__Size=50)
    shown = local.show(job_id)
    assert (shown["ImageName"], shown["SystemDiskSize"]) == ("better", 40)
    assert shown["DataDisks"]["DataDisk"][0]["Size"] == 50
    local.job(2)
    duplicate = local.code("smc", "ModifyReplicationJobAttribute", JobId=job_id, Name="job-2")
    assert duplicate == (400, "ReplicationJobName.Duplicate")
    used = local.code("smc", "ModifyReplicationJobAttribute", JobId=job_id, ImageName="image-2")
    assert used == (400, "ImageName.UsedByReplicationJob")
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    late = local.code("smc", "ModifyReplicationJobAttribute", JobId=job_id, SystemDiskSize=60)
    assert late == (400, "ReplicationJob.InvalidStatus")
    local.ok("smc", "ModifyReplicationJobAttribute", JobId=job_id, Description="still-possible")


@pytest.mark.sandbox_world({"job_errors": {"web1": "check virtio failed"}})
def test_job_errors_of_the_world_fail_every_time(local: LocalCloud) -> None:
    job_id = local.started()
    for _turn in range(2):
        local.advance(60)
        shown = local.show(job_id)
        assert (shown["Status"], shown["ErrorCode"]) == ("InError", "check virtio failed")
        local.ok("smc", "StartReplicationJob", JobId=job_id)
    assert local.finished(2)["Status"] == "Finished"


@pytest.mark.sandbox_world(
    {"failures": [{"lifecycle": "smc.job", "at": "Running/Processing", "name": "web?", "code": "InternalError",
                   "message": "no luck", "times": 1}]}
)
def test_a_failure_is_spent_and_the_retry_succeeds(local: LocalCloud) -> None:
    job_id = local.started()
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=1000)
    local.advance(0.4)
    local.advance(0.3)
    shown = local.show(job_id)
    assert (shown["Status"], shown["ErrorCode"], shown["StatusInfo"]) == ("InError", "InternalError", "no luck")
    assert shown["ImageId"] == ""
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    local.finish()
    assert local.show(job_id)["Status"] == "Finished"
    snapshots = [row["id"] for row in local.cloud.snapshots]
    assert sorted(local.cloud.disk_store.ids()) == sorted(snapshots), "nothing is left of the first attempt"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("Do Rsync Disk 0 Failed", ("S1", "Do Rsync Disk 0 Failed")),
        ("QuotaExceeded.Vpc", ("S1", "The job failed (QuotaExceeded.Vpc).")),
        ("S11_U6", ("S11_U6", "")),
    ],
)
@pytest.mark.sandbox_world({"job_error_form": "number"})
def test_a_failed_job_may_tell_a_number_and_the_word_in_its_status_info(
    local: LocalCloud, code: str, told: tuple[str, str]
) -> None:
    job_id = local.started()
    local.cloud.jobs.update(job_id, state="InError", error_code=code)
    shown = local.show(job_id)
    info = json.loads(shown["StatusInfo"])["error_msg"] if shown["StatusInfo"] else ""
    assert (shown["ErrorCode"], info) == told
