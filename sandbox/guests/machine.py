# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one guest consists of, the addresses that it can have, and the command line of QEMU for it. Pure functions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

PORTS = (22, 80, 443)
"""The ports of a guest that its public address leads to."""

NETWORK = "127.0.9"
"""The public addresses of guests, on this machine alone."""

PLACES = 200
"""How many guests can have an address: those of the inner network end at 10.0.0.201."""

_GATEWAY, _RESOLVER = "10.0.0.253", "10.0.0.252"
_GIB = 1024**3


class NoAddressError(Exception):
    """There is no free address; the text says why."""


@dataclass(frozen=True)
class Disk:
    """A disk of a guest: the disk of the image below it (none for an empty disk), and its size in bytes."""

    size: int
    base: str = ""
    base_format: str = ""


@dataclass(frozen=True)
class Machine:
    """One guest. ``public_ip`` is empty for a guest that nothing reaches; ``memory`` is in MiB.

    With ``outbound`` it has a default route, and reaches what this machine reaches.
    """

    name: str
    cpus: int
    memory: int
    disks: tuple[Disk, ...]
    inner_ip: str
    public_ip: str = ""
    port_offset: int = 0
    outbound: bool = False


def disks_of(image: list[dict[str, object]], system_gib: int, data_gib: list[int]) -> tuple[Disk, ...]:
    """Return the disks of a guest: those of its image, system disk first, then empty ones; none is smaller than its
    disk in the image."""
    found = []
    for number, gib in enumerate([system_gib, *data_gib]):
        if number < len(image):
            base = image[number]
            size = max(gib * _GIB, int(str(base["virtual_size"])))
            found.append(Disk(size, str(base["path"]), str(base["format"])))
        else:
            found.append(Disk(gib * _GIB))
    return tuple(found)


def public_ip(place: int) -> str:
    """Return the public address of the guest with this number."""
    return f"{NETWORK}.{place}"


def free_place(taken: Collection[int], is_free: Callable[[str], bool]) -> int:
    """Return the lowest number from 1 on that no instance has, and whose ports no other program uses."""
    for place in range(1, PLACES + 1):
        if place not in taken and is_free(public_ip(place)):
            return place
    raise NoAddressError(f"no address from {public_ip(1)} to {public_ip(PLACES)} is free")


def overlay(disk: Disk, path: Path) -> list[str]:
    """Return the command that makes the file of a disk. What the guest writes goes there, never into the image."""
    words = ["qemu-img", "create", "-q", "-f", "qcow2"]
    if disk.base:
        words += ["-b", disk.base, "-F", disk.base_format]
    return [*words, "--", str(path), str(disk.size)]


def command(machine: Machine, folder: Path) -> list[str]:
    """Return the command line of a guest whose disks are ``0.qcow2``, ``1.qcow2``, ... in ``folder``.

    Only the system disk boots, with BIOS. The kernel ends QEMU when the sandbox ends, however that happens. QEMU reads
    commands (QMP) from its standard input. Without ``outbound``, the guest reaches nothing: only the ports of its
    public address lead to it.
    """
    words = ["setpriv", "--pdeathsig", "KILL", "--", "qemu-system-x86_64", "-name", machine.name]
    words += ["-uuid", str(uuid.uuid5(uuid.NAMESPACE_DNS, machine.name)), "-nodefaults", "-no-user-config"]
    words += ["-machine", "pc,graphics=off", "-accel", "tcg,thread=multi", "-cpu", "max"]
    words += ["-smp", str(machine.cpus), "-m", str(machine.memory), "-rtc", "base=utc", "-boot", "strict=on"]
    words += ["-display", "none", "-vga", "std", "-pidfile", str(folder / "pid"), "-qmp", "stdio"]
    console = f"file,id=console,path={_escaped(folder / 'console')},append=on"
    words += ["-chardev", console, "-serial", "chardev:console"]
    # DHCP gives the guest the inner address that the API shows, and a default route only if nothing is restricted.
    network = f"user,id=net0,restrict={'off' if machine.outbound else 'on'},ipv6=off,net=10.0.0.0/24,host={_GATEWAY}"
    network += f",dns={_RESOLVER},dhcpstart={machine.inner_ip}"
    for port in PORTS if machine.public_ip else ():
        network += f",hostfwd=tcp:{machine.public_ip}:{port + machine.port_offset}-:{port}"
    mac = "52:54:00:" + ":".join(f"{int(part):02x}" for part in machine.inner_ip.split(".")[1:])
    # Without a ROM, the card is not booted from. In this slot, its name does not depend on the number of disks.
    words += ["-netdev", network, "-device", f"virtio-net-pci,netdev=net0,addr=0x3,romfile=,mac={mac}"]
    for number in range(len(machine.disks)):
        path = _escaped(folder / f"{number}.qcow2")
        boots = ",bootindex=1" if number == 0 else ""
        words += ["-drive", f"if=none,id=disk{number},format=qcow2,file={path}"]
        words += ["-device", f"virtio-blk-pci,drive=disk{number}{boots}"]
    return words


def _escaped(path: Path) -> str:
    return str(path).replace(",", ",,")
