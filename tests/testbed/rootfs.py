# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian root file system that the hosts share: built once per clone, kept as a tar."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from pathlib import Path

from testbed.privilege import PATH, Way

# perl, which usrmerge would bring, doubles the size; the hook is part of mmdebstrap where it is needed.
MERGED_USR = Path("/usr/share/mmdebstrap/hooks/maybe-merged-usr")
PACKAGES = ["openssh-server", "sudo", "rsync", "python3", "busybox-static"]
RECIPE = [
    "--variant=minbase",
    "--format=tar",
    f"--include={','.join(PACKAGES)}",
    "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man")),
    '--customize-hook=chroot "$1" useradd --create-home --shell /bin/bash --password "*" ops',
    "--customize-hook=echo 'ops ALL=(ALL) NOPASSWD: ALL' >\"$1/etc/sudoers.d/ops\"",
    '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_*',
]
FALLBACK = "bookworm"
MODES = {"root": "root", "sudo": "root", "rootless": "unshare"}


def suite(os_release: str) -> str:
    """The release whose packages are used, from the text of /etc/os-release: this machine's own if Debian or Ubuntu."""
    values = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    values = {name: value.strip('"') for name, value in values.items()}
    if values.get("ID") in ("debian", "ubuntu"):
        return values.get("VERSION_CODENAME", FALLBACK)
    return values.get("UBUNTU_CODENAME") or values.get("DEBIAN_CODENAME") or FALLBACK


def mirror(targets: str, release: str) -> list[str]:
    """The archive that this machine's apt uses for the release, as mmdebstrap's argument; none when apt names none.

    ``targets`` is what apt-get indextargets prints with the format of ``apt_targets``.
    """
    for line in targets.splitlines():
        address, _bar, rest = line.partition("|")
        if rest.split("|") == [release, "main", "Packages"]:
            return [address]
    return []


def apt_targets() -> str:
    """What apt of this machine reads, one index a line, in the form that ``mirror`` takes."""
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(IDENTIFIER)"
    return subprocess.run(
        ["apt-get", "indextargets", "--format", form], capture_output=True, text=True, check=False
    ).stdout


def rootfs(cache: Path, way: Way) -> Path:
    """The tar of the root file system, built into the cache folder when this recipe's is not there yet.

    It gets its name only when it is complete, so an interrupted build leaves nothing that would be used.
    """
    release = suite(Path("/etc/os-release").read_text(encoding="utf-8"))
    recipe = hashlib.sha256("\n".join([release, *RECIPE]).encode()).hexdigest()[:12]
    finished = cache / f"rootfs-{release}-{recipe}.tar"
    if finished.is_file():
        return finished
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = cache / f"{finished.name}.{os.getpid()}.part"
    hook = [f"--hook-directory={MERGED_USR}"] if MERGED_USR.is_dir() else []
    command = ["mmdebstrap", "--quiet", f"--mode={MODES[way.name]}", *hook, *RECIPE, release, "-"]
    command += mirror(apt_targets(), release)
    if way.name == "sudo":
        command = ["sudo", "-n", "--", *command]
    log = cache / "rootfs.log"
    try:
        with unfinished.open("wb") as tar, log.open("wb") as told:
            builder = subprocess.Popen(command, stdout=tar, stderr=told, env={**os.environ, "PATH": PATH})
            try:
                code = builder.wait()
            except BaseException:
                # It removes its own folder below /tmp when it is asked to end.
                way.kill([builder.pid], signal.SIGTERM)
                builder.wait(60)
                raise
        if code:
            words = log.read_text(errors="replace").strip().splitlines()
            raise RuntimeError(
                f"mmdebstrap could not build {release}: {words[-1] if words else 'no reason'}; see {log}"
            )
        unfinished.rename(finished)
    finally:
        unfinished.unlink(missing_ok=True)
    return finished
