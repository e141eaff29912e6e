# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of exports, objects and imports: rows 13 to 15, 17 and 18 of the catalogue."""

from __future__ import annotations

from typing import Any

import oss2
from support.oss_client import bucket
from support.scenario import (
    DB_SOURCE,
    ens_images,
    export_params,
    exported,
    image,
    import_params,
    imported,
    keys_of,
    oss_refusal,
    refusal,
    task,
)

from . import Checks

CHECKS = Checks()
shows = CHECKS.shows


@shows("13-export-refused")
def the_third_export_is_taken(sandbox: Any) -> None:
    params = export_params(image(sandbox))
    seen = [refusal(sandbox, "ecs", "ExportImage", **params) for _turn in range(2)]
    assert seen == [(403, "ConcurrentQuotaExceed.ExportImage")] * 2
    assert sandbox.call("ecs", "ExportImage", **params)["TaskId"]


@shows("13-export-quota-of-the-week")
def the_week_is_used_up(sandbox: Any) -> None:
    assert refusal(sandbox, "ecs", "ExportImage", **export_params("m-x")) == (403, "WeeklyQuotaExceed.ExportImage")


@shows("14-export-fails")
def a_task_fails_with_its_code(sandbox: Any) -> None:
    shown = exported(sandbox)
    assert shown["TaskStatus"] == "Failed"
    assert shown["OperationProgressSet"]["OperationProgress"][0]["ErrorCode"] == "ExportImageFailed"


@shows("14-export-stuck")
def a_task_is_unknown_then_stays_at_87(sandbox: Any) -> None:
    task_id = sandbox.call("ecs", "ExportImage", **export_params(image(sandbox)))["TaskId"]
    seen = [refusal(sandbox, "ecs", "DescribeTaskAttribute", TaskId=task_id) for _turn in range(2)]
    assert seen == [(404, "InvalidTaskId.NotFound")] * 2
    sandbox.until(lambda: task(sandbox, task_id)["TaskProcess"] == "87%")
    sandbox.advance(30)
    assert task(sandbox, task_id)["TaskStatus"] == "Processing"
    sandbox.advance(60)
    sandbox.until(lambda: task(sandbox, task_id)["TaskStatus"] == "Finished")


@shows("15-object-missing")
def a_named_object_is_missing(sandbox: Any) -> None:
    assert oss_refusal(sandbox, "get_object", keys_of(exported(sandbox))[0]) == (404, "NoSuchKey")


@shows("15-object-empty")
def a_named_object_is_empty(sandbox: Any) -> None:
    assert bucket(sandbox).head_object(keys_of(exported(sandbox))[0]).content_length == 0


@shows("15-object-cut-off")
def an_import_of_half_an_object_fails(sandbox: Any) -> None:
    assert imported(sandbox)["Status"] == "Upload_failed"


@shows("15-object-of-another-format")
def a_named_object_is_a_vhd(sandbox: Any) -> None:
    assert bucket(sandbox).get_object(keys_of(exported(sandbox))[0]).read()[:8] == b"conectix"


@shows("15-disk-not-exported")
def two_of_three_disks(sandbox: Any) -> None:
    shown = exported(sandbox, DB_SOURCE)
    assert len(keys_of(shown)) == 2
    assert [row.key for row in oss2.ObjectIterator(bucket(sandbox))] == sorted(keys_of(shown))


@shows("17-deleting-objects")
def half_a_deletion_and_a_crowd(sandbox: Any) -> None:
    oss = bucket(sandbox)
    assert exported(sandbox)["TaskStatus"] == "Finished"
    page = oss.list_objects_v2("el1", max_keys=1000)
    assert (len(page.object_list), page.is_truncated) == (1000, True)
    for key in "abc":
        oss.put_object(key, b"")
    assert oss.batch_delete_objects(["a", "b", "c"]).deleted_keys == ["a", "b"]
    assert oss.object_exists("c")


@shows("18-import-refused")
def no_import_is_taken(sandbox: Any) -> None:
    assert refusal(sandbox, "ens", "ImportImage", **import_params("k")) == (400, "CallInterface")
    assert ens_images(sandbox) == []


@shows("18-import-name-taken")
def the_name_exists(sandbox: Any) -> None:
    assert refusal(sandbox, "ens", "ImportImage", **import_params("k")) == (
        400, "InvalidParameter.ImageName.Duplicate")


@shows("18-import-fails")
def an_import_ends_upload_failed(sandbox: Any) -> None:
    assert imported(sandbox)["Status"] == "Upload_failed"


@shows("18-import-unavailable")
def an_image_becomes_unavailable(sandbox: Any) -> None:
    assert imported(sandbox)["Status"] == "Unavailable"


@shows("18-import-stuck")
def an_image_with_a_similar_name_comes_first(sandbox: Any) -> None:
    key = keys_of(exported(sandbox))[0]
    sandbox.call("ens", "ImportImage", **import_params(key))
    found = sandbox.call("ens", "DescribeSelfImages", ImageName="ens-image")["Images"]["Image"]
    assert [row["ImageName"] for row in found] == ["ens-image-2", "ens-image"]
    sandbox.advance(30)
    assert ens_images(sandbox)[1]["Status"] == "Creating"
    sandbox.advance(60)
    sandbox.until(lambda: ens_images(sandbox)[1]["Status"] == "Available")
