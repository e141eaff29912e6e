# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs a guest on its disks, once: Debian's packages, the content of a server, GRUB. Kept outside git."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from guests import image, initrd, qemu, roots
from guests.machine import identity
from testbed.ssh import make_key

from e2e.guests import NETWORK, PATIENT, Guest

PAGE = "The shop of the edge, before and after the move"
DATABASE = "/var/lib/shop/shop.db"
ROWS = 1042
QUERY = "select count(*), sum(amount) from orders"
FILE_MIB = 24
INSTALLED = "installed"
_TERMINAL = re.compile(r"\x1b\[[0-9;=?]*[A-Za-z]")
"""What the firmware of UEFI writes to every serial port before the system starts."""
SECONDS = 900


class InstallError(RuntimeError):
    """A guest that could not be installed; the text names the console's log."""


@dataclass(frozen=True)
class Installed:
    """An installed guest: its disks in the order of their names, keys, and the checks that its copy must pass."""

    disks: list[Path]
    key: Path
    host_key: str
    checks: list[dict[str, str | int]]


def installed(guest: Guest, cache: Path) -> Installed:
    """The guest from the cache, installed first if there is none of this recipe. Raises InstallError or RootError."""
    folder = cache / f"{guest.name}-{_recipe(guest)}"
    if not folder.is_dir():
        delete_unfinished(cache)
        work = cache / f"{folder.name}.{os.getpid()}.part"
        work.mkdir(parents=True)
        try:
            _install(guest, cache, work)
            with contextlib.suppress(FileExistsError):
                os.replace(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return _read(folder)


def delete_unfinished(cache: Path) -> None:
    """Delete what processes that were killed have left: their number is in the name."""
    for path in cache.glob("*.part"):
        number = path.suffixes[-2].removeprefix(".")
        if number == str(os.getpid()) or not Path(f"/proc/{number}").exists():
            shutil.rmtree(path)


def _recipe(guest: Guest) -> str:
    """The digest of all that an installed guest depends on."""
    here = Path(__file__).parent
    sources = [here / "build.py", here / "install.sh", *sorted((here.parent / "guests").glob("*.*"))]
    told = hashlib.sha256(repr(guest).encode())
    told.update(repr(guest.root).encode())
    for path in sources:
        told.update(path.read_bytes())
    return told.hexdigest()[:12]


def _read(folder: Path) -> Installed:
    told = json.loads((folder / "guest.json").read_text(encoding="utf-8"))
    disks = [folder / name for name in told["disks"]]
    return Installed(disks, folder / "id_ed25519", told["host_key"], told["checks"])


def _install(guest: Guest, cache: Path, work: Path) -> None:
    """Write the disks of the guest, its keys and guest.json into the folder."""
    tree = work / "tree"
    roots.unpacked(guest.root, cache, tree)
    host_key, checks = _dress(guest, tree, work)
    shutil.copy2(max((tree / "boot").glob("vmlinuz-*")), work / "vmlinuz")
    settings = {"NAME": guest.name, "LAYOUT": guest.machine.layout, "EXTRA": "", "INIT": "/install"}
    disks = image.make(guest.name, guest.machine, tree, work)
    settings |= {"ROOT": disks.root, "DATA": disks.data, "BOOT": disks.boot}
    initrd.make(tree, work / "initrd", settings, work / "initrd.img")
    _boot(guest, disks, work)
    kept = [path for path in disks.paths if path.name != image.CONTENT]
    told = {"disks": [path.name for path in kept], "host_key": host_key, "checks": checks}
    (work / "guest.json").write_text(json.dumps(told), encoding="utf-8")
    for path in (tree, work / "initrd"):
        shutil.rmtree(path)
    for path in work.iterdir():
        if path not in kept and path.name not in ("guest.json", "id_ed25519"):
            path.unlink()


def _dress(guest: Guest, tree: Path, work: Path) -> tuple[str, list[dict[str, str | int]]]:
    """Give the root file system the content of a server; its public host key, and the checks of its content."""
    (tree / "etc/hostname").write_text(f"{guest.name}\n", encoding="utf-8")
    (tree / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {guest.name}\n", encoding="utf-8")
    # The name server of QEMU's user network.
    (tree / "etc/resolv.conf").write_text("nameserver 10.0.2.3\n", encoding="utf-8")
    (tree / "etc/machine-id").write_text(identity(guest.name, "machine").replace("-", "") + "\n", encoding="utf-8")
    (tree / "etc/systemd/network/20-dhcp.network").write_text(NETWORK, encoding="utf-8")
    (tree / "etc/systemd/system.conf.d").mkdir(exist_ok=True)
    (tree / "etc/systemd/system.conf.d/patient.conf").write_text(PATIENT, encoding="utf-8")
    grub = f'GRUB_TIMEOUT=0\nGRUB_TERMINAL=serial\nGRUB_CMDLINE_LINUX="console=ttyS0 {qemu.KERNEL_OPTIONS}"\n'
    with (tree / "etc/default/grub").open("a", encoding="utf-8") as file:
        file.write(grub)
    for path in (tree / "etc/ssh").glob("ssh_host_*"):
        path.unlink()
    host_key = make_key(tree / "etc/ssh/ssh_host_ed25519_key", f"root@{guest.name}").with_suffix(".pub")
    key = make_key(work / "id_ed25519", "e2e")
    ssh = tree / "root/.ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(key.with_suffix(".pub"), ssh / "authorized_keys")
    (tree / "var/www/html/index.html").write_text(f"<h1>{PAGE}</h1>\n", encoding="utf-8")
    database = tree / DATABASE.lstrip("/")
    database.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(database)) as orders:
        orders.execute("create table orders (id integer primary key, amount integer)")
        orders.executemany("insert into orders values (?, ?)", ((number, number % 97) for number in range(ROWS)))
        orders.commit()
    shutil.copy2(Path(__file__).with_name("install.sh"), tree / "install")
    checks: list[dict[str, str | int]] = [
        {"kind": "http", "url": "http://127.0.0.1/", "text": PAGE},
        {"kind": "command", "name": "rows", "command": f"sqlite3 {DATABASE} '{QUERY}'", "text": _rows()},
        {"kind": "service", "service": "nginx"},
        {"kind": "port", "port": 80},
    ]
    for target in guest.machine.data:
        content = hashlib.shake_128(f"{guest.name} {target}".encode()).digest(FILE_MIB * image.MIB)
        stored = tree / target.lstrip("/") / "content.bin"
        stored.parent.mkdir(parents=True)
        stored.write_bytes(content)
        checks.append({"kind": "mount", "path": target, "fstype": guest.machine.type_of(target)})
        digest = hashlib.sha256(content).hexdigest()
        checks.append({"kind": "file", "path": f"{target}/content.bin", "sha256": digest, "timeout": 120})
    return host_key.read_text(encoding="utf-8"), checks


def _rows() -> str:
    """What the query prints."""
    return f"{ROWS}|{sum(number % 97 for number in range(ROWS))}"


def _boot(guest: Guest, disks: image.Disks, work: Path) -> None:
    """Boot the installing guest, and wait until it has switched itself off."""
    words = [qemu.PROGRAM, *qemu.WORDS, "-smp", "2", "-nic", "none"]
    words += ["-serial", f"file:{work / 'console'}", "-serial", f"file:{work / 'answer'}"]
    for path in disks.paths:
        words += ["-drive", f"file={path},if=virtio,format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap"]
    words += qemu.firmware(guest.machine, work)
    words += ["-kernel", str(work / "vmlinuz"), "-initrd", str(work / "initrd.img")]
    words += ["-append", f"root={disks.root} ro console=ttyS0 {qemu.KERNEL_OPTIONS} quiet"]
    qemu.run(words, work / "qemu.log", lambda: False, SECONDS)
    answer = work / "answer"
    told = _TERMINAL.sub("", answer.read_text(encoding="utf-8", errors="replace")).strip() if answer.is_file() else ""
    if told != INSTALLED:
        kept = work.parent / f"{guest.name}.console"
        shutil.copy(work / "console", kept)
        raise InstallError(f"{guest.name} was not installed: {told or 'no answer'}; the console's log is {kept}")
