# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule, broken by hand; that none is broken otherwise, every test with a sandbox asserts after every request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from support.local_cloud import Bench

from sandbox.server.middleware.check_invariants import checked


def syncing(bench: Bench) -> str:
    """A job that streams for a long time."""
    bench.cloud.sources.update("s-unitweb00001", bandwidth_mbps=0.001)
    job_id = bench.started(1)
    bench.advance(0.5)
    bench.show(job_id)
    assert bench.invariants.check() == []
    return job_id


def instance_of(bench: Bench, job_id: str) -> str:
    (instance,) = bench.cloud.instances.where(job_id=job_id)
    return str(instance["id"])


def progress_falls(bench: Bench) -> str:
    bench.cloud.jobs.update(syncing(bench), progress=50.0)
    assert bench.invariants.check() == []
    bench.cloud.jobs.update(next(iter(bench.cloud.jobs))["id"], progress=49.0)
    return "progress fell from 50.0 to 49.0"


def image_comes_early(bench: Bench) -> str:
    bench.cloud.jobs.update(syncing(bench), image_id="m-early")
    return "it has the image m-early in Running/Syncing"


def instance_never_made(bench: Bench) -> str:
    bench.cloud.jobs.update(syncing(bench), state="Stopped", transition_instance_id="i-none")
    return "in Stopped it has no intermediate instance"


def instance_kept(bench: Bench) -> str:
    bench.cloud.jobs.update(syncing(bench), state="Ready")
    return "in Ready it holds the instance"


def two_unfinished_jobs(bench: Bench) -> str:
    job = bench.cloud.jobs.get(syncing(bench)) or {}
    bench.cloud.jobs.add({**job, "id": "j-second", "state": "Stopped"})
    return "source s-unitweb00001: it has 2 unfinished jobs"


def image_of_other_disks(bench: Bench) -> str:
    shown = bench.finished(1)
    bench.cloud.jobs.update(shown["JobId"], system_disk_size=21)
    return "its disks [(0, 20), (1, 30)] are not those of job"


def image_of_another_job(bench: Bench) -> str:
    shown, other = bench.finished(1), bench.finished(2)
    (mine, theirs) = (bench.cloud.images.get(row["ImageId"]) or {} for row in (shown, other))
    bench.cloud.images.update(mine["id"], disks=theirs["disks"])
    bench.cloud.jobs.update(shown["JobId"], last_step="touched")
    return f"disk 0 came with job {other['JobId']}, not {shown['JobId']}"


def two_exports_of_an_image(bench: Bench) -> str:
    image_id = bench.finished(1)["ImageId"]
    task_id = bench.ok("ecs", "ExportImage", ImageId=image_id, OSSBucket="images-sg")["TaskId"]
    bench.cloud.tasks.add({**(bench.cloud.tasks.get(task_id) or {}), "id": "t-second"})
    return "2 tasks export it"


def export_without_task(bench: Bench) -> str:
    image_id = bench.finished(1)["ImageId"]
    task_id = bench.ok("ecs", "ExportImage", ImageId=image_id, OSSBucket="images-sg")["TaskId"]
    bench.cloud.tasks.delete(task_id)
    return f"export {task_id}-0: its task is gone"


def gone_and_billed(bench: Bench) -> str:
    bench.cloud.instances.delete(instance_of(bench, syncing(bench)))
    return "it is gone and still billed"


def there_and_not_billed(bench: Bench) -> str:
    bench.cloud.meter.stop("instance", instance_of(bench, syncing(bench)))
    bench.cloud.instances.update(next(iter(bench.cloud.instances))["id"], name="touched")
    return "it is not billed from its creation on"


def billed_too_long(bench: Bench) -> str:
    instance_id = instance_of(bench, syncing(bench))
    bench.ok("ecs", "DeleteInstance", InstanceId=instance_id, Force="true")
    row = bench.cloud.store.table("ledger").get(f"instance/{instance_id}") or {}
    bench.cloud.store.table("ledger").update(row["id"], seconds=row["seconds"] + 1)
    return "seconds are billed of a life of"


def row_left_behind(bench: Bench) -> str:
    job = bench.cloud.jobs.get(bench.job(1)) or {}
    assert bench.invariants.check() == []
    # Behind the back of the table, so that the engine is not told.
    job["valid_until"] = 0.0
    return f"smc.job {job['id']}: Ready to Expired is due and was not done"


BREAKS: tuple[Callable[[Bench], str], ...] = (
    progress_falls, image_comes_early, instance_never_made, instance_kept, two_unfinished_jobs, image_of_other_disks,
    image_of_another_job, two_exports_of_an_image, export_without_task, gone_and_billed, there_and_not_billed,
    billed_too_long, row_left_behind,
)


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.__name__)
def test_a_broken_rule_is_named(bench: Bench, broken: Callable[[Bench], str]) -> None:
    expected = broken(bench)
    found = bench.invariants.check()
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
def test_an_answer_after_which_a_rule_is_broken_says_so(bench: Bench, path: str, code: str) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="fine")

    broken: Any = Broken()
    middleware = checked(bench.cloud, broken)
    answers = [asyncio.run(middleware(make_mocked_request("GET", path), handler)) for _turn in range(2)]
    assert [answer.status for answer in answers] == [500, 200]
    assert answers[0].headers["x-sandbox-bug"] == "job j-1: its progress fell from 2 to 1"
    assert isinstance(answers[0], web.Response)
    assert code in str(answers[0].text or answers[0].body)
