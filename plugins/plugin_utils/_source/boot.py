# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""How a source boots: its GRUB, and the virtio drivers of its kernel and initramfs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rows import Rows

_MODULE = re.compile(r"(?P<name>virtio[\w-]*)\.ko")
_OPTION = re.compile(r"CONFIG_(?P<name>VIRTIO(?:_[A-Z0-9]+)*)")


def grub(text: str) -> str | None:
    """Return the version in what ``grub-install --version`` or ``grub --version`` printed."""
    # A run of digits is tried once, from its first digit.
    found = re.search(r"(?<!\d)\d+\.\d+[\w.~+-]*", text, re.ASCII)
    return found.group(0) if found else None


def initramfs(rows: Rows) -> dict[str, Any]:
    """Return the virtio modules in the initramfs of the default kernel, and whether it could be read.

    ``chosen_by`` is the menu of the boot loader that names the kernel; without one it is the kernel that runs.
    ``state`` is read, unreadable (needs root), too-large, no-tool (no program to unpack it), unknown-format, none
    where there is no initramfs, or expired (not read in time). Only in the state read, a module that is not listed is
    missing.
    """
    path, state = (*next(iter(rows.all("initramfs")), ()), "", "")[:2]
    kernel, chosen = (*next(iter(rows.all("boot-kernel")), ()), "", "")[:2]
    if not state and rows.first("initramfs-of"):
        path, state = rows.first("initramfs-of"), "expired"
    return {
        "kernel": kernel or None,
        "chosen_by": chosen or None,
        "gone": list(next(iter(rows.all("boot-gone")), ())[:2]),
        "path": path or None,
        "state": state or "none",
        "modules": _modules(rows, "initramfs-module"),
        "builtin": sorted({*_modules(rows, "builtin"), *_options(rows)}),
        "available": _modules(rows, "module"),
        "kernel_known": bool(rows.first("modules") or rows.all("builtin-config")),
    }


def _modules(rows: Rows, key: str) -> list[str]:
    found = (_MODULE.match(line) for line in rows.lines(key))
    return sorted({match["name"].replace("-", "_") for match in found if match})


def _options(rows: Rows) -> list[str]:
    found = (_OPTION.match(line) for line in rows.lines("builtin-config"))
    return [match["name"].lower() for match in found if match]
