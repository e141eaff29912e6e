# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand-built systems: a small tree of documented file contents, asked by the same probe.

/proc and /sys of such a tree are plain files, its shell is bash, its programs are those of a static busybox. What the
tree says of itself in another way (uname, df, the version of the boot loader) comes from small scripts in their place.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from distros.guest import Told
from distros.manifest import System

GIB = 1024**3
SECTOR = 512
VIRTIO = ("virtio", "virtio_ring", "virtio_pci", "virtio_blk", "virtio_net")
COMPRESSED = {"gzip": lambda data: gzip.compress(data, mtime=0), "xz": lzma.compress, "bzip2": bz2.compress}
APPLETS = (
    *("bunzip2", "bzip2", "cat", "cut", "date", "dd", "egrep", "env", "expr", "fgrep", "find", "grep", "gunzip"),
    *("gzip", "head", "hostname", "id", "kill", "ls", "nohup", "od", "printf", "ps", "readlink", "sed", "setsid"),
    *("sha256sum", "sleep", "sort", "stat", "tail", "tar", "tr", "uniq", "unxz", "unzip", "wc", "which", "xz"),
)
CONFIGURATION = {"grub2-install": "grub2/grub.cfg", "grub-install": "grub/grub.cfg", "grub": "grub/menu.lst"}
SECONDS = 60


@dataclass(frozen=True)
class Tree:
    """What trees/ says of a hand-built system; sizes are in GiB, memory in MiB."""

    kernel: str
    files: dict[str, str] = field(default_factory=dict)
    grub: dict[str, str] = field(default_factory=dict)
    initramfs: str = ""
    compression: str = "gzip"
    modules: tuple[str, ...] = VIRTIO
    builtin: tuple[str, ...] = ()
    disk: str = "vda"
    size: int = 40
    used: int = 6
    lvm: str = ""
    fstype: str = "ext4"
    memory: int = 4096
    cpus: int = 2
    tools: tuple[str, ...] = ()
    vendor: tuple[str, str] = ("QEMU", "Standard PC (i440FX + PIIX, 1996)")

    @classmethod
    def of(cls, told: dict[str, Any]) -> Tree:
        """The tree that a file of trees/ describes; an unknown key is a TypeError that names it."""
        values: dict[str, Any] = {key: tuple(item) if isinstance(item, list) else item for key, item in told.items()}
        return cls(**values)


def cpio(names: list[str]) -> bytes:
    """A cpio archive (newc, as the kernel reads it) of files with these names and hardly any content."""
    parts = []
    for number, name in enumerate([*names, "TRAILER!!!"], start=1):
        last = name == "TRAILER!!!"
        content = b"" if last else b"\x7fELF"
        inode, mode = (0, 0) if last else (number, 0o100644)
        values = [inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08X" % value for value in values) + name.encode() + b"\0"
        parts += [head + bytes(-len(head) % 4), content + bytes(-len(content) % 4)]
    return b"".join(parts)


def files(name: str, tree: Tree) -> dict[str, bytes]:
    """The content of every file of the system that is no program, by its path."""
    system = {"etc/hostname": f"{name}\n", "etc/machine-id": f"{hash_of(name):032x}\n", **tree.files}
    system |= {f"boot/{CONFIGURATION[program]}": "# made by a tool\n" for program in tree.grub}
    system["etc/resolv.conf"] = "nameserver 192.0.2.53\n"
    if "cloud-init" in tree.tools:
        system["etc/cloud/cloud.cfg"] = "datasource_list: [NoCloud, ConfigDrive]\n"
    found = {path: text.encode() for path, text in {**system, **_proc(tree), **_sys(tree)}.items()}
    modules = f"lib/modules/{tree.kernel}/kernel/drivers"
    for module in tree.modules:
        found[f"{modules}/{_place(module)}/{module}.ko"] = b"\x7fELF"
    found[f"lib/modules/{tree.kernel}/modules.builtin"] = "".join(
        f"kernel/drivers/{_place(module)}/{module}.ko\n" for module in tree.builtin
    ).encode()
    found[f"boot/vmlinuz-{tree.kernel}"] = b"MZ"
    if tree.initramfs:
        names = [f"{modules}/{_place(module)}/{module}.ko" for module in tree.modules]
        found[tree.initramfs] = COMPRESSED[tree.compression](cpio(["init", *names]))
    return found


def programs(name: str, tree: Tree) -> dict[str, str]:
    """The scripts that replace programs, by their path."""
    root = f"/dev/mapper/{tree.lvm}" if tree.lvm else f"/dev/{_part(tree.disk, 1)}"
    size, used = tree.size * GIB // 1024, tree.used * GIB // 1024
    space = f"{root} {size} {used} {size - used} {used * 100 // size}% /"
    inodes = f"{root} {size // 16} 120000 {size // 16 - 120000} 8% /"
    scripts = {
        "bin/uname": f"case $1 in -r) echo {tree.kernel} ;; *) echo 'Linux {name} {tree.kernel} x86_64' ;; esac",
        "bin/df": "case $* in\n"
        f"*-i*) echo 'Filesystem Inodes IUsed IFree IUse% Mounted on'; echo '{inodes}' ;;\n"
        f"*) echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'; echo '{space}' ;;\nesac",
    }
    scripts |= {f"sbin/{program}": f"echo '{line}'" for program, line in tree.grub.items()}
    scripts |= {f"usr/bin/{program}": "exit 0" for program in tree.tools}
    return {path: f"#!/bin/sh\n{script}\n" for path, script in scripts.items()}


def hash_of(text: str) -> int:
    """A number that is the same on every machine, for identities."""
    return int.from_bytes(text.encode()[:16].ljust(16, b"."), "big")


def build(system: System, folder: Path) -> None:
    """Write the system into an empty folder."""
    tree = Tree.of(yaml.safe_load(system.tree.read_text(encoding="utf-8")))
    for path, content in files(system.name, tree).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    for path in ("bin", "sbin", "usr/bin", "usr/sbin", "tmp", "dev", "root", "run"):
        (folder / path).mkdir(parents=True, exist_ok=True)
    shutil.copy2("/bin/busybox", folder / "bin" / "busybox")
    for applet in APPLETS:
        (folder / "bin" / applet).symlink_to("busybox")
    _shell(folder)
    for path, script in programs(system.name, tree).items():
        (folder / path).write_text(script, encoding="utf-8")
        (folder / path).chmod(0o755)
    for node in ("null", "zero"):
        (folder / "dev" / node).touch()


def run(system: System, folder: Path, script: str) -> Told:
    """Build the system, run the probe on it and return what it said."""
    build(system, folder)
    inside = f"mount --bind /dev/null {folder}/dev/null && exec chroot {folder} /bin/sh -c 'eval \"$(cat)\"'"
    own = [] if os.geteuid() == 0 else ["--map-root-user"]
    words = ["unshare", "--mount", "--uts", *own, "--", "sh", "-c", inside]
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    begin = time.time()
    done = subprocess.run(words, input=script.encode(), capture_output=True, check=True, timeout=SECONDS, env=env)
    return Told((done.stdout + done.stderr).decode("utf-8", "surrogateescape"), (begin, time.time()))


def _shell(folder: Path) -> None:
    """Put bash with its libraries into a tree: the shell of busybox would take its own uname and df."""
    told = subprocess.run(["ldd", "/bin/bash"], capture_output=True, text=True, check=True).stdout
    for path in ["/bin/bash", *(word for word in told.split() if word.startswith("/"))]:
        target = folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    (folder / "bin" / "sh").symlink_to("bash")


def _part(disk: str, number: int) -> str:
    """The name of a partition: disks that end in a digit have a p before the number."""
    return f"{disk}p{number}" if disk[-1].isdigit() else f"{disk}{number}"


def _place(module: str) -> str:
    """The folder below drivers where the kernel keeps a virtio module."""
    return {"virtio_blk": "block", "virtio_net": "net", "virtio_scsi": "scsi"}.get(module, "virtio")


def _proc(tree: Tree) -> dict[str, str]:
    part = _part(tree.disk, 2 if tree.lvm else 1)
    root = f"/dev/mapper/{tree.lvm}" if tree.lvm else f"/dev/{part}"
    dev = "253:0" if tree.lvm else "254:1"
    kib = tree.memory * 1024
    return {
        "proc/mounts": f"rootfs / rootfs rw 0 0\nproc /proc proc rw 0 0\n{root} / {tree.fstype} rw,relatime 0 0\n",
        "proc/self/mountinfo": f"20 1 {dev} / / rw,relatime - {tree.fstype} {root} rw\n",
        "proc/cmdline": f"ro root={root} rhgb quiet\n",
        "proc/swaps": "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n",
        "proc/meminfo": f"MemTotal: {kib} kB\nMemFree: {kib // 2} kB\nCached: {kib // 4} kB\n",
        "proc/cpuinfo": "".join(f"processor\t: {number}\n" for number in range(tree.cpus)),
        "proc/loadavg": "0.05 0.03 0.01 1/90 1200\n",
        "proc/1/stat": "1 (init) S 0 1 1 0 -1 4202752 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n",
    }


def _sys(tree: Tree) -> dict[str, str]:
    sectors = tree.size * GIB // SECTOR
    base = f"sys/block/{tree.disk}"
    found = {
        f"{base}/size": f"{sectors}\n",
        f"{base}/dev": "254:0\n",
        f"{base}/removable": "0\n",
        "sys/class/dmi/id/sys_vendor": f"{tree.vendor[0]}\n",
        "sys/class/dmi/id/product_name": f"{tree.vendor[1]}\n",
        "sys/devices/system/cpu/online": f"0-{tree.cpus - 1}\n",
    }
    for number, size in enumerate([1024 * 2048, sectors - 1025 * 2048] if tree.lvm else [sectors - 2048], start=1):
        part = f"{base}/{_part(tree.disk, number)}"
        found |= {f"{part}/partition": f"{number}\n", f"{part}/size": f"{size}\n", f"{part}/dev": f"254:{number}\n"}
    if tree.lvm:
        found |= {
            "sys/block/dm-0/size": f"{sectors - 1026 * 2048}\n",
            "sys/block/dm-0/dev": "253:0\n",
            "sys/block/dm-0/removable": "0\n",
            "sys/block/dm-0/dm/name": f"{tree.lvm}\n",
            "sys/block/dm-0/dm/uuid": "LVM-documented\n",
            f"sys/block/dm-0/slaves/{_part(tree.disk, 2)}/size": "",
        }
    return found
