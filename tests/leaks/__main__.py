# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m leaks [NAME ...]``: make all runs, or those whose names contain one of the words; exit 1 on a hit."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from pathlib import Path

from support.wave_hosts import hosts_up

from leaks.runs import ROOT, RUNS, cloud, execute, table


def main(words: list[str]) -> int:
    """Make the runs one after the other on one host and one local cloud."""
    # Hosts and cloud are ended then as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = ROOT / "build" / "leaks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chosen = [run for run in RUNS if not words or any(word in run.name for word in words)]
    found = []
    with hosts_up(folder / "bed", "web-01") as bed, cloud(folder / "cloud") as sandbox:
        for number, run in enumerate(chosen):
            place = folder / f"{number:02}-{run.name.replace(' ', '-')}"
            found.append(execute(run, sandbox, str(Path(bed.folder) / "inventory.json"), place))
            sys.stdout.write(f"{time.strftime('%H:%M:%S')} {table(found[-1:]).splitlines()[0]}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{table(found)}\n")
    return int(any(row.hits or not row.expected for row in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
