# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from support.local_cloud import LocalCloud

from sandbox.bytes import formats

PARAMS = {"ImageName": "web-01", "ComputeType": "ens_vm", "OSType": "linux", "Architecture": "x86_64",
          "ImageFormat": "qcow2", "OSSBucket": "images-sg", "OSSObject": "one.qcow2"}
GIB = 2**30


@pytest.fixture(autouse=True)
def quick_ingest(monkeypatch: pytest.MonkeyPatch) -> None:
    """No qemu-img in unit tests: an object that says ``good`` is a disk of 20 GiB, ``large`` one of 501 GiB."""

    async def ingest(object_path: Any, fmt: str, out_path: Any) -> int:
        sizes = {"good": 20, "large": 501}
        content = object_path.read_text()
        if content not in sizes:
            raise formats.FormatError(f"the file is not {fmt}")
        out_path.write_text(fmt)
        return sizes[content] * GIB

    monkeypatch.setattr(formats, "ingest", ingest)


def put(local: LocalCloud, key: str, content: str = "good", bucket: str = "images-sg") -> None:
    local.cloud.buckets.object_path(bucket, key).write_text(content)


def images(local: LocalCloud, **filters: Any) -> list[dict[str, Any]]:
    return list(local.ok("ens", "DescribeSelfImages", **filters)["Images"]["Image"])


def mapping(*keys: str) -> str:
    return json.dumps([{"OSSBucket": "images-sg", "OSSObject": key, "OSSRegion": "ap-southeast-1"} for key in keys])


def test_an_import_is_created_uploaded_and_available(local: LocalCloud) -> None:
    put(local, "one.qcow2")
    image_id = local.ok("ens", "ImportImage", **PARAMS)["ImageId"]
    seen = []
    for _turn in range(20):
        (image,) = images(local, ImageId=image_id)
        if image["Status"] not in seen:
            seen.append(image["Status"])
        local.advance(0.1)
    assert seen == ["Creating", "Uploading", "Available"]
    assert image["ImageSize"] == "20"
    assert image["RegionId"] == "ap-southeast-1"
    assert image["DiskDeviceMappings"]["DiskDeviceMapping"][0]["Type"] == "system"
    assert local.cloud.meter.report()["running"] == [], "the ENS image is the result and is not metered"


def test_several_disks_come_in_one_json_string(local: LocalCloud) -> None:
    for key in ("system.qcow2", "data.qcow2"):
        put(local, key)
    params = {key: value for key, value in PARAMS.items() if not key.startswith("OSS")}
    local.ok("ens", "ImportImage", **params, DiskDeviceMapping=mapping("system.qcow2", "data.qcow2"))
    local.advance(0.3)
    local.advance(1)
    (image,) = images(local)
    assert [disk["Type"] for disk in image["DiskDeviceMappings"]["DiskDeviceMapping"]] == ["system", "data"]
    assert image["ImageStorageSize"] == "40"


@pytest.mark.parametrize(("key", "content"), [("missing.qcow2", ""), ("one.qcow2", "garbage")])
def test_an_object_that_is_no_disk_ends_in_upload_failed(local: LocalCloud, key: str, content: str) -> None:
    put(local, "one.qcow2", content)
    image_id = local.ok("ens", "ImportImage", **{**PARAMS, "OSSObject": key})["ImageId"]
    local.advance(1)
    assert images(local)[0]["Status"] == "Upload_failed"
    row = local.cloud.ens_images.get(image_id)
    assert row is not None
    assert f"oss://images-sg/{key}" in row["status_info"]
    assert local.code("ens", "ImportImage", **PARAMS)[1] == "InvalidParameter.ImageName.Duplicate"
    local.ok("ens", "DeleteImage", ImageId=image_id)
    local.ok("ens", "ImportImage", **PARAMS)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"ImageName": ""}, "MissingParameter"),
        ({"ImageName": "1st"}, "InvalidParameter.ImageName"),
        ({"ComputeType": "bare_metal"}, "InvalidParameter.ComputeType"),
        ({"OSType": "windows"}, "InvalidParameter.OSType"),
        ({"Architecture": "arm64"}, "InvalidParameter.Architecture"),
        ({"ImageFormat": "vmdk"}, "InvalidParameter.ImageFormat"),
        ({"OSSBucket": "nowhere"}, "InvalidParameter.OSSBucket"),
        ({"OSSBucket": ""}, "MissingParameter"),
        ({"OSSObject": ""}, "MissingParameter"),
        ({"OSSRegion": "cn-beijing"}, "InvalidParameter.OSSRegion"),
        ({"OSSRegion": "cn-hangzhou"}, "InvalidParameter.OSSRegion"),
        ({"TargetOSSRegionId": "cn-hangzhou"}, "InvalidParameter.TargetOSSRegionId"),
        ({"DiskDeviceMapping": "[]"}, "InvalidParameter.DiskDeviceMapping"),
        ({"DiskDeviceMapping": '[{"OSSBucket": "images-sg"}]'}, "InvalidParameter.DiskDeviceMapping"),
        ({"DiskDeviceMapping": '["one.qcow2"]'}, "InvalidParameter.DiskDeviceMapping"),
    ],
)
def test_what_an_import_is_refused_for_always_with_400(local: LocalCloud, params: dict[str, str], code: str) -> None:
    assert local.code("ens", "ImportImage", **{**PARAMS, **params}) == (400, code)
    assert images(local) == []


@pytest.mark.sandbox_world({"buckets": [{"name": "images-sg", "region": "ap-southeast-1", "owner": "9" * 16}]})
def test_a_foreign_bucket_is_not_read(local: LocalCloud) -> None:
    assert local.code("ens", "ImportImage", **PARAMS) == (400, "NoPermission")


@pytest.mark.sandbox_world({"buckets": [{"name": "images-sg", "region": "cn-hangzhou"}]})
def test_buckets_of_other_regions_are_not_read(local: LocalCloud) -> None:
    assert local.code("ens", "ImportImage", **PARAMS) == (400, "InvalidParameter.OSSRegion")


def test_the_formats_of_the_metadata_are_accepted(local: LocalCloud) -> None:
    for number, fmt in enumerate(("qcow2", "raw", "vhd")):
        local.ok("ens", "ImportImage", **{**PARAMS, "ImageName": f"web-{number}", "ImageFormat": fmt})


@pytest.mark.sandbox_world({"ens_accept_formats": ["qcow2"]})
def test_the_accepted_formats_are_a_switch(local: LocalCloud) -> None:
    raw = {**PARAMS, "ImageFormat": "raw", "OSSObject": "one.raw"}
    assert local.code("ens", "ImportImage", **raw) == (400, "InvalidParameter.ImageFormat")


def test_a_system_disk_may_be_larger_than_a_data_disk(local: LocalCloud) -> None:
    put(local, "large.qcow2", "large")
    put(local, "small.qcow2")
    params = {key: value for key, value in PARAMS.items() if not key.startswith("OSS")}
    local.ok("ens", "ImportImage", **{**params, "ImageName": "system"}, DiskDeviceMapping=mapping("large.qcow2"))
    local.ok("ens", "ImportImage", **{**params, "ImageName": "data"},
             DiskDeviceMapping=mapping("small.qcow2", "large.qcow2"))
    local.advance(0.3)
    local.advance(1)
    found = {image["ImageName"]: image["Status"] for image in images(local)}
    assert found == {"system": "Available", "data": "Upload_failed"}


@pytest.mark.sandbox_world({"ens_images": [{"name": f"web-{n}"} for n in range(12)]})
def test_filters_are_fuzzy_and_paging_numbers_are_strings(local: LocalCloud) -> None:
    answer = local.ok("ens", "DescribeSelfImages")
    assert (answer["PageNumber"], answer["PageSize"], answer["TotalCount"], answer["Code"]) == ("1", "10", "12", 0)
    assert len(answer["Images"]["Image"]) == 10
    assert [image["ImageName"] for image in images(local, ImageName="web-1")] == ["web-1", "web-10", "web-11"]
    public = local.ok("ens", "DescribeImages", ImageName="web-11")["Images"]["Image"]
    assert [image["ImageName"] for image in public] == ["web-11"]
    assert "Status" not in public[0]


def test_ens_knows_no_404(local: LocalCloud) -> None:
    assert local.code("ens", "DeleteImage", ImageId="m-none") == (400, "Error.DeleteImage")


@pytest.mark.sandbox_world(
    {"failures": [{"lifecycle": "ens.image", "at": "Uploading", "name": "web-01", "code": "Upload_failed"}]}
)
def test_a_failure_of_the_world_fails_one_import(local: LocalCloud) -> None:
    put(local, "one.qcow2")
    for expected in ("Upload_failed", "Available"):
        image_id = local.ok("ens", "ImportImage", **PARAMS)["ImageId"]
        local.advance(0.25)
        local.advance(1)
        assert images(local)[0]["Status"] == expected
        local.ok("ens", "DeleteImage", ImageId=image_id)


def test_location_points_back_to_the_sandbox(local: LocalCloud) -> None:
    answer = local.ok("location", "DescribeEndpoints", Id="ap-southeast-1", ServiceCode="ens", Type="openAPI")
    assert answer["Endpoints"]["Endpoint"][0]["Endpoint"] == "127.0.0.1:1"
    assert local.code("location", "DescribeEndpoints", Id="mars-1", ServiceCode="ens") == (400, "InvalidRegionId")


def _two_disks(local: LocalCloud) -> list[dict[str, Any]]:
    """The disks that ENS reports of an image with a system disk and a data disk of 20 GiB."""
    for key in ("system.qcow2", "data.qcow2"):
        put(local, key)
    params = {key: value for key, value in PARAMS.items() if not key.startswith("OSS")}
    local.ok("ens", "ImportImage", **params, DiskDeviceMapping=mapping("system.qcow2", "data.qcow2"))
    local.advance(0.3)
    local.advance(1)
    return list(images(local)[0]["DiskDeviceMappings"]["DiskDeviceMapping"])


@pytest.mark.sandbox_world({"ens_imports": {"mapping_order": "system_last"}})
def test_the_last_item_of_a_mapping_may_be_the_system_disk(local: LocalCloud) -> None:
    _two_disks(local)
    (row,) = local.cloud.ens_images.where(name="web-01")
    assert [item["object"] for item in row["objects"]] == ["data.qcow2", "system.qcow2"]


@pytest.mark.sandbox_world({"ens_imports": {"single_object": False}})
def test_a_mapping_may_be_required(local: LocalCloud) -> None:
    assert local.code("ens", "ImportImage", **PARAMS) == (400, "MissingParameter")
    assert len(_two_disks(local)) == 2


@pytest.mark.sandbox_world({"ens_imports": {"oss_region": "cn-beijing"}})
@pytest.mark.parametrize("name", ["OSSRegion", "TargetOSSRegionId"])
def test_a_given_region_may_be_refused(local: LocalCloud, name: str) -> None:
    put(local, "one.qcow2")
    refused = local.code("ens", "ImportImage", **PARAMS, **{name: "ap-southeast-1"})
    assert refused == (400, f"InvalidParameter.{name}")
    local.ok("ens", "ImportImage", **PARAMS)


@pytest.mark.sandbox_world({"ens_imports": {"listing_delay": 100}})
def test_an_imported_image_may_be_listed_late(local: LocalCloud) -> None:
    put(local, "one.qcow2")
    local.ok("ens", "ImportImage", **PARAMS)
    local.advance(50)
    assert images(local) == []
    local.advance(60)
    assert [image["Status"] for image in images(local)] == ["Available"]


@pytest.mark.sandbox_world({"ens_imports": {"duplicate_names": True}})
def test_two_images_may_have_one_name(local: LocalCloud) -> None:
    put(local, "one.qcow2")
    made = {local.ok("ens", "ImportImage", **PARAMS)["ImageId"] for _turn in range(2)}
    assert {image["ImageId"] for image in images(local)} == made
    assert len(made) == 2


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param(sizes, marks=pytest.mark.sandbox_world({"ens_imports": {"sizes": rule}}), id=rule)
        for rule, sizes in {"exact": ["20", "20"], "decimal": ["20.0", "20.0"], "system_only": ["20"]}.items()
    ],
)
def test_sizes_are_reported_as_the_world_says(local: LocalCloud, sizes: list[str]) -> None:
    assert [disk["Size"] for disk in _two_disks(local)] == sizes


@pytest.mark.sandbox_world({"ens_imports": {"bucket_access": False}})
def test_the_bucket_may_be_closed_to_ens(local: LocalCloud) -> None:
    put(local, "one.qcow2")
    assert local.code("ens", "ImportImage", **PARAMS) == (400, "NoPermission")
