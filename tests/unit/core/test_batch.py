# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a tick as one batch: announced once before, made, recorded once after."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

from .cloud import Cloud
from .kit import MIGRATION, lost, refused, server
from .waves import cloud_with, fleet, run, verdicts


def lines(cloud: Cloud) -> list[dict[str, Any]]:
    """Return the lines of the migration's first ledger."""
    body = cloud.oss("images").ledgers.get(naming.ledger_key(MIGRATION, 1), b"")
    return [json.loads(text) for text in body.splitlines()]


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
    made.tick()
    assert cloud.mutations() == ["ens.ImportImage", "ecs.ExportImage", "smc.CreateReplicationJob"]
    claim, announced, told = lines(cloud)
    assert claim["claim"] == [server(1).id, server(2).id, server(3).id]
    assert announced["calls"] == [
        [server(3).id, "import", server(3).image_name], [server(2).id, "export", "m-0001"],
    ]
    task, image = list(cloud.tasks)[-1], list(cloud.ens_images)[-1]
    assert told["results"] == [[server(3).id, "import", "done", image], [server(2).id, "export", "done", task]]
    names = [name for name, _args in cloud.log if name in ("oss.AppendObject", *cloud.mutations())]
    assert names == ["oss.AppendObject"] * 2 + cloud.mutations() + ["oss.AppendObject"]


def test_a_tick_without_a_call_writes_nothing_until_the_claim_is_to_be_renewed() -> None:
    cloud = cloud_with()
    made = fleet(cloud)
    made.tick()
    made.tick()
    before = len(lines(cloud))
    for _tick in range(6):
        cloud.sleep(5)
        made.tick()
    assert len(lines(cloud)) == before + 1
    assert set(lines(cloud)[-1]) == {"ledger", "by", "n", "at", "until"}


def test_a_ledger_that_cannot_be_written_ends_the_run_and_leaves_the_cloud_work() -> None:
    cloud = cloud_with(server(1), server(2))
    made = fleet(cloud, server(1), server(2))
    made.tick()
    cloud.sleep(60)
    cloud.fail("oss.AppendObject", refused("AccessDenied", http_status=403), times=99)
    with pytest.raises(CloudError, match="AccessDenied"):
        run(made)
    assert len(cloud.jobs) == 2
    assert not cloud.calls["ecs.ExportImage"]
    assert not any(row.settled for row in made.rows)


def test_an_append_that_fails_for_a_moment_is_made_again() -> None:
    cloud = cloud_with()
    cloud.fail("oss.AppendObject", refused("Throttling", retryable=True), times=3)
    assert verdicts(run(fleet(cloud))) == ["migrated"]


@pytest.mark.parametrize("after", [True, False])
def test_an_append_whose_answer_is_lost_is_read_back(after: bool) -> None:
    cloud = cloud_with()
    cloud.fail("oss.AppendObject", lost(), after=after, times=2)
    assert verdicts(run(fleet(cloud))) == ["migrated"]
    assert cloud.calls["ecs.ExportImage"] == cloud.calls["ens.ImportImage"] == 1


def test_a_result_that_could_not_be_written_is_written_in_the_next_line() -> None:
    cloud = wave_in_three_stages()
    made = fleet(cloud, server(2))
    made.driver.own([server(2).id])
    act = cloud.ecs.export_image

    def export(*args: Any, **options: Any) -> Any:
        cloud.fail("oss.AppendObject", refused("Throttling", retryable=True))
        return act(*args, **options)

    cloud.ecs.export_image = export
    made.tick()
    assert "results" not in lines(cloud)[-1]
    cloud.sleep(1)
    made.tick()
    assert lines(cloud)[-1]["results"] == [[server(2).id, "export", "done", list(cloud.tasks)[-1]]]


def test_a_look_that_fails_leaves_each_server_in_the_phase_that_it_has_reached() -> None:
    cloud = wave_in_three_stages()
    made = fleet(cloud, server(2))
    made.tick()
    cloud.fail("ecs.DescribeTasks", lost())
    with pytest.raises(CloudError):
        made.tick()
    assert made.rows[0].phase == "export"


def test_an_answer_that_was_lost_keeps_its_call_open_until_the_list_would_show_it() -> None:
    cloud = wave_in_three_stages()
    cloud.fail("ecs.ExportImage", lost())
    made = fleet(cloud, server(2))
    made.tick()
    assert lines(cloud)[-1]["results"] == [[server(2).id, "export", "unknown", "Connection.Lost"]]
    cloud.sleep(limits.CALL_SETTLE_SECONDS)
    made.tick()
    assert cloud.calls["ecs.ExportImage"] == 1
    assert made.rows[0].state == "the export of m-0001 was requested and is not listed yet"


def test_a_cause_in_the_account_stops_the_stage_with_one_warning_and_keeps_the_copies() -> None:
    cloud = wave_in_three_stages()
    for number in (4, 5):
        image_id = cloud.new_id("m-")
        cloud.add_image(image_id, server(number).image_name, (20,))
        cloud.register(server(number))
        cloud.add_job(server(number), "Finished", ImageId=image_id)
    cloud.fail("ecs.ExportImage", refused("NoSetRoletoECSServiceAcount", http_status=403), times=99)
    made = fleet(cloud, *(server(number) for number in range(1, 6)))
    rows = run(made)
    assert cloud.calls["ecs.ExportImage"] == 1
    [cause] = made.causes
    assert cause.startswith("No further export is started, because ")
    assert "NoSetRoletoECSServiceAcount" in cause
    # Server 3 has been exported before, so it migrates; the others keep their copies for the next run.
    assert [row.verdict for row in rows] == ["failed", "failed", "migrated", "failed", "failed"]
    assert [row.settled for row in rows if row.verdict == "failed"] == [False] * 4
    assert sum("its export was not started: see " in str(row.reasons) for row in rows) == 3
