# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the network of a source is configured, and what of it works on an ENS instance."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import nic, source
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, netplan
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from support import PATIENCE
from support.shells import SHELLS

from .conftest import Host
from .field_network import FIELD, LOST, NETWORKD, NM, PREDICTABLE, Field, started

FENCE = "EDGELIFT-00"
BY_NAME = {field.name: field for field in FIELD}


def told(root: Path, field: Field, shell: list[str]) -> list[str]:
    """The lines of the probe about the network, in a tree that stands for /."""
    for path, content in {"proc/cmdline": "quiet\n", **field.files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if content.startswith("->"):
            (root / path).symlink_to(content[2:])
        else:
            (root / path).write_text(content, encoding="utf-8")
    for name, mac in field.devices.items():
        (root / "sys/class/net" / name / "device").mkdir(parents=True)
        (root / "sys/class/net" / name / "address").write_text(f"{mac}\n")
    text = re.sub(r"(?<=[\s'\"(=])/(?=(etc|usr|lib|sys|proc)/)", f"{root}/", _script.text("probe_net"))
    script = _script.compose(FENCE, [], {}, f"{text}\nprobe_netconf")
    words = [*shell, "-c", 'eval "$(cat)"']
    done = subprocess.run(words, input=script.encode(), capture_output=True, check=False, timeout=PATIENCE)
    assert done.stderr == b""
    answer = answers.parse(FENCE, done.stdout.decode())
    assert answer is not None
    assert answer.complete
    return ["\t".join((row.key, *row.fields)).replace(str(root), "") for row in answer.records]


def judged(host: Host, field: Field, lines: list[str]) -> dict[str, str]:
    host.extra += lines
    host.tools["cloud-init"] = "/usr/bin/cloud-init" if field.cloud_init else ""
    return {item["id"]: item["evidence"] for item in source.judge(host.probe()) if item["id"].startswith("nic-")}


@pytest.mark.parametrize("field", FIELD, ids=lambda field: field.name)
def test_a_server_of_a_report_is_judged_as_an_engineer_expects(host: Host, tmp_path: Path, field: Field) -> None:
    found = judged(host, field, told(tmp_path, field, ["sh"]))
    assert set(found) == field.findings, field.about
    assert field.evidence in found.get(LOST, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_the_same_lines(tmp_path: Path, shell: list[str]) -> None:
    files = {path: text for field in FIELD for path, text in field.files.items() if "cmdline" not in path}
    field = Field("all", "", "", files)
    here = told(tmp_path / "one", field, shell)
    assert here == told(tmp_path / "two", field, ["sh"])
    assert len([line for line in here if line.startswith("net-file")]) > 20


def test_no_key_or_password_leaves_the_host(tmp_path: Path) -> None:
    secret = "hunter2"
    wifi = f"network:\n  wifis:\n    wlan0:\n      access-points:\n        home:\n          password: {secret}\n"
    folded = (
        f"network:\n  ethernets:\n    eth0:\n      auth:\n        password: >-\n          {secret}\n      dhcp4: true\n"
        f"  tunnels:\n    wg0:\n      mode: wireguard\n      keys:\n        private: {secret}\n      peers:\n"
        f"      - keys:\n          shared: {secret}\n  modems:\n    cdc-wdm0: {{pin: {secret}}}\n  version: 2\n"
    )
    files = {
        "etc/netplan/10-wifi.yaml": wifi,
        "etc/netplan/20-folded.yaml": folded,
        "etc/network/interfaces": f"auto wlan0\niface wlan0 inet dhcp\n wpa-psk {secret}\n"
        f" up mount -o password={secret}\niface wlan1 inet dhcp\n wpa-psk router-{secret}\n up call router {secret}\n",
        "etc/sysconfig/network-scripts/ifcfg-wlan0": f"DEVICE=wlan0\nKEY={secret}\nIEEE_8021X_PASSWORD={secret}\n",
        "etc/NetworkManager/system-connections/vpn": f"[connection]\nid=vpn\ntype=vpn\n[vpn-secrets]\n"
        f"IPSec secret={secret}\n",
        "etc/systemd/network/wg.netdev": f"[NetDev]\nKind=wireguard\n[WireGuard]\nPrivateKey={secret}\n"
        f"PresharedKey={secret}\n",
        "etc/cloud/cloud.cfg.d/1.cfg": f"users:\n- passwd: {secret}\nnetwork:\n  config:\nchef:\n  config: {secret}\n",
    }
    lines = told(tmp_path, Field("secrets", "", "", files), ["sh"])
    assert len([line for line in lines if line.startswith("net-file")]) == len(files)
    assert secret not in "\n".join(lines)
    # What comes after a section with secrets is read.
    assert "net-line\t      dhcp4: true" in lines
    assert "net-line\t  version: 2" in lines


def test_a_section_with_secrets_is_left_out_and_the_rest_of_the_file_is_understood(host: Host, tmp_path: Path) -> None:
    text = "network:\n  wifis:\n    wlan0:\n      access-points: {home: {password: x}}\n  ethernets:\n    any:\n"
    files = {**PREDICTABLE, "etc/netplan/1.yaml": f"{text}      match: {{name: 'en*'}}\n      dhcp4: true\n"}
    field = Field("wifi", "", "", files)
    assert judged(host, field, told(tmp_path, field, ["sh"])) == {}


@pytest.mark.parametrize(("kind", "found"), [("ether", set()), ("!loopback", set()), ("wlan", {LOST})])
def test_a_file_of_networkd_for_another_type_of_device_does_not_count(
    host: Host, tmp_path: Path, kind: str, found: set[str]
) -> None:
    text = f"[Match]\nType={kind}\n[Network]\nDHCP=yes\n"
    field = Field("type", "", "", {**NETWORKD, "etc/systemd/network/50-any.network": text})
    assert set(judged(host, field, told(tmp_path, field, ["sh"]))) == found


def test_ifupdown_starts_a_device_that_another_file_names(host: Host, tmp_path: Path) -> None:
    files = {**started("networking"), "etc/network/interfaces.d/eth0": "iface eth0 inet dhcp\n"}
    field = Field("auto", "", "", {**files, "etc/network/interfaces": "allow-hotplug eth0\nsource interfaces.d/*\n"})
    assert judged(host, field, told(tmp_path / "one", field, ["sh"])) == {}
    field = Field("manual", "", "", files)
    assert list(judged(Host(), field, told(tmp_path / "two", field, ["sh"]))) == ["nic-unknown"]


def test_a_part_of_a_bond_is_found_by_its_key_in_netplan() -> None:
    text = "network: {ethernets: {a: {match: {name: 'en*'}}, b: {}}, bonds: {bond0: {interfaces: [a]}}}"
    plans = netplan.read("/etc/netplan/1.yaml", [text])
    assert [(plan.name, plan.member) for plan in plans] == [("en*", True), ("b", False), ("bond0", False)]


def test_files_without_end_are_cut_and_that_is_said(host: Host, tmp_path: Path) -> None:
    field = Field("long", "", "", {"etc/network/interfaces": "iface eth0 inet dhcp\n" * 5000 + "x" * 100_000})
    lines = told(tmp_path, field, ["sh"])
    assert len(lines) < 200
    assert "/etc/network/interfaces" in judged(host, field, lines)["nic-unknown"]


@pytest.mark.parametrize(
    ("line", "finding"), [("needs-root\tnetwork configuration", "needs-root"), ("expired\tnetconf\t4", "probe-expired")]
)
def test_where_not_all_was_read_no_fix_is_suggested_for_it(host: Host, line: str, finding: str) -> None:
    host.extra += ["net-naming\tkernel\t", "net-file\tifcfg\t/etc/ifcfg-eth0", "net-line\tDEVICE=eth7"]
    host.uid, host.tools["cloud-init"] = "1000", ""
    assert LOST in {item["id"] for item in source.judge(host.probe())}
    host.extra.append(line)
    found = source.judge(host.probe())
    assert finding in {item["id"] for item in found}
    assert "remediate_dhcp" not in {item["remediation"] for item in found}


def test_a_host_without_any_file_is_not_known(host: Host, tmp_path: Path) -> None:
    field = Field("none", "", "", {})
    assert list(judged(host, field, told(tmp_path, field, ["sh"]))) == ["nic-unknown"]


def test_networkmanager_alone_asks_dhcp(host: Host, tmp_path: Path) -> None:
    field = Field("nm", "", "", NM)
    assert judged(host, field, told(tmp_path, field, ["sh"])) == {}


def test_a_private_name_server_in_a_file_that_no_program_writes_is_reported(host: Host) -> None:
    host.extra += ["net-naming\tkernel\t", "resolver\tnameserver\t10.0.0.2", "net-file\tifcfg\t/etc/ifcfg-eth0"]
    host.extra += ["net-line\tDEVICE=eth0", "net-line\tBOOTPROTO=none", "net-line\tIPADDR=10.0.0.9"]
    found = {item["id"]: item["evidence"] for item in source.judge(host.probe())}
    assert found["nic-name-servers"] == "10.0.0.2 in /etc/resolv.conf"


@pytest.mark.parametrize(
    "text",
    [
        "network: [1, 2",
        "network: &a\n  ethernets: *a\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nnetwork: {ethernets: {eth0: {addresses: *b}}}\n",
        "[" * 5000,
        "network: {ethernets: 7}",
        "network: {ethernets: {eth0: [1], eth1: {routes: 7, match: x, nameservers: []}}}",
        "!!python/object/apply:os.system ['true']",
        "network:\n  ethernets:\n    eth0:\n      addresses: [{10.0.0.1/8: {lifetime: 0}}, 'fe80::1/64']\n",
        "{{ lookup('pipe', 'id') }}",
    ],
)
def test_no_text_of_a_host_breaks_the_reader(text: str) -> None:
    for plan in netplan.read("/etc/netplan/1.yaml", text.split("\n")):
        assert isinstance(plan.addresses, list)


def test_the_names_of_the_device_follow_from_the_rules(host: Host) -> None:
    host.extra += ["net-naming\tkernel\t", "net-generator\t/lib/x", "net-file\tudev\t/etc/udev/rules.d/70-net.rules"]
    assert nic.names(host.probe()) == ("eth0",)
    host.extra += ['net-line\tATTR{address}=="00:00:00:00:00:01", NAME="eth0"']
    host.extra += ['net-line\tATTR{address}=="00:00:00:00:00:02", NAME="eth2"']
    assert nic.names(host.probe()) == ("eth1",)
