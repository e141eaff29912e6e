# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wave through the modules, without hosts: the sources are the local cloud's simulated ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import oss2
import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import LEASE
from support import PATIENCE
from support.oss_client import bucket
from support.wave import DB, WEB, changing, done, identity, image_name, registered, run, server, standing_still, utils

pytestmark = pytest.mark.any_core


def images(sandbox: Any) -> list[dict[str, Any]]:
    return sandbox.call("ens", "DescribeSelfImages", PageSize=50)["Images"]["Image"]


def test_a_wave_is_migrated_once_and_leaves_nothing(sandbox: Any) -> None:
    registered(sandbox, "wave", WEB, DB)
    first = run(sandbox, "ens_migration", name="wave", servers=[WEB, DB])
    rows = {row["host"]: row for row in first["migration"]["servers"]}
    assert {host: row["verdict"] for host, row in rows.items()} == {"web-01": "migrated", "db-01": "migrated"}
    assert first["changed"]
    assert first["diff"] == {"before": {}, "after": {row["image_name"]: row["ens_image_id"] for row in rows.values()}}
    assert {row["ImageName"] for row in images(sandbox)} == {image_name(WEB, "wave"), image_name(DB, "wave")}

    left = run(sandbox, "smc_cleanup", name="wave", servers=[WEB, DB], resources=first["migration"]["resources"])
    assert left["cleanup"]["residual"] == []
    assert all(row["deleted"] and row["proof"] for row in left["cleanup"]["resources"])
    kinds = {row["kind"] for row in left["cleanup"]["resources"]}
    assert kinds == {
        "smc_source", "smc_job", "ecs_instance", "ecs_disk", "security_group", "vpc", "vswitch", "ecs_image",
        "ecs_snapshot", "oss_object",
    }
    assert standing_still(sandbox)

    since = sandbox.get("requests?since=0")["next"]
    again = run(sandbox, "ens_migration", name="wave", servers=[WEB, DB])
    swept = run(sandbox, "smc_cleanup", name="wave", servers=[WEB, DB])
    assert (again["changed"], swept["changed"]) == (False, False)
    assert changing(sandbox.requests(since=since)) == []
    assert {row["ens_image_id"] for row in again["migration"]["servers"]} == {row["ImageId"] for row in images(sandbox)}


def test_check_mode_and_checked_only_look(sandbox: Any) -> None:
    foreseen = run(sandbox, "ens_migration", check=True, name="wave", servers=[WEB, DB])
    assert (foreseen["changed"], foreseen["acts"]) == (True, {"transfer.create": 2})
    checked = run(sandbox, "ens_migration", state="checked", name="wave", servers=[WEB, DB])
    assert [row["verdict"] for row in checked["migration"]["servers"]] == ["clear", "clear"]
    assert changing(sandbox.requests()) == []


def test_two_controllers_make_one_image(sandbox: Any) -> None:
    start = threading.Barrier(2)

    def controller() -> dict[str, Any]:
        start.wait()
        return run(sandbox, "ens_migration", name="wave", servers=[WEB])

    with ThreadPoolExecutor(2) as pool:
        results = [future.result() for future in [pool.submit(controller), pool.submit(controller)]]
    verdicts = [result["migration"]["servers"][0]["verdict"] for result in results]
    assert "migrated" in verdicts
    assert len(images(sandbox)) == 1
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [1, 1, 1]


def test_another_controller_continues_where_one_was_killed(sandbox: Any) -> None:
    fleet_room, options = utils("_stages.fleet"), utils("_module.options")
    params = {
        "name": "wave", "region": sandbox.region, "bucket": sandbox.bucket, "access_key": sandbox.access_key,
        "secret_key": sandbox.secret_key, "endpoints": sandbox.endpoints, "servers": [WEB],
    }

    def life() -> Any:
        # Each tick is a separate controller, which is killed after it: the next one takes over when its claim has
        # ended. The time of that is the sandbox's, which is set forward.
        sandbox.advance(LEASE + 1)
        clients = utils("_api.clients").make_clients(params)
        fleet = fleet_room.Fleet(clients, options.servers(params), options.policy(params))
        fleet.tick()
        time.sleep(0.2)
        return fleet if fleet.rows[0].verdict != "pending" else None

    fleet = sandbox.until(life)
    assert fleet.rows[0].verdict == "migrated", fleet.rows[0].reasons
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [1, 1, 1]


SAME_NAME = "wave of namesakes"


@pytest.mark.parametrize(
    ("copies", "told"),
    [(1, "is used by ENS image"), (2, "is used by 2 ENS images")],
)
def test_a_name_alone_proves_nothing(sandbox: Any, copies: int, told: str) -> None:
    sandbox.post("seed", {"ens_images": [{"name": image_name(WEB, SAME_NAME)}] * copies})
    looked = run(sandbox, "ens_migration", state="checked", name=SAME_NAME, servers=[WEB, DB])
    web, other = looked["migration"]["servers"]
    assert (web["verdict"], other["verdict"]) == ("blocked", "clear")
    assert told in web["reasons"][0]
    tried = run(sandbox, "ens_migration", name=SAME_NAME, servers=[WEB])
    assert tried["migration"]["servers"][0]["verdict"] == "failed"
    assert changing(sandbox.requests()) == []


def exported(sandbox: Any) -> list[dict[str, Any]]:
    copied = run(sandbox, "smc_transfer", **identity(DB, "wave"))["transfer"]
    assert copied["status"] == "Finished"
    done_export = run(sandbox, "ecs_image_export", **identity(DB, "wave"), image_id=copied["image_id"])["export"]
    assert [item["virtual_size"] for item in done_export["objects"]] == [disk["bytes"] for disk in DB["disks"]]
    return done_export["objects"]


def test_stage_by_stage_gives_the_same(sandbox: Any) -> None:
    keys = [item["key"] for item in exported(sandbox)]
    image = run(sandbox, "ens_image_import", **identity(DB, "wave"), objects=keys)
    assert (image["changed"], image["image"]["status"]) == (True, "Available")
    again = run(sandbox, "ens_image_import", **identity(DB, "wave"))
    assert (again["changed"], again["image"]["image_id"]) == (False, image["image"]["image_id"])
    assert run(sandbox, "ens_migration", name="wave", servers=[DB])["changed"] is False


@pytest.mark.parametrize("damage", ["missing", "empty", "foreign", "cut off", "other size", "one short"])
def test_a_damaged_export_is_refused_before_the_import(sandbox: Any, damage: str) -> None:
    objects = exported(sandbox)
    keys, oss, victim = [item["key"] for item in objects], bucket(sandbox), objects[1]["key"]
    if damage == "missing":
        oss.delete_object(victim)
    elif damage == "empty":
        oss.put_object(victim, b"")
    elif damage == "foreign":
        oss.put_object(victim, b"\x7fELF" + bytes(4096))
    elif damage == "cut off":
        whole = oss.get_object(victim).read()
        oss.put_object(victim, whole[: len(whole) // 2])
    elif damage == "other size":
        oss.put_object(victim, oss.get_object(objects[0]["key"]).read())
    else:
        keys.remove(victim)
    with pytest.raises(utils("_api.errors").CloudError) as refused:
        run(sandbox, "ens_image_import", **identity(DB, "wave"), objects=keys)
    assert ("2 objects for 3 disks" if damage == "one short" else victim) in str(refused.value)
    assert done(sandbox.requests("ens"), "ImportImage") == 0


@pytest.mark.sandbox_world({"job_errors": {"web-01": "InvalidAccountStatus.NotEnoughBalance"}})
def test_a_job_that_no_retry_cures_fails_alone(sandbox: Any) -> None:
    result = run(sandbox, "ens_migration", name="wave", servers=[WEB, DB])["migration"]
    rows = {row["host"]: row for row in result["servers"]}
    assert rows["db-01"]["verdict"] == "migrated"
    assert rows["web-01"]["verdict"] == "failed"
    assert "InvalidAccountStatus.NotEnoughBalance" in rows["web-01"]["reasons"][0]
    assert "Top up the account" in rows["web-01"]["reasons"][0]
    assert "kept and billed" in rows["web-01"]["reasons"][0]
    assert [row["kind"] for row in sandbox.get("meter")["running"]].count("instance") == 1
    left = run(sandbox, "smc_cleanup", name="wave", servers=[WEB, DB], resources=result["resources"])
    assert left["cleanup"]["residual"] == []
    assert standing_still(sandbox)


@pytest.mark.sandbox_world(
    {"failures": [{"lifecycle": "smc.job", "at": "Running/Syncing", "name": "web-01", "code": "SourceServer.Offline"}]}
)
def test_a_job_that_a_retry_cures_is_started_again(sandbox: Any) -> None:
    result = run(sandbox, "ens_migration", name="wave", servers=[WEB])
    assert result["migration"]["servers"][0]["verdict"] == "migrated"
    assert result["acts"]["transfer.start"] == 2
    assert done(sandbox.requests("smc"), "CreateReplicationJob") == 1


@pytest.mark.sandbox_world({"failures": [{"lifecycle": "ens.image", "at": "Uploading", "code": "Upload"}]})
def test_a_failed_import_is_told_and_removed(sandbox: Any) -> None:
    result = run(sandbox, "ens_migration", name="wave", servers=[WEB])["migration"]
    assert result["servers"][0]["verdict"] == "failed"
    assert "Upload_failed" in result["servers"][0]["reasons"][0]
    run(sandbox, "smc_cleanup", name="wave", servers=[WEB], resources=result["resources"])
    assert images(sandbox) == []
    assert standing_still(sandbox)


FAILS_ONCE = {"failures": [{"lifecycle": "ens.image", "at": "Uploading", "code": "Upload", "times": 1}]}


@pytest.mark.sandbox_world(FAILS_ONCE)
def test_what_a_cleanup_has_deleted_is_made_again_while_the_ledger_is_in_use(sandbox: Any) -> None:
    run(sandbox, "ens_migration", name="wave", servers=[DB], wait=False)
    failed = run(sandbox, "ens_migration", name="wave", servers=[WEB])["migration"]
    assert failed["servers"][0]["verdict"] == "failed"
    # The client stays on the host, which the hosts of these tests do not have.
    left = {"scope": "servers", "delete_sources": False, "resources": failed["resources"]}
    assert run(sandbox, "smc_cleanup", name="wave", servers=[WEB], **left)["cleanup"]["residual"] == []
    assert images(sandbox) == []
    again = run(sandbox, "ens_migration", name="wave", servers=[WEB])["migration"]
    assert again["servers"][0]["verdict"] == "migrated", again["servers"][0]["reasons"]
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [3, 2, 2]


def sliced(sandbox: Any, entry: dict[str, Any], meet: Callable[[], Any], **more: Any) -> dict[str, Any]:
    """Migrate one server of a wave, then clean up what of it is settled, as the playbook does."""
    migration = run(sandbox, "ens_migration", name="wave", servers=[entry], **more)["migration"]
    settled = [entry] if migration["servers"][0]["settled"] else []
    meet()
    rows = [row for row in migration["resources"] if settled]
    return run(sandbox, "smc_cleanup", name="wave", scope="servers", servers=settled, resources=rows)["cleanup"]


def nothing_but_images(sandbox: Any, most: int) -> None:
    """Require the images of a whole wave, and nothing else: no network, no code, no object but ends of ledgers."""
    assert len(images(sandbox)) == most
    state = sandbox.get("state")
    assert [state[kind] for kind in ("vpcs", "vswitches", "tokens", "jobs", "images", "sources")] == [[]] * 6
    assert [row.size for row in oss2.ObjectIterator(bucket(sandbox)) if row.size] == []


@pytest.mark.parametrize("both_at", ["the start", "the cleanup"])
def test_of_two_slices_that_end_together_the_last_one_removes_what_they_share(sandbox: Any, both_at: str) -> None:
    registered(sandbox, "wave", WEB, DB)
    start, end = threading.Barrier(2, timeout=PATIENCE), threading.Barrier(2, timeout=PATIENCE)

    def one(entry: dict[str, Any]) -> dict[str, Any]:
        start.wait()
        return sliced(sandbox, entry, end.wait if both_at == "the cleanup" else lambda: None)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(one, [WEB, DB]))
    assert [cleanup["residual"] for cleanup in ended] == [[], []]
    assert [] in [cleanup["kept"] for cleanup in ended], ended
    nothing_but_images(sandbox, 2)
    since = sandbox.get("requests?since=0")["next"]
    assert not run(sandbox, "smc_cleanup", name="wave", scope="servers", servers=[WEB])["changed"]
    assert changing(sandbox.requests(since=since)) == []


def test_the_last_of_slices_one_after_another_removes_what_they_share(sandbox: Any) -> None:
    registered(sandbox, "wave", WEB, DB)
    told = [sliced(sandbox, DB, lambda: None, wait=False), sliced(sandbox, WEB, lambda: None)]
    assert [{row["kind"] for row in cleanup["kept"]} for cleanup in told] == [{"vpc", "vswitch", "ledger"}] * 2
    assert all("are not finished" in row["reason"] for cleanup in told for row in cleanup["kept"])
    assert sliced(sandbox, DB, lambda: None)["kept"] == []
    nothing_but_images(sandbox, 2)


BEIJING = {"region": "cn-beijing", "bucket": "migration-images-beijing"}


@pytest.mark.sandbox_world({"ens_accept_formats": ["raw"]})
def test_where_ecs_exports_raw_only_raw_it_is(sandbox: Any) -> None:
    result = run(sandbox, "ens_migration", name="wave", servers=[DB], **BEIJING)["migration"]
    assert result["servers"][0]["verdict"] == "migrated", result["servers"][0]["reasons"]
    made = [row for row in sandbox.requests("ens") if row["action"] == "ImportImage"]
    assert [row["params"]["ImageFormat"] for row in made] == ["raw"]
    disks = sandbox.get(f"images/{result['servers'][0]['ens_image_id']}")["disks"]
    assert [disk["virtual_size"] for disk in disks] == [disk["bytes"] for disk in DB["disks"]]
    left = run(sandbox, "smc_cleanup", name="wave", servers=[DB], resources=result["resources"], **BEIJING)
    assert left["cleanup"]["residual"] == []
    assert standing_still(sandbox)


MANY = [server(f"host-{number:02d}", f"s-sandboxmany{number:02d}", 20) for number in range(60)]


@pytest.mark.sandbox_world(
    {
        "sources": [
            {"name": entry["host"], "id": entry["source_id"], "disks": [{"gib": 20, "content_mib": 1}]}
            for entry in MANY
        ],
    }
)
def test_sixty_servers_in_an_account_with_default_quotas(sandbox: Any) -> None:
    options = {"servers": MANY, "poll_interval": 1, "wait_timeout": 3 * int(PATIENCE)}
    result = run(sandbox, "ens_migration", name="wave", **options)["migration"]
    assert {row["host"]: row["reasons"] for row in result["servers"] if row["verdict"] != "migrated"} == {}
    assert len({row["ens_image_id"] for row in result["servers"]}) == 60
    rows = sandbox.requests()
    for row in rows:
        assert sum(name.startswith(("JobId.", "SourceId.")) for name in row["params"]) <= 50
    left = run(sandbox, "smc_cleanup", name="wave", servers=MANY, resources=result["resources"])["cleanup"]
    assert left["residual"] == []
    assert [row["action"] for row in rows].count("CreateVpc") == 1
    assert sandbox.get("state")["vpcs"] == []
    # Batching is what makes a wave cheap: one server alone needs about twice as many.
    assert sum(result["calls"].values()) / len(MANY) < 30
