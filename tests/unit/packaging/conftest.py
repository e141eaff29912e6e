# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of the clone's files, asked of git once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def sources() -> Callable[..., list[str]]:
    """A function that lists the files that git has or would take, by ending and by folder."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    everything = sorted({name for name in listed.split("\0") if name and (ROOT / name).is_file()})

    def select(*endings: str, below: str = "") -> list[str]:
        return [name for name in everything if name.startswith(below) and name.endswith(endings or "")]

    return select
