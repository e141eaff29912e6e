# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of launched instances, read back by Ansible: names and addresses come from the cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, naming
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._launch import inventory

OPTIONS = {"name": "wave_01", "group": "launched", "address": "public", "port": 22}


def instance(host: str, **changes: Any) -> dict[str, Any]:
    identity = naming.migration_id("wave_01", host, "machine")
    tags = {row["Key"]: row["Value"] for row in instances.tags("wave_01", host, identity, "keep", {})}
    return {
        "instance_id": "i-1", "instance_name": naming.resource_name(host, identity), "status": "Running",
        "ens_region_id": "cn-dalian-unicom", "image_id": "m-1", "private_ips": ["10.0.0.2"],
        "public_ips": ["203.0.113.2"], "tags": tags, **changes,
    }  # fmt: skip


def hosts_of(text: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Return what Ansible reads: the hosts of the group with their variables."""
    file = folder / "launched.yml"
    file.write_text(text, encoding="utf-8")
    manager = InventoryManager(DataLoader(), sources=[str(file)])
    own = ("inventory_file", "inventory_dir")
    rows = {host.name: dict(host.vars) for host in manager.groups["launched"].hosts}
    return {host: {name: value for name, value in row.items() if name not in own} for host, row in rows.items()}


def test_the_connection_is_replaced_and_the_rest_stays_in_the_old_inventory(tmp_path: Path) -> None:
    old = {"ansible_host": "10.9.9.9", "ansible_port": 2222, "ansible_connection": "community.docker.docker",
           "ansible_ssh_common_args": "-J bastion", "ansible_user": "admin", "db_password": "secret"}  # fmt: skip
    made = inventory([instance("web-01")], {"web-01": old, "db-01": {}}, OPTIONS)
    assert hosts_of(made["text"], tmp_path) == {"web-01": {
        "ansible_host": "203.0.113.2", "ansible_port": 22, "ansible_connection": "ssh", "ansible_ssh_common_args": "",
        "ens_instance_id": "i-1", "ens_instance_node": "cn-dalian-unicom", "ens_image_id": "m-1",
    }}  # fmt: skip
    assert "secret" not in made["text"]
    assert made["table"][2].split() == ["web-01", "i-1", "cn-dalian-unicom", "Running", "keep", "203.0.113.2"]
    assert made["left_out"] == []


@pytest.mark.parametrize(
    "host",
    ["web-01", "web.example.com", "ünïcode", "a b", "yes", "123", "1.5", "null", "2001:db8::1",
     "{{ lookup('pipe', 'id') }}", "!vault", "&a", "x" * 130, "web: 1", "'", "#"],
)  # fmt: skip
def test_a_name_is_read_back_as_this_one_host(host: str, tmp_path: Path) -> None:
    made = inventory([instance(host)], {host: {}}, OPTIONS)
    assert list(hosts_of(made["text"], tmp_path)) == [host]


@pytest.mark.parametrize("host", ["web[1:9]", "web-01:2222", "web\n01", " "])
def test_a_name_that_would_be_read_as_something_else_is_left_out(host: str, tmp_path: Path) -> None:
    made = inventory([instance("db-01"), instance(host)], {host: {}, "db-01": {}}, OPTIONS)
    assert list(hosts_of(made["text"], tmp_path)) == ["db-01"]
    assert len(made["left_out"]) == 1


@pytest.mark.parametrize(
    ("changes", "address"),
    [({}, "203.0.113.2"), ({"public_ips": []}, "10.0.0.2"), ({"public_ips": ["{{ x }}"]}, "10.0.0.2"),
     ({"public_ips": ["2001:db8::5"]}, "2001:db8::5")],
)  # fmt: skip
def test_only_an_address_becomes_the_address(changes: dict[str, Any], address: str) -> None:
    made = inventory([instance("web-01", **changes)], {"web-01": {}}, OPTIONS)
    assert yaml.safe_load(made["text"])["launched"]["hosts"]["web-01"]["ansible_host"] == address


def test_text_of_the_cloud_that_is_no_plain_id_is_not_written() -> None:
    evil = "{{ lookup('pipe', 'id') }}"
    made = inventory([instance("web-01", instance_id=evil, image_id=evil)], {"web-01": {}}, OPTIONS)
    assert "lookup" not in made["text"]


def test_instances_of_others_and_of_unknown_hosts_are_left_out() -> None:
    foreign = instance("web-01", tags={naming.WAVE_TAG: "wave_01", naming.HOST_TAG: "web-01"})
    lost = instance("web-02")
    nowhere = instance("web-03", private_ips=[], public_ips=[])
    made = inventory([foreign, lost, nowhere], {"web-01": {}, "web-03": {}}, OPTIONS)
    assert yaml.safe_load(made["text"]) == {"launched": {"hosts": {}}}
    assert made["left_out"] == ["web-02: the inventory of this run has no such host", "web-03: ENS shows no address"]
    shown = [line.rpartition("  ")[2] for line in made["table"][2:]]
    assert shown == [text.partition(": ")[2] for text in made["left_out"]]


@pytest.mark.parametrize(
    ("rows", "hosts", "reason"),
    [
        (["web-01", "web-01"], ["web-01"], "2 instances have this host name"),
        (["x" * 130], ["x" * 130, "x" * 129], "the names of 2 hosts begin with these 128 characters"),
    ],
)
def test_a_host_never_gets_the_address_of_another_machine(rows: list[str], hosts: list[str], reason: str) -> None:
    found = [instance(host, instance_id=f"i-{number}") for number, host in enumerate(rows)]
    made = inventory(found, {host: {} for host in hosts}, OPTIONS)
    assert yaml.safe_load(made["text"]) == {"launched": {"hosts": {}}}
    assert [text.partition(": ")[2] for text in made["left_out"]] == [reason] * len(rows)


def test_the_private_address_can_be_chosen_and_the_group_must_be_a_name() -> None:
    made = inventory([instance("web-01")], {"web-01": {}}, {**OPTIONS, "address": "private", "port": 2222})
    row = yaml.safe_load(made["text"])["launched"]["hosts"]["web-01"]
    assert (row["ansible_host"], row["ansible_port"]) == ("10.0.0.2", 2222)
    with pytest.raises(AnsibleFilterError, match="launch_group"):
        inventory([], {}, {**OPTIONS, "group": "a b"})
