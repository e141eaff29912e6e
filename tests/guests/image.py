# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a guest, made without mounting anything: partition tables, ext4 and xfs file systems, swap."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from guests.machine import Machine, identity

MIB = 1024**2
DATA_MIB = 512
"""The size of the disk of a data folder."""
CONTENT = "content.raw"
"""The disk from which a guest copies its root file system to a volume that it makes."""
SWAP_MIB = 512
BOOT_MIB = 1024
LABEL = "system"
DATA = {"multipath": "/dev/mapper/mpatha", "crypt-data": "/dev/mapper/data"}
"""The device of the data disk of a guest that has one."""
ESP = "C12A7328-F81F-11D2-BA4B-00C04FC93EC9"


@dataclass(frozen=True)
class Disks:
    """The images of a guest in the order of their names, the device of its root, and that of the content to copy."""

    paths: list[Path]
    root: str
    data: str = ""
    boot: str = ""


def make(name: str, machine: Machine, tree: Path, folder: Path) -> Disks:
    """Write the disks of a guest into the folder, its root file system being ``tree``.

    The folders of ``machine.data`` move from the tree to disks of their own: the last ones of the guest.
    """
    rows, paths = _data(name, machine, tree, folder)
    if machine.layout == "plain":
        disks = _plain(name, machine, tree, folder, rows)
    elif machine.layout == "boot-disk":
        disks = _boot_disk(name, machine, tree, folder)
    else:
        disks = _volumes(name, machine, tree, folder, rows)
    return replace(disks, paths=[*disks.paths, *paths])


def _data(name: str, machine: Machine, tree: Path, folder: Path) -> tuple[str, list[Path]]:
    """The disks of the data folders, and their rows of fstab."""
    rows, paths = "", []
    for number, target in enumerate(machine.data, start=1):
        path, content = folder / f"data{number}.raw", tree / target.lstrip("/")
        with path.open("wb") as image:
            image.truncate(DATA_MIB * MIB)
        kind = machine.type_of(target)
        if kind == "xfs":
            _xfs(path, content, identity(name, target))
        else:
            _ext4(path, 0, DATA_MIB, content, identity(name, target))
        shutil.rmtree(content)
        content.mkdir()
        rows += f"UUID={identity(name, target)} {target} {kind} defaults 0 {0 if kind == 'xfs' else 2}\n"
        paths.append(path)
    return rows, paths


def _volumes(name: str, machine: Machine, tree: Path, folder: Path, rows: str) -> Disks:
    """/boot on a partition, and the content on a disk from which the guest copies it to a volume that it makes."""
    count = 2 if machine.layout in ("raid", "btrfs") else 1
    paths = [folder / f"vd{letter}.raw" for letter in "ab"[:count]]
    kind = {"lvm": "8e", "thin": "8e", "luks": "83", "raid": "fd", "btrfs": "83"}[machine.layout]
    for path in paths:
        _table(path, machine.disk_mib, f"label: dos\nstart=1MiB, size={BOOT_MIB}MiB, type=83, bootable\ntype={kind}\n")
    _ext4(paths[0], 1, BOOT_MIB, tree / "boot", identity(name, "boot"))
    data = folder / CONTENT
    size = _mib(tree) * 5 // 4 + 256
    with data.open("wb") as image:
        image.truncate(size * MIB)
    logical = dict.fromkeys(("lvm", "thin"), "/dev/vg0/root")
    root = {**logical, "luks": "/dev/mapper/cryptroot", "raid": "/dev/md0", "btrfs": "/dev/vda2"}[machine.layout]
    boot = f"UUID={identity(name, 'boot')} /boot ext4 defaults 0 2\n"
    rest = "btrfs defaults 0 0" if machine.layout == "btrfs" else "ext4 errors=remount-ro 0 1"
    (tree / "etc/fstab").write_text(f"{root} / {rest}\n{boot}{rows}", encoding="utf-8")
    _ext4(data, 0, size, tree, identity(name, "root"))
    real = root.replace("/dev/vg0/root", "/dev/mapper/vg0-root")
    return Disks([*paths, data], real, f"vd{'abc'[len(paths)]}", "/dev/vda1")


def _boot_disk(name: str, machine: Machine, tree: Path, folder: Path) -> Disks:
    """/ on the first disk and /boot on the second one, which is the one that boots."""
    paths = [folder / "vda.raw", folder / "vdb.raw"]
    size = machine.disk_mib - 2
    for path, bootable in zip(paths, ("", ", bootable"), strict=True):
        _table(path, machine.disk_mib, f"label: dos\nstart=1MiB, size={size}MiB, type=83{bootable}\n")
    _ext4(paths[1], 1, size, tree / "boot", identity(name, "boot"))
    rows = {"/": "root", "/boot": "boot"}
    fstab = "".join(f"UUID={identity(name, what)} {target} ext4 defaults 0 2\n" for target, what in rows.items())
    (tree / "etc/fstab").write_text(fstab, encoding="utf-8")
    shutil.rmtree(tree / "boot")
    (tree / "boot").mkdir()
    _ext4(paths[0], 1, size, tree, identity(name, "root"))
    return Disks(paths, "/dev/vda1", boot="/dev/vdb1")


def _plain(name: str, machine: Machine, tree: Path, folder: Path, data: str) -> Disks:
    """One disk: root and, with a real init, swap; on UEFI an EFI system partition before both."""
    path = folder / "vda.raw"
    start, number = 1, 1
    rows = ["label: dos"]
    swap = SWAP_MIB if machine.init != "none" else 0
    if machine.firmware == "uefi":
        rows = ["label: gpt", f"start=1MiB, size={SWAP_MIB}MiB, type={ESP}"]
        start, number = 1 + SWAP_MIB, 2
    size = machine.disk_mib - start - swap - 1
    gpt = len(rows) > 1
    rows.append(f"start={start}MiB, size={size}MiB" + ("" if gpt else ", type=83, bootable"))
    if swap:
        rows.append(f"start={start + size}MiB" + (f", size={swap - 1}MiB" if gpt else ", type=82"))
    _table(path, machine.disk_mib, "\n".join(rows) + "\n")
    extra = machine.extra
    root = f"LABEL={LABEL}" if extra == "label" else f"UUID={identity(name, 'root')}"
    fstab = f"{root} / ext4 errors=remount-ro 0 1\n"
    if swap:
        fstab += f"UUID={identity(name, 'swap')} none swap sw 0 0\n"
        _swap(path, start + size, swap - 1, identity(name, "swap"))
    fstab += data
    paths = [path]
    if extra in DATA:
        (tree / "srv").mkdir(exist_ok=True)
        fstab += f"{DATA[extra]} /srv ext4 defaults,nofail 0 2\n"
        paths.append(folder / "data.raw")
        with paths[1].open("wb") as image:
            image.truncate(machine.disk_mib * MIB)
    if extra == "multipath":
        (tree / "empty").mkdir()
        _ext4(paths[1], 0, machine.disk_mib, tree / "empty", identity(name, "data"))
        (tree / "empty").rmdir()
        (tree / "etc/multipath.conf").write_text("defaults {\nuser_friendly_names yes\nfind_multipaths no\n}\n")
    elif extra == "crypt-data":
        (tree / "etc/data.key").write_text("a key of the tests", encoding="utf-8")
        (tree / "etc/crypttab").write_text("data /dev/vdb /etc/data.key luks\n", encoding="utf-8")
    elif extra == "old-default":
        with (tree / "etc/default/grub").open("a", encoding="utf-8") as grub:
            grub.write('GRUB_DEFAULT="1>2"\n')
    (tree / "etc/fstab").write_text(fstab, encoding="utf-8")
    _ext4(path, start, size, tree, identity(name, "root"), *(["-L", LABEL] if extra == "label" else []))
    return Disks(paths, f"/dev/vda{number}")


def _table(path: Path, mib: int, script: str) -> None:
    """A new sparse disk with this partition table, in the words of sfdisk."""
    with path.open("wb") as image:
        image.truncate(mib * MIB)
    subprocess.run(["sfdisk", "--quiet", str(path)], input=script, text=True, check=True)


def _ext4(path: Path, start: int, size: int, tree: Path, name: str, *more: str) -> None:
    """An ext4 file system at ``start`` MiB of an image, with the content of a folder."""
    options = f"offset={start * MIB},lazy_itable_init=1,lazy_journal_init=1"
    words = ["mke2fs", "-q", "-F", "-t", "ext4", "-U", name, *more, "-E", options, "-d", str(tree)]
    words += [str(path), f"{size}M"]
    subprocess.run(words, check=True)


def _xfs(path: Path, folder: Path, name: str) -> None:
    """An xfs file system on a whole disk, with the files of a folder."""
    prototype = path.with_suffix(".prototype")
    files = [f"{file.name} ---644 0 0 {file}" for file in sorted(folder.iterdir())]
    # The name of a boot program, numbers of blocks and inodes (mkfs.xfs ignores all three), and the root folder.
    prototype.write_text("\n".join(["/", "0 0", "d--755 0 0", *files, "$", ""]), encoding="utf-8")
    subprocess.run(["mkfs.xfs", "-q", "-m", f"uuid={name}", "-p", str(prototype), str(path)], check=True)
    prototype.unlink()


def _swap(path: Path, start: int, size: int, name: str) -> None:
    """A swap area at ``start`` MiB of an image; all that mkswap writes is in its first page."""
    area = path.with_suffix(".swap")
    with area.open("wb") as image:
        image.truncate(size * MIB)
    subprocess.run(["mkswap", "--uuid", name, str(area)], check=True, capture_output=True)
    with path.open("r+b") as image, area.open("rb") as page:
        image.seek(start * MIB)
        image.write(page.read(4096))
    area.unlink()


def _mib(tree: Path) -> int:
    """The size of a folder's content in MiB."""
    told = subprocess.run(["du", "-sxm", str(tree)], capture_output=True, text=True, check=True).stdout
    return int(told.split()[0])
