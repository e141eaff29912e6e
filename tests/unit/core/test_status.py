# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a migration, from what the fake cloud lists; the pure functions are asked without any call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import Driver
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Call, Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.session import LEASE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import Disk
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import GIB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet
from ansible_collections.edgelift.ens_migration.plugins.module_utils._status import rows
from ansible_collections.edgelift.ens_migration.plugins.module_utils._status.look import look
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _wave_status

from .cloud import Cloud
from .kit import BUCKET, START, policy, stamp

WAVE = "wave"


def server(host: str, **more: Any) -> Server:
    return Server(WAVE, host, f"fp {host}", f"s-{host}", disks=(Disk(0, 20 * GIB),), **more)


def state(cloud: Cloud, *hosts: str) -> dict[str, rows.ServerStatus]:
    listed, _stopped = look(cloud, BUCKET, WAVE)
    found = rows.servers(WAVE, listed, [rows.Known(host) for host in hosts], cloud.now)
    return {row.host: row for row in found}


def test_a_migration_is_seen_from_the_registration_to_the_image() -> None:
    cloud, item = Cloud(), server("web-01")
    assert state(cloud, "web-01")["web-01"].status == "not_started"
    cloud.register(item)
    seen = state(cloud, "web-01")["web-01"]
    assert (seen.status, seen.phase, seen.source_id) == ("waiting", "agent", "s-web-01")

    fleet = Fleet(cloud, [item], policy(), clock=cloud.clock())
    phases = []
    for _tick in range(60):
        fleet.tick()
        seen = state(cloud, "web-01")["web-01"]
        phases.append((seen.status, seen.phase))
        if seen.status == "migrated":
            break
        cloud.sleep(5)
    assert {phase for status, phase in phases if status == "running"} == {"transfer", "export", "import"}
    assert seen.ens_image_id
    assert seen.migration_id == item.id


def test_looking_changes_nothing_and_asks_few_lists() -> None:
    cloud, items = Cloud(), [server(f"web-{number:02d}") for number in range(20)]
    cloud.register(*items)
    Fleet(cloud, items, policy(), clock=cloud.clock()).tick()
    before = len(cloud.mutations()), dict(cloud.objects)
    cloud.calls.clear()
    state(cloud)
    assert (len(cloud.mutations()), dict(cloud.objects)) == before
    assert sum(cloud.calls.values()) <= 6, cloud.calls


def test_an_estimate_follows_the_mean_rate() -> None:
    begun = stamp(START)
    assert rows.copy_ends(begun, 25.0, START + timedelta(seconds=100)) == stamp(START + timedelta(seconds=400))
    assert rows.copy_ends(begun, 0.5, START + timedelta(seconds=100)) == ""
    assert rows.copy_ends("", 25.0, START) == ""
    assert rows.copy_ends(begun, 25.0, START) == ""


def test_a_failed_job_gives_its_code_and_a_later_job_counts() -> None:
    cloud, item = Cloud(), server("db-01")
    cloud.register(item)
    cloud.add_job(item, "InError", ErrorCode="QuotaExceeded.Vpc", StatusInfo="too many")
    seen = state(cloud, "db-01")["db-01"]
    assert (seen.status, seen.phase) == ("failed", "transfer")
    assert "InError (QuotaExceeded.Vpc: too many)" in seen.state
    cloud.sleep(60)
    cloud.add_job(item, "Ready")
    assert state(cloud)["db-01"].status == "waiting"


@pytest.mark.parametrize(("status", "expected"), [("Available", "migrated"), ("Creating", "running"),
                                                  ("Pack_failed", "failed"), ("New", "running")])
def test_an_image_alone_is_recognised_by_its_name(status: str, expected: str) -> None:
    cloud, item = Cloud(), server("web 01.example", base_name="")
    cloud.import_seconds = 10**6
    cloud.add_ens_image(item.image_name, status)
    found = state(cloud, "web 01.example", "db-01")
    assert {host: row.status for host, row in found.items()} == {"web 01.example": expected, "db-01": "not_started"}


def test_what_a_run_refuses_is_shown_as_failed() -> None:
    cloud, item, twin = Cloud(), server("db-01"), server("web-01")
    cloud.register(item)
    cloud.add_job(item, "Finished", ImageId="")
    for _image in range(2):
        cloud.add_ens_image(twin.image_name)
    found = state(cloud, "db-01", "web-01")
    assert {row.status for row in found.values()} == {"failed"}
    assert "names no image" in found["db-01"].state
    assert f"2 ENS images have the name {twin.image_name}" in found["web-01"].state


@pytest.mark.parametrize(("outcome", "age", "expected"), [("", 0, "running"), ("done", 0, "running"),
                                                          ("done", 10**5, "failed"), ("", 10**5, "waiting"),
                                                          ("error", 0, "waiting")])
def test_a_requested_import_follows_the_rule_of_the_run(outcome: Any, age: int, expected: str) -> None:
    cloud, item = Cloud(), server("web-01")
    cloud.register(item)
    cloud.add_job(item, "Finished", ImageId="m-1")
    driver = Driver(cloud, BUCKET, WAVE, restart=False)
    driver.own([item.id])
    driver.announce([Call(item.id, "import", "x")])
    if outcome:
        driver.record([Result(item.id, "import", outcome, "m-ens" if outcome == "done" else "code")])
    cloud.sleep(age)
    listed, _stopped = look(cloud, BUCKET, WAVE)
    task = {"TaskId": "t-1", "ResourceId": "m-1", "TaskStatus": "Finished"}
    (seen,) = rows.servers(WAVE, replace(listed, tasks=[task]), [rows.Known("web-01")], cloud.now)
    assert (seen.status, seen.phase) == (expected, "import")


def test_other_migrations_are_not_shown() -> None:
    cloud = Cloud()
    other = Server("another", "web-01", "fp", "s-other", disks=(Disk(0, 20 * GIB),))
    cloud.register(other)
    cloud.add_job(other, "Running")
    cloud.add_ens_image(other.image_name)
    assert state(cloud) == {}


def test_the_run_that_drives_a_server_is_named_until_its_claim_ends() -> None:
    cloud, item = Cloud(), server("web-01")
    cloud.register(item)
    cloud.add_job(item, "Running", StartTime=stamp(START), TransitionInstanceId="")
    driver = Driver(cloud, BUCKET, WAVE, restart=False)
    driver.own([item.id])
    assert "process" in state(cloud)["web-01"].driven_by
    cloud.sleep(LEASE + 1)
    assert state(cloud)["web-01"].driven_by == ""


def test_the_lines_have_every_server_and_the_counts() -> None:
    found = [
        rows.ServerStatus("web-01", "running", "transfer", "job j-1 is Syncing", 42.0, ends="2026-11-24T08:40:00Z"),
        rows.ServerStatus("db-01"),
    ]
    migration = {"name": WAVE, "time": "2026-11-24T08:00:00Z", "ended": "", "summary": rows.summary(found),
                 "servers": rows.described(found)}
    shown = _wave_status.lines(migration)
    assert shown[2].split() == ["web-01", "running", "transfer", "42", "%", "2026-11-24T08:40:00Z", "job", "j-1", "is",
                                "Syncing"]
    assert "2 servers, 1 running, 1 not started" in shown[4]
    assert rows.summary(found)["finished"] is False
    assert rows.summary([])["finished"] is False
    empty = {**migration, "summary": rows.summary([]), "servers": [], "ended": "it was ended by a cleanup of x"}
    assert _wave_status.lines(empty) == [
        f"{WAVE} at 2026-11-24T08:00:00Z: no service shows a server of this migration",
        "the migration cannot continue: it was ended by a cleanup of x",
    ]
