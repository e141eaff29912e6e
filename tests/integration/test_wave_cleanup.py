# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sweep finds with nothing but credentials, what it removes, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import oss2
import pytest
from support.oss_client import FOREIGN_KEYS, bucket
from support.wave import DB, WEB, changing, registered, run, standing_still, utils

pytestmark = pytest.mark.any_core


def jobs(sandbox: Any) -> list[dict[str, Any]]:
    return sandbox.call("smc", "DescribeReplicationJobs", PageSize=50)["ReplicationJobs"]["ReplicationJob"]


def started(sandbox: Any, *entries: dict[str, Any]) -> None:
    """Leave a wave in the middle, as a killed controller does: jobs run, instances are billed."""
    run(sandbox, "ens_migration", name="wave", servers=list(entries), wait=False)
    sandbox.until(lambda: "instance" in {row["kind"] for row in sandbox.get("meter")["running"]})


def test_a_sweep_needs_only_credentials(sandbox: Any) -> None:
    started(sandbox, WEB, DB)
    since = sandbox.get("requests?since=0")["next"]
    told = run(sandbox, "smc_cleanup", name="wave", state="reported")
    assert told["changed"] is False
    assert {"smc_job", "ecs_instance"} <= {row["kind"] for row in told["cleanup"]["residual"]}
    foreseen = run(sandbox, "smc_cleanup", name="wave", check=True)
    assert foreseen["changed"] is True
    assert changing(sandbox.requests(since=since)) == []

    swept = run(sandbox, "smc_cleanup", name="wave")
    assert (swept["changed"], swept["cleanup"]["residual"]) == (True, [])
    assert standing_still(sandbox)
    again = run(sandbox, "smc_cleanup", name="wave")
    assert (again["changed"], again["cleanup"]["residual"]) == (False, [])


@pytest.mark.sandbox_world({"job_errors": {"db-01": "M199"}})  # an InError job keeps its instance
def test_only_what_is_ours_is_deleted(sandbox: Any) -> None:
    oss = bucket(sandbox)
    for key in FOREIGN_KEYS:
        oss.put_object(key, b"not ours")
    sandbox.post("seed", {"ecs_images": [{"name": "web-01", "region": sandbox.region, "disks": [{"gib": 20}]}]})
    registered(sandbox, "wave", WEB)
    started(sandbox, WEB)
    run(sandbox, "ens_migration", name="somebody elses", servers=[DB], wait=False)
    theirs = sandbox.until(lambda: [row for row in jobs(sandbox) if row["Status"] == "InError"])[0]

    swept = run(sandbox, "smc_cleanup", name="wave")["cleanup"]
    assert swept["residual"] == []
    assert [row["id"] for row in swept["similar_names"]] == [theirs["TransitionInstanceId"]]
    state = sandbox.get("state")
    assert [row["id"] for row in state["jobs"]] == [theirs["JobId"]]
    assert [row["name"] for row in state["images"] if not row["name"].startswith("db-01")] == ["web-01"]
    assert {item.key for item in oss2.ObjectIterator(oss)} >= set(FOREIGN_KEYS)


def test_servers_that_are_not_named_stay(sandbox: Any) -> None:
    started(sandbox, WEB, DB)
    run(sandbox, "smc_cleanup", name="wave", scope="servers", servers=[WEB])
    assert [row["source_id"] for row in sandbox.get("state")["jobs"]] == [DB["source_id"]]


def test_open_uploads_of_our_exports_are_aborted(sandbox: Any) -> None:
    run(sandbox, "ens_migration", name="wave", servers=[WEB])
    identity, image = utils("_module.options").server("wave", WEB).id, sandbox.get("state")["images"][0]["id"]
    oss = bucket(sandbox)
    # The first is in the time and has the image of our export; the others only look like that.
    ours, *others = (f"{identity}_{image}_late.qcow2", f"{identity}_m-1_system.qcow2", "el0000000000000000_other")
    for key in (ours, *others):
        upload = oss.init_multipart_upload(key).upload_id
        oss.upload_part(key, upload, 1, b"x" * 1024)
    swept = run(sandbox, "smc_cleanup", name="wave")["cleanup"]
    found = [row["id"] for row in swept["resources"] if row["kind"] == "oss_upload"]
    assert [row.rpartition("?")[0] for row in found] == [f"{sandbox.bucket}/{ours}"]
    assert sorted(row.key for row in oss2.MultipartUploadIterator(oss)) == sorted(others)


def test_snapshots_are_found_after_their_image_is_gone(sandbox: Any) -> None:
    run(sandbox, "ens_migration", name="wave", servers=[WEB])
    image = sandbox.get("state")["images"][0]
    # A controller that is killed between these two calls leaves tagged snapshots, and nothing that names them.
    utils_ecs, scope_room = utils("_cleanup.ecs"), utils("_cleanup.scope")
    params = {
        "region": sandbox.region, "access_key": sandbox.access_key, "secret_key": sandbox.secret_key,
        "endpoints": sandbox.endpoints,
    }
    scope = scope_room.Scope(utils("_api.clients").make_clients(params), "wave", sandbox.bucket)
    utils_ecs.IMAGE.find(scope)
    utils_ecs.IMAGE.delete(scope, image["id"])
    for job in jobs(sandbox):
        scope.clients.smc.delete_replication_job(job["JobId"])
    sandbox.until(lambda: not jobs(sandbox))
    assert sandbox.get("state")["images"] == []
    assert sandbox.get("state")["snapshots"] != []
    swept = run(sandbox, "smc_cleanup", name="wave")["cleanup"]
    assert "ecs_snapshot" in {row["kind"] for row in swept["resources"]}
    assert sandbox.get("state")["snapshots"] == []
    assert standing_still(sandbox)


@pytest.mark.sandbox_world({"account": {"quotas": {"vpc": 3}}})
def test_the_shared_network_goes_with_the_wave(sandbox: Any) -> None:
    client_room = utils("_api.clients")
    params = {
        "region": sandbox.region, "access_key": sandbox.access_key, "secret_key": sandbox.secret_key,
        "endpoints": sandbox.endpoints,
    }
    clients, name = client_room.make_clients(params), utils("_rules.naming").network_name("wave")
    tags = utils("_rules.naming").tags("wave")
    ours = clients.vpc.create_vpc(name, "10.0.0.0/16", "token-1", tags)["VpcId"]
    namesake = clients.vpc.create_vpc(name, "10.1.0.0/16", "token-2", utils("_rules.naming").tags("another"))["VpcId"]
    swept = run(sandbox, "smc_cleanup", name="wave")["cleanup"]
    assert swept["residual"] == []
    assert [row["id"] for row in swept["resources"]] == [ours]
    assert [row["id"] for row in sandbox.get("state")["vpcs"]] == [namesake]
