# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems for guests: made by mmdebstrap from Debian's archive, kept as tars; or busybox alone."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
from pathlib import Path

from testbed.rootfs import apt_targets, mirror, suite

from guests.machine import Root

BUSYBOX = "busybox"
NICE = ["nice", "-n", "10"]
SMALLER = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man")]
# What the initramfs of a kernel contains must be there, but its firmware is not needed for that.
OPTIONS = ["--variant=minbase", "--dpkgopt=force-unsafe-io", *SMALLER]
# A mirror may be some weeks behind, and testing and unstable are valid for one; signatures are still checked.
STALE = '--aptopt=Acquire::Check-Valid-Until "false"'
BUSYBOX_FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "etc", "dev", "proc", "sys", "run", "tmp", "root", "var/log")


class RootError(RuntimeError):
    """A root file system that could not be made; the text says why, in one line."""


def unpacked(root: Root, cache: Path, folder: Path) -> None:
    """Put the root file system into an empty folder. Raises RootError with mmdebstrap's last line."""
    if root.suite == BUSYBOX:
        _busybox(folder)
        return
    archive = _archive(root, cache)
    folder.mkdir(parents=True)
    words = [*NICE, "tar", "-C", str(folder), "-xpf", str(archive), "--numeric-owner", "--exclude=./dev/*"]
    subprocess.run(words, check=True)


def _archive(root: Root, cache: Path) -> Path:
    """The tar of a Debian root, built when there is none of this recipe; it has its name only when it is whole."""
    hooks = [f'--customize-hook=chroot "$1" sh -ec {shlex.quote(command)}' for command in root.commands]
    include = [f"--include={','.join(root.packages)}"] if root.packages else []
    recipe = [*OPTIONS, *include, *hooks, root.suite]
    name = f"{root.suite}-{hashlib.sha256(' '.join(recipe).encode()).hexdigest()[:12]}.tar"
    finished = cache / name
    if finished.is_file():
        return finished
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = cache / f"{name}.part"
    log = cache / f"{name}.log"
    command = [*NICE, "mmdebstrap", "--quiet", "--format=tar", STALE, *recipe, str(unfinished), *_mirror()]
    try:
        with log.open("wb") as told:
            done = subprocess.run(command, stdout=told, stderr=told, check=False)
        if done.returncode:
            said = log.read_text(errors="replace").strip().splitlines()
            raise RootError(f"mmdebstrap could not build {root.suite}: {said[-1] if said else 'no reason'}; see {log}")
        os.replace(unfinished, finished)
    finally:
        unfinished.unlink(missing_ok=True)
    return finished


def _mirror() -> list[str]:
    """The archive that this machine's own apt uses; mmdebstrap's own choice where apt names none."""
    return mirror(apt_targets(), suite(Path("/etc/os-release").read_text(encoding="utf-8")))


def _busybox(folder: Path) -> None:
    """The smallest Linux: a static busybox with its applets, and the files that name the host."""
    for name in BUSYBOX_FOLDERS:
        (folder / name).mkdir(parents=True)
    program = folder / "bin" / "busybox"
    program.write_bytes(Path("/bin/busybox").read_bytes())
    program.chmod(0o755)
    applets = subprocess.run([str(program), "--list-full"], capture_output=True, text=True, check=True).stdout
    for applet in applets.split():
        path = folder / applet
        if not path.exists() and path.parent.is_dir():
            path.symlink_to("/bin/busybox")
    (folder / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")
    (folder / "etc" / "group").write_text("root:x:0:\n", encoding="utf-8")
