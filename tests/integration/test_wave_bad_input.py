# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: a clear error that names what, where, which value and what is allowed, before anything is created."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.wave import WEB, Player, changing, image_name, run, server, utils
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

from sandbox.contracts.regions import IMPORT_REGIONS, REGIONS

pytestmark = pytest.mark.any_core

WORLD = {
    "sources": [],
    "buckets": [
        {"name": "migration-images", "region": "ap-southeast-1"},
        {"name": "migration-images-beijing", "region": "cn-beijing"},
        {"name": "somebody-elses", "region": "ap-southeast-1", "owner": "6543210987654321"},
    ],
    "credentials": {
        "LTAI5tSandboxAccessKey": {"secret": "SandboxAccessKeySecret0123456"},
        "STS.Sandbox1": {"secret": "StsSecret0123456789", "token": "sts-token", "ttl": 60},
    },
}
NO_IMPORTS = next(region for region in REGIONS if region not in IMPORT_REGIONS)
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown region": ({"region": "xx-nowhere-1"}, ["'xx-nowhere-1'", " and ".join(IMPORT_REGIONS)]),
    "region without import": ({"region": NO_IMPORTS}, [f"'{NO_IMPORTS}'", " and ".join(IMPORT_REGIONS)]),
    "bucket missing": ({"bucket": "no-such-bucket"}, ["no-such-bucket", "NoSuchBucket", "Create the bucket"]),
    "bucket elsewhere": (
        {"bucket": "migration-images-beijing"},
        ["'migration-images-beijing' for region 'ap-southeast-1'", "Use a bucket in the region of the migration"],
    ),
    "bucket not readable": ({"bucket": "somebody-elses"}, ["somebody-elses", "AccessDenied"]),
    "wrong key": ({"access_key": "LTAI5tNobody"}, ["InvalidAccessKeyId.NotFound"]),
    "wrong secret": ({"secret_key": "wrong"}, ["SignatureDoesNotMatch"]),
    "format of another region": (
        {"region": "cn-beijing", "bucket": "migration-images-beijing", "image_format": "qcow2"},
        ["'qcow2' cannot be exported in cn-beijing", "raw"],
    ),
    "image name": (
        {"servers": [{**WEB, "image_name": "9 lives"}]},
        ["image_name of web-01", "'9 lives'", "2 to 128 characters: a letter first"],
    ),
    "long image name": ({"servers": [{**WEB, "image_name": "x" * 98}]}, ["image_name of web-01", "at most 97"]),
    "same host twice": ({"servers": [WEB, WEB]}, ["host 'web-01' is listed more than once"]),
    "days": ({"job_valid_days": 6}, ["job_valid_days is 6", "7 to 90"]),
}


@pytest.mark.sandbox_world(WORLD)
@pytest.mark.parametrize("state", ["checked", "present"])
@pytest.mark.parametrize("case", REFUSED)
def test_refused_before_anything_is_made(sandbox: Any, case: str, state: str) -> None:
    changes, words = REFUSED[case]
    with pytest.raises(utils("_api.errors").CloudError) as refused:
        run(sandbox, "ens_migration", state=state, **{"name": "wave", "servers": [WEB], **changes})
    told = f"{refused.value}. {refused.value.hint}"
    for word in words:
        assert word in told
    assert sandbox.secret_key not in told
    assert changing(sandbox.requests()) == []


@pytest.mark.sandbox_world(WORLD)
def test_an_expired_token_is_refused(sandbox: Any) -> None:
    sts = {"access_key": "STS.Sandbox1", "secret_key": "StsSecret0123456789", "security_token": "sts-token"}
    assert run(sandbox, "ens_migration", state="checked", name="wave", servers=[WEB], **sts)["changed"] is False
    sandbox.advance(61)
    with pytest.raises(utils("_api.errors").CloudError) as refused:
        run(sandbox, "ens_migration", name="wave", servers=[WEB], **sts)
    assert refused.value.code == "InvalidSecurityToken.Expired"
    assert refused.value.hint
    assert "sts-token" not in str(refused.value)
    assert changing(sandbox.requests()) == []


@pytest.mark.sandbox_world(WORLD)
def test_one_bad_server_does_not_stop_the_others(sandbox: Any) -> None:
    servers = [
        WEB,
        server("many-01", "s-many", 20, 20, 20, 20, 20, 20),
        server("large-01", "s-large", 20, 501),
        {**server("twin-a", "s-twin-a", 20), "fingerprint": "same"},
        {**server("twin-b", "s-twin-b", 20), "fingerprint": "same"},
        server("taken-01", "s-taken", 20),
    ]
    sandbox.post("seed", {"ens_images": [{"name": image_name(servers[-1], "wave")}]})
    result = run(sandbox, "ens_migration", state="checked", name="wave", servers=servers)["migration"]
    rows = {row["host"]: (row["verdict"], " ".join(row["reasons"])) for row in result["servers"]}
    assert rows["web-01"] == ("clear", "")
    for host, words in {
        "many-01": "5 data disks, ENS takes at most 4",
        "large-01": "data disk 1 has 501 GiB, ENS takes at most 500 GiB",
        "twin-a": "the same machine as twin-b",
        "twin-b": "the same machine as twin-a",
        "taken-01": "is used by ENS image",
    }.items():
        assert rows[host][0] == "blocked"
        assert words in rows[host][1]


@pytest.mark.sandbox_world(WORLD)
def test_a_machine_that_was_migrated_under_another_name_is_refused_with_both_names(sandbox: Any) -> None:
    """Another inventory names the machine when its first migration has ended: only the image is left of that."""
    # An image of the world file has no sizes to compare.
    first, second = ({**server(host, ""), "fingerprint": "same"} for host in ("first-01", "second-01"))
    sandbox.post("seed", {"ens_images": [{"name": image_name(first, "wave")}]})
    for state, verdict in (("checked", "blocked"), ("present", "failed")):
        result = run(sandbox, "ens_migration", state=state, name="wave", servers=[second], wait=False)["migration"]
        assert [row["verdict"] for row in result["servers"]] == [verdict]
        told = " ".join(result["servers"][0]["reasons"])
        assert "it is the same machine as first-01: this migration has its ENS image" in told
        assert "second-01 has the same fingerprint" in told
    found = run(sandbox, "ens_account_info", name="wave", servers=[first, second], strict=True)["servers"]
    assert [(row["verdict"], [item["id"] for item in row["findings"]]) for row in found] == [
        ("migrated", []), ("blocked", ["same-machine"]),
    ]
    found = run(sandbox, "ens_account_info", name="wave", servers=[second], strict=True)["servers"]
    assert [item["id"] for item in found[0]["findings"]] == ["same-machine"]
    assert {name for name in changing(sandbox.requests()) if not name.startswith("oss.")} == set()


BROKEN = {
    "windows-01": ["windows"],
    "arm-01": ["arm64"],
    "many-01": ["many-disks"],
    "large-01": ["big-disk"],
    "luks-01": ["luks-root"],
    "twin-01": ["same-as:web-02"],
    "off-01": ["down"],
}
REASONS = {
    "windows-01": "not-linux",
    "arm-01": "not-x86-64",
    "many-01": "too-many-data-disks",
    "large-01": "data-disk-too-large",
    "luks-01": "encrypted-root",
    "web-02": "the same machine as twin-01",
    "twin-01": "the same machine as web-02",
}


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), "web-01", "web-02", *BROKEN, broken=BROKEN) as bed:
        yield bed


@pytest.mark.long
@pytest.mark.sandbox_world(WORLD)
def test_bad_hosts_are_blocked_and_the_good_one_continues(sandbox: Any, bed: Bed, tmp_path: Path) -> None:
    played = Player(bed, sandbox, tmp_path).play("migrate.yml", migration_name="wave")
    # 4 is how ansible-playbook says that a host could not be reached; nothing else has failed.
    assert played.code == 2, played.output
    assert played.row("web-01")["status"] == "migrated", played.output
    for host, words in REASONS.items():
        row = played.row(host)
        assert (row["status"], row["ens_image_id"]) == ("blocked", ""), host
        assert words in " ".join(row["reasons"])
        assert words in played.output
    assert played.row("off-01")["status"] == "unreachable"
    assert "could not connect" in played.row("off-01")["reasons"][0]
    assert played.receipt["residual"] == []
    assert {row["host"] for row in played.receipt["resources"] if row["kind"] == "smc_job"} == {"web-01"}
    assert sandbox.get("meter")["running"] == []


@pytest.mark.sandbox_world(WORLD)
def test_a_wrong_checksum_stops_the_wave(sandbox: Any, bed: Bed, tmp_path: Path) -> None:
    wrong = "0" * 64
    bad = {"migration_name": "wave", "agent_sha256": wrong}
    played = Player(bed, sandbox, tmp_path).play("migrate.yml", "--limit", "web-01", **bad)
    assert played.code == 2, played.output
    assert wrong in played.output
    assert sandbox.agent["sha256"] in played.output
    assert changing(sandbox.requests()) == []


@pytest.mark.sandbox_world(WORLD)
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"migration_bucket": "no-such-bucket"}, ["no-such-bucket", "Create the bucket"]),
        ({"alicloud_access_key": "LTAI5tNobody"}, ["InvalidAccessKeyId.NotFound"]),
        ({"alicloud_secret_key": "wrong"}, ["SignatureDoesNotMatch"]),
        ({"alicloud_region": "xx-nowhere-1"}, ["'xx-nowhere-1'", "cn-beijing and ap-southeast-1"]),
        ({"migration_image_name": "9 lives"}, ["'9 lives'", "2 to 128 characters"]),
    ],
    ids=["bucket", "key", "secret", "region", "image name"],
)
def test_what_a_user_got_wrong_stops_the_wave_at_preflight(
    sandbox: Any, bed: Bed, tmp_path: Path, bad: dict[str, Any], words: list[str]
) -> None:
    played = Player(bed, sandbox, tmp_path).play("migrate.yml", "--limit", "web-01", migration_name="wave", **bad)
    assert played.code == 2, played.output
    for word in words:
        assert word in " ".join(played.output.split())
    assert sandbox.secret_key not in played.output
    assert changing(sandbox.requests()) == []


@pytest.mark.sandbox_world(WORLD)
def test_the_controller_is_never_a_source(sandbox: Any, bed: Bed, tmp_path: Path) -> None:
    player = Player(bed, sandbox, tmp_path)
    named = player.play("migrate.yml", migration_wave="localhost", migration_name="wave")
    assert named.code != 0, named.output
    assert "localhost is the controller" in " ".join(named.output.split())
    grouped = tmp_path / "controllers.ini"
    grouped.write_text("[controllers]\nlocalhost ansible_connection=local\n", encoding="utf-8")
    played = player.play("migrate.yml", "-i", str(grouped), migration_wave="controllers", migration_name="wave")
    assert played.code == 0, played.output
    assert played.row("localhost")["status"] == "blocked"
    assert "is-controller" in played.row("localhost")["reasons"][0]
    assert changing(sandbox.requests()) == []
    assert not Path("/smc").exists()
