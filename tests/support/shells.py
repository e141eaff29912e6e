# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every shell that is /bin/sh somewhere: what this machine has, and packages of Debian unpacked into the cache."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from testbed.workplace import CLONE

CACHE = CLONE / "build" / "cache" / "shells"
LOGINS = {"csh": ("csh", "bin/bsd-csh"), "tcsh": ("tcsh", "bin/tcsh"), "fish": ("fish", "usr/bin/fish")}
"""Login shells that are no shell of POSIX. What fish needs besides is in FISH."""
FISH = ("libpcre2-32-0", "usr/lib/x86_64-linux-gnu")
PACKAGES = {
    **LOGINS,
    "ksh93": ("ksh93u+m", "bin/ksh93"),
    "mksh": ("mksh", "bin/mksh"),
    "yash": ("yash", "usr/bin/yash"),
    "rksh": ("ksh93u+m", "bin/rksh93"),
}
COMMANDS = (
    *(["dash"], ["bash", "--posix"], ["busybox", "ash"], ["ksh93"], ["mksh"], ["yash", "--posixly-correct"]),
    *(more.split() for more in os.environ.get("MORE_SHELLS", "").split(":") if more),
)
"""MORE_SHELLS adds shells, such as old ones that were built for this: "/old/bash-3.2 --posix:/old/busybox ash"."""


@functools.cache
def program(name: str) -> str | None:
    """The path of a shell: installed, or from its package; None where there is neither."""
    found = shutil.which(name)
    if found or name not in PACKAGES:
        return found
    package, path = PACKAGES[name]
    unpacked = CACHE / package
    if not unpacked.exists() and shutil.which("apt-get"):
        _unpack(package, unpacked)
    return str(unpacked / path) if (unpacked / path).exists() else None


def library() -> str:
    """The folder of the library of fish, from its package: '' where there is none."""
    package, path = FISH
    if not (CACHE / package).exists() and shutil.which("apt-get"):
        _unpack(package, CACHE / package)
    return str(CACHE / package / path) if (CACHE / package).exists() else ""


def _unpack(package: str, target: Path) -> None:
    """Fetch a package as apt of this machine does, one process at a time; the folder has its name when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock, tempfile.TemporaryDirectory(dir=target.parent) as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            return
        fetched = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, check=False)
        for file in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(file), f"{folder}/root"], check=True)
        if fetched.returncode == 0:
            os.replace(f"{folder}/root", target)


def _shell(words: list[str]) -> object:
    path = program(words[0])
    mark = pytest.mark.skipif(path is None, reason=f"this machine has no {words[0]}")
    return pytest.param([path or words[0], *words[1:]], id=words[0].lstrip("/").replace("/", "-"), marks=mark)


SHELLS = [_shell(words) for words in COMMANDS]
"""Parameters for a test that runs in each of them."""
