# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs and cleanups beside each other: who may make and delete what, on the fake cloud."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import ownership
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import Driver, store_of
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Call, Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.session import Stopped
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import LEASE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

from .cloud import Cloud
from .kit import BUCKET, MIGRATION, lost, policy, server
from .sweep import scope
from .waves import cloud_with, fleet, run, verdicts

ONE, TWO = server(1), server(2)


def driver(cloud: Cloud, restart: bool = False) -> Driver:
    return Driver(cloud, BUCKET, MIGRATION, restart)


def sweep(cloud: Cloud, *only: Any, known: Any = (), timeout: float = 900) -> Any:
    clean = ownership.clean_servers if only else ownership.clean_migration
    return clean(scope(cloud, *only), list(known), cloud.clock(), timeout, 5)


def ledger(cloud: Cloud, number: int = 1) -> bytes | None:
    return cloud.oss(BUCKET).ledgers.get(naming.ledger_key(MIGRATION, number))


def begun(cloud: Cloud, *wave: Any) -> Any:
    """Return a fleet that has started the copies of some servers and still drives them."""
    made = fleet(cloud, *wave)
    made.tick()
    made.tick()
    return made


# ---- runs beside each other ----
def test_a_server_of_another_run_is_reported_and_the_rest_continues() -> None:
    cloud = cloud_with(ONE, TWO)
    first = begun(cloud, ONE)
    second = fleet(cloud, ONE, TWO)
    second.run(wait=False, timeout=0, interval=1)
    theirs, ours = second.rows
    assert (theirs.verdict, theirs.settled, theirs.elsewhere) == ("pending", False, True)
    assert theirs.state.startswith("driven by ")
    assert "since 2026-11-24T08:00:0" in theirs.state
    assert ours.state.endswith("start was called")
    assert cloud.calls["smc.CreateReplicationJob"] == 2
    first.driver.leave()


def test_with_wait_a_run_waits_for_the_others_and_leaves_their_work_to_them() -> None:
    cloud = cloud_with(ONE, copy_seconds=10_000)
    first = begun(cloud, ONE)
    pause = cloud.sleep

    def renewed(seconds: float) -> None:
        pause(seconds)
        first.driver.keep()

    cloud.sleep = renewed  # type: ignore[method-assign]  # the other run continues meanwhile
    second = fleet(cloud, ONE)
    run(second, timeout=600)
    assert verdicts(second.rows) == ["failed"]
    assert not second.rows[0].settled
    assert "last state: driven by" in second.rows[0].reasons[0]


def test_what_another_run_has_finished_is_migrated_although_its_claim_has_not_ended() -> None:
    cloud = cloud_with(ONE)
    first, second = begun(cloud, ONE), fleet(cloud, ONE)
    second.tick()
    assert second.rows[0].elsewhere
    # Two processes ask for themselves; here they share one gate.
    cloud.gate.checks.remove(second.driver._may_send)
    while first.rows[0].open:
        cloud.sleep(10)
        first.tick()
    # It was killed after its last step: nothing has released the server.
    cloud.gate.checks.clear()
    second.tick()
    row = second.rows[0]
    assert (row.verdict, row.settled, row.phase) == ("migrated", True, "done")
    assert row.reasons[0].startswith("another run has finished it (driven by ")
    assert cloud.calls["ens.ImportImage"] == 1


def test_servers_of_a_dead_run_are_taken_over_after_its_lease() -> None:
    cloud = cloud_with(ONE)
    begun(cloud, ONE)
    # It has been killed: what asked before its requests is gone with its process.
    cloud.gate.checks.clear()
    second = fleet(cloud, ONE)
    assert verdicts(run(second)) == ["migrated"]
    assert cloud.clock().monotonic() > LEASE
    assert cloud.calls["smc.CreateReplicationJob"] == cloud.calls["ecs.ExportImage"] == 1


def test_nothing_is_sent_when_the_claim_may_have_ended() -> None:
    cloud = cloud_with(ONE)
    made = begun(cloud, ONE)
    cloud.sleep(60)
    export = cloud.ecs.describe_tasks

    def slow(**options: Any) -> Any:
        cloud.sleep(LEASE + 5)
        return export(**options)

    cloud.ecs.describe_tasks = slow  # type: ignore[method-assign]  # the machine is stopped in the middle of a tick
    second: list[Any] = []

    def taken(*args: Any) -> Any:
        second.append(fleet(cloud, ONE))
        cloud.ecs.describe_tasks = export  # type: ignore[method-assign]  # for the other run
        checks = list(cloud.gate.checks)
        cloud.gate.checks.clear()
        second[0].tick()
        cloud.gate.checks[:] = checks
        return real(*args)

    real = made.driver.announce
    made.driver.announce = taken
    made.tick()
    assert cloud.calls["ecs.ExportImage"] == 1
    assert made.rows[0].state == "another run has taken over web-01"


def test_an_answer_that_was_lost_is_forgotten_when_its_result_is_seen() -> None:
    cloud = cloud_with(ONE)
    cloud.fail("ecs.ExportImage", lost(), after=True)
    made = fleet(cloud, ONE)
    assert verdicts(run(made)) == ["migrated"]
    found = driver(cloud)
    found.own([ONE.id])
    assert found.open_calls() == []
    assert found.calls()[ONE.id, "export"].id == next(iter(cloud.tasks))


# ---- a cleanup of the whole migration ----
def test_a_cleanup_ends_a_migration_until_a_restart() -> None:
    cloud = cloud_with(ONE)
    run(fleet(cloud, ONE, using=policy(), only="transfer"))
    assert sweep(cloud).residual == []
    assert ledger(cloud) == b""
    cloud.register(ONE)
    with pytest.raises(CloudError, match="it was ended by a cleanup of") as ended:
        run(fleet(cloud, ONE))
    assert ended.value.code == "Migration.Ended"
    assert "migration_restart: true" in str(ended.value.hint)
    with pytest.raises(CloudError, match="ended by a cleanup"):
        fleet(cloud, ONE, check_mode=True).run(True, 60, 1)
    assert cloud.jobs == {}
    assert verdicts(run(fleet(cloud, ONE, using=policy(restart=True)))) == ["migrated"]


def test_a_cleanup_waits_for_the_runs_and_names_them() -> None:
    cloud = cloud_with(ONE)
    made = begun(cloud, ONE)
    kept = sweep(cloud, timeout=60)
    assert kept.residual[0]["kind"] == "run"
    assert "it stops at its next step" in kept.residual[0]["reason"]
    assert (kept.changes, len(cloud.jobs)) == (0, 1)
    cloud.sleep(31)
    with pytest.raises(CloudError, match=r"ended by a cleanup of \S+ at .*, which has not finished"):
        made.tick()
    made.driver.leave()
    began = cloud.clock().monotonic()
    assert sweep(cloud).residual == []
    assert cloud.clock().monotonic() - began < LEASE


def test_a_cleanup_of_nothing_ends_nothing() -> None:
    cloud = cloud_with()
    cloud.sources.clear()
    assert sweep(cloud).residual == []
    assert ledger(cloud) is None


def test_a_second_cleanup_writes_nothing() -> None:
    cloud = cloud_with(ONE)
    run(fleet(cloud, ONE, only="transfer"))
    sweep(cloud)
    before = dict(cloud.oss(BUCKET).ledgers)
    assert sweep(cloud).changes == 0
    assert cloud.oss(BUCKET).ledgers == before


def test_a_cleanup_leaves_what_was_made_after_a_restart() -> None:
    cloud = cloud_with(ONE)
    run(fleet(cloud, ONE, only="transfer"))
    store = store_of(cloud, BUCKET, MIGRATION)
    store.run(store.session.end())
    real = cloud.smc.delete_replication_job

    def meanwhile(_job: str) -> None:
        raise AssertionError("nothing may be deleted")

    # Another cleanup finishes the end between the list and the deletion of this one, and a run begins again.
    listing = cloud.smc.describe_replication_jobs

    def listed(*args: Any, **options: Any) -> Any:
        rows = listing(*args, **options)
        cloud.smc.describe_replication_jobs = listing  # type: ignore[method-assign]  # the real one again
        cloud.smc.delete_replication_job = real  # type: ignore[method-assign]  # the other cleanup gets the real one
        store.run(store.session.finish())
        fleet(cloud, ONE, using=policy(restart=True)).tick()
        cloud.smc.delete_replication_job = meanwhile  # type: ignore[method-assign]  # this cleanup gets the one of the test
        return rows

    cloud.smc.describe_replication_jobs = listed  # type: ignore[method-assign]  # stands in for one call
    told = sweep(cloud)
    assert told.residual == []
    assert "has ended the migration meanwhile" in told.kept[0]["reason"]
    assert cloud.jobs


# ---- a cleanup of some servers ----
def test_servers_that_another_run_drives_are_kept() -> None:
    cloud = cloud_with(ONE, TWO, copy_seconds=5)
    run(fleet(cloud, TWO, only="transfer"))
    begun(cloud, ONE)
    told = sweep(cloud, ONE, TWO)
    assert [row["reason"].partition(" (")[0].split()[0] for row in told.kept if row["kind"] == "server"] == ["driven"]
    assert [job["SourceId"] for job in cloud.jobs.values()] == ["s-01"]


def test_what_was_deleted_is_not_followed_any_more() -> None:
    cloud = cloud_with(ONE, TWO)
    cloud.export_ends = ["Failed"] * 9
    run(fleet(cloud, ONE, TWO, using=policy(export_retries=0)))
    run(fleet(cloud, TWO, only="transfer"))
    sweep(cloud, ONE)
    found = driver(cloud)
    found.own([ONE.id])
    assert found.calls()[ONE.id, "export"].outcome == "error"
    assert found.calls()[TWO.id, "export"].outcome == "done"


def test_a_finished_migration_closes_its_ledger() -> None:
    cloud = cloud_with(ONE)
    made = fleet(cloud, ONE)
    run(made)
    told = sweep(cloud, ONE, known=made.resources.rows())
    assert (told.residual, told.kept) == ([], [])
    assert ledger(cloud) == b""
    assert cloud.oss(BUCKET).closed[naming.ledger_key(MIGRATION, 1)]["edgelift-mark"] == "close"
    # Another server may join without a restart.
    cloud.register(TWO)
    assert verdicts(run(fleet(cloud, TWO))) == ["migrated"]


def test_the_last_of_two_cleanups_that_meet_closes_the_ledger() -> None:
    cloud = cloud_with(ONE, TWO)
    run(fleet(cloud, ONE, TWO))
    cloud.tokens.clear()
    listing, told = cloud.ens.describe_self_images, list[Any]()

    def meanwhile(*args: Any, **options: Any) -> Any:
        # The first cleanup has claimed its server; the second one does all of its work before the first one leaves.
        cloud.ens.describe_self_images = listing  # type: ignore[method-assign]  # the real one again
        checks = list(cloud.gate.checks)
        cloud.gate.checks.clear()
        told.append(sweep(cloud, TWO))
        cloud.gate.checks[:] = checks
        return listing(*args, **options)

    cloud.ens.describe_self_images = meanwhile  # type: ignore[method-assign]  # stands in for one call
    first = sweep(cloud, ONE)
    [second] = told
    assert "another run of this migration is driven by" in second.kept[-1]["reason"]
    assert second.kept[-1]["kind"] == "ledger"
    assert (first.kept, first.residual, second.residual) == ([], [], [])
    assert ledger(cloud) == b""
    assert set(cloud.oss(BUCKET).ledgers) == {naming.ledger_key(MIGRATION, 1)}


def test_nothing_is_written_to_a_ledger_that_is_closed() -> None:
    cloud = cloud_with(ONE)
    run(fleet(cloud, ONE))
    mine = driver(cloud)
    mine.own([ONE.id])
    assert mine.close()
    appended = cloud.calls["oss.AppendObject"]
    assert not mine.leave()
    assert cloud.calls["oss.AppendObject"] == appended


def test_a_ledger_with_a_call_that_may_still_show_stays_open() -> None:
    cloud = cloud_with(ONE)
    mine = driver(cloud)
    mine.own([ONE.id])
    mine.announce([Call(ONE.id, "import", ONE.image_name)])
    mine.record([Result(ONE.id, "import", "unknown")])
    mine.leave()
    sweep(cloud, ONE)
    assert ledger(cloud)
    cloud.sleep(limits.CALL_SETTLE_SECONDS + LEASE + 1)
    sweep(cloud, ONE)
    assert ledger(cloud) == b""


def test_after_the_end_a_cleanup_of_servers_leaves_all_to_the_other_one() -> None:
    cloud = cloud_with(ONE)
    run(fleet(cloud, ONE, only="transfer"))
    store = store_of(cloud, BUCKET, MIGRATION)
    store.run(store.session.end())
    told = sweep(cloud, ONE)
    assert told.residual == []
    assert "smc_job" in {row["kind"] for row in told.kept}
    assert cloud.jobs


# ---- taking part without a server ----
def test_a_cleanup_waits_for_what_is_made_for_all_servers() -> None:
    cloud = Cloud()
    joined = driver(cloud)
    joined.join()
    store = store_of(cloud, BUCKET, MIGRATION)
    store.run(store.session.end())
    assert [owner.who.pid for owner in store.run(store.session.drivers())]
    joined.leave()
    assert store.run(store.session.drivers()) == []
    with pytest.raises(CloudError, match="ended by a cleanup"):
        driver(cloud, restart=True).join()
    store.run(store.session.finish())
    with pytest.raises(CloudError, match="ended by a cleanup"):
        driver(cloud).join()
    again = driver(cloud, restart=True)
    again.join()
    again.leave()


# ---- bad input ----
def test_other_bytes_in_the_ledger_are_a_warning() -> None:
    cloud = cloud_with(ONE)
    cloud.oss(BUCKET).ledgers[naming.ledger_key(MIGRATION, 1)] = b"\x00hello\n" + b'{"ledger":"el00"}\n'
    made = fleet(cloud, ONE)
    assert verdicts(run(made)) == ["migrated"]
    (told,) = made.warnings
    assert "2 not readable" in told
    assert "something else writes to it" in told


def test_a_ledger_that_is_deleted_under_a_run_ends_it() -> None:
    cloud = cloud_with(ONE)
    made = begun(cloud, ONE)
    cloud.oss(BUCKET).ledgers.clear()
    cloud.sleep(31)
    with pytest.raises(CloudError, match="was deleted or replaced while it was in use") as told:
        made.tick()
    assert told.value.code == "Migration.LedgerLost"
    assert cloud.jobs


def test_requests_that_outlast_a_claim_are_refused() -> None:
    cloud = cloud_with(ONE)
    cloud.request_seconds = 1000.0
    with pytest.raises(CloudError, match="connect_timeout and read_timeout are 1000 s together"):
        run(fleet(cloud, ONE))
    assert cloud.jobs == {}


def test_the_mark_of_a_cleanup_stops_a_session() -> None:
    cloud = cloud_with(ONE)
    mine = store_of(cloud, BUCKET, MIGRATION)
    mine.run(mine.session.open())
    mine.run(mine.session.claim([ONE.id]))
    other = store_of(cloud, BUCKET, MIGRATION)
    other.run(other.session.end())
    with pytest.raises(Stopped) as stopped:
        mine.run(mine.session.announce([Call(ONE.id, "export")]))
    assert not stopped.value.finished
