# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m leaks [NAME ...]``: make all runs, or those with these names.

Exit 1 on a hit, or on a run that is not as it should be.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from support.source import ask
from support.wave_hosts import NO_CLIENT, hosts_up

from leaks.play import ROOT, cloud, execute, table
from leaks.runs import PLANTED_RUN, RUNS


def main(names: list[str]) -> int:
    """Make the runs one after the other. Each has the cloud and the host as if it were the only one."""
    known = {run.name: run for run in (*RUNS, PLANTED_RUN)}
    if strange := [name for name in names if name not in known]:
        sys.stderr.write(f"no such run: {', '.join(strange)}. There are: {', '.join(known)}\n")
        return 2
    # Hosts and cloud are ended then as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = ROOT / "build" / "leaks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = []
    with hosts_up(folder / "bed", "web-01") as bed, cloud(folder / "cloud") as sandbox:
        for run in [known[name] for name in names] or RUNS:
            sandbox.post("reset")
            ask(bed, "web-01", NO_CLIENT)
            # Only root may look into its namespaces.
            source = None if os.geteuid() else Path(f"/proc/{bed.status()[0].pid}/root")
            inventory = str(Path(bed.folder) / "inventory.json")
            found.append(execute(run, sandbox, inventory, folder / run.name, source))
            sys.stdout.write(f"{time.strftime('%H:%M:%S')} {table(found[-1:]).splitlines()[0]}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{table(found)}\n")
    return int(any(row.hits or row.wrong for row in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
