# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugins through ansible-inventory, against the local cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import PATIENCE

DISKS = [{"gib": 20}]
HOSTILE = "{{ lookup('pipe', 'touch pwned') }}"
WORLD: dict[str, Any] = {
    "sources": [
        {"name": "web-01", "id": "s-inventory01", "disks": DISKS},
        {"name": "twin", "id": "s-inventory02", "ipv4": "192.0.2.12", "disks": DISKS},
        {"name": "twin", "id": "s-inventory03", "ipv4": "127.0.0.1", "disks": DISKS},
        {"name": "localhost", "id": "s-inventory04", "ipv4": "192.0.2.14", "hostname": HOSTILE, "disks": DISKS},
        {"name": "static-01", "id": "s-inventory05", "disks": DISKS, "online": False},
    ],
}


def plain(value: Any) -> Any:
    """A value without the mark of ansible-inventory for texts of others (since ansible-core 2.19, for all of them)."""
    if isinstance(value, dict):
        marked = set(value) == {"__ansible_unsafe"}
        return value["__ansible_unsafe"] if marked else {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def listed(folder: Path, **files: Any) -> tuple[dict[str, Any], str]:
    """The inventory of these files as JSON, and what was shown on stderr."""
    command = [sys.executable, "-m", "ansible", "inventory", "--list"]
    for name, content in files.items():
        path = folder / f"{name}.yml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        command += ["-i", str(path)]
    env = {**os.environ, "COLUMNS": "2000"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE,
                          env=env)
    assert done.returncode == 0, done.stderr
    return plain(json.loads(done.stdout)), " ".join(done.stderr.split())


@pytest.mark.sandbox_world(WORLD)
def test_the_sources_are_hosts_and_none_replaces_another_one(sandbox: Any, tmp_path: Path) -> None:
    job = sandbox.call("smc", "CreateReplicationJob", SourceId="s-inventory01", Name="web-01", ImageName="web-01",
                       SystemDiskSize=20, TargetType="Image")["JobId"]  # fmt: skip
    login = {"access_key": sandbox.access_key, "secret_key": sandbox.secret_key, "endpoints": sandbox.endpoints}
    ours = {
        "plugin": "edgelift.ens_migration.smc_sources", "region": sandbox.region, **login, "strict": True,
        "keyed_groups": [{"prefix": "state", "key": "smc_source.state"},
                         {"prefix": "host", "key": "smc_source.hostname"}],
        "compose": {"job": "smc_source.job.status | default('none')", "shown": "smc_source.hostname"},
        "groups": {"small": "smc_source.system_disk_size < 100"},
        "cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache"),
    }  # fmt: skip
    static = {"all": {"hosts": {"static-01": {"ansible_host": "192.0.2.99"}}}}
    edge = {"plugin": "edgelift.ens_migration.ens_instances", "region": sandbox.region, **login}
    found, shown = listed(tmp_path, static=static, smc_sources=ours, ens_instances=edge)
    variables = found["_meta"]["hostvars"]
    addresses = {name: row.get("ansible_host") for name, row in variables.items()}
    assert addresses == {"web-01": "192.0.2.10", "s-inventory02": "192.0.2.12", "s-inventory03": None,
                         "s-inventory04": "192.0.2.14", "static-01": "192.0.2.99"}  # fmt: skip
    assert "2 have the name twin" in shown
    assert "'localhost' cannot be the name of a host" in shown
    assert "static-01" in shown.split("keep their address")[1]
    assert variables["web-01"]["smc_source"]["job"]["job_id"] == job
    assert {row["job"] for row in variables.values()} == {"Ready", "none"}
    assert found["state_Unavailable"]["hosts"] == ["static-01"]
    assert len(found["small"]["hosts"]) == 5
    hostile = variables["s-inventory04"]
    assert (hostile["shown"], hostile["smc_source"]["hostname"]) == (HOSTILE, HOSTILE)
    assert not (tmp_path / "pwned").exists()

    # The second time, the cache answers. A file with an error adds no host, and its message has no secret.
    before = sandbox.get("requests")["next"]
    typo = {**ours, "state": ["Available"]}
    (tmp_path / "wrong").mkdir()
    wrong = {"wrong/ens_instances": {**edge, "region": "", "endpoints": {"smx": "x"}}, "wrong/smc_sources": typo}
    again, shown = listed(tmp_path, smc_sources=ours, **wrong)
    assert again["_meta"]["hostvars"]["web-01"] == variables["web-01"]
    assert sandbox.requests(since=before) == []
    assert "unknown options: state" in shown
    assert "smx" in shown
    assert sandbox.secret_key not in shown
