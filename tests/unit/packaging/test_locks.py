# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The locks of the virtual environments: complete, with hashes, and without the address of any index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
LOCKS = ROOT / "tests" / "locks"
CORES = ("2.16", "2.17", "2.18", "2.19", "2.20", "2.21", "2.22")
PYTHONS = {
    "2.16": (10, 12),
    "2.17": (10, 12),
    "2.18": (11, 13),
    "2.19": (11, 13),
    "2.20": (12, 14),
    "2.21": (12, 14),
    "2.22": (13, 14),
    "newest": (10, 14),
}
"""The lowest and the highest Python for which tools/venv.sh makes each environment."""

ENTRY = re.compile(r"(?P<requirement>[^\s#][^\\\n]*?) \\\n(?P<hashes>(?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")


def text(name: str) -> str:
    """The content of a lock."""
    return (LOCKS / f"{name}.txt").read_text(encoding="utf-8")


def requirements(*names: str) -> list[Requirement]:
    """The entries of some locks."""
    return [Requirement(match["requirement"]) for name in names for match in ENTRY.finditer(text(name))]


def wanted() -> list[Requirement]:
    """What people write down: the lower bounds."""
    lines = [
        line
        for name in ("requirements.txt", "tests/requirements.txt")
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
    ]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("path", sorted(LOCKS.glob("*")), ids=lambda path: path.stem)
def test_a_lock_has_versions_and_hashes_and_nothing_else(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert content.startswith("# Written by make lock.")
    assert ENTRY.sub("", content.partition("\n")[2]).strip() == ""
    assert "://" not in content
    assert all(str(item.specifier).startswith("==") for item in requirements(path.stem))


@pytest.mark.parametrize(("name", "minor"), [(name, minor) for name, ends in PYTHONS.items() for minor in ends])
def test_each_environment_has_each_requirement_once(name: str, minor: int) -> None:
    here = {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    chosen = [item for item in requirements("common", name) if not item.marker or item.marker.evaluate(here)]
    versions = {canonicalize_name(item.name): str(item.specifier).removeprefix("==") for item in chosen}
    assert len(versions) == len(chosen)
    for item in wanted():
        assert item.specifier.contains(versions[canonicalize_name(item.name)], prereleases=True), item
    core = versions["ansible-core"]
    assert core.startswith(name) if name != "newest" else int(core.split(".")[1]) >= 17


def test_every_core_of_the_tools_has_a_lock() -> None:
    names = {path.stem for path in LOCKS.glob("*.txt")}
    assert names == {*CORES, "newest", "common", "importer", "docs", "build", "uv", "sbom", "pyinfra", "runtime"}
    script = (ROOT / "tools" / "venv.sh").read_text(encoding="utf-8")
    assert set(re.findall(r"2\.\d\d(?=[ )])", script)) == set(CORES)
    assert "--require-hashes" in script
    assert "--no-build-isolation" in script


# It installs what ansible-builder installs into an execution environment.
UNLOCKED = {"tools/like_ee.sh"}


def test_what_make_installs_has_hashes() -> None:
    files = [ROOT / "Makefile", *(ROOT / "tools").glob("*.*"), *(ROOT / "benchmarks").glob("*.py")]
    found = {
        str(path.relative_to(ROOT))
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\bpip\b.*\binstall\b", line) and "--require-hashes" not in line
    }
    assert found == UNLOCKED
