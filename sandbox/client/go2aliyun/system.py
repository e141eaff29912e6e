# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the source server is: host facts, and its disks from /sys/block (facts 1.5)."""
from __future__ import annotations

import contextlib
import fcntl
import os
import re
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import VERSION

SECTOR = 512
"""Bytes of one sector in /sys, whatever the device's own sector size is."""

_NO_DISK = re.compile(r"(loop|ram|zram|sr|fd|dm-|md|nbd|mtd)\d*")
_SIOCGIFADDR = 0x8915
_PLATFORMS = {"debian": "Debian", "ubuntu": "Ubuntu", "centos": "CentOS", "rhel": "Red Hat", "sles": "SUSE",
              "opensuse": "OpenSUSE", "opensuse-leap": "OpenSUSE", "gentoo": "Gentoo", "alinux": "Aliyun",
              "fedora": "Fedora", "ol": "Oracle Linux", "amzn": "Amazon Linux"}


class SystemProblem(Exception):
    """This server cannot be imported as it is; the text says why."""


@dataclass(frozen=True)
class Partition:
    """One partition of a disk."""

    name: str
    size_bytes: int


@dataclass(frozen=True)
class Disk:
    """One disk: index 0 is the system disk, data disks count from 1."""

    index: int
    name: str
    path: Path
    size_bytes: int
    parts: list[Partition] = field(default_factory=list)


def disks(root: Path = Path("/")) -> list[Disk]:
    """Return the disks that are transferred, the system disk first; SystemProblem when there is none or / is on none.

    A data disk has a mounted file system: SMC does not transfer others (facts 2.4), nor disks that only
    hold a part of the system disk's file systems (RAID 1).
    """
    found = {}
    for entry in sorted((root / "sys/block").iterdir(), key=lambda path: (len(path.name), path.name)):
        size = _number(entry / "size") * SECTOR
        if size and not _NO_DISK.fullmatch(entry.name) and _number(entry / "removable") == 0:
            found[entry.name] = (size, _partitions(entry))
    if not found:
        raise SystemProblem("no disk was found in /sys/block")
    system = _system_disk(root, found)
    mounts = _mounts(root, found)
    names = [system, *(name for name in found if name != system and mounts[name] - mounts[system])]
    return [Disk(index, name, root / "dev" / name, *found[name]) for index, name in enumerate(names)]


def report(service_host: str, root: Path = Path("/")) -> dict[str, Any]:
    """Return what the service is told about this server; `service_host` decides which address counts as its own."""
    kernel = os.uname()
    return {
        "system": {
            "agent_mode": "0", "agent_type": "0", "client_type": "0",
            "hostname": kernel.nodename, "ipv4": _ipv4(service_host), "ipv6": "",
            "cores": str(os.cpu_count() or 1), "cpu_info": _cpu(root)[:100], "cpu_usage": "0",
            "memory": str(_memory(root, "MemTotal")),
            "memory_usage": str(_memory(root, "MemTotal") - _memory(root, "MemAvailable")),
        },
        "machine_id": _text(root / "etc/machine-id"),
        "platform": _platform(root),
        "architecture": {"i686": "i386", "i586": "i386"}.get(kernel.machine, kernel.machine),
        "agent_version": VERSION,
        "disks": [{"index": disk.index, "path": f"/dev/{disk.name}", "size_bytes": disk.size_bytes,
                   "parts": [{"path": f"/dev/{part.name}", "device": f"{disk.index}_{number}",
                              "size_bytes": part.size_bytes} for number, part in enumerate(disk.parts)]}
                  for disk in disks(root)],
    }


def _partitions(entry: Path) -> list[Partition]:
    parts = [path for path in entry.iterdir() if (path / "partition").is_file()]
    return [Partition(path.name, _number(path / "size") * SECTOR)
            for path in sorted(parts, key=lambda path: _number(path / "partition"))]


def _system_disk(root: Path, found: dict[str, tuple[int, list[Partition]]]) -> str:
    sources = [line.split()[0] for line in _text(root / "proc/mounts").splitlines() if line.split()[1:2] == ["/"]]
    # The last mount on / is the one that is seen; mapped devices (LVM, multipath) stand on the disks below them.
    candidates = [os.path.basename(os.path.realpath(root / source.lstrip("/"))) for source in reversed(sources)
                  if source.startswith("/dev/")]
    for candidate in candidates:
        for name in _below(root, candidate):
            for disk, (_size, parts) in found.items():
                if name == disk or name in (part.name for part in parts):
                    return disk
    if len(found) == 1:
        return next(iter(found))
    raise SystemProblem(f"the disk of / is not known: {', '.join(sources) or 'nothing'} is mounted there, "
                        f"the disks are {', '.join(found)}")


def _mounts(root: Path, found: dict[str, tuple[int, list[Partition]]]) -> dict[str, set[str]]:
    """Return the mount points that lie on each disk."""
    mounts: dict[str, set[str]] = {disk: set() for disk in found}
    for source, target, *_rest in (line.split() for line in _text(root / "proc/mounts").splitlines()):
        if source.startswith("/dev/"):
            below = set(_below(root, os.path.basename(os.path.realpath(root / source.lstrip("/")))))
            for disk, (_size, parts) in found.items():
                if below & {disk, *(part.name for part in parts)}:
                    mounts[disk].add(target)
    return mounts


def _below(root: Path, name: str) -> list[str]:
    with contextlib.suppress(OSError):
        return [deep for slave in sorted((root / "sys/block" / name / "slaves").iterdir())
                for deep in _below(root, slave.name)] or [name]
    return [name]


def _platform(root: Path) -> str:
    match = re.search(r"""^ID=["']?([\w.-]+)""", _text(root / "etc/os-release"), re.MULTILINE)
    if match:
        return _PLATFORMS.get(match.group(1), "Others Linux")
    release = _text(root / "etc/redhat-release")
    return next((name for name in ("CentOS", "Red Hat") if release.startswith(name)), "Others Linux")


def _ipv4(service_host: str) -> str:
    """Return the first address that is not loopback, else the one that the service is reached from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _index, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                address = socket.inet_ntoa(answer[20:24])
                if not address.startswith("127."):
                    return address
        with contextlib.suppress(OSError):
            probe.connect((service_host, 9))
            return str(probe.getsockname()[0])
    return ""


def _cpu(root: Path) -> str:
    match = re.search(r"^model name\s*:\s*(.+)$", _text(root / "proc/cpuinfo"), re.MULTILINE)
    return match.group(1).strip() if match else os.uname().machine


def _memory(root: Path, name: str) -> int:
    match = re.search(rf"^{name}:\s*(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    return int(match.group(1)) * 1024 if match else 0


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdigit() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
