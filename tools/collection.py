# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirror the sources to where Ansible's tools want a collection, build the artifact from there and install it.

build/tree/ansible_collections/edgelift/ens_migration is what git has or would take (no ignored file), build/dist the
artifact, build/collections the installed collection. Nothing is done while the sources are those of the last run.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
TREE = BUILD / "tree" / "ansible_collections" / "edgelift" / "ens_migration"
# What the tools write into the tree, and no source: left alone.
KEPT = (".git", ".ansible", "tests/output")


def sources() -> list[str]:
    """Return the paths, relative to the clone, of every file that git tracks or would track, and that exists."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted({name for name in listed.split("\0") if name and (ROOT / name).is_file()})


def same(one: Path, other: Path) -> bool:
    """Return whether both are files with the same content and the same rights."""
    return other.is_file() and one.stat().st_mode == other.stat().st_mode and one.read_bytes() == other.read_bytes()


def fingerprint(names: list[str]) -> str:
    """Return a digest over every name, its executable bit and its content."""
    digest = hashlib.sha256()
    for name in names:
        path = ROOT / name
        digest.update(f"{name}\0{os.access(path, os.X_OK)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def mirror(names: list[str]) -> None:
    """Make TREE hold these files and no others; unchanged ones keep their time, so that caches stay good."""
    wanted = set(names)
    for folder, folders, files in os.walk(TREE, topdown=True):
        inside = Path(folder).relative_to(TREE)
        folders[:] = [name for name in folders if str(inside / name) not in KEPT]
        for name in files:
            if str(inside / name) not in wanted:
                (Path(folder) / name).unlink()
    # Without its own repository the tree is an ignored folder of the clone's, and ansible-test finds it empty.
    subprocess.run(["git", "init", "--quiet", str(TREE)], check=True)
    for name in names:
        source, target = ROOT / name, TREE / name
        if not same(source, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def galaxy(*arguments: str) -> None:
    """Run ansible-galaxy collection, print what it said where it failed, and end this program then."""
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main() -> None:
    """Bring tree, artifact and installed collection up to the sources; one at a time in a clone."""
    (BUILD / "locks").mkdir(parents=True, exist_ok=True)
    with (BUILD / "locks" / "collection").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = BUILD / "collections" / "complete"
        names = sources()
        wanted = fingerprint(names)
        if mark.is_file() and mark.read_text() == wanted:
            return
        mark.unlink(missing_ok=True)
        mirror(names)
        shutil.rmtree(BUILD / "dist", ignore_errors=True)
        galaxy("build", "--force", "--output-path", str(BUILD / "dist"), str(TREE))
        artifact = next((BUILD / "dist").glob("*.tar.gz"))
        galaxy("install", "--force", "--no-deps", "--offline", "-p", str(BUILD / "collections"), str(artifact))
        fresh = mark.with_name("complete.new")
        fresh.write_text(wanted)
        fresh.replace(mark)
        print(f"collection: {artifact.name} ({artifact.stat().st_size // 1024} KiB) built and installed")


if __name__ == "__main__":
    main()
