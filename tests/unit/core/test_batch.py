# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a tick as one batch: announced once before, made, recorded once after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Announced
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Announcements, Call, Outcome

from .cloud import Cloud
from .kit import announced, lost, refused, server
from .waves import cloud_with, fleet, run, verdicts


class Lines:
    """Announcements as one list of lines, which allow what is not another's."""

    def __init__(self, cloud: Cloud, others: Sequence[str] = ()) -> None:
        self.cloud, self.others = cloud, others
        self.lines: list[str] = []

    def last(self, identity: str, _stage: str) -> Announced | None:
        return announced(0) if identity in self.others else None

    def announce(self, calls: Sequence[Call]) -> Mapping[str, Announced | CloudError]:
        self.write("announce", [f"{call.server.host} {call.stage}.{call.action}" for call in calls])
        return {call.server.id: announced(0) for call in calls if call.server.id not in self.others}

    def record(self, outcomes: Sequence[tuple[Call, Outcome]]) -> None:
        self.write("record", [f"{call.server.host} {dict(out.ids) or out.error or out.held}" for call, out in outcomes])

    def write(self, what: str, texts: Sequence[str]) -> None:
        self.lines.append(f"{what}: {', '.join(texts)} after {len(self.cloud.mutations())} calls")


def wave_in_three_stages() -> Cloud:
    """Return a cloud in which one server is not copied, one is copied, and one is exported."""
    cloud = cloud_with(server(1))
    for number in (2, 3):
        image_id = cloud.new_id("m-")
        cloud.add_image(image_id, server(number).image_name, (20,))
        cloud.register(server(number))
        cloud.add_job(server(number), "Finished", ImageId=image_id)
    cloud.add_task("m-0002", prefix=server(3).id)
    cloud.sleep(60)
    return cloud


def test_a_tick_announces_the_calls_of_all_stages_in_one_line_and_records_them_in_one() -> None:
    cloud = wave_in_three_stages()
    made = fleet(cloud, server(1), server(2), server(3))
    lines: Announcements = Lines(cloud)
    made.context.announcements = lines
    made.tick()
    assert cloud.mutations() == ["smc.CreateReplicationJob", "ecs.ExportImage", "ens.ImportImage"]
    task, image = list(cloud.tasks)[-1], list(cloud.ens_images)[-1]
    assert lines.lines == [
        "announce: web-02 export.export, web-03 import.import after 0 calls",
        f"record: web-02 {{'task_id': '{task}'}}, web-03 {{'image_id': '{image}'}} after 3 calls",
    ]


def test_a_call_that_another_controller_has_announced_is_neither_made_nor_recorded() -> None:
    cloud = wave_in_three_stages()
    made = fleet(cloud, server(2), server(3))
    made.context.announcements = Lines(cloud, others=[server(3).id])
    made.tick()
    assert cloud.mutations() == ["ecs.ExportImage"]
    assert made.rows[1].state == "the import of web-03 was requested and is not listed yet"
    assert made.rows[1].seen.announced["import"] == announced(0)
    assert made.acts == {"export.export": 1}


def test_a_call_that_cannot_be_announced_fails_its_server_alone() -> None:
    wave = server(1), server(2)
    cloud = cloud_with(*wave)
    cloud.fail("oss.PutIntent", refused("AccessDenied", http_status=403), only=wave[0].id)
    rows = run(fleet(cloud, *wave))
    assert verdicts(rows) == ["failed", "migrated"]
    assert "AccessDenied" in rows[0].reasons[0]
    assert cloud.calls["ecs.ExportImage"] == 1


def test_a_call_that_could_not_be_announced_for_a_moment_is_announced_again_at_once() -> None:
    cloud = cloud_with()
    cloud.fail("oss.PutIntent", refused("Throttling", retryable=True))
    assert verdicts(run(fleet(cloud))) == ["migrated"]
    assert cloud.clock().monotonic() < 120 + limits.INTENT_SETTLE_SECONDS


def test_a_record_of_others_that_cannot_be_read_is_read_again() -> None:
    cloud = cloud_with()
    made = fleet(cloud)
    while not cloud.calls["ecs.ExportImage"]:
        made.tick()
        cloud.sleep(10)
    made.rows[0].seen.announced.clear()
    cloud.edit("ecs.DescribeTasks", lambda rows: [])
    cloud.fail("oss.GetText", lost(), times=2)
    assert verdicts(run(made)) == ["migrated"]
    assert cloud.calls["ecs.ExportImage"] == 1


def test_a_look_that_fails_leaves_each_server_in_the_phase_that_it_has_reached() -> None:
    cloud = wave_in_three_stages()
    made = fleet(cloud, server(2))
    made.tick()
    cloud.fail("smc.DescribeReplicationJobs", lost())
    with pytest.raises(CloudError):
        made.tick()
    assert made.rows[0].phase == "export"
