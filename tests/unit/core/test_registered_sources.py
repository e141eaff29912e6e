# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources that a migration has registered and nothing names any more: found by their tags, kept or deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import ownership
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.scope import Scope
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import Driver
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import BUCKET, MIGRATION, server, stamp
from .sweep import OTHER, SERVER, TOKEN, scope, similar
from .waves import cloud_with, fleet


def clean(cloud: Cloud, *only: Any, **changes: Any) -> Any:
    """Clean some servers whose hosts no longer name a source, or the whole migration with nothing but its name."""
    if not only:
        return ownership.clean_migration(Scope(cloud, MIGRATION, "images", **changes), [], cloud.clock(), 900, 5)
    return ownership.clean_servers(scope(cloud, *only, source_ids={}, **changes), [], cloud.clock(), 900, 5)


def tagged(cloud: Cloud, *rows: dict[str, str]) -> None:
    cloud.sources[SERVER.source_id]["Tags"] = {"Tag": list(rows)}


def test_a_source_that_nothing_names_any_more_is_found_by_its_tags_and_goes_with_proof() -> None:
    cloud = cloud_with(SERVER, OTHER)
    outcome = clean(cloud, SERVER)
    assert list(cloud.sources) == [OTHER.source_id]
    (row,) = outcome.seen.rows()
    assert (row["kind"], row["id"], row["host"]) == ("smc_source", SERVER.source_id, SERVER.host)
    assert row["proof"].endswith(f"does not list {SERVER.source_id}")
    assert outcome.residual == []


def test_the_whole_migration_finds_the_sources_of_all_servers_by_one_question() -> None:
    wave = [server(number) for number in range(1, 21)]
    cloud = cloud_with(*wave)
    outcome = clean(cloud, delete_sources=False)
    assert len(outcome.kept) == len(wave)
    asked = [args for name, args in cloud.log if name == "smc.DescribeSourceServers" and args]
    assert asked == [naming.tags(MIGRATION), [{"Key": naming.KEEP_TAG, "Value": MIGRATION}]]
    assert clean(cloud).residual == []
    assert cloud.sources == {}


@pytest.mark.parametrize(
    "tags",
    [
        naming.tags(MIGRATION, OTHER.host, OTHER.id),
        naming.tags(MIGRATION, SERVER.host, server(1, fingerprint="another machine").id),
        naming.tags("wave_02", SERVER.host, SERVER.id),
        [*naming.tags(MIGRATION, SERVER.host, SERVER.id), {"Key": naming.KEEP_TAG, "Value": "true"}],
        [],
    ],
    ids=["another server", "another machine of that name", "another migration", "kept", "no tags"],
)
def test_a_source_with_other_tags_stays(tags: list[dict[str, str]]) -> None:
    cloud = cloud_with(SERVER)
    tagged(cloud, *tags)
    clean(cloud, SERVER)
    assert SERVER.source_id in cloud.sources


@pytest.mark.parametrize("copied_by", [server(migration="wave_02"), OTHER], ids=["another migration", "another server"])
def test_a_source_that_another_job_copies_stays_although_its_tags_name_the_server(copied_by: Any) -> None:
    cloud = cloud_with(SERVER, OTHER)
    cloud.add_job(copied_by, "Finished", SourceId=SERVER.source_id)
    outcome = clean(cloud, SERVER)
    assert "copies it" in similar(outcome)[f"smc_source {SERVER.source_id}"]
    assert SERVER.source_id in cloud.sources


def test_the_tag_of_the_host_is_enough_where_no_id_was_known() -> None:
    cloud = cloud_with(SERVER)
    tagged(cloud, *naming.tags(MIGRATION, SERVER.host))
    clean(cloud, SERVER)
    assert cloud.sources == {}


def test_a_sweep_that_keeps_sources_reports_that_and_what_deletes_them() -> None:
    cloud = cloud_with(SERVER)
    outcome = clean(cloud, delete_sources=False)
    ((kind, identity, reason),) = [tuple(row.values()) for row in outcome.kept]
    assert (kind, identity) == ("smc_source", SERVER.source_id)
    assert "--tags cleanup" in reason
    assert outcome.residual == []
    assert SERVER.source_id in cloud.sources


def test_sources_that_are_kept_do_not_keep_the_ledger() -> None:
    cloud = cloud_with(SERVER)
    made = fleet(cloud, SERVER)
    made.run(True, 36_000, 10)
    outcome = clean(cloud, SERVER, delete_sources=False)
    assert [row["kind"] for row in outcome.kept] == ["smc_source"]
    Driver(cloud, BUCKET, MIGRATION, restart=False).look()


def test_servers_of_an_ended_migration_can_be_cleaned_and_it_stays_ended() -> None:
    cloud = cloud_with(SERVER)
    first = fleet(cloud, SERVER)
    first.tick()
    first.driver.leave()
    assert clean(cloud, delete_sources=False).residual == []
    assert SERVER.source_id in cloud.sources
    outcome = clean(cloud, SERVER)
    assert (outcome.residual, outcome.kept) == ([], [])
    assert cloud.sources == {}
    with pytest.raises(Exception, match="it was ended by a cleanup of") as ended:
        Driver(cloud, BUCKET, MIGRATION, restart=False).look()
    assert "has not finished" not in str(ended.value)
    Driver(cloud, BUCKET, MIGRATION, restart=True).look()


def test_a_migration_that_has_begun_again_is_not_cleaned_as_an_ended_one() -> None:
    cloud = cloud_with(SERVER)
    first = fleet(cloud, SERVER)
    first.tick()
    first.driver.leave()
    clean(cloud, delete_sources=False)
    again = Driver(cloud, BUCKET, MIGRATION, restart=True)
    cleaning = ownership.store_of(cloud, BUCKET, MIGRATION)
    listed = cleaning.run(cleaning.session.find())
    assert listed is not None
    again.own([SERVER.id])
    assert not cleaning.run(cleaning.session.end_again())
    assert cleaning.session.state.marked is None
    again.leave()


def killed(cloud: Cloud, *, count: str = "1", usable: bool = False, minutes: int = 0) -> None:
    """Leave the source without tags, and the code with which a run registered it before it was killed."""
    tagged(cloud)
    cloud.tokens["at-1"] = {
        "AccessTokenId": "at-1", "Name": TOKEN, "Description": naming.description(MIGRATION), "Status": "activated",
        "Count": "5" if usable else count, "RegisteredCount": count, "CreationTime": stamp(cloud.now),
        "TimeToLiveInDays": "1",
    }  # fmt: skip
    cloud.sleep(minutes * 60)
    cloud.oss("images").told = cloud.now.timestamp()


def named(outcome: Any) -> dict[str, str]:
    return {row["id"]: row["reason"] for row in outcome.kept}


def test_a_cleanup_of_the_migration_names_the_sources_of_a_killed_run_and_deletes_its_code() -> None:
    cloud = cloud_with(SERVER)
    killed(cloud)
    outcome = clean(cloud, delete_sources=False)
    assert "no tag of a migration" in named(outcome)[SERVER.source_id]
    assert "(at-1)" in named(outcome)[SERVER.source_id]
    assert list(cloud.sources) == [SERVER.source_id]
    assert (cloud.tokens, outcome.residual) == ({}, [])


@pytest.mark.parametrize(
    ("count", "tags", "created", "state"),
    [
        ("0", {}, 0, "Available"),
        ("1", {naming.WAVE_TAG: "wave_02"}, 0, "Available"),
        ("1", {}, -1, "Available"),
        ("1", {}, 2, "Available"),
        ("1", {}, 0, "Deleting"),
    ],
    ids=["the code was not used", "another migration", "before the code", "after the code", "being deleted"],
)
def test_a_source_that_the_killed_run_cannot_have_registered_is_not_named(
    count: str, tags: dict[str, str], created: int, state: str
) -> None:
    cloud = cloud_with(SERVER)
    killed(cloud, count=count)
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    when = stamp(cloud.now + timedelta(days=created))
    cloud.sources[SERVER.source_id].update(Tags={"Tag": rows}, CreationTime=when, State=state)
    assert named(clean(cloud, delete_sources=False)) == {}


def test_a_source_that_the_migration_used_and_did_not_register_is_named_by_the_cleanup_of_the_migration() -> None:
    cloud = cloud_with(SERVER, OTHER)
    tagged(cloud, {"Key": naming.KEEP_TAG, "Value": MIGRATION})
    assert "has registered it (tag edgelift:keep)" in named(clean(cloud, delete_sources=False))[SERVER.source_id]
    assert named(clean(cloud, OTHER)) == {}


def test_a_cleanup_of_some_servers_names_the_source_that_they_used_and_the_migration_did_not_register() -> None:
    cloud = cloud_with(SERVER, OTHER)
    keep = frozenset({"", SERVER.source_id})
    assert named(clean(cloud, SERVER, keep_sources=keep)) == {}, "a source that is kept for its client only"
    tagged(cloud, {"Key": naming.KEEP_TAG, "Value": MIGRATION})
    assert "has registered it (tag edgelift:keep)" in named(clean(cloud, SERVER, keep_sources=keep))[SERVER.source_id]
    assert named(clean(cloud, OTHER, keep_sources=frozenset({OTHER.source_id}))) == {}
    assert {*cloud.sources} == {SERVER.source_id, OTHER.source_id}


@pytest.mark.parametrize("minutes", [0, 31], ids=["at once", "after half an hour"])
@pytest.mark.parametrize("usable", [False, True], ids=["used up", "usable"])
def test_a_code_that_shows_who_registered_a_source_of_another_server_stays_until_that_is_tagged(
    usable: bool, minutes: int
) -> None:
    """The run may have been killed, or it is about to tag the source: within half an hour nothing is said of it."""
    cloud = cloud_with(SERVER, OTHER)
    killed(cloud, usable=usable, minutes=minutes)
    outcome = clean(cloud, OTHER)
    assert (list(cloud.tokens), list(cloud.sources)) == (["at-1"], [SERVER.source_id])
    assert list(named(outcome)) == ([SERVER.source_id] if minutes else []) + ["at-1"]
    assert f"whether this migration has registered {SERVER.source_id}" in named(outcome)["at-1"]
    tagged(cloud, *naming.tags(MIGRATION, SERVER.host, SERVER.id))
    outcome = clean(cloud, OTHER)
    stays = ["at-1"] if usable and not minutes else []
    assert (list(cloud.tokens), list(named(outcome))) == (stays, stays)
    assert all("a run may be registering servers with it" in reason for reason in named(outcome).values())


def test_the_code_of_a_source_that_this_cleanup_deletes_goes_with_it() -> None:
    cloud = cloud_with(SERVER)
    killed(cloud, minutes=31)
    scoped = scope(cloud, SERVER, source_ids={SERVER.source_id: SERVER.id})
    outcome = ownership.clean_servers(scoped, [], cloud.clock(), 900, 5)
    assert (cloud.tokens, cloud.sources, outcome.kept) == ({}, {}, [])
