# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_source
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import SOURCE

from .conftest import DROP, FakeModule

PARAMS = {"source_id": "s-1", "sources": None, "state": "present", "name": None, "description": None, "tags": None,
          "force": False, "wait": True, "wait_timeout": 0, "poll_interval": 0}  # fmt: skip


def shown(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"TotalCount": len(rows), "SourceServers": {"SourceServer": list(rows)}}


def row(**changes: Any) -> dict[str, Any]:
    return {"SourceId": "s-1", "Name": "web", "Description": "old", "State": "Available", **changes}


def jobs(*states: str) -> dict[str, Any]:
    rows = [{"JobId": f"j-{n}", "SourceId": "s-1", "Status": state} for n, state in enumerate(states)]
    return {"TotalCount": len(rows), "ReplicationJobs": {"ReplicationJob": rows}}


def run(clients: Any, check: bool = False, **params: Any) -> dict[str, Any]:
    return smc_source.work(FakeModule({**PARAMS, **params}, check), clients)


def test_only_what_differs_is_changed(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown(row()), **{"SourceId.1": "s-1"})
    wire.expect("ModifySourceServerAttribute", SourceId="s-1", Description="new")
    wire.expect("DescribeSourceServers", shown(row(Description="new")))
    result = run(clients, name="web", description="new")
    assert result["changed"]
    assert "Name" not in wire.received[1].params
    assert result["source"]["description"] == "new"
    assert result["diff"] == {
        "before": {"name": "web", "description": "old"},
        "after": {"name": "web", "description": "new"},
    }


@pytest.mark.parametrize("params", [{}, {"name": "web"}, {"name": "web", "description": "old"}])
def test_what_is_so_already_stays(clients: Any, wire: Any, params: dict[str, str]) -> None:
    wire.expect("DescribeSourceServers", shown(row()))
    assert not run(clients, **params)["changed"]


def test_only_tags_that_are_missing_are_added(clients: Any, wire: Any) -> None:
    tagged = {"Tags": {"Tag": [{"Key": "a", "Value": "1"}]}}
    both = {"Tags": {"Tag": [{"Key": "a", "Value": "1"}, {"Key": "edgelift:keep", "Value": "true"}]}}
    wire.expect("DescribeSourceServers", shown(row(**tagged)))
    asked = {"ResourceType": "sourceserver", "ResourceId.1": "s-1", "Tag.1.Key": "edgelift:keep", "Tag.1.Value": "true"}
    wire.expect("TagResources", **asked)
    wire.expect("DescribeSourceServers", shown(row(**both)))
    result = run(clients, tags={"edgelift:keep": "true", "a": 1})
    assert (result["changed"], result["source"]["tags"]) == (True, {"a": "1", "edgelift:keep": "true"})
    assert "Tag.2.Key" not in wire.received[1].params
    wire.expect("DescribeSourceServers", shown(row(**both)))
    assert not run(clients, tags={"a": "1"})["changed"]


def test_check_mode_tells_the_new_values(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown(row()))
    result = run(clients, check=True, name="new")
    assert (result["changed"], result["source"]["name"]) == (True, "new")


def test_a_source_is_never_made_here(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown())
    with pytest.raises(CloudError, match="SMC has no such source") as raised:
        run(clients, name="new")
    assert "SMC client" in raised.value.hint


def test_a_bad_name_is_refused_before_any_call(clients: Any, wire: Any) -> None:
    with pytest.raises(CloudError, match="'x' cannot name a source"):
        run(clients, name="x")
    assert wire.names == []


def test_deletion_is_waited_for(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown(row()))
    wire.expect("DescribeReplicationJobs", jobs("Finished"), **{"SourceId.1": "s-1"})
    wire.expect("DeleteSourceServer", SourceId="s-1", Force="false")
    wire.expect("DescribeSourceServers", shown(row(State="Deleting")))
    wire.expect("DescribeSourceServers", shown())
    assert run(clients, state="absent", wait_timeout=5)["source"] == {}


def test_deletion_that_takes_too_long_tells_the_last_state(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown(row()))
    wire.expect("DescribeReplicationJobs", jobs())
    wire.expect("DeleteSourceServer")
    wire.expect("DescribeSourceServers", shown(row(State="Deleting")))
    with pytest.raises(
        CloudError, match=r"Waiting for source s-1 to be gone failed: after 0 s: state Deleting"
    ) as raised:
        run(clients, state="absent", poll_interval=1)
    assert raised.value.last["source"]["state"] == "Deleting"


def test_a_deletion_under_way_is_not_repeated(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown(row(State="Deleting")))
    wire.expect("DescribeSourceServers", shown())
    assert not run(clients, state="absent")["changed"]


def test_what_is_gone_stays_gone(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown())
    assert not run(clients, state="absent")["changed"]


@pytest.mark.parametrize(
    ("states", "force", "reason"),
    [
        (["Running"], False, "running job j-0"),
        (["Running"], True, "running job j-0"),
        (["InError"], False, r"unfinished job j-0 \(InError\), and force is false"),
        (["Finished", "Ready"], False, r"unfinished job j-1 \(Ready\)"),
    ],
)
def test_a_source_in_use_is_kept(clients: Any, wire: Any, states: list[str], force: bool, reason: str) -> None:
    for check in (False, True):
        wire.expect("DescribeSourceServers", shown(row()))
        wire.expect("DescribeReplicationJobs", jobs(*states))
        with pytest.raises(CloudError, match=reason) as raised:
            run(clients, check=check, state="absent", force=force)
        assert raised.value.last["source"]["source_id"] == "s-1"
        assert [job["status"] for job in raised.value.last["transfers"]] == states


def test_force_takes_a_failed_job_along(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown(row()))
    wire.expect("DescribeReplicationJobs", jobs("InError"))
    wire.expect("DeleteSourceServer", Force="true")
    assert run(clients, state="absent", force=True, wait=False)["changed"]


def test_a_lost_answer_of_the_deletion_is_looked_up(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown(row()))
    wire.expect("DescribeReplicationJobs", jobs())
    wire.expect("DeleteSourceServer", DROP)
    wire.refuse("DeleteSourceServer", "SourceId.NotFound", 404)
    wire.expect("DescribeSourceServers", shown())
    assert run(clients, state="absent", wait=False)["changed"]


def test_check_mode_deletes_nothing(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSourceServers", shown(row()))
    wire.expect("DescribeReplicationJobs", jobs())
    result = run(clients, check=True, state="absent")
    assert result["changed"]
    assert result["diff"]["before"] == {"source_id": "s-1", "name": "web", "state": "Available"}


def test_what_the_client_has_reported_is_read() -> None:
    info = json.dumps({"hostname": "web-01", "ipv4": "192.0.2.1", "cores": "2"})
    disks = {"DataDisk": [{"Index": 1, "Path": "/mnt", "Size": 40}]}
    found = SOURCE.facts(row(SystemInfo=info, DataDisks=disks, Tags={"Tag": [{"Key": "k", "Value": "v"}]}))
    assert (found["hostname"], found["ipv4"], found["system_info"]["cores"]) == ("web-01", "192.0.2.1", "2")
    assert (found["data_disks"], found["tags"]) == ([{"index": 1, "path": "/mnt", "size": 40}], {"k": "v"})


@pytest.mark.parametrize("info", [None, "", "{", "[]", "null"])
def test_an_unreadable_report_is_empty(info: Any) -> None:
    assert SOURCE.facts(row(SystemInfo=info))["hostname"] == ""


def test_several_sources_get_their_tags_and_one_problem_stays_with_its_source(clients: Any, wire: Any) -> None:
    tagged = {"Tags": {"Tag": [{"Key": "team", "Value": "edge"}]}}
    wire.expect("DescribeSourceServers", shown(row(**tagged), row(SourceId="s-2"), row(SourceId="s-3")))
    wire.expect("TagResources", **{"ResourceId.1": "s-2", "Tag.1.Key": "team", "Tag.1.Value": "edge"})
    wire.expect("TagResources", {"Code": "InvalidTag", "Message": "no"}, status=400, **{"ResourceId.1": "s-3"})
    asked = [{"source_id": source, "tags": {"team": "edge"}} for source in ("s-1", "s-2", "s-3", "s-4")]
    clients.pool.workers = 1
    result = run(clients, source_id=None, sources=asked)
    assert result["changed"]
    assert sorted(result["problems"]) == ["s-3", "s-4"]
    assert result["diff"]["after"]["s-3"] == {}


def test_several_sources_are_only_tagged(clients: Any) -> None:
    with pytest.raises(CloudError, match="only adds tags"):
        run(clients, source_id=None, sources=[], state="absent")
