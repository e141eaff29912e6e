# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of the local cloud without QEMU: their machines, addresses, and what follows from an instance's state."""

from __future__ import annotations

import asyncio
import errno
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.local_cloud import START, LocalCloud

from sandbox.__main__ import _Folder
from sandbox.effects import ens_guest
from sandbox.guests import hypervisor, machine
from sandbox.state.clock import iso

GIB = 1024**3
BASE = {"index": 0, "format": "qcow2", "path": "/images/0.img", "virtual_size": 20 * GIB}
DATA = {"index": 1, "format": "raw", "path": "/images/1.img", "virtual_size": 5 * GIB + 512}
RUN = {"Amount": 1, "InstanceType": "ens.sn1.tiny", "ScheduleAreaLevel": "Region", "EnsRegionId": "cn-dalian-unicom",
       "ImageId": "m-unitguests01", "InstanceChargeType": "PostPaid", "PasswordInherit": True,
       "InternetMaxBandwidthOut": 5}

pytestmark = pytest.mark.sandbox_world({"ens_images": [{"name": "web-01", "id": "m-unitguests01"},
                                                       {"name": "empty", "id": "m-unitguests02"}]})


class Recorder:
    """Guests without processes: what they are told."""

    memory, port_offset, outbound = 1024, 0, False

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.off, self.ended, self.refused = True, False, ""

    def place(self, taken: set[int], _pending: int) -> int:
        """As Guests says."""
        if self.refused:
            raise machine.NoAddressError(self.refused)
        return machine.free_place(taken, lambda address: address != "127.0.9.1")

    def run(self, instance_id: str, boots: int, wanted: machine.Machine) -> None:
        """As Guests says."""
        self.told.append(("run", instance_id, boots, wanted))

    def stop(self, instance_id: str, forced: bool) -> None:
        """As Guests says."""
        self.told.append(("stop", instance_id, forced))

    def keep(self, instance_ids: list[str]) -> None:
        """As Guests says."""
        self.told.append(("keep", *instance_ids))

    def is_off(self, _instance_id: str) -> bool:
        """As Guests says."""
        return self.off

    def powered_off(self, _instance_id: str, _boots: int) -> bool:
        """As Guests says."""
        return self.ended


@pytest.fixture
def guests(local: LocalCloud) -> Recorder:
    recorder = Recorder()
    cloud: Any = local.cloud
    cloud.guests = recorder
    cloud.ens_images.update("m-unitguests01", disks=[BASE, DATA])
    return recorder


def follow(local: LocalCloud, guests: Recorder) -> list[tuple[Any, ...]]:
    """What the guests are told for the states of now."""
    guests.told.clear()
    ens_guest.follow(local.cloud)
    return guests.told


def shown(local: LocalCloud) -> dict[str, Any]:
    """The only instance."""
    (row,) = local.ok("ens", "DescribeInstances")["Instances"]["Instance"]
    return dict(row)


def test_the_disks_of_a_guest_are_those_of_its_image_and_empty_ones() -> None:
    disks = machine.disks_of([BASE, DATA], 40, [6, 20])
    assert disks == (machine.Disk(40 * GIB, "/images/0.img", "qcow2"), machine.Disk(6 * GIB, "/images/1.img", "raw"),
                     machine.Disk(20 * GIB))
    assert machine.disks_of([DATA], 5, [])[0].size == DATA["virtual_size"]
    assert machine.overlay(disks[0], Path("/g/0.qcow2")) == [
        "qemu-img", "create", "-q", "-f", "qcow2", "-b", "/images/0.img", "-F", "qcow2", "--", "/g/0.qcow2",
        str(40 * GIB)]
    assert "-b" not in machine.overlay(disks[2], Path("/g/2.qcow2"))


def test_the_command_line_forwards_the_ports_of_the_public_address_and_nothing_else() -> None:
    one = machine.Machine("i-1", 2, 1024, machine.disks_of([BASE, DATA], 20, [6]), "10.0.0.2", "127.0.9.1", 10000)
    words = machine.command(one, Path("/a,b/i-1"))
    (network,) = (word for word in words if word.startswith("user,"))
    assert "restrict=on" in network
    assert "virtio-net-pci,netdev=net0,addr=0x3,romfile=,mac=52:54:00:00:00:02" in words
    assert "dhcpstart=10.0.0.2" in network
    assert [part for part in network.split(",") if part.startswith("hostfwd=")] == [
        "hostfwd=tcp:127.0.9.1:10022-:22", "hostfwd=tcp:127.0.9.1:10080-:80", "hostfwd=tcp:127.0.9.1:10443-:443"]
    assert [word for word in words if ",file=" in word] == [
        "if=none,id=disk0,format=qcow2,file=/a,,b/i-1/0.qcow2", "if=none,id=disk1,format=qcow2,file=/a,,b/i-1/1.qcow2"]
    assert [word for word in words if word.endswith("bootindex=1")] == ["virtio-blk-pci,drive=disk0,bootindex=1"]
    private = machine.Machine("i-1", 2, 1024, (), "10.0.0.2")
    assert not any("hostfwd" in word for word in machine.command(private, Path("/a")))
    outbound = machine.Machine("i-1", 2, 1024, (), "10.0.0.2", outbound=True)
    assert any("restrict=off" in word for word in machine.command(outbound, Path("/a")))


def test_an_address_is_free_for_instances_and_for_other_programs() -> None:
    assert machine.free_place({1, 3}, lambda address: address != "127.0.9.2") == 4
    with pytest.raises(machine.NoAddressError, match=r"127\.0\.9\.1 to 127\.0\.9\.200"):
        machine.free_place(set(), lambda _address: False)


def test_what_prevents_guests_on_this_machine_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.9.254", 0)) as taken:
        offset = taken.getsockname()[1] - machine.PORTS[0]
        assert hypervisor._refusal("127.0.9.254", offset) is not None
        assert hypervisor._refusal("127.0.9.253", offset) is None
    monkeypatch.setattr(hypervisor, "_refusal", lambda _address, _offset: PermissionError())
    with pytest.raises(hypervisor.GuestsError, match=r"may not listen on port 22 of 127\.0\.9\.1"):
        hypervisor._check(0)
    monkeypatch.setattr(hypervisor, "_refusal", lambda _address, _offset: OSError(errno.EADDRINUSE, "in use"))
    with pytest.raises(hypervisor.GuestsError, match=r"10022, 10080, 10443 of .* in use\. A program that listens"):
        hypervisor._check(10000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(hypervisor.GuestsError, match=r"qemu-system-x86_64, qemu-img, setpriv not found\. Install"):
        hypervisor.Guests(tmp_path, 1024, 0)


@pytest.mark.parametrize("own", [True, False])
def test_a_stray_guest_is_ended_and_another_program_is_not(tmp_path: Path, own: bool) -> None:
    file = tmp_path / "pid"
    with subprocess.Popen(["sh", "-c", "read line", str(file) if own else "other"], stdin=subprocess.PIPE) as process:
        hypervisor._end(process.pid, file)
        assert (process.poll() is not None) is own
        process.kill()


def test_a_guest_follows_its_instance(local: LocalCloud, guests: Recorder) -> None:
    (instance_id,) = local.ok("ens", "RunInstances", **RUN)["InstanceIds"]
    # 127.0.9.1 is not free on this machine.
    assert shown(local)["PublicIpAddress"]["IpAddress"] == ["127.0.9.2"]
    assert follow(local, guests) == [("stop", instance_id, False), ("keep", instance_id)]
    local.advance(3600)
    (run, _keep) = follow(local, guests)
    wanted = run[3]
    assert run[:3] == ("run", instance_id, 1)
    assert (wanted.memory, wanted.public_ip, wanted.inner_ip, len(wanted.disks)) == (1024, "127.0.9.2", "10.0.0.3", 2)
    guests.off = False
    local.ok("ens", "StopInstance", InstanceId=instance_id, ForceStop="true")
    assert follow(local, guests)[0] == ("stop", instance_id, True)
    local.advance(3600)
    assert shown(local)["Status"] == "Stopping"
    guests.off = True
    local.advance(1)
    assert shown(local)["Status"] == "Stopped"
    local.ok("ens", "StartInstance", InstanceId=instance_id)
    local.advance(3600)
    assert follow(local, guests)[0][:3] == ("run", instance_id, 2)
    local.ok("ens", "ReleasePostPaidInstance", InstanceId=instance_id)
    assert follow(local, guests) == [("keep",)]


def test_a_reboot_ends_the_guest_and_starts_it_again(local: LocalCloud, guests: Recorder) -> None:
    (instance_id,) = local.ok("ens", "RunInstances", **RUN)["InstanceIds"]
    assert local.code("ens", "RebootInstance", InstanceId=instance_id) == (400, "ens.interface.error")
    assert local.code("ens", "DescribeInstanceVncUrl", InstanceId=instance_id) == (400, "IncorrectInstanceStatus")
    local.advance(3600)
    assert local.ok("ens", "DescribeInstanceVncUrl", InstanceId=instance_id)["VncUrl"].startswith("wss%3A%2F%2F")
    guests.off = False
    local.ok("ens", "RebootInstance", InstanceId=instance_id)
    local.advance(3600)
    assert shown(local)["Status"] == "Starting"
    assert follow(local, guests)[0] == ("stop", instance_id, False)
    guests.off = True
    local.advance(1)
    assert follow(local, guests)[0][:3] == ("run", instance_id, 2)


def test_a_guest_that_switches_itself_off_stops_its_instance(local: LocalCloud, guests: Recorder) -> None:
    local.ok("ens", "RunInstances", **RUN)
    local.advance(3600)
    guests.ended = True
    local.advance(1)
    assert shown(local)["Status"] == "Stopped"


def test_a_guest_ends_with_its_release_time(local: LocalCloud, guests: Recorder) -> None:
    local.ok("ens", "RunInstances", **RUN, AutoReleaseTime=iso(START + 7200))
    local.advance(3600)
    assert follow(local, guests)[0][0] == "run"
    local.advance(7200)
    assert follow(local, guests) == [("keep",)]
    assert local.cloud.meter.report()["running"] == []


def test_without_content_address_or_memory_there_is_no_guest(local: LocalCloud, guests: Recorder) -> None:
    local.ok("ens", "RunInstances", **{**RUN, "ImageId": "m-unitguests02"})
    assert shown(local)["PublicIpAddress"]["IpAddress"] == ["203.0.113.2"]
    assert follow(local, guests) == [("keep",)]
    guests.refused = "this machine has 100 MiB of free memory"
    refused = local.call("ens", "RunInstances", **RUN)
    assert (refused.status, refused.body["Code"]) == (400, "ens.interface.error")
    assert "100 MiB of free memory" in refused.body["Message"]


def test_no_guest_starts_while_all_are_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hypervisor, "_check", lambda _offset: None)
    guests = hypervisor.Guests(tmp_path, 1024, 0)

    class Process:
        pid, returncode, killed = 1, None, False

        def kill(self) -> None:
            self.killed = True

        async def wait(self) -> None:
            """The heartbeat finds another instance that runs, and one of this process that does not any more."""
            guests.run("i-2", 1, machine.Machine("i-2", 1, 1024, (), "10.0.0.2"))
            guests.keep([])

    process: Any = Process()
    first = guests._guests["i-1"] = hypervisor._Guest(1)
    first.process = process
    asyncio.run(guests.close())
    assert (process.killed, guests._guests, list(tmp_path.iterdir())) == (True, {}, [])


def test_a_state_folder_has_one_spelling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The guests of a former process are found by the path of their pid file."""
    (tmp_path / "state").mkdir()
    (tmp_path / "link").symlink_to("state")
    monkeypatch.chdir(tmp_path)
    spellings = [tmp_path / "state", Path("state"), Path("link"), Path("state/../link")]
    assert {_Folder(path).path for path in spellings} == {(tmp_path / "state").resolve()}
