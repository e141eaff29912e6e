# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from support.local_cloud import START, Bench

from sandbox.state.clock import iso

DAY = 86400
MANY = {"sources": [{"name": f"web{n}", "id": f"s-unitweb{n:05}", "disks": [{"gib": 20}]} for n in range(1, 61)]}


def small(bench: Bench, number: int, **params: Any) -> str:
    answer = bench.ok("smc", "CreateReplicationJob", SourceId=f"s-unitweb{number:05}", Name=f"job-{number}",
                      ImageName=f"image-{number}", SystemDiskSize=20, **params)
    return str(answer["JobId"])


def test_a_job_waits_in_ready_until_it_is_started(bench: Bench) -> None:
    job_id = bench.job()
    bench.advance(3600)
    shown = bench.show(job_id)
    assert (shown["Status"], shown["BusinessStatus"], shown["Progress"], shown["ErrorCode"]) == ("Ready", "", 0.0, "")


def test_a_client_token_gives_the_same_job_again(bench: Bench) -> None:
    first = bench.job(ClientToken="abc")
    assert bench.job(ClientToken="abc") == first
    assert bench.ok("smc", "DescribeReplicationJobs")["TotalCount"] == 1


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
def test_what_a_job_is_refused_for(bench: Bench, params: dict[str, Any], code: str) -> None:
    assert bench.code("smc", "CreateReplicationJob", **bench.job_params(**params))[1] == code
    assert bench.ok("smc", "DescribeReplicationJobs")["TotalCount"] == 0


def test_an_unknown_region_is_refused(bench: Bench) -> None:
    params = bench.job_params(RegionId="mars-1")
    assert bench.code("smc", "CreateReplicationJob", **params) == (404, "InvalidRegionId.NotFound")


@pytest.mark.sandbox_world({"account": {"roles": []}})
def test_without_the_service_role_there_are_no_jobs(bench: Bench) -> None:
    assert bench.code("smc", "CreateReplicationJob", **bench.job_params()) == (403, "EntityNotExist.Role")


@pytest.mark.sandbox_world({"account": {"real_name": False}})
def test_without_real_name_authentication_there_are_no_jobs(bench: Bench) -> None:
    assert bench.code("smc", "CreateReplicationJob", **bench.job_params()) == (403, "RealNameAuthenticationError")


def test_a_source_has_one_unfinished_job(bench: Bench) -> None:
    job_id = bench.job()
    status, code = bench.code("smc", "CreateReplicationJob", **bench.job_params(Name="other", ImageName="other"))
    assert (status, code) == (400, "SourceServerState.Invalid")
    bench.ok("smc", "DeleteReplicationJob", JobId=job_id)
    bench.job(Name="other", ImageName="other")


def test_names_are_unique_and_an_image_name_belongs_to_one_job(bench: Bench) -> None:
    bench.job(1)
    second = bench.job_params(2)
    assert bench.code("smc", "CreateReplicationJob", **{**second, "Name": "job-1"})[1] == "ReplicationJobName.Duplicate"
    used = bench.code("smc", "CreateReplicationJob", **{**second, "ImageName": "image-1"})
    assert used == (400, "ImageName.UsedByReplicationJob")


def test_an_image_name_that_exists_is_suffixed_with_the_job_id(bench: Bench) -> None:
    bench.finished(1)
    job_id = bench.job(2, ImageName="image-1")
    assert bench.show(job_id)["ImageName"] == f"image-1_{job_id}"


def test_vswitch_and_vpc_must_belong_together(bench: Bench) -> None:
    vpcs = [bench.ok("vpc", "CreateVpc", CidrBlock="10.0.0.0/8")["VpcId"] for _turn in range(2)]
    vswitch = bench.ok("vpc", "CreateVSwitch", VpcId=vpcs[0], ZoneId="ap-southeast-1a", CidrBlock="10.0.1.0/24")
    network = {"VSwitchId": vswitch["VSwitchId"], "VpcId": vpcs[1]}
    mismatch = bench.code("smc", "CreateReplicationJob", **bench.job_params(**network))
    assert mismatch == (400, "VSwitchIdVpcId.Mismatch")
    shown = bench.finished(1, **{**network, "VpcId": vpcs[0]})
    assert (shown["VpcId"], shown["VSwitchId"]) == (vpcs[0], vswitch["VSwitchId"])
    assert bench.ok("vpc", "DescribeVpcs")["TotalCount"] == 2, "a given network stays"


@pytest.mark.sandbox_world({"account": {"quotas": {"jobs": 1}}})
def test_the_quota_of_jobs(bench: Bench) -> None:
    bench.job(1)
    assert bench.code("smc", "CreateReplicationJob", **bench.job_params(2)) == (400, "QuotaExceeded.ReplicationJob")


@pytest.mark.sandbox_world(MANY)
def test_fifty_jobs_run_at_once(bench: Bench) -> None:
    jobs = [small(bench, number) for number in range(1, 52)]
    for job_id in jobs[:50]:
        bench.ok("smc", "StartReplicationJob", JobId=job_id)
    assert bench.code("smc", "StartReplicationJob", JobId=jobs[50]) == (400, "QuotaExceeded.ConcurrentJobs")


@pytest.mark.sandbox_world(MANY)
def test_jobs_page_and_filter(bench: Bench) -> None:
    jobs = [small(bench, number, RegionId="cn-beijing" if number % 2 else "ap-southeast-1") for number in range(1, 25)]
    here = bench.ok("smc", "DescribeReplicationJobs")
    assert (here["TotalCount"], len(here["ReplicationJobs"]["ReplicationJob"])) == (12, 10), "RegionId is a filter"
    everywhere = bench.ok("smc", "DescribeReplicationJobs", RegionId="", PageSize=50)
    assert [job["JobId"] for job in everywhere["ReplicationJobs"]["ReplicationJob"]] == jobs
    assert bench.ok("smc", "DescribeReplicationJobs", Name="job-2")["TotalCount"] == 1
    assert bench.ok("smc", "DescribeReplicationJobs", Status="Running")["TotalCount"] == 0
    assert bench.ok("smc", "DescribeReplicationJobs", JobId__1="j-nothing")["TotalCount"] == 0
    too_many = {f"JobId__{n}": f"j-{n}" for n in range(1, 52)}
    assert bench.code("smc", "DescribeReplicationJobs", **too_many) == (400, "InvalidParameter.JobId")


def test_steps_of_a_job_and_its_progress(bench: Bench) -> None:
    job_id = bench.started()
    seen = []
    for _turn in range(80):
        shown = bench.show(job_id)
        step = (shown["Status"], shown["BusinessStatus"])
        if not seen or seen[-1][0] != step:
            seen.append((step, shown["Progress"]))
        assert isinstance(shown["Progress"], float)
        assert shown["Progress"] >= seen[-1][1]
        assert bool(shown["ImageId"]) == (step[1] == "Cleaning" or step[0] == "Finished")
        bench.advance(0.02)
    assert [step for step, _progress in seen] == [
        ("Running", "Preparing"), ("Running", "Syncing"), ("Running", "Processing"), ("Running", "Cleaning"),
        ("Finished", "Cleaning"),
    ]
    assert bench.show(job_id)["Progress"] == 100.0


def test_the_intermediate_instance_exists_from_syncing_to_cleaning(bench: Bench) -> None:
    job_id = bench.started()
    assert bench.ok("ecs", "DescribeInstances")["TotalCount"] == 0
    bench.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    bench.advance(0.3)
    shown = bench.show(job_id)
    (instance,) = bench.ok("ecs", "DescribeInstances")["Instances"]["Instance"]
    assert instance["InstanceId"] == shown["TransitionInstanceId"]
    assert instance["InstanceName"] == "No_Delete_SMC_Transition_Instance"
    disks = bench.ok("ecs", "DescribeDisks", InstanceId=instance["InstanceId"])["Disks"]["Disk"]
    assert [(disk["Type"], disk["Size"]) for disk in disks] == [("system", 20), ("data", 20), ("data", 30)]
    group = instance["SecurityGroupIds"]["SecurityGroupId"][0]
    rules = bench.ok("ecs", "DescribeSecurityGroupAttribute", SecurityGroupId=group)["Permissions"]["Permission"]
    assert [rule["PortRange"] for rule in rules] == ["8080/8080", "8703/8703"]
    assert bench.ok("vpc", "DescribeVpcs")["TotalCount"] == 1
    assert {entry["kind"] for entry in bench.cloud.meter.report()["running"]} == {"instance", "disk"}
    bench.finish()
    assert bench.show(job_id)["Status"] == "Finished"
    for product, action, key in (("ecs", "DescribeInstances", "TotalCount"), ("ecs", "DescribeDisks", "TotalCount"),
                                 ("ecs", "DescribeSecurityGroups", "TotalCount"), ("vpc", "DescribeVpcs", "TotalCount"),
                                 ("vpc", "DescribeVSwitches", "TotalCount")):
        assert bench.ok(product, action)[key] == 0, action


def test_the_image_is_made_of_the_bytes_received(bench: Bench) -> None:
    shown = bench.finished()
    (image,) = bench.ok("ecs", "DescribeImages", ImageId=shown["ImageId"])["Images"]["Image"]
    mappings = image["DiskDeviceMappings"]["DiskDeviceMapping"]
    assert [(disk["Device"], disk["Type"], disk["Size"]) for disk in mappings] == [
        ("/dev/xvda", "system", "20"), ("/dev/xvdb", "data", "30")
    ]
    for disk in mappings:
        assert bench.cloud.disk_store.size(disk["SnapshotId"]) == int(disk["Size"]) * 2**30
        assert bench.cloud.disk_store.used_bytes(disk["SnapshotId"]) == 2 * 2**20
    assert {entry["kind"] for entry in bench.cloud.meter.report()["running"]} == {"snapshot"}


def test_stop_only_while_syncing_and_start_again_keeps_instance_and_progress(bench: Bench) -> None:
    bench.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = bench.job()
    assert bench.code("smc", "StopReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    bench.ok("smc", "StartReplicationJob", JobId=job_id)
    assert bench.code("smc", "StopReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidBusinessStatus")
    assert bench.code("smc", "StartReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    bench.advance(10)
    bench.ok("smc", "StopReplicationJob", JobId=job_id)
    stopped = bench.show(job_id)
    assert stopped["Status"] == "Stopped"
    assert 5 < stopped["Progress"] < 80
    bench.advance(1000)
    assert bench.cloud.meter.report()["seconds"]["instance"] > 1000, "a stopped job's instance bills"
    bench.ok("smc", "StartReplicationJob", JobId=job_id)
    bench.advance(1)
    again = bench.show(job_id)
    assert again["TransitionInstanceId"] == stopped["TransitionInstanceId"]
    assert again["Progress"] >= stopped["Progress"]
    bench.finish()
    assert bench.show(job_id)["Status"] == "Finished"


def test_delete_is_refused_while_running_then_frees_everything(bench: Bench) -> None:
    bench.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = bench.started()
    bench.advance(1)
    assert bench.code("smc", "DeleteReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    bench.ok("smc", "StopReplicationJob", JobId=job_id)
    bench.ok("smc", "DeleteReplicationJob", JobId=job_id)
    assert bench.show(job_id)["Status"] == "Deleting"
    bench.advance(1)
    assert bench.show(job_id) == {}
    assert bench.cloud.meter.report()["running"] == []
    assert bench.cloud.disk_store.ids() == []
    assert bench.code("smc", "DeleteReplicationJob", JobId=job_id)[1] == "JobId.NotFound"


def test_a_released_instance_ends_the_job_and_start_does_not_bring_it_back(bench: Bench) -> None:
    bench.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = bench.started()
    bench.advance(1)
    instance_id = bench.show(job_id)["TransitionInstanceId"]
    assert bench.code("ecs", "DeleteInstance", InstanceId=instance_id) == (403, "IncorrectInstanceStatus")
    bench.ok("ecs", "DeleteInstance", InstanceId=instance_id, Force=True)
    lost = bench.show(job_id)
    assert (lost["Status"], lost["ErrorCode"]) == ("InError", "TransitionInstance.NotFound")
    bench.ok("smc", "StartReplicationJob", JobId=job_id)
    bench.advance(1)
    assert bench.show(job_id)["Status"] == "InError"
    bench.ok("smc", "DeleteReplicationJob", JobId=job_id)
    bench.advance(1)
    assert bench.cloud.meter.report()["running"] == []


def test_an_offline_source_stops_the_job_which_keeps_and_bills_its_instance(bench: Bench) -> None:
    bench.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    job_id = bench.started()
    bench.advance(1)
    bench.cloud.sources.update("s-unitweb00001", online=False)
    shown = bench.show(job_id)
    assert (shown["Status"], shown["ErrorCode"]) == ("InError", "SourceServer.Offline")
    assert bench.code("smc", "StartReplicationJob", JobId=job_id) == (400, "SourceServerState.Invalid")
    assert "instance" in {entry["kind"] for entry in bench.cloud.meter.report()["running"]}
    bench.cloud.sources.update("s-unitweb00001", online=True)
    bench.ok("smc", "StartReplicationJob", JobId=job_id)
    bench.finish()
    assert bench.show(job_id)["Status"] == "Finished"


@pytest.mark.sandbox_world({"account": {"balance": 0}})
def test_without_balance_nothing_is_created(bench: Bench) -> None:
    job_id = bench.started()
    bench.advance(60)
    shown = bench.show(job_id)
    assert (shown["Status"], shown["ErrorCode"]) == ("InError", "InvalidAccountStatus.NotEnoughBalance")
    assert bench.ok("ecs", "DescribeInstances")["TotalCount"] == 0


@pytest.mark.sandbox_world({"account": {"quotas": {"vpc": 1}}})
def test_every_job_without_a_network_takes_a_vpc_of_the_quota(bench: Bench) -> None:
    bench.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.5)
    first = bench.started(1)
    bench.advance(1)
    second = bench.started(2)
    bench.advance(1)
    assert bench.show(first)["BusinessStatus"] == "Syncing"
    shown = bench.show(second)
    assert (shown["Status"], shown["ErrorCode"]) == ("InError", "QuotaExceeded.Vpc")
    assert bench.code("vpc", "CreateVpc") == (400, "QuotaExceeded.Vpc")


def test_jobs_expire_and_are_deleted_seven_days_later(bench: Bench) -> None:
    job_id = bench.job(ValidTime=iso(START + 7 * DAY))
    bench.advance(7 * DAY)
    assert bench.show(job_id)["Status"] == "Expired"
    assert bench.code("smc", "StartReplicationJob", JobId=job_id) == (400, "ReplicationJob.InvalidStatus")
    again = bench.code("smc", "CreateReplicationJob", **bench.job_params(Name="b1", ImageName="b1"))
    assert again == (400, "SourceServerState.Invalid"), "an expired job counts as unfinished"
    bench.advance(7 * DAY)
    assert bench.show(job_id) == {}


def test_thirty_days_are_the_default(bench: Bench) -> None:
    assert bench.show(bench.job())["ValidTime"] == iso(START + 30 * DAY)


def test_modify_before_and_after_the_start(bench: Bench) -> None:
    job_id = bench.job()
    bench.ok("smc", "ModifyReplicationJobAttribute", JobId=job_id, ImageName="better", SystemDiskSize=40,
             DataDisk__1__Index=1, DataDisk__1__Size=50)
    shown = bench.show(job_id)
    assert (shown["ImageName"], shown["SystemDiskSize"]) == ("better", 40)
    assert shown["DataDisks"]["DataDisk"][0]["Size"] == 50
    bench.job(2)
    duplicate = bench.code("smc", "ModifyReplicationJobAttribute", JobId=job_id, Name="job-2")
    assert duplicate == (400, "ReplicationJobName.Duplicate")
    used = bench.code("smc", "ModifyReplicationJobAttribute", JobId=job_id, ImageName="image-2")
    assert used == (400, "ImageName.UsedByReplicationJob")
    bench.ok("smc", "StartReplicationJob", JobId=job_id)
    late = bench.code("smc", "ModifyReplicationJobAttribute", JobId=job_id, SystemDiskSize=60)
    assert late == (400, "ReplicationJob.InvalidStatus")
    bench.ok("smc", "ModifyReplicationJobAttribute", JobId=job_id, Description="still possible")


@pytest.mark.sandbox_world({"job_errors": {"web1": "check virtio failed"}})
def test_job_errors_of_the_world_fail_every_time(bench: Bench) -> None:
    job_id = bench.started()
    for _turn in range(2):
        bench.advance(60)
        shown = bench.show(job_id)
        assert (shown["Status"], shown["ErrorCode"]) == ("InError", "check virtio failed")
        bench.ok("smc", "StartReplicationJob", JobId=job_id)
    assert bench.finished(2)["Status"] == "Finished"


@pytest.mark.sandbox_world(
    {"failures": [{"lifecycle": "smc.job", "at": "Running/Processing", "name": "web?", "code": "InternalError",
                   "message": "no luck", "times": 1}]}
)
def test_a_failure_is_spent_and_the_retry_succeeds(bench: Bench) -> None:
    job_id = bench.started()
    bench.cloud.sources.update("s-unitweb00001", bandwidth_mbps=1000)
    bench.advance(0.4)
    bench.advance(0.3)
    shown = bench.show(job_id)
    assert (shown["Status"], shown["ErrorCode"], shown["StatusInfo"]) == ("InError", "InternalError", "no luck")
    assert shown["ImageId"] == ""
    bench.ok("smc", "StartReplicationJob", JobId=job_id)
    bench.finish()
    assert bench.show(job_id)["Status"] == "Finished"
    snapshots = [row["id"] for row in bench.cloud.snapshots]
    assert sorted(bench.cloud.disk_store.ids()) == sorted(snapshots), "nothing is left of the first attempt"
