# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two migrations whose names give the same wave id: a cleanup of one deletes nothing of the other, and reports it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import release
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.scope import Scope
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet

from .cloud import Cloud
from .kit import policy, qcow2, server, stamp
from .sweep import TABLES

OURS, THEIRS = "wave_01", "wave_02"


@pytest.fixture(autouse=True)
def _one_wave_id(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = naming._digits
    monkeypatch.setattr(
        naming, "_digits", lambda text, count: digits("same" if text in (OURS, THEIRS) else text, count)
    )
    assert naming.wave_id(OURS) == naming.wave_id(THEIRS)


def ours() -> Server:
    return server(1, migration=OURS)


def theirs() -> Server:
    return server(2, migration=THEIRS)


def fill(cloud: Cloud, item: Server, image: str) -> None:
    """Put everything into the cloud that a failed migration of one server leaves."""
    cloud.register(item)
    tags = {"Tag": naming.tags(item.migration, item.host, item.id)}
    description = naming.description(item.migration, item.host)
    job = cloud.add_job(item, "InError", ImageId=image, Tags=tags, Description=description)
    cloud.add_instance(job)
    cloud.add_image(image, item.image_name, (20,))
    key = f"{item.id}_{image}_system.qcow2"
    cloud.objects[key] = qcow2(20)
    cloud.add_task(image, "Finished", prefix=item.id, _keys=[key], FinishedTime=stamp(cloud.now))
    cloud.objects[f"edgelift/{item.id}/proof.json"] = json.dumps({"migration": item.migration}).encode()
    cloud.uploads.append({"key": key, "upload_id": f"u-{image}"})
    token = f"at-{item.migration}"
    cloud.tokens[token] = {
        "AccessTokenId": token,
        "Name": naming.token_name(item.migration),
        "Description": naming.description(item.migration),
    }
    vpc, name = f"vpc-{item.migration}", naming.network_name(item.migration)
    cloud.vpcs[vpc] = {"VpcId": vpc, "VpcName": name, "Tags": {"Tag": naming.tags(item.migration)}}
    cloud.vswitches[f"vsw-{item.migration}"] = {"VSwitchId": f"vsw-{item.migration}", "VSwitchName": name, "VpcId": vpc}
    cloud.add_ens_image(item.image_name, "Unavailable")


def state(cloud: Cloud) -> dict[str, Any]:
    """Return the ids in every table."""
    return {table: sorted(map(str, getattr(cloud, table))) for table in TABLES}


def both() -> tuple[Cloud, dict[str, Any]]:
    """Return a cloud with the resources of both migrations, and the tables of theirs alone."""
    cloud = Cloud()
    fill(cloud, theirs(), "m-theirs")
    alone = state(cloud)
    fill(cloud, ours(), "m-ours")
    return cloud, alone


def sweep(cloud: Cloud) -> release.Outcome:
    return release.remove(Scope(cloud, OURS, "images"), [], cloud.clock(), 900, 5)


def test_a_cleanup_deletes_ours_and_nothing_of_the_other_migration() -> None:
    cloud, alone = both()
    outcome = sweep(cloud)
    assert outcome.residual == []
    assert state(cloud) == alone
    reported = {(row["kind"], row["id"]) for row in outcome.similar_names}
    assert reported >= {
        ("smc_job", "j-0001"),
        ("ecs_image", "m-theirs"),
        ("ecs_instance", "i-0001"),
        ("oss_object", f"images/edgelift/{theirs().id}/proof.json"),
        ("oss_object", f"images/{theirs().id}_m-theirs_system.qcow2"),
        ("smc_access_token", f"at-{THEIRS}"),
        ("vpc", f"vpc-{THEIRS}"),
        ("vswitch", f"vsw-{THEIRS}"),
        ("ens_image", "m-ens0001"),
    }
    assert all(row["reason"].startswith("similar name, not deleted: ") for row in outcome.similar_names)
    assert not {row["id"] for row in outcome.seen.rows()} & {row["id"] for row in outcome.similar_names}


def test_a_report_names_ours_as_left_and_theirs_as_similar() -> None:
    cloud, _alone = both()
    outcome = release.report(Scope(cloud, OURS, "images"), [])
    assert "m-ours" in {row["id"] for row in outcome.residual}
    assert "m-theirs" in {row["id"] for row in outcome.similar_names}
    assert "m-theirs" not in {row["id"] for row in outcome.residual}
    assert cloud.mutations() == []


def test_a_running_job_of_the_other_migration_is_not_stopped() -> None:
    cloud, _alone = both()
    cloud.copy_seconds = 10_000
    cloud.jobs["j-0001"].update(Status="Running", BusinessStatus="Syncing")
    sweep(cloud)
    assert cloud.jobs["j-0001"]["Status"] == "Running"
    assert not cloud.calls["smc.StopReplicationJob"]


@pytest.mark.parametrize("lost", ["Tags", "Description"])
def test_the_tag_or_the_description_of_a_job_is_enough(lost: str) -> None:
    cloud, alone = both()
    del cloud.jobs["j-0001"][lost]
    sweep(cloud)
    assert state(cloud) == alone


def test_without_their_job_nothing_is_ours_and_the_proof_names_the_migration() -> None:
    cloud, _alone = both()
    del cloud.jobs["j-0001"]
    outcome = sweep(cloud)
    assert "m-theirs" in cloud.images
    assert "s-snap0001" in cloud.snapshots
    assert f"{theirs().id}_m-theirs_system.qcow2" in cloud.objects
    assert f"edgelift/{theirs().id}/proof.json" in cloud.objects
    assert "m-ens0001" in cloud.ens_images
    told = {row["id"]: row["reason"] for row in outcome.similar_names}
    assert "names migration 'wave_02'" in told[f"images/edgelift/{theirs().id}/proof.json"]
    assert "no job of this migration" in told["m-theirs"]


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"migration": 7}', b'{"run": "r"}'])
def test_a_note_without_a_name_decides_nothing(body: bytes) -> None:
    cloud = Cloud(objects={f"edgelift/{ours().id}/proof.json": body})
    outcome = sweep(cloud)
    assert (outcome.residual, outcome.similar_names, cloud.objects) == ([], [], {})


def test_both_migrations_run_beside_each_other() -> None:
    cloud = Cloud()
    for item in (ours(), theirs()):
        cloud.register(item)
        Fleet(cloud, [item], policy(), clock=cloud.clock()).run(True, 3600, 10)
    sweep(cloud)
    assert {job["Name"] for job in cloud.jobs.values()} == {theirs().job_name}
    assert {image["ImageName"] for image in cloud.images.values()} == {theirs().image_name}
    assert {key for key in cloud.objects if theirs().id in key} == set(cloud.objects)
    assert len(cloud.ens_images) == 2


def test_a_migration_without_a_collision_reports_nothing() -> None:
    cloud = Cloud()
    fill(cloud, ours(), "m-ours")
    outcome = sweep(cloud)
    assert (outcome.residual, outcome.similar_names) == ([], [])
    assert all(not getattr(cloud, table) for table in TABLES)


@pytest.mark.parametrize("status", ["Finished", "InError", "Running"])
def test_a_job_with_our_name_and_the_tag_of_another_migration_is_not_taken(status: str) -> None:
    cloud = Cloud()
    cloud.register(ours())
    job = cloud.add_job(ours(), status, ImageId="m-theirs", Tags={"Tag": naming.tags(THEIRS, ours().host, ours().id)})
    fleet = Fleet(cloud, [ours()], policy(), clock=cloud.clock())
    fleet.run(True, 3600, 10)
    assert fleet.rows[0].verdict == "failed"
    assert job["JobId"] in " ".join(fleet.rows[0].reasons)
    assert cloud.mutations() == []
