# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule is broken on purpose. Every test with a sandbox asserts after every request that no rule is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from support.local_cloud import LocalCloud

from sandbox.server.middleware.check_invariants import checked


def syncing(local: LocalCloud) -> str:
    """A job that streams for a long time."""
    local.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.001)
    job_id = local.started(1)
    local.advance(0.5)
    local.show(job_id)
    assert local.invariants.check() == []
    return job_id


def instance_of(local: LocalCloud, job_id: str) -> str:
    (instance,) = local.cloud.instances.where(job_id=job_id)
    return str(instance["id"])


def progress_falls(local: LocalCloud) -> str:
    local.cloud.jobs.update(syncing(local), progress=50.0)
    assert local.invariants.check() == []
    local.cloud.jobs.update(next(iter(local.cloud.jobs))["id"], progress=49.0)
    return "progress fell from 50.0 to 49.0"


def image_comes_early(local: LocalCloud) -> str:
    local.cloud.jobs.update(syncing(local), image_id="m-early")
    return "it has the image m-early in Running/Syncing"


def instance_never_made(local: LocalCloud) -> str:
    local.cloud.jobs.update(syncing(local), state="Stopped", transition_instance_id="i-none")
    return "in Stopped it has no intermediate instance"


def instance_kept(local: LocalCloud) -> str:
    local.cloud.jobs.update(syncing(local), state="Ready")
    return "in Ready it holds the instance"


def two_unfinished_jobs(local: LocalCloud) -> str:
    job = local.cloud.jobs.get(syncing(local)) or {}
    local.cloud.jobs.add({**job, "id": "j-second", "state": "Stopped"})
    return "source s-unitweb00001: it has 2 unfinished jobs"


def image_of_other_disks(local: LocalCloud) -> str:
    shown = local.finished(1)
    local.cloud.jobs.update(shown["JobId"], system_disk_size=21)
    return "its disks [(0, 20), (1, 30)] are not those of job"


def image_of_another_job(local: LocalCloud) -> str:
    shown, other = local.finished(1), local.finished(2)
    (mine, theirs) = (local.cloud.images.get(row["ImageId"]) or {} for row in (shown, other))
    local.cloud.images.update(mine["id"], disks=theirs["disks"])
    local.cloud.jobs.update(shown["JobId"], last_step="touched")
    return f"disk 0 came with job {other['JobId']}, not {shown['JobId']}"


def two_exports_of_an_image(local: LocalCloud) -> str:
    image_id = local.finished(1)["ImageId"]
    task_id = local.ok("ecs", "ExportImage", ImageId=image_id, OSSBucket="images-sg")["TaskId"]
    local.cloud.tasks.add({**(local.cloud.tasks.get(task_id) or {}), "id": "t-second"})
    return "2 tasks export it"


def export_without_task(local: LocalCloud) -> str:
    image_id = local.finished(1)["ImageId"]
    task_id = local.ok("ecs", "ExportImage", ImageId=image_id, OSSBucket="images-sg")["TaskId"]
    local.cloud.tasks.delete(task_id)
    return f"export {task_id}-0: its task is deleted"


def gone_and_billed(local: LocalCloud) -> str:
    local.cloud.instances.delete(instance_of(local, syncing(local)))
    return "it is deleted and still billed"


def there_and_not_billed(local: LocalCloud) -> str:
    local.cloud.meter.stop("instance", instance_of(local, syncing(local)))
    local.cloud.instances.update(next(iter(local.cloud.instances))["id"], name="touched")
    return "it is not billed from its creation on"


def billed_too_long(local: LocalCloud) -> str:
    instance_id = instance_of(local, syncing(local))
    local.ok("ecs", "DeleteInstance", InstanceId=instance_id, Force="true")
    row = local.cloud.tables.table("ledger").get(f"instance/{instance_id}") or {}
    local.cloud.tables.table("ledger").update(row["id"], seconds=row["seconds"] + 1)
    return "seconds are billed, but it existed for"


def row_left_behind(local: LocalCloud) -> str:
    job = local.cloud.jobs.get(local.job(1)) or {}
    assert local.invariants.check() == []
    # Behind the back of the table, so that the engine is not told.
    job["valid_until"] = 0.0
    return f"smc.job {job['id']}: Ready to Expired is due and was not taken"


BREAKS: tuple[Callable[[LocalCloud], str], ...] = (
    progress_falls, image_comes_early, instance_never_made, instance_kept, two_unfinished_jobs, image_of_other_disks,
    image_of_another_job, two_exports_of_an_image, export_without_task, gone_and_billed, there_and_not_billed,
    billed_too_long, row_left_behind,
)


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.__name__)
def test_a_broken_rule_is_named(local: LocalCloud, broken: Callable[[LocalCloud], str]) -> None:
    expected = broken(local)
    found = local.invariants.check()
    assert [text for text in found if expected in text], found


class Broken:
    """Invariants of which one does not hold, once."""

    def __init__(self) -> None:
        self.answers = [["job j-1: its progress fell from 2 to 1"], []]

    def check(self) -> list[str]:
        """As Invariants says."""
        return self.answers.pop(0)


@pytest.mark.parametrize(("path", "code"), [
    ("/?Action=DescribeVpcs&Version=2016-04-28", '"Code": "InternalError"'),
    ("/_sandbox/state", '"code": "InternalError"'),
    ("/bucket/key", "<Code>InternalError</Code>"),
], ids=["rpc", "control", "oss"])
def test_an_answer_after_which_a_rule_is_broken_names_the_rule(local: LocalCloud, path: str, code: str) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="fine")

    broken: Any = Broken()
    middleware = checked(local.cloud, broken)
    answers = [asyncio.run(middleware(make_mocked_request("GET", path), handler)) for _turn in range(2)]
    assert [answer.status for answer in answers] == [500, 200]
    assert answers[0].headers["x-sandbox-bug"] == "job j-1: its progress fell from 2 to 1"
    assert isinstance(answers[0], web.Response)
    assert code in str(answers[0].text or answers[0].body)
