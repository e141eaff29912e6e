# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m distros``: ask the systems of the matrix with the probe, and keep the answers."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, look
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from guests import roots, tools
from guests.machine import Root
from testbed.workplace import CLONE

from distros import guest, handmade, manifest
from distros.manifest import System
from distros.recording import Recording

CACHE = CLONE / "build" / "cache" / "distros"
WORK = CLONE / "build" / "distros"
INSTALL_DIR = "/smc"


def kernel_for(system: System, systems: list[System], work: Path) -> Path:
    """A folder with the kernel and modules that boot this system: its own, or those of the suite that it names."""
    suite = system.machine.kernel
    if not suite:
        return work / "tree"
    lender = next(item.root for item in systems if item.root and item.root.suite == suite and item.root.packages)
    folder = work / "kernel"
    roots.unpacked(Root(lender.suite, lender.packages), CACHE, folder)
    return folder


def record(system: System, systems: list[System]) -> Recording:
    """Make one system, ask it, and return what it said; raises RuntimeError with the reason."""
    work = WORK / system.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tree = work / "tree"
    fence = _script.new_fence()
    script = _script.compose(fence, look.PIECES, look.values(INSTALL_DIR), look.COMMAND)
    if system.root:
        roots.unpacked(system.root, CACHE, tree)
        told = guest.run(system, tree, kernel_for(system, systems, work), work, script)
    else:
        told = handmade.run(system, tree, script)
    answer = answers.parse(fence, told.text)
    if answer is None or not answer.complete:
        raise RuntimeError(f"{system.name}: no whole answer: {told.text[-300:]!r}")
    rows = [(item.key, *item.fields) for item in answer.records]
    shutil.rmtree(work)
    return Recording(system.name, system.kind, system.how, told.asked, rows)


def main(words: list[str] | None = None) -> int:
    """Record the systems that are named, or all; 1 when one gave no answer, 2 when this machine lacks something."""
    parser = argparse.ArgumentParser(prog="python -m distros", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="systems to record (default: all)")
    parser.add_argument("--kind", choices=manifest.KINDS, help="only systems of this kind")
    args = parser.parse_args(words)
    names: list[str] = args.names
    systems = manifest.load()
    if strangers := set(names) - {item.name for item in systems}:
        parser.error(f"no such system: {', '.join(sorted(strangers))}")
    wanted = [item for item in systems if item.name in (names or [item.name]) and args.kind in (None, item.kind)]
    if lack := tools.missing():
        print(lack, file=sys.stderr)
        return 2
    failed = 0
    for system in wanted:
        started = time.monotonic()
        try:
            made = record(system, systems)
        except (RuntimeError, OSError, subprocess.SubprocessError) as exc:
            failed += 1
            print(f"{system.name:32} failed: {exc}", file=sys.stderr, flush=True)
            continue
        manifest.RECORDED.mkdir(exist_ok=True)
        system.path.write_text(made.text(), encoding="utf-8")
        print(f"{system.name:32} {len(made.records):4} records, {time.monotonic() - started:4.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
