# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS instances at a cleanup: the policy decides, a name proves nothing, and what stays is reported and followed."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import ownership, release
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import Driver
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Call, Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import BUCKET, MIGRATION, refused
from .sweep import OTHER, SERVER, deleted, launched, reasons, remove, scope, similar, sweep


@pytest.mark.parametrize(("policy", "words"), [("manual", "launch_state=absent"), ("keep", "never releases it")])
def test_an_instance_that_is_not_for_release_stays_and_is_reported(policy: str, words: str) -> None:
    cloud = Cloud()
    identity = launched(cloud, policy)
    for outcome in (sweep(cloud), release.report(scope(cloud), []), remove(cloud, SERVER)):
        assert (outcome.residual, outcome.changes, deleted(outcome)) == ([], 0, set())
        (kept,) = outcome.kept
        assert (kept["kind"], kept["id"]) == ("ens_instance", identity)
        assert words in kept["reason"]
    assert list(cloud.ens_instances) == [identity]


def test_an_instance_for_release_is_released_with_its_server_only() -> None:
    cloud = Cloud()
    ours, theirs = launched(cloud, "release"), launched(cloud, "release", OTHER)
    reported = release.report(scope(cloud, SERVER), [])
    assert ([row["id"] for row in reported.residual], reported.changes) == ([ours], 1)
    assert deleted(remove(cloud, SERVER)) == {"ens_instance"}
    assert list(cloud.ens_instances) == [theirs]
    assert deleted(sweep(cloud)) == {"ens_instance"}
    assert cloud.ens_instances == {}


@pytest.mark.parametrize(
    "tags",
    [[], naming.tags("other", SERVER.host, SERVER.id), naming.tags(MIGRATION, OTHER.host, SERVER.id),
     naming.tags(MIGRATION, SERVER.host, OTHER.id)],
)  # fmt: skip
def test_a_name_alone_releases_nothing(tags: list[Any]) -> None:
    cloud = Cloud()
    policy = [{"Key": naming.INSTANCE_TAG, "Value": "release"}]
    identity = launched(cloud, "release", Tags=[*tags, *policy])
    outcome = remove(cloud, SERVER, known=[{"kind": "ens_instance", "id": identity, "host": SERVER.host}])
    assert f"ens_instance {identity}" in similar(outcome)
    assert list(cloud.ens_instances) == [identity]


def test_an_earlier_result_releases_no_instance_that_is_kept() -> None:
    cloud = Cloud()
    identity = launched(cloud, "keep")
    remove(cloud, SERVER, known=[{"kind": "ens_instance", "id": identity, "host": SERVER.host}])
    assert list(cloud.ens_instances) == [identity]


def test_a_list_that_is_refused_is_reported_and_the_rest_is_deleted() -> None:
    cloud = Cloud()
    cloud.add_job(SERVER, "InError")
    cloud.fail("ens.DescribeInstances", refused("NoPermission"), times=9)
    outcome = remove(cloud, SERVER)
    assert "could not be listed" in reasons(outcome)["ens_instance "]
    assert "smc_job" in deleted(outcome)


@pytest.mark.parametrize(("policy", "followed"), [("keep", True), ("release", False)])
def test_the_ledger_follows_an_instance_until_it_is_released(policy: str, followed: bool) -> None:
    cloud = Cloud()
    cloud.add_job(OTHER, "InError")
    driver = Driver(cloud, BUCKET, MIGRATION, restart=False)
    driver.own([SERVER.id])
    driver.announce([Call(SERVER.id, "launch", SERVER.job_name)])
    identity = launched(cloud, policy)
    driver.record([Result(SERVER.id, "launch", "done", identity)])
    driver.leave()
    # Another server is not finished, so the ledger stays in use.
    outcome = ownership.clean_servers(scope(cloud, SERVER), [], cloud.clock(), 900, 5)
    assert outcome.residual == []
    again = Driver(cloud, BUCKET, MIGRATION, restart=False)
    assert (again.returned(SERVER.id, "launch") == identity) is followed
    assert again.announced(SERVER.id, "launch") is followed
