# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that cannot be reached: which of them continue without being reached, and what the report says of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_migration, options, smc_cleanup
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.unreachable import judge
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import checks
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _receipt

from .kit import MIGRATION, server
from .test_work import entry as server_entry
from .test_work import module, quick
from .waves import fleet, run, verdicts

NAME = "wave_01"
KNOWN = naming.migration_id(NAME, "db-01", "machine")
GIB = 1024**3


def job(identity: str = KNOWN, host: str = "db-01", migration: str = NAME, **changes: Any) -> dict[str, Any]:
    """A row of DescribeReplicationJobs, as the transfer of this server has made it."""
    tags = naming.tags(migration, host, identity)
    sizes = {"SystemDiskSize": 20, "DataDisks": {"DataDisk": [{"Index": 1, "Size": 30}]}}
    row = {"JobId": "j-1", "Name": naming.resource_name(host, identity), "SourceId": "s-1", "ImageId": "m-1"}
    return {**row, "Status": "Finished", "Tags": {"Tag": tags}, **sizes, **changes}


def entry(**changes: Any) -> dict[str, Any]:
    return {"host": "db-01", "fingerprint": "", "image_name": "", **changes}


def test_a_finished_copy_goes_on_with_the_id_that_its_job_shows() -> None:
    found = judge(NAME, entry(image_name="db"), [job(), job(naming.migration_id(NAME, "web-01", "x"), "web-01")])
    assert found.server is not None
    assert (found.server.id, found.server.host, found.server.source_id) == (KNOWN, "db-01", "s-1")
    assert found.server.image_name == f"db-{KNOWN}"
    assert [disk.bytes for disk in found.server.disks] == [20 * GIB, 30 * GIB]


OTHER = naming.migration_id(NAME, "db-01", "another machine")


@pytest.mark.parametrize(
    ("given", "jobs", "words"),
    [
        ({}, [], "SMC has no job of this host"),
        ({}, [job(Status="Running", ImageId="")], "job j-1 is Running: its copy needs the host"),
        ({}, [job(ImageId="")], "its copy needs the host"),
        ({}, [job(), job(JobId="j-2")], "its copy needs the host"),
        ({}, [job(), job(OTHER, JobId="j-2")], "several machines had this inventory name"),
        # Nothing of these proves that it is this server's.
        ({}, [job(Tags={"Tag": []})], "SMC has no job"),
        ({}, [job(Name=f"db-02-{KNOWN}")], "SMC has no job"),
        ({}, [job(migration="wave_02")], "SMC has no job"),
        ({}, [job(OTHER[:-1] + "z")], "SMC has no job"),
        ({"fingerprint": "another machine"}, [job()], "SMC has no job"),
        ({"host": "d" * 129}, [job(host="d" * 129)], "more than the 128 characters"),
    ],
)
def test_a_host_that_is_not_known_for_certain_stays(given: dict[str, Any], jobs: list[Any], words: str) -> None:
    found = judge(NAME, entry(**given), jobs)
    assert found.server is None
    assert words in found.state


def test_the_image_of_a_host_that_was_finished_before_is_told() -> None:
    image = {"ImageId": "m-9", "ImageName": naming.resource_name("db-01", KNOWN)}
    others = [{"ImageId": "m-8", "ImageName": naming.resource_name("db-02", KNOWN)}, {"ImageId": "m-7"}]
    found = judge(NAME, entry(), [], [*others, image])
    assert found.state == f"SMC has no job of this host; ENS has image m-9 (db-01-{KNOWN}) of it"


def test_a_fingerprint_tells_two_machines_of_one_name_apart() -> None:
    found = judge(NAME, entry(fingerprint="machine"), [job(), job(OTHER, JobId="j-2")])
    assert found.server is not None
    assert found.server.id == KNOWN


def test_an_id_of_another_migration_is_refused() -> None:
    assert options.server(NAME, {"host": "db-01", "migration_id": KNOWN}).id == KNOWN
    for wrong in (naming.migration_id("wave_02", "db-01", "machine"), "el1", KNOWN[:-1]):
        with pytest.raises(CloudError, match="no migration ID of migration 'wave_01'"):
            options.server(NAME, {"host": "db-01", "migration_id": wrong})


# ---- what the roles make of it ----
LOST = {"__preflight_seen": {"unreachable": True}, "preflight_verdict": "blocked", "preflight_reasons": ["no route"]}
CLEAR = {"preflight_verdict": "clear", "preflight_fingerprint": "machine", "preflight_probe": {"disks": []}}


def test_hosts_that_left_the_play_without_a_blocker_are_unreachable() -> None:
    facts: dict[str, Any] = {
        "lost": LOST, "left": {**CLEAR, "migration_image_name": "db"}, "here": CLEAR, "gone": {},
        "blocked": {"preflight_verdict": "blocked"}, "migrated": {"preflight_verdict": "migrated"},
    }
    found = _receipt.unreachable(list(facts), facts, ["lost", "here"])
    assert [row["host"] for row in found] == ["lost", "left", "gone"]
    assert found[1] == {"host": "left", "fingerprint": "machine", "image_name": "db"}


def test_a_server_that_was_finished_without_its_host_is_cleaned_and_keeps_its_source() -> None:
    done = {"host": "lost", "migration_id": KNOWN, "source_id": "s-1", "settled": True, "disks": []}
    run = {"migration_run": {"migration": {"servers": [done, {**done, "host": "open", "settled": False}]}}}
    (row,) = _receipt.settled(["lost", "open"], {"lost": {**LOST, **run}, "open": {**LOST, **run}})
    assert (row["host"], row["migration_id"], row["source_id"], row["keep_source"]) == ("lost", KNOWN, "s-1", True)


def report(facts: dict[str, Any], migration: dict[str, Any], *billed: dict[str, str]) -> dict[str, Any]:
    (row,) = _receipt.receipt(["db-01"], {"db-01": facts}, NAME, migration, {"billed": list(billed)})["servers"]
    found: dict[str, Any] = row
    return found


def test_the_row_of_an_unreachable_host_says_what_is_billed_and_why_it_stays() -> None:
    state = "job j-1 is Running: its copy needs the host"
    away = {"unreachable": [{"host": "db-01", "migration_id": KNOWN, "state": state}]}
    disks = [{"host": "db-01", "kind": "ecs_disk", "id": f"d-{number}", "billed_by": "ECS"} for number in range(7)]
    row = report(LOST, away, *disks, {**disks[0], "host": "web-01"})
    assert (row["status"], row["reasons"][1]) == ("unreachable", state)
    assert [item["id"] for item in row["billed"]] == [f"d-{number}" for number in range(7)]
    assert _receipt.table([row])[-1].strip().endswith("ecs_disk d-4 (ECS) and 2 more")
    # The connection was lost after the probe.
    assert report(CLEAR, away)["status"] == "unreachable"


def test_the_row_of_a_server_that_went_on_without_its_host_has_its_image() -> None:
    done = {
        "host": "db-01", "verdict": "migrated", "reasons": [], "ens_image_id": "m-9", "image_name": "i",
        "migration_id": KNOWN, "seconds": 1.0, "disks": [{"index": 0, "bytes": 1}], "state": "",
    }
    row = report(LOST, {"servers": [done]})
    assert (row["status"], row["ens_image_id"], row["disks"]) == ("migrated", "m-9", done["disks"])
    assert "still on this host" in row["warnings"][0]


def test_a_pending_row_says_who_drives_it() -> None:
    done = {
        "host": "db-01", "verdict": "pending", "reasons": [], "ens_image_id": "", "image_name": "i",
        "migration_id": KNOWN, "seconds": 0.0, "state": "driven by ctl (process 7)",
    }
    assert report(CLEAR, {"servers": [done]})["reasons"] == ["driven by ctl (process 7)"]


# ---- the modules ----
def test_a_wave_of_unreachable_hosts_goes_on_from_its_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "account", lambda *_: "1")
    cloud, hosts = quick(), [server(1).host, server(2).host]
    assert verdicts(run(fleet(cloud, server(1), only="transfer"))) == ["migrated"]
    away = [entry(host=host) for host in hosts]
    listed = smc_cleanup.work(module(scope="servers", servers=[], resources=[], rejected_images=[], unsettled=hosts,
                                     state="reported", delete_sources=False), cloud)["cleanup"]  # fmt: skip
    assert {(row["host"], row["kind"], row["billed_by"]) for row in listed["billed"]} == {
        (hosts[0], "ecs_snapshot", "ECS")
    }
    result = ens_migration.work(module(servers=[], unreachable=away), cloud)["migration"]
    assert [(row["host"], row["migration_id"], row["verdict"]) for row in result["servers"]] == [
        (hosts[0], server(1).id, "migrated")
    ]
    assert [row["host"] for row in result["unreachable"]] == [hosts[1]]
    assert [image["ImageName"] for image in cloud.ens_images.values()] == [server(1).image_name]
    assert result["name"] == MIGRATION


def test_a_copy_whose_job_is_gone_is_not_made_again_without_its_host() -> None:
    cloud = quick()
    lost = options.server(MIGRATION, {**server_entry(1), "fingerprint": "", "migration_id": server(1).id})
    (row,) = run(fleet(cloud, lost))
    assert (row.verdict, row.settled) == ("failed", False)
    assert cloud.calls["smc.CreateReplicationJob"] == 0
