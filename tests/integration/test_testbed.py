# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source servers as whoever comes over SSH sees them, and what is left when they are gone."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import PATIENCE
from testbed.__main__ import CACHE
from testbed.fleet import KNOWN, MIB, fleet
from testbed.hosts import Bed, BedError
from testbed.privilege import Way, choose
from testbed.process import Process, descendants
from testbed.rootfs import rootfs

pytestmark = pytest.mark.any_core

NAMES = ["web-01", "db-01", "legacy-01", "luks-01", "arm-01", "twin-01", "off-01"]
BROKEN = {"luks-01": ["luks-root"], "arm-01": ["arm64"], "twin-01": ["same-as:web-01"], "off-01": ["down"]}


@pytest.fixture(scope="module")
def way() -> Way:
    return choose()


@pytest.fixture(scope="module")
def root_archive(way: Way) -> Path:
    return rootfs(CACHE, way)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory, way: Way, root_archive: Path) -> Iterator[Bed]:
    bed = Bed(tmp_path_factory.mktemp("bed"), port=0)
    bed.up(fleet(NAMES, BROKEN), root_archive, way)
    yield bed
    bed.down()


def ask(bed: Bed, name: str, command: str) -> str:
    done = subprocess.run([*bed.command(name), command], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, f"{name}: {command}: {done.stderr}"
    return done.stdout.strip()


def mounts_of(bed: Bed) -> list[str]:
    return [line for line in Path("/proc/mounts").read_text().splitlines() if str(bed.folder) in line]


@pytest.mark.parametrize("name", ["web-01", "db-01", "legacy-01"])
def test_each_is_a_separate_machine(bed: Bed, name: str) -> None:
    host = KNOWN[name]
    assert ask(bed, name, "hostname") == name
    assert ask(bed, name, "cat /etc/machine-id") == host.machine_id
    become = "" if host.login == "root" else "sudo -n "
    assert ask(bed, name, f"{become}cat /sys/class/dmi/id/product_uuid") == host.product_uuid
    assert ask(bed, name, f"{become}id -u") == "0"
    assert int(ask(bed, name, "ls -d /proc/[0-9]* | wc -l")) < 20


@pytest.mark.parametrize(("name", "sizes"), [("web-01", {"vda": 20}), ("db-01", {"vda": 20, "vdb": 20, "vdc": 40})])
def test_the_kernel_shows_the_disks(bed: Bed, name: str, sizes: dict[str, int]) -> None:
    told = ask(bed, name, "cd /sys/block; for d in vd*; do echo $d $(cat $d/size) $(stat -c %s /dev/$d); done")
    rows = [line.split() for line in told.splitlines()]
    assert rows == [[disk, str(gib * 1024**3 // 512), str(gib * 1024**3)] for disk, gib in sizes.items()]
    assert ask(bed, name, "while read -r s m x; do [ $m != / ] || echo $s; done </proc/mounts") == "/dev/vda1"


def test_data_disks_are_mounted(bed: Bed) -> None:
    told = ask(bed, "db-01", "while read -r s m x; do case $s in /dev/vd*) echo $s $m;; esac; done </proc/mounts")
    assert told.splitlines() == ["/dev/vda1 /", "/dev/vdb1 /data/vdb", "/dev/vdc1 /data/vdc"]


def test_a_disk_reads_as_its_image_and_writing_to_it_stays_on_the_host(bed: Bed) -> None:
    image = bed.disks / "db-01" / "vdb"
    with image.open("rb") as disk:
        disk.seek(MIB)
        expected = hashlib.sha256(disk.read(2 * MIB)).hexdigest()
    summed = "sudo -n sh -c 'dd if=/dev/vdb bs=1M skip=1 count=2 2>/dev/null | sha256sum'"
    assert ask(bed, "db-01", summed).split()[0] == expected
    ask(bed, "db-01", "sudo -n sh -c 'echo changed | dd of=/dev/vdb bs=1M seek=1 conv=notrunc 2>/dev/null'")
    assert ask(bed, "db-01", summed).split()[0] != expected
    with image.open("rb") as disk:
        disk.seek(MIB)
        assert hashlib.sha256(disk.read(2 * MIB)).hexdigest() == expected


def test_legacy_has_a_shell_and_no_python(bed: Bed) -> None:
    assert ask(bed, "legacy-01", "command -v python3 python perl bash curl || echo none") == "none"
    assert ask(bed, "legacy-01", "readlink /bin/sh") == "/bin/busybox"
    assert "CentOS release 6" in ask(bed, "legacy-01", "cat /etc/redhat-release")


def test_files_travel_by_sftp(bed: Bed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    words = bed.command("legacy-01")
    target = words.pop()
    port = words.index("-p")
    command = ["sftp", "-b", "-", *words[1:port], "-P", words[port + 1], target]
    subprocess.run(command, input=f"put {tmp_path / 'file'} /tmp/file", text=True, check=True, capture_output=True)
    assert ask(bed, "legacy-01", "cat /tmp/file") == "content"


def test_a_process_survives_the_session_that_started_it(bed: Bed) -> None:
    ask(bed, "legacy-01", "setsid sleep 300 >/dev/null 2>&1 </dev/null & echo $! >/tmp/pid")
    assert ask(bed, "legacy-01", "kill -0 $(cat /tmp/pid) && echo alive; kill $(cat /tmp/pid)") == "alive"


def test_unfit_hosts_look_unfit(bed: Bed) -> None:
    assert ask(bed, "arm-01", "uname -m") == "aarch64"
    assert ask(bed, "luks-01", "head -n 1 /proc/mounts").startswith("/dev/mapper/cryptroot / ")
    assert ask(bed, "luks-01", "cat /sys/block/dm-0/dm/uuid").startswith("CRYPT-LUKS2-")


def test_a_twin_is_the_same_machine_and_a_dead_host_does_not_answer(bed: Bed) -> None:
    who = "cat /etc/machine-id; sudo -n cat /sys/class/dmi/id/product_uuid; hostname"
    assert ask(bed, "twin-01", who) == ask(bed, "web-01", who)
    keys = {line.split()[0].partition("]")[0][1:]: line.split()[2] for line in (bed.ssh / "known_hosts").open()}
    assert keys["127.0.11.1"] == keys[bed.command("twin-01")[-1].partition("@")[2]]
    dead = subprocess.run([*bed.command("off-01"), "true"], capture_output=True, text=True, check=False)
    assert dead.returncode == 255
    assert "Connection refused" in dead.stderr


def test_one_host_can_lose_its_power(bed: Bed) -> None:
    bed.stop("arm-01")
    assert [host.name for host in bed.status() if not host.alive] == ["arm-01"]
    assert ask(bed, "web-01", "echo on") == "on"


def test_one_host_can_restart_with_its_files_and_without_its_processes(bed: Bed) -> None:
    ask(bed, "legacy-01", "echo kept >/root/note; setsid sleep 321 >/dev/null 2>&1 </dev/null &")
    before = {host.name: host.pid for host in bed.status()}
    bed.restart("legacy-01")
    assert ask(bed, "legacy-01", "cat /root/note; hostname; grep -qs sl[e]ep /proc/[0-9]*/cmdline || echo none") == (
        "kept\nlegacy-01\nnone"
    )
    after = {host.name: host.pid for host in bed.status() if host.alive}
    assert {name for name, pid in after.items() if before[name] != pid} == {"legacy-01"}


def test_nothing_stays_after_down(tmp_path: Path, way: Way, root_archive: Path) -> None:
    bed = Bed(tmp_path / "bed", port=0)
    bed.up(fleet(["web-01", "legacy-01"]), root_archive, way)
    told = [host.pid for host in bed.status()]
    everyone = [Process.of(pid) for host in told for pid in [host, *descendants(host)]]
    subprocess.run([*bed.command("web-01"), "setsid sleep 300 >/dev/null 2>&1 </dev/null &"], check=True)
    assert mounts_of(bed) == []
    bed.down()
    assert not any(process.is_alive() for process in everyone)
    assert list(bed.folder.iterdir()) == []


def test_up_again_after_everything_was_killed(tmp_path: Path, way: Way, root_archive: Path) -> None:
    if way.name == "sudo":
        pytest.skip("the hosts belong to root")
    bed = Bed(tmp_path / "bed", port=0)
    try:
        bed.up(fleet(["web-01"]), root_archive, way)
        (old,) = bed.status()
        ask(bed, "web-01", "touch /tmp/trace")
        os.kill(old.pid, signal.SIGKILL)
        again = Bed(tmp_path / "bed", bed.port)
        again.up(fleet(["web-01"]), root_archive, way)
        assert [host.alive for host in again.status()] == [True]
        assert ask(again, "web-01", "ls /tmp") == ""
    finally:
        bed.down()


def test_an_address_that_is_taken_is_named(bed: Bed, tmp_path: Path, way: Way, root_archive: Path) -> None:
    with pytest.raises(BedError, match=rf"web-01 cannot have 127\.0\.11\.1:{bed.port}: Address already in use"):
        Bed(tmp_path / "second", bed.port).up(fleet(["web-01"]), root_archive, way)
