# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The file systems and swap areas on the disks of a source: types, mount points and used space."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .answers import integer

if TYPE_CHECKING:
    from .devices import Devices
    from .rows import Rows

_OCTAL = re.compile(r"\\([0-7]{3})")
_BLKID = re.compile(r"/dev/(?P<name>[^:]+):.*?\bTYPE=\"(?P<type>[^\"]+)\"")


def path(text: str) -> str:
    """Return a path of /proc/mounts with its octal escapes undone."""
    return _OCTAL.sub(lambda found: chr(int(found.group(1), 8)), text)


def mounts(rows: Rows, devices: Devices) -> list[dict[str, Any]]:
    """Return every mount of a local file system. Sizes are bytes, None where df does not report them."""
    usage = dict(_df(rows, "df"))
    inodes = dict(_df(rows, "df-inodes"))
    found = []
    for fields in rows.all("mount"):
        source, target, fstype, options = (*fields, *[""] * 4)[:4]
        name = devices.find(path(source))
        size, used, free = usage.get(target, (None, None, None))
        files, files_used, _files_free = inodes.get(target, (None, None, None))
        found.append(
            {
                "source": path(source),
                "target": path(target),
                "device": name,
                "fstype": fstype,
                "read_only": "ro" in options.split(","),
                "noexec": "noexec" in options.split(","),
                "disks": devices.disks_below(name) if name else [],
                "bytes": None if size is None else size * 1024,
                "used_bytes": None if used is None else used * 1024,
                "available_bytes": None if free is None else free * 1024,
                "inodes_used_percent": round(100 * files_used / files) if files and files_used is not None else None,
            }
        )
    return found


def _df(rows: Rows, key: str) -> list[tuple[str, tuple[int, int, int]]]:
    """Return total, used and available of each mount, in the unit of that call of df."""
    found = []
    for line in rows.lines(key):
        words = line.split(None, 5)
        numbers = [integer(word) for word in words[1:4]]
        if len(words) == 6 and None not in numbers:
            total, used, free = (number or 0 for number in numbers)
            found.append((words[5], (total, used, free)))
    return found


def swaps(rows: Rows) -> list[dict[str, Any]]:
    """Return the swap areas in /proc/swaps; sizes are bytes."""
    found = []
    for line in rows.lines("swap"):
        words = line.split()
        if len(words) >= 4 and words[0].startswith("/"):
            size, used = integer(words[2]), integer(words[3])
            found.append(
                {
                    "device": path(words[0]),
                    "kind": words[1],
                    "bytes": (size or 0) * 1024,
                    "used_bytes": (used or 0) * 1024,
                }
            )
    return found


def expired(rows: Rows, mounted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps of the probe that were stopped at their limit, with seconds, and path and mount where known."""
    found: list[dict[str, Any]] = []
    for fields in rows.all("expired"):
        step, seconds, at = (*fields, "")[:3]
        row = {"step": step, "seconds": integer(seconds) or 0, "path": path(at) or None, "mount": None}
        if at.startswith("/"):
            row["mount"] = mount_of(path(at), mounted)
        # A step of several paths first says that one of them did not end, then which.
        if at:
            found = [item for item in found if item["step"] != step or item["path"]]
        found.append(row)
    return found


def untouched(rows: Rows) -> list[dict[str, str]]:
    """Return the paths that the probe did not look at, because their mount may not answer."""
    return [{"path": path(fields[0]), "mount": path(fields[1])} for fields in rows.all("untouched")]


def fstab(rows: Rows, mounted: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return what of /etc/fstab no device has, and which parts of the boot chain are not mounted."""
    there = {row["target"] for row in mounted}
    missing = [f"{path(fields[1])} ({path(fields[0])})" for fields in rows.all("fstab-missing") if len(fields) == 2]
    boot = [fields[1] for fields in rows.all("fstab") if len(fields) == 2 and fields[1] not in there]
    return {"missing": missing, "unmounted": boot}


def mount_of(name: str, mounted: list[dict[str, Any]]) -> str | None:
    """Return the mount point on which a path lies: the longest one above it."""
    above = [row["target"] for row in mounted if f"{name}/".startswith(row["target"].rstrip("/") + "/")]
    return max(above, key=len, default=None)


def tmp(rows: Rows) -> dict[str, Any]:
    """Return the mount options of /tmp if it is a separate mount."""
    fstype, options = (*next(iter(rows.all("tmp")), ()), "", "")[:2]
    words = options.split(",")
    return {"fstype": fstype or None, "read_only": "ro" in words, "noexec": "noexec" in words}


def describe(
    rows: Rows,
    devices: Devices,
    disks: list[dict[str, Any]],
    mounted: list[dict[str, Any]],
    swapped: list[dict[str, Any]],
) -> None:
    """Add ``fstype``, ``mounts`` and ``used_bytes`` to every disk and partition.

    A file system on several disks is listed under each of them; its used space is counted under none.
    """
    types = _types(rows, devices, mounted, swapped)
    once = {item["device"]: item for item in reversed(mounted) if item["device"]}
    chains = {name: set(devices.chain(name)) for name in once}
    for disk in disks:
        disk["fstype"] = types.get(disk["name"])
        disk["mounts"] = [item["target"] for item in mounted if disk["name"] in item["disks"]]
        alone = [item for item in once.values() if item["disks"] == [disk["name"]]]
        disk["used_bytes"] = _used(alone)
        names = {part["name"] for part in disk["partitions"]}
        for part in disk["partitions"]:
            on_it = [name for name, chain in chains.items() if part["name"] in chain]
            part["fstype"] = types.get(part["name"])
            part["mounts"] = [item["target"] for item in mounted if item["device"] in on_it]
            part["used_bytes"] = _used([once[name] for name in on_it if chains[name] & names == {part["name"]}])


def _used(items: list[dict[str, Any]]) -> int | None:
    known = [item["used_bytes"] for item in items if item["used_bytes"] is not None]
    return sum(known) if known else None


def _types(
    rows: Rows, devices: Devices, mounted: list[dict[str, Any]], swapped: list[dict[str, Any]]
) -> dict[str, str]:
    """Return the type of the content of each device: from the mounts, from udev or blkid, or from its first bytes."""
    types: dict[str, str] = {}
    for block in devices.blocks.values():
        if block.dm_uuid.startswith("LVM-"):
            types.update(dict.fromkeys(block.slaves, "LVM2_member"))
        elif block.name.startswith("md"):
            types.update(dict.fromkeys(block.slaves, "linux_raid_member"))
        elif block.crypt:
            types.update(dict.fromkeys(block.slaves, "crypto_LUKS" if "LUKS" in block.dm_uuid else "crypt"))
    types.update(dict.fromkeys(devices.luks, "crypto_LUKS"))
    for line in rows.lines("blkid"):
        found = _BLKID.match(line)
        if found:
            types[found["name"].replace("/", "!")] = found["type"]
    types.update({fields[0]: fields[1] for fields in rows.all("fstype") if len(fields) == 2})
    for item in swapped:
        name = devices.find(item["device"])
        if name:
            types[name] = "swap"
    types.update({item["device"]: item["fstype"] for item in mounted if item["device"]})
    return types
