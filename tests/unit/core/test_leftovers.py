# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leftovers: only ours go, in an order that strands nothing, and each with a proof."""

from __future__ import annotations

from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import release
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.order import ORDER
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.scope import Scope
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet

from .cloud import Cloud
from .kit import MIGRATION, policy, server, stamp
from .sweep import (
    ALL_KINDS,
    NAME,
    NOTE,
    OTHER,
    SERVER,
    TABLES,
    TOKEN,
    WAVE,
    deleted,
    exported,
    full,
    left,
    reasons,
    remove,
    scope,
)


# ---- order and proofs ----
def test_everything_that_a_migration_leaves_goes_and_is_proved_to_be_gone() -> None:
    cloud = full()
    outcome = remove(cloud)
    assert outcome.residual == []
    assert deleted(outcome) == ALL_KINDS
    assert left(cloud, *TABLES) == []
    calls = {kind.name: kind.call for kind in ORDER}
    for row in outcome.seen.rows():
        assert row["proof"] == f"{calls[row['kind']]} at {row['deleted']} does not list {row['id']}"
        assert row["host"] == ("" if row["kind"] in ("smc_access_token", "vpc", "vswitch") else "web-01")


def test_resources_that_use_others_are_deleted_first() -> None:
    cloud = full()
    remove(cloud)
    done = [name for name in cloud.mutations() if name != "ecs.TagResources"]
    assert done == [
        "ens.ReleasePostPaidInstance", "ens.DeleteImage", "smc.DeleteReplicationJob", "ecs.DeleteImage",
        "ecs.DeleteSnapshot", "oss.AbortUpload", "smc.DeleteSourceServer", "oss.DeleteKeys", "smc.DisableAccessToken",
        "smc.DeleteAccessToken", "vpc.DeleteVSwitch", "vpc.DeleteVpc",
    ]
    objects = [args for name, args in cloud.log if name == "oss.DeleteKeys"]
    assert objects == [[NOTE, f"{SERVER.id}_m-1_system.qcow2"]]


def test_a_second_run_finds_nothing_and_changes_nothing() -> None:
    cloud = full()
    assert remove(cloud).changes > 0
    cloud.log.clear()
    outcome = remove(cloud)
    assert (outcome.changes, outcome.residual, outcome.seen.rows()) == (0, [], [])
    assert cloud.mutations() == []


def test_a_migration_that_succeeded_leaves_only_its_ens_image() -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    made = Fleet(cloud, [SERVER], policy(), clock=cloud.clock())
    made.run(True, 3600, 10)
    outcome = remove(cloud, known=made.resources.rows())
    assert outcome.residual == []
    assert not outcome.seen.open()
    assert {row["kind"] for row in made.resources.rows()} <= deleted(outcome)
    assert left(cloud, "jobs", "images", "snapshots", "objects", "sources") == []
    assert len(cloud.ens_images) == 1


def test_a_report_touches_nothing_and_names_everything() -> None:
    cloud = full()
    outcome = release.report(scope(cloud), [])
    assert {row["kind"] for row in outcome.residual} == ALL_KINDS
    assert {row["reason"] for row in outcome.residual} == {"it exists"}
    assert outcome.changes == len(outcome.residual)
    assert cloud.mutations() == []


# ---- only ours ----
ALIKE = [
    f"{WAVE}-mine/report.pdf",
    f"{WAVE}_report.pdf",
    f"{WAVE}0123456x_m-1_system.qcow2",
    f"{SERVER.id}",
    f"{SERVER.id}0_m-1_system.qcow2",
    f"{SERVER.id}/m-1",
    f"edgelift/{SERVER.id}",
    f"edgelift/{SERVER.id}-backup/proof.json",
    f"edgelift/{WAVE}/proof.json",
    f"edgelift/{server(migration='wave_02').id}/proof.json",
    f"photos/{SERVER.id}_m-1",
]


def test_similar_names_of_every_kind_stay() -> None:
    cloud = Cloud(objects=dict.fromkeys(ALIKE, b"not ours"))
    cloud.uploads = [{"key": key, "upload_id": "u-1"} for key in ALIKE]
    foreign = server(migration="wave_02")
    for name in ("by hand", f"web-01-{SERVER.id}-copy", f"web-01-{WAVE}", foreign.job_name, SERVER.id):
        job = cloud.add_job(SERVER, "InError", Name=name, Tags={"Tag": naming.tags("wave_02")})
        cloud.add_instance(job)
        cloud.add_image(cloud.new_id("m-"), name, (20,))
        cloud.add_ens_image(name, "Unavailable")
    for number, name in enumerate((f"{TOKEN}-2", f"my-{TOKEN}", naming.token_name("wave_02"))):
        cloud.tokens[f"at-{number}"] = {"AccessTokenId": f"at-{number}", "Name": name}
    for number, (name, wave) in enumerate(((NAME, "wave_02"), (NAME, None), (f"{NAME}-2", MIGRATION))):
        tags = {"Tag": [{"Key": "edgelift:wave", "Value": wave}]} if wave else {}
        cloud.vpcs[f"vpc-{number}"] = {"VpcId": f"vpc-{number}", "VpcName": name, "Tags": tags}
    outcome = remove(cloud)
    assert cloud.mutations() == []
    assert (outcome.residual, outcome.seen.rows()) == ([], [])
    named = sorted((row["kind"], row["id"]) for row in outcome.similar_names)
    instances = [("ecs_instance", f"i-000{number}") for number in range(1, 6)]
    assert [row for row in named if not row[0].startswith("oss_")] == [
        *instances, ("vpc", "vpc-0"), ("vpc", "vpc-1"), ("vpc", "vpc-2")
    ]  # fmt: skip
    for kind in ("oss_object", "oss_upload"):
        assert len([row for row in named if row[0] == kind]) > 2
    assert all(row["reason"].startswith("similar name, not deleted: ") for row in outcome.similar_names)


def test_only_the_servers_that_are_named_are_touched() -> None:
    cloud = Cloud()
    cloud.register(SERVER, OTHER)
    for item in (SERVER, OTHER):
        image = cloud.new_id("m-")
        cloud.add_instance(cloud.add_job(item, "InError", ImageId=image))
        cloud.add_image(image, item.image_name, (20,))
        exported(cloud, item, image)
        cloud.objects[naming.proof_key(item.id)] = b"{}"
    cloud.tokens["at-1"] = {"AccessTokenId": "at-1", "Name": TOKEN}
    outcome = remove(cloud, SERVER)
    assert outcome.residual == []
    assert {row["host"] for row in outcome.seen.rows()} == {"web-01"}
    assert [job["SourceId"] for job in cloud.jobs.values()] == ["s-02"]
    assert list(cloud.sources) == ["s-02"]
    assert [image["ImageName"] for image in cloud.images.values()] == [OTHER.image_name]
    assert {key for key in cloud.objects if OTHER.id in key} == set(cloud.objects)
    assert (len(cloud.instances), len(cloud.snapshots), len(cloud.tokens)) == (1, 1, 1)


def test_the_whole_migration_needs_no_list_of_servers() -> None:
    cloud = full()
    outcome = release.remove(Scope(cloud, MIGRATION, "images"), [], cloud.clock(), 900, 5)
    assert outcome.residual == []
    assert deleted(outcome) == ALL_KINDS
    assert {row["host"] for row in outcome.seen.rows()} == {""}


def test_an_image_of_any_name_is_found_by_its_job_and_no_image_by_its_name() -> None:
    cloud = Cloud()
    cloud.add_image("m-1", f"{SERVER.image_name}_j-2zeAbc", (20,))
    cloud.add_image("m-2", "renamed by hand", (20,))
    cloud.add_job(SERVER, "Finished", ImageId="m-2")
    outcome = remove(cloud)
    assert list(cloud.images) == ["m-1"]
    assert [(row["id"], row["created"]) for row in outcome.similar_names] == [("m-1", "2026-11-24T08:00:00Z")]


def test_sources_stay_when_asked_even_if_an_earlier_result_lists_them() -> None:
    cloud = full()
    cloud.disks["d-left"] = {"DiskId": "d-left", "InstanceId": "", "CreationTime": stamp(cloud.now)}
    listed = (("smc_source", "s-01"), ("ecs_disk", "d-left"))
    known = [{"kind": kind, "id": identity, "host": SERVER.host} for kind, identity in listed]
    outcome = remove(cloud, known=known, delete_sources=False)
    assert list(cloud.sources) == ["s-01"]
    assert "d-left" not in cloud.disks
    assert outcome.residual == []


def test_an_ens_image_of_an_earlier_result_that_became_available_is_the_result_and_stays() -> None:
    # A cleanup during the import lists it as residual; handed to the next cleanup, that must not delete it.
    cloud = Cloud()
    cloud.add_job(SERVER, "Finished")
    image = cloud.add_ens_image(SERVER.image_name, "Creating")
    first = remove(cloud, timeout=0)
    assert [row["kind"] for row in first.residual] == ["ens_image", "smc_job"]
    cloud.sleep(60)
    second = remove(cloud, known=first.seen.rows())
    assert image["ImageId"] in cloud.ens_images
    assert second.residual == []


def test_the_cleanup_never_deletes_a_network_of_a_job() -> None:
    cloud = Cloud()
    cloud.vpcs["vpc-smc"] = {"VpcId": "vpc-smc", "VpcName": "SMC_Transition_VPC"}
    cloud.vswitches["vsw-smc"] = {"VSwitchId": "vsw-smc", "VSwitchName": "", "VpcId": "vpc-smc"}
    known = [{"kind": "vpc", "id": "vpc-smc"}, {"kind": "vswitch", "id": "vsw-smc"}, {"kind": "vpc", "id": "vpc-gone"}]
    outcome = remove(cloud, known=known)
    assert cloud.clock().monotonic() < 200
    assert cloud.mutations() == []
    assert set(reasons(outcome)) == {"vpc vpc-smc", "vswitch vsw-smc"}
    assert "Delete it yourself if nothing uses it" in reasons(outcome)["vpc vpc-smc"]
    assert deleted(outcome) == {"vpc"}
