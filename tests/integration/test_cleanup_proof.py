# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cleanup beside attackers who can only choose names, or only write to the bucket: over HTTP, with real clients."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import oss2
import pytest
from support.oss_client import bucket
from support.wave import DB, WEB, changing, connection, run, server, utils

pytestmark = pytest.mark.any_core

NAME = "wave"
INTERMEDIATE = "No_Delete_SMC_Transition_Instance"
TABLES = ("jobs", "sources", "tokens", "instances", "disks", "security_groups", "images", "snapshots", "vpcs",
          "vswitches", "ens_images")  # fmt: skip


@pytest.fixture
def clients(sandbox: Any) -> Any:
    return utils("_api.clients").make_clients(connection(sandbox))


@pytest.fixture
def named(sandbox: Any) -> SimpleNamespace:
    """The names that this migration gives to a server that it never had."""
    ghost = utils("_module.options").server(NAME, server("ghost-01", "s-none", 20))
    naming = utils("_rules.naming")
    return SimpleNamespace(id=ghost.id, job=ghost.job_name, image=ghost.image_name, naming=naming)


def state(sandbox: Any) -> dict[str, list[str]]:
    """The ids in every table of the account."""
    tables = sandbox.get("state")
    return {name: sorted(row["id"] for row in tables[name]) for name in TABLES}


def keys(sandbox: Any) -> list[str]:
    """The objects and the unfinished uploads in the bucket, without the ledger of the migration."""
    oss = bucket(sandbox)
    found = [item.key for item in oss2.ObjectIterator(oss) if not item.key.endswith("/ledger")]
    return sorted(found + [f"{row.key}?{row.upload_id}" for row in oss2.MultipartUploadIterator(oss)])


def calls_since(sandbox: Any, since: int) -> list[str]:
    """The calls that changed something, without the lines of the ledger and the note of its end."""
    ledger = ("oss.AppendObject", "oss.PutObject")
    return [call for call in changing(sandbox.requests(since=since)) if call not in ledger]


def disguise(sandbox: Any, clients: Any, named: Any) -> None:
    """Make a resource of each kind that looks like ours and lacks the proof."""
    naming = named.naming
    # A job of our name whose source is foreign; one whose name only ends in our id; one with our description.
    for name, source, description in (
        (named.job, DB["source_id"], naming.description(NAME, "ghost-01")),
        (f"nightly-{named.id}", WEB["source_id"], "nightly"),
    ):
        clients.smc.create_replication_job(
            {"SourceId": source, "Name": name, "Description": description, "TargetType": "Image",
             "ImageName": f"{name}-x", "SystemDiskSize": 20, "RegionId": sandbox.region},
            f"token-{name}",
        )  # fmt: skip
    clients.smc.create_access_token(naming.token_name(NAME), "edgelift:another", 1, 1)
    sandbox.post("seed", {
        "ecs_images": [
            {"name": name, "region": sandbox.region, "disks": [{"gib": 20}]}
            for name in (named.image, f"backup-of-web-01-{named.id}")
        ],
        "ecs_instances": [
            {"name": INTERMEDIATE, "region": sandbox.region, "status": "Stopped"},
            {"name": "production-db", "id": "i-production01", "region": sandbox.region},
        ],
        "ens_images": [
            {"name": name, "region": sandbox.region, "status": "Unavailable"}
            for name in (named.image, f"nightly-{named.id}")
        ],
    })  # fmt: skip
    network = naming.network_name(NAME)
    clients.vpc.create_vpc(network, "10.0.0.0/16", "token-1", naming.tags("another"))
    clients.vpc.create_vpc("production", "10.1.0.0/16", "token-2", naming.tags(NAME))
    sandbox.until(lambda: all(row["Status"] == "Available" for row in clients.vpc.describe_vpcs()))
    zone = clients.ecs.describe_zones()[0]["ZoneId"]
    for number, row in enumerate(clients.vpc.describe_vpcs()):
        cidr = row["CidrBlock"].replace("/16", "/24")
        clients.vpc.create_vswitch(row["VpcId"], zone, cidr, network, f"token-{number}", naming.tags(NAME))


def write(sandbox: Any, named: Any, victims: dict[str, list[str]]) -> list[str]:
    """Put into the bucket what only write access allows; return the keys that this migration never gives."""
    oss = bucket(sandbox)
    note = json.dumps({"migration": NAME, "ecs_instance": victims["instances"], "ecs_disk": victims["disks"],
                       "security_group": victims["security_groups"], "ecs_snapshot": victims["snapshots"],
                       "ecs_image": victims["images"], "smc_job": victims["jobs"]})  # fmt: skip
    # This one key is ours: the object leads to nothing but itself, and goes.
    oss.put_object(f"edgelift/{named.id}/proof.json", note)
    forged = [
        f"edgelift/{named.id}/release.json",
        f"edgelift/{named.id}/export.json",
        f"edgelift/{named.id}/proof.2.json",
        f"edgelift/{named.id}/more/release.json",
        f"edgelift/{named.id}-backup/export.json",
        f"{named.id}_{victims['images'][0]}_system.qcow2",
        f"{named.id}_m-none_system.qcow2",
        f"{named.id}0_m-none_system.qcow2",
    ]
    oss.put_object(forged[0], b"x" * (10 << 20))
    for key in forged[1:]:
        oss.put_object(key, note)
    upload = oss.init_multipart_upload(forged[-2]).upload_id
    return [*forged, f"{forged[-2]}?{upload}"]


@pytest.mark.parametrize("scope", ["migration", "servers"])
def test_look_alikes_of_every_kind_and_a_hostile_bucket_lose_nothing(
    sandbox: Any, clients: Any, named: Any, scope: str
) -> None:
    disguise(sandbox, clients, named)
    before = state(sandbox)
    assert all(before[name] for name in TABLES if name not in ("disks", "security_groups"))
    forged = write(sandbox, named, before)
    since = sandbox.get("requests?since=0")["next"]
    # The caller's list of servers, with a source id that a hostile host gave, changes nothing.
    ghost = server("ghost-01", DB["source_id"], 20)
    swept = run(sandbox, "smc_cleanup", name=NAME, scope=scope, servers=[ghost] if scope == "servers" else None)
    cleanup = swept["cleanup"]
    assert state(sandbox) == before
    assert keys(sandbox) == sorted(forged)
    assert set(calls_since(sandbox, since)) <= {"oss.DeleteMultipleObjects"}
    assert cleanup["residual"] == []
    told = {row["kind"] for row in cleanup["similar_names"]}
    assert {"smc_job", "ecs_instance", "ecs_image", "ens_image", "oss_object", "oss_upload", "vpc", "vswitch"} <= told
    assert all(row["reason"].startswith("similar name, not deleted: ") for row in cleanup["similar_names"])
    assert all(row["created"] for row in cleanup["similar_names"] if not row["id"].endswith("*"))
    assert "i-production01" not in {row["id"] for row in cleanup["similar_names"]}


def test_an_object_of_ten_megabytes_is_read_up_to_a_limit(sandbox: Any, clients: Any, named: Any) -> None:
    key = f"edgelift/{named.id}/proof.json"
    bucket(sandbox).put_object(key, b"x" * (10 << 20))
    assert len(clients.oss(sandbox.bucket).get_text(key)) == 1 << 20
    found = run(sandbox, "smc_cleanup", name=NAME)["cleanup"]["similar_names"]
    assert [row["id"] for row in found] == [f"{sandbox.bucket}/{key}"]
    assert keys(sandbox) == [key]


def test_many_foreign_objects_below_our_prefix_are_counted(sandbox: Any, clients: Any, named: Any) -> None:
    oss, wave = bucket(sandbox), named.naming.wave_id(NAME)
    count = 1100
    for number in range(count):
        oss.put_object(f"{wave}{number:014x}_m-none_x", b"")
    found = run(sandbox, "smc_cleanup", name=NAME)["cleanup"]["similar_names"]
    assert len(found) == 6
    assert found[-1]["id"] == f"{sandbox.bucket}/{wave}*"
    assert f"{count - 5} more objects" in found[-1]["reason"]
    assert len(keys(sandbox)) == count


@pytest.mark.parametrize("protected", [False, True])
def test_tags_lead_to_an_instance_without_its_job(
    sandbox: Any, clients: Any, named: Any, protected: bool
) -> None:
    instance = {"name": INTERMEDIATE, "id": "i-leftover001", "region": sandbox.region}
    sandbox.post("seed", {"ecs_instances": [{**instance, "deletion_protection": protected}]})
    clients.ecs.tag_resources("instance", ["i-leftover001"], named.naming.tags(NAME, identity=named.id))
    since = sandbox.get("requests?since=0")["next"]
    cleanup = run(sandbox, "smc_cleanup", name=NAME)["cleanup"]
    calls = calls_since(sandbox, since)
    if protected:
        [row] = cleanup["residual"]
        assert "deletion protection of instance i-leftover001 is switched on" in row["reason"]
        assert calls == []
        assert sandbox.get("state")["instances"][0]["state"] == "Running"
    else:
        assert cleanup["residual"] == []
        assert calls == ["ecs.StopInstance", "ecs.DeleteInstance"]
        assert sandbox.get("state")["instances"] == []


def test_what_a_stopped_cleanup_leaves_is_found_by_its_tags(sandbox: Any, clients: Any) -> None:
    run(sandbox, "ens_migration", name=NAME, servers=[WEB])
    scope = utils("_cleanup.scope").Scope(clients, NAME, sandbox.bucket)
    kind = utils("_cleanup.smc").JOB
    for row in kind.find(scope):
        kind.delete(scope, row.id)
    sandbox.until(lambda: not clients.smc.describe_replication_jobs())
    assert sandbox.get("state")["images"]
    cleanup = run(sandbox, "smc_cleanup", name=NAME)["cleanup"]
    assert cleanup["residual"] == cleanup["similar_names"] == []
    assert {"ecs_image", "ecs_snapshot", "oss_object"} <= {row["kind"] for row in cleanup["resources"]}
    assert sandbox.get("state")["images"] == sandbox.get("state")["snapshots"] == keys(sandbox) == []
