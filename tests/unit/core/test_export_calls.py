# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage export: what is asked of the cloud, and the one call that changes something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Requested, ResourcesSeen, Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import export
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Context

from .cloud import Cloud
from .kit import GIB, START, context, lost, perform, qcow2, refused, server

SERVER = server()
IMAGE = {"ImageId": "m-1", "Status": "Available"}


def task(status: str) -> dict[str, str]:
    return {"TaskId": "t-1", "TaskStatus": status}


# ---- observe ----
def observe(cloud: Cloud, *servers: Any) -> tuple[dict[str, Seen], ResourcesSeen]:
    seen = {item.id: Seen(job=job) for item, job in zip(servers, cloud.jobs.values(), strict=True)}
    given = context(cloud)
    export.observe(given, servers, seen)
    return seen, given.resources


def exported(disks: tuple[int, ...] = (20,), number: int = 1, cloud: Cloud | None = None) -> tuple[Cloud, Any]:
    """Return a cloud in which a server's image was exported a while ago."""
    cloud, item = cloud or Cloud(), server(number, disks)
    image_id = cloud.new_id("m-")
    cloud.add_image(image_id, item.image_name, disks)
    cloud.add_job(item, "Finished", ImageId=image_id)
    cloud.add_task(image_id, prefix=item.id)
    cloud.sleep(60)
    return cloud, item


def test_the_objects_are_those_that_the_task_names_in_disk_order() -> None:
    cloud, item = exported((20, 30, 40))
    seen, resources = observe(cloud, item)
    assert seen[item.id].object_problem == ""
    sizes = [(found["index"], found["virtual_size"] // GIB) for found in seen[item.id].objects]
    assert sizes == [(0, 20), (1, 30), (2, 40)]
    noted = [row["kind"] for row in resources.rows()]
    assert (noted.count("ecs_image"), noted.count("ecs_snapshot"), noted.count("oss_object")) == (1, 3, 3)


def test_a_task_that_names_nothing_is_looked_for_by_id_and_image() -> None:
    cloud, item = exported()
    cloud.ecs.describe_images()
    cloud.tasks["t-0001"]["_keys"].clear()
    # What an earlier image of the same server has left is not its export.
    cloud.objects[f"{item.id}_m-old_system.qcow2"] = qcow2(20)
    seen = observe(cloud, item)[0][item.id]
    assert [found["key"] for found in seen.objects] == [f"{item.id}_m-0001_system.qcow2"]


def test_what_a_task_names_counts_whatever_its_key() -> None:
    cloud, item = exported()
    cloud.ecs.describe_images()
    cloud.objects["elsewhere"] = qcow2(20)
    cloud.tasks["t-0001"]["_keys"] = ["elsewhere"]
    assert [found["key"] for found in observe(cloud, item)[0][item.id].objects] == ["elsewhere"]
    assert not cloud.calls["oss.ListKeys"]


def test_without_a_finished_copy_there_is_nothing_to_look_at() -> None:
    cloud, copied = exported()
    copying, fresh = server(2), server(3)
    cloud.add_job(copying, "Running")
    seen = {copied.id: Seen(job=cloud.jobs["j-0001"]), copying.id: Seen(job=cloud.jobs["j-0002"]), fresh.id: Seen()}
    cloud.edit("ecs.DescribeTasks", lambda rows: [{"ResourceId": "m-other", "TaskId": "t-9"}, {}, *rows])
    export.observe(context(cloud), [copied, copying, fresh], seen)
    assert seen[copied.id].objects
    assert (seen[copying.id].task, seen[fresh.id].task) == (None, None)
    cloud.calls.clear()
    export.observe(context(cloud), [copying, fresh], seen)
    assert not cloud.calls


def test_the_objects_are_looked_into_once() -> None:
    cloud, item = exported()
    seen, resources = observe(cloud, item)
    before = cloud.calls["oss.ReadStart"]
    export.observe(context(cloud, resources=resources), [item], seen)
    # The header, the refcount table, and the refcounts that name the last cluster are in its first bytes.
    assert cloud.calls["oss.ReadStart"] == before == 1
    assert not cloud.calls["oss.ReadRange"]
    assert not cloud.calls["oss.Head"]


def test_the_newest_task_of_an_image_counts() -> None:
    cloud, item = exported()
    cloud.add_task("m-0001", "Failed")
    seen = observe(cloud, item)[0][item.id]
    assert seen.task is not None
    assert seen.task["TaskId"] == "t-0002"


def test_an_image_that_a_list_left_out_is_asked_for_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_FEW", 0)
    cloud, item = exported()
    cloud.edit("ecs.DescribeImages", lambda rows: [])
    seen = observe(cloud, item)[0][item.id]
    assert seen.image is not None
    assert cloud.calls["ecs.DescribeImages"] == 2


def test_a_wave_of_exports_is_observed_in_batches() -> None:
    cloud, wave = Cloud(), []
    for number in range(1, 21):
        wave.append(exported(number=number, cloud=cloud)[1])
    for item in wave:
        cloud.tasks[f"t-{wave.index(item) + 1:04d}"]["TaskStatus"] = "Waiting"
    observe(cloud, *wave)
    assert dict(cloud.calls) == {"ecs.DescribeImages": 1, "ecs.DescribeTasks": 1}


def test_what_fails_for_one_server_leaves_the_others() -> None:
    cloud, first = exported()
    _cloud, second = exported(number=2, cloud=cloud)
    cloud.fail("oss.ReadStart", refused("AccessDenied"), only=first.id)
    seen = observe(cloud, first, second)[0]
    assert seen[first.id].trouble is not None
    assert seen[second.id].trouble is None
    assert seen[second.id].objects
    export.observe(context(cloud), [first, second], seen)
    assert seen[first.id].trouble is None


@pytest.mark.parametrize(
    "shape", [{}, {"OperationProgressSet": None}, {"OperationProgressSet": []}, {"OperationProgressSet": [{}]}]
)
def test_a_task_detail_of_another_shape_is_survived(shape: dict[str, Any]) -> None:
    assert export.related(shape, "OSSObject") == []
    seen = Seen(image=IMAGE, task=task("Failed"), task_detail=shape, exports=1)
    assert export.decide(context(None, export_retries=0), SERVER, seen).kind == "fail"


# ---- act ----
def act(cloud: Cloud, now: Any = START, **changes: Any) -> str:
    return perform(export.STAGE, context(cloud, now, **changes), SERVER, Seen(image=IMAGE), "export")


@pytest.mark.parametrize(("image_format", "sent"), [("qcow2", "qcow2"), ("raw", None)])
def test_raw_is_asked_for_by_naming_no_format(image_format: str, sent: str | None) -> None:
    cloud = Cloud()
    act(cloud, image_format=image_format)
    assert [row for row in cloud.log if row[0] == "ecs.ExportImage"][-1] == (
        "ecs.ExportImage",
        {"image_id": "m-1", "prefix": SERVER.id, "image_format": sent, "role_name": "AliyunECSImageExportDefaultRole"},
    )


def test_another_controllers_export_is_not_repeated() -> None:
    cloud = Cloud()
    act(cloud)
    assert act(cloud, START + timedelta(seconds=60)) == "another run has taken over web-01"
    assert cloud.calls["ecs.ExportImage"] == 1


def asked(given: Context, failed: str = "", image_id: str = "m-1") -> Requested | None:
    """Return what the ledger tells of the server's export."""
    return given.driver.requested(SERVER.id, "export", image_id, failed, given.now)


@pytest.mark.parametrize(
    "error",
    [
        refused("NoSetRoletoECSServiceAcount", http_status=403),
        refused("Throttling.User", retryable=True),
        refused("Connection.Refused", retryable=True),
    ],
    ids=lambda error: error.code,
)
def test_a_call_that_surely_had_no_effect_may_be_made_again(error: CloudError) -> None:
    cloud = Cloud()
    given = context(cloud)
    cloud.fail("ecs.ExportImage", error)
    with pytest.raises(CloudError):
        perform(export.STAGE, given, SERVER, Seen(image=IMAGE), "export")
    assert asked(given) is None


def test_a_call_whose_answer_was_lost_is_looked_for() -> None:
    cloud = Cloud()
    given = context(cloud)
    cloud.fail("ecs.ExportImage", lost(), after=True)
    with pytest.raises(CloudError):
        perform(export.STAGE, given, SERVER, Seen(image=IMAGE), "export")
    found = asked(given)
    assert found is not None
    assert found.may_appear(START)
    assert not found.id
    # An export of another image is another call.
    assert asked(given, image_id="m-2") is None


def test_a_task_that_the_list_does_not_show_is_asked_for_by_its_id() -> None:
    cloud, item = exported()
    given, seen = context(cloud), Seen(job=next(iter(cloud.jobs.values())))
    cloud.edit("ecs.DescribeTasks", lambda rows: [])
    export.observe(given, [item], {item.id: seen})
    assert seen.task is None
    export.follow(given, item, seen, "t-0001")
    assert (seen.task or {})["TaskId"] == "t-0001"
    assert (len(seen.objects), seen.object_problem, seen.exports) == (1, "", 1)
    export.follow(given, item, seen, "t-9999")
    assert (seen.task or {})["TaskId"] == "t-0001"


@pytest.mark.parametrize(("minutes", "words"), [(4, ""), (6, "was written at "), (-30, "")])
def test_an_object_that_was_written_after_its_export_is_refused(minutes: int, words: str) -> None:
    cloud, item = exported()
    cloud.ecs.describe_images()
    key = f"{item.id}_m-0001_system.qcow2"
    ended = cloud.written[key]
    cloud.written[key] = ended + timedelta(minutes=minutes)
    problem = observe(cloud, item)[0][item.id].object_problem
    assert words in problem
    assert bool(words) == bool(problem)


def test_of_very_many_objects_few_are_listed_and_named() -> None:
    cloud, item = exported()
    cloud.ecs.describe_images()
    cloud.tasks["t-0001"]["_keys"].clear()
    cloud.objects.update({f"{item.id}_m-0001_{number:05d}": b"" for number in range(5000)})
    problem = observe(cloud, item)[0][item.id].object_problem
    assert problem.startswith("there are more than 64 objects for 1 disks: ")
    assert problem.count(item.id) == 5
    assert not cloud.calls["oss.Head"]
    assert not cloud.calls["oss.ReadStart"]


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("status", ["Finished", "Failed", "Waiting"])
def test_a_task_of_another_image_is_not_followed_whatever_the_ledger_says(listed: bool, status: str) -> None:
    cloud, item = exported()
    exported(number=2, cloud=cloud)
    cloud.ecs.describe_images()
    cloud.tasks["t-0002"]["TaskStatus"] = status
    if status == "Waiting":
        cloud.tasks["t-0002"]["_keys"].clear()
    given, seen = context(cloud), Seen(job=next(iter(cloud.jobs.values())), image=dict(cloud.images["m-0001"]))
    if not listed:
        cloud.edit("ecs.DescribeTasks", lambda rows: [])
    export.follow(given, item, seen, "t-0002")
    if listed or status != "Waiting":
        assert (seen.task, seen.objects, seen.exports) == (None, [], 0)
    else:
        # Nothing shows yet whose it is: it is waited for, and nothing of it is used.
        assert export.decide(given, item, seen).kind == "wait"
    assert not given.resources.rows()


def test_a_failed_task_is_followed_when_a_list_shows_that_it_exports_this_image() -> None:
    cloud, item = exported()
    cloud.add_task("m-0001", "Failed")
    seen = Seen(image=dict(cloud.images["m-0001"]))
    export.follow(context(cloud), item, seen, "t-0002")
    assert (seen.task or {})["TaskId"] == "t-0002"


def test_an_export_that_has_failed_is_not_followed() -> None:
    cloud = Cloud()
    given = context(cloud)
    perform(export.STAGE, given, SERVER, Seen(image=IMAGE), "export")
    task_id = next(iter(cloud.tasks))
    found = asked(given)
    assert found is not None
    assert found.id == task_id
    failing = Seen(image=IMAGE, task={"TaskId": task_id, "TaskStatus": "Failed"})
    assert export.failed(failing) == task_id
    assert asked(given, failed=task_id) is None
    assert export.failed(Seen(task={"TaskId": task_id, "TaskStatus": "Finished"})) == ""
    assert export.failed(Seen(task={"TaskId": task_id, "TaskStatus": "Finished"}, object_problem="x")) == task_id


def after_a_failure() -> tuple[Cloud, Seen]:
    """Return a cloud with what a failed export has left, beside objects of others that begin alike."""
    cloud = Cloud()
    cloud.add_task("m-1", "Failed")
    keys = [f"{SERVER.id}_m-1_system.qcow2", f"{SERVER.id}_m-2_system.qcow2", f"{SERVER.id}-notes", "m-1"]
    cloud.objects.update(dict.fromkeys(keys, b"x"))
    cloud.uploads += [{"key": key, "upload_id": f"u-{number}"} for number, key in enumerate(keys)]
    return cloud, Seen(image=IMAGE, task=cloud.tasks["t-0001"], exports=1, object_problem="x is empty")


def test_what_a_failed_export_has_left_is_removed_before_the_next_one() -> None:
    cloud, seen = after_a_failure()
    assert perform(export.STAGE, context(cloud), SERVER, seen, "export") == ""
    assert cloud.mutations() == ["oss.AbortUpload", "oss.DeleteKeys", "ecs.ExportImage"]
    assert sorted(cloud.objects) == sorted(
        [f"{SERVER.id}_m-2_system.qcow2", f"{SERVER.id}-notes", "m-1"]
    )
    assert [row["upload_id"] for row in cloud.uploads] == ["u-1", "u-2", "u-3"]
    assert seen.object_problem == ""


def test_a_controller_that_does_not_own_the_server_removes_nothing() -> None:
    cloud, seen = after_a_failure()
    perform(export.STAGE, context(cloud), SERVER, seen, "export")
    cloud.log.clear()
    # It still sees the failed task: the objects may be those of the new export.
    later = context(cloud, START + timedelta(seconds=9))
    assert "another run" in perform(export.STAGE, later, SERVER, seen, "export")
    assert cloud.mutations() == []


def test_a_removal_that_is_refused_ends_the_next_export_before_it_began() -> None:
    cloud, seen = after_a_failure()
    cloud.fail("oss.AbortUpload", refused("AccessDenied"))
    with pytest.raises(CloudError, match="AccessDenied"):
        perform(export.STAGE, context(cloud), SERVER, seen, "export")
    assert not cloud.calls["ecs.ExportImage"]


@pytest.mark.parametrize("code", ["ConcurrentQuotaExceed.ExportImage", "ImageIsExporting"])
def test_a_full_queue_is_waited_for(code: str) -> None:
    cloud = Cloud()
    cloud.fail("ecs.ExportImage", refused(code, http_status=403))
    assert code in act(cloud)
    assert cloud.objects == {}


def test_a_weekly_quota_is_not_waited_for() -> None:
    cloud = Cloud()
    cloud.fail("ecs.ExportImage", refused("WeeklyQuotaExceed.ExportImage", http_status=403))
    with pytest.raises(CloudError):
        act(cloud)
