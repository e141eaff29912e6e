# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Stage export: ECS writes the custom image to OSS, one object per disk, and every object is looked into.

Done when the export task is Finished and each disk's object is present, complete, of the right format and of the
right virtual size. Leaves OSS objects and perhaps multipart parts, both billed.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import (
    Decision,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.oss import delete_under
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ecs import ECS_IMAGE, TASK_DETAIL
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming, states

from . import job_spec
from .objects import MOST_KEYS, disk_order, verify
from .stage import Leaves, Outcome, Slots, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Row, Seen, Server

    from .stage import Context

NAME = "export"
_FEW: Final = 2
"""So many images are asked for one by one, and more of them by the list of all."""
_SPENT: Final = f"{NAME}.spent"
"""What was seen of a server first: how many exports earlier runs had made when they gave it up."""


def observe(context: Context, servers: Sequence[Server], seen: dict[str, Seen]) -> None:
    """Fill in ECS image, export task and exported objects of every server whose copy is finished and whose export is
    not. What fails for one server alone becomes its ``trouble``; the others continue."""
    clients = context.clients
    wanted = {
        job["ImageId"]: server
        for server in servers
        if (job := seen[server.id].job) and job.get("ImageId") and not _exported(seen[server.id])
    }
    if not wanted:
        return
    for server in wanted.values():
        seen[server.id].task = seen[server.id].trouble = None
    tasks: dict[str, set[str]] = {server.id: set() for server in wanted.values()}

    def observe_tasks() -> None:
        for task in clients.ecs.describe_tasks(action="ExportImage", resource_ids=list(wanted)):
            owner = wanted.get(task.get("ResourceId", ""))
            if owner:
                tasks[owner.id].add(task["TaskId"])
            if owner and task.get("CreationTime", "") >= (seen[owner.id].task or {}).get("CreationTime", ""):
                seen[owner.id].task = task

    clients.pool.looks(lambda: _observe_images(context, wanted, seen), observe_tasks)

    def observe_one(pair: tuple[str, Server]) -> None:
        image_id, server = pair
        seen[server.id].exports = len(tasks[server.id])
        try:
            _observe_one(context, server, seen[server.id], image_id)
            seen[server.id].own.setdefault(_SPENT, _given_up(context.policy, seen[server.id]))
        except CloudError as error:
            seen[server.id].trouble = error

    clients.pool.each(observe_one, wanted.items())


def _exported(seen: Seen) -> bool:
    """Return whether an export is finished, its objects are verified, and nothing was called for it since."""
    done = states.outcome(states.EXPORT_TASK, (seen.task or {}).get("TaskStatus", "")) == "success"
    image = (seen.image or {}).get("ImageId")
    same = bool(image) and image == (seen.job or {}).get("ImageId")
    return done and same and bool(seen.objects) and not seen.object_problem and NAME not in seen.stale


def _observe_images(context: Context, wanted: Mapping[str, Server], seen: dict[str, Seen]) -> None:
    """Fill in the images that are not known to be Available, and those for which a call was made."""
    open_ids = []
    for image_id, server in wanted.items():
        row = seen[server.id]
        known = row.image is not None and row.image.get("ImageId") == image_id and NAME not in row.stale
        if not (known and (row.image or {}).get("Status") == "Available"):
            row.image = None
            open_ids.append(image_id)
    # A few are asked for one by one (_observe_one): the list of all images of an account has many pages.
    if len(open_ids) > _FEW:
        for image in context.clients.ecs.describe_images():
            owner = wanted.get(image.get("ImageId", ""))
            if owner:
                seen[owner.id].image = image


def _given_up(policy: Policy, seen: Seen) -> int:
    """Return how many exports were made when an earlier run gave a server up, 0 when none has."""
    return seen.exports if policy.fresh and failed(seen) and seen.exports > policy.export_retries else 0


def _observe_one(context: Context, server: Server, seen: Seen, image_id: str) -> None:
    clients, resources = context.clients, context.resources
    if seen.image is None:
        # One of a few, or the list missed it: rows move between its pages while others are deleted.
        found = clients.ecs.describe_images(image_id=image_id)
        seen.image = next((image for image in found if image.get("ImageId") == image_id), None)
    if seen.image:
        made = seen.image.get("CreationTime", "")
        resources.saw("ecs_image", image_id, server.host, made)
        for snapshot in snapshot_ids(seen.image):
            resources.saw("ecs_snapshot", snapshot, server.host, made)
    task = seen.task
    if task is None or states.outcome(states.EXPORT_TASK, task.get("TaskStatus", "")) == "pending":
        return
    if not seen.objects or seen.object_problem:
        seen.task_detail = clients.ecs.describe_task_attribute(task["TaskId"])
        _look_into_objects(context, server, seen, image_id)


def _look_into_objects(context: Context, server: Server, seen: Seen, image_id: str) -> None:
    policy, task = context.policy, seen.task or {}
    if task.get("TaskStatus") != "Finished":
        return
    oss = context.clients.oss(policy.bucket)
    keys = _keys(oss, seen.task_detail or {}, _objects_of(server, image_id))
    ended = moment(task.get("FinishedTime"))
    told: list[str] = []
    seen.objects, seen.object_problem = verify(oss, keys, job_spec.sizes(server, seen.job), policy, ended, told)
    seen.own[NAME] = told
    for item in seen.objects:
        identity = f"{item['bucket']}/{item['key']}"
        context.resources.saw("oss_object", identity, server.host, task.get("FinishedTime", ""))


def follow(context: Context, server: Server, seen: Seen, identity: str) -> None:
    """Look for the task with the id that ExportImage has returned, as the ledger says, when the list shows none or an
    earlier one. Others may have written that: a task of another image is not followed."""
    if seen.image is None or (seen.task or {}).get("TaskId") == identity:
        return
    try:
        detail = context.clients.ecs.describe_task_attribute(identity)
    except CloudError as error:
        if error.code in states.ECS_LOOK_AGAIN:
            return
        raise
    if detail.get("TaskId") == identity and _exports_this(context, server, seen.image["ImageId"], detail):
        seen.task, seen.task_detail, seen.exports = detail, detail, seen.exports + 1
        seen.objects, seen.object_problem = [], ""
        _look_into_objects(context, server, seen, seen.image["ImageId"])


def _exports_this(context: Context, server: Server, image_id: str, detail: Row) -> bool:
    """Return whether a task exports this image: its row names it, or, while no list shows it, what it has written
    does. Of a task that still runs nothing may be known; nothing of it is used."""
    rows = context.clients.ecs.describe_tasks(action="ExportImage", task_ids=[detail["TaskId"]])
    images = {row.get("ResourceId") for row in rows if row.get("TaskId") == detail["TaskId"]}
    keys = related(detail, "OSSObject")
    if images or not keys:
        running = states.outcome(states.EXPORT_TASK, detail.get("TaskStatus", "")) == "pending"
        return images == {image_id} or (running and not images)
    return all(key.startswith(f"{_objects_of(server, image_id)}_") for key in keys)


def _running(seen: Seen) -> bool:
    return seen.task is not None and states.outcome(states.EXPORT_TASK, seen.task["TaskStatus"]) == "pending"


def failed(seen: Seen) -> str:
    """Return the id of an export that failed or wrote bad objects, '' when there is none."""
    task = seen.task or {}
    bad = states.outcome(states.EXPORT_TASK, task.get("TaskStatus", "")) == "failure" or seen.object_problem
    return task.get("TaskId", "") if bad else ""


def _decide_requested(seen: Seen, now: datetime, text: str) -> Decision | None:
    """Return the decision while an earlier call may have had its effect, None when the export may be requested."""
    requested = seen.requested.get(NAME)
    if requested and requested.may_appear(now):
        return Decision.wait(text)
    if requested and requested.id:
        return Decision.fail(
            f"ECS does not show task {requested.id}, which ExportImage has returned: it is not repeated, because it "
            "may still write objects. Run the cleanup role, then migrate again"
        )
    return None


def _objects_of(server: Server, image_id: str) -> str:
    """Return what the keys of all exports of this very image begin with."""
    return f"{naming.objects_prefix(server.id)}_{image_id}"


def _keys(oss: OssApi, detail: Row, prefix: str) -> list[str]:
    """Return the keys that an export wrote, in disk order: those that the task names, else those that begin so
    (facts 3.1)."""
    named = set(related(detail, "OSSObject"))
    return disk_order(named or {item["key"] for item in islice(oss.each_key(prefix), MOST_KEYS + 1)})


def snapshot_ids(image: Row) -> list[str]:
    """Return the snapshots that an ECS image stands on; they outlive the image and are billed."""
    found: list[str] = ECS_IMAGE.value(image, "snapshot_ids")
    return found


def _steps(detail: Row | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = TASK_DETAIL.value(detail, "steps")
    return found


def related(detail: Row, name: str) -> list[str]:
    """Return the values of one RelatedItem name of an export task: the only authority on what it wrote."""
    items = [item for step in _steps(detail) for item in step["items"]]
    return [item["value"] for item in items if item["name"] == name and item["value"]]


def decide(context: Context, server: Server, seen: Seen) -> Decision:
    """Return the next step of the export of a server whose copy is finished."""
    image, now = seen.image, context.now
    if image is None:
        return _decide_missing(server, seen.job or {}, now)
    state = states.outcome(states.ECS_IMAGE, image.get("Status", ""))
    if state == "pending":
        return Decision.wait(f"ECS image {image['ImageId']} is {image.get('Status')}")
    if state == "failure":
        return Decision.fail(f"ECS image {image['ImageId']} is {image.get('Status')}: it cannot be exported")
    if seen.task is None:
        text = f"the export of {image['ImageId']} was requested and is not listed yet"
        first = Decision.act("export", f"ECS image {image['ImageId']} is Available")
        return _decide_requested(seen, now, text) or first
    return _decide_task(seen.task, seen, context.policy, now)


def _decide_missing(server: Server, job: Row, now: datetime) -> Decision:
    ended = moment(job.get("EndTime"))
    if ended and (now - ended).total_seconds() <= limits.LIST_SETTLE_SECONDS:
        return Decision.wait(f"ECS image {job.get('ImageId')} was created and is not listed yet")
    return Decision.fail(
        f"ECS image {job.get('ImageId')} of {server.host} was deleted outside this migration. "
        "Run the cleanup role to delete the job, then migrate again"
    )


def _decide_task(task: Row, seen: Seen, policy: Policy, now: datetime) -> Decision:
    status = task.get("TaskStatus", "")
    state = states.outcome(states.EXPORT_TASK, status)
    if state == "pending":
        return Decision.wait(f"export task {task['TaskId']} is {status}")
    if state == "failure":
        steps = _steps(seen.task_detail)
        errors = (f"{step['code']} {step['message']}".strip() for step in steps)
        why = "; ".join(filter(None, errors)).rstrip(".") or "ECS gives no reason"
        return _decide_again(f"export task {task['TaskId']} is {status}: {why}", seen, policy, now)
    if seen.object_problem:
        return _decide_again(f"export task {task['TaskId']} is Finished, but {seen.object_problem}", seen, policy, now)
    return Decision.done(task["TaskId"])


def _decide_again(problem: str, seen: Seen, policy: Policy, now: datetime) -> Decision:
    """Return whether an image is exported again after a failed export. The cloud counts the exports, so that runs on a
    schedule end too."""
    if seen.exports - seen.own.get(_SPENT, 0) > policy.export_retries:
        often = f" It was exported {seen.exports} times." if seen.exports > 1 else ""
        return Decision.fail(f"{problem}.{often}")
    again = Decision.act("export", f"{problem}; the image is exported again")
    return _decide_requested(seen, now, f"{problem}; another export follows") or again


def about(_server: Server, seen: Seen) -> str:
    """Return the object of an export: the image id."""
    return str((seen.image or {}).get("ImageId", ""))


def act(context: Context, server: Server, seen: Seen, _action: str) -> Outcome:
    """Request the export, which was announced before: ExportImage has no ClientToken."""
    if seen.image is None:
        return Outcome(held=f"the ECS image of {server.host} is not listed yet")
    clients, policy = context.clients, context.policy
    # Outside these Regions ECS takes no ImageFormat at all: it always writes raw.
    image_format = None if policy.image_format == "raw" else policy.image_format
    if seen.task:
        # What the failed export left is billed, and would be taken for objects of the next one.
        delete_under(clients.oss(policy.bucket), _objects_of(server, seen.image["ImageId"]))
        seen.objects, seen.object_problem = [], ""
    try:
        answer = clients.ecs.export_image(
            seen.image["ImageId"],
            policy.bucket,
            naming.objects_prefix(server.id),
            image_format=image_format,
            role_name=policy.role_name,
        )
    except CloudError as error:
        if not states.queued(error.code):
            raise
        text = f"the export of {seen.image['ImageId']} is queued by ECS ({error.code})"
        return Outcome(held=text, full=error.code != "ImageIsExporting")
    return Outcome(ids={"task_id": str((answer or {}).get("TaskId") or "")})


STAGE = Stage(
    name=NAME,
    role="export",
    observe=observe,
    decide=decide,
    act=act,
    needs=frozenset({"ecs_image", "ecs_snapshot"}),
    leaves=(Leaves("oss_object", billed_by="OSS"), Leaves("oss_upload", billed_by="OSS")),
    announced={"export": about},
    follow=follow,
    found=lambda seen: (seen.task or {}).get("TaskId", ""),
    failed=failed,
    notes=lambda _server, seen: list(seen.own.get(NAME, [])),
    starts=frozenset({"export"}),
    lasting=frozenset({"export"}),
    slots=Slots(
        most=None,
        taken=_running,
        text="{running} exports are running, and ECS has refused one more (ConcurrentQuotaExceed)",
    ),
)
