# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage import: a name alone proves nothing, and one import is asked for once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import Disk
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import ens_import

from .cloud import Cloud
from .kit import GIB, START, context, lost, perform, policy, qcow2, refused, requested, server, stamp

SERVER = server()


def image(status: str = "Available", sizes: Any = ("20",), image_id: str = "m-ens") -> dict[str, Any]:
    mappings = {"DiskDeviceMapping": [{"Size": size} for size in sizes]}
    return {"ImageId": image_id, "ImageName": SERVER.image_name, "Status": status, "DiskDeviceMappings": mappings}


def objects(count: int = 1) -> list[Any]:
    return [{"index": index, "bucket": "images", "key": f"k{index}", "size": 64} for index in range(count)]


@pytest.mark.parametrize(
    ("seen", "kind", "words"),
    [
        (Seen(), "act", "verified"),
        (Seen(requested={"import": requested(10)}), "wait", "is not listed yet"),
        (Seen(requested={"import": requested(-1)}), "act", "verified"),
        (Seen(requested={"import": requested(10, "m-7")}), "wait", "is not listed yet"),
        (Seen(requested={"import": requested(-1, "m-7")}), "fail", "ENS does not show image m-7"),
        # An export was asked for a moment ago: that says nothing about the import.
        (Seen(requested={"export": requested(10)}), "act", "verified"),
        (Seen(ens_images=[image()]), "done", "m-ens"),
        (Seen(ens_images=[image()], requested={"import": requested(-1, "m-7")}), "done", "m-ens"),
        (Seen(ens_images=[image(), image(image_id="m-2")]), "fail", "used by 2 ENS images (m-ens, m-2)"),
        (Seen(ens_images=[image("Creating"), image(image_id="m-2")]), "fail", "2 ENS images"),
        (Seen(ens_images=[image(sizes=("20", "30"))]), "fail", "disks are [20, 30] GiB, the server's [20] GiB"),
        (Seen(ens_images=[image(sizes=("40",))]), "fail", "delete that image"),
        # The ledger names this very image.
        (Seen(ens_images=[image(sizes=("40",))], requested={"import": requested(-1, "m-ens")}), "done", "m-ens"),
        (Seen(ens_images=[image(sizes=("40",))], own={"import": "m-ens"}), "done", "m-ens"),
        (Seen(ens_images=[image(sizes=("40",))], own={"import": "m-2"}), "fail", "delete that image"),
        (Seen(ens_images=[image(), image(image_id="m-2")], own={"import": "m-ens"}), "fail", "used by 2 ENS images"),
        (Seen(ens_images=[image("Creating", sizes=("0",))]), "wait", "Creating"),
        (Seen(ens_images=[image("Unavailable", sizes=("0",))]), "fail", "failed image is deleted by the next run"),
        (Seen(ens_images=[{"ImageId": "m-ens", "Status": "Available"}]), "fail", "disks are [0] GiB"),
        (Seen(ens_images=[{"ImageId": "m-ens", "Status": "Available", "ImageSize": "20"}]), "done", "m-ens"),
        (Seen(ens_images=[{"ImageId": "m-ens"}]), "wait", "m-ens"),
    ],
)
def test_every_state_has_its_next_step(seen: Seen, kind: str, words: str) -> None:
    decision = ens_import.decide(context(None), SERVER, seen)
    assert decision.kind == kind
    assert words in decision.text


@pytest.mark.parametrize("status", sorted(states.ENS_IMAGE))
def test_every_status_has_its_meaning(status: str) -> None:
    kinds = {"pending": "wait", "success": "done", "failure": "fail"}
    found = ens_import.decide(context(None), SERVER, Seen(ens_images=[image(status)]))
    assert found.kind == kinds[states.ENS_IMAGE[status]]
    assert found.kind == "done" or status in found.text


@pytest.mark.parametrize("sizes", [("20", "30"), ("30", "20"), (30, 20), ("20.0", "30")])
def test_disks_agree_in_any_order_and_spelling(sizes: Any) -> None:
    assert ens_import.conflict(server(disks=(20, 30)), Seen(ens_images=[image(sizes=sizes)])) == ""


def test_disks_of_real_machines_are_compared_as_the_cloud_makes_them() -> None:
    item = replace(SERVER, disks=(Disk(0, 250_059_350_016), Disk(1, 8 * GIB)))
    assert ens_import.conflict(item, Seen(ens_images=[image(sizes=("233", "20"))])) == ""


@pytest.mark.parametrize("sizes", [(None,), ("",)])
def test_a_size_that_is_not_given_is_another_size(sizes: Any) -> None:
    assert "its disks are [0] GiB" in ens_import.conflict(SERVER, Seen(ens_images=[image(sizes=sizes)]))


def test_without_known_disks_the_name_is_all_there_is() -> None:
    assert ens_import.conflict(server(disks=()), Seen(ens_images=[image(sizes=("99",))])) == ""


def test_names_are_compared_exactly_and_the_wave_is_observed_in_one_call() -> None:
    cloud, wave = Cloud(), [server(number) for number in range(1, 31)]
    ours = cloud.add_ens_image(wave[0].image_name)
    for name in (f"{wave[1].image_name}-copy", wave[1].image_name.upper(), f"x{wave[1].image_name}"):
        cloud.add_ens_image(name)
    cloud.edit("ens.DescribeSelfImages", lambda rows: [{}, *rows])
    seen = {item.id: Seen(ens_images=[image()]) for item in wave}
    ens_import.observe(context(cloud), wave, seen)
    assert [row["ImageId"] for row in seen[wave[0].id].ens_images] == [ours["ImageId"]]
    assert not any(seen[item.id].ens_images for item in wave[1:])
    assert cloud.calls.total() == 1


# ---- what ENS says otherwise ----
@pytest.mark.parametrize(
    ("sizes", "ledger"),
    [
        # Without the ledger: rounded to tens, GB of 10^9 bytes, the system disk alone, text.
        (("30", "250"), ""),
        (("22", "248"), ""),
        (("20",), ""),
        (("20", "240.5"), ""),
        # With it: whatever ENS says.
        (("40", "1"), "m-ens"),
        ((None, None), "m-ens"),
        (("20 GiB", "a lot"), "m-ens"),
        ((), "m-ens"),
        (("20", "241", "241"), "m-ens"),
    ],
)
def test_sizes_that_ens_reports_otherwise_are_a_warning(sizes: Any, ledger: str) -> None:
    item = server(disks=(21, 241))
    seen = Seen(ens_images=[{**image(sizes=sizes), "ImageName": item.image_name}], own={"import": ledger})
    assert ens_import.decide(context(None), item, seen).kind == "done"
    (text,) = ens_import.notes(item, seen)
    assert "m-ens" in text
    assert "the server's have [21, 241] GiB" in text


def test_sizes_that_agree_are_no_warning() -> None:
    assert ens_import.notes(SERVER, Seen(ens_images=[image()])) == []
    assert ens_import.notes(SERVER, Seen()) == []


@pytest.mark.parametrize(
    "changes", [{"ImageName": SERVER.image_name.upper()}, {"CreationTime": stamp(START - timedelta(hours=1))}]
)
def test_the_ledger_alone_makes_no_image_this_servers(changes: dict[str, str]) -> None:
    job = {"JobId": "j-1", "CreationTime": stamp(START)}
    seen = Seen(job=job, ens_images=[{**image(sizes=("99",)), **changes}], own={"import": "m-ens"})
    assert ens_import.decide(context(None), SERVER, seen).kind == "fail"


# ---- parameters ----
def test_one_disk_is_named_by_bucket_and_object() -> None:
    assert ens_import.import_params(SERVER, policy(), objects()) == {
        "ImageName": SERVER.image_name,
        "ComputeType": "ens_vm",
        "Architecture": "x86_64",
        "OSType": "linux",
        "ImageFormat": "qcow2",
        "OSSRegion": "ap-southeast-1",
        "TargetOSSRegionId": "ap-southeast-1",
        "OSSBucket": "images",
        "OSSObject": "k0",
    }


def test_several_disks_are_a_mapping_with_the_system_disk_first() -> None:
    params = ens_import.import_params(SERVER, policy(), list(reversed(objects(3))))
    assert "OSSObject" not in params
    assert [item["OSSObject"] for item in json.loads(params["DiskDeviceMapping"])] == ["k0", "k1", "k2"]


@pytest.mark.parametrize(
    ("platform", "sent"), [("centos", "centos"), ("ubuntu", "ubuntu"), ("debian", None), ("", None)]
)
def test_only_documented_platforms_are_named(platform: str, sent: str | None) -> None:
    assert ens_import.import_params(server(platform=platform), policy(), objects()).get("Platform") == sent


# ---- act ----
def act(cloud: Cloud, seen: Seen, now: Any = START) -> str:
    return perform(ens_import.STAGE, context(cloud, now), SERVER, seen, "import")


def ready() -> tuple[Cloud, Seen]:
    return Cloud(objects={"k0": qcow2(20)}), Seen(objects=objects())


def test_another_controllers_import_is_not_repeated() -> None:
    cloud, seen = ready()
    act(cloud, Seen(objects=objects()))
    held = act(cloud, seen, START + timedelta(seconds=5))
    assert held == f"another run has taken over {SERVER.host}"
    assert cloud.calls["ens.ImportImage"] == 1


@pytest.mark.parametrize("error", [refused("NoPermission"), refused("Throttling", retryable=True)], ids=str)
def test_a_call_that_surely_had_no_effect_may_be_made_again(error: CloudError) -> None:
    cloud, seen = ready()
    given = context(cloud)
    cloud.fail("ens.ImportImage", error)
    with pytest.raises(CloudError):
        perform(ens_import.STAGE, given, SERVER, seen, "import")
    assert given.driver.requested(SERVER.id, "import", SERVER.image_name, "", START) is None


def test_a_call_whose_answer_was_lost_is_looked_for() -> None:
    cloud, seen = ready()
    given = context(cloud)
    cloud.fail("ens.ImportImage", lost(), after=True)
    with pytest.raises(CloudError):
        perform(ens_import.STAGE, given, SERVER, seen, "import")
    seen.requested["import"] = given.driver.requested(SERVER.id, "import", SERVER.image_name, "", START)
    assert ens_import.decide(context(None), SERVER, seen).kind == "wait"


def test_the_image_that_an_import_has_returned_is_asked_for_by_its_id() -> None:
    cloud, seen = ready()
    act(cloud, seen)
    image_id = next(iter(cloud.ens_images))
    ens_import.follow(context(cloud), SERVER, seen, image_id)
    assert [row["ImageId"] for row in seen.ens_images] == [image_id]
    assert cloud.log[-1] == ("ens.DescribeSelfImages", image_id)
    cloud.calls.clear()
    ens_import.follow(context(cloud), SERVER, seen, image_id)
    ens_import.follow(context(cloud), SERVER, Seen(), "m-another")
    assert cloud.calls["ens.DescribeSelfImages"] == 1


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({}, True),
        ({"ImageName": "golden"}, False),
        ({"ImageName": "golden", "Status": "Creating"}, False),
        ({"ImageName": SERVER.image_name.upper()}, False),
        ({"ImageName": "", "Status": "Creating"}, True),
        ({"ImageName": ""}, False),
        ({"CreationTime": stamp(START - timedelta(hours=1))}, False),
        ({"CreationTime": ""}, True),
    ],
)
def test_an_id_in_the_ledger_makes_no_image_this_servers(changes: dict[str, str], taken: bool) -> None:
    cloud = Cloud()
    made = cloud.add_ens_image(SERVER.image_name)
    made.update(changes)
    seen = Seen(job=cloud.add_job(SERVER))
    ens_import.follow(context(cloud), SERVER, seen, made["ImageId"])
    assert [row["ImageId"] for row in seen.ens_images] == ([made["ImageId"]] if taken else [])
    seen.requested["import"] = requested(-1, made["ImageId"])
    text = ens_import.decide(context(None), SERVER, seen).text
    assert taken or "ENS does not show image" in text
