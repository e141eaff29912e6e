# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/launch.yml: one instance per migrated server, an inventory of them, and nothing billed at the end."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from conftest import WORLD
from support.wave import Player, done, run, standing_still, utils

pytestmark = pytest.mark.any_core
WAVE, NODE, EMPTY = "wave", "cn-dalian-unicom", "cn-chenzhou-telecom_unicom_cmcc"
SECRET = "Launch-Secret-77"
HOSTS: dict[str, dict[str, Any]] = {
    "web-01": {"ansible_host": "192.0.2.9", "ansible_port": 2222, "ansible_ssh_common_args": "-J bastion"},
    "old-01": {"ens_region_id": EMPTY},
}


@pytest.fixture
def player(sandbox: Any, tmp_path: Path) -> Player:
    """Runs playbooks on two servers with an ENS image each; the node of the second one has no stock."""
    naming = utils("_rules.naming")
    names = [naming.resource_name(host, naming.migration_id(WAVE, host, host)) for host in HOSTS]
    images = [{"name": name, "id": f"m-launch{number:04}"} for number, name in enumerate(names)]
    sandbox.reset({**WORLD, "ens_images": images, "ens_stock": {EMPTY: 0}})
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": HOSTS}}), encoding="utf-8")
    return Player(cast(Any, SimpleNamespace(folder=tmp_path)), sandbox, tmp_path)


def variables(folder: Path, **changes: Any) -> dict[str, Any]:
    # What is given with -e would replace the variables of the hosts.
    return {
        "migration_name": WAVE, "ens_instance_type": "ens.sn1.tiny", "launch_password": SECRET,
        "launch_poll_interval": 1,
        "launch_ens_region_id": "{{ ens_region_id | default('" + NODE + "') }}", "launch_policy": "release",
        "launch_internet_max_bandwidth_out": 5, "launch_inventory": str(folder / "launched.yml"), **changes,
    }  # fmt: skip


def test_a_wave_is_launched_and_listed_and_a_cleanup_releases_it(sandbox: Any, player: Player, tmp_path: Path) -> None:
    played = player.play("launch.yml", **variables(tmp_path))
    assert (played.code, played.recap["web-01"]["failed"], played.recap["old-01"]["failed"]) == (2, 0, 1), played.output
    assert f"node {EMPTY} has no stock of ens.sn1.tiny" in " ".join(played.output.split())
    (instance,) = sandbox.get("state")["ens_instances"]
    assert (instance["image_id"], instance["state"], instance["node"]) == ("m-launch0000", "Running", NODE)
    written = yaml.safe_load((tmp_path / "launched.yml").read_text(encoding="utf-8"))
    assert written == {"launched": {"hosts": {"web-01": {
        "ansible_host": instance["public_ip"], "ansible_port": 22, "ansible_ssh_common_args": "",
        "ens_instance_id": instance["id"], "ens_instance_node": NODE, "ens_image_id": "m-launch0000",
    }}}}  # fmt: skip
    assert SECRET not in played.output
    swept = run(sandbox, "smc_cleanup", name=WAVE)["cleanup"]
    assert (swept["residual"], [row["kind"] for row in swept["resources"]]) == ([], ["ens_instance"])
    assert standing_still(sandbox)


@pytest.mark.long
def test_a_repetition_changes_nothing(sandbox: Any, player: Player, tmp_path: Path) -> None:
    weak = player.play("launch.yml", "--limit", "web-01", **variables(tmp_path, launch_password="onlylowercase"))
    assert weak.code == 2
    assert "launch_password is refused by ENS" in " ".join(weak.output.split())
    assert "onlylowercase" not in weak.output
    assert sandbox.get("state")["ens_instances"] == []
    checked = player.play("launch.yml", "--limit", "web-01", "--check", **variables(tmp_path))
    assert (checked.code, sandbox.get("state")["ens_instances"]) == (0, []), checked.output
    keep = variables(tmp_path, launch_policy="keep")
    first = player.play("launch.yml", "--limit", "web-01", **keep)
    second = player.play("launch.yml", "--limit", "web-01", **keep)
    assert (first.code, first.changed, second.code, second.changed) == (0, 2, 0, 0), second.output
    assert done(sandbox.requests("ens"), "RunInstances") == 1
    swept = run(sandbox, "smc_cleanup", name=WAVE)["cleanup"]
    assert [row["kind"] for row in swept["kept"]] == ["ens_instance"]
    again = {**keep, "migration_restart": True}
    refused = player.play("launch.yml", "--limit", "web-01", **again, launch_state="absent")
    assert refused.code == 2, refused.output
    assert "has the policy keep" in " ".join(refused.output.split())
    changed = player.play("launch.yml", "--limit", "web-01", **{**again, "launch_policy": "manual"})
    gone = player.play("launch.yml", "--limit", "web-01", **{**again, "launch_policy": "manual"}, launch_state="absent")
    assert (changed.code, gone.code, sandbox.get("state")["ens_instances"]) == (0, 0, []), gone.output
    run(sandbox, "smc_cleanup", name=WAVE)
    assert standing_still(sandbox)


@pytest.mark.long
def test_an_instance_is_committed_or_rolled_back(sandbox: Any, player: Player, tmp_path: Path) -> None:
    def states() -> dict[str, str]:
        return {row["name"][:3]: row["state"] for row in sandbox.get("state")["ens_instances"]}

    options = variables(tmp_path, launch_ens_region_id=NODE, launch_commit_hours=1)
    del options["launch_policy"]
    hook = tmp_path / "hook.yml"
    options["migration_hook_after_rollback"] = str(hook)
    hook.write_text("- ansible.builtin.fail:\n    msg: the services do not start\n", encoding="utf-8")
    nothing = player.play("commit.yml", **options)
    assert (nothing.code, states()) == (2, {}), nothing.output
    launched = player.play("launch.yml", **options)
    committed = player.play("commit.yml", "--limit", "web-01", **options)
    early = player.play("rollback.yml", **options)
    assert (launched.code, committed.code, early.code, early.changed) == (0, 0, 0, 0), early.output
    for row in sandbox.get("state")["ens_instances"]:
        if row["name"].startswith("old-01"):
            past = [{"Key": "edgelift:commit-by", "Value": "2020-01-01T00:00:00Z"}]
            sandbox.call("ens", "TagResources", ResourceType="instance", ResourceIds=[row["id"]], Tags=past)
    late = player.play("commit.yml", "--limit", "old-01", **options)
    assert (late.code, "the time to commit" in " ".join(late.output.split())) == (2, True), late.output
    wrong = player.play("rollback.yml", **options, launch_only_overdue=False)
    assert (wrong.code, states()) == (2, {"web": "Running", "old": "Running"}), wrong.output
    failed = player.play("rollback.yml", **options)
    assert (failed.code, states()) == (2, {"web": "Running", "old": "Stopped"}), failed.output
    hook.write_text("- ansible.builtin.debug:\n    msg: 'again on {{ inventory_hostname }}'\n", encoding="utf-8")
    over = player.play("rollback.yml", **options)
    assert (over.code, states()) == (0, {"web": "Running"}), over.output
    assert ("again on old-01" in over.output, "again on web-01" in over.output) == (True, False)
    again = player.play("rollback.yml", **options)
    assert (again.code, again.changed, states()) == (0, 0, {"web": "Running"}), again.output
