# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incremental jobs: synced after the first run, cut over by one call, kept when the last run fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import incremental, job_spec, transfer

from .cloud import Cloud
from .kit import GIB, START, context, lost, policy, refused, requested, server, stamp
from .test_batch import lines
from .waves import cloud_with, fleet, run, verdicts

SERVER = server()
SYNCS = policy(run_once=False)
CUT = policy(run_once=False, cutover=True)
SOURCE = {"SourceId": "s-01", "State": "Available", "SystemDiskSize": 20}


def at(seconds: float) -> str:
    return stamp(START + timedelta(seconds=seconds))


def row(status: str, *runs: tuple[str, float, float | None], **more: Any) -> dict[str, Any]:
    """An incremental job whose runs are (image, begin, end)."""
    shown = [
        {"ImageId": image, "StartTime": at(begin), "EndTime": "" if end is None else at(end)}
        for image, begin, end in runs
    ]
    made = next((image for image, _begin, _end in reversed(runs) if image), "")
    return {
        "JobId": "j-1", "SourceId": "s-01", "Status": status, "Name": SERVER.job_name, "RunOnce": False, "Frequency": 2,
        "ImageId": made, "TransitionInstanceId": "i-1", "ReplicationJobRuns": {"ReplicationJobRun": shown}, **more,
    }


def decide(job: dict[str, Any] | None, cutover: bool = False, **more: Any) -> tuple[str, str, str, bool]:
    seen = Seen(**{"source": SOURCE, "instance": {"InstanceId": "i-1"}, "job": job, **more})
    found = transfer.decide(context(None, cutover=cutover), SERVER, seen)
    return found.kind, found.action, found.text, found.keep


def synced(cloud: Cloud) -> None:
    assert verdicts(run(fleet(cloud, using=SYNCS))) == ["synced"]


def test_an_incremental_job_is_asked_for_with_interval_and_images() -> None:
    asked = job_spec.params(SERVER, Seen(source=SOURCE), policy(run_once=False, sync_hours=6, images_to_keep=3), START)
    assert (asked["RunOnce"], asked["Frequency"], asked["MaxNumberOfImageToKeep"]) == (False, 6, 3)
    once = job_spec.params(SERVER, Seen(source=SOURCE), policy(), START)
    assert once["RunOnce"] is True
    assert not {"Frequency", "MaxNumberOfImageToKeep"} & set(once)


def test_a_server_is_synced_after_its_first_run_and_a_repetition_changes_nothing() -> None:
    cloud = cloud_with()
    synced(cloud)
    again = fleet(cloud, using=SYNCS)
    (shown,) = run(again)
    assert (shown.verdict, shown.settled, again.changed) == ("synced", False, False)
    assert "Run the playbook cutover" in shown.reasons[0]
    assert len(cloud.instances) == len(cloud.images) == 1
    assert not cloud.ens_images


def test_the_cutover_makes_one_last_run_and_the_image_of_that_run_is_imported() -> None:
    cloud = cloud_with()
    synced(cloud)
    first = set(cloud.images)
    assert verdicts(run(fleet(cloud, using=CUT))) == ["migrated"]
    assert cloud.calls["smc.CutOverReplicationJob"] == 1
    (task,) = cloud.tasks.values()
    assert task["ResourceId"] not in first
    again = fleet(cloud, using=CUT)
    assert (verdicts(run(again)), again.changed) == (["migrated"], False)


@pytest.mark.parametrize("after", [False, True], ids=["before-its-effect", "after-its-effect"])
def test_a_cutover_whose_answer_is_lost_is_made_once(after: bool) -> None:
    cloud = cloud_with()
    synced(cloud)
    cloud.fail("smc.CutOverReplicationJob", lost(), after=after)
    assert verdicts(run(fleet(cloud, using=CUT))) == ["migrated"]
    (job,) = cloud.jobs.values()
    assert [bool(item["ImageId"]) for item in job["ReplicationJobRuns"]["ReplicationJobRun"]] == [True, True]
    assert len(cloud.ens_images) == 1
    told = [item[2:] for line in lines(cloud) for item in line.get("results", []) if item[1] == "transfer"]
    assert told == [["unknown", "Connection.Lost"], ["done", job["JobId"]]]
    assert cloud.calls["smc.CutOverReplicationJob"] == 1 + (not after)


@pytest.mark.parametrize("using", [CUT, SYNCS, policy()], ids=["cutover", "incremental", "once"])
def test_what_a_killed_controller_has_cut_over_goes_on_whatever_follows(using: Any) -> None:
    cloud = cloud_with()
    synced(cloud)
    killed = fleet(cloud, using=CUT)
    run(killed, wait=False)
    assert cloud.calls["smc.CutOverReplicationJob"] == 1
    assert verdicts(run(fleet(cloud, using=using))) == ["migrated"]
    assert cloud.calls["smc.CutOverReplicationJob"] == 1


def test_a_cutover_that_is_refused_keeps_job_and_image() -> None:
    cloud = cloud_with()
    synced(cloud)
    cloud.fail("smc.CutOverReplicationJob", refused("Forbidden.RAM", http_status=403))
    (failed,) = run(fleet(cloud, using=CUT))
    assert (failed.verdict, failed.settled) == ("failed", False)
    assert "is kept with what belongs to it" in failed.reasons[-1]
    assert verdicts(run(fleet(cloud, using=CUT))) == ["migrated"]


def test_a_last_run_that_fails_keeps_job_and_images_and_only_a_cutover_continues_it() -> None:
    cloud = cloud_with()
    synced(cloud)
    cloud.job_errors["s-01"] = ["SourceServer.Offline"]
    failing = fleet(cloud, using=CUT)
    cloud.edit("smc.DescribeSourceServers", lambda rows: [{**item, "State": "Unavailable"} for item in rows])
    (failed,) = run(failing)
    assert (failed.verdict, failed.settled) == ("failed", False)
    assert "its last sync cannot read it" in failed.reasons[0]
    assert len(cloud.images) == 1
    cloud.sources["s-01"]["State"] = "Available"
    (refused,) = run(fleet(cloud, using=SYNCS))
    assert (refused.verdict, refused.settled) == ("failed", False)
    assert "Run the playbook cutover again" in refused.reasons[0]
    assert verdicts(run(fleet(cloud, using=CUT))) == ["migrated"]
    assert cloud.calls["smc.CutOverReplicationJob"] == 1


FIRST = ("m-1", 0, 600)
CASES = [
    (row("Waiting", FIRST), True, {}, ("act", "cutover", "Waiting")),
    (row("Waiting", FIRST), True, {"requested": {"transfer": requested(60)}}, ("act", "repeat_cutover", "was lost")),
    (row("Waiting", FIRST), True, {"requested": {"transfer": requested(60, "j-1")}}, ("wait", "", "although")),
    (row("Waiting", FIRST), True, {"requested": {"transfer": requested(-60, "j-1")}}, ("fail", "", "although")),
    (row("Running", FIRST, ("", 7800, None)), True, {}, ("wait", "", "Running")),
    (row("Running", FIRST, ("", 7800, None)), False, {}, ("synced", "", "began at 2026-11-24T08:00:00Z")),
    (row("Running", FIRST, ("", 7800, None)), False, {"cut_over": START}, ("wait", "", "Running")),
    (row("InError", FIRST, ErrorCode="SourceServer.Offline"), True, {"source": None}, ("fail", "", "is gone")),
    (row("InError", FIRST, ErrorCode="SourceServer.Offline"), False, {"cut_over": START}, ("fail", "", "last sync")),
    (row("InError", FIRST, ErrorCode="TransitionInstance.NotFound"), False, {}, ("fail", "", "To copy the server")),
    (row("InError", FIRST), True, {"instance": None}, ("fail", "", "To copy the server again")),
    (row("Expired", FIRST), False, {}, ("fail", "", "is Expired")),
    (row("Expired"), False, {}, ("act", "delete", "is Expired")),
    (row("Expired", ImageId="m-1"), False, {}, ("fail", "", "is Expired")),
    (row("InError", ImageId="m-1"), False, {"instance": None}, ("fail", "", "To copy the server again")),
    (row("Expired"), True, {}, ("fail", "", "until the server is synced")),
    (row("InError", ErrorCode="TransitionInstance.NotFound"), True, {}, ("fail", "", "until the server is synced")),
    (row("Waiting", FIRST), False, {"cut_over": START}, ("synced", "", "Run the playbook cutover")),
    (row("Finished", FIRST, ("m-2", 700, 900)), True, {}, ("done", "", "m-2")),
    (row("Finished", FIRST, ("m-2", 700, 900), ImageId="m-1"), True, {}, ("fail", "", "names image m-1")),
    (row("Ready"), True, {}, ("fail", "", "until the server is synced")),
    (row("Waiting", FIRST, RunOnce=True), True, {}, ("fail", "", "runs once")),
    (None, True, {}, ("fail", "", "no job of it")),
]


@pytest.mark.parametrize(("job", "cutover", "more", "wanted"), CASES)
def test_the_next_step(job: Any, cutover: bool, more: dict[str, Any], wanted: tuple[str, str, str]) -> None:
    kind, action, words, keep = decide(job, cutover, **more)
    assert (kind, action) == wanted[:2]
    assert wanted[2] in words
    assert keep == (kind == "fail"), "nothing of an incremental job is deleted because of a failure"


def test_the_lag_is_the_time_since_the_last_complete_sync_began() -> None:
    job = row("Waiting", ("m-1", 0, 600), ("m-2", 7800, 7900), ("", 9000, None), ValidTime="2026-12-01T08:00:00Z")
    found = incremental.sync(job, START + timedelta(seconds=9600))
    assert (found["image_id"], found["lag"], found["seconds"], found["runs"]) == ("m-2", 1800, 100.0, 2)
    assert found["next"] == at(7900 + 2 * 3600)
    assert "30 min ago" in incremental.text(found)
    assert incremental.sync({**job, "RunOnce": True}, START) == {}
    assert incremental.sync(row("Running", ("", 0, None)), START) == {}


def test_a_forecast_is_made_of_the_newest_sync_and_the_used_bytes() -> None:
    size = 40 * 10**6 * 100
    item = server(terms=Copy("web-01", size))
    found = incremental.forecast(item, row("Waiting", ("m-1", 0, 600), ("m-2", 7800, 7900)))
    assert found == {"seconds": 300, "most": 800, "parts": {"sync": 100, "export": 100, "import": 100}, "bytes": size}
    assert incremental.forecast(item, row("Finished", ("m-1", 0, 600)))["parts"]["sync"] == 0
    assert incremental.forecast(item, None) == {}


@pytest.mark.parametrize(
    ("job", "source", "windows", "words"),
    [
        (row("Waiting", FIRST), SOURCE, (), ""),
        (row("Waiting", FIRST), SOURCE, ((0, 60),), "closed until 2026-11-30T00:00:00Z"),
        (None, SOURCE, (), "no job of it"),
        (row("Running", ("", 0, None)), SOURCE, (), "without a complete sync"),
        (row("Waiting", FIRST, RunOnce=True), SOURCE, (), "runs once"),
        (row("Waiting", FIRST), {**SOURCE, "State": "Unavailable"}, (), "is Unavailable"),
        (row("Finished", FIRST), None, (), ""),
    ],
)
def test_what_refuses_a_cutover_before_it_begins(job: Any, source: Any, windows: Any, words: str) -> None:
    item = server(terms=Copy("web-01", GIB, windows=windows))
    found = incremental.cutover_problems(item, Seen(job=job, source=source), START)
    assert [words in text for text in found] == [True] * bool(words)


def test_an_image_of_a_job_that_something_else_has_cut_over_has_a_warning() -> None:
    done = row("Finished", FIRST)
    assert "outside of this collection" in incremental.notes(Seen(job=done))[0]
    assert not incremental.notes(Seen(job=done, cut_over=START))
    assert not incremental.notes(Seen(job=row("Waiting", FIRST)))
