# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that boot or are reached in a way that would be lost: what is said of them."""

from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import source

from .conftest import Host


def test_a_proxy_that_is_switched_off_is_no_way_out(host: Host) -> None:
    """SUSE keeps the addresses of proxies in /etc/sysconfig/proxy when they are switched off (yast2-proxy)."""
    host.extra += ['proxy\t/etc/sysconfig/proxy\tPROXY_ENABLED="no"', 'proxy\t/etc/sysconfig/proxy\tHTTP_PROXY="http://p:8"']
    assert host.probe()["proxies"] == []
    host.extra[-2] = 'proxy\t/etc/sysconfig/proxy\tPROXY_ENABLED="yes"'
    assert host.probe()["proxies"] == [{"source": "/etc/sysconfig/proxy", "line": "HTTP_PROXY=http://p:8"}]


def test_an_initramfs_that_was_not_read_in_time_is_not_missing(host: Host) -> None:
    host.boot = [line for line in host.boot if not line.startswith("initramfs")]
    host.boot += ["initramfs-of\t/boot/initrd.img-6.1.0-28-amd64", "expired\tinitramfs\t10"]
    found = {item["id"]: item["evidence"] for item in source.judge(host.probe())}
    assert found["virtio-unknown"] == "/boot/initrd.img-6.1.0-28-amd64 was not read: it was not read in time"
    assert "virtio-missing" not in found


CONTAINERS = {
    "container\tdocker\t/.dockerenv": "docker (/.dockerenv)",
    "container\topenvz\t/proc/vz": "openvz (/proc/vz)",
    "container\tlxc\t/proc/1/environ": "lxc (/proc/1/environ)",
    "container\twsl\t5.15.90-microsoft-standard-WSL2": "wsl (5.15.90-microsoft-standard-WSL2)",
    "virt\tsystemd-nspawn": "systemd-nspawn (systemd-detect-virt)",
}


@pytest.mark.parametrize("line", CONTAINERS)
def test_a_container_is_not_clear(host: Host, line: str) -> None:
    host.extra.append(line)
    found = {item["id"]: item for item in source.judge(host.probe())}
    assert found["is-container"]["severity"] == "blocker"
    assert found["is-container"]["evidence"] == f"the host is a container: {CONTAINERS[line]}"


def test_a_file_system_of_fstab_without_a_device_is_a_risk(host: Host) -> None:
    host.extra.append("fstab-missing\tUUID=0f1e\t/data")
    found = {item["id"]: item["evidence"] for item in source.judge(host.probe())}
    assert found == {"fstab-missing": "no device for /data (UUID=0f1e)"}


def test_a_boot_folder_that_is_not_mounted_is_a_risk(host: Host) -> None:
    host.extra.append("fstab\tUUID=a\t/boot")
    found = {item["id"]: item["evidence"] for item in source.judge(host.probe())}
    assert found == {"kernel-elsewhere": "/boot of /etc/fstab is not mounted"}
    host.extra.append("mount\t/dev/vda1\t/boot\text4\trw")
    assert source.judge(host.probe()) == []
