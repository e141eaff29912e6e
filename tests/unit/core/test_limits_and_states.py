# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits and states: both sides of every limit, a meaning for every documented state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import Disk
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import checks

from .kit import policy, server

GIB = limits.GIB


# A region in which ENS imports images, with the format that ECS exports there by default.
REGIONS = {"cn-beijing": "raw", "ap-southeast-1": "qcow2"}


@pytest.mark.parametrize(("region", "image_format"), REGIONS.items())
def test_ens_imports_in_the_documented_regions(region: str, image_format: str) -> None:
    assert limits.region_problem(region, limits.IMPORT_REGIONS) is None
    assert limits.image_formats(region, {})[0] == image_format
    assert limits.format_problem(region, image_format, {}) is None


def test_the_regions_that_are_tested_are_all() -> None:
    assert tuple(REGIONS) == limits.IMPORT_REGIONS


@pytest.mark.parametrize("region", ["", "xx-nowhere-1", "CN-BEIJING", "cn-dalian-unicom"])
def test_another_region_is_refused_with_the_allowed_ones(region: str) -> None:
    problem = limits.region_problem(region, limits.IMPORT_REGIONS)
    assert problem == (
        f"region {region!r} cannot be used: ENS imports images only in {' and '.join(REGIONS)}"
    )
    [shown] = checks.input_problems(policy(region=region or "none", image_format="raw"), [server()])
    assert shown.endswith(f". {limits.REGION_ADVICE}")
    assert "migration_import_regions" in limits.REGION_ADVICE


def test_a_region_that_ens_has_opened_is_taken_by_option() -> None:
    chosen = policy(region="xx-nowhere-1", image_format="raw", import_regions=("xx-nowhere-1",))
    assert checks.input_problems(chosen, [server()]) == []
    assert "only in xx-nowhere-1" in checks.input_problems(replace(chosen, region="cn-beijing"), [server()])[0]


@pytest.mark.parametrize(("region", "image_format"), [("ap-southeast-1", "qcow2"), ("ap-southeast-1", "raw")])
def test_a_format_that_ecs_exports_is_taken(region: str, image_format: str) -> None:
    assert limits.format_problem(region, image_format, {}) is None


def test_beijing_exports_raw_and_nothing_else() -> None:
    assert limits.format_problem("cn-beijing", "raw", {}) is None
    assert "ECS exports only raw there" in str(limits.format_problem("cn-beijing", "qcow2", {}))
    [shown] = checks.input_problems(policy(region="cn-beijing", image_format="qcow2"), [server()])
    assert shown.endswith("set image_formats (variable migration_image_formats)")


@pytest.mark.parametrize("image_format", ["vhd", "vmdk", "", "QCOW2"])
def test_an_unknown_format_is_refused_with_the_known_ones(image_format: str) -> None:
    assert limits.format_problem("ap-southeast-1", image_format, {}) == (
        f"image_format {image_format!r} is not one of qcow2, raw"
    )


def test_formats_that_ecs_exports_by_now_are_taken_by_option() -> None:
    known = {"cn-beijing": ["qcow2", "raw"]}
    assert limits.format_problem("cn-beijing", "qcow2", known) is None
    assert limits.image_formats("cn-beijing", known) == ("qcow2", "raw")
    assert limits.image_formats("ap-southeast-1", known) == ("qcow2", "raw")
    assert "exports only qcow2 there" in str(limits.format_problem("cn-beijing", "raw", {"cn-beijing": ["qcow2"]}))


@pytest.mark.parametrize("formats", [[], "raw", None, ["vhd"], ["raw", "vhd"], [{}]])
def test_formats_that_the_collection_cannot_verify_are_refused(formats: Any) -> None:
    problem = limits.image_formats_problem({"cn-beijing": formats})
    assert problem == f"image_formats of cn-beijing is {formats!r}, it must be a list of qcow2 and raw"


@pytest.mark.parametrize("name", ["ab", "A" * 128, "a1_:-", "Web-01", "aliyu", "acsx"])
def test_a_legal_name_is_taken(name: str) -> None:
    assert limits.name_problem(name) is None


@pytest.mark.parametrize("name", ["", "a", "A" * 129, "1a", "_a", "a.b", "a b", "aé", "ab\n"])
def test_a_name_outside_the_rule_is_refused_with_the_rule(name: str) -> None:
    assert limits.NAME_RULE in str(limits.name_problem(name))


@pytest.mark.parametrize("name", ["aliyun", "Aliyun-x", "acs:x", "http:x", "HTTPS:x"])
def test_a_name_that_the_services_keep_for_themselves_is_refused(name: str) -> None:
    assert "must not begin with" in str(limits.name_problem(name))


@pytest.mark.parametrize(("size", "gib"), [(0, 0), (1, 1), (GIB, 1), (GIB + 1, 2), (500 * GIB, 500)])
def test_sizes_are_rounded_up_to_whole_gib(size: int, gib: int) -> None:
    assert limits.gib(size) == gib


@pytest.mark.parametrize(
    ("size", "gib"), [(1, 20), (20 * GIB, 20), (20 * GIB + 1, 21), (250_059_350_016, 233), (500 * GIB, 500)]
)
def test_a_disk_in_the_cloud_is_whole_gib_and_at_least_20(size: int, gib: int) -> None:
    assert limits.target_gib(size) == gib


def test_four_data_disks_of_500_gib_are_taken() -> None:
    assert checks.server_problems([server(disks=(20, 500, 500, 500, 500))]) == {}


def test_a_fifth_data_disk_is_refused() -> None:
    assert checks.server_problems([server(disks=(20,) * 6)]) == {
        "web-01": ["it has 5 data disks, ENS takes at most 4"]
    }


def test_a_data_disk_of_one_byte_more_than_500_gib_is_refused() -> None:
    one_more = replace(server(), disks=(Disk(0, 20 * GIB), Disk(1, 500 * GIB + 1)))
    assert checks.server_problems([one_more]) == {"web-01": ["data disk 1 has 501 GiB, ENS takes at most 500 GiB"]}


@pytest.mark.parametrize(("gib", "taken"), [(2048, True), (2049, False)])
def test_the_system_disk_has_the_limit_of_smc(gib: int, taken: bool) -> None:
    problems = checks.server_problems([server(disks=(gib,))])
    assert problems == ({} if taken else {"web-01": ["its system disk has 2049 GiB, SMC takes at most 2048 GiB"]})


def test_input_problems_name_every_bad_value() -> None:
    wave = [server(1, base_name="1x"), server(1), server(2, base_name="fine")]
    problems = checks.input_problems(policy(region="xx-nowhere-1", image_format="vhd"), wave)
    assert len(problems) == 4
    assert "image_name of web-01" in problems[2]
    assert problems[3] == "host 'web-01' is listed more than once"
    assert checks.input_problems(policy(region="ap-southeast-1"), [server(1), server(2)]) == []


# The words of the documents (facts 3.2, 3.3, 4.2), written down again: a table that lost one would fail here.
@pytest.mark.parametrize(
    ("table", "pending", "success", "failure"),
    [
        (states.EXPORT_TASK, "Waiting Processing", "Finished", "Failed Cancelled Deleted"),
        (states.ECS_IMAGE, "Creating Waiting", "Available", "UnAvailable CreateFailed Deprecated"),
        (states.ENS_IMAGE, "Creating Packing Uploading Copying", "Available", "Pack_failed Upload_failed Unavailable"),
    ],
    ids=["export task", "ECS image", "ENS image"],
)
def test_every_documented_state_has_its_meaning(
    table: dict[str, states.Outcome], pending: str, success: str, failure: str
) -> None:
    meant = dict.fromkeys(pending.split(), "pending")
    meant |= {success: "success"} | dict.fromkeys(failure.split(), "failure")
    assert {word: states.outcome(table, word) for word in table} == meant


@pytest.mark.parametrize("word", ["", "Paused", "available", "Whatever"])
def test_an_unknown_state_is_pending_so_that_a_timeout_ends_it(word: str) -> None:
    for table in (states.EXPORT_TASK, states.ECS_IMAGE, states.ENS_IMAGE):
        assert states.outcome(table, word) == "pending"


def test_job_states_are_the_documented_ones() -> None:
    documented = {"Ready", "Running", "Stopped", "InError", "Finished", "Waiting", "Expired", "Deleting"}
    assert documented - {"Running", "Deleting"} == states.JOB_DELETABLE
    assert documented - {"Finished"} == states.JOB_UNFINISHED
