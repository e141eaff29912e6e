# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test of the tests: each mutant of ``mutants.yml`` must make its tests, or one of 50 races, fail.

A mutant is a small change of the code for ownership, scope and cleanup, made in a copy of the collection. The text
that it replaces must occur exactly once: a table that no longer fits the code is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("mutants.yml")
PLACE = Path("ansible_collections/edgelift/ens_migration")
RACES = ("1-50", "steps/8")
"""What a mutant races: the seeds of make test-long, and every eighth step."""
PATIENCE = 900.0
"""Seconds after which the tests of a mutant are ended: a mutant that never ends is found, too."""

_FAILED = re.compile(r"^\d+ failed|seeds with violations$", re.MULTILINE)
"""The last line of pytest and of the races when something was found, with exit status 1."""


class TableError(Exception):
    """A row of the table that does not fit the code."""


@dataclass(frozen=True)
class Mutant:
    """One change: file, text before and after, and what has to find it: test files, or ``races``."""

    name: str
    file: str
    before: str
    after: str
    found_by: tuple[str, ...]

    def text(self, root: Path) -> str:
        """Return the changed file; TableError when the text is not there exactly once or the result is no Python."""
        source = (root / self.file).read_text(encoding="utf-8")
        count = source.count(self.before)
        if count != 1 or self.before == self.after:
            raise TableError(f"{self.name}: {self.file} has the text before {count} times, not once")
        changed = source.replace(self.before, self.after)
        try:
            compile(changed, self.file, "exec")
        except SyntaxError as error:
            raise TableError(f"{self.name}: the changed file is no Python: {error}") from error
        return changed


def table(path: Path = TABLE) -> list[Mutant]:
    """Return the mutants of a table."""
    rows: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Mutant(row["name"], row["file"], row["before"], row["after"], tuple(row["found_by"])) for row in rows]


def problems(mutants: list[Mutant], root: Path = ROOT) -> list[str]:
    """Return why rows of the table cannot be used."""
    found = []
    for mutant in mutants:
        try:
            mutant.text(root)
        except (TableError, OSError) as error:
            found.append(str(error))
        found += [f"{mutant.name}: {name} does not exist" for name in mutant.found_by
                  if name != "races" and not (root / name).exists()]
    return found


def find(mutant: Mutant, collections: Path) -> str:
    """Return what has found a mutant that the copy of the collection has, '' when nothing has."""
    environment = {
        **os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections), "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", collections))),
    }
    for name in mutant.found_by:
        if name == "races":
            command = [sys.executable, "-m", "races", "--first", *RACES]
        else:
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", name]
        try:
            ended = subprocess.run(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                check=False, timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            return f"{name} (no end)"
        if ended.returncode == 1 and _FAILED.search(ended.stdout):
            return name
        if ended.returncode:
            raise TableError(f"{mutant.name}: {name} could not run:\n{(ended.stdout + ended.stderr)[-2000:]}")
    return ""


def main() -> int:
    """Run the mutants, all or those whose names have one of the words given; exit status 1 when one survives."""
    words = sys.argv[1:]
    chosen = [mutant for mutant in table() if not words or any(word in mutant.name for word in words)]
    wrong = problems(chosen)
    if wrong:
        sys.stdout.write("".join(f"{text}\n" for text in wrong))
        return 2
    survived = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        collections = Path(folder)
        installed = ROOT / "build/collections" / PLACE
        shutil.copytree(installed, collections / PLACE, symlinks=True)
        for mutant in chosen:
            began, place = time.monotonic(), collections / PLACE / mutant.file
            before = place.read_text(encoding="utf-8")
            place.write_text(mutant.text(collections / PLACE), encoding="utf-8")
            found = find(mutant, collections)
            place.write_text(before, encoding="utf-8")
            survived += not found
            verdict = f"found by {found}" if found else "SURVIVED"
            sys.stdout.write(f"{mutant.name}: {verdict}, {time.monotonic() - began:.0f} s\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} mutants, {len(chosen) - survived} found, {survived} survived\n")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
