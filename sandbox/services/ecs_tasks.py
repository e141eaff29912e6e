# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS tasks (facts 3.2)."""

from __future__ import annotations

from typing import Any

from sandbox.effects import export
from sandbox.lifecycles.timing import state_seconds
from sandbox.state.clock import iso_minutes, parse_iso
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .call import Call, Handler, listed, page, shown


def describe(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One page of the tasks that match, newest first."""
    params = call.params
    columns = (("action", "TaskAction"), ("state", "TaskStatus"))
    wanted = {column: params[name] for column, name in columns if name in params}
    known = shown(cloud, cloud.tasks.where(region=call.region, **wanted), cloud.settings.export_listing_delay)
    rows = listed(known, "id", params.get("TaskIds"))
    rows = listed(rows, "image_id", params.get("ResourceIds"))
    rows = [row for row in rows if _within(cloud, row, params)]
    found, keys = page(sorted(rows, key=lambda row: -row["created"]), params)
    return {**keys, "RegionId": call.region, "TaskSet": {"Task": [_summary(row) for row in found]}}


def attribute(cloud: Cloud, call: Call) -> dict[str, Any]:
    """One task with its progress ("87%", a string) and, in RelatedItem, the objects that it writes."""
    # The status of this refusal is 400 here and 404 for CancelTask (local-cloud 10, facts 3.2).
    task = _find(cloud, call, 400)
    failed, finished = task["state"] == "Failed", task["state"] == "Finished"
    related = [{"Name": "OSSBucket", "Value": task["bucket"]}]
    related += [{"Name": "OSSObject", "Value": key} for key in task["objects"] if finished]
    related.append({"Name": "ImageFormat", "Value": task["format"]})
    return {
        **{key: value for key, value in _summary(task).items() if key != "ResourceId"},
        "RegionId": call.region,
        "TaskProcess": _process(cloud, task),
        "TotalCount": 1,
        "SuccessCount": int(finished),
        "FailedCount": int(failed),
        "OperationProgressSet": {
            "OperationProgress": [
                {"OperationStatus": "Success" if finished else "Failed" if failed else "Processing",
                 "ErrorCode": task["error_code"], "ErrorMsg": task["status_info"],
                 "RelatedItemSet": {"RelatedItem": related}}
            ]
        },
    }


def cancel(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Ends a task that is being processed; objects that it finished stay in the bucket."""
    task = _find(cloud, call)
    if task["state"] != "Processing":
        raise cloud.error("InvalidTaskId.IncorrectTaskStatus")
    cloud.tasks.update(task["id"], status_info="The task was cancelled.")
    export.drop(cloud, task)
    # The status after a cancel is not documented; Failed is the only queryable one that fits (facts 3.2).
    cloud.tasks.update(task["id"], state="Failed", since=cloud.clock.time(), error_code="TaskCancelled")
    return {}


def _find(cloud: Cloud, call: Call, status: int = 404) -> Row:
    task = cloud.tasks.get(call.params["TaskId"])
    delay = cloud.settings.export_listing_delay
    if task is None or task["region"] != call.region or not shown(cloud, [task], delay):
        raise cloud.error("InvalidTaskId.NotFound", status=status)
    return task


def _within(cloud: Cloud, task: Row, params: dict[str, Any]) -> bool:
    try:
        start = parse_iso(params["StartTime"]) if "StartTime" in params else task["created"]
        end = parse_iso(params["EndTime"]) if "EndTime" in params else task["created"]
    except ValueError as failed:
        raise cloud.error("InvalidParameter.StartTime", f"StartTime, EndTime: {failed}.") from None
    return bool(start <= task["created"] <= end)


def _process(cloud: Cloud, task: Row) -> str:
    if task["state"] == "Finished":
        return "100%"
    seconds = max(state_seconds(cloud, "ecs.task", task, "Processing"), 0.001)
    return f"{min(task.get('ceiling', 99), int(100 * (cloud.clock.time() - task['created']) / seconds))}%"


def _summary(task: Row) -> dict[str, str]:
    return {
        "TaskId": task["id"],
        "TaskAction": task["action"],
        "TaskStatus": task["state"],
        "ResourceId": task["image_id"],
        "SupportCancel": "true" if task["state"] == "Processing" else "false",
        "CreationTime": iso_minutes(task["created"]),
        "FinishedTime": iso_minutes(task["finished"]) if task["finished"] else "",
    }


HANDLERS: dict[str, Handler] = {
    "DescribeTasks": describe,
    "DescribeTaskAttribute": attribute,
    "CancelTask": cancel,
}
