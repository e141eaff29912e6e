# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/verify.yml on hosts behind real SSH: another test host answers as the booted copy of a source."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import WORLD
from support import PATIENCE
from support.boot_images import boot_sector, image
from support.source import ask, beside
from support.wave import ROOT, Player, run, standing_still, utils
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

pytestmark = pytest.mark.any_core
WAVE, NODE, EMPTY = "wave", "cn-dalian-unicom", "cn-chenzhou-telecom_unicom_cmcc"
PAGE = "<h1>Shop</h1>\n"
CHECKS: list[dict[str, Any]] = [
    {"kind": "command", "command": "cat /srv/rows", "text": "1042"},
    {"kind": "mount", "path": "/"},
    {"kind": "file", "path": "/srv/page", "sha256": hashlib.sha256(PAGE.encode()).hexdigest()},
]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """Two sources, and a host that stands for the booted copy of the first one."""
    with hosts_up(tmp_path_factory.mktemp("bed"), "web-01", "legacy-01", "copy-01") as bed:
        machine = ask(bed, "web-01", "cat /etc/machine-id")
        ask(bed, "copy-01", f"echo {machine} >/etc/machine-id; echo 1042 >/srv/rows; printf '{PAGE}' >/srv/page")
        yield bed


@pytest.fixture
def player(bed: Bed, sandbox: Any, tmp_path: Path) -> Player:
    """Runs playbooks on the sources, which have an ENS image each."""
    naming = utils("_rules.naming")
    names = [naming.resource_name(host, naming.migration_id(WAVE, host, host)) for host in ("web-01", "legacy-01")]
    images = [{"name": name, "id": f"m-verify{number:04}"} for number, name in enumerate(names)]
    sandbox.reset({**WORLD, "ens_images": images, "ens_stock": {EMPTY: 0}})
    return Player(bed, sandbox, tmp_path)


def variables(bed: Bed, **changes: Any) -> dict[str, Any]:
    # The address of an instance of the local cloud leads nowhere: verify_host is that of the test host.
    (copy,) = (row for row in bed.status() if row.name == "copy-01")
    return {
        "migration_name": WAVE, "ens_instance_type": "ens.sn1.tiny", "ens_region_id": NODE, "launch_poll_interval": 1,
        "verify_host": copy.address, "verify_port": copy.port, "verify_poll_interval": 0.5,
        # The test hosts share the ports of this machine, which other tests open and close.
        "verify_ignore": ["listening"],
        "verify_start_timeout": 60, "verify_check_timeout": 1, "verify_checks": CHECKS, **changes,
    }  # fmt: skip


def nothing_left(sandbox: Any) -> bool:
    """Whether no instance is left, and nothing is billed beside the ledger, which a cleanup deletes."""
    assert sandbox.get("state")["ens_instances"] == []
    run(sandbox, "smc_cleanup", name=WAVE)
    return standing_still(sandbox)


def launched(sandbox: Any) -> list[dict[str, Any]]:
    return [entry["params"] for entry in sandbox.requests("ens") if entry["action"] == "RunInstances"]


def test_a_copy_is_verified_on_an_instance_that_is_released(sandbox: Any, bed: Bed, player: Player) -> None:
    played = player.play("verify.yml", "--limit", "web-01", **variables(bed))
    text = " ".join(played.output.split())
    assert (played.code, played.recap["web-01"]["failed"]) == (0, 0), text
    assert "The host name: web-01 on the source, copy-01 on the copy." in text
    (params,) = launched(sandbox)
    assert params["AutoReleaseTime"].endswith(":00Z")
    tags = {params[f"Tag.{n}.Key"]: params[f"Tag.{n}.Value"] for n in range(1, 6)}
    assert (tags["edgelift:instance"], tags["edgelift-verify"]) == ("release", "true")
    assert sandbox.get("state")["ens_instances"] == []


@pytest.mark.long
def test_a_server_whose_copy_is_another_machine_stops_no_other(sandbox: Any, bed: Bed, player: Player) -> None:
    played = player.play("verify.yml", "--limit", "web-01,legacy-01", **variables(bed))
    text = " ".join(played.output.split())
    assert (played.code, played.recap["web-01"]["failed"], played.recap["legacy-01"]["failed"]) == (2, 0, 1), text
    assert "the machine is a copy of the source: expected machine-id" in text
    assert len(launched(sandbox)) == 2
    assert nothing_left(sandbox)


@pytest.mark.long
def test_an_instance_of_the_user_is_verified_and_stays(sandbox: Any, bed: Bed, player: Player, tmp_path: Path) -> None:
    own = variables(bed, launch_inventory=str(tmp_path / "launched.yml"))
    assert player.play("launch.yml", "--limit", "web-01", **own).code == 0
    played = player.play("verify.yml", "--limit", "web-01", **own)
    assert (played.code, played.changed) == (0, 0), played.output
    (instance,) = sandbox.get("state")["ens_instances"]
    assert (instance["state"], len(launched(sandbox))) == ("Running", 1)
    assert "(released)" not in played.output


ANSWER = {"kind": "command", "command": "printf '%s%s 7 * 7 %s%s' '{' '{' '}' '}'; exit 4"}
"""A check whose output looks like a template."""


@pytest.mark.long
@pytest.mark.parametrize(
    ("changes", "words", "instances"),
    [
        ({"verify_port": 1}, "the TCP port refuses connections; last error:", 1),
        ({"verify_checks": [ANSWER]}, "seen exit status 4:", 1),
        ({"verify_checks": [{"kind": "ping"}]}, "value of kind must be one of", 0),
        ({"verify_checks": [{"kind": "port", "port": 0}]}, "verify_checks cannot be used: check 1 (port)", 0),
        ({"ens_region_id": EMPTY}, "has no stock of ens.sn1.tiny", 0),
        ({"launch_password": "onlylowercase"}, "launch_password is refused by ENS", 0),
        ({"launch_policy": "keep"}, "The role verify sets launch_state, launch_policy,", 0),
        ({"ansible_ssh_host": "127.0.11.1"}, "Do not set ansible_ssh_host or ansible_connection with -e", 1),
    ],
)
def test_a_failure_has_its_reason_and_leaves_nothing(
    sandbox: Any, bed: Bed, player: Player, changes: dict[str, Any], words: str, instances: int
) -> None:
    played = player.play("verify.yml", "--limit", "web-01", **variables(bed, verify_start_timeout=2, **changes))
    assert (played.code, len(launched(sandbox))) == (2, instances), played.output
    assert words in " ".join(played.output.split())
    assert "49" not in played.output.partition("seen exit status 4:")[2][:40]
    assert nothing_left(sandbox)


@pytest.mark.long
def test_an_instance_that_another_user_releases_is_no_copy(sandbox: Any, bed: Bed, player: Player) -> None:
    slow = [{"kind": "command", "command": "touch /srv/begun; sleep 8; exit 5"}]
    command = player.command("verify.yml", "--limit", "web-01", **variables(bed, verify_checks=slow))
    with beside(command, env=player.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT) as going:
        sandbox.until(lambda: ask(bed, "copy-01", "ls /srv/begun 2>/dev/null; true"))
        (instance,) = sandbox.get("state")["ens_instances"]
        sandbox.call("ens", "ReleasePostPaidInstance", InstanceId=instance["id"])
        output, _nothing = going.communicate(timeout=PATIENCE)
    assert going.returncode == 2
    assert f"ENS instance {instance['id']} does not exist any more" in " ".join(output.decode().split())
    assert nothing_left(sandbox)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="QEMU is not installed")
def test_an_image_that_does_not_boot_is_no_copy(start_sandbox: Any, bed: Bed, tmp_path: Path) -> None:
    sandbox = start_sandbox({"buckets": WORLD["buckets"], "boot_memory": 128}, "--boot-instances",
                            "--boot-port-offset", "20000")
    naming = utils("_rules.naming")
    name = naming.resource_name("web-01", naming.migration_id(WAVE, "web-01", "web-01"))
    image(sandbox, tmp_path, name, [boot_sector("You are in emergency mode.")])
    player = Player(bed, sandbox, tmp_path)
    own = {"verify_host": "", "verify_port": 20022, "launch_internet_max_bandwidth_out": 5}
    played = player.play("verify.yml", "--limit", "web-01", **variables(bed, verify_start_timeout=20, **own))
    text = " ".join(played.output.split())
    assert played.code == 2, text
    assert "the TCP port accepts connections and sends nothing" in text
    assert "127.0.9." in text
    assert nothing_left(sandbox)
    assert list(Path(sandbox.greeting["state"], "blobs", "guests").iterdir()) == []


def hook(folder: Path, name: str, *tasks: dict[str, Any]) -> str:
    """A task file of the user, beside the other files of the test."""
    (folder / f"{name}.yml").write_text(yaml.safe_dump(list(tasks)), encoding="utf-8")
    return str(folder / f"{name}.yml")


@pytest.mark.long
def test_a_migration_runs_its_hooks_and_verifies_its_result(
    sandbox: Any, bed: Bed, player: Player, tmp_path: Path
) -> None:
    sandbox.reset({"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]})
    ask(bed, "copy-01", "rm -f /hooks; echo 1042 >/srv/rows")
    run_on = {"ansible.builtin.raw": "echo {{ inventory_hostname }} >>/hooks", "changed_when": True}
    hooks = {
        "migration_hook_before_copy": hook(tmp_path, "before", {"name": "Before the copy", **run_on}),
        "migration_hook_after_failure": hook(tmp_path, "failure", {"name": "After a failure", **run_on}),
        "migration_hook_after_boot": hook(tmp_path, "boot", {"name": "After the boot", **run_on}),
        "verify_checks": CHECKS[:1], "verify_after_migration": True, "launch_wait_timeout": 60, "preflight_egress": [],
        "verify_image_policy": "delete",
    }  # fmt: skip
    played = player.play("migrate.yml", "--limit", "web-01,legacy-01", **variables(bed, **hooks))
    text = " ".join(played.output.split())
    assert played.receipt, text
    assert (played.row("web-01")["status"], played.row("web-01")["verification"]["verdict"]) == ("migrated", "verified")
    failed = played.row("legacy-01")
    assert (failed["status"], failed["retry"], failed["ens_image_id"]) == ("failed", "again", ""), text
    assert (failed["verification"]["verdict"], failed["verification"]["rejected"]) == ("failed", True)
    (image,) = (row for row in played.receipt["resources"] if row["kind"] == "ens_image")
    assert (image["id"], image["deleted"] > "") == (failed["verification"]["image_id"], True)
    assert sandbox.get("meter")["running"] == [], "not even the ledger is left"
    ran = "cat /hooks 2>/dev/null; true"
    shown = {host: ask(bed, host, ran).split() for host in ("web-01", "legacy-01", "copy-01")}
    assert shown["web-01"] == ["web-01"]
    assert shown["legacy-01"] == ["legacy-01", "legacy-01"]
    assert sorted(shown["copy-01"]) == ["legacy-01", "web-01"]
    assert sandbox.get("state")["ens_instances"] == []
    images = sandbox.get("state")["ens_images"]
    assert [row["id"] for row in images] == [played.row("web-01")["ens_image_id"]]
    busy = hook(tmp_path, "busy", {"name": "Refuse the copy", "ansible.builtin.fail": {"msg": "busy"}})
    broken = {**hooks, "migration_hook_before_copy": busy}
    broken["migration_hook_after_boot"] = "missing.yml"
    refused = player.play("migrate.yml", "--limit", "web-01", **variables(bed, **broken))
    assert refused.code == 2
    assert "missing.yml', which cannot be read" in " ".join(refused.output.replace("''", "'").split())
    broken["migration_hook_after_boot"] = ""
    again = player.play("migrate.yml", "--limit", "web-01", **variables(bed, **{**broken, "migration_name": "wave-2"}))
    row = again.row("web-01")
    assert (row["status"], len(row["reasons"])) == ("failed", 1)
    assert "the hook before the copy failed" in row["reasons"][0]
    assert "busy" in row["reasons"][0]
    assert sandbox.get("state")["ens_images"] == images


@pytest.mark.long
def test_each_server_gets_a_checklist_that_is_never_overwritten(sandbox: Any, player: Player, tmp_path: Path) -> None:
    given = {"migration_name": WAVE, "handover_dir": str(tmp_path / "lists")}
    first = player.play("handover.yml", "--limit", "web-01,legacy-01", **given)
    names = sorted(path.name for path in (tmp_path / "lists").iterdir())
    assert (first.code, names) == (0, ["legacy-01.md", "web-01.md"]), first.output
    (tmp_path / "lists" / "web-01.md").write_text("- [x] done\n", encoding="utf-8")
    again = player.play("handover.yml", "--limit", "web-01,legacy-01", **given)
    assert (again.code, again.changed) == (0, 0), again.output
    assert (tmp_path / "lists" / "web-01.md").read_text(encoding="utf-8") == "- [x] done\n"
    text = (tmp_path / "lists" / "legacy-01.md").read_text(encoding="utf-8")
    assert "There is no instance yet" in text
    assert "Old addresses: not known" not in text
