# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m e2e``: Debian guests of QEMU become ENS images, and the local cloud boots these in QEMU.

It ends with the wall times, the bytes, and exit code 0 when everything that must be true is; else with a list of what
is not. Exit code 2: this machine lacks something.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from guests import tools
from rich.console import Console
from testbed.workplace import CLONE

from e2e import table
from e2e.guests import GUESTS
from e2e.journey import Journey

ALL = "all"
# mkfs.xfs makes data disks; e2fsck and xfs_repair of the same packages check their images.
TOOLS = (("mkfs.xfs", "xfsprogs"), ("e2fsck", "e2fsprogs"))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _found(journey: Journey, keep: bool) -> list[str]:
    """What is not true of one guest; the others are migrated whatever its journey raises."""
    try:
        return journey.alone(keep=keep)
    except (RuntimeError, OSError, subprocess.SubprocessError) as exc:
        return [str(exc)]


def main(words: list[str] | None = None) -> int:
    """Migrate the guests one after the other."""
    names = "\n".join(f"  {guest.name:16} {guest.what}" for guest in GUESTS.values())
    parser = argparse.ArgumentParser(
        prog="python -m e2e",
        description=__doc__,
        epilog=f"guests:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("guests", nargs="*", metavar="GUEST", help=f"guests to migrate, or {ALL} (default: base)")
    parser.add_argument("--dir", type=Path, default=CLONE / "build" / "e2e", help="folder (default: build/e2e)")
    parser.add_argument("--keep", action="store_true", help="keep the disks of the source and of the images")
    args = parser.parse_args(words)
    wanted: list[str] = list(GUESTS) if ALL in args.guests else args.guests or ["base"]
    if strangers := set(wanted) - set(GUESTS):
        parser.error(f"no such guest: {', '.join(sorted(strangers))}")
    if lack := tools.missing(TOOLS):
        print(lack, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    console, started = Console(), time.monotonic()
    journeys = [Journey(GUESTS[name], args.dir / name, console) for name in wanted]
    problems: list[str] = []
    try:
        for journey in journeys:
            problems += [f"{journey.guest.name}: {problem}" for problem in _found(journey, args.keep)]
    except KeyboardInterrupt:
        console.print("Interrupted: sources and local cloud have ended.")
        return 130
    console.print(table.times(part for journey in journeys for part in journey.rows))
    console.print(table.volumes({journey.guest.name: journey.bytes for journey in journeys}))
    for problem in problems:
        console.print(f"NOT TRUE  {problem}", style="red", highlight=False, markup=False, soft_wrap=True)
    told = "Every check passed" if not problems else f"{len(problems)} checks failed"
    console.print(
        f"{told}; {time.monotonic() - started:.0f} seconds; reports: {args.dir}", highlight=False, soft_wrap=True
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
