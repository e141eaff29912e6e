# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of proof: who can only choose names, or only write to the bucket, has nothing deleted, kind by kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import proof, smc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.order import ORDER
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import MIGRATION, START, server, stamp
from .sweep import NAME, OTHER, SERVER, TOKEN, full, left, reasons, remove, scope, similar, sweep

KINDS = {kind.name: kind for kind in ORDER}
OURS = {"Tag": naming.tags(MIGRATION, SERVER.host, SERVER.id)}
ON_ECS = {
    "Tag": [{"TagKey": row["Key"], "TagValue": row["Value"]} for row in naming.tags(MIGRATION, identity=SERVER.id)]
}


def test_every_kind_has_a_rule() -> None:
    assert set(proof.RULES) == set(KINDS)
    assert all(kind.rule == proof.RULES[name] for name, kind in KINDS.items())


# ---- who can choose names ----
def job(cloud: Cloud, **changes: Any) -> None:
    cloud.register(SERVER)
    cloud.add_instance(cloud.add_job(SERVER, "InError", ImageId="m-1", **changes))
    cloud.add_image("m-1", SERVER.image_name, (20,))


def stranger(cloud: Cloud) -> Any:
    """A migration id of this migration that none of its servers has, in the names of foreign resources."""
    return server(77, source_id="s-foreign")


def token(cloud: Cloud, description: str) -> None:
    cloud.tokens["at-1"] = {"AccessTokenId": "at-1", "Name": TOKEN, "Description": description}


def vpc(cloud: Cloud, name: str, wave: str) -> None:
    tags = {"Tag": naming.tags(wave)} if wave else {}
    cloud.vpcs["vpc-1"] = {"VpcId": "vpc-1", "VpcName": name, "Tags": tags}
    cloud.vswitches["vsw-1"] = {"VSwitchId": "vsw-1", "VSwitchName": NAME, "VpcId": "vpc-1"}


NAMES: dict[str, Callable[[Cloud], Any]] = {
    "a job without tags": lambda cloud: job(cloud, Tags={}),
    "a job whose description is ours": lambda cloud: job(
        cloud, Tags={}, Description=naming.description(MIGRATION, SERVER.host)
    ),
    "a job with the tags of another migration": lambda cloud: job(cloud, Tags={"Tag": naming.tags("wave_02")}),
    "a job with the tags of another server": lambda cloud: job(
        cloud, Tags={"Tag": naming.tags(MIGRATION, OTHER.host, OTHER.id)}
    ),
    "a job whose name ends in our id": lambda cloud: job(cloud, Name=f"nightly-{SERVER.id}", Tags=OURS),
    "a job that names another host": lambda cloud: job(
        cloud, Tags={"Tag": naming.tags(MIGRATION, "web-99", SERVER.id)}
    ),
    "an instance named as all are": lambda cloud: cloud.add_instance({}),
    "an image of our exact name": lambda cloud: cloud.add_image("m-1", SERVER.image_name, (20,)),
    "an image that smc seems to have renamed": lambda cloud: cloud.add_image(
        "m-1", f"{SERVER.image_name}_j-2zeAbc", (20,)
    ),
    "a backup": lambda cloud: cloud.add_image("m-1", f"backup-of-web-01-{SERVER.id}", (20,)),
    "an image of a server that never was": lambda cloud: cloud.add_image("m-1", stranger(cloud).image_name, (20,)),
    "an ens image of our exact name": lambda cloud: cloud.add_ens_image(SERVER.image_name, "Unavailable"),
    "an ens image that is imported": lambda cloud: cloud.add_ens_image(SERVER.image_name, "Creating"),
    "an activation code": lambda cloud: token(cloud, ""),
    "an activation code of another migration": lambda cloud: token(cloud, naming.description("wave_02")),
    "a vpc of our name": lambda cloud: vpc(cloud, NAME, ""),
    "a vpc of our name and another tag": lambda cloud: vpc(cloud, NAME, "wave_02"),
    "a foreign vpc with our tag": lambda cloud: vpc(cloud, "production", MIGRATION),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_proof(name: str) -> None:
    cloud = Cloud(import_seconds=10_000)
    NAMES[name](cloud)
    outcome = sweep(cloud)
    assert cloud.mutations() == []
    assert outcome.residual == []
    assert outcome.similar_names
    assert all(row["reason"].startswith("similar name, not deleted: ") for row in outcome.similar_names)
    # The servers that the caller names do not change that.
    outcome = remove(cloud, SERVER)
    assert cloud.mutations() == []


def test_a_job_of_our_name_keeps_its_foreign_source_and_is_not_stopped() -> None:
    cloud = Cloud(copy_seconds=10_000)
    item = stranger(cloud)
    cloud.register(item)
    cloud.add_instance(cloud.add_job(item, "Running", BusinessStatus="Syncing", Tags={}))
    outcome = sweep(cloud)
    assert cloud.mutations() == []
    assert "no tag edgelift:wave=wave_01" in similar(outcome)["smc_job j-0001"]
    assert "s-foreign" in cloud.sources


def test_a_name_that_ends_in_our_id_stays_beside_the_real_one() -> None:
    cloud = full()
    cloud.add_job(SERVER, "InError", Name=f"backup-of-{SERVER.job_name}", Tags=OURS, SourceId="s-99")
    cloud.add_image("m-9", f"backup-of-{SERVER.image_name}", (20,))
    cloud.add_ens_image(f"nightly-{SERVER.id}", "Unavailable")
    outcome = sweep(cloud)
    assert [row["Name"] for row in cloud.jobs.values()] == [f"backup-of-{SERVER.job_name}"]
    assert list(cloud.images) == ["m-9"]
    assert list(cloud.snapshots) == ["s-snap0002"]
    assert [row["ImageName"] for row in cloud.ens_images.values()] == [f"nightly-{SERVER.id}"]
    assert {"smc_job j-0002", "ecs_image m-9", "ens_image m-ens0002"} <= set(similar(outcome))
    assert outcome.residual == []


# ---- links of the services that lead elsewhere ----
def test_an_instance_that_another_job_names_too_stays() -> None:
    cloud = full()
    cloud.releases = False
    cloud.add_job(server(migration="wave_02"), "InError", TransitionInstanceId="i-0001")
    outcome = sweep(cloud)
    assert "SMC job j-0002, which is not of this migration, names it" in similar(outcome)["ecs_instance i-0001"]
    assert "i-0001" in cloud.instances


def test_an_instance_that_a_job_names_and_that_smc_did_not_name_stays() -> None:
    cloud = full()
    cloud.releases = False
    cloud.instances["i-0001"]["InstanceName"] = "production-db"
    outcome = sweep(cloud)
    assert "its name is production-db" in similar(outcome)["ecs_instance i-0001"]
    assert left(cloud, "instances", "disks", "groups") == ["instances", "disks", "groups"]


def test_a_disk_and_a_group_that_are_older_than_the_instance_stay() -> None:
    """Whoever attaches a disk to the intermediate instance, or puts that into a security group, keeps both."""
    cloud = full()
    cloud.releases = False
    old = stamp(START - timedelta(days=1))
    cloud.disks["d-data"] = {"DiskId": "d-data", "InstanceId": "i-0001", "CreationTime": old}
    cloud.groups["sg-own"] = {"SecurityGroupId": "sg-own", "CreationTime": old}
    cloud.instances["i-0001"]["SecurityGroupIds"]["SecurityGroupId"].append("sg-own")
    known = similar(outcome := sweep(cloud))
    assert "older than its instance" in known["ecs_disk d-data"]
    assert "older than the job of its instance" in known["security_group sg-own"]
    touched = [args for name, args in cloud.log if name in ("ecs.DeleteDisk", "ecs.DeleteSecurityGroup")]
    assert not {"d-data", "sg-own"} & set(touched)
    assert outcome.residual == []


def test_a_disk_with_our_tags_that_something_else_uses_stays() -> None:
    cloud = Cloud()
    cloud.disks["d-1"] = {"DiskId": "d-1", "InstanceId": "i-web", "CreationTime": stamp(START), "Tags": ON_ECS}
    assert "attached to instance i-web" in similar(sweep(cloud))["ecs_disk d-1"]
    assert "d-1" in cloud.disks


@pytest.mark.parametrize("tags", [ON_ECS["Tag"][:1], ON_ECS["Tag"][1:], []], ids=["server", "wave", "none"])
def test_half_of_our_tags_proves_nothing(tags: list[Any]) -> None:
    cloud = Cloud()
    cloud.add_instance({})["Tags"] = {"Tag": tags}
    cloud.add_image("m-1", SERVER.image_name, (20,))["Tags"] = {"Tag": tags}
    for table in (cloud.disks, cloud.groups, cloud.snapshots):
        for row in table.values():
            row["Tags"] = {"Tag": tags}
    sweep(cloud)
    assert cloud.mutations() == []


def test_an_image_with_our_tags_and_another_name_stays() -> None:
    cloud = Cloud()
    cloud.add_image("m-1", OTHER.image_name, (20,))["Tags"] = ON_ECS
    cloud.add_image("m-2", "production", (20,))["Tags"] = ON_ECS
    sweep(cloud)
    assert cloud.mutations() == []


@pytest.mark.parametrize(("disk", "goes"), [("d-0001", True), ("d-other", False), ("", False)])
def test_an_image_that_its_job_does_not_name_is_proven_by_the_disks_of_its_snapshots(disk: str, goes: bool) -> None:
    cloud = full()
    cloud.jobs["j-0001"]["ImageId"] = ""
    cloud.snapshots["s-snap0001"]["SourceDiskId"] = disk
    cloud.add_image("m-2", OTHER.image_name, (20,))
    cloud.snapshots["s-snap0002"]["SourceDiskId"] = "d-0001"
    outcome = sweep(cloud)
    assert ("m-1" not in cloud.images) is goes
    assert ("ecs_image m-1" in similar(outcome)) is not goes
    # It is of the same disk, and of another server by its name.
    assert "m-2" in cloud.images
    assert "s-snap0002" in cloud.snapshots
    assert "image m-2, which is not proven to be ours" in similar(outcome)["ecs_snapshot s-snap0002"]


def test_what_our_tags_and_names_prove_is_deleted_without_any_job() -> None:
    cloud = Cloud()
    cloud.add_instance({})["Tags"] = ON_ECS
    cloud.add_image("m-1", SERVER.image_name, (20,))["Tags"] = ON_ECS
    for table in (cloud.disks, cloud.groups, cloud.snapshots):
        for row in table.values():
            row["Tags"] = ON_ECS
    outcome = sweep(cloud)
    assert outcome.residual == []
    assert left(cloud, "instances", "disks", "groups", "images", "snapshots") == []
    # SMC releases nothing without a job: there is nothing to wait for.
    assert cloud.clock().monotonic() < 60


def test_a_protected_instance_with_our_tags_is_not_touched() -> None:
    cloud = Cloud()
    cloud.add_instance({}).update(Tags=ON_ECS, DeletionProtection=True)
    outcome = sweep(cloud)
    assert "deletion protection of instance i-0001 is switched on" in reasons(outcome)["ecs_instance i-0001"]
    assert cloud.instances["i-0001"]["Status"] == "Running"


def test_a_source_that_another_job_copies_stays() -> None:
    cloud = full()
    cloud.add_job(server(migration="wave_02"), "Finished", SourceId=SERVER.source_id)
    assert "SMC job j-0002, which is not of this migration" in similar(sweep(cloud))["smc_source s-01"]
    assert "s-01" in cloud.sources


@pytest.mark.parametrize("tags", [{naming.KEEP_TAG: "true"}, {naming.WAVE_TAG: "wave_02"}], ids=["kept", "of another"])
def test_a_source_that_this_migration_has_not_registered_stays_although_its_job_copies_it(tags: dict[str, str]) -> None:
    cloud = full()
    cloud.sources["s-01"]["Tags"] = {"Tag": [{"Key": key, "Value": value} for key, value in tags.items()]}
    assert "its tags show that this migration has not registered it" in similar(sweep(cloud))["smc_source s-01"]
    assert "s-01" in cloud.sources


@pytest.mark.parametrize(("tags", "goes"), [(OURS, True), ({}, False)], ids=["tagged", "not tagged"])
def test_a_source_of_our_job_that_registered_before_the_migration_goes_by_its_tags_alone(
    tags: dict[str, Any], goes: bool
) -> None:
    """Who makes a job of this migration copy a source that registered elsewhere does not have it deleted."""
    cloud = full()
    cloud.sources["s-01"].update(Tags=tags, CreationTime=stamp(START - timedelta(days=300)))
    outcome = remove(cloud, SERVER, known=[{"kind": "smc_source", "id": "s-01", "host": SERVER.host}])
    assert ("s-01" not in cloud.sources) is goes
    assert ("it has no tag of this migration" in similar(outcome).get("smc_source s-01", "")) is not goes
    assert outcome.residual == []


@pytest.mark.parametrize(
    ("registered", "code", "goes"),
    [(0, 0, True), (29, 0, True), (31, 0, False), (-1, 0, False), (0, None, False)],
    ids=["at once", "minutes later", "after the time of a run", "before the migration", "no code"],
)
def test_a_source_without_a_job_was_registered_soon_after_our_code(
    registered: int, code: int | None, goes: bool
) -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    cloud.sources["s-01"].update(CreationTime=stamp(START + timedelta(minutes=registered)), Tags={})
    if code is not None:
        token(cloud, naming.description(MIGRATION))
        cloud.tokens["at-1"].update(CreationTime=stamp(START), TimeToLiveInDays="7")
    outcome = remove(cloud, SERVER)
    assert ("s-01" not in cloud.sources) is goes
    assert ("smc_source s-01" in similar(outcome)) is not goes


def test_two_failed_ens_images_of_one_name_are_ambiguous() -> None:
    cloud = Cloud()
    cloud.add_job(SERVER, "Finished")
    for _turn in range(2):
        cloud.add_ens_image(SERVER.image_name, "Unavailable")
    outcome = sweep(cloud)
    assert len(cloud.ens_images) == 2
    assert all("2 images have this name" in row["reason"] for row in outcome.similar_names)


def test_an_ens_image_that_is_older_than_our_job_stays() -> None:
    cloud = Cloud()
    cloud.add_ens_image(SERVER.image_name, "Unavailable")["CreationTime"] = stamp(START - timedelta(hours=1))
    cloud.add_job(SERVER, "Finished")
    assert "older than the job" in similar(sweep(cloud))["ens_image m-ens0001"]
    assert cloud.ens_images


def test_an_id_that_only_an_earlier_result_lists_is_checked() -> None:
    cloud = full()
    job_of_others = cloud.add_job(server(migration="wave_02"), "InError", ImageId="m-2")
    cloud.add_instance(job_of_others)
    cloud.add_image("m-2", "production", (20,))
    cloud.disks["d-web"] = {"DiskId": "d-web", "InstanceId": "i-web"}
    cloud.tokens["at-9"] = {"AccessTokenId": "at-9", "Name": "production"}
    cloud.sources["s-99"] = {"SourceId": "s-99", "State": "Available"}
    cloud.objects["photos/a.jpg"] = b"x"
    foreign = {
        "smc_job": "j-0002", "ecs_instance": "i-0002", "ecs_image": "m-2", "ecs_snapshot": "s-snap0002",
        "ecs_disk": "d-web", "smc_access_token": "at-9", "smc_source": "s-99", "oss_object": "images/photos/a.jpg",
    }  # fmt: skip
    outcome = remove(cloud, known=[{"kind": kind, "id": identity} for kind, identity in foreign.items()])
    found = reasons(outcome)
    # The one instance has the name of those of this migration: it is found, and only reported.
    assert "ecs_instance i-0002" in similar(outcome)
    assert {*found, "ecs_instance i-0002"} == {f"{kind} {identity}" for kind, identity in foreign.items()}
    assert all("NotOurs" in reason for reason in found.values())
    deleted = [args for name, args in cloud.log if ".Delete" in name or ".Stop" in name]
    assert not set(foreign.values()) & {str(args) for args in deleted}


def test_a_resource_without_a_check_for_earlier_results_must_be_found_first() -> None:
    cloud = full()
    for kind, identity in ((smc.JOB, "j-0001"), (smc.SOURCE, "s-01"), (smc.ACCESS_TOKEN, "at-1")):
        with pytest.raises(CloudError, match="nothing shows that this migration created it"):
            kind.delete(scope(cloud), identity)
    assert cloud.mutations() == []
