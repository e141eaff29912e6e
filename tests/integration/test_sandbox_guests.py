# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS instances that QEMU boots. Their disks have no system: the firmware says so on the console, and a small boot
sector that writes a word. ``make e2e`` boots whole systems."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.boot_images import SWITCH_OFF, boot_sector, image
from testbed.process import Process

pytestmark = [pytest.mark.any_core, pytest.mark.long,
              pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="QEMU is not installed")]

SMALL = {"boot_memory": 128, "boot_port_offset": 20000,
         "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}


def run(sandbox: Any, image_id: str, **more: Any) -> str:
    """A new instance."""
    answer = sandbox.call("ens", "RunInstances", Amount=1, InstanceType="ens.sn1.tiny", ScheduleAreaLevel="Region",
                          EnsRegionId="cn-dalian-unicom", ImageId=image_id, InstanceChargeType="PostPaid",
                          PasswordInherit=True, InternetMaxBandwidthOut=5, **more)
    return str(answer["InstanceIds"][0])


def status(sandbox: Any, instance_id: str) -> str:
    """Its status, empty once it is gone."""
    rows = sandbox.call("ens", "DescribeInstances", InstanceIds=json.dumps([instance_id]))["Instances"]["Instance"]
    return "".join(row["Status"] for row in rows)


def booted(sandbox: Any, instance_id: str, word: str, times: int = 1) -> Process:
    """The process of a guest, once its console shows a word that often."""
    def told() -> dict[str, Any] | None:
        seen = sandbox.get(f"instances/{instance_id}")
        assert not seen["problem"], seen
        return seen if seen["console"].count(word) >= times else None

    return Process.of(sandbox.until(told)["pid"])


def test_instances_boot_stop_start_and_are_released(start_sandbox: Any, tmp_path: Path) -> None:
    sandbox = start_sandbox(SMALL, "--boot-instances")
    image_id = image(sandbox, tmp_path, "web", [boot_sector("system disk"), boot_sector("data disk")])
    path = Path(sandbox.get(f"images/{image_id}")["disks"][0]["path"])
    before = path.read_bytes()
    first = run(sandbox, image_id, DataDisk=[{"Size": 20}])
    second = run(sandbox, image_id)
    one, other = booted(sandbox, first, "system disk"), booted(sandbox, second, "system disk")
    rows = sandbox.call("ens", "DescribeInstances")["Instances"]["Instance"]
    addresses = [row["PublicIpAddress"]["IpAddress"][0] for row in rows]
    assert len(set(addresses)) == 2
    assert all(address.startswith("127.0.9.") for address in addresses)
    folder = Path(sandbox.get(f"instances/{first}")["file"]).parent
    assert sorted(item.name for item in folder.glob("*.qcow2")) == ["0.qcow2", "1.qcow2", "2.qcow2"]

    sandbox.call("ens", "StopInstance", InstanceId=first, ForceStop="true")
    assert one.wait_gone(PATIENCE)
    sandbox.until(lambda: status(sandbox, first) == "Stopped")
    sandbox.call("ens", "StartInstance", InstanceId=first)
    one = booted(sandbox, first, "system disk", 2)
    sandbox.call("ens", "RebootInstance", InstanceId=first, ForceStop="true")
    assert one.wait_gone(PATIENCE)
    one = booted(sandbox, first, "system disk", 3)
    assert status(sandbox, first) == "Running"

    for instance_id in (first, second):
        sandbox.call("ens", "ReleasePostPaidInstance", InstanceId=instance_id)
    assert one.wait_gone(PATIENCE)
    assert other.wait_gone(PATIENCE)
    sandbox.until(lambda: not folder.exists())
    assert path.read_bytes() == before
    assert sandbox.get("meter")["running"] == []


def test_an_instance_that_switches_itself_off_is_stopped(start_sandbox: Any, tmp_path: Path) -> None:
    sandbox = start_sandbox(SMALL, "--boot-instances")
    instance_id = run(sandbox, image(sandbox, tmp_path, "web", [boot_sector("bye", SWITCH_OFF)]))
    sandbox.until(lambda: status(sandbox, instance_id) == "Stopped")
    assert sandbox.get(f"instances/{instance_id}")["console"].count("bye") == 1
    sandbox.call("ens", "StartInstance", InstanceId=instance_id)
    sandbox.until(lambda: sandbox.get(f"instances/{instance_id}")["console"].count("bye") == 2)
    sandbox.until(lambda: status(sandbox, instance_id) == "Stopped")


def test_a_killed_sandbox_leaves_no_guest_and_boots_it_again(start_sandbox: Any, tmp_path: Path) -> None:
    killed = start_sandbox(SMALL, "--boot-instances")
    instance_id = run(killed, image(killed, tmp_path, "web", [boot_sector("it boots")]))
    guest = booted(killed, instance_id, "it boots")
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait(PATIENCE)
    assert guest.wait_gone(PATIENCE)
    again = start_sandbox(state=killed.greeting["state"])
    guest = booted(again, instance_id, "it boots", 2)
    again.post("snapshot", {"name": "running"})
    again.post("restore", {"name": "running"})
    assert guest.wait_gone(PATIENCE)
    guest = booted(again, instance_id, "it boots")
    assert again.get(f"instances/{instance_id}")["console"].count("it boots") == 1
    again.post("reset", {"buckets": []})
    assert guest.wait_gone(PATIENCE)
    assert not Path(killed.greeting["state"], "blobs", "guests").exists()


def test_an_instance_runs_though_its_image_does_not_boot(start_sandbox: Any, tmp_path: Path) -> None:
    sandbox = start_sandbox(SMALL, "--boot-instances")
    instance_id = run(sandbox, image(sandbox, tmp_path, "garbage", [os.urandom(500).ljust(1024**2, b"x")]))
    guest = booted(sandbox, instance_id, "No bootable device")
    assert status(sandbox, instance_id) == "Running"
    early = run(sandbox, sandbox.get("state")["ens_images"][0]["id"])
    sandbox.until(lambda: status(sandbox, early) == "Running")
    for released in (early, instance_id):
        sandbox.call("ens", "ReleasePostPaidInstance", InstanceId=released)
    assert guest.wait_gone(PATIENCE)
    guests = Path(sandbox.greeting["state"], "blobs", "guests")
    sandbox.until(lambda: list(guests.iterdir()) == [])
    assert sandbox.get("meter")["running"] == []
