# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the source servers are: names, addresses, disks, and the ways in which one can be unfit for a migration."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field, replace

MIB = 1024**2
GIB = 1024**3
NETWORK = "127.0.11"
FIRST_FREE_NUMBER = 5

KINDS = {
    "windows": "uname answers as Git Bash on Windows does",
    "arm64": "uname -m answers aarch64",
    "luks-root": "the root file system is on a dm-crypt device",
    "many-disks": "five data disks, one more than ENS takes",
    "big-disk": "one data disk of 600 GiB, more than the 500 GiB that ENS takes",
    "down": "nothing listens on its address",
}
TWIN = "same-as:"


@dataclass(frozen=True)
class Disk:
    """A block device: its kernel name, virtual size and how much generated content its one file system gets."""

    name: str
    gib: int
    content_mib: int
    table: str = "dos"

    @property
    def bytes(self) -> int:
        """The virtual size in bytes."""
        return self.gib * GIB


@dataclass(frozen=True)
class Host:
    """A source server; machine-id, DMI UUID, serials and host key are derived from ``identity`` (unset: the name)."""

    name: str
    number: int
    disks: tuple[Disk, ...] = (Disk("vda", 20, 20),)
    base: str = "debian"
    kinds: frozenset[str] = field(default_factory=frozenset)
    identity: str = ""

    @property
    def address(self) -> str:
        """The loopback address that its sshd listens on."""
        return f"{NETWORK}.{self.number}"

    @property
    def login(self) -> str:
        """The account that Ansible logs in with: a sudoer, or root where there is no sudo."""
        return "root" if self.base == "busybox" else "ops"

    @property
    def is_down(self) -> bool:
        """Whether it is in the inventory but never started."""
        return "down" in self.kinds

    @property
    def machine_id(self) -> str:
        """The content of /etc/machine-id."""
        return hashlib.sha256(f"machine-id {self.who}".encode()).hexdigest()[:32]

    @property
    def product_uuid(self) -> str:
        """The content of /sys/class/dmi/id/product_uuid."""
        return str(uuid.UUID(hashlib.sha256(f"dmi {self.who}".encode()).hexdigest()[:32]))

    @property
    def mac(self) -> str:
        """A locally administered address for its network card."""
        return "52:54:00:" + ":".join(f"{byte:02x}" for byte in hashlib.sha256(f"mac {self.who}".encode()).digest()[:3])

    @property
    def who(self) -> str:
        """The name that everything unique about the machine is derived from."""
        return self.identity or self.name


def _data_disks(sizes: list[int], content_mib: int) -> tuple[Disk, ...]:
    """Data disks vdb, vdc, ... of the given sizes in GiB, with a GPT as data disks usually have."""
    return tuple(Disk(f"vd{chr(ord('b') + n)}", gib, content_mib, "gpt") for n, gib in enumerate(sizes))


SYSTEM = Disk("vda", 20, 20)
BIG = (SYSTEM, *_data_disks([20, 20, 20, 20, 600], 2))
KNOWN = {
    host.name: host
    for host in (
        Host("web-01", 1),
        Host("db-01", 2, (SYSTEM, *_data_disks([20, 40], 25))),
        Host("legacy-01", 3, (Disk("vda", 20, 12),), base="busybox"),
        Host("huge-01", 4, BIG),
    )
}


def _afflict(host: Host, kind: str) -> Host:
    """The same host made unfit in the given way; the kinds can be combined."""
    if kind.startswith(TWIN):
        return replace(host, identity=kind[len(TWIN) :])
    if kind not in KINDS:
        raise ValueError(f"host {host.name}: unknown kind {kind!r}, allowed: {', '.join(KINDS)}, {TWIN}<host>")
    disks = {"many-disks": (SYSTEM, *_data_disks([20] * 5, 2)), "big-disk": (SYSTEM, *_data_disks([600], 2))}
    return replace(host, kinds=host.kinds | {kind}, disks=disks.get(kind, host.disks))


def fleet(names: list[str], broken: dict[str, list[str]] | None = None) -> list[Host]:
    """The hosts with these names, unknown names being plain Debian servers with one disk; refuses unknown kinds.

    ``broken`` says per host name which of KINDS it has, or ``same-as:<host>`` for a second way to the same machine.
    """
    broken = broken or {}
    if strangers := set(broken) - set(names):
        raise ValueError(f"broken hosts that are not in the fleet: {', '.join(sorted(strangers))}")
    if len(set(names)) != len(names):
        raise ValueError(f"a host is named twice: {', '.join(names)}")
    hosts = []
    number = FIRST_FREE_NUMBER
    for name in names:
        host = KNOWN.get(name)
        if host is None:
            host = Host(name, number)
            number += 1
        for kind in broken.get(name, []):
            host = _afflict(host, kind)
        hosts.append(host)
    return hosts
