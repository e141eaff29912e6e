# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses of inventory hosts: no row replaces another one, the controller or a group."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._inventory import hosts

pytestmark = pytest.mark.any_core


def row(identity: str, name: str = "", **tags: str) -> dict[str, Any]:
    return {"source_id": identity, "name": name, "tags": tags}


def names(*rows: dict[str, Any], wanted: tuple[str, ...] = ("name",), **others: str) -> hosts.Named:
    return hosts.named(rows, "source_id", wanted, others)


def test_every_row_has_a_separate_host() -> None:
    twins, named = [row("s-1", "web"), row("s-2", "web")], [row("s-5", "db"), row("s-6", "s-6")]
    found = names(*twins, row("s-3"), row("s-4", "s-1"), *named)
    assert found.hosts == {"s-1": "s-1", "s-2": "s-2", "s-3": "s-3", "s-4": "s-4", "s-5": "db", "s-6": "s-6"}
    assert found.under_id == [
        "s-1: 2 have the name web", "s-2: 2 have the name web", "s-3: it has no name",
        "s-4: its name is the ID s-1 of another one",
    ]


@pytest.mark.parametrize("name", [
    "all", "ungrouped", "localhost", "LocalHost", "127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "web 01", "web,db",
    "*", "!web", "~web", "web[1:9]", "web:22", "../web", "-i", "web\n", "\x1b[2J", "{{ x }}", "x" * 129, "web\u202e",
    "we\u0301b",
])  # fmt: skip
def test_a_name_with_another_meaning_is_not_used(name: str) -> None:
    assert not hosts.usable(name)
    found = names(row("s-1", name))
    assert found.hosts == {"s-1": "s-1"}
    assert found.under_id[0].isprintable()


@pytest.mark.parametrize("name", ["web-01", "web_01.example.com", "生产服务器", "10.0.0.7", "allegro"])
def test_an_ordinary_name_is_used(name: str) -> None:
    assert names(row("s-1", name)).hosts == {"s-1": name}


def test_the_first_usable_value_counts() -> None:
    rows = [row("s-1", "one", host="web"), row("s-2", "two"), row("s-3", "three", host="all")]
    assert list(names(*rows, wanted=("tag:host", "name")).hosts.values()) == ["web", "two", "three"]
    assert names(*rows, wanted=()).hosts == {"s-1": "s-1", "s-2": "s-2", "s-3": "s-3"}


def test_a_host_of_another_row_in_the_inventory_is_not_replaced() -> None:
    assert names(row("s-1", "web"), web="s-9").under_id == ["s-1: the inventory has the host web with the ID s-9"]
    assert names(row("s-1", "web"), web="s-1").hosts == {"s-1": "web"}


@pytest.mark.parametrize(("texts", "address"), [
    ([], ""), (["", "{{ x }}", "web-01", "10.0.0.1\n"], ""), (["127.0.0.1", "::1", "0.0.0.0", "224.0.0.1"], ""),
    (["127.0.0.1", "10.0.0.1", "10.0.0.2"], "10.0.0.1"), (["2001:DB8::5"], "2001:db8::5"),
])  # fmt: skip
def test_only_an_address_of_another_machine_is_an_address(texts: list[str], address: str) -> None:
    assert hosts.address(texts) == address
