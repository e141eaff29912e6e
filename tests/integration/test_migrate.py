# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main playbook on real SSH hosts where not everything goes well, and where it is asked for a part only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.source import ask
from support.wave import Player, changing, done, standing_still
from support.wave_hosts import NO_CLIENT, client_on, hosts_up, killed_at, remains, running, settled, statuses
from testbed.hosts import Bed

WORLD: dict[str, Any] = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
UP = ("web-01", "legacy-01")
BOTH = ",".join(UP)
CHECK_IMAGE = Path(__file__).resolve().parents[2] / "roles/report/files/check_image.py"
UNREACHABLE = 2
"""How ansible-playbook ends when a host could not be probed: the report fails it."""
pytestmark = pytest.mark.sandbox_world(WORLD)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    # The first host of the play is the one that all tasks of the controller begin with: it cannot be reached.
    with hosts_up(tmp_path_factory.mktemp("bed"), "off-01", *UP, broken={"off-01": ["down"]}) as bed:
        yield bed


@pytest.fixture
def player(bed: Bed, sandbox: Any, tmp_path: Path) -> Iterator[Player]:
    yield Player(bed, sandbox, tmp_path)
    for host in UP:
        ask(bed, host, NO_CLIENT)


def sources(sandbox: Any) -> set[str]:
    """The names of the sources that SMC knows."""
    return {row["name"] for row in sandbox.get("state")["sources"]}


SYNCING = {"lifecycle": "smc.job", "at": "Running/Syncing"}
FAIL_ONCE = [
    {**SYNCING, "name": "legacy-01", "code": "Do Grub Failed", "message": "No GRUB"},
    {**SYNCING, "name": "web-01", "code": "SourceServer.Offline"},
]


@pytest.mark.oldest_core
@pytest.mark.sandbox_world({**WORLD, "failures": FAIL_ONCE})
def test_a_failed_server_stops_no_other_and_the_same_command_mends_it(player: Player, sandbox: Any) -> None:
    first = player.play("migrate.yml", "--limit", BOTH, migration_name="one fails")
    assert first.code == 2, "a host has failed"
    assert statuses(first) == {"web-01": "migrated", "legacy-01": "failed"}
    (reason,) = first.row("legacy-01")["reasons"]
    for words in ("InError: Do Grub Failed No GRUB", "Install GRUB 1.99 or newer", "kept and billed"):
        assert words in reason
        assert words.split()[0] in first.output
    # What a retry can cure was tried again, on the same job; the other one was not.
    starts = [row["params"]["JobId"] for row in sandbox.requests("smc") if row["action"] == "StartReplicationJob"]
    assert sorted(map(starts.count, set(starts))) == [1, 2]
    settled(player, first, "web-01")
    assert client_on(player.bed, "legacy-01") == ""

    since = sandbox.get("requests?since=0")["next"]
    page = player.folder / "report.html"
    options = {"report_html": str(page), "migration_digests": True}
    again = player.play("migrate.yml", migration_name="one fails", **options)
    assert again.code == UNREACHABLE, "nothing is wrong but a host that cannot be reached"
    assert statuses(again) == {"off-01": "unreachable", "web-01": "migrated", "legacy-01": "migrated"}
    assert "could not connect" in again.row("off-01")["reasons"][0]
    assert again.row("web-01")["ens_image_id"] == first.row("web-01")["ens_image_id"]
    rows = sandbox.requests(since=since)
    assert [done(rows, name) for name in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [1, 1, 1]
    settled(player, again, *UP)
    phases = [change["phase"] for change in again.row("legacy-01")["timeline"]]
    assert list(dict.fromkeys(phases)) == ["transfer", "export", "import"]
    assert again.row("legacy-01")["exported_bytes"] > 0
    image = next(row for row in sandbox.get("state")["ens_images"] if row["name"].startswith("legacy-01"))
    command = [sys.executable, CHECK_IMAGE, "--host", "legacy-01", str(player.folder / "receipt.json")]
    command += [disk["path"] for disk in image["disks"]]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout.count("equal")) == (0, len(image["disks"])), told
    assert again.row("web-01")["digests"] == [], "its objects were deleted by the first run"
    assert f"The report is in {page}" in "".join(again.output.split("\n"))
    assert "2 of 3 servers are migrated to ENS images; 1 unreachable." in page.read_text(encoding="utf-8")

    since = sandbox.get("requests?since=0")["next"]
    file = player.folder / "plan.json"
    foreseen = player.play(
        "migrate.yml", "--check", "--diff", migration_name="one fails", migration_plan_file=str(file)
    )
    assert (foreseen.code, foreseen.changed) == (UNREACHABLE, 0)
    plan = json.loads(file.read_text(encoding="utf-8"))
    assert {row["host"]: row["status"] for row in plan["servers"]} == {
        "off-01": "blocked", "web-01": "migrated", "legacy-01": "migrated"
    }
    assert "migration one fails: nothing to migrate" in " ".join(foreseen.output.split())
    assert changing(sandbox.requests(since=since)) == []
    assert standing_still(sandbox)


@pytest.mark.oldest_core
def test_tags_and_limit(player: Player, sandbox: Any) -> None:
    judged = player.play("migrate.yml", "--tags", "preflight", "--limit", BOTH, migration_name="parts")
    assert (judged.code, statuses(judged)) == (0, dict.fromkeys(UP, "pending")), judged.output
    assert "Servers: 2 (2 clear)" in judged.output
    assert changing(sandbox.requests()) == []
    assert client_on(player.bed, "web-01") == ""

    begun = player.play("migrate.yml", "--tags", "agent", "--limit", BOTH, migration_name="parts")
    assert begun.code == 0, begun.output
    made = [name for name in changing(sandbox.requests()) if not name.startswith("oss.")]
    assert made == ["smc.CreateAccessToken", "smc.TagResources", "smc.TagResources"]
    assert sources(sandbox) == set(UP)

    one = player.play("migrate.yml", "--tags", "migration", "--limit", "web-01", migration_name="parts")
    assert (one.code, statuses(one)) == (0, {"web-01": "migrated"}), one.output
    assert client_on(player.bed, "web-01") == ""
    assert sources(sandbox) == {"legacy-01"}
    assert client_on(player.bed, "legacy-01") != ""

    ask(player.bed, "legacy-01", "mount -t tmpfs -o mode=700 busy /smc/go2aliyun_client*/Logs")
    stuck = player.play("migrate.yml", "--tags", "cleanup", "--limit", BOTH, migration_name="parts")
    assert stuck.code == 2, stuck.output
    assert "cannot remove /smc/go2aliyun_client" in stuck.output
    ask(player.bed, "legacy-01", "umount /smc/go2aliyun_client*/Logs")
    ended = player.play("migrate.yml", "--tags", "cleanup", migration_name="parts")
    assert ended.code == UNREACHABLE, ended.output
    assert client_on(player.bed, "legacy-01") == ""
    assert remains(sandbox) == []
    assert [row["name"][:6] for row in sandbox.get("state")["ens_images"]] == ["web-01"]


@pytest.mark.long
def test_a_limited_run_leaves_what_belongs_to_others(player: Player, sandbox: Any) -> None:
    player.play("migrate.yml", migration_name="limited", migration_wait=False)
    assert len(sandbox.get("state")["jobs"]) == 2
    one = player.play("migrate.yml", "--limit", "web-01", migration_name="limited")
    assert (one.code, statuses(one)) == (0, {"web-01": "migrated"}), one.output
    assert {row["host"] for row in one.receipt["resources"]} <= {"web-01", ""}
    assert sources(sandbox) == {"legacy-01"}
    assert [row["name"][:9] for row in sandbox.get("state")["jobs"]] == ["legacy-01"]
    assert client_on(player.bed, "legacy-01") != ""

    rest = player.play("migrate.yml", migration_name="limited")
    assert rest.code == UNREACHABLE, rest.output
    assert done(sandbox.requests(), "CreateReplicationJob") == 2
    settled(player, rest, *UP)


@pytest.mark.long
def test_killed_while_cleaning_up_and_run_again(player: Player, sandbox: Any) -> None:
    killed_at("DeleteImage", player, "migrate.yml", migration_name="killed late")
    assert remains(sandbox) != []
    again = player.play("migrate.yml", migration_name="killed late")
    assert again.code == UNREACHABLE, again.output
    settled(player, again, *UP)
    rows = sandbox.requests()
    assert [done(rows, name) for name in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [2, 2, 2]


STS = {"access_key": "STS.Wave", "secret_key": "StsSecret0123456789", "security_token": "sts-token"}
KEYS = {
    "LTAI5tSandboxAccessKey": {"secret": "SandboxAccessKeySecret0123456"},
    "STS.Wave": {"secret": "StsSecret0123456789", "token": "sts-token", "ttl": 600},
}


@pytest.mark.long
@pytest.mark.sandbox_world({**WORLD, "credentials": KEYS})
def test_a_token_that_expires_in_the_middle(player: Player, sandbox: Any) -> None:
    """The usual end of a long run with temporary credentials: with new ones it continues where it was."""
    expiring = {f"alicloud_{name}": value for name, value in STS.items()}
    with running(player, "migrate.yml", migration_name="expired", **expiring) as controller:
        sandbox.until(lambda: done(sandbox.requests(), "StartReplicationJob") == 2)
        sandbox.advance(600)
        assert controller.wait(PATIENCE) == UNREACHABLE
    told = (player.folder / "running.log").read_text()
    assert "InvalidSecurityToken.Expired" in told
    assert "Get a new STS token" in told
    assert STS["security_token"] not in told
    receipt = player.ended(UNREACHABLE, told).receipt
    assert {row["kind"] for row in receipt["residual"]} >= {"smc_job", "smc_source"}
    assert client_on(player.bed, "web-01") != "", "the copy needs it: nothing has been cleaned up"

    again = player.play("migrate.yml", migration_name="expired")
    assert again.code == UNREACHABLE, again.output
    assert done(sandbox.requests(), "CreateReplicationJob") == 2
    settled(player, again, *UP)


@pytest.mark.long
def test_a_host_that_loses_its_power(sandbox: Any, tmp_path: Path) -> None:
    with hosts_up(tmp_path / "bed", "web-01", "db-01") as bed:
        player = Player(bed, sandbox, tmp_path)
        with running(player, "migrate.yml", migration_name="power", migration_job_retries=0) as controller:
            sandbox.until(lambda: done(sandbox.requests(), "StartReplicationJob") == 2)
            bed.stop("db-01")
            code = controller.wait(PATIENCE)
        ended = player.ended(code, (tmp_path / "running.log").read_text())
        # Ansible's own code for a host that it has lost after the probe.
        assert ended.code == 4, ended.output
        assert statuses(ended) == {"web-01": "migrated", "db-01": "failed"}, ended.output
        assert "SourceServer.Offline" in ended.row("db-01")["reasons"][0]
        settled(player, ended, "web-01")
