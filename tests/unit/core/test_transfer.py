# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage transfer: what every state of source, job and instance leads to, and what a job is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import ResourcesSeen, Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, error_codes, limits, states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import job_spec, transfer

from .cloud import Cloud
from .kit import GIB, START, codes, context, perform, policy, refused, requested, server, stamp

SERVER = server()
SOURCE = {"SourceId": "s-01", "State": "Available", "SystemDiskSize": 20}


def job(status: str, **more: Any) -> dict[str, Any]:
    return {"JobId": "j-1", "SourceId": "s-01", "Status": status, "Name": SERVER.job_name, **more}


def in_error(code: str, gone: bool = False) -> Seen:
    instance = None if gone else {"InstanceId": "i-1"}
    row = job("InError", ErrorCode=code, StatusInfo="the source says so", TransitionInstanceId="i-1")
    return Seen(source=SOURCE, job=row, instance=instance)


def decide(seen: Seen, retries: int = 0, item: Any = SERVER) -> tuple[str, str, str]:
    decision = transfer.decide(context(None), item, replace(seen, cures=retries))
    return decision.kind, decision.action, decision.text


JOBS = [
    (job("Ready"), "act", "start", "Ready"),
    (job("Running", BusinessStatus="Preparing"), "wait", "", "Preparing"),
    (job("Running", BusinessStatus="Syncing"), "wait", "", "Syncing"),
    (job("Running", BusinessStatus="Processing"), "wait", "", "Processing"),
    (job("Running", BusinessStatus="Cleaning"), "wait", "", "Cleaning"),
    (job("Running"), "wait", "", "Running"),
    (job("Running", BusinessStatus="Syncing", TransitionInstanceId="i-1"), "wait", "", "i-1 is gone"),
    (job("Stopped"), "act", "start", "Stopped"),
    (job("Finished", ImageId="m-1"), "done", "", "m-1"),
    (job("Finished"), "fail", "", "names no image"),
    (job("Finished", ImageId=""), "fail", "", "names no image"),
    (job("Waiting"), "wait", "", "Waiting"),
    (job("Waiting", RunOnce=False), "wait", "", "Waiting"),
    (job("Running", RunOnce=False, BusinessStatus="Syncing"), "wait", "", "Syncing"),
    (job("Waiting", RunOnce=False, ImageId="m-1", StartTime=stamp(START)), "synced", "", "sync began at 2026-11-24"),
    (job("Expired"), "act", "delete", "cannot be started again"),
    (job("Deleting"), "wait", "", "Deleting"),
    (job("SomethingNew"), "wait", "", "SomethingNew"),
    ({"JobId": "j-1"}, "wait", "", "j-1"),
]


@pytest.mark.parametrize(
    ("row", "kind", "action", "words"), JOBS,
    ids=[f"{number}-{row.get('Status')}" for number, (row, *_rest) in enumerate(JOBS)],
)
def test_every_state_of_a_job_has_its_next_step(row: dict[str, Any], kind: str, action: str, words: str) -> None:
    found = decide(Seen(source=SOURCE, job=row))
    assert found[:2] == (kind, action)
    assert words in found[2]


def test_every_documented_job_state_is_in_the_table() -> None:
    covered = {row.get("Status") for row, *_rest in JOBS} | {"InError"}
    assert covered >= states.JOB_UNFINISHED | {"Finished"}


@pytest.mark.parametrize(("value", "percent"), [(42.5, 42.5), ("42.5", 42.5), ("42%", 42), (None, 0)])
def test_progress_is_told_however_it_is_written(value: Any, percent: float) -> None:
    seen = Seen(job=job("Running", BusinessStatus="Syncing", Progress=value))
    assert transfer.decide(context(None, START), SERVER, seen).progress == percent


@pytest.mark.parametrize("code", codes(retry=True))
def test_an_error_that_a_retry_can_cure_is_retried_as_often_as_asked(code: str) -> None:
    assert decide(in_error(code), retries=0)[:2] == ("act", "start")
    assert decide(in_error(code), retries=1)[:2] == ("act", "start")
    assert decide(in_error(code), retries=2)[0] == "fail"


@pytest.mark.parametrize("code", codes(retry=False))
def test_another_error_is_for_a_human_with_code_message_remedy_and_cost(code: str) -> None:
    kind, _action, text = decide(in_error(code))
    assert kind == "fail"
    assert code in text
    assert "the source says so" in text
    assert error_codes.find_job(code, "").remedy in text
    assert "billed until the job is deleted" in text


def test_a_retry_waits_for_a_source_that_is_away_and_an_error_without_instance_costs_nothing() -> None:
    seen = in_error("SourceServer.Offline")
    seen.source = {**SOURCE, "State": "Unavailable"}
    assert (decide(seen)[0], decide(seen, retries=2)[0]) == ("wait", "fail")
    early = Seen(source=SOURCE, job=job("InError", ErrorCode="Forbidden.RAM"))
    assert decide(early)[2].endswith("RAM. " + error_codes.known("Forbidden.RAM").remedy)


@pytest.mark.parametrize("code", ["", "Forbidden.RAM", *sorted(states.INTERMEDIATE_GONE)])
def test_a_job_that_lost_its_instance_is_deleted_and_made_again(code: str) -> None:
    assert decide(in_error(code, gone=True))[:2] == ("act", "delete")
    kind, _action, text = decide(in_error(code, gone=True), retries=2)
    assert kind == "fail"
    assert "billed" not in text


@pytest.mark.parametrize("code", sorted(states.INTERMEDIATE_GONE))
def test_the_services_word_that_the_instance_is_gone_counts_even_while_it_is_listed(code: str) -> None:
    assert decide(in_error(code))[:2] == ("act", "delete")


FOREIGN = {"JobId": "j-9", "Name": "by hand", "Status": "Running"}


@pytest.mark.parametrize(
    ("seen", "item", "kind", "words"),
    [
        (Seen(source=SOURCE), SERVER, "act", "Available"),
        (Seen(), SERVER, "fail", "s-01 is not registered"),
        (Seen(), server(source_id=""), "fail", "no source id"),
        (Seen(source={**SOURCE, "State": "Unavailable"}), SERVER, "wait", "Unavailable"),
        (Seen(source={**SOURCE, "State": "InUse"}), SERVER, "wait", "InUse"),
        (Seen(source={"SourceId": "s-01"}), SERVER, "wait", "s-01"),
        (Seen(source=SOURCE, foreign_job=FOREIGN), SERVER, "fail", "j-9 (by hand, Running)"),
        (Seen(source={**SOURCE, "State": "InUse"}, foreign_job=FOREIGN), SERVER, "fail", "j-9"),
    ],
)
def test_a_source_without_a_job_of_ours(seen: Seen, item: Any, kind: str, words: str) -> None:
    found = decide(seen, item=item)
    assert found[0] == kind
    assert words in found[2]


def test_a_client_that_copies_for_another_job_stays() -> None:
    assert transfer.decide(context(None), SERVER, Seen(source=SOURCE, foreign_job=FOREIGN)).keep


def test_a_job_of_ours_counts_even_when_the_source_is_gone_or_unknown() -> None:
    assert decide(Seen(job=job("Finished", ImageId="m-1")), item=server(source_id=""))[0] == "done"


def test_a_job_that_was_just_created_is_waited_for_and_not_created_again() -> None:
    # A describe may lag behind: SMC would refuse the second job for its name, and the server would count as failed.
    seen = Seen(source=SOURCE, created=requested(limits.LIST_SETTLE_SECONDS))
    assert transfer.decide(context(None, START + timedelta(seconds=60)), SERVER, seen).kind == "wait"
    late = START + timedelta(seconds=limits.LIST_SETTLE_SECONDS + 1)
    assert transfer.decide(context(None, late), SERVER, seen).action == "create"


# ---- disks ----
@pytest.mark.parametrize(
    ("ours", "system", "data"),
    [
        ((20,), 20, []),
        ((20, 30, 40), 20, [(1, 30), (2, 40)]),
        ((20, 30, 40), 20, [(2, 40), (1, 30)]),
        ((233,), 232, []),
        ((466,), 500, []),
        ((10,), 10, []),
        ((20,), None, []),
    ],
)
def test_disks_that_agree_but_for_rounding_are_taken(ours: Any, system: Any, data: list[Any]) -> None:
    disks = {"DataDisk": [{"Index": index, "Size": size} for index, size in data]}
    assert job_spec.disk_problem(server(disks=ours), {"SystemDiskSize": system, "DataDisks": disks}) == ""


@pytest.mark.parametrize(
    ("ours", "system", "data", "words"),
    [
        ((20, 30), 20, [], "SMC sees 1 disks of source s-01, the probe expects 2"),
        ((20,), 20, [30], "SMC sees 2 disks"),
        ((20, 30, 60), 20, [60, 30], "another order"),
        ((20,), 40, [], "SMC sees 40 GiB for disk 0 of source s-01, the host has 20 GiB"),
    ],
)
def test_disks_that_cannot_be_the_servers_are_refused_before_the_copy(
    ours: Any, system: int, data: list[int], words: str
) -> None:
    disks = {"DataDisk": [{"Index": index, "Size": size} for index, size in enumerate(data, 1)]}
    item, source = server(disks=ours), {**SOURCE, "SystemDiskSize": system, "DataDisks": disks}
    assert words in job_spec.disk_problem(item, source)
    kind, _action, text = decide(Seen(source=source), item=item)
    assert kind == "fail"
    assert words in text


def test_without_any_disk_size_there_is_no_job() -> None:
    assert "give the disks" in job_spec.disk_problem(server(disks=()), {"SourceId": "s-01"})
    assert job_spec.disk_problem(server(disks=()), SOURCE) == ""


# ---- parameters ----
def params(item: Any = SERVER, source: Any = None, **changes: Any) -> dict[str, Any]:
    return job_spec.params(item, Seen(source=source or SOURCE), policy(**changes), START)


def test_the_parameters_of_a_job() -> None:
    identity = SERVER.id
    assert params() == {
        "RegionId": "ap-southeast-1",
        "SourceId": "s-01",
        "Name": f"web-01-{identity}",
        "Description": "edgelift:wave_01:web-01",
        "TargetType": "Image",
        "ImageName": f"web-01-{identity}",
        "SystemDiskSize": 20,
        "DataDisks": [],
        "NetMode": 0,
        "RunOnce": True,
        "ValidTime": "2026-12-01T08:20:00Z",
        "Tags": [
            {"Key": "edgelift:migration", "Value": identity},
            {"Key": "edgelift:wave", "Value": "wave_01"},
            {"Key": "edgelift:host", "Value": "web-01"},
        ],
    }


def test_options_that_are_given_are_sent() -> None:
    found = params(vpc_id="vpc-1", vswitch_id="vsw-1", net_mode=2, replication_parameters='{"bandwidth_limit": 1}')
    assert (found["VpcId"], found["VSwitchId"], found["NetMode"]) == ("vpc-1", "vsw-1", 2)
    assert found["ReplicationParameters"] == '{"bandwidth_limit": 1}'


def test_the_image_may_have_another_name() -> None:
    found = params(server(base_name="shop"))
    assert found["ImageName"] == f"shop-{SERVER.id}"
    assert found["Name"] == f"web-01-{SERVER.id}"


@pytest.mark.parametrize("days", [7, 8, 30, 89, 90])
def test_the_job_expires_within_what_smc_takes_whatever_the_clocks_say(days: int) -> None:
    found = params(job_valid_days=days)["ValidTime"]
    low, high = START + timedelta(days=7, minutes=15), START + timedelta(days=90, minutes=-15)
    assert f"{low:%Y-%m-%dT%H:%M:%SZ}" <= found <= f"{high:%Y-%m-%dT%H:%M:%SZ}"
    assert abs((transfer_time(found) - START - timedelta(days=days)).total_seconds()) <= 1200


def transfer_time(text: str) -> Any:
    return START.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=START.tzinfo)


def test_sizes_are_whole_gib_of_the_probe_and_at_least_20() -> None:
    item = replace(SERVER, disks=(disks.Disk(0, 250_059_350_016), disks.Disk(1, 10 * GIB), disks.Disk(2, 40 * GIB)))
    data = [{"Index": 2, "Size": 40}, {"Index": 1, "Size": 10}]
    found = params(item, {**SOURCE, "SystemDiskSize": 232, "DataDisks": {"DataDisk": data}})
    assert found["SystemDiskSize"] == 233
    assert found["DataDisks"] == [{"Index": 1, "Size": 20}, {"Index": 2, "Size": 40}]
    assert job_spec.sizes(item, None) == [233 * GIB, 20 * GIB, 40 * GIB]


def test_without_a_probe_the_sizes_are_those_that_smc_reports() -> None:
    data = [{"Index": "1", "Size": "30"}]
    found = params(server(disks=()), {"SystemDiskSize": 10, "DataDisks": {"DataDisk": data}})
    assert found["SystemDiskSize"] == 20
    assert found["DataDisks"] == [{"Index": 1, "Size": 30}]


def test_without_a_probe_the_image_is_compared_with_its_job() -> None:
    row = {"SystemDiskSize": 20, "DataDisks": {"DataDisk": [{"Index": 2, "Size": 40}, {"Index": 1, "Size": 30}]}}
    assert job_spec.sizes(server(disks=()), row) == [20 * GIB, 30 * GIB, 40 * GIB]
    assert job_spec.sizes(server(disks=()), {"ImageId": "m-1"}) == []
    assert job_spec.sizes(server(disks=()), None) == []


# ---- observe ----
def observe(cloud: Cloud, *servers: Any, **changes: Any) -> tuple[dict[str, Seen], ResourcesSeen]:
    seen, given = {item.id: Seen() for item in servers}, context(cloud, **changes)
    transfer.observe(given, servers, seen)
    return seen, given.resources


def test_a_wave_is_observed_in_two_calls_and_one_by_name_and_jobs_find_their_servers() -> None:
    cloud, wave = Cloud(), [server(number) for number in range(1, 31)]
    cloud.register(*wave)
    rows = [cloud.add_job(item, "Ready") for item in wave[:2]]
    seen, _resources = observe(cloud, *wave)
    assert dict(cloud.calls) == {"smc.DescribeSourceServers": 1, "smc.DescribeReplicationJobs": 2}
    assert [seen[item.id].job["JobId"] for item in wave[:2]] == [row["JobId"] for row in rows]
    assert all(seen[item.id].job is None for item in wave[2:])
    assert all(seen[item.id].source for item in wave)


def test_an_unfinished_job_of_another_name_is_foreign_and_a_finished_one_is_history() -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    cloud.add_job(SERVER, "Finished", Name="last year")
    assert observe(cloud, SERVER)[0][SERVER.id] == Seen(source=cloud.sources["s-01"])
    cloud.add_job(SERVER, "Stopped", Name="by hand")
    seen = observe(cloud, SERVER)[0][SERVER.id]
    assert seen.job is None
    assert seen.foreign_job is not None
    assert seen.foreign_job["Name"] == "by hand"


def test_a_job_that_is_gone_is_forgotten() -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    seen = {SERVER.id: Seen(job=job("Running"), foreign_job=FOREIGN, instance={"InstanceId": "i-1"})}
    transfer.observe(context(cloud), [SERVER], seen)
    assert seen[SERVER.id] == Seen(source=cloud.sources["s-01"])


def kinds(resources: ResourcesSeen) -> set[str]:
    return {row["kind"] for row in resources.rows()}


def test_all_that_is_made_for_a_job_is_noted_once() -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    cloud.add_instance(cloud.add_job(SERVER, "Running"))
    seen, resources = observe(cloud, SERVER)
    assert kinds(resources) == {
        "smc_source", "smc_job", "ecs_instance", "ecs_disk", "security_group", "vpc", "vswitch"
    }
    transfer.observe(context(cloud, resources=resources), [SERVER], seen)
    assert cloud.calls["ecs.DescribeDisks"] == 1
    assert {row["host"] for row in resources.rows()} == {"web-01"}
    assert next(row["created"] for row in resources.rows() if row["kind"] == "ecs_disk") == stamp(START)


@pytest.mark.parametrize("given", [{"vpc_id": "vpc-smc"}, {"vswitch_id": "vsw-smc"}])
def test_a_network_that_the_user_gave_is_not_among_what_we_made(given: dict[str, str]) -> None:
    # The cleanup deletes what is noted.
    cloud = Cloud()
    cloud.register(SERVER)
    cloud.add_instance(cloud.add_job(SERVER, "Running"))
    assert not kinds(observe(cloud, SERVER, **given)[1]) & {"vpc", "vswitch"}


def test_a_look_at_the_disks_that_fails_does_not_stop_the_wave() -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    cloud.add_instance(cloud.add_job(SERVER, "Running"))
    cloud.fail("ecs.DescribeDisks", refused("Forbidden.RAM"))
    seen, resources = observe(cloud, SERVER)
    assert "ecs_disk" not in kinds(resources)
    transfer.observe(context(cloud, resources=resources), [SERVER], seen)
    assert "ecs_disk" in kinds(resources)


def test_rows_without_their_usual_keys_are_survived() -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    cloud.add_job(SERVER, "Running")
    cloud.edit("smc.DescribeReplicationJobs", lambda rows: [{}, {"JobId": "j-8"}, {"SourceId": "s-01"}, *rows])
    cloud.edit("smc.DescribeSourceServers", lambda rows: [{}, *rows])
    seen, _resources = observe(cloud, SERVER)
    assert seen[SERVER.id].job is not None


# ---- act ----
def act(cloud: Cloud, action: str, seen: Seen) -> str:
    return perform(transfer.STAGE, context(cloud), SERVER, seen, action)


def test_create_remembers_the_job() -> None:
    cloud, seen = Cloud(), Seen(source=SOURCE)
    cloud.register(SERVER)
    assert act(cloud, "create", seen) == ""
    assert seen.created == replace(requested(limits.LIST_SETTLE_SECONDS), id="j-0001")


def test_a_job_of_ours_that_the_last_look_did_not_show_is_looked_for_again() -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    cloud.add_job(SERVER, "Ready")
    with pytest.raises(CloudError) as caught:
        act(cloud, "create", Seen(source=SOURCE))
    assert caught.value.code in states.SMC_LOOK_AGAIN


def test_deleting_a_job_forgets_that_it_was_created() -> None:
    cloud = Cloud()
    seen = Seen(job=cloud.add_job(SERVER, "Expired"), created=requested(limits.LIST_SETTLE_SECONDS))
    act(cloud, "delete", seen)
    assert seen.created is None
