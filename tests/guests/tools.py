# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine needs to make guests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from guests import qemu

TOOLS = {
    "mmdebstrap": "mmdebstrap",
    qemu.PROGRAM: "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "setpriv": "util-linux",
    "mke2fs": "e2fsprogs",
    "sfdisk": "fdisk",
    "/bin/busybox": "busybox-static",
    qemu.FIRMWARE[0]: "ovmf",
}


def missing(more: Iterable[tuple[str, str]] = ()) -> str:
    """One line that says what this machine lacks; empty when nothing. ``more`` are further tools and their packages."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    packages = [
        package
        for tool, package in {**TOOLS, **dict(more)}.items()
        if not (Path(tool).is_file() if tool.startswith("/") else shutil.which(tool, path=path))
    ]
    if packages:
        return f"guests need more packages: apt-get install --no-install-recommends {' '.join(packages)}"
    return "" if os.geteuid() == 0 else "guests have root file systems with files of many owners: run this as root"
