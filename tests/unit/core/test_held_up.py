# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run or a cleanup that was held up between its look and its request: what another one has begun since then stays."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import NotSent
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import release
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.decide import MARGIN
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import LEASE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import transfer
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.batch import Act, perform

from .cloud import Cloud
from .kit import server
from .test_ownership import driver, sweep
from .waves import cloud_with, fleet, run, verdicts

ONE = server(1)


def test_a_request_is_refused_when_the_claim_may_end_before_its_effect() -> None:
    cloud = cloud_with(ONE)
    mine = driver(cloud)
    mine.own([ONE.id])
    cloud.sleep(LEASE - MARGIN)
    cloud.gate("smc.CreateReplicationJob")
    cloud.sleep(1)
    with pytest.raises(NotSent, match="nothing was sent"):
        cloud.gate("smc.CreateReplicationJob")
    mine.own([ONE.id])
    cloud.gate("smc.CreateReplicationJob")


def test_a_call_with_a_client_token_is_not_made_for_a_server_that_another_run_has_taken() -> None:
    cloud = cloud_with(ONE)
    made = fleet(cloud, ONE)
    made.driver.own([ONE.id])
    cloud.sleep(LEASE + 5)
    driver(cloud).own([ONE.id])
    acts = [Act(transfer.STAGE, ONE, made.rows[0].seen, "create")]
    # Only the ledger tells: nothing else stands between this run and the request.
    cloud.gate.checks.clear()
    [(_act, outcome)] = perform(made.context, acts)
    assert outcome.held == "another run has taken over web-01"
    assert cloud.calls["smc.CreateReplicationJob"] == 0


def test_a_server_that_another_run_has_taken_does_not_fail_in_this_one() -> None:
    """What this run has seen is old: to fail is to release the server to a cleanup, with the work of the other run."""
    cloud = Cloud()
    made = fleet(cloud, ONE)
    look = cloud.smc.describe_source_servers

    def held_up(*args: Any, **options: Any) -> Any:
        rows = look(*args, **options)
        cloud.sleep(LEASE + 5)
        driver(cloud).own([ONE.id])
        return rows

    cloud.smc.describe_source_servers = held_up  # type: ignore[method-assign]  # stands in for one call
    made.tick()
    [row] = made.rows
    assert (row.verdict, row.state) == ("pending", "another run has taken over web-01")
    cloud.smc.describe_source_servers = look  # type: ignore[method-assign]  # the real one again
    assert verdicts(run(fleet(Cloud(), ONE))) == ["failed"]


def test_a_cleanup_that_finds_nothing_looks_for_runs_that_have_begun_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud = Cloud()
    real = release.report

    def meanwhile(*given: Any) -> Any:
        found = real(*given)
        monkeypatch.setattr(release, "report", real)
        driver(cloud).own([ONE.id])
        return found

    monkeypatch.setattr(release, "report", meanwhile)
    assert [row["kind"] for row in sweep(cloud, timeout=60).residual] == ["run"]


def test_a_cleanup_that_was_held_up_deletes_nothing_of_a_server_that_another_run_has_taken() -> None:
    cloud = cloud_with(ONE)
    run(fleet(cloud, ONE, only="transfer"))
    listing = cloud.ecs.describe_images

    def held_up(*args: Any, **options: Any) -> Any:
        cloud.ecs.describe_images = listing  # type: ignore[method-assign]  # the real one again
        rows = listing(*args, **options)
        cloud.sleep(LEASE + 5)
        checks = list(cloud.gate.checks)
        cloud.gate.checks.clear()
        driver(cloud).own([ONE.id])
        cloud.gate.checks[:] = checks
        return rows

    cloud.ecs.describe_images = held_up  # type: ignore[method-assign]  # stands in for one call
    told = sweep(cloud, ONE)
    assert "another run has taken over its servers" in told.kept[0]["reason"]
    assert (told.residual, len(cloud.images), len(cloud.jobs)) == ([], 1, 1)
