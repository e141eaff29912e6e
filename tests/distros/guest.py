# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One guest under QEMU, without hardware acceleration: from its disks to the answer of the probe."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from guests import image, initrd, qemu
from guests.machine import identity
from guests.roots import NICE
from testbed.ssh import make_key

from distros.manifest import System

INITS = {"systemd": "/sbin/init", "sysvinit": "/sbin/init", "none": "/record/run"}
UNIT = """\
[Unit]
Description=Ask this system with the probe

[Service]
Type=oneshot
ExecStart=/record/run

[Install]
WantedBy=multi-user.target
"""
# The probe comes when the data disk is mounted, with both of its paths, not while udev sets it up.
READY = 'grep -q " /srv " /proc/mounts && { [ ! -e /dev/sda ] || [ -e /sys/block/dm-0/slaves/sdb ]; }'
WAIT = f"ExecStartPre=-/bin/sh -c 'n=0; until {READY} || [ $$n -ge 120 ]; do sleep 1; n=$$((n + 1)); done'\n"
RESOLVER = "nameserver 192.0.2.53\n"
SECONDS = 1200


class GuestError(RuntimeError):
    """A guest that gave no answer; the text names its console's log."""


@dataclass(frozen=True)
class Told:
    """What a system answered, and when it was asked and had answered, by the clock of this machine, in seconds."""

    text: str
    asked: tuple[float, float]


def dress(system: System, tree: Path, script: str) -> None:
    """Put the probe and what starts it into a root file system; the probe itself looks at none of this."""
    record = tree / "record"
    record.mkdir()
    (record / "script").write_text(script, encoding="utf-8")
    (record / "user").write_text(f"{system.machine.user}\n", encoding="utf-8")
    shutil.copy2(Path(__file__).with_name("guest_run.sh"), record / "run")
    (record / "run").chmod(0o755)
    (tree / "etc/hostname").write_text(f"{system.name}\n", encoding="utf-8")
    # mmdebstrap leaves the resolver of this machine, and sshd was given its keys when the package was installed.
    (tree / "etc/resolv.conf").write_text(RESOLVER, encoding="utf-8")
    keys = list((tree / "etc/ssh").glob("ssh_host_*"))
    for path in keys:
        path.unlink()
    if keys:
        make_key(tree / "etc/ssh/ssh_host_ed25519_key", f"root@{system.name}")
    if system.machine.init == "systemd":
        wants = tree / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        unit = UNIT.replace("ExecStart=", WAIT + "ExecStart=") if system.machine.extra in image.DATA else UNIT
        (tree / "etc/systemd/system/record.service").write_text(unit, encoding="utf-8")
        (wants / "record.service").symlink_to("/etc/systemd/system/record.service")
    elif system.machine.init == "sysvinit":
        with (tree / "etc/inittab").open("a", encoding="utf-8") as table:
            table.write("rc:2:once:/record/run\n")


def run(system: System, tree: Path, kernel: Path, folder: Path, script: str) -> Told:
    """Boot the system and return what the probe said. ``kernel`` is the root file system that has a kernel."""
    dress(system, tree, script)
    vmlinuz = folder / "vmlinuz"
    shutil.copy2(max((kernel / "boot").glob("vmlinuz-*")), vmlinuz)
    disks = image.make(system.name, system.machine, tree, folder)
    settings = {"NAME": system.name, "LAYOUT": system.machine.layout, "ROOT": disks.root, "DATA": disks.data}
    settings |= {"BOOT": disks.boot, "EXTRA": system.machine.extra}
    initrd.make(kernel, folder / "initrd", {**settings, "INIT": INITS[system.machine.init]}, folder / "initrd.img")
    answer, console = folder / "answer", folder / "console"
    answer.write_bytes(b"")
    words = [*NICE, qemu.PROGRAM, *_words(system, disks, folder)]
    words += ["-kernel", str(vmlinuz), "-initrd", str(folder / "initrd.img")]
    root = f"LABEL={image.LABEL}" if system.machine.extra == "label" else disks.root
    words += ["-append", f"root={root} ro console=ttyS0 {qemu.KERNEL_OPTIONS} quiet"]
    begins: list[float] = []

    def is_whole() -> bool:
        if not begins and answer.stat().st_size:
            begins.append(time.time() - qemu.LOOK_SECONDS)
        return _is_whole(answer)

    if not qemu.run(words, folder / "qemu.log", is_whole, SECONDS):
        raise GuestError(f"{system.name} gave no answer; see {console} and {folder / 'qemu.log'}")
    return Told(answer.read_text(encoding="utf-8", errors="surrogateescape"), (begins[0], time.time()))


def _is_whole(answer: Path) -> bool:
    """Whether the line that ends every answer has arrived; a line with a dot follows it."""
    line = answer.read_bytes().rstrip(b".\r\n").rpartition(b"\n")[2]
    return line.startswith(b"EDGELIFT-") and line.endswith(b" END")


def _words(system: System, disks: image.Disks, folder: Path) -> list[str]:
    """What QEMU is told about the machine."""
    words = [*qemu.WORDS, "-smp", "1"]
    words += ["-uuid", identity(system.name, "machine"), "-nic", "none"]
    words += ["-serial", f"file:{folder / 'console'}", "-serial", f"file:{folder / 'answer'}"]
    for path in disks.paths[:1] if system.machine.extra == "multipath" else disks.paths:
        words += ["-drive", f"file={path},if=virtio,format=raw,cache=unsafe"]
    for number in (0, 1) if system.machine.extra == "multipath" else ():
        # Two controllers with the same disk, as two ports of a storage array show it.
        drive = f"file={disks.paths[1]},if=none,id=path{number},format=raw,cache=unsafe,file.locking=off"
        disk = f"scsi-hd,bus=port{number}.0,drive=path{number},serial=edgelift0,share-rw=on"
        words += ["-device", f"virtio-scsi-pci,id=port{number}", "-drive", drive, "-device", disk]
    return words + qemu.firmware(system.machine, folder)
