# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from support.local_cloud import LocalCloud

FIRST = "s-unitweb00001"
MANY = {"sources": [{"name": f"web{n}", "disks": [{"gib": 20}]} for n in range(60)]}


def sources(local: LocalCloud, **filters: Any) -> list[dict[str, Any]]:
    return list(local.ok("smc", "DescribeSourceServers", **filters)["SourceServers"]["SourceServer"])


@pytest.mark.sandbox_world(MANY)
def test_lists_page_ten_at_a_time_by_default_and_fifty_at_most(local: LocalCloud) -> None:
    answer = local.ok("smc", "DescribeSourceServers")
    assert (len(answer["SourceServers"]["SourceServer"]), answer["TotalCount"], answer["PageSize"]) == (10, 60, 10)
    assert len(sources(local, PageSize=50, PageNumber=2)) == 10
    assert local.code("smc", "DescribeSourceServers", PageSize=51) == (400, "InvalidParameter.PageSize")


def test_filters_are_anded(local: LocalCloud) -> None:
    assert [row["SourceId"] for row in sources(local, Name="web1")] == [FIRST]
    assert sources(local, Name="web1", State="InUse") == []
    assert [row["Name"] for row in sources(local, SourceId__1=FIRST, SourceId__2="s-nothing")] == ["web1"]


@pytest.mark.sandbox_world({"sources": [{"name": "off", "id": FIRST, "disks": [{"gib": 20}], "online": False}]})
def test_an_offline_source_is_unavailable_and_comes_back(local: LocalCloud) -> None:
    assert [(row["State"], row["ErrorCode"]) for row in sources(local)] == [("Unavailable", "SourceServer.Offline")]
    local.cloud.sources.update(FIRST, online=True)
    assert [(row["State"], row["ErrorCode"]) for row in sources(local)] == [("Available", "")]
    local.cloud.sources.update(FIRST, online=False)
    assert [(row["State"], row["ErrorCode"]) for row in sources(local)] == [("Unavailable", "SourceServer.Offline")]


def test_a_source_is_in_use_while_its_job_runs(local: LocalCloud) -> None:
    job_id = local.job()
    assert sources(local, JobId=job_id)[0]["State"] == "Available"
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    assert sources(local, SourceId__1=FIRST)[0]["State"] == "InUse"
    local.finish()
    assert sources(local, SourceId__1=FIRST)[0]["State"] == "Available"


def test_rename_and_describe(local: LocalCloud) -> None:
    local.ok("smc", "ModifySourceServerAttribute", SourceId=FIRST, Name="renamed", Description="some words")
    (shown,) = sources(local, SourceId__1=FIRST)
    assert (shown["Name"], shown["Description"]) == ("renamed", "some words")
    taken = local.code("smc", "ModifySourceServerAttribute", SourceId=FIRST, Name="web2")
    assert taken == (400, "SourceServerName.Duplicate")
    local.ok("smc", "DeleteSourceServer", SourceId=FIRST)
    gone = local.code("smc", "ModifySourceServerAttribute", SourceId=FIRST, Name="again")
    assert gone == (400, "SourceServerState.Invalid")


def test_delete_lingers_then_the_source_is_gone(local: LocalCloud) -> None:
    local.ok("smc", "DeleteSourceServer", SourceId=FIRST)
    assert sources(local, SourceId__1=FIRST)[0]["State"] == "Deleting"
    assert local.code("smc", "DeleteSourceServer", SourceId=FIRST) == (400, "SourceServerState.Invalid")
    local.advance(1)
    assert sources(local, SourceId__1=FIRST) == []
    assert local.code("smc", "DeleteSourceServer", SourceId=FIRST)[1] == "SourceId.NotFound"


@pytest.mark.parametrize("state", ["Ready", "Waiting", "Finished", "Expired", "Deleting"])
def test_any_job_keeps_its_source_without_force(local: LocalCloud, state: str) -> None:
    local.cloud.jobs.update(local.job(), state=state)
    assert local.code("smc", "DeleteSourceServer", SourceId=FIRST) == (400, "ReplicationJob.Related")
    local.ok("smc", "DeleteSourceServer", SourceId=FIRST, Force=True)


def test_jobs_keep_their_source(local: LocalCloud) -> None:
    job_id = local.job()
    assert local.code("smc", "DeleteSourceServer", SourceId=FIRST) == (400, "ReplicationJob.Related")
    local.ok("smc", "StartReplicationJob", JobId=job_id)
    running = local.code("smc", "DeleteSourceServer", SourceId=FIRST, Force=True)
    assert running == (400, "SourceServer.WithRunningReplicationJob")


def test_force_deletes_the_job_and_its_resources_too(local: LocalCloud) -> None:
    job_id = local.started()
    local.cloud.jobs.update(job_id, state="InError")
    local.ok("smc", "DeleteSourceServer", SourceId=FIRST, Force="True")
    local.advance(1)
    assert local.show(job_id) == {}
    assert sources(local, SourceId__1=FIRST) == []


def test_tags(local: LocalCloud) -> None:
    tag = {"ResourceType": "sourceserver", "ResourceId__1": FIRST}
    local.ok("smc", "TagResources", **tag, Tag__1__Key="edgelift:wave", Tag__1__Value="w1")
    (shown,) = local.ok("smc", "ListTagResources", **tag)["TagResources"]["TagResource"]
    assert (shown["ResourceId"], shown["TagKey"], shown["TagValue"]) == (FIRST, "edgelift:wave", "w1")
    assert [row["SourceId"] for row in sources(local, Tag__1__Key="edgelift:wave")] == [FIRST]
    assert sources(local, Tag__1__Key="edgelift:wave", Tag__1__Value="w2") == []
    reserved = local.code("smc", "TagResources", **tag, Tag__1__Key="acs:x", Tag__1__Value="y")
    assert reserved == (400, "InvalidParameter.TagKey")
    unknown = local.code("smc", "TagResources", **{**tag, "ResourceId__1": "s-none"}, Tag__1__Key="a")
    assert unknown == (400, "InvalidResourceId.NotFound")
    wrong = local.code("smc", "ListTagResources", ResourceType="instance")
    assert wrong == (400, "InvalidResourceType.NotFound")
