# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leftovers that hold one another: jobs and instances, images and snapshots, ENS and the objects it reads."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import ecs, smc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import MIGRATION, refused, stamp
from .sweep import (
    NOTE,
    OTHER,
    SERVER,
    TOKEN,
    deleted,
    full,
    left,
    reasons,
    remove,
    scope,
    sweep,
)


# ---- jobs ----
def test_a_syncing_job_is_stopped_and_then_deleted() -> None:
    cloud = Cloud(copy_seconds=10_000)
    cloud.register(SERVER)
    cloud.add_instance(cloud.add_job(SERVER, "Running", BusinessStatus="Syncing"))
    outcome = remove(cloud)
    assert cloud.mutations()[:5] == [
        "smc.StopReplicationJob", *["ecs.TagResources"] * 3, "smc.DeleteReplicationJob"
    ]  # fmt: skip
    assert outcome.residual == []
    assert cloud.instances == {}


@pytest.mark.parametrize("business", ["Preparing", "Processing", "Cleaning"])
def test_a_running_job_that_cannot_be_stopped_is_waited_for(business: str) -> None:
    cloud = Cloud(copy_seconds=40)
    cloud.register(SERVER)
    job = cloud.add_job(SERVER, "Running", BusinessStatus=business)
    cloud.add_instance(job)
    outcome = remove(cloud)
    assert "smc.StopReplicationJob" not in cloud.mutations()
    assert outcome.residual == []
    # The image that it made meanwhile went as well.
    assert "ecs_image" in deleted(outcome)
    assert left(cloud, "images", "snapshots") == []


def test_a_job_that_stays_busy_is_residual_with_its_state_and_the_rest_goes() -> None:
    cloud = full()
    cloud.copy_seconds = 10_000
    next(iter(cloud.jobs.values())).update(Status="Running", BusinessStatus="Processing")
    outcome = remove(cloud, timeout=60)
    found = reasons(outcome)
    assert "job j-0001 is Processing" in found["smc_job j-0001"]
    assert left(cloud, "images", "uploads", "tokens") == []


@pytest.mark.parametrize("status", ["Ready", "Stopped", "InError", "Finished", "Waiting", "Expired"])
def test_a_job_at_rest_is_deleted(status: str) -> None:
    cloud = Cloud()
    cloud.add_job(SERVER, status)
    assert remove(cloud).residual == []
    assert cloud.calls["smc.DeleteReplicationJob"] == 1


def test_a_job_under_deletion_is_waited_for() -> None:
    cloud = Cloud()
    cloud.add_job(SERVER, "Deleting")
    assert remove(cloud).residual == []
    assert not cloud.calls["smc.DeleteReplicationJob"]


# ---- intermediate instances ----
def test_smc_is_given_time_to_release_an_instance() -> None:
    cloud = full()
    cloud.release_seconds = ecs.RELEASE_SECONDS - 10
    assert remove(cloud).residual == []
    assert not {"ecs.DeleteInstance", "ecs.DeleteDisk", "ecs.DeleteSecurityGroup"} & set(cloud.mutations())


def test_an_instance_that_outlives_its_job_is_deleted_after_that_time() -> None:
    cloud = full()
    cloud.releases = False
    began = cloud.clock().monotonic()
    outcome = remove(cloud)
    assert outcome.residual == []
    assert cloud.calls["ecs.DeleteInstance"] == 1
    assert cloud.calls["ecs.StopInstance"] == 1
    times = cloud.clock().monotonic() - began
    assert times >= ecs.RELEASE_SECONDS
    assert left(cloud, "instances", "disks", "groups") == []


def test_an_instance_that_is_protected_against_deletion_stays_and_is_reported() -> None:
    cloud = full()
    cloud.releases = False
    cloud.instances["i-0001"]["DeletionProtection"] = True
    outcome = remove(cloud)
    assert "deletion protection of instance i-0001 is switched on" in reasons(outcome)["ecs_instance i-0001"]
    assert not {"ecs.StopInstance", "ecs.DeleteInstance"} & set(cloud.mutations())
    assert cloud.clock().monotonic() < 600


def test_an_instance_whose_job_is_gone_is_found_by_the_tags_that_the_deletion_left() -> None:
    # A controller that is killed after the deletion of the job leaves nothing else that leads to the instance.
    cloud = full()
    cloud.releases = False
    cloud.fail("ecs.DeleteImage", refused("Killed"), times=99)
    remove(cloud, timeout=0)
    cloud.sleep(60)
    assert cloud.smc.describe_replication_jobs() == []
    assert len(cloud.instances) == len(cloud.disks) == len(cloud.groups) == 1
    again = sweep(cloud)
    assert {"ecs_instance", "ecs_disk", "security_group"} <= deleted(again)
    assert left(cloud, "instances", "disks", "groups") == []


def test_disks_and_groups_that_stay_behind_their_instance_are_found_by_the_tags() -> None:
    cloud = full()
    cloud.releases = False
    smc.JOB.find(here := scope(cloud))
    smc.JOB.delete(here, "j-0001")
    cloud.sleep(60)
    del cloud.instances["i-0001"]
    cloud.disks["d-0001"]["InstanceId"] = ""
    outcome = sweep(cloud)
    assert {"ecs_disk", "security_group"} <= deleted(outcome)
    assert left(cloud, "jobs", "disks", "groups") == []


def test_tags_that_cannot_be_set_do_not_keep_a_job() -> None:
    cloud = full()
    cloud.releases = False
    cloud.fail("ecs.TagResources", refused("Forbidden.RAM"), times=99, only="instance")
    cloud.fail("ecs.TagResources", refused("Forbidden.RAM"), times=99, only="disk")
    remove(cloud)
    assert left(cloud, "jobs", "instances", "disks") == []


# ---- images and snapshots ----
def test_a_running_export_is_cancelled_before_its_image_is_deleted() -> None:
    cloud = full()
    cloud.export_seconds = 10_000
    cloud.add_task("m-1", prefix=SERVER.id)
    outcome = remove(cloud)
    done = [name for name in cloud.mutations() if name.startswith("ecs.") and name != "ecs.TagResources"]
    assert done[:2] == ["ecs.CancelTask", "ecs.DeleteImage"]
    assert outcome.residual == []


def test_what_a_cancelled_export_has_written_until_then_goes_as_well() -> None:
    cloud = full()
    cloud.add_task("m-1", prefix=SERVER.id)

    def write_one_more(rows: list[Any]) -> list[Any]:
        cloud.objects[f"{SERVER.id}_m-1_late"] = b"x"
        return rows

    cloud.edit("ecs.DescribeTasks", write_one_more)
    assert remove(cloud).residual == []
    assert cloud.objects == {}


def test_snapshots_are_tagged_before_their_image_goes_and_found_by_the_tags_afterwards() -> None:
    cloud = full()
    cloud.fail("ecs.DeleteSnapshot", refused("Killed"), times=1)
    here = scope(cloud)
    ecs.IMAGE.find(here)
    ecs.IMAGE.delete(here, "m-1")
    assert cloud.mutations() == ["ecs.TagResources", "ecs.DeleteImage"]
    cloud.jobs.clear()
    outcome = sweep(cloud)
    assert "ecs_snapshot" in deleted(outcome)
    assert left(cloud, "snapshots") == []


def test_an_image_whose_job_is_gone_stays_while_one_of_its_snapshots_has_other_tags() -> None:
    cloud = full()
    cloud.add_image("m-2", SERVER.image_name, (20, 30))
    cloud.jobs["j-0001"]["ImageId"] = "m-2"
    here = scope(cloud)
    smc.JOB.find(here)
    smc.JOB.delete(here, "j-0001")
    cloud.sleep(60)
    cloud.ecs.tag_resources("snapshot", ["s-snap0003"], naming.tags(MIGRATION, identity=OTHER.id))
    sweep(cloud)
    assert "m-2" in cloud.images
    cloud.ecs.tag_resources("snapshot", ["s-snap0003"], naming.tags(MIGRATION, identity=SERVER.id))
    sweep(cloud)
    assert "m-2" not in cloud.images
    assert {"s-snap0002", "s-snap0003"}.isdisjoint(cloud.snapshots)


def test_a_snapshot_that_is_deleted_already_does_not_keep_its_image() -> None:
    cloud = full()
    cloud.add_image("m-2", SERVER.image_name, (20, 30))
    cloud.jobs["j-0001"]["ImageId"] = "m-2"
    del cloud.snapshots["s-snap0002"]
    here = scope(cloud)
    ecs.IMAGE.find(here)
    ecs.IMAGE.delete(here, "m-2")
    assert [args for name, args in cloud.log if name == "ecs.TagResources"][-1] == ("snapshot", ["s-snap0003"])
    assert "m-2" not in cloud.images


def test_snapshots_of_an_image_that_was_deleted_are_found_by_the_disks_of_the_instance() -> None:
    cloud = full()
    del cloud.images["m-1"]
    cloud.snapshots["s-snap0001"]["SourceDiskId"] = "d-1"
    cloud.snapshots["s-foreign"] = {"SnapshotId": "s-foreign", "SourceDiskId": "d-2"}
    disk = {"kind": "ecs_disk", "id": "d-1", "host": SERVER.host, "created": stamp(cloud.now)}
    outcome = remove(cloud, known=[disk])
    assert "ecs_snapshot" in deleted(outcome)
    assert list(cloud.snapshots) == ["s-foreign"]


def test_an_image_is_not_deleted_before_its_snapshots_are_tagged() -> None:
    cloud = full()
    cloud.fail("ecs.TagResources", refused("Forbidden.RAM"), times=99, only="snapshot")
    outcome = remove(cloud, timeout=30)
    assert not cloud.calls["ecs.DeleteImage"]
    assert "Forbidden.RAM" in reasons(outcome)["ecs_image m-1"]


def test_an_image_whose_job_is_gone_is_found_by_its_tags() -> None:
    cloud = full()
    here = scope(cloud)
    smc.JOB.find(here)
    smc.JOB.delete(here, "j-0001")
    cloud.sleep(60)
    assert cloud.smc.describe_replication_jobs() == []
    sweep(cloud)
    assert left(cloud, "images", "snapshots", "objects", "uploads") == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"ecs_disk": "d-1"}', b'{"ecs_disk": 1}', b"\xff"])
def test_an_unreadable_note_leads_nowhere_and_goes(body: bytes) -> None:
    cloud = Cloud(objects={NOTE: body})
    assert remove(cloud).residual == []
    assert cloud.objects == {}


# ---- what ENS still reads ----
def test_the_objects_of_an_image_that_ens_still_imports_stay_with_all_that_leads_to_them() -> None:
    cloud = full()
    cloud.add_job(OTHER, "Finished")
    cloud.ens_images.clear()
    image = cloud.add_ens_image(SERVER.image_name, "Creating")
    image["_until"] = image["_until"].replace(year=2100)
    outcome = remove(cloud)
    found = reasons(outcome)
    assert "still importing it (Creating)" in found[f"ens_image {image['ImageId']}"]
    for key in (f"edgelift/{SERVER.id}/proof.json", f"{SERVER.id}_m-1_system.qcow2"):
        assert "ENS is still importing" in found[f"oss_object images/{key}"]
        assert key in cloud.objects
    assert cloud.images
    # Another server, and what the wave shares, is not held.
    assert "s-02" not in {job["SourceId"] for job in cloud.jobs.values()}
    assert not cloud.tokens
    image["Status"] = "Available"
    assert remove(cloud).residual == []
    assert not cloud.objects
    assert image["ImageId"] in cloud.ens_images


@pytest.mark.parametrize("status", ["Pack_failed", "Upload_failed", "Unavailable"])
def test_an_ens_image_that_failed_is_deleted(status: str) -> None:
    cloud = Cloud()
    cloud.add_job(SERVER, "Finished")
    cloud.add_ens_image(SERVER.image_name, status)
    assert remove(cloud).residual == []
    assert not cloud.ens_images


@pytest.mark.parametrize(
    "error", [refused("ReplicationJob.InvalidBusinessStatus"), refused("ServiceUnavailable", retryable=True)], ids=str
)
def test_a_job_that_has_left_syncing_meanwhile_is_waited_for(error: Any) -> None:
    cloud = Cloud(copy_seconds=30)
    cloud.register(SERVER)
    cloud.add_instance(cloud.add_job(SERVER, "Running", BusinessStatus="Syncing"))
    cloud.fail("smc.StopReplicationJob", error, times=99)
    assert remove(cloud).residual == []
    assert not cloud.jobs


def test_the_source_of_a_client_of_another_owner_stays() -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    known = [{"kind": "smc_source", "id": SERVER.source_id, "host": SERVER.host}]
    ours = {"source_ids": {SERVER.source_id: SERVER.id}}
    outcome = remove(cloud, known=known, keep_sources=frozenset({SERVER.source_id}), **ours)
    assert (outcome.residual, outcome.seen.rows()) == ([], [])
    assert SERVER.source_id in cloud.sources
    cloud.tokens["at-1"] = {
        "AccessTokenId": "at-1", "Name": TOKEN, "Description": naming.description(MIGRATION),
        "CreationTime": stamp(cloud.now), "TimeToLiveInDays": "7",
    }  # fmt: skip
    cloud.sources[SERVER.source_id].update(CreationTime=stamp(cloud.now), Tags={})
    remove(cloud, known=known, **ours)
    assert SERVER.source_id not in cloud.sources
