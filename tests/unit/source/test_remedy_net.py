# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP for the migrated server and cloud-init: what is written, that it can be reverted, and that it works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, remedy
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.answers import Record
from support import PATIENCE
from support.shells import SHELLS

pytestmark = pytest.mark.any_core
DASH = ["dash"]
INITS = {
    "systemd": ("run/systemd/system", "etc/systemd/system/multi-user.target.wants"),
    "local.d": ("etc/local.d",),
    "init.d": ("etc/init.d", "etc/rc2.d", "etc/rc3.d", "etc/rc5.d"),
}
STARTS = {
    "systemd": "etc/systemd/system/multi-user.target.wants/edgelift-dhcp.service",
    "local.d": "etc/local.d/edgelift-dhcp.start",
    "init.d": "etc/rc3.d/S99edgelift-dhcp",
}


class Machine:
    """A folder that stands for /, and the fixes in it. The programs are those of this machine, or fakes in bin."""

    def __init__(self, root: Path, shell: list[str]) -> None:
        self.root, self.shell = root, shell
        self.program("systemctl", "exit 0")
        self.program("dhclient", "exit 0")
        for name in ("etc/ssh", "var", "proc"):
            (root / name).mkdir(parents=True)
        self.card("eth0", "00:50:56:00:00:01")
        (root / "proc/cmdline").write_text("quiet\n")

    def program(self, name: str, text: str) -> None:
        (self.root / "bin").mkdir(exist_ok=True)
        (self.root / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.root / "bin" / name).chmod(0o755)

    def card(self, name: str, mac: str, *, physical: bool = True) -> Path:
        device = self.root / "sys/class/net" / name
        (device / "device" if physical else device).mkdir(parents=True)
        (device / "address").write_text(f"{mac}\n")
        return device

    def here(self, text: str) -> str:
        """The text with the paths of this machine's folder."""
        return re.sub(r"(?<=[\s'\"(=])/(?=(etc|run|sys|proc/cmdline)\b)", f"{self.root}/", text)

    def run(self, command: str, *pieces: str) -> list[Record]:
        values = remedy.values(remedy.Wanted(), 0) | {
            "STATE_DIR": f"{self.root}/var/state",
            "FAULTS": "cloud_init dhcp",
        }
        names = ("remedy_look", "remedy_net", *pieces)
        text = "\n".join([self.here("\n".join(map(_script.text, names))), f"PATH={self.root}/bin:$PATH", command])
        script = _script.compose("F", [], {name: self.here(value) for name, value in values.items()}, text)
        words = [*self.shell, "-c", 'eval "$(cat)"']
        done = subprocess.run(words, input=script.encode(), capture_output=True, check=False, timeout=PATIENCE)
        answer = answers.parse("F", done.stdout.decode())
        assert answer is not None, done.stderr
        assert (answer.complete, done.stderr) == (True, b"")
        assert [row for row in answer.records if row.key == "failed"] == []
        return answer.records

    def look(self) -> remedy.Seen:
        safe = 'remedy_safe() { for path in "$@"; do secure "$path" || return 1; done; }'
        return remedy.parse_seen(
            self.run(f"{safe}\nfor fault in $FAULTS; do remedy_$fault; done; lines journal $STATE_DIR/journal")
        )

    def fix(self, fault: str) -> None:
        self.run(f'mkdir -p "$STATE_DIR"; remedy_do_{fault}', "remedy_do")

    def undo(self) -> remedy.Seen:
        return remedy.parse_seen(self.run("remedy_undo", "remedy_undo"))

    def files(self) -> Mapping[str, str]:
        found = {}
        for path in sorted((self.root / "etc").rglob("*")):
            text = os.readlink(path) if path.is_symlink() else path.read_text() if path.is_file() else "folder"
            found[str(path.relative_to(self.root))] = text
        return found


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("init", INITS)
def test_dhcp_is_prepared_verified_and_reverted(shell: list[str], private: Path, init: str) -> None:
    machine = Machine(private, shell)
    for folder in INITS[init]:
        (private / folder).mkdir(parents=True)
    (private / "etc/network-is-kept").write_text("static\n")
    before = machine.files()
    assert machine.look().faults["dhcp"][0] == "needed"
    machine.fix("dhcp")
    assert machine.look().faults["dhcp"][0] == "ok"
    written = machine.files()
    assert (private / STARTS[init]).exists()
    assert written["etc/edgelift-dhcp/sources"] == "00:50:56:00:00:01\n"
    assert {name: text for name, text in written.items() if name in before} == before
    assert machine.undo().left == []
    assert machine.files() == before
    assert not (private / "var/state").exists()


def test_a_source_with_another_card_needs_the_fix_again(private: Path) -> None:
    machine = Machine(private, DASH)
    (private / "etc/local.d").mkdir()
    machine.fix("dhcp")
    machine.card("eth1", "00:50:56:00:00:02")
    assert machine.look().faults["dhcp"][0] == "needed"
    machine.fix("dhcp")
    assert machine.files()["etc/edgelift-dhcp/sources"].split() == ["00:50:56:00:00:01", "00:50:56:00:00:02"]
    assert machine.undo().left == []
    assert "etc/edgelift-dhcp" not in machine.files()


def test_a_source_is_known_by_its_cards_and_not_by_devices_of_software(private: Path) -> None:
    """libvirt and systemd give their bridges the same hardware address on the migrated server."""
    machine = Machine(private, DASH)
    (private / "etc/local.d").mkdir()
    machine.card("virbr0", "52:54:00:00:00:07", physical=False)
    member = machine.card("eth1", "00:50:56:00:00:01") / "bonding_slave"
    member.mkdir()
    (member / "perm_hwaddr").write_text("00:50:56:00:00:02\n")
    machine.fix("dhcp")
    assert machine.files()["etc/edgelift-dhcp/sources"].split() == ["00:50:56:00:00:01", "00:50:56:00:00:02"]


def test_without_a_network_card_dhcp_is_impossible(private: Path) -> None:
    machine = Machine(private, DASH)
    (private / "etc/local.d").mkdir()
    shutil.rmtree(private / "sys/class/net/eth0")
    status, detail = machine.look().faults["dhcp"]
    assert (status, "no network card" in detail) == ("impossible", True)


def test_where_nothing_starts_programs_dhcp_is_impossible(private: Path) -> None:
    status, detail = Machine(private, DASH).look().faults["dhcp"]
    assert (status, "neither systemd" in detail) == ("impossible", True)


@pytest.mark.parametrize("shell", SHELLS)
def test_cloud_init_that_is_switched_off_is_switched_on_and_off_again(shell: list[str], private: Path) -> None:
    machine = Machine(private, shell)
    machine.program("cloud-init", "exit 0")
    for folder in ("run/systemd/system", "etc/systemd/system", "etc/cloud/cloud.cfg.d"):
        (private / folder).mkdir(parents=True)
    disabled = private / "etc/cloud/cloud-init.disabled"
    disabled.write_text("by ops\n")
    disabled.chmod(0o640)
    (private / "etc/systemd/system/cloud-init.service").symlink_to("/dev/null")
    before = machine.files()
    status, detail = machine.look().faults["cloud_init"]
    assert (status, "cloud-init.disabled" in detail, "cloud-init.service" in detail) == ("needed", True, True)
    machine.fix("cloud_init")
    assert machine.look().faults["cloud_init"][0] == "ok"
    written = machine.files()
    assert sorted(set(before) - set(written)) == [
        "etc/cloud/cloud-init.disabled",
        "etc/systemd/system/cloud-init.service",
    ]
    assert "network: {config: disabled}" in written["etc/cloud/cloud.cfg.d/99-edgelift.cfg"]
    assert machine.undo().left == []
    assert machine.files() == before
    assert disabled.stat().st_mode & 0o777 == 0o640


def test_cloud_init_is_installed_with_what_protects_the_source_and_removed_again(private: Path) -> None:
    """Fake: a package manager that writes the program when the configuration of ours is there."""
    machine = Machine(private, DASH)
    config = private / "etc/cloud/cloud.cfg.d/99-edgelift.cfg"
    program = private / "bin/cloud-init"
    listed = f"echo libx; [ ! -e {program} ] || echo cloud-init"
    machine.program("apt-get", f"[ -e {config} ] && printf '#!/bin/sh\\n' >{program} && chmod 755 {program}")
    machine.program("dpkg-query", listed)
    machine.program("dpkg", f'[ "$*" = "--purge cloud-init" ] && rm {program}')
    assert machine.look().faults["cloud_init"] == ("needed", "cloud-init is missing")
    machine.fix("cloud_init")
    seen = machine.look()
    assert seen.faults["cloud_init"][0] == "ok"
    assert "remove the packages cloud-init" in seen.undoable()
    assert machine.undo().left == []
    assert not program.exists()
    assert "etc/cloud" not in machine.files()


def test_a_kernel_that_forbids_cloud_init_is_said(private: Path) -> None:
    machine = Machine(private, DASH)
    (private / "proc/cmdline").write_text("ro cloud-init=disabled\n")
    assert machine.look().faults["cloud_init"][0] == "impossible"


NAMESPACE = """
ip link add v0 type veth peer name v1
ip link set lo up; ip link set v1 up; ip addr add 198.51.100.1/24 dev v1
{before}
: >{root}/leases
busybox udhcpd -f {root}/udhcpd.conf >/dev/null 2>&1 &
server=$!
{shell} {root}/run >{root}/said 2>&1
echo "status $?" >>{root}/said
sleep {settle}
ip -4 -o addr show dev v0 >{root}/addresses
kill $server $(cat {root}/client.pid 2>/dev/null) 2>/dev/null
wait $server
exit 0
"""
SERVER = """start 198.51.100.50
end 198.51.100.59
interface v1
lease_file {root}/leases
pidfile {root}/pid
option subnet 255.255.255.0
"""
HOOK = '#!/bin/sh\ncase $1 in bound | renew) /usr/sbin/ip addr add "$ip/$mask" dev "$interface" ;; esac\n'


def moved(
    root: Path, shell: str, before: str = "", known: str = "00:50:56:00:00:01", lacks: str = ""
) -> tuple[str, str]:
    """What the script says on a machine with one virtio device, and the addresses of the device after it."""
    mac = "02:00:00:00:00:09"
    device = root / "sys/class/net/v0"
    (device / "device").mkdir(parents=True)
    (root / "drivers/virtio_net").mkdir(parents=True)
    (device / "device/driver").symlink_to(root / "drivers/virtio_net")
    (device / "address").write_text(f"{mac}\n")
    (device / "ifindex").write_text("2\n")
    (root / "sources").write_text(f"{known}\n")
    # A bridge that has the same hardware address on each machine.
    (root / "sys/class/net/virbr0").mkdir()
    (root / "sys/class/net/virbr0/address").write_text("00:50:56:00:00:01\n")
    (root / "udhcpd.conf").write_text(SERVER.format(root=root))
    (root / "bin").mkdir()
    for name, text in {
        "hook": HOOK,
        "udhcpc": f'#!/bin/sh\nexec busybox udhcpc -s {root}/bin/hook -p {root}/client.pid "$@"\n',
    }.items():
        (root / "bin" / name).write_text(text)
        (root / "bin" / name).chmod(0o755)
    text = _script.text("dhcp_fallback").replace("own=/etc/edgelift-dhcp", f"own={root}").replace("limit=60", "limit=2")
    text = text.replace("PATH=/usr/sbin", f"PATH={root}/bin:/usr/sbin").replace(
        "/sys/class/net", f"{root}/sys/class/net"
    )
    (root / "run").write_text(re.sub(rf"has (nmcli|systemctl|wicked|dhclient|dhcpcd{lacks})\b", "false", text))
    script = NAMESPACE.format(root=root, shell=shell, before=before, settle=2)
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script],
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return (root / "said").read_text(), (root / "addresses").read_text()


def _namespaces() -> bool:
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "ip", "busybox"))):
        return False
    command = ["unshare", "-n", "ip", "link", "add", "v0", "type", "veth"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_namespaces = pytest.mark.skipif(
    not _namespaces(), reason="needs root, ip, busybox and network namespaces with veth"
)


@needs_namespaces
def test_another_machine_gets_an_address_by_dhcp(private: Path) -> None:
    said, addresses = moved(private, "sh")
    assert "asking DHCP" in said
    assert "198.51.100.5" in addresses, said


STATIC = "ip link set v0 up; ip addr add 10.9.8.7/24 dev v0; ip route add default via 10.9.8.1 dev v0"


@needs_namespaces
def test_without_a_dhcp_client_a_static_address_stays(private: Path) -> None:
    said, addresses = moved(private, "sh", STATIC, lacks="|udhcpc|busybox")
    assert "Nothing was changed\nstatus 1\n" in said
    assert "10.9.8.7" in addresses


@needs_namespaces
def test_a_static_address_that_no_gateway_answers_for_makes_room(private: Path) -> None:
    said, addresses = moved(private, "sh", STATIC)
    assert "198.51.100.5" in addresses, said
    assert "10.9.8.7" not in addresses


@needs_namespaces
def test_on_the_source_nothing_is_done(private: Path) -> None:
    said, addresses = moved(private, "sh", known="02:00:00:00:00:09")
    assert (said, addresses) == ("status 0\n", "")


@needs_namespaces
def test_a_card_of_the_source_that_appears_late_is_recognised(private: Path) -> None:
    mac = "02:00:00:00:00:08"
    late = f"(sleep 1; echo {mac} >{private}/sys/class/net/v0/address) &"
    said, addresses = moved(private, "sh", late, known=mac)
    assert (said, addresses) == ("status 0\n", "")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("sources", [None, ""], ids=["missing", "empty"])
def test_without_the_list_of_cards_nothing_is_done(shell: list[str], private: Path, sources: str | None) -> None:
    if sources is not None:
        (private / "sources").write_text(sources)
    text = _script.text("dhcp_fallback").replace("own=/etc/edgelift-dhcp", f"own={private}")
    # What comes after this check would wait for a device.
    text = text.partition("\nfirst() {")[0] + "\necho continued"
    done = subprocess.run([*shell, "-c", text], capture_output=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"missing or empty" in done.stdout
    assert b"continued" not in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_can_read_the_script(shell: list[str]) -> None:
    text = _script.text("dhcp_fallback").encode()
    done = subprocess.run([*shell, "-n"], input=text, capture_output=True, check=False)
    # ksh93 knows a faster way for arithmetic, and says so.
    said = [line for line in done.stderr.decode().splitlines() if "warning" not in line]
    assert (done.returncode, said) == (0, [])
