# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook preflight on real SSH hosts: what it says of wave and account, what it writes, what it leaves alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.source import ask
from support.wave import Player, changing
from support.wave_hosts import hosts_up, remains
from testbed.hosts import Bed

WORLD = {
    "sources": [],
    "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
    "account": {
        "balance": 0,
        "roles": ["AliyunECSImageExportDefaultRole"],
        "role_trust": {"AliyunECSImageExportDefaultRole": "fc.aliyuncs.com"},
        "quotas": {"vcpu": 2},
    },
}
pytestmark = pytest.mark.sandbox_world(WORLD)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    folder = tmp_path_factory.mktemp("bed")
    with hosts_up(folder, "web-01", "legacy-01", "huge-01", "off-01", broken={"off-01": ["down"]}) as bed:
        yield bed


@pytest.fixture
def player(bed: Bed, sandbox: Any, tmp_path: Path) -> Player:
    return Player(bed, sandbox, tmp_path)


def test_a_wave_is_judged_and_nothing_is_done(player: Player, bed: Bed, sandbox: Any, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    switches = folder / "host_vars" / "legacy-01.yml"
    switches.parent.mkdir(parents=True)
    switches.write_text("---\nremediate_rsync: true\n")
    host, port = sandbox.endpoint.removeprefix("http://").split(":")
    played = player.play(
        "preflight.yml",
        migration_name="look",
        preflight_report_dir=str(folder),
        preflight_egress=[f"{host}:{port}", f"{host}:1"],
        preflight_waivers=[{"id": "no-egress", "reason": "a test of ops", "expires": "2199-12-31"}],
    )
    assert played.code == 0, played.output
    # Nothing but reads: the request log of the cloud is the proof, and nothing is there that could be billed.
    calls = {f"{row['product']}.{row['action']}" for row in sandbox.requests()}
    assert {"ram.GetRole", "bss.QueryAccountBalance", "ecs.DescribeAccountAttributes", "oss.GetBucketInfo"} <= calls
    assert changing(sandbox.requests()) == []
    assert remains(sandbox) == []
    # The object that proves the bucket was there for a moment.
    meter = sandbox.get("meter")
    assert [row["id"].rpartition("/")[2] for row in meter["resources"]] == ["proof.json"]
    assert meter["running"] == []
    assert ask(bed, "web-01", "ls -d /smc 2>/dev/null; true") == ""

    rows = {row["host"]: row for row in json.loads((folder / "wave.json").read_text())["servers"]}
    assert set(rows) == {"web-01", "legacy-01", "huge-01", "off-01"}
    assert rows["off-01"]["blockers"][0] == "unreachable"
    assert set(rows["huge-01"]["blockers"]) == {"too-many-data-disks", "data-disk-too-large", "export-role-untrusted"}
    assert rows["web-01"]["blockers"] == ["export-role-untrusted"]
    assert {"no-egress", "balance-empty", "smc-role-missing"} <= set(rows["web-01"]["risks"])
    [egress] = [item for item in rows["web-01"]["findings"] if item["id"] == "no-egress"]
    assert egress["evidence"] == f"the host cannot reach {host}:1 (refused or unreachable)"
    assert egress["waived"] == {"reason": "a test of ops", "expires": "2199-12-31"}
    assert {"rsync-missing", "no-cloud-init-path"} <= set(rows["legacy-01"]["risks"])
    assert "Preflight report" in (folder / "wave.html").read_text(encoding="utf-8")
    with (folder / "wave.csv").open() as handle:
        lines = [(line["host"], line["id"]) for line in csv.DictReader(handle)]
    assert lines == [(row["host"], item["id"]) for row in rows.values() for item in row["findings"]]
    assert "(account)" in played.output
    assert "export-role-untrusted" in played.output

    report = (folder / "legacy-01.md").read_text()
    assert "### rsync-missing, class 7" in report
    # A switch that the user has set stays.
    assert yaml.safe_load(switches.read_text()) == {"remediate_rsync": True}
    # The network of the hosts of the test bed is configured by no file.
    switches_of_web = yaml.safe_load((folder / "host_vars" / "web-01.yml").read_text())
    assert switches_of_web == {"remediate_cloud_init": False, "remediate_dhcp": False}


def test_check_mode_says_the_same_writes_nothing_and_may_be_strict(
    player: Player, sandbox: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "reports"
    more = {"preflight_report_dir": str(folder), "preflight_strict": True, "migration_bucket": "no-such-bucket"}
    played = player.play("preflight.yml", "--check", "--limit", "web-01", migration_name="look", **more)
    assert played.code == 2, played.output
    assert "export-role-untrusted: AliyunECSImageExportDefaultRole may be assumed by fc.aliyuncs.com" in played.output
    # ansible-core 2.16 breaks and quotes the lines of a text.
    said = " ".join(played.output.replace("''", "'").replace("\\n", " ").split())
    assert "bucket-missing: the bucket 'no-such-bucket' does not exist" in said
    assert changing(sandbox.requests()) == []
    assert not folder.exists()


def test_a_waiver_that_has_expired_is_an_error(player: Player) -> None:
    waiver = {"id": "virtio-missing", "reason": "ops", "expires": "2020-01-01"}
    variables = {"migration_name": "look", "preflight_check_account": False, "preflight_waivers": [waiver]}
    played = player.play("preflight.yml", "--limit", "web-01", **variables)
    assert played.code == 2, played.output
    # ansible-core 2.16 shows the message as a quoted YAML text, over several lines.
    told = " ".join(played.output.split()).replace("''", "'")
    assert "web-01: the waiver of 'virtio-missing' expired on 2020-01-01" in told
