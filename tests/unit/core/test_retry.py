# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file with the hosts that may be tried again: what Ansible makes of it, whatever the hosts are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _retry

INNOCENT = ("db-01", "web-02")


def row(host: str, retry: str) -> dict[str, Any]:
    return {"host": host, "retry": retry}


def chosen(folder: Path, content: str, *hosts: str) -> list[str]:
    """Return the hosts that Ansible selects with --limit @file in an inventory of these hosts."""
    path = folder / "retry.txt"
    path.write_text(content, encoding="utf-8")
    inventory = InventoryManager(loader=DataLoader(), sources=None)
    for host in hosts:
        inventory.add_host(host)
    inventory.reconcile_inventory()
    inventory.subset(f"@{path}")
    return [host.name for host in inventory.get_hosts()]


@pytest.mark.parametrize(
    ("status", "settled", "retry"),
    [
        ("migrated", True, ""), ("blocked", False, "fix"), ("failed", True, "again"), ("failed", False, "continue"),
        ("pending", False, "continue"), ("unreachable", False, "continue"),
    ],
)
def test_what_a_retry_does(status: str, settled: bool, retry: str) -> None:
    assert _retry.of(status, settled) == retry


def test_the_file_has_the_hosts_that_a_retry_can_help(tmp_path: Path) -> None:
    rows = [row("web-01", "continue"), row("web-02", ""), row("web-03", "again"), row("db-01", "fix")]
    found = _retry.file(rows, "retry.txt")
    assert found["content"] == "web-01\nweb-03\n"
    assert found["lines"] == ["To try 2 servers again, add this to the same command: --limit @retry.txt"]
    assert _retry.file(rows)["lines"] == []
    assert chosen(tmp_path, found["content"], "web-01", "web-02", "web-03", "db-01") == ["web-01", "web-03"]


def test_a_file_without_hosts_selects_none(tmp_path: Path) -> None:
    found = _retry.file([row("web-02", "")], "retry.txt")
    assert found["lines"] == []
    assert chosen(tmp_path, found["content"], *INNOCENT) == []
    # What an empty file would do:
    assert chosen(tmp_path, "", *INNOCENT) == list(INNOCENT)


@pytest.mark.parametrize(
    "name",
    ["*", "web*", "~.*", "!x", "&x", "all", "ungrouped", "web[0:1]", "web-0?", " web-02", "x\nweb-02", "x\rweb-02",
     "@x", "web-02,x", "", "x\u2028web-02", "-x"],
)
@pytest.mark.parametrize("present", [True, False])
def test_no_name_selects_another_host(name: str, present: bool, tmp_path: Path) -> None:
    found = _retry.file([row(name, "again")], "retry.txt")
    hosts = [*INNOCENT, *([name] if present and name not in ("", "all", "ungrouped") else [])]
    assert chosen(tmp_path, found["content"], *hosts) == []
    assert "Not in retry.txt" in found["lines"][0]
    assert len(found["lines"][0].splitlines()) == 1


@pytest.mark.parametrize("name", ["web-01.example.com", "192.0.2.1", "2001:db8::1", "srv_1", "größe-01", "ec2@eu+1=a"])
def test_ordinary_names_select_their_host(name: str, tmp_path: Path) -> None:
    found = _retry.file([row(name, "again")], "retry.txt")
    assert chosen(tmp_path, found["content"], *INNOCENT, name) == [name]
    assert chosen(tmp_path, found["content"], *INNOCENT) == []


def test_many_odd_names_are_counted() -> None:
    (line,) = _retry.file([row(f"web {number}", "again") for number in range(7)], "retry.txt")["lines"]
    assert line.endswith("'web 0', 'web 1', 'web 2', 'web 3', 'web 4' and 2 more")
