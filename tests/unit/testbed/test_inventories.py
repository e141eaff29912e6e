# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from testbed.fleet import KNOWN

INVENTORIES = Path(__file__).resolve().parents[3] / "inventories"


def hosts_of(group: dict[str, Any], inherited: dict[str, Any]) -> dict[str, dict[str, Any]]:
    variables = {**inherited, **group.get("vars", {})}
    found = {name: {**variables, **(own or {})} for name, own in group.get("hosts", {}).items()}
    for child in group.get("children", {}).values():
        found.update(hosts_of(child or {}, variables))
    return found


def wave(name: str) -> dict[str, dict[str, Any]]:
    document = yaml.safe_load((INVENTORIES / name / "hosts.yml").read_text())
    assert list(document) == ["wave_01"]
    return hosts_of(document["wave_01"], {})


def test_the_demo_knows_the_addresses_and_accounts_of_the_test_hosts() -> None:
    rows = wave("demo")
    assert {name: (row["ansible_host"], row["ansible_user"]) for name, row in rows.items()} == {
        name: (host.address, host.login) for name, host in KNOWN.items()
    }
    assert all(row.get("ansible_become", False) == (row["ansible_user"] != "root") for row in rows.values())
    assert all("StrictHostKeyChecking=yes" in row["ansible_ssh_common_args"] for row in rows.values())


def test_the_example_gives_every_input_and_no_secret() -> None:
    assert wave("example")
    inputs = yaml.safe_load((INVENTORIES / "example/group_vars/wave_01.yml").read_text())
    assert set(inputs) == {"alicloud_region", "migration_name", "migration_bucket", "agent_url", "agent_sha256"}


def test_only_inventories_are_where_ansible_looks_for_inventories() -> None:
    for folder in INVENTORIES.iterdir():
        assert {path.name for path in folder.iterdir()} == {"hosts.yml", "group_vars"}
