# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leftovers that cannot be listed or deleted: the others go all the same, and every one that stays has a reason."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import release

from .cloud import Cloud
from .kit import refused
from .sweep import (
    ALL_KINDS,
    SERVER,
    deleted,
    full,
    left,
    reasons,
    remove,
    scope,
)


# ---- failures ----
def test_a_thing_that_is_gone_already_is_a_success() -> None:
    cloud = full()
    cloud.fail("ecs.DeleteImage", refused("InvalidImageId.NotFound"), after=True)
    outcome = remove(cloud)
    assert outcome.residual == []


def test_a_deletion_that_is_refused_is_asked_for_again_until_time_is_up() -> None:
    cloud = full()
    cloud.fail("ecs.DeleteImage", refused("ImageUsingByInstance"), times=3)
    assert remove(cloud).residual == []
    assert cloud.calls["ecs.DeleteImage"] == 4
    cloud = full()
    cloud.fail("ecs.DeleteImage", refused("ImageUsingByInstance"), times=10_000)
    outcome = remove(cloud, timeout=60)
    assert "ImageUsingByInstance" in reasons(outcome)["ecs_image m-1"]
    assert left(cloud, "uploads", "tokens", "vpcs") == []


@pytest.mark.parametrize("code", ["Forbidden.RAM", "NoPermission", "AccessDenied"])
def test_what_the_credentials_do_not_allow_is_not_waited_for(code: str) -> None:
    cloud = full()
    cloud.fail("ecs.DeleteImage", refused(code), times=99)
    outcome = remove(cloud)
    assert cloud.calls["ecs.DeleteImage"] == 1
    assert code in reasons(outcome)["ecs_image m-1"]
    assert cloud.clock().monotonic() < 100


def test_a_thing_that_is_still_listed_when_time_is_up_is_residual_with_its_call() -> None:
    cloud = Cloud(release_seconds=10_000)
    cloud.add_job(SERVER, "Ready")
    outcome = remove(cloud, timeout=60)
    assert reasons(outcome) == {"smc_job j-0001": "smc.DescribeReplicationJobs still lists it"}
    assert not outcome.seen.rows()[0]["deleted"]
    assert cloud.clock().monotonic() <= 60


def test_without_jobs_that_can_be_listed_there_is_no_cleanup() -> None:
    cloud = full()
    cloud.fail("smc.DescribeReplicationJobs", refused("InvalidAccessKeyId.NotFound"), times=99)
    with pytest.raises(CloudError, match="InvalidAccessKeyId"):
        remove(cloud)
    with pytest.raises(CloudError, match="InvalidAccessKeyId"):
        release.report(scope(cloud), [])
    assert cloud.mutations() == []


@pytest.mark.parametrize(
    ("call", "kinds"),
    [
        ("vpc.DescribeVpcs", {"vpc", "vswitch"}),
        ("ens.DescribeSelfImages", {"ens_image"}),
        ("ecs.DescribeInstances", {"ecs_instance", "ecs_disk", "security_group"}),
        ("ecs.DescribeSnapshots", {"ecs_snapshot"}),
        ("oss.ListUploads", {"oss_upload"}),
        ("smc.ListAccessTokens", {"smc_access_token"}),
    ],
)
def test_a_kind_that_may_not_be_listed_is_residual_and_does_not_keep_the_others(call: str, kinds: set[str]) -> None:
    cloud = full()
    cloud.fail(call, refused("Forbidden.RAM"), times=99)
    outcome = remove(cloud, timeout=200)
    unseen = {row["kind"] for row in outcome.residual if "could not be listed" in row["reason"]}
    assert unseen == kinds
    assert all("Forbidden.RAM" in row["reason"] for row in outcome.residual if row["kind"] in kinds)
    assert deleted(outcome) | kinds >= ALL_KINDS - {"oss_object"}
    told = release.report(scope(cloud), [])
    assert {row["kind"] for row in told.residual if "could not be listed" in row["reason"]} == kinds


def test_a_bucket_that_is_gone_does_not_keep_the_rest() -> None:
    cloud = full()
    for call in ("oss.ListKeys", "oss.ListUploads", "oss.GetText", "oss.PutText"):
        cloud.fail(call, refused("NoSuchBucket"), times=999)
    outcome = remove(cloud, timeout=120)
    assert left(cloud, "jobs", "instances", "tokens") == []
    assert {row["kind"] for row in outcome.residual} == {"oss_object", "oss_upload"}


def test_a_look_that_fails_in_between_is_made_again() -> None:
    cloud = full()

    def fail_next(rows: list[Any]) -> list[Any]:
        cloud.fail("ens.DescribeSelfImages", refused("ServiceUnavailable", retryable=True))
        return rows

    cloud.edit("ens.DescribeSelfImages", fail_next)
    outcome = remove(cloud)
    assert outcome.residual == []
    assert "ens_image" in deleted(outcome)


def test_a_resource_whose_deletion_cannot_be_verified_is_residual() -> None:
    cloud = Cloud()
    cloud.add_job(SERVER, "Finished", ImageId="m-1")
    cloud.add_image("m-1", SERVER.image_name, ())
    looked: list[int] = []

    def fail_after_the_first(rows: list[Any]) -> list[Any]:
        looked.append(1)
        cloud.fail("ecs.DescribeImages", refused("Forbidden.RAM"), times=999)
        return rows

    cloud.edit("ecs.DescribeImages", fail_after_the_first)
    outcome = remove(cloud, timeout=30)
    assert looked
    assert "Forbidden.RAM" in reasons(outcome)["ecs_image m-1"]


def test_tokens_that_cannot_be_disabled_are_deleted_all_the_same() -> None:
    cloud = full()
    cloud.fail("smc.DisableAccessToken", refused("InternalError"))
    assert remove(cloud).residual == []
    assert not cloud.tokens


def test_a_job_that_may_not_be_stopped_is_residual_and_does_not_keep_the_rest() -> None:
    cloud = full()
    cloud.copy_seconds = 10_000
    next(iter(cloud.jobs.values())).update(Status="Running", BusinessStatus="Syncing")
    cloud.fail("smc.StopReplicationJob", refused("Forbidden.RAM"), times=99)
    outcome = remove(cloud)
    assert "Forbidden.RAM" in reasons(outcome)["smc_job j-0001"]
    assert left(cloud, "images", "snapshots", "uploads", "tokens", "vpcs") == []
