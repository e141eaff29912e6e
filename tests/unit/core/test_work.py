# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the modules: options to servers and policy, a wave with its result, one stage, a cleanup."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import (
    ecs_image_export,
    ens_image_import,
    ens_migration,
    options,
    smc_cleanup,
    smc_transfer,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import Disk

from .cloud import Cloud
from .kit import GIB, MIGRATION, qcow2, refused, server

SERVERS = [server(1), server(2)]


def entry(number: int = 1, **changes: Any) -> dict[str, Any]:
    item = server(number)
    disks = [{"index": disk.index, "bytes": disk.bytes} for disk in item.disks]
    values = {"host": item.host, "fingerprint": item.fingerprint, "source_id": item.source_id, "disks": disks}
    return {**values, **changes}


def module(check_mode: bool = False, diff: bool = True, **params: Any) -> Any:
    values = {
        "name": MIGRATION, "region": "ap-southeast-1", "bucket": "images", "state": "present", "wait": True,
        "wait_timeout": 600, "poll_interval": 0.0, "progress_file": None, "servers": [entry(1), entry(2)], **params,
    }
    return SimpleNamespace(params=values, check_mode=check_mode, _diff=diff)


def quick() -> Cloud:
    """Return a cloud in which everything is done at once, so that the real clock need not wait."""
    cloud = Cloud(copy_seconds=0, export_seconds=0, import_seconds=0, release_seconds=0)
    cloud.register(*SERVERS)
    return cloud


# ---- options ----
BASE = {"region": "ap-southeast-1", "job_valid_days": 7, "net_mode": "internet"}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"job_valid_days": 6}, "job_valid_days is 6, SMC takes 7 to 90"),
        ({"job_valid_days": 91}, "job_valid_days is 91"),
        ({"net_mode": "vpc"}, "net_mode vpc needs vswitch_id"),
        ({"net_mode": "vpc", "vpc_id": "vpc-1"}, "net_mode vpc needs vswitch_id"),
        ({"vpc_id": "vpc-1"}, "vpc_id is 'vpc-1' and vswitch_id is not set: set both or neither"),
        ({"vswitch_id": "vsw-1", "vpc_id": ""}, "vswitch_id is 'vsw-1' and vpc_id is not set: set both or neither"),
        ({"replication_parameters": {"x": "y" * 2048}}, "replication_parameters has 2057 characters as JSON"),
        ({"image_formats": {"cn-beijing": ["vhd"]}}, "image_formats of cn-beijing is ['vhd'], it must be a list of"),
    ],
)
def test_values_that_no_service_takes_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(CloudError) as caught:
        options.policy({**BASE, **params})
    assert words in caught.value.message
    assert caught.value.code == "Input.Invalid"
    assert caught.value.hint == "Nothing was created."
    assert not caught.value.retryable


@pytest.mark.parametrize("name", ["", "  "])
def test_a_migration_without_a_name_is_refused_before_any_call(name: str) -> None:
    cloud = quick()
    modules = (ens_migration, smc_cleanup, smc_transfer, ecs_image_export, ens_image_import)
    for work in (each.work for each in modules):
        with pytest.raises(CloudError, match="Set migration_name"):
            work(module(name=name), cloud)
    assert not cloud.calls


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(CloudError) as caught:
        options.policy({**BASE, "job_valid_days": 0, "net_mode": "vpc"})
    assert caught.value.message.count("; ") == 1


@pytest.mark.parametrize(
    ("params", "field", "value"),
    [
        ({"job_valid_days": 7}, "job_valid_days", 7),
        ({"job_valid_days": 90}, "job_valid_days", 90),
        ({"net_mode": "vpc", "vpc_id": "vpc-1", "vswitch_id": "vsw-1"}, "net_mode", 2),
        ({}, "net_mode", 0),
        ({}, "image_format", "qcow2"),
        ({"region": "cn-beijing"}, "image_format", "raw"),
        ({"image_format": "raw"}, "image_format", "raw"),
        ({"image_formats": {"ap-southeast-1": ["raw"]}}, "image_format", "raw"),
        ({"image_formats": {"cn-beijing": ["raw"]}}, "image_format", "qcow2"),
        ({"image_formats": None}, "image_formats", {}),
        ({}, "import_regions", limits.IMPORT_REGIONS),
        ({"import_regions": []}, "import_regions", limits.IMPORT_REGIONS),
        ({"import_regions": ["eu-west-1"]}, "import_regions", ("eu-west-1",)),
        ({"region": "eu-west-9"}, "image_format", "raw"),
        ({"replication_parameters": {"x": "y" * 2039}}, "replication_parameters", '{"x": "' + "y" * 2039 + '"}'),
        ({"replication_parameters": {}}, "replication_parameters", ""),
        ({"vpc_id": None}, "vpc_id", ""),
        ({}, "job_retries", 2),
        ({"job_retries": 0}, "job_retries", 0),
        ({}, "export_retries", 1),
        ({"export_retries": 0}, "export_retries", 0),
        ({"export_role_name": "Mine"}, "role_name", "Mine"),
        ({"vpc_id": "vpc-1", "vswitch_id": "vsw-1"}, "vpc_id", "vpc-1"),
        ({"vpc_id": "vpc-1", "vswitch_id": "vsw-1"}, "vswitch_id", "vsw-1"),
    ],
)
def test_values_become_the_policy(params: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(options.policy({**BASE, **params}), field) == value


def test_a_server_without_fingerprint_is_known_by_its_source() -> None:
    found = options.server("w", {"host": "h", "source_id": "s-1", "disks": None, "image_name": None})
    assert (found.fingerprint, found.source_id, found.disks, found.base_name) == ("s-1", "s-1", (), "")


def test_a_server_has_what_its_entry_says() -> None:
    found = options.server("w", {**entry(), "platform": "ubuntu", "image_name": "shop"})
    assert (found.migration, found.host, found.platform, found.base_name) == ("w", "web-01", "ubuntu", "shop")


def test_disks_are_taken_in_the_order_of_their_indexes() -> None:
    disks = [{"index": 1, "bytes": 30}, {"index": 0, "bytes": 20}]
    assert options.server("w", {"host": "h", "disks": disks}).disks == (Disk(0, 20), Disk(1, 30))


@pytest.mark.parametrize("indexes", [(1,), (0, 2), (0, 0)])
def test_disks_with_a_gap_are_refused(indexes: tuple[int, ...]) -> None:
    disks = [{"index": index, "bytes": 20 * GIB} for index in indexes]
    with pytest.raises(CloudError, match="they count from 0 without a gap"):
        ens_migration.work(module(servers=[entry(disks=disks)]), checked(quick()))


# ---- ens_migration ----
def checked(cloud: Cloud, location: str = "ap-southeast-1") -> Any:
    """Return the cloud as the checks of an account need it."""
    cloud.sts = SimpleNamespace(get_caller_identity=lambda: {"AccountId": "1"})
    cloud.oss("images").bucket_info = lambda: {"location": location}
    return cloud


def test_a_wave_and_its_result() -> None:
    cloud = quick()
    result = ens_migration.work(module(), checked(cloud))
    assert result["changed"] is True
    assert result["migration"]["finished"] is True
    assert result["migration"]["wave_id"] == SERVERS[0].id[:16]
    assert [row["verdict"] for row in result["migration"]["servers"]] == ["migrated", "migrated"]
    first = result["migration"]["servers"][0]
    assert first["host"] == "web-01"
    assert first["ens_image_id"] in cloud.ens_images
    assert first["image_id"] in cloud.images
    assert first["job_id"] in cloud.jobs
    assert result["acts"]["import.import"] == 2
    assert result["diff"]["before"] == {}
    assert set(result["diff"]["after"]) == {item.image_name for item in SERVERS}


def test_the_diff_tells_what_was_there_before() -> None:
    cloud = quick()
    image = cloud.add_ens_image(SERVERS[0].image_name)
    result = ens_migration.work(module(), checked(cloud))
    assert result["diff"]["before"] == {SERVERS[0].image_name: image["ImageId"]}
    assert set(result["diff"]["after"]) == {item.image_name for item in SERVERS}
    again = ens_migration.work(module(), checked(cloud))
    assert again["changed"] is False
    assert again["diff"]["before"] == again["diff"]["after"]


def test_check_mode_foresees_and_changes_nothing() -> None:
    cloud = quick()
    result = ens_migration.work(module(check_mode=True), checked(cloud))
    assert cloud.mutations() == []
    assert result["changed"] is True
    assert result["acts"] == {"transfer.create": 2}
    assert set(result["diff"]["after"].values()) == {"(to be made)"}


def test_a_server_that_is_blocked_leaves_the_others() -> None:
    cloud = quick()
    disks = [{"index": index, "bytes": 20 * GIB} for index in range(6)]
    result = ens_migration.work(module(servers=[entry(1, disks=disks), entry(2)]), checked(cloud))
    rows = {row["host"]: row for row in result["migration"]["servers"]}
    assert rows["web-01"]["verdict"] == "blocked"
    assert rows["web-01"]["phase"] == "preflight"
    assert rows["web-02"]["verdict"] == "migrated"
    assert not [name for name, args in cloud.log if "s-01" in repr(args)]


@pytest.mark.parametrize(
    ("params", "location", "words"),
    [
        ({"region": "xx-nowhere-1"}, "xx-nowhere-1", "ENS imports images only in"),
        ({"image_format": "vhd"}, "ap-southeast-1", "not one of qcow2, raw"),
        ({}, "cn-beijing", "the bucket is in 'cn-beijing'"),
        ({"servers": [entry(1), entry(1)]}, "ap-southeast-1", "listed more than once"),
        ({"servers": [entry(1, image_name="1x")]}, "ap-southeast-1", "a letter first"),
    ],
)
def test_bad_input_ends_the_wave_before_anything_exists(params: dict[str, Any], location: str, words: str) -> None:
    cloud = quick()
    with pytest.raises(CloudError, match=words):
        ens_migration.work(module(**params), checked(cloud, location))
    assert cloud.mutations() == []
    assert not cloud.calls["smc.DescribeSourceServers"]


def test_checked_reports_the_state_of_every_server_and_only_reads() -> None:
    cloud = quick()
    image = cloud.add_ens_image(SERVERS[0].image_name)
    cloud.add_ens_image(server(3).image_name, sizes=(99,))
    five = [{"index": index, "bytes": 20 * GIB} for index in range(6)]
    entries = [entry(1), entry(2), entry(3), entry(4, disks=five)]
    result = ens_migration.work(module(state="checked", servers=entries), checked(cloud))
    rows = result["migration"]["servers"]
    assert [row["verdict"] for row in rows] == ["migrated", "clear", "blocked", "blocked"]
    assert rows[0]["ens_image_id"] == image["ImageId"]
    assert "its disks are [99] GiB" in rows[2]["reasons"][0]
    assert result["changed"] is False
    assert cloud.mutations() == []


def test_a_wave_that_can_no_longer_be_seen_tells_what_it_has_made() -> None:
    cloud = quick()
    cloud.fail("ecs.DescribeTasks", refused("Forbidden.RAM"))
    with pytest.raises(CloudError, match=r"Forbidden\.RAM") as caught:
        ens_migration.work(module(), checked(cloud))
    last = caught.value.last
    assert last["changed"] is True
    assert {row["kind"] for row in last["migration"]["resources"]} >= {"smc_job", "smc_source"}
    # No run works on them any more: for the cleanup they are not pending.
    assert {row["verdict"] for row in last["migration"]["servers"]} == {"failed"}
    assert "Forbidden.RAM" in last["migration"]["servers"][0]["reasons"][0]


# ---- one stage ----
def stage(**params: Any) -> Any:
    return module(**{**entry(1), "servers": None, **params})


def test_the_stages_one_by_one_make_what_the_wave_makes() -> None:
    cloud = quick()
    moved = smc_transfer.work(stage(), cloud)
    assert (moved["changed"], moved["transfer"]["status"]) == (True, "Finished")
    exported = ecs_image_export.work(stage(image_id=moved["transfer"]["image_id"]), cloud)
    assert (exported["changed"], exported["export"]["status"]) == (True, "Finished")
    keys = [item["key"] for item in exported["export"]["objects"]]
    imported = ens_image_import.work(stage(objects=keys), cloud)
    assert (imported["changed"], imported["image"]["status"]) == (True, "Available")
    assert imported["image"]["image_name"] == SERVERS[0].image_name
    for work, more in (
        (smc_transfer.work, {}),
        (ecs_image_export.work, {"image_id": moved["transfer"]["image_id"]}),
        (ens_image_import.work, {"objects": keys}),
    ):
        assert work(stage(**more), cloud)["changed"] is False


def test_a_stage_that_fails_raises_with_what_it_saw_last() -> None:
    cloud = quick()
    cloud.job_errors["s-01"] = ["Forbidden.RAM"]
    with pytest.raises(CloudError, match=r"Forbidden\.RAM") as caught:
        smc_transfer.work(stage(), cloud)
    assert caught.value.last["transfer"]["status"] == "InError"
    assert {row["kind"] for row in caught.value.last["resources"]} >= {"smc_job", "ecs_instance"}


def test_an_image_id_that_does_not_exist_is_refused() -> None:
    with pytest.raises(CloudError, match="m-none of web-01 was deleted outside this migration"):
        ecs_image_export.work(stage(image_id="m-none"), quick())


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        (["k"], "is missing"),
        ([], "there are 0 objects for 1 disks"),
        (["small"], f"contains {19 * GIB} bytes"),
    ],
)
def test_objects_are_looked_into_before_the_import(objects: list[str], words: str) -> None:
    cloud = quick()
    cloud.objects["small"] = qcow2(19)
    with pytest.raises(CloudError, match=words):
        ens_image_import.work(stage(objects=objects), cloud)
    assert cloud.mutations() == []


def test_check_mode_of_a_stage_needs_no_objects_yet() -> None:
    cloud = quick()
    result = ens_image_import.work(module(check_mode=True, **{**entry(1), "servers": None, "objects": []}), cloud)
    assert result["changed"] is True
    assert cloud.mutations() == []


# ---- smc_cleanup ----
def sweep(cloud: Cloud, check_mode: bool = False, **params: Any) -> dict[str, Any]:
    values = {"state": "absent", "scope": "migration", "delete_sources": True, "resources": [], **params}
    values.setdefault("rejected_images", [])
    return smc_cleanup.work(module(check_mode=check_mode, **values), cloud)


def test_a_cleanup_and_its_result() -> None:
    cloud = quick()
    ens_migration.work(module(), checked(cloud))
    told = sweep(cloud, state="reported")
    assert told["changed"] is False
    assert "diff" not in told
    foreseen = sweep(cloud, check_mode=True)
    assert foreseen["changed"] is True
    assert foreseen["diff"]["after"] == "\n"
    assert cloud.jobs
    done = sweep(cloud)
    assert done["changed"] is True
    assert done["cleanup"]["residual"] == []
    assert done["diff"]["after"] == "\n"
    again = sweep(cloud)
    assert (again["changed"], again["cleanup"]["resources"]) == (False, [])


def test_a_cleanup_of_some_servers_takes_only_their_part_of_an_earlier_result() -> None:
    cloud = quick()
    known = [{"kind": "ecs_disk", "id": f"d-{number}", "host": f"web-{number:02d}"} for number in (1, 2)]
    cloud.disks.update({row["id"]: {"DiskId": row["id"], "InstanceId": ""} for row in known})
    told = sweep(cloud, state="reported", scope="servers", servers=[entry(1)], resources=known)
    assert [row["id"] for row in told["cleanup"]["resources"] if row["kind"] == "ecs_disk"] == ["d-1"]


def test_an_ens_image_that_is_still_imported_is_no_change() -> None:
    cloud = quick()
    cloud.sources.clear()
    cloud.import_seconds = 10_000
    cloud.add_job(SERVERS[0], "Finished")
    cloud.add_ens_image(SERVERS[0].image_name, "Creating")
    result = sweep(cloud)
    assert result["changed"] is False
    # What the image is made of stays with it.
    assert [row["kind"] for row in result["cleanup"]["residual"]] == ["ens_image", "smc_job"]
