# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program: ``python -m races [first-last | seed ...]`` runs seeds and reports what was violated."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .race import Verdict, race

FOLDER = Path("build/races")


def seeds(words: list[str]) -> list[int]:
    """Return the seeds that words name: ``17`` or ``1-1000``."""
    found: list[int] = []
    for word in words:
        first, _dash, last = word.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def told(verdict: Verdict) -> str:
    """Return a violation as text, with the trace's file."""
    path = FOLDER / f"{verdict.seed}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{text}\n" for text in verdict.violations)
    path.write_text(f"seed {verdict.seed}\n{lines}\n{verdict.trace}", encoding="utf-8")
    shown = verdict.violations[:5]
    return "".join([f"seed {verdict.seed}: {len(verdict.violations)} violations, trace in {path}\n",
                    *(f"    {text.splitlines()[0][:300]}\n" for text in shown)])


def main() -> int:
    """Run the seeds; exit status 1 when one is violated."""
    parser = argparse.ArgumentParser(prog="races", description=__doc__)
    parser.add_argument("seeds", nargs="*", default=["1-1000"], help="17, or 1-1000 (default)")
    parser.add_argument("--keep", action="store_true", help="write the trace of every seed")
    parser.add_argument("--first", action="store_true", help="stop at the first seed that violates a rule")
    options = parser.parse_args()
    began, bad, calls, number = time.monotonic(), 0, 0, 0
    for number, seed in enumerate(seeds(options.seeds), 1):
        verdict = race(seed)
        calls += verdict.calls
        if verdict.violations:
            bad += 1
            sys.stdout.write(told(verdict))
            if options.first:
                break
        elif options.keep:
            told(verdict)
        if number % 100 == 0:
            sys.stdout.write(f"{number} seeds, {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(f"{number} seeds, {calls} calls, {seconds:.0f} s: {bad} seeds with violations\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
