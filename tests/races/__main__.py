# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program: ``python -m races [seeds ...]`` runs seeds and reports what was violated."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from . import steps
from .race import Verdict, race

FOLDER = Path("build/races")


def chosen(words: list[str]) -> Iterator[tuple[int, bool]]:
    """Yield the races that words name, each with whether it is one of ``steps``: ``17``, ``1-1000``, ``s17``, ``s0-9``;
    ``steps`` for all of those, ``steps/8`` for every eighth of them."""
    for word in words:
        if word.startswith("steps"):
            stride = int(word.partition("/")[2] or 1)
            yield from ((number, True) for number in range(0, steps.COUNT, stride))
            continue
        first, _dash, last = word.removeprefix("s").partition("-")
        yield from ((number, word.startswith("s")) for number in range(int(first), int(last or first) + 1))


def told(verdict: Verdict, name: str) -> str:
    """Return a violation as text, with the trace's file."""
    path = FOLDER / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{text}\n" for text in verdict.violations)
    path.write_text(f"seed {name}\n{lines}\n{verdict.trace}", encoding="utf-8")
    shown = verdict.violations[:5]
    return "".join([f"seed {name}: {len(verdict.violations)} violations, trace in {path}\n",
                    *(f"    {text.splitlines()[0][:300]}\n" for text in shown)])


def main() -> int:
    """Run the seeds; exit status 1 when one is violated."""
    parser = argparse.ArgumentParser(prog="races", description=__doc__)
    parser.add_argument("seeds", nargs="*", default=["1-1000", "steps/4"],
                        help="17, 1-1000, s17, steps, steps/8; 1-1000 and steps/4 by default")
    parser.add_argument("--keep", action="store_true", help="write the trace of every seed")
    parser.add_argument("--first", action="store_true", help="stop at the first seed that violates a rule")
    options = parser.parse_args()
    began, bad, calls, number = time.monotonic(), 0, 0, 0
    for number, (seed, stepped) in enumerate(chosen(options.seeds), 1):
        name = f"s{seed}" if stepped else str(seed)
        verdict = race(seed, steps.stepped) if stepped else race(seed)
        calls += verdict.calls
        if verdict.violations:
            bad += 1
            sys.stdout.write(told(verdict, name))
            if options.first:
                break
        elif options.keep:
            told(verdict, name)
        if number % 100 == 0:
            sys.stdout.write(f"{number} seeds, {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(f"{number} seeds, {calls} calls, {seconds:.0f} s: {bad} seeds with violations\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
